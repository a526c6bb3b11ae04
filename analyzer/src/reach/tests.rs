//! Are the blocks of every entry point found?
//!
//! In: a small dispatcher. Out: assertions on its blocks.

use super::*;

#[test]
fn blocks_of_all_entry_points_are_there() {
    // calldatasize; jump to 7 when there is any, else stop; 7: jump to what calldata says.
    let code = [0x36, 0x60, 7, 0x57, 0, 0x5b, 0, 0x5b, 0x5f, 0x35, 0x56];
    let reach = reach(&code, Fork::Osaka, &Limits::default());
    let blocks: Vec<u32> = reach.blocks.keys().map(|pc| pc.0).collect();
    assert_eq!(blocks, [0, 4, 7]);
    let successors: Vec<u32> = reach.blocks[&Pc(0)].successors.iter().map(|pc| pc.0).collect();
    assert_eq!(successors, [4, 7]);
    assert!(reach.blocks[&Pc(7)].is_unresolved);
    assert!(!reach.blocks[&Pc(0)].is_unresolved);
    assert_eq!((reach.stop, reach.n_functions), (StopReason::UnresolvedJump, 0));
}
