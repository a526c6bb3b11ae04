//! What does a schedule look like to a reader?
//!
//! In: a [`Schedule`]. Out: lines of text, or a graph in the Graphviz language.
//! Invariants: equal schedules print equally; the text holds everything a schedule knows.

use core::fmt::{self, Write};

use slotcast_model::TxIndex;

use crate::{Reason, Schedule};

/// Which edges a graph is drawn with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Edges {
    /// All.
    #[default]
    All,
    /// Only those that do not follow from others.
    Reduced,
}

/// The schedule layer by layer: transactions, weights, and what each waits for and why.
pub fn text(schedule: &Schedule) -> String {
    let mut out = String::new();
    write_text(schedule, &mut out).expect("writing to a string does not fail");
    out
}

/// The schedule as a Graphviz graph, one row per layer, the critical path drawn bold.
pub fn dot(schedule: &Schedule, edges: Edges) -> String {
    let mut out = String::new();
    write_dot(schedule, edges, &mut out).expect("writing to a string does not fail");
    out
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Data { location, n_locations: 0 | 1 } => location.fmt(f),
            Self::Data { location, n_locations } => {
                write!(f, "{location} and {} more", n_locations - 1)
            }
            Self::Policy => f.write_str("policy"),
            Self::Given => f.write_str("given"),
        }
    }
}

fn write_text(schedule: &Schedule, out: &mut String) -> fmt::Result {
    let path = schedule.critical_path();
    writeln!(
        out,
        "{} txs, {} edges, {} layers, width {}, weight {}, critical path {}",
        schedule.len(),
        schedule.dag().n_edges(),
        schedule.layers().len(),
        schedule.width(),
        schedule.total_weight(),
        path.weight,
    )?;
    if !path.txs.is_empty() {
        let txs: Vec<String> = path.txs.iter().map(TxIndex::to_string).collect();
        writeln!(out, "critical path: {}", txs.join(" -> "))?;
    }
    for (layer, txs) in schedule.layers().iter().enumerate() {
        let weights = txs.iter().map(|&tx| schedule.weights()[tx]);
        let weight = weights.fold(0, u64::saturating_add);
        writeln!(out, "layer {layer}: {} txs, weight {weight}", txs.len())?;
        for &tx in txs {
            writeln!(out, "  tx {tx}, weight {}", schedule.weights()[tx])?;
            for edge in schedule.dag().edges_into(tx) {
                writeln!(out, "    waits for {}: {}", edge.from, edge.reason)?;
            }
        }
    }
    Ok(())
}

fn write_dot(schedule: &Schedule, edges: Edges, out: &mut String) -> fmt::Result {
    let critical = &schedule.critical_path().txs;
    let is_step = |from: TxIndex, to: TxIndex| {
        critical.windows(2).any(|step| step[0] == from && step[1] == to)
    };
    let bold = |is_critical: bool| if is_critical { ", style=bold" } else { "" };
    writeln!(out, "digraph schedule {{")?;
    writeln!(out, "  node [shape=box];")?;
    for txs in schedule.layers() {
        writeln!(out, "  {{")?;
        writeln!(out, "    rank=same;")?;
        for &tx in txs {
            let weight = schedule.weights()[tx];
            let style = bold(critical.binary_search(&tx).is_ok());
            writeln!(out, "    {tx} [label=\"{tx}\\n{weight}\"{style}];")?;
        }
        writeln!(out, "  }}")?;
    }
    let reduced;
    let dag = match edges {
        Edges::All => schedule.dag(),
        Edges::Reduced => {
            reduced = schedule.dag().transitive_reduction();
            &reduced
        }
    };
    for edge in dag.edges() {
        let style = bold(is_step(edge.from, edge.to));
        writeln!(out, "  {} -> {} [tooltip=\"{}\"{style}];", edge.from, edge.to, edge.reason)?;
    }
    writeln!(out, "}}")
}

#[cfg(test)]
mod tests {
    use alloy_primitives::{Address, U256};
    use slotcast_model::{AccessSet, IndexVec, Location, Slot};

    use super::*;
    use crate::{Forecast, Policy, schedule};

    /// 0 writes two slots; 1 reads both and writes one; 2 reads that; 3 touches nothing.
    fn example() -> Schedule {
        let slot = |n: u64| Location::Storage(Slot::new(Address::ZERO, U256::from(n)));
        let forecast = |reads, writes, weight| Forecast {
            access: AccessSet::new(reads, writes, vec![]),
            weight,
            partial: false,
        };
        let forecasts = IndexVec::from(vec![
            forecast(vec![], vec![slot(1), slot(2)], 10),
            forecast(vec![slot(1), slot(2)], vec![slot(1)], 20),
            forecast(vec![slot(1), slot(2)], vec![], 30),
            forecast(vec![], vec![], 40),
        ]);
        schedule(&forecasts, &Policy::Optimistic)
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
}
