//! What can be wrong with a file of the corpus, and what should its owner do about it?
//!
//! In: the file's name, the place inside it, the cause. Out: [`CorpusError`] for files and
//! [`ValidationError`] for a block that contradicts itself.
//! Invariant: every message is one lowercase fragment that names the file (the block, for a
//! validation) and the place, so that it can be acted on without opening a debugger.

use std::{io, path::PathBuf};

use alloy_primitives::{Address, B256};

/// A file that could not be read, understood or written.
#[derive(Debug, thiserror::Error)]
pub enum CorpusError {
    /// The file or folder could not be read.
    #[error("{}: cannot be read: {source}", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system answered.
        source: io::Error,
    },
    /// The file could not be written.
    #[error("{}: cannot be written: {source}", path.display())]
    Write {
        /// The file that was to be written.
        path: PathBuf,
        /// What the operating system answered.
        source: io::Error,
    },
    /// A folder holds nothing to read.
    #[error("{}: holds no *.json or *.json.gz file; name a folder of recorded blocks", path.display())]
    EmptyFolder {
        /// The folder.
        path: PathBuf,
    },
    /// The file starts like gzip data but does not unpack.
    #[error("{name}: gzip data is damaged or cut short ({source}); fetch or record the file again")]
    Gzip {
        /// The file's name.
        name: String,
        /// What the decoder answered.
        source: io::Error,
    },
    /// The file unpacks to more than a recorded block can sensibly hold.
    #[error("{name}: unpacks to more than {limit} bytes, which no recorded block needs")]
    TooLarge {
        /// The file's name.
        name: String,
        /// The limit, in bytes.
        limit: u64,
    },
    /// The file is not JSON, or ends in the middle of it.
    #[error("{name}: not valid JSON: {message}; fetch or record the file again")]
    Json {
        /// The file's name.
        name: String,
        /// What the parser answered, with line and column.
        message: String,
    },
    /// The file is JSON, but a field is missing or holds something else than it should.
    #[error("{name}: {path}: {message}")]
    Field {
        /// The file's name.
        name: String,
        /// The field, from the top of the file.
        path: String,
        /// What is wrong with it.
        message: String,
    },
    /// A block in memory could not be turned into a file.
    #[error("{name}: cannot be written as JSON: {source}")]
    Print {
        /// The file's name.
        name: String,
        /// What the serialiser answered.
        source: serde_json::Error,
    },
}

/// A recorded block that contradicts itself.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ValidationError {
    /// The header does not have the hash that the block states.
    #[error(
        "block {number}: header hashes to {computed} but block.hash is {stated}; \
         a header field is missing or changed"
    )]
    HeaderHash {
        /// The block's number.
        number: u64,
        /// The hash in the file.
        stated: B256,
        /// The hash of the header in the file.
        computed: B256,
    },
    /// A root or hash in the header is not that of the block's contents.
    #[error(
        "block {number}: {list} give {field} {computed} but the header says {stated}; \
         one is missing, changed or out of order"
    )]
    Root {
        /// The block's number.
        number: u64,
        /// The header field.
        field: &'static str,
        /// What the field commits to.
        list: &'static str,
        /// The value in the header.
        stated: B256,
        /// The value computed from the contents, or of the missing list.
        computed: B256,
    },
    /// The rules known by the chain's name do not describe this block of it.
    #[error("block {number}: {why}")]
    BeyondRules {
        /// The block's number.
        number: u64,
        /// What is different about it.
        why: &'static str,
    },
    /// Withdrawals without a root, or a root without withdrawals.
    #[error("block {number}: {present} without {absent}; record the block again with both")]
    Unpaired {
        /// The block's number.
        number: u64,
        /// The field that is there.
        present: &'static str,
        /// The field that is not.
        absent: &'static str,
    },
    /// A transaction states another hash than it has.
    #[error("block {number}: transaction {index} hashes to {computed} but states {stated}")]
    TransactionHash {
        /// The block's number.
        number: u64,
        /// The transaction's position.
        index: usize,
        /// The hash in the file.
        stated: B256,
        /// The hash of the transaction in the file.
        computed: B256,
    },
    /// A transaction is signed for another chain than the block is of.
    #[error(
        "block {number}: transaction {index} is signed for chain {signed} but chainId is {stated}; \
         correct chainId"
    )]
    ChainId {
        /// The block's number.
        number: u64,
        /// The transaction's position.
        index: usize,
        /// The chain the transaction is signed for.
        signed: u64,
        /// The chain the file says the block is of.
        stated: u64,
    },
    /// A transaction's `from` is not who signed it.
    #[error("block {number}: transaction {index} is from {stated} but signed by {recovered}")]
    Sender {
        /// The block's number.
        number: u64,
        /// The transaction's position.
        index: usize,
        /// The sender in the file.
        stated: Address,
        /// The signer, as far as the signature has one.
        recovered: Signer,
    },
    /// An account's `codeHash` is not the hash of its `code`.
    #[error("block {number}: code of {address} hashes to {computed} but codeHash is {stated}")]
    CodeHash {
        /// The block's number.
        number: u64,
        /// The account.
        address: Address,
        /// The hash in the file.
        stated: B256,
        /// The hash of the code in the file.
        computed: B256,
    },
    /// The parent's hash is given twice, differently.
    #[error("block {number}: blockHashes gives the parent as {listed} but parentHash is {parent}")]
    ParentHash {
        /// The block's number.
        number: u64,
        /// The hash in `blockHashes`.
        listed: B256,
        /// The hash in the header.
        parent: B256,
    },
    /// The receipts cannot be those of the block.
    #[error("block {number}: receipts have {found} {quantity} but the block has {expected}")]
    Receipts {
        /// The block's number.
        number: u64,
        /// What was compared.
        quantity: &'static str,
        /// The number according to the receipts.
        found: u64,
        /// The number according to the block.
        expected: u64,
    },
}

/// Who signed a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signer {
    /// The signature belongs to this address.
    Address(Address),
    /// No signer can be recovered.
    Unknown,
}

impl core::fmt::Display for Signer {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Unknown => f.write_str("no signer"),
        }
    }
}
