//! What is tried, and what came of it?
//!
//! In: a [`Case`]. Out: [`Verdict`]: what was predicted and described of one call and its execution
//! agree, do not, or cannot be compared.

use alloy_consensus::{
    Header, SignableTransaction, Transaction as _, TxEnvelope, TxLegacy, transaction::Recovered,
};
use alloy_primitives::{Address, B256, Signature, TxKind, U256};
use slotcast::{
    analyzer::bind::{BindLimits, Binder},
    executor::{Block, ForkChoice, SequentialSettings, TxOutcome, TxStatus, execute_sequential},
    model::{Fork, Gap, Observation, Prediction, Slot, TxIndex},
    predict::{predict_tx, words_of},
};

use super::{
    abi::{Type, calldata},
    described::contradiction,
    rng::Rng,
    world::{Base, CALLERS, Shown, Words, World, home},
};

/// Gas of a call: ample, and below Osaka's limit of a transaction.
const GAS: u64 = 16_000_000;
/// A run that used more than this has run dry somewhere.
const DRY: u64 = GAS / 10 * 9;
const BASE_FEE: u64 = 7;

/// One call of one function.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// A seed for each argument.
    pub(crate) arguments: Vec<u64>,
    pub(crate) words: Words,
    pub(crate) caller: usize,
    /// Wei sent, as a power of ten; zero is none.
    pub(crate) wei: u32,
    /// What is done to the calldata; low numbers leave it alone.
    pub(crate) damage: u64,
}

/// Numbers a damage is drawn from.
pub(crate) const N_DAMAGES: u64 = 20;

/// What is called.
pub(crate) struct Target<'a> {
    pub(crate) contract_idx: usize,
    pub(crate) selector: [u8; 4],
    pub(crate) parameters: &'a [Type],
}

/// How a case ended.
#[derive(Clone, Debug)]
pub(crate) enum Verdict {
    /// PredictedAccess and execution agree; whether the call succeeded, and on how many slots.
    Agree { is_success: bool, n_slots: usize },
    /// The prediction says itself that it may be incomplete.
    Gaps(Vec<Gap>),
    /// The gas ran out, which no prediction foresees.
    Dry,
    /// They differ, in this.
    Differ(String),
}

impl Case {
    /// The calldata.
    pub(crate) fn input(&self, target: &Target<'_>, world: &World) -> Vec<u8> {
        let mut input =
            calldata(target.selector, target.parameters, &self.arguments, &world.addresses);
        let mut rng = Rng::new(&[U256::from(self.damage), U256::from(self.words.seed)]);
        match N_DAMAGES - self.damage {
            1 => input.truncate(rng.below(input.len() as u64 + 1) as usize),
            2 => input.extend(rng.word().to_be_bytes::<32>()),
            3 => {
                let at = rng.below(input.len() as u64) as usize;
                input[at] ^= 1 << rng.below(8);
            }
            _ => {}
        }
        input
    }

    /// What is predicted for the case.
    pub(crate) fn predicted(&self, target: &Target<'_>, world: &World) -> Prediction {
        let block = block(world, self.transaction(self.input(target, world), target));
        predict(&block, Base { world, words: self.words }, &mut binder(world))
    }

    /// Runs the case in both ways.
    pub(crate) fn check(&self, target: &Target<'_>, world: &World, binder: &mut Binder) -> Verdict {
        let block = block(world, self.transaction(self.input(target, world), target));
        let base = Base { world, words: self.words };
        let transaction = block.transaction(TxIndex(0));
        let prediction = predict(&block, base, binder);
        if !prediction.gaps().is_empty() {
            return Verdict::Gaps(prediction.gaps().to_vec());
        }
        let run = execute_sequential(&block, &base, &SequentialSettings { is_observed: true })
            .expect("the state has everything");
        let TxOutcome::Executed(executed) = &run.outcome.txs[TxIndex(0)] else {
            panic!("{:?} was not included", run.outcome.txs[TxIndex(0)]);
        };
        let ran_dry = match &executed.status {
            TxStatus::Halt(reason) => reason.starts_with("OutOfGas"),
            TxStatus::Success | TxStatus::Revert => DRY < executed.gas_used,
        };
        if ran_dry {
            return Verdict::Dry;
        }
        let observation = &run.observations[TxIndex(0)];
        let is_success = executed.status == TxStatus::Success;
        let contradiction = || {
            let description = &world.descriptions[target.contract_idx];
            let input = transaction.inner().input();
            contradiction(description, input, home(target.contract_idx), observation)
        };
        let difference = difference(&prediction, observation);
        match difference.or_else(|| contradiction().filter(|_| is_success)) {
            None => Verdict::Agree { is_success, n_slots: observation.reads.len() },
            Some(difference) => Verdict::Differ(format!("{difference} ({:?})", executed.status)),
        }
    }

    fn transaction(&self, input: Vec<u8>, target: &Target<'_>) -> Recovered<TxEnvelope> {
        let value = match self.wei {
            0 => U256::ZERO,
            power => U256::from(10).pow(U256::from(power)),
        };
        let transaction = TxLegacy {
            chain_id: Some(1),
            nonce: 0,
            gas_price: BASE_FEE.into(),
            gas_limit: GAS,
            to: TxKind::Call(home(target.contract_idx)),
            value,
            input: input.into(),
        };
        let signature = Signature::new(U256::ONE, U256::ONE, false);
        Recovered::new_unchecked(transaction.into_signed(signature).into(), CALLERS[self.caller])
    }
}

fn predict(block: &Block, base: Base<'_>, binder: &mut Binder) -> Prediction {
    let words = words_of(block, base.world.fork);
    let transaction = block.transaction(TxIndex(0));
    predict_tx(binder, transaction, &words, &Shown::new(base)).prediction
}

/// A binder for the world's fork.
pub(crate) fn binder(world: &World) -> Binder {
    Binder::new(world.fork, BindLimits::default())
}

/// A block with one transaction.
fn block(world: &World, transaction: Recovered<TxEnvelope>) -> Block {
    let (number, timestamp) = world.era.number_and_time();
    let since = |fork| fork <= world.fork;
    let header = Header {
        number,
        timestamp,
        gas_limit: 60_000_000,
        beneficiary: Address::repeat_byte(0xfe),
        difficulty: if since(Fork::Paris) { U256::ZERO } else { U256::from(1_000) },
        mix_hash: B256::with_last_byte(7),
        parent_hash: B256::with_last_byte(8),
        base_fee_per_gas: since(Fork::London).then_some(BASE_FEE),
        blob_gas_used: since(Fork::Cancun).then_some(0),
        excess_blob_gas: since(Fork::Cancun).then_some(0),
        parent_beacon_block_root: since(Fork::Cancun).then_some(B256::with_last_byte(9)),
        ..Header::default()
    };
    Block {
        chain_id: 1,
        hash: header.hash_slow(),
        header,
        transactions: vec![transaction.map(Into::into)],
        withdrawals: since(Fork::Shanghai).then(Vec::new),
        forks: ForkChoice::OfChain,
        ommers: Vec::new(),
    }
}

/// What sets the two apart, if anything does: slots must be the same, accounts at least those that
/// were touched. (Of accounts the observation sees only what is left at the end: wei that comes back
/// was predicted, and is not observed.)
fn difference(prediction: &Prediction, observation: &Observation) -> Option<String> {
    let storage = prediction.storage();
    let with_deltas = |slots: &[Slot]| {
        let mut all = [slots, &storage.deltas].concat();
        all.sort_unstable();
        all
    };
    let (reads, writes) = (with_deltas(&storage.reads), with_deltas(&storage.writes));
    let mut parts = Vec::new();
    for (what, these, those) in [
        ("missed read", &observation.reads, &reads),
        ("missed write", &observation.writes, &writes),
        ("invented read", &reads, &observation.reads),
        ("invented write", &writes, &observation.writes),
    ] {
        for slot in these.iter().filter(|slot| those.binary_search(slot).is_err()) {
            parts.push(format!("{what} of {slot}"));
        }
    }
    let (predicted, observed) = (prediction.accounts(), &observation.accounts);
    let balances = [&predicted.balance_reads[..], &predicted.balance_debits].concat();
    for (what, these, those) in [
        ("balance", &observed.balance_reads, &balances),
        ("debit", &observed.balance_debits, &predicted.balance_debits),
        ("credit", &observed.balance_credits, &predicted.balance_credits),
        ("nonce", &observed.nonces, &predicted.nonces),
        ("code", &observed.code_reads, &predicted.code_reads),
        ("creation", &observed.created, &predicted.created),
        ("destruction", &observed.destroyed, &predicted.destroyed),
    ] {
        for account in these.iter().filter(|account| !those.contains(account)) {
            parts.push(format!("missed {what} of {account}"));
        }
    }
    (!parts.is_empty()).then(|| parts.join(", "))
}
