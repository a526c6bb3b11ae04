//! What did a block do?
//!
//! In: results of the block executor. Out: [`BlockOutcome`], plain data to compare, print and hash.
//! Invariants: equal executions give equal outcomes whichever executor made them; nothing measured
//! stands here, and nothing that follows from the rest, such as blooms and roots, which are worked
//! out when asked for; lists of accounts and slots are ascending and hold changes only.

use alloy_consensus::{Header, TxReceipt};
use alloy_eips::eip7685::Requests;
use alloy_primitives::{Address, B256, Bloom, Bytes, Keccak256, Log, U256};
use revm::{
    context::result::{ExecutionResult, Output},
    database::BundleState,
    state::AccountInfo,
};
use slotcast_model::{Fork, IndexVec, TxIndex};

use crate::{
    receipt::{Receipt, RollupReceipt, receipts_root},
    rejection::Rejection,
};

/// What became of one transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TxOutcome {
    /// It ran and has a receipt.
    Executed(ExecutedTx),
    /// It could not be included, for this reason; the block goes on without it.
    Rejected(Rejection),
}

/// A transaction that ran.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecutedTx {
    /// How it ended.
    pub status: TxStatus,
    /// The gas it paid for.
    pub gas_used: u64,
    /// What it returned, or reverted with; the code, when it created a contract.
    pub output: Bytes,
    /// The contract it created.
    pub created: Option<Address>,
}

/// How a transaction that ran ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TxStatus {
    /// It succeeded.
    Success,
    /// It reverted.
    Revert,
    /// It was stopped, for this reason.
    Halt(String),
}

impl TxOutcome {
    pub(crate) fn executed(result: &ExecutionResult) -> Self {
        Self::taking(result.clone()).0
    }

    /// The outcome and the logs of a run that are needed once.
    pub(crate) fn taking(result: ExecutionResult) -> (Self, Vec<Log>) {
        let gas_used = result.gas().tx_gas_used();
        let (status, output, created, logs) = match result {
            ExecutionResult::Success { output: Output::Call(data), logs, .. } => {
                (TxStatus::Success, data, None, logs)
            }
            ExecutionResult::Success { output: Output::Create(code, address), logs, .. } => {
                (TxStatus::Success, code, address, logs)
            }
            ExecutionResult::Revert { output, logs, .. } => (TxStatus::Revert, output, None, logs),
            ExecutionResult::Halt { reason, logs, .. } => {
                (TxStatus::Halt(format!("{reason:?}")), Bytes::new(), None, logs)
            }
        };
        (Self::Executed(ExecutedTx { status, gas_used, output, created }), logs)
    }

    /// The gas the transaction paid for; none when it was rejected.
    pub const fn gas_used(&self) -> Option<u64> {
        match self {
            Self::Executed(executed) => Some(executed.gas_used),
            Self::Rejected(_) => None,
        }
    }
}

/// An account's balance, nonce and code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountFields {
    /// The balance in wei.
    pub balance: U256,
    /// The nonce.
    pub nonce: u64,
    /// The hash of the code.
    pub code_hash: B256,
}

impl From<&AccountInfo> for AccountFields {
    fn from(info: &AccountInfo) -> Self {
        Self { balance: info.balance, nonce: info.nonce, code_hash: info.code_hash }
    }
}

/// One account against the base state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountChange {
    /// Where the account is.
    pub address: Address,
    /// Before the block; nothing when it did not exist.
    pub before: Option<AccountFields>,
    /// After the block; nothing when it does not exist any more.
    pub after: Option<AccountFields>,
    /// Whether the account that was there before ceased to exist on the way, which clears the storage
    /// it had.
    pub destroyed: bool,
    /// Storage slots left with another value, ascending by key.
    pub storage: Vec<SlotChange>,
}

impl AccountChange {
    /// Whether anything differs at all.
    pub(crate) fn is_any(&self) -> bool {
        self.before != self.after || self.destroyed || !self.storage.is_empty()
    }
}

/// One storage slot against the base state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotChange {
    /// The slot's key.
    pub key: U256,
    /// Its value before the block.
    pub before: U256,
    /// Its value after the block.
    pub after: U256,
}

/// Which fields of a header an outcome agrees with; nothing where the header proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeaderCheck {
    /// Gas used.
    pub gas_used: Option<bool>,
    /// Receipts root; before Byzantium it covers state roots, which a partial state does not give.
    pub receipts_root: Option<bool>,
    /// Logs bloom.
    pub logs_bloom: Option<bool>,
}

impl HeaderCheck {
    /// Whether everything the header can prove agrees.
    pub fn holds(&self) -> bool {
        [self.gas_used, self.receipts_root, self.logs_bloom].into_iter().all(|it| it != Some(false))
    }
}

/// What a block did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockOutcome {
    /// The rules it was executed by.
    pub fork: Fork,
    /// Every transaction.
    pub txs: IndexVec<TxIndex, TxOutcome>,
    /// The receipts of the transactions that ran, in block order.
    pub receipts: Vec<Receipt>,
    /// The block's gas, as its header counts it.
    pub gas_used: u64,
    /// The block's blob gas; zero before Cancun.
    pub blob_gas_used: u64,
    /// Requests to the consensus layer; none before Prague.
    pub requests: Requests,
    /// Changed accounts, ascending by address.
    pub state: Vec<AccountChange>,
}

impl BlockOutcome {
    /// The bloom over all logs.
    pub fn logs_bloom(&self) -> Bloom {
        self.receipts.iter().fold(Bloom::ZERO, |bloom, receipt| bloom | receipt.bloom())
    }

    /// The root over the receipts; nothing before Byzantium, when receipts held a state root, which
    /// a partial state does not give.
    pub fn receipts_root(&self) -> Option<B256> {
        (Fork::Byzantium <= self.fork).then(|| receipts_root(&self.receipts))
    }

    /// Compares with what a header claims.
    pub fn check_header(&self, header: &Header) -> HeaderCheck {
        HeaderCheck {
            gas_used: Some(self.gas_used == header.gas_used),
            receipts_root: self.receipts_root().map(|root| root == header.receipts_root),
            logs_bloom: Some(self.logs_bloom() == header.logs_bloom),
        }
    }

    /// One hash over everything in the outcome: equal exactly when outcomes are.
    pub fn digest(&self) -> B256 {
        let mut hash = Encoder(Keccak256::new());
        hash.bytes(self.fork.name().as_bytes());
        hash.number(self.txs.len() as u64);
        for tx in &self.txs {
            hash.tx(tx);
        }
        hash.number(self.receipts.len() as u64);
        for receipt in &self.receipts {
            hash.receipt(receipt);
        }
        hash.number(self.gas_used);
        hash.number(self.blob_gas_used);
        hash.number(self.requests.len() as u64);
        for request in self.requests.iter() {
            hash.bytes(request);
        }
        hash.number(self.state.len() as u64);
        for account in &self.state {
            hash.account(account);
        }
        hash.0.finalize()
    }
}

/// The bundle as a sorted list of changes.
pub(crate) fn state_changes(bundle: &BundleState) -> Vec<AccountChange> {
    let mut changes: Vec<_> = bundle
        .state
        .iter()
        .map(|(address, account)| {
            let mut storage: Vec<_> = account
                .storage
                .iter()
                .filter(|(_, slot)| slot.is_changed())
                .map(|(key, slot)| SlotChange {
                    key: *key,
                    before: slot.previous_or_original_value,
                    after: slot.present_value,
                })
                .collect();
            storage.sort_unstable_by_key(|slot| slot.key);
            AccountChange {
                address: *address,
                before: account.original_info.as_ref().map(AccountFields::from),
                after: account.info.as_ref().map(AccountFields::from),
                destroyed: account.was_destroyed() && account.original_info.is_some(),
                storage,
            }
        })
        .filter(AccountChange::is_any)
        .collect();
    changes.sort_unstable_by_key(|change| change.address);
    changes
}

/// Feeds a hash so that no two outcomes give the same bytes: every text and list has its length in
/// front, every variant its number.
struct Encoder(Keccak256);

impl Encoder {
    fn number(&mut self, number: u64) {
        self.0.update(number.to_be_bytes());
    }

    fn word(&mut self, word: U256) {
        self.0.update(word.to_be_bytes::<32>());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.0.update(bytes);
    }

    fn tx(&mut self, tx: &TxOutcome) {
        match tx {
            TxOutcome::Rejected(reason) => {
                self.number(0);
                self.bytes(reason.to_string().as_bytes());
            }
            TxOutcome::Executed(executed) => {
                self.number(1);
                match &executed.status {
                    TxStatus::Success => self.number(0),
                    TxStatus::Revert => self.number(1),
                    TxStatus::Halt(reason) => {
                        self.number(2);
                        self.bytes(reason.as_bytes());
                    }
                }
                self.number(executed.gas_used);
                self.bytes(&executed.output);
                self.bytes(executed.created.as_ref().map_or(&[], |address| address.as_slice()));
            }
        }
    }

    fn receipt(&mut self, receipt: &Receipt) {
        self.number(receipt.tx_type.into());
        self.number(receipt.success.into());
        self.number(receipt.cumulative_gas_used);
        self.number(receipt.logs.len() as u64);
        for log in &receipt.logs {
            self.0.update(log.address);
            self.number(log.topics().len() as u64);
            for topic in log.topics() {
                self.0.update(topic);
            }
            self.bytes(&log.data.data);
        }
        match receipt.rollup.as_deref() {
            None => {}
            Some(RollupReceipt::Deposit { nonce, version }) => {
                self.number(*nonce);
                self.number(version.unwrap_or_default());
            }
            Some(RollupReceipt::Fees(fees)) => {
                self.word(fees.l1_fee);
                self.word(fees.operator_fee.unwrap_or_default());
            }
        }
    }

    fn account(&mut self, account: &AccountChange) {
        self.0.update(account.address);
        for fields in [account.before, account.after] {
            match fields {
                None => self.number(0),
                Some(fields) => {
                    self.number(1);
                    self.word(fields.balance);
                    self.number(fields.nonce);
                    self.0.update(fields.code_hash);
                }
            }
        }
        self.number(account.destroyed.into());
        self.number(account.storage.len() as u64);
        for slot in &account.storage {
            self.word(slot.key);
            self.word(slot.before);
            self.word(slot.after);
        }
    }
}
