//! What does op-revm make of a block?
//!
//! In: a block and a state. Out: [`Came`].
//! Invariant: the block executor of alloy-op-evm does everything; only types are converted here.

use std::collections::BTreeMap;

use alloy_consensus::transaction::{Recovered, TxHashRef as _};
use alloy_eips::{
    Encodable2718,
    eip2718::{Decodable2718, WithEncoded},
};
use alloy_evm::{
    Evm as _, EvmFactory,
    block::{BlockExecutor, BlockExecutorFactory, TxResult},
};
use alloy_op_evm::{
    OpBlockExecutionCtx, OpBlockExecutorFactory, OpEvmFactory, OpTx, block::OpAlloyReceiptBuilder,
    env::evm_env_for_op_block,
};
use alloy_op_hardforks::{ForkCondition, OpChainHardforks, OpHardfork};
use alloy_primitives::{Address, B256, U256};
use op_alloy_consensus::{OpReceiptEnvelope, OpTxEnvelope};
use op_revm::{L1BlockInfo, OpSpecId};
use revm::{
    bytecode::Bytecode,
    database::{BundleState, State, WrapDatabaseRef, states::bundle_state::BundleRetention},
    database_interface::DatabaseRef,
    state::AccountInfo,
};
use slotcast::executor::{Block, MemoryState, OpChain, OpFork, database, rules_of};

use crate::came::{Account, Came, Receipt, Tx};

/// Executes `block` on `state`.
pub(crate) fn run(block: &Block, state: &MemoryState) -> Came {
    let rules = rules_of(block).expect("the chain is known");
    let chain = rules.as_optimism().expect("it is a chain of the OP Stack");
    let spec = hardforks(chain);
    let factory = OpBlockExecutorFactory::new(
        OpAlloyReceiptBuilder::default(),
        spec.clone(),
        OpEvmFactory::<OpTx>::default(),
    );
    let env = evm_env_for_op_block(&block.header, &spec, block.chain_id);
    let op_spec = env.cfg_env.spec;
    let database = WrapDatabaseRef(Theirs(state));
    let builder = State::builder().with_database(database).with_bundle_update();
    let mut db = builder.with_bal_builder().build();
    let evm = factory.evm_factory().create_evm(&mut db, env);
    let ctx = OpBlockExecutionCtx {
        parent_hash: block.header.parent_hash,
        parent_beacon_block_root: block.header.parent_beacon_block_root,
        extra_data: block.header.extra_data.clone(),
    };
    let mut executor = factory.create_executor(evm, ctx);
    executor.apply_pre_execution_changes().expect("it can be opened");
    let mut came = Came::default();
    for (n, tx) in block.transactions.iter().enumerate() {
        let state = executor.evm_mut().db_mut();
        state.set_bal_index(n as u64 + 1);
        let number = U256::from(block.header.number);
        let info = L1BlockInfo::try_fetch(state, number, op_spec).expect("it is in memory");
        came.txs.push(Tx::default());
        let encoded = tx.inner().encoded_2718();
        // Of a type that this chain does not have.
        let Ok(envelope) = OpTxEnvelope::decode_2718_exact(&encoded) else { continue };
        assert_eq!(*envelope.tx_hash(), *tx.tx_hash());
        let recovered = Recovered::new_unchecked(envelope, tx.signer());
        let with_encoded = WithEncoded::new(encoded.clone().into(), recovered);
        let Ok(result) = executor.execute_transaction_without_commit(&with_encoded) else {
            continue;
        };
        let gas_used = result.result().result.tx_gas_used();
        executor.commit_transaction(result).expect("it can be committed");
        let fees = match tx.as_deposit() {
            Some(_) => Default::default(),
            None => fees(info, &encoded, gas_used, op_spec),
        };
        let receipt = receipt(executor.receipts().last().expect("what ran has a receipt"));
        came.txs[n] = Tx { receipt: Some(receipt), gas_used, fees };
    }
    came.gas_used = executor.apply_post_execution_changes().expect("it can be closed").gas_used;
    steps(&mut db, &mut came);
    db.merge_transitions(BundleRetention::PlainState);
    came.state = changes(db.take_bundle());
    came
}

fn receipt(receipt: &OpReceiptEnvelope) -> Receipt {
    let of_deposit = receipt.as_deposit_receipt();
    Receipt {
        tx_type: receipt.tx_type() as u8,
        success: receipt.status(),
        cumulative_gas: receipt.cumulative_gas_used(),
        logs: receipt.logs().to_vec(),
        deposit: [
            of_deposit.and_then(|it| it.deposit_nonce),
            of_deposit.and_then(|it| it.deposit_receipt_version),
        ],
    }
}

/// What each step changed.
fn steps<DB: revm::Database>(db: &mut State<DB>, came: &mut Came) {
    for account in db.take_built_alloy_bal().unwrap_or_default() {
        let address = account.address;
        for it in &account.balance_changes {
            came.change(it.block_access_index, address).balance = Some(it.post_balance);
        }
        for it in &account.nonce_changes {
            came.change(it.block_access_index, address).nonce = Some(it.new_nonce);
        }
        for it in account.code_changes {
            came.change(it.block_access_index, address).code = Some(it.new_code);
        }
        for slot in &account.storage_changes {
            for it in &slot.changes {
                let change = came.change(it.block_access_index, address);
                change.storage.insert(slot.slot, it.new_value);
            }
        }
    }
}

/// The accounts that are another than before.
fn changes(bundle: BundleState) -> BTreeMap<Address, Account> {
    let changed = bundle.state.into_iter().filter_map(|(address, account)| {
        let storage = account.storage.iter().filter(|(_, slot)| slot.is_changed());
        let storage: BTreeMap<U256, U256> =
            storage.map(|(key, slot)| (*key, slot.present_value)).collect();
        let fields = |info: &AccountInfo| (info.balance, info.nonce, info.code_hash);
        let before = account.original_info.as_ref().filter(|info| !info.is_empty());
        let after = account.info.as_ref().filter(|info| !info.is_empty());
        if before.map(fields) == after.map(fields) && storage.is_empty() {
            return None;
        }
        let account = after.map_or_else(Account::default, |info| Account {
            balance: info.balance,
            nonce: info.nonce,
            code_hash: info.code_hash,
            storage,
        });
        Some((address, account))
    });
    changed.collect()
}

/// What a transaction pays for its data, and to the operator.
fn fees(mut info: L1BlockInfo, encoded: &[u8], gas: u64, spec: OpSpecId) -> [U256; 2] {
    let of_operator = match spec.is_enabled_in(OpSpecId::ISTHMUS) {
        true => info.operator_fee_charge(encoded, U256::from(gas), spec),
        false => U256::ZERO,
    };
    [info.calculate_tx_l1_cost(encoded, spec), of_operator]
}

fn hardforks(chain: &OpChain) -> OpChainHardforks {
    let names = [
        (OpFork::Regolith, OpHardfork::Regolith),
        (OpFork::Canyon, OpHardfork::Canyon),
        (OpFork::Ecotone, OpHardfork::Ecotone),
        (OpFork::Fjord, OpHardfork::Fjord),
        (OpFork::Granite, OpHardfork::Granite),
        (OpFork::Holocene, OpHardfork::Holocene),
        (OpFork::Isthmus, OpHardfork::Isthmus),
        (OpFork::Jovian, OpHardfork::Jovian),
        (OpFork::Karst, OpHardfork::Karst),
    ];
    let dated = names.into_iter().map(|(ours, theirs)| {
        let never = ForkCondition::Never;
        (theirs, chain.since(ours).map_or(never, ForkCondition::Timestamp))
    });
    OpChainHardforks::new([(OpHardfork::Bedrock, ForkCondition::Block(0))].into_iter().chain(dated))
}

/// The state as op-revm's revm takes it.
#[derive(Debug)]
struct Theirs<'a>(&'a MemoryState);

impl DatabaseRef for Theirs<'_> {
    type Error = core::convert::Infallible;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, Self::Error> {
        let info = database::DatabaseRef::basic_ref(self.0, address).expect("it is in memory");
        Ok(info.map(|info| {
            let code = info.code.map(|code| Bytecode::new_raw(code.original_bytes()));
            let (balance, nonce, code_hash) = (info.balance, info.nonce, info.code_hash);
            AccountInfo { balance, nonce, code_hash, code, ..AccountInfo::default() }
        }))
    }

    fn code_by_hash_ref(&self, hash: B256) -> Result<Bytecode, Self::Error> {
        let code = database::DatabaseRef::code_by_hash_ref(self.0, hash).expect("it is in memory");
        Ok(Bytecode::new_raw(code.original_bytes()))
    }

    fn storage_ref(&self, address: Address, key: U256) -> Result<U256, Self::Error> {
        Ok(database::DatabaseRef::storage_ref(self.0, address, key).expect("it is in memory"))
    }

    fn block_hash_ref(&self, number: u64) -> Result<B256, Self::Error> {
        Ok(database::DatabaseRef::block_hash_ref(self.0, number).expect("it is in memory"))
    }
}
