//! Which precompiled contracts does a chain have, and how much input do they take?
//!
//! In: a fork. Out: revm's contracts with those that the OP Stack adds, and its limits.
//! Invariant: what is longer than the limit fails and uses all its gas, as any failing precompile.

use std::borrow::Cow;

use alloy_evm::precompiles::{DynPrecompile, Precompile as _, PrecompilesMap};
use alloy_primitives::Address;
use revm::{
    precompile::{
        PrecompileHalt, PrecompileOutput, PrecompileSpecId, Precompiles, secp256r1::P256VERIFY,
    },
    primitives::hardfork::SpecId,
};

use crate::chain::optimism::OpFork;

const fn numbered(number: u8) -> Address {
    Address::with_last_byte(number)
}
const BN_PAIRING: Address = numbered(0x08);
const BLS_G1_SUM: Address = numbered(0x0c);
const BLS_G2_SUM: Address = numbered(0x0e);
const BLS_PAIRING: Address = numbered(0x0f);

/// The most bytes that a contract takes from a fork on; of two for one contract the later holds. Karst
/// is taken to leave Jovian's limits of BLS12-381 as they are.
const LIMITS: [(OpFork, Address, usize); 9] = [
    (OpFork::Granite, BN_PAIRING, 112_687),
    (OpFork::Isthmus, BLS_G1_SUM, 513_760),
    (OpFork::Isthmus, BLS_G2_SUM, 488_448),
    (OpFork::Isthmus, BLS_PAIRING, 235_008),
    (OpFork::Jovian, BN_PAIRING, 81_984),
    (OpFork::Jovian, BLS_G1_SUM, 288_960),
    (OpFork::Jovian, BLS_G2_SUM, 278_784),
    (OpFork::Jovian, BLS_PAIRING, 156_672),
    (OpFork::Karst, BN_PAIRING, 300 * 192),
];

/// The contracts that Ethereum has.
pub(crate) fn of_ethereum(spec: SpecId) -> PrecompilesMap {
    PrecompilesMap::from_static(Precompiles::new(PrecompileSpecId::from_spec_id(spec)))
}

/// The contracts that a chain of the OP Stack has.
pub(crate) fn of_optimism(spec: SpecId, fork: OpFork) -> PrecompilesMap {
    let ethereum = Precompiles::new(PrecompileSpecId::from_spec_id(spec));
    if fork < OpFork::Fjord {
        return PrecompilesMap::from_static(ethereum);
    }
    let mut all = ethereum.clone();
    if spec < SpecId::OSAKA {
        all.extend([P256VERIFY]);
    }
    let mut map = PrecompilesMap::new(Cow::Owned(all));
    for (since, address, limit) in LIMITS {
        let is_last = |(later, it, _): &(OpFork, Address, usize)| {
            *it == address && since < *later && *later <= fork
        };
        if since <= fork && !LIMITS.iter().any(is_last) {
            map.map_precompile(&address, move |inner| limited(inner, limit));
        }
    }
    map
}

fn limited(inner: DynPrecompile, limit: usize) -> DynPrecompile {
    let id = inner.precompile_id().clone();
    DynPrecompile::new(id, move |input| match input.data.len() <= limit {
        true => inner.call(input),
        false => Ok(PrecompileOutput::halt(
            PrecompileHalt::other_static("input is longer than this chain allows"),
            input.reservoir,
        )),
    })
}

#[cfg(test)]
mod tests;
