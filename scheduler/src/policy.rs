//! What is done about transactions whose forecast may be missing something?
//!
//! In: which forecasts are partial. Out: edges besides those of the data.
//! Invariants: every edge goes forwards, and their number is linear in the number of transactions.
//! No policy is needed for a right outcome; each only trades waiting for running twice.

use core::fmt;

use slotcast_model::{IndexVec, TxIndex};

use crate::{Edge, Forecast, Reason};

/// How partial forecasts are treated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Policy {
    /// As if they were complete: what was missed is found when the run is validated.
    #[default]
    Optimistic,
    /// They run alone: each waits for all before it, and all after it wait for it.
    Barrier,
    /// They run one after the other, but beside everything else.
    Serial,
}

impl Policy {
    /// All policies.
    pub const ALL: [Self; 3] = [Self::Optimistic, Self::Barrier, Self::Serial];

    /// The policy as the command line spells it.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Optimistic => "optimistic",
            Self::Barrier => "barrier",
            Self::Serial => "serial",
        }
    }

    /// The edges the policy asks for, whatever the data says.
    pub(crate) fn edges(self, forecasts: &IndexVec<TxIndex, Forecast>) -> Vec<Edge> {
        match self {
            Self::Optimistic => Vec::new(),
            Self::Barrier => barrier(forecasts),
            Self::Serial => serial(forecasts),
        }
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

/// Edges to and from the neighbouring barriers; everything farther away follows from these.
fn barrier(forecasts: &IndexVec<TxIndex, Forecast>) -> Vec<Edge> {
    let mut edges = Vec::new();
    let mut last_barrier: Option<TxIndex> = None;
    let mut since: Vec<TxIndex> = Vec::new();
    for (tx, forecast) in forecasts.iter_enumerated() {
        edges.extend(last_barrier.map(|from| policy_edge(from, tx)));
        if forecast.partial {
            edges.extend(since.drain(..).map(|from| policy_edge(from, tx)));
            last_barrier = Some(tx);
        } else {
            since.push(tx);
        }
    }
    edges
}

/// Edges from each partial forecast to the next.
fn serial(forecasts: &IndexVec<TxIndex, Forecast>) -> Vec<Edge> {
    let partial = forecasts.iter_enumerated().filter(|(_, forecast)| forecast.partial);
    let partial: Vec<TxIndex> = partial.map(|(tx, _)| tx).collect();
    partial.windows(2).map(|pair| policy_edge(pair[0], pair[1])).collect()
}

const fn policy_edge(from: TxIndex, to: TxIndex) -> Edge {
    Edge { from, to, reason: Reason::Policy }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A block written as text, `p` for a partial forecast; (from, to) pairs by (to, from) out.
    fn check(policy: Policy, block: &str, expected: &[(u32, u32)]) {
        let forecasts = block
            .chars()
            .map(|letter| Forecast { partial: letter == 'p', ..Forecast::default() })
            .collect();
        let edges = policy.edges(&forecasts);
        let mut pairs: Vec<_> = edges.iter().map(|edge| (edge.from.0, edge.to.0)).collect();
        pairs.sort_by_key(|&(from, to)| (to, from));
        assert_eq!(pairs, expected, "{policy}");
    }

    #[test]
    fn optimistic_asks_for_nothing() {
        check(Policy::Optimistic, "ppp", &[]);
    }

    #[test]
    fn a_barrier_parts_what_is_before_from_what_is_after() {
        check(Policy::Barrier, "..p..", &[(0, 2), (1, 2), (2, 3), (2, 4)]);
        check(Policy::Barrier, "pp.p", &[(0, 1), (1, 2), (1, 3), (2, 3)]);
        check(Policy::Barrier, ".p.p", &[(0, 1), (1, 2), (1, 3), (2, 3)]);
        check(Policy::Barrier, "...", &[]);
    }

    #[test]
    fn serial_chains_partial_forecasts_only() {
        check(Policy::Serial, "p.p.p", &[(0, 2), (2, 4)]);
        check(Policy::Serial, ".p.", &[]);
    }
}
