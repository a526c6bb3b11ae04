//! What can a node be asked?
//!
//! In: a [`Rpc`]. Out: [`Node`], one method for each question, with answers as our types.
//! Invariants: state is asked for by block hash (EIP-1898), so that a reorganisation between two
//! questions cannot mix two chains; a header has the hash it was asked for by.

use std::sync::Arc;

use alloy_consensus::Header;
use alloy_primitives::{Address, B256, Bytes, KECCAK256_EMPTY, U64, U256};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json, value::RawValue};
use slotcast::executor::{Block, ChainRules};
use slotcast_corpus::{
    self as corpus, PreState, RecordedBlock, RecordedReceipt, ValidationError, block_by,
    chain_of_id,
};

use crate::{
    error::{NodeError, RecordError},
    rpc::{Rpc, RpcSettings},
};

/// A node of a chain.
#[derive(Debug)]
pub struct Node {
    rpc: Rpc,
    chain_id: u64,
    /// Rules that were described, instead of those known by the chain's id.
    rules: Option<Arc<ChainRules>>,
}

/// A block without the state before it.
pub type FoundBlock = RecordedBlock;

/// The fields of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fields {
    /// Its balance in wei.
    pub balance: U256,
    /// Its nonce.
    pub nonce: u64,
    /// The hash of its code.
    pub code_hash: B256,
    /// Whether it exists. Before Spurious Dragon one with nothing in it may (EIP-161 came later), which
    /// a proof tells; without a proof it is taken not to.
    pub exists: bool,
}

impl Fields {
    /// What a node says without a proof.
    pub(crate) fn unproven(balance: U256, nonce: u64, code_hash: B256) -> Self {
        let exists = !balance.is_zero() || nonce != 0 || code_hash != KECCAK256_EMPTY;
        Self { balance, nonce, code_hash, exists }
    }
}

/// What `eth_getProof` answers (EIP-1186).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountProof {
    /// The account's balance in wei.
    pub balance: U256,
    /// The hash of its code.
    #[serde(default, deserialize_with = "null_as_default")]
    pub code_hash: B256,
    /// Its nonce.
    pub nonce: U64,
    /// The root of its storage.
    #[serde(default, deserialize_with = "null_as_default")]
    pub storage_hash: B256,
    /// The nodes from the state root to the account.
    #[serde(default, deserialize_with = "null_as_default")]
    pub account_proof: Vec<Bytes>,
    /// One for each slot asked for.
    #[serde(default, deserialize_with = "null_as_default")]
    pub storage_proof: Vec<SlotProof>,
}

/// Old nodes answer null for what there is nothing of.
fn null_as_default<'de, D, T>(from: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Option::<T>::deserialize(from).map(Option::unwrap_or_default)
}

/// The proof of one slot.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct SlotProof {
    /// The slot's value.
    pub value: U256,
    /// The nodes from the storage root to the slot.
    #[serde(default, deserialize_with = "null_as_default")]
    pub proof: Vec<Bytes>,
}

/// One transaction's entry in a trace of a block.
#[derive(Deserialize)]
struct Traced {
    result: Option<Box<RawValue>>,
    error: Option<Value>,
}

impl Node {
    /// Asks the node at `url` which chain it is of.
    pub fn connect(url: &str, settings: RpcSettings) -> Result<Self, NodeError> {
        let rpc = Rpc::new(url, settings)?;
        let chain_id: U64 = rpc.ask("eth_chainId", &json!([]))?;
        Ok(Self { rpc, chain_id: chain_id.to(), rules: None })
    }

    /// The same node, of a chain with these rules, whose id must be the chain's.
    pub fn with_rules(self, rules: ChainRules) -> Result<Self, NodeError> {
        if rules.chain_id() == self.chain_id {
            return Ok(Self { rules: Some(Arc::new(rules)), ..self });
        }
        let node = self.rpc.name().to_owned();
        let (name, described) = (rules.name().to_owned(), rules.chain_id());
        Err(NodeError::OtherChain { node, chain_id: self.chain_id, name, described })
    }

    /// The rules of the chain, if they are described or known by its id.
    pub fn rules(&self) -> Option<Arc<ChainRules>> {
        self.rules.clone().or_else(|| chain_of_id(self.chain_id).ok().map(Arc::new))
    }

    /// A block of this node as the executor takes it.
    pub fn block_of(&self, recorded: &RecordedBlock) -> Block {
        block_by(recorded, self.rules.clone())
    }

    /// Checks that the parts of a block agree, by the chain's rules.
    pub(crate) fn validate(&self, recorded: &RecordedBlock) -> Result<(), ValidationError> {
        match self.rules() {
            Some(rules) => recorded.validate_by(&rules),
            None => recorded.validate(),
        }
    }

    /// How questions travel.
    pub const fn rpc(&self) -> &Rpc {
        &self.rpc
    }

    /// The chain the node is of.
    pub const fn chain_id(&self) -> u64 {
        self.chain_id
    }

    /// The number of the newest block.
    pub fn head(&self) -> Result<u64, NodeError> {
        self.rpc.ask::<U64>("eth_blockNumber", &json!([])).map(|number| number.to())
    }

    /// The header of the block that `tag` names: a number in hexadecimal, or a word such as `latest`.
    pub fn header_at(&self, tag: &str) -> Result<Option<(B256, Header)>, NodeError> {
        #[derive(Deserialize)]
        struct Hashed {
            hash: B256,
        }
        let method = "eth_getBlockByNumber";
        let result = self.rpc.call(method, &json!([tag, false]))?;
        if result.get() == "null" {
            return Ok(None);
        }
        let nonsense = |error: serde_json::Error| self.rpc.nonsense(method, &error);
        let Hashed { hash } = serde_json::from_str(result.get()).map_err(nonsense)?;
        let header = serde_json::from_str(result.get()).map_err(nonsense)?;
        self.with_hash(header, hash).map(|header| Some((hash, header)))
    }

    /// The header of the block with this hash.
    pub fn header(&self, hash: B256) -> Result<Option<Header>, NodeError> {
        let header: Option<Header> = self.rpc.ask("eth_getBlockByHash", &json!([hash, false]))?;
        header.map(|header| self.with_hash(header, hash)).transpose()
    }

    fn with_hash(&self, header: Header, asked: B256) -> Result<Header, NodeError> {
        let computed = header.hash_slow();
        match computed == asked {
            true => Ok(header),
            false => Err(NodeError::Header { node: self.rpc.name().to_owned(), asked, computed }),
        }
    }

    /// Block `number` with its transactions, checked against its hash and roots.
    pub fn block(&self, number: u64) -> Result<FoundBlock, RecordError> {
        let failed = |source| RecordError::Node { number, source };
        let params = json!([U64::from(number), true]);
        let result = self.rpc.call("eth_getBlockByNumber", &params).map_err(failed)?;
        if result.get() == "null" {
            return Err(RecordError::Absent { number, head: self.head().map_err(failed)? });
        }
        let text = format!(
            r#"{{"chainId":"{:#x}","block":{},"preState":{{}}}}"#,
            self.chain_id,
            result.get()
        );
        let name = format!("block {number} of {}", self.rpc.name());
        let block = corpus::parse(text.as_bytes(), &name).map_err(RecordError::Unreadable)?;
        if block.number() != number {
            let reason = format!("it is block {}", block.number());
            return Err(failed(self.rpc.nonsense("eth_getBlockByNumber", &reason)));
        }
        self.validate(&block)?;
        block.validate_senders()?;
        Ok(block)
    }

    /// For each transaction of the block with this hash, the state that it found and touched
    /// (`debug_traceBlockByHash` with geth's prestate tracer).
    pub(crate) fn trace(&self, hash: B256) -> Result<Vec<PreState>, NodeError> {
        let method = "debug_traceBlockByHash";
        let params = json!([hash, { "tracer": "prestateTracer", "timeout": "60s" }]);
        let traced: Vec<Traced> = self.rpc.ask(method, &params)?;
        let read = |(index, Traced { result, error }): (usize, Traced)| {
            let name = format!("transaction {index}");
            let result = result.ok_or_else(|| {
                let error = error.unwrap_or_default();
                self.rpc.nonsense(method, &format!("{name} has no trace: {error}"))
            })?;
            corpus::parse_pre_state(result.get().as_bytes(), &name)
                .map_err(|error| self.rpc.nonsense(method, &error))
        };
        traced.into_iter().enumerate().map(read).collect()
    }

    /// The receipts of the block with this hash.
    pub(crate) fn receipts(&self, hash: B256) -> Result<Vec<RecordedReceipt>, NodeError> {
        let method = "eth_getBlockReceipts";
        let result = self.rpc.call(method, &json!([hash]))?;
        if result.get() == "null" {
            return Ok(Vec::new());
        }
        corpus::parse_receipts(result.get().as_bytes(), "the receipts")
            .map_err(|error| self.rpc.nonsense(method, &error))
    }

    /// An account and some of its slots after the block with this hash, with proofs.
    pub(crate) fn proof(
        &self,
        address: Address,
        keys: &[U256],
        at: B256,
    ) -> Result<AccountProof, NodeError> {
        let keys: Vec<B256> = keys.iter().map(|key| (*key).into()).collect();
        let proof: AccountProof =
            self.rpc.ask("eth_getProof", &json!([address, keys, by_hash(at)]))?;
        if proof.storage_proof.len() != keys.len() {
            let reason = format!("{} slots for {} keys", proof.storage_proof.len(), keys.len());
            return Err(self.rpc.nonsense("eth_getProof", &reason));
        }
        Ok(proof)
    }

    /// An account's balance after the block with this hash.
    pub(crate) fn balance(&self, address: Address, at: B256) -> Result<U256, NodeError> {
        self.rpc.ask("eth_getBalance", &json!([address, by_hash(at)]))
    }

    /// An account's nonce after the block with this hash.
    pub(crate) fn nonce(&self, address: Address, at: B256) -> Result<u64, NodeError> {
        let nonce: U64 = self.rpc.ask("eth_getTransactionCount", &json!([address, by_hash(at)]))?;
        Ok(nonce.to())
    }

    /// An account's code after the block with this hash.
    pub(crate) fn code(&self, address: Address, at: B256) -> Result<Bytes, NodeError> {
        self.rpc.ask("eth_getCode", &json!([address, by_hash(at)]))
    }

    /// A slot after the block with this hash.
    pub(crate) fn storage(&self, address: Address, key: U256, at: B256) -> Result<U256, NodeError> {
        // Nodes answer 32 bytes, some of them shortened, which is a number either way.
        self.rpc.ask("eth_getStorageAt", &json!([address, B256::from(key), by_hash(at)]))
    }
}

/// A block as EIP-1898 names it.
fn by_hash(hash: B256) -> Value {
    json!({ "blockHash": hash })
}
