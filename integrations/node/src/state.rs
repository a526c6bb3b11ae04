//! What is the state after one block?
//!
//! In: a node and a block's hash. Out: [`NodeState`], which asks the node for each word once and
//! remembers it, and fetches many words at once on several threads.
//! Invariants: where proofs are insisted on, every value is proven against the state root or refused; code has
//! the hash of its account; the lock is never held while the node is asked.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
};

use alloy_consensus::Header;
use alloy_primitives::{Address, B256, Bytes, KECCAK256_EMPTY, U64, U256, keccak256};
use slotcast::{BaseState, CodeAt, model::Slot};

use crate::{
    error::NodeError,
    known::{Known, Want},
    node::{Fields, Node},
    proof,
    recorder::ProofPolicy,
};

/// Most slots of one account in one question.
const KEYS_AT_ONCE: usize = 64;

/// The state after one block, as far as it was asked for.
#[derive(Debug)]
pub struct NodeState {
    node: Arc<Node>,
    at: B256,
    header: Header,
    /// Whether values are asked for with proofs; where they are not insisted on, given up when the node
    /// has none.
    is_proven: AtomicBool,
    must_prove: bool,
    known: Mutex<Known>,
    failure: Mutex<Option<NodeError>>,
}

impl NodeState {
    /// The state after the block with hash `at`, whose header this is; nothing is asked yet.
    pub fn new(node: Arc<Node>, at: B256, header: Header, proofs: ProofPolicy) -> Self {
        let is_proven = AtomicBool::new(proofs != ProofPolicy::Never);
        let must_prove = proofs == ProofPolicy::Always;
        let (known, failure) = Default::default();
        Self { node, at, header, is_proven, must_prove, known, failure }
    }

    /// The hash of the block.
    pub const fn hash(&self) -> B256 {
        self.at
    }

    /// The header of the block.
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// How many words are remembered.
    pub fn n_words(&self) -> usize {
        let known = self.known();
        known.accounts.len() + known.storage.len()
    }

    /// An account's fields.
    pub fn account(&self, address: Address) -> Result<Fields, NodeError> {
        if let Some(fields) = self.known().accounts.get(&address) {
            return Ok(*fields);
        }
        self.fetch_account(address, &[])
    }

    /// The value of a slot.
    pub fn slot(&self, slot: Slot) -> Result<U256, NodeError> {
        if let Some(value) = self.known().storage.get(&slot) {
            return Ok(*value);
        }
        self.fetch_slots(slot.address, &[slot.key])?;
        Ok(self.known().storage.get(&slot).copied().unwrap_or_default())
    }

    /// The code of an account, empty where it has none.
    pub fn code_of(&self, address: Address) -> Result<(B256, Bytes), NodeError> {
        let hash = self.account(address)?.code_hash;
        if hash == KECCAK256_EMPTY {
            return Ok((hash, Bytes::new()));
        }
        if let Some(code) = self.known().codes.get(&hash) {
            return Ok((hash, code.clone()));
        }
        let code = self.node.code(address, self.at)?;
        let computed = keccak256(&code);
        if computed != hash {
            let node = self.node.rpc().name().to_owned();
            return Err(NodeError::Code { node, address, computed, stated: hash });
        }
        self.known().codes.insert(hash, code.clone());
        Ok((hash, code))
    }

    /// The hash of block `number`, which is not later than this one.
    pub fn hash_of(&self, number: u64) -> Result<B256, NodeError> {
        if number == self.header.number {
            return Ok(self.at);
        }
        if let Some(hash) = self.known().hashes.get(&number) {
            return Ok(*hash);
        }
        let tag = format!("{:#x}", U64::from(number));
        let hash = self.node.header_at(&tag)?.map_or(B256::ZERO, |(hash, _)| hash);
        self.known().hashes.insert(number, hash);
        Ok(hash)
    }

    /// Asks for all of these, on up to so many threads; what cannot be had is left out, since
    /// what needs it will ask again and be told why.
    pub(crate) fn prefetch(&self, wants: impl IntoIterator<Item = Want>, threads: usize) {
        let batches = self.batches(wants);
        let next = AtomicUsize::new(0);
        thread::scope(|scope| {
            for _ in 0..threads.clamp(1, batches.len().max(1)) {
                scope.spawn(|| {
                    while let Some(batch) = batches.get(next.fetch_add(1, Ordering::Relaxed)) {
                        if self.fetch(batch).is_err_and(|error| !error.is_refusal()) {
                            return;
                        }
                    }
                });
            }
        });
    }

    /// What is not known yet, in one batch for each account and so many of its slots.
    fn batches(&self, wants: impl IntoIterator<Item = Want>) -> Vec<Batch> {
        let mut by_account: BTreeMap<Address, (bool, Vec<U256>)> = BTreeMap::new();
        let mut batches = Vec::new();
        let known = self.known();
        for want in wants.into_iter().filter(|want| !known.has(want)) {
            match want {
                Want::Account(address) => drop(by_account.entry(address).or_default()),
                Want::Code(address) => by_account.entry(address).or_default().0 = true,
                Want::Slot(slot) => by_account.entry(slot.address).or_default().1.push(slot.key),
                Want::Hash(number) => batches.push(Batch::Hash(number)),
            }
        }
        for (address, (with_code, mut keys)) in by_account {
            keys.sort_unstable();
            keys.dedup();
            let mut keys = keys.chunks(KEYS_AT_ONCE);
            let first = keys.next().unwrap_or_default().to_vec();
            batches.push(Batch::Account { address, with_code, keys: first });
            let rest =
                |keys: &[U256]| Batch::Account { address, with_code: false, keys: keys.into() };
            batches.extend(keys.map(rest));
        }
        batches
    }

    fn fetch(&self, batch: &Batch) -> Result<(), NodeError> {
        match batch {
            Batch::Hash(number) => self.hash_of(*number).map(drop),
            Batch::Account { address, with_code, keys } => {
                if !self.known().accounts.contains_key(address) {
                    self.fetch_account(*address, keys)?;
                }
                let is_new =
                    |key: &&U256| !self.known().storage.contains_key(&Slot::new(*address, **key));
                let keys: Vec<U256> = keys.iter().filter(is_new).copied().collect();
                if !keys.is_empty() {
                    self.fetch_slots(*address, &keys)?;
                }
                if *with_code {
                    self.code_of(*address)?;
                }
                Ok(())
            }
        }
    }

    /// Asks for an account's fields, and for these slots where they come for nothing.
    fn fetch_account(&self, address: Address, keys: &[U256]) -> Result<Fields, NodeError> {
        if let Some(fields) = self.fetch_proven(address, keys)? {
            return Ok(fields);
        }
        let balance = self.node.balance(address, self.at)?;
        let nonce = self.node.nonce(address, self.at)?;
        let code = self.node.code(address, self.at)?;
        let code_hash = keccak256(&code);
        let fields = Fields::unproven(balance, nonce, code_hash);
        let mut known = self.known();
        known.accounts.insert(address, fields);
        if !code.is_empty() {
            known.codes.insert(code_hash, code);
        }
        Ok(fields)
    }

    fn fetch_slots(&self, address: Address, keys: &[U256]) -> Result<(), NodeError> {
        if self.fetch_proven(address, keys)?.is_some() {
            return Ok(());
        }
        for &key in keys {
            let value = self.node.storage(address, key, self.at)?;
            self.known().storage.insert(Slot::new(address, key), value);
        }
        Ok(())
    }

    /// Asks with proofs; none when the node has none.
    fn fetch_proven(&self, address: Address, keys: &[U256]) -> Result<Option<Fields>, NodeError> {
        if !self.is_proven.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let answer = match self.node.proof(address, keys, self.at) {
            Err(NodeError::Refused { node, message, .. }) if self.must_prove => {
                return Err(NodeError::NoProofs { node, message });
            }
            Err(error) if error.is_refusal() => {
                // Relaxed is enough: at worst another thread is refused once more.
                self.is_proven.store(false, Ordering::Relaxed);
                return Ok(None);
            }
            answer => answer?,
        };
        let checked = proof::check(self.header.state_root, address, keys, &answer);
        let exists = checked.map_err(|reason| {
            let node = self.node.rpc().name().to_owned();
            NodeError::Unproven { node, address, block: self.at, reason }
        })?;
        let code_hash = if answer.code_hash.is_zero() { KECCAK256_EMPTY } else { answer.code_hash };
        let (balance, nonce) = (answer.balance, answer.nonce.to());
        let fields = Fields { balance, nonce, code_hash, exists };
        let mut known = self.known();
        known.accounts.insert(address, fields);
        for (&key, slot) in keys.iter().zip(&answer.storage_proof) {
            known.storage.insert(Slot::new(address, key), slot.value);
        }
        Ok(Some(fields))
    }

    /// Why something was not to be had lately, if it was not; asking clears it.
    pub fn take_failure(&self) -> Option<NodeError> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// The answer, or none with the failure kept.
    pub(crate) fn kept<T>(&self, answer: Result<T, NodeError>) -> Option<T> {
        let keep = |error| {
            let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
            failure.get_or_insert(error);
        };
        answer.map_err(keep).ok()
    }

    pub(crate) fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What one question or two are about.
#[derive(Debug)]
enum Batch {
    Account { address: Address, with_code: bool, keys: Vec<U256> },
    Hash(u64),
}

/// The state as predictions ask for it: a word at a time, and none where the node fails.
impl BaseState for NodeState {
    fn storage(&self, address: Address, key: U256) -> Option<U256> {
        self.kept(self.slot(Slot::new(address, key)))
    }

    fn balance(&self, address: Address) -> Option<U256> {
        self.kept(self.account(address)).map(|fields| fields.balance)
    }

    fn nonce(&self, address: Address) -> Option<u64> {
        self.kept(self.account(address)).map(|fields| fields.nonce)
    }

    fn code(&self, address: Address) -> CodeAt {
        match self.kept(self.code_of(address)) {
            None => CodeAt::Unavailable,
            Some((KECCAK256_EMPTY, _)) => CodeAt::Nothing,
            Some((hash, code)) => CodeAt::Known(hash, code),
        }
    }

    fn block_hash(&self, number: u64) -> Option<B256> {
        self.kept(self.hash_of(number))
    }
}
