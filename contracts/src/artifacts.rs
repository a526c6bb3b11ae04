//! What did a compiler say of a contract, and what does the source call its slots?
//!
//! In: artifacts of Foundry, Hardhat, Truffle, Waffle and solc, as files, folders or projects, or
//! bare code. Out: [`Contract`]s: code to analyse, signatures and layout; and [`NamedContract`]s:
//! what the analyzer says of the code, in the words of the source, with the lines that declare it.
//!
//! Invariants: of an artifact only runtime code is analysed; names serve the reader, no analysis
//! sees them; what is not known has no name, nothing is guessed.
//!
//! Suggested reading: [`read`](read()), `contract`, `layout`, `names`, `named`.

mod ast;
mod contract;
mod error;
mod holes;
mod layout;
mod matching;
mod named;
mod nameless;
mod names;
mod namespace;
mod read;
mod reader;
mod signature;
mod source;

pub use contract::{Contract, Tool};
pub use error::ArtifactError;
pub use layout::{LayoutType, StorageLayout, Variable};
pub use named::{NamedAccess, NamedContract, NamedFunction, name_contract};
pub use nameless::Nameless;
pub use read::{Found, read};
pub use source::SourceLine;
