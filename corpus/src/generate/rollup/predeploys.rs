//! Which contracts stand on every rollup from its first block on?
//!
//! In: nothing. Out: the contract with the fee parameters, the one that records withdrawals, and the
//! vaults that fees go to, hand-written, with their assembly beside them.
//! Invariant: slots and calldata are those of the protocol, which execution and headers depend on; what
//! only serves the chain's operators is left out.

use alloy_primitives::{Address, Bytes, U256, hex};
use slotcast::executor::{OpChain, OpFork};

use super::{Attributes, BLOCK_TIME, Rollup, TIP_VAULT};
use crate::generate::draft::{Draft, ether};

/// Writes the fee parameters, for the depositor alone; at the end of each line the offset of the next.
///
/// ```text
/// if caller != depositor { revert(0, 0) }                                             1f
/// selector = calldata[0..4]                                                           26
/// Ecotone's, Isthmus' and Jovian's go to 52, Bedrock's to 9a, others revert           52
/// 52: sstore(3, calldata[4..20]); sstore(0, calldata[20..36])                         65
///     sstore(1, calldata[36]); sstore(7, calldata[68])                                71
///     sstore(2, calldata[100]); sstore(4, calldata[132])                              7d
///     if calldatasize <= 164 { stop }                                                 85
///     sstore(8, calldata[176..178] << 96 | calldata[164..176])                        9a
/// 9a: sstore(0, calldata[36] << 64 | calldata[4])
///     slots 1 to 6 are the words at 68 and so on
/// ```
const L1_BLOCK: &[u8] = &hex!(
    "33 73deaddeaddeaddeaddeaddeaddeaddeaddead0001 14 601f 57 6000 6000 fd"
    "5b 6000 35 60e0 1c"
    "80 63440a5e20 14 6052 57 80 63098999be 14 6052 57 80 633db6be2b 14 6052 57"
    "63015d8eb9 14 609a 57 6000 6000 fd"
    "5b 6004 35 6080 1c 6003 55 6014 35 6080 1c 6000 55"
    "6024 35 6001 55 6044 35 6007 55"
    "6064 35 6002 55 6084 35 6004 55"
    "60a4 36 11 6085 57 00"
    "5b 60b0 35 60f0 1c 6060 1b 60a4 35 60a0 1c 17 6008 55 00"
    "5b 6024 35 6040 1b 6004 35 17 6000 55"
    "6044 35 6001 55 6064 35 6002 55 6084 35 6003 55"
    "60a4 35 6004 55 60c4 35 6005 55 60e4 35 6006 55 00"
);

/// Records a withdrawal: the hash of calldata and a counter, in the mapping at slot 0.
///
/// ```text
/// n = sload(1); key = keccak256(calldata . n)
/// sstore(keccak256(key . 0), 1); sstore(1, n + 1)
/// ```
const MESSAGE_PASSER: &[u8] = &hex!(
    "36 6000 6000 37 6001 54 80 36 52 36 6020 01 6000 20"
    "6000 52 6000 6020 52 6001 6040 6000 20 55 6001 01 6001 55 00"
);

/// Takes what it gets: `stop`.
const VAULT: &[u8] = &[0x00];

/// Places them, with the words that the block before left.
pub(super) fn install(draft: &mut Draft, rollup: &Rollup, before: &Attributes) {
    let (l1_block, _) = OpChain::FEE_PARAMETERS;
    let place = |draft: &mut Draft, address: Address, code: &'static [u8]| {
        draft.install_at(address, Bytes::from_static(code));
    };
    place(draft, l1_block, L1_BLOCK);
    for (slot, word) in before.slots(rollup.fork_before(), rollup.timestamp - BLOCK_TIME) {
        draft.store(l1_block, U256::from(slot), word);
    }
    place(draft, OpChain::MESSAGE_PASSER, MESSAGE_PASSER);
    let n_withdrawn = draft.rng.range(1_000, 100_000);
    draft.store(OpChain::MESSAGE_PASSER, U256::ONE, U256::from(n_withdrawn));
    let [base_fees, data, operator] = rollup.chain.vaults();
    // The operator's vault came with its fee.
    let operator = (OpFork::Isthmus <= rollup.fork_before()).then_some(operator);
    for vault in [Some(TIP_VAULT), Some(base_fees), Some(data), operator].into_iter().flatten() {
        place(draft, vault, VAULT);
        draft.account(vault).balance = ether(1 + draft.rng.range(0, 40));
    }
}
