//! How do schedules print?

use alloy_primitives::{Address, U256};
use slotcast_model::{AccessSet, IndexVec, Location, Slot};

use super::*;
use crate::{PredictedAccess, schedule};

/// 0 writes two slots; 1 reads both and writes one; 2 reads that; 3 touches nothing.
fn example() -> Schedule {
    let slot = |n: u64| Location::Storage(Slot::new(Address::ZERO, U256::from(n)));
    let prediction = |reads, writes, weight| PredictedAccess {
        access: AccessSet::new(reads, writes, vec![]),
        weight,
    };
    let predicted = IndexVec::from(vec![
        prediction(vec![], vec![slot(1), slot(2)], 10),
        prediction(vec![slot(1), slot(2)], vec![slot(1)], 20),
        prediction(vec![slot(1), slot(2)], vec![], 30),
        prediction(vec![], vec![], 40),
    ]);
    schedule(&predicted)
}

#[test]
fn text_says_who_waits_for_whom_and_why() {
    let expected = "\
4 txs, 3 edges, 3 layers, width 2, weight 100, critical path 60
critical path: 0 -> 1 -> 2
layer 0: 2 txs, weight 50
  tx 0, weight 10
  tx 3, weight 40
layer 1: 1 txs, weight 20
  tx 1, weight 20
    waits for 0: 0x0000000000000000000000000000000000000000[0x1] and 1 more
layer 2: 1 txs, weight 30
  tx 2, weight 30
    waits for 0: 0x0000000000000000000000000000000000000000[0x2]
    waits for 1: 0x0000000000000000000000000000000000000000[0x1]
";
    assert_eq!(text(&example()), expected);
}

#[test]
fn the_reduced_graph_leaves_out_what_follows() {
    let slot = |n: u8| format!("0x0000000000000000000000000000000000000000[0x{n}]");
    let (slot_1, slot_2) = (slot(1), slot(2));
    let nodes = "\
digraph schedule {
  node [shape=box];
  {
    rank=same;
    0 [label=\"0\\n10\", style=bold];
    3 [label=\"3\\n40\"];
  }
  {
    rank=same;
    1 [label=\"1\\n20\", style=bold];
  }
  {
    rank=same;
    2 [label=\"2\\n30\", style=bold];
  }
";
    let first = format!("  0 -> 1 [tooltip=\"{slot_1} and 1 more\", style=bold];\n");
    let follows = format!("  0 -> 2 [tooltip=\"{slot_2}\"];\n");
    let last = format!("  1 -> 2 [tooltip=\"{slot_1}\", style=bold];\n}}\n");
    assert_eq!(dot(&example(), Edges::All), format!("{nodes}{first}{follows}{last}"));
    assert_eq!(dot(&example(), Edges::Reduced), format!("{nodes}{first}{last}"));
}

#[test]
fn an_empty_schedule_prints() {
    let empty = Schedule::sequential(0);
    let expected = "0 txs, 0 edges, 0 layers, width 0, weight 0, critical path 0\n";
    assert_eq!(text(&empty), expected);
    assert_eq!(dot(&empty, Edges::All), "digraph schedule {\n  node [shape=box];\n}\n");
}
