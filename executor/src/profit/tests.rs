//! Do threads pay where they should, by the caller's costs?

use alloy_consensus::{Header, SignableTransaction, TxEnvelope, TxLegacy};
use alloy_primitives::{Signature, TxKind, U256};

use super::*;

fn call(gas_limit: u64) -> Recovered<ChainTx> {
    let to = TxKind::Call(Address::ZERO);
    let tx = TxLegacy { gas_limit, to, input: vec![1].into(), ..TxLegacy::default() };
    let tx = TxEnvelope::from(tx.into_signed(Signature::new(U256::ONE, U256::ONE, false)));
    Recovered::new_unchecked(tx.into(), Address::ZERO)
}

fn pays(units: &UnitCosts, block: &Block, code_bytes: usize) -> bool {
    units.mode(&units.estimate(block, None, |_| code_bytes), None) == ExecutionMode::Parallel
}

fn block_of_calls(n: usize) -> Block {
    Block {
        chain_id: 1,
        header: Header::default(),
        hash: Default::default(),
        transactions: vec![call(500_000); n],
        withdrawals: None,
        forks: Default::default(),
        ommers: vec![],
    }
}

#[test]
fn what_handing_over_costs_decides() {
    let block = block_of_calls(400);
    let is_profitable = |hand_over_nanos, code_bytes| {
        let units = UnitCosts { hand_over_nanos, ..UnitCosts::default() };
        pays(&units, &block, code_bytes)
    };
    assert!(is_profitable(1_000, 6_200));
    assert!(!is_profitable(100_000, 6_200));
    // The same in a contract of a few instructions.
    assert!(!is_profitable(1_000, 60));
}

#[test]
fn what_the_block_uses_together_decides_when_it_is_known() {
    let mut block = block_of_calls(60);
    let units = UnitCosts::default();
    let nanos = |block: &Block| units.estimate(block, None, |_| 6_200).nanos();
    let is_profitable = |block: &Block| pays(&units, block, 6_200);
    let not_known = nanos(&block);
    assert!(is_profitable(&block));
    // All that the limits allow, and next to nothing of it.
    block.header.gas_used = 60 * 500_000;
    assert!(not_known < nanos(&block));
    assert!(is_profitable(&block));
    block.header.gas_used = 60 * 30_000;
    assert!(nanos(&block) < not_known / 2);
    assert!(!is_profitable(&block));
    // A header that cannot be right changes nothing but the estimate.
    block.header.gas_used = u64::MAX;
    assert!(is_profitable(&block));
}

#[test]
fn a_plan_that_saves_little_of_a_block_is_not_followed() {
    let units = UnitCosts::default();
    let is_profitable = |longest: u64| {
        let mut block = block_of_calls(100);
        block.transactions[50] = call(longest);
        pays(&units, &block, 6_200)
    };
    assert!(is_profitable(500_000));
    assert!(!is_profitable(900_000_000));
    // Where threads cost nothing, it is followed from three tenths on.
    let call_nanos = CostModel { base_nanos: 0, ..units.call };
    let (wake_nanos, hand_over_nanos, schedule_nanos) = (0, 0, 0);
    let free = UnitCosts { call: call_nanos, wake_nanos, hand_over_nanos, schedule_nanos, ..units };
    let saves = |percent: u64| {
        let mut block = block_of_calls(10);
        let others = 9 * 500_000;
        block.transactions[0] = call(others * (100 - percent) / percent);
        pays(&free, &block, 6_200)
    };
    // The first gas of a call takes no time, so that it is a little less than that.
    assert_eq!([30, 33].map(saves), [false, true]);
}

#[test]
fn predictions_at_hand_decide_by_what_is_predicted() {
    let block = block_of_calls(40);
    let pays = |slots: Option<u64>, units: &UnitCosts| {
        let work = |slots| PredictedWork {
            slots,
            codes: 2,
            bytes: 100,
            gas: 500_000,
            ..PredictedWork::default()
        };
        let works = IndexVec::from_elem(slots.map(work), 40);
        units.mode(&units.estimate(&block, Some(&works), |_| 4_200), None)
            == ExecutionMode::Parallel
    };
    let units = UnitCosts::default();
    assert!(pays(Some(20), &units));
    // Calls that touch little, plain transfers, and calls that are dear to hand over.
    assert!(!pays(Some(2), &units));
    assert!(!pays(None, &units));
    assert!(!pays(Some(20), &UnitCosts { hand_over_nanos: 100_000, ..units }));
}

#[test]
fn gas_that_no_prediction_explains_counts() {
    let (mut block, units) = (block_of_calls(40), UnitCosts::default());
    let works = IndexVec::from_elem(Some(PredictedWork { gas: 25_000, ..Default::default() }), 40);
    let mut pays = |gas_used| {
        block.header.gas_used = gas_used;
        units.mode(&units.estimate(&block, Some(&works), |_| 4_200), None)
            == ExecutionMode::Parallel
    };
    assert!(!pays(40 * 25_000));
    assert!(pays(40 * 400_000));
}

#[test]
fn a_chain_of_waits_is_not_worth_threads() {
    let (block, units) = (block_of_calls(100), UnitCosts::default());
    let pays = |horizon: fn(u32) -> u32| {
        let horizons = (0..100).map(|tx| TxIndex(horizon(tx))).collect();
        units.mode(&units.estimate(&block, None, |_| 6_200), Some(&horizons))
            == ExecutionMode::Parallel
    };
    assert!(pays(|_| 0));
    assert!(!pays(|tx| tx), "each waits for the one before");
    // Two chains side by side: an even one and an odd one.
    assert!(pays(|tx| tx.saturating_sub(1)));
}

#[test]
fn calls_of_small_codes_take_less_than_predicted() {
    let (block, units) = (block_of_calls(40), UnitCosts::default());
    let nanos = |code_bytes| {
        let work = PredictedWork { slots: 20, codes: 2, code_bytes, ..PredictedWork::default() };
        let works = IndexVec::from_elem(Some(work), 40);
        units.estimate(&block, Some(&works), |_| 0).nanos()
    };
    let usual = 2 * units.typical_code_bytes;
    assert_eq!(nanos(usual / 4), nanos(usual) / 4);
    // Not known, or more than usual.
    assert_eq!([nanos(0), nanos(10 * usual)], [nanos(usual); 2]);
}

#[test]
fn a_call_of_large_code_takes_up_to_twice_as_much() {
    let (block, units) = (block_of_calls(40), UnitCosts::default());
    let nanos = |code_bytes| units.estimate(&block, None, |_| code_bytes).nanos();
    assert_eq!(nanos(8_400), 2 * nanos(4_200));
    assert_eq!(nanos(24_000), nanos(8_400));
}

#[test]
fn the_first_waits_stand_for_all() {
    let (block, units) = (block_of_calls(100), UnitCosts::default());
    let pays = |n_known: u32, horizon: fn(u32) -> u32| {
        let horizons = (0..n_known).map(|tx| TxIndex(horizon(tx))).collect();
        units.mode(&units.estimate(&block, None, |_| 6_200), Some(&horizons))
            == ExecutionMode::Parallel
    };
    for n_known in [10, 25, 100] {
        assert!(pays(n_known, |_| 0));
        assert!(!pays(n_known, |tx| tx), "each waits for the one before");
    }
    // None is known.
    assert!(pays(0, |tx| tx));
}

#[test]
fn a_block_of_transfers_is_told_by_itself() {
    let units = UnitCosts::default();
    let mut block = block_of_calls(40);
    assert!(units.may_pay(&block));
    // Even where one call may take nearly everything: its limit says little.
    block.transactions[0] = call(100_000_000);
    assert!(units.may_pay(&block));
    let transfer = call(21_000).map(|tx| match tx {
        ChainTx::Signed(TxEnvelope::Legacy(tx)) => {
            let tx = TxLegacy { input: Default::default(), ..tx.into_parts().0 };
            let signature = Signature::new(U256::ONE, U256::ONE, false);
            TxEnvelope::from(tx.into_signed(signature)).into()
        }
        other => other,
    });
    block.transactions[2..].fill(transfer);
    block.header.gas_used = 38 * 21_000 + 2 * 50_000;
    assert!(!units.may_pay(&block));
}
