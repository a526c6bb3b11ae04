//! Tests of: which rules of the chain hold?

use super::*;

#[test]
fn names_are_read_back_and_order_is_activation() {
    assert!(Fork::ALL.is_sorted());
    for fork in Fork::ALL {
        assert_eq!(Fork::from_name(&fork.name().to_uppercase()), Some(fork));
    }
    assert_eq!(Fork::from_name("latest"), None);
}
