//! Is an account found by its address, however many were loaded?

use super::*;

#[test]
fn each_is_found_among_few_and_many() {
    let address = |n: usize| Address::left_padding_from(&n.to_be_bytes());
    let read = |is_from_base| AccountRead {
        info: None,
        is_from_base,
        is_assumed: false,
        usage: Default::default(),
    };
    let mut reads = AccountReads::default();
    for n in 0..3 * A_HANDFUL {
        assert!(reads.get_mut(&address(n)).is_none());
        reads.insert(address(n), read(false));
        reads.insert(address(n / 2), read(true));
        for known in 0..=n {
            let is_from_base = reads.get_mut(&address(known)).unwrap().is_from_base;
            assert_eq!(is_from_base, known <= n / 2, "{known} of {n}");
        }
    }
    let order: Vec<_> = reads.iter().map(|(address, _)| *address).collect();
    assert_eq!(order, (0..3 * A_HANDFUL).map(address).collect::<Vec<_>>());
}
