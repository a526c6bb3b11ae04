//! Is every kind of difference reported?

use super::*;
use crate::{ours, synthetic, theirs};

/// What both made of a block with deposits, logs and fees.
fn both() -> [Came; 2] {
    let all = synthetic::blocks();
    let (_, block, state) = all.iter().find(|(name, ..)| name == "Jovian erc20 1").unwrap();
    let [ours, theirs] = [ours::run(block, state), theirs::run(block, state)];
    assert_eq!(ours.differences(&theirs), [""; 0]);
    [ours, theirs]
}

#[test]
fn a_changed_receipt_is_reported_and_so_is_all_else() {
    let [ours, theirs] = both();
    let last = theirs.txs.len() - 1;
    assert!(theirs.txs[last].receipt.is_some() && !theirs.txs[last].fees[0].is_zero());
    assert!(!theirs.txs[last].fees[1].is_zero(), "the operator is paid");
    let changes: [fn(&mut Came, usize); 13] = [
        |it, last| it.txs[last].receipt.as_mut().unwrap().success ^= true,
        |it, last| it.txs[last].receipt.as_mut().unwrap().cumulative_gas += 1,
        |it, last| drop(it.txs[last].receipt.as_mut().unwrap().logs.pop()),
        |it, _| it.txs[0].receipt.as_mut().unwrap().deposit[0] = Some(77),
        |it, last| it.txs[last].receipt = None,
        |it, last| it.txs[last].gas_used += 1,
        |it, last| it.txs[last].fees[0] += U256::from(1),
        |it, last| it.txs[last].fees[1] += U256::from(1),
        |it, _| drop(it.txs.pop()),
        |it, _| it.gas_used += 1,
        |it, last| drop(it.steps.remove(&(last as u64 + 1))),
        |it, last| {
            let step = it.steps.get_mut(&(last as u64 + 1)).unwrap();
            let (_, change) = step.iter_mut().find(|(_, it)| !it.storage.is_empty()).unwrap();
            *change.storage.values_mut().next().unwrap() += U256::from(1);
        },
        |it, _| it.state.values_mut().next().unwrap().nonce += 1,
    ];
    for (n, change) in changes.into_iter().enumerate() {
        let mut other = theirs.clone();
        change(&mut other, last);
        assert_ne!(ours.differences(&other), [""; 0], "change {n}");
        assert_ne!(other.differences(&ours), [""; 0], "change {n}, the other way");
    }
}
