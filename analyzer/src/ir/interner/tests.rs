//! Are things with equal hashes told apart?
//!
//! In: keys that collide. Out: assertions on their numbers.

use super::*;

#[test]
fn equal_hashes_are_told_apart_and_growing_loses_nothing() {
    let things: Vec<u32> = (0..1000).map(|n| n * 7).collect();
    let mut interner = Interner::with_capacity(1);
    let hash = |thing: u32| thing % 64;
    for (number, &thing) in (0..).zip(&things) {
        assert_eq!(interner.find(hash(thing), |at| things[at as usize] == thing), None);
        interner.insert(hash(thing), number);
    }
    for (number, &thing) in (0..).zip(&things) {
        assert_eq!(interner.find(hash(thing), |at| things[at as usize] == thing), Some(number));
    }
}
