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

/// `text` on one line: control characters and those that change the direction of writing escaped, so
/// that a label cannot pass for another line.
pub(crate) fn visible(text: &str) -> String {
    let is_hidden = |letter: char| {
        letter.is_control()
            || matches!(letter, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let escaped = |letter: char| match is_hidden(letter) {
        true => letter.escape_default().collect(),
        false => String::from(letter),
    };
    text.chars().map(escaped).collect()
}
