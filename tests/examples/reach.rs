//! Which blocks of many contracts can run, and where do they lead?
//!
//! In: one code a line on standard input, a name and hexadecimal digits. Out: one JSON object a line:
//! the name, the blocks by where they begin, the edges between them, the blocks that end in a jump
//! whose target was not found, the number of functions and why the analysis stopped.
//! `tests/compare/against_evmole.py` holds this against another tool.
//!
//! ```text
//! echo "loop 0x5b5f56" | cargo run --release -p slotcast-tests --example reach
//! ```

#![expect(clippy::print_stdout, reason = "a program for the command line")]

use std::io;

use alloy_primitives::Bytes;
use serde_json::json;
use slotcast::{
    analyzer::{limits::Limits, reach},
    model::Fork,
};

fn main() {
    // Functions are summarised one by one, when they are called; so are they here.
    let limits = Limits { fuel_per_contract: u64::MAX, ..Limits::default() };
    for line in io::stdin().lines() {
        let line = line.expect("the input is text");
        let Some((name, digits)) = line.split_once(' ') else { continue };
        let code: Bytes = digits.trim().parse().expect("a code is hexadecimal");
        let reach = reach(&code, Fork::Osaka, &limits);
        let blocks: Vec<u32> = reach.blocks.keys().map(|pc| pc.0).collect();
        let edges: Vec<[u32; 2]> = reach
            .blocks
            .iter()
            .flat_map(|(from, block)| block.successors.iter().map(|to| [from.0, to.0]))
            .collect();
        let unresolved: Vec<u32> = reach
            .blocks
            .iter()
            .filter(|(_, block)| block.is_unresolved)
            .map(|(pc, _)| pc.0)
            .collect();
        println!(
            "{}",
            json!({
                "name": name,
                "blocks": blocks,
                "edges": edges,
                "unresolved": unresolved,
                "functions": reach.n_functions,
                "stop": reach.stop.text(),
            })
        );
    }
}
