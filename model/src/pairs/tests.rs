//! Tests of: what is the hash of these two words, if it was worked out a moment ago?

use super::*;

#[test]
fn what_is_remembered_is_what_would_be_computed() {
    let mut hashes = PairHashes::default();
    // More than there are places, so that some are shared, and all more than once.
    for n in (0..3 * N_PLACES as u64).chain(0..3 * N_PLACES as u64) {
        let mut pair = [0; PAIR];
        pair[24..32].copy_from_slice(&(n % 1_000).to_be_bytes());
        pair[56..].copy_from_slice(&(n / 1_000).to_be_bytes());
        assert_eq!(hashes.keccak(&pair), keccak256(pair), "{n}");
    }
    assert_eq!(hashes.keccak(&[0; PAIR]), keccak256([0; PAIR]));
    assert_eq!(hashes.keccak(b"short"), keccak256(b"short"));
}

#[test]
fn keys_of_one_mapping_are_spread() {
    let mut used = [false; N_PLACES];
    for n in 0..N_PLACES as u64 {
        let mut pair = [0; PAIR];
        pair[12..32].copy_from_slice(&keccak256(n.to_be_bytes())[12..]);
        pair[PAIR - 1] = 3;
        used[place(&pair)] = true;
    }
    // Of places taken at random, all but one in e would be used.
    assert!(N_PLACES / 2 < used.iter().filter(|used| **used).count());
}
