//! How fast is this machine, and how soon do its threads wake up?
//!
//! In: unit costs as they were measured on another machine, threads. Out: the same costs here.
//! Invariants: what is measured only becomes costs, which are printed, kept and set like any others, and
//! nothing else follows from a clock; it takes some milliseconds; a clock that errs moves no cost by more
//! than a factor of four.
//!
//! All costs but waking are work of one processor, so that they are taken to be longer or shorter by the
//! same factor: how long a contract takes that hashes and loads, against how long it took where the costs
//! were measured.

use alloy_consensus::{Header, SignableTransaction, TxEnvelope, TxLegacy, transaction::Recovered};
use alloy_primitives::{Address, B256, Signature, TxKind, U256};
use slotcast_model::Fork;
use slotcast_scheduler::CostModel;

use crate::{
    baseline::execute_baseline,
    error::ExecutionError,
    input::{Block, ForkChoice},
    pool::Pool,
    profit::UnitCosts,
    state::{AccountRecord, CodeRecord, MemoryState},
    telemetry::Stopwatch,
};

/// What the contract took on the machine on which [`UnitCosts::default`] was measured.
const REFERENCE_NANOS: u64 = 200_000;
/// Runs, of which the quickest counts for speed and the middle one for waking.
const N_RUNS: usize = 7;
/// Most that costs are moved by.
const MOST_FACTOR: u64 = 4;

/// Counts down from 256; hashes each number, and loads the slot of that name.
const CODE: [u8; 24] = [
    0x61, 0x01, 0x00, 0x5b, 0x80, 0x60, 0x00, 0x52, 0x60, 0x20, 0x60, 0x00, 0x20, 0x54, 0x50, 0x60,
    0x01, 0x90, 0x03, 0x80, 0x60, 0x03, 0x57, 0x00,
];
const GAS: u64 = 2_000_000;

impl UnitCosts {
    /// These costs on this machine, with these threads.
    ///
    /// # Errors
    ///
    /// When the contract cannot be run, which only a fault of ours can cause.
    pub fn on_this_machine(self, pool: &Pool) -> Result<Self, ExecutionError> {
        let (block, state) = contract();
        let (mut works, mut wakes) = (Vec::with_capacity(N_RUNS), Vec::with_capacity(N_RUNS));
        for _ in 0..N_RUNS {
            let mut watch = Stopwatch::start();
            execute_baseline(&block, &state)?;
            works.push(watch.split());
            // By now the other threads sleep.
            pool.run(|| {}, || {});
            wakes.push(watch.split());
        }
        works.sort_unstable();
        wakes.sort_unstable();
        let wake = if pool.threads() == 1 { self.wake_nanos } else { wakes[N_RUNS / 2] };
        Ok(self.scaled(works[0], REFERENCE_NANOS).with_wake(wake))
    }

    /// These costs where what took `reference` takes `here`.
    fn scaled(self, here: u64, reference: u64) -> Self {
        let here = here.clamp(reference / MOST_FACTOR, reference.saturating_mul(MOST_FACTOR));
        let scale = |cost: u64| cost.saturating_mul(here) / reference.max(1);
        let CostModel { base_nanos, picos_per_gas } = self.call;
        Self {
            transfer_nanos: scale(self.transfer_nanos),
            call: CostModel { base_nanos: scale(base_nanos), picos_per_gas: scale(picos_per_gas) },
            slot_nanos: scale(self.slot_nanos),
            code_nanos: scale(self.code_nanos),
            byte_picos: scale(self.byte_picos),
            computing_picos: scale(self.computing_picos),
            hand_over_nanos: scale(self.hand_over_nanos),
            schedule_nanos: scale(self.schedule_nanos),
            ..self
        }
    }

    /// These costs where waking takes so long.
    fn with_wake(self, nanos: u64) -> Self {
        let (least, most) =
            (self.wake_nanos / MOST_FACTOR, self.wake_nanos.saturating_mul(MOST_FACTOR));
        Self { wake_nanos: nanos.clamp(least, most), ..self }
    }
}

/// A block that calls the contract once, and its state.
fn contract() -> (Block, MemoryState) {
    let [sender, callee] = [0xa0, 0xc0].map(Address::repeat_byte);
    let to = TxKind::Call(callee);
    let tx = TxLegacy { gas_limit: GAS, to, input: vec![0].into(), ..TxLegacy::default() };
    let signature = Signature::new(U256::ONE, U256::ONE, false);
    let tx = TxEnvelope::from(tx.into_signed(signature));
    let block = Block {
        chain_id: 1,
        forks: ForkChoice::Fixed(Fork::London),
        header: Header { gas_limit: GAS, base_fee_per_gas: Some(0), ..Header::default() },
        hash: B256::ZERO,
        transactions: vec![Recovered::new_unchecked(tx.into(), sender)],
        withdrawals: None,
        ommers: Vec::new(),
    };
    let account = AccountRecord {
        address: callee,
        balance: U256::ZERO,
        nonce: 1,
        code: CodeRecord::Known(CODE.to_vec().into()),
        storage: Vec::new(),
    };
    (block, MemoryState::new(0, [account], []))
}

#[cfg(test)]
mod tests;
