//! What does a transfer do that runs no code?
//!
//! In: a transaction and the committed prefix. Out: whether it was a plain transfer that passes every
//! check, and if so the gas it used, with its effects entered.
//! Invariants: the effects are exactly those of running the transaction on revm; whatever is not
//! plainly in order (a check that fails, code or a precompile at the recipient, a delegation, rules
//! from Amsterdam on) is left to revm, which then also says what is wrong with it.
//!
//! Data that comes with it is not read, and only costs gas.
//!
//! Two of three transactions of the chain's history are of this kind. An interpreter has nothing to
//! do for them, but setting it up and taking its journal apart costs more than the transfer:
//!
//! ```text
//! sender       pays  gas used × price  +  blob gas × blob price  +  value,   nonce + 1
//! recipient    gets  value
//! beneficiary  gets  gas used × (price − base fee since London)
//! ```
//!
//! On a rollup the sender pays three more, for its data among them:
//!
//! ```text
//! vaults       get   gas used × base fee,  the fee for data,  since Isthmus the operator's fee
//! ```
//!
//! Gas used is the intrinsic gas, or since Prague the floor if that is more. The steps are taken in
//! revm's order, so that it makes no difference which of the parties are the same account. An account
//! left empty ceases to exist (EIP-161); before that proposal, touching one that does not exist
//! would make it, so that a transfer of nothing is left to revm.

use alloy_consensus::{Transaction, TxEnvelope, TxType};
use alloy_primitives::{Address, KECCAK256_EMPTY, TxKind, U256};
use revm::{
    context::{BlockEnv, Cfg, CfgEnv},
    database_interface::DatabaseRef,
    handler::validation::validate_eip4844_tx,
    precompile::{PrecompileSpecId, Precompiles},
    primitives::hardfork::SpecId,
    state::{Account, AccountInfo, TransactionId},
};
use slotcast_model::{Slot, TxIndex};

use crate::{
    chain::optimism::L1_BLOCK,
    fork::Rules,
    host_precompiles::HostPrecompiles,
    input::Block,
    receipt::RollupReceipt,
    rollup::{OpBlock, OpCall},
    store::{Sharing, Store},
    transaction::ChainTx,
    version::{Seen, Version},
};

/// The rules that transfers of one block follow.
#[derive(Debug)]
pub(crate) struct Transfers<'a> {
    cfg: &'a CfgEnv,
    env: &'a BlockEnv,
    base_fee: u128,
    blob_price: u128,
    precompiles: &'static Precompiles,
    of_host: Option<&'a HostPrecompiles>,
    /// Where a transfer pays more than gas.
    rollup: Option<&'a OpBlock>,
}

/// A transfer that was made.
#[derive(Debug)]
pub(crate) struct Made {
    pub(crate) gas_used: u64,
    /// What its receipt states on a rollup.
    pub(crate) rollup: Option<Box<RollupReceipt>>,
}

/// What a transfer costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cost {
    gas_used: u64,
    /// The most that the sender must have.
    most: U256,
    /// What the sender pays besides the value.
    paid: U256,
    /// What the beneficiary gets.
    reward: U256,
}

impl<'a> Transfers<'a> {
    pub(crate) fn new(rules: &'a Rules) -> Self {
        let env = &rules.env.block_env;
        let blob_price = env.blob_excess_gas_and_price.map_or(0, |blob| blob.blob_gasprice);
        Self {
            cfg: &rules.env.cfg_env,
            env,
            base_fee: env.basefee.into(),
            blob_price,
            precompiles: Precompiles::new(match rules.optimism {
                // A rollup has some of them earlier.
                Some(_) => PrecompileSpecId::OSAKA,
                None => PrecompileSpecId::from_spec_id(rules.spec()),
            }),
            of_host: rules.of_host.as_ref(),
            rollup: rules.optimism.as_ref(),
        }
    }

    /// The recipient, if a transaction has the form of a plain transfer. What is at the recipient is
    /// not looked at.
    pub(crate) fn recipient(&self, tx: &ChainTx) -> Option<Address> {
        let tx = tx.as_signed()?;
        match (tx.tx_type(), tx.kind()) {
            (TxType::Eip7702, _) | (_, TxKind::Create) => None,
            (TxType::Eip4844, _) if self.rollup.is_some() => None,
            (_, TxKind::Call(to)) => {
                let is_precompile = self.precompiles.contains(&to)
                    || self.of_host.is_some_and(|host| host.is_at(&to));
                (self.cfg.spec < SpecId::AMSTERDAM && !is_precompile).then_some(to)
            }
        }
    }

    /// Makes the transfer on everything decided so far; nothing when it must be run instead.
    pub(crate) fn make<DB: DatabaseRef, S: Sharing>(
        &self,
        block: &Block,
        tx: TxIndex,
        store: &Store<S>,
        base: &DB,
    ) -> Option<Made> {
        let transaction = block.transaction(tx);
        let (sender, to) = (transaction.signer(), transaction.to()?);
        let mut parties =
            Parties { store, base, version: Version::of(tx), found: [const { None }; 6] };
        // With data it is mostly a call of a contract, which is seen from the recipient alone.
        let has_data = !transaction.input().is_empty();
        if has_data && parties.has_code(to)? {
            return None;
        }
        let (value, mut cost) = (transaction.value(), self.checked_cost(transaction)?);
        let call = match self.rollup {
            Some(op) => Some(op.call(block, tx, |slot| parties.word(L1_BLOCK, slot)).ok()?),
            None => None,
        };
        if let Some(call) = &call {
            cost.most = cost.most.checked_add(call.most_paid(transaction.gas_limit()))?;
            cost.paid = cost.paid.checked_add(call.most_paid(cost.gas_used))?;
        }
        let payer = parties.find(sender)?;
        if payer.nonce != transaction.nonce() || payer.balance < cost.most {
            return None;
        }
        // What is paid is at most what the sender must have.
        payer.balance -= cost.paid;
        payer.balance = payer.balance.checked_sub(value)?;
        payer.nonce = payer.nonce.checked_add(1)?;
        let recipient = parties.find(to)?;
        recipient.balance = recipient.balance.checked_add(value)?;
        let beneficiary = parties.find_any(self.env.beneficiary)?;
        beneficiary.balance = beneficiary.balance.checked_add(cost.reward)?;
        for (vault, fee) in call.iter().flat_map(|call| call.legs(self.env.basefee, cost.gas_used))
        {
            let vault = parties.find_any(vault)?;
            vault.balance = vault.balance.checked_add(fee)?;
        }
        parties.enter();
        let fees = |call: OpCall<'_>| Box::new(RollupReceipt::Fees(call.fees(cost.gas_used)));
        Some(Made { gas_used: cost.gas_used, rollup: call.map(fees) })
    }

    /// What a transfer costs, by the checks that need no state; nothing when it must be run.
    fn checked_cost(&self, tx: &ChainTx) -> Option<Cost> {
        self.recipient(tx)?;
        let cost = self.cost(tx.as_signed()?)?;
        let is_touch_harmless = SpecId::SPURIOUS_DRAGON <= self.cfg.spec;
        let is_touching = tx.value().is_zero() || cost.reward.is_zero();
        (is_touch_harmless || !is_touching).then_some(cost)
    }

    /// The checks that need no state, and what follows for the price.
    fn cost(&self, tx: &TxEnvelope) -> Option<Cost> {
        let gas_limit = tx.gas_limit();
        if self.cfg.tx_gas_limit_cap() < gas_limit || self.env.gas_limit < gas_limit {
            return None;
        }
        if self.cfg.tx_chain_id_check {
            match tx.chain_id() {
                Some(chain_id) if chain_id == self.cfg.chain_id => {}
                None if tx.tx_type() == TxType::Legacy => {}
                _ => return None,
            }
        }
        let price = self.price(tx)?;
        let (n_accounts, n_keys) = tx.access_list().map_or((0, 0), |list| {
            (list.len() as u64, list.iter().map(|item| item.storage_keys.len() as u64).sum())
        });
        let gas =
            self.cfg.gas_params.initial_tx_gas(tx.input(), false, n_accounts, n_keys, 0, None);
        let is_floor_active = SpecId::PRAGUE <= self.cfg.spec;
        let floor = if is_floor_active { gas.floor_gas() } else { 0 };
        let gas_used = gas.initial_total_gas().max(floor);
        if gas_limit < gas_used {
            return None;
        }
        let (most_blob, blob_fee) = self.blob_fees(tx);
        let most = u128::from(gas_limit).checked_mul(tx.max_fee_per_gas())?;
        let most = U256::from(most).checked_add(tx.value())?.checked_add(most_blob)?;
        let is_fee_burned = SpecId::LONDON <= self.cfg.spec;
        let reward = if is_fee_burned { price - self.base_fee } else { price };
        let of_gas = |price: u128| price.checked_mul(gas_used.into()).map(U256::from);
        let paid = of_gas(price)?.checked_add(blob_fee)?;
        Some(Cost { gas_used, most, paid, reward: of_gas(reward)? })
    }

    /// What a unit of gas costs, if the transaction's type exists and it pays at least the base fee.
    fn price(&self, tx: &TxEnvelope) -> Option<u128> {
        let since = match tx.tx_type() {
            TxType::Legacy => SpecId::FRONTIER,
            TxType::Eip2930 => SpecId::BERLIN,
            TxType::Eip1559 => SpecId::LONDON,
            TxType::Eip4844 => SpecId::CANCUN,
            TxType::Eip7702 => return None,
        };
        if self.cfg.spec < since {
            return None;
        }
        let most = tx.max_fee_per_gas();
        let price = match tx.max_priority_fee_per_gas() {
            None => most,
            Some(tip) if most < tip => return None,
            Some(tip) => most.min(self.base_fee.saturating_add(tip)),
        };
        if let (Some(hashes), Some(most)) = (tx.blob_versioned_hashes(), tx.max_fee_per_blob_gas())
        {
            let most_blobs = self.cfg.max_blobs_per_tx();
            validate_eip4844_tx(hashes, most, self.blob_price, most_blobs).ok()?;
        }
        (self.base_fee <= price).then_some(price)
    }

    /// The most a transaction may pay for its blobs, and what it pays.
    fn blob_fees(&self, tx: &TxEnvelope) -> (U256, U256) {
        let gas = u128::from(tx.blob_gas_used().unwrap_or_default());
        let at = |price: u128| U256::from(gas.saturating_mul(price));
        (at(tx.max_fee_per_blob_gas().unwrap_or_default()), at(self.blob_price))
    }
}

/// The accounts of one transfer: at most three, and on a rollup six, fewer where parties coincide.
struct Parties<'s, DB, S: Sharing> {
    store: &'s Store<S>,
    base: &'s DB,
    version: Version,
    found: [Option<Party>; 6],
}

struct Party {
    address: Address,
    /// As the transfer found it, noted only where states are kept; none when it was not there.
    before: Option<AccountInfo>,
    info: AccountInfo,
}

impl Party {
    /// The account as revm reports it after a transaction.
    fn account(&self) -> Account {
        let mut account = match &self.before {
            Some(before) => Account::from(before.clone()),
            None => Account::new_not_existing(TransactionId::ZERO),
        };
        account.info = self.info.clone();
        account.mark_touch();
        account
    }
}

impl<DB: DatabaseRef, S: Sharing> Parties<'_, DB, S> {
    /// An account that must have no code; nothing when it has, or cannot be read.
    fn find(&mut self, address: Address) -> Option<&mut AccountInfo> {
        self.find_any(address).filter(|info| info.code_hash == KECCAK256_EMPTY)
    }

    /// Whether there is code at `address`; nothing when that cannot be read.
    fn has_code(&self, address: Address) -> Option<bool> {
        let of = |info: &AccountInfo| info.code_hash != KECCAK256_EMPTY;
        Some(match self.store.last_has_code(&address) {
            Seen::Written(has_code) => has_code,
            Seen::Base => self.base.basic_ref(address).ok()?.as_ref().is_some_and(of),
        })
    }

    /// A word of storage.
    fn word(&self, address: Address, key: U256) -> Result<U256, DB::Error> {
        match self.store.last_slot(&Slot::new(address, key)) {
            Seen::Written(word) => Ok(word),
            Seen::Base => self.base.storage_ref(address, key),
        }
    }

    /// An account as the steps so far leave it.
    fn find_any(&mut self, address: Address) -> Option<&mut AccountInfo> {
        let known = |party: &Option<Party>| match party {
            Some(party) => party.address == address,
            None => true,
        };
        let place = self.found.iter().position(known)?;
        if self.found[place].is_none() {
            let info = match self.store.last_account(&address) {
                Seen::Written(info) => info,
                Seen::Base => self.base.basic_ref(address).ok()?,
            };
            let before = if self.store.is_keeping_states() { info.clone() } else { None };
            self.found[place] = Some(Party { address, before, info: info.unwrap_or_default() });
        }
        self.found[place].as_mut().map(|party| &mut party.info)
    }

    fn enter(&self) {
        if self.store.is_keeping_states() {
            let parties = self.found.iter().flatten();
            let state = parties.map(|party| (party.address, party.account())).collect();
            self.store.keep(self.version, state);
        }
        for Party { address, info, .. } in self.found.iter().flatten() {
            self.store.enter(self.version, address, info);
        }
    }
}
