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
mod tests;
