//! Does the executor do what Ethereum does, on recorded blocks and on blocks made by hand?
//!
//! In: recorded blocks, where there are any, and small blocks assembled here. Out: assertions.

mod recorded;
mod replay;
