//! Tests of: where does the generator take its contracts from?

use super::*;

#[test]
fn every_artifact_is_sound_and_bears_its_name() {
    for (name, _) in ARTIFACTS {
        let contract = contract(name);
        assert_eq!(contract.name, *name);
        assert!(!contract.runtime.is_empty());
        for (signature, selector) in &contract.selectors {
            assert_eq!(alloy_primitives::keccak256(signature)[..4], selector[..], "{signature}");
        }
        for (immutable, _) in contract.immutables.clone() {
            let word = B256::repeat_byte(0xab);
            assert_ne!(runtime(&contract, &[(&immutable, word)]), contract.runtime);
        }
    }
}
