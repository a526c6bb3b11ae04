//! Tests of: which pools are there to trade in, and how are they set up?

use super::*;

/// Routers compute where a pool is from the code hash they are given; a factory deploys the
/// code it contains. Unless both are the same, our pools are where no factory would put them.
#[test]
fn factories_contain_the_pair_that_routers_are_told_of() {
    for variant in ["", "ViaIr"] {
        let factory = shelf::contract(&format!("AmmFactory{variant}")).runtime;
        let pair = shelf::contract(&format!("AmmPair{variant}")).creation;
        assert!(factory.windows(pair.len()).any(|window| window == &pair[..]), "{variant}");
    }
}
