//! Do precompiled contracts and their limits follow the forks?

use super::*;

#[test]
fn limits_grow_tighter_with_the_forks() {
    let limits = |address| {
        OpFork::ALL.map(|fork| {
            let of = |(since, it, limit): &(OpFork, Address, usize)| {
                (*it == address && *since <= fork).then_some(*limit)
            };
            LIMITS.iter().filter_map(of).next_back()
        })
    };
    assert_eq!(
        limits(BN_PAIRING)[4..],
        [None, Some(112_687), Some(112_687), Some(112_687), Some(81_984), Some(57_600)]
    );
    assert_eq!(limits(BLS_PAIRING)[6..], [None, Some(235_008), Some(156_672), Some(156_672)]);
}

#[test]
fn what_is_longer_than_the_limit_is_held_off_and_p256_comes_with_fjord() {
    let has = |fork, address: Address| {
        let spec = if fork < OpFork::Isthmus { SpecId::CANCUN } else { SpecId::PRAGUE };
        of_optimism(spec, fork).addresses().any(|it| *it == address)
    };
    let p256 = *P256VERIFY.address();
    assert!(!has(OpFork::Ecotone, p256) && has(OpFork::Fjord, p256) && has(OpFork::Jovian, p256));
    assert!(!has(OpFork::Granite, BLS_PAIRING) && has(OpFork::Isthmus, BLS_PAIRING));
}
