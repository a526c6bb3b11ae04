//! Which figures got worse, and which better?
//!
//! In: two scoreboards of the same blocks. Out: [`Change`]s.
//! Invariant: a figure that has no better and worse (a count, the baseline's) never fails a comparison.

use super::{BASELINE, Scoreboard};

/// Which way a figure is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// More is better.
    Up,
    /// Less is better.
    Down,
    /// Closer to one is better.
    ToOne,
    /// Neither.
    None,
}

impl Direction {
    /// The direction of a figure.
    pub fn of(section: &str, figure: &str) -> Self {
        if section == BASELINE {
            return Self::None;
        }
        match figure {
            "slotRecall"
            | "slotPrecision"
            | "writeRecall"
            | "edgeRecall"
            | "edgePrecision"
            | "edgeRecallNear"
            | "exactShare"
            | "supersetShare"
            | "valueExactShare"
            | "balanceExactShare"
            | "completeClaimsSound"
            | "assumingClaimsSound"
            | "recall"
            | "precision"
            | "confirmedShare"
            | "explainedEdgeShare" => Self::Up,
            "wildcardTxShare" => Self::Down,
            "criticalPathInflation" => Self::ToOne,
            _ => Self::None,
        }
    }

    /// What became of a figure.
    pub fn verdict(self, before: f64, after: f64) -> Verdict {
        let gain = match self {
            Self::Up => after - before,
            Self::Down => before - after,
            Self::ToOne => (before - 1.0).abs() - (after - 1.0).abs(),
            Self::None => 0.0,
        };
        match () {
            () if 0.0 < gain => Verdict::Better,
            () if gain < 0.0 => Verdict::Worse,
            () => Verdict::Other,
        }
    }
}

/// What became of a figure that is not what it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is better.
    Better,
    /// It is worse.
    Worse,
    /// It is another, which is neither.
    Other,
}

/// A figure that is not what it was.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The section it stands in.
    pub section: String,
    /// Its name.
    pub figure: String,
    /// What it was; nothing if it was not there.
    pub before: Option<f64>,
    /// What it is; nothing if it is no longer there.
    pub after: Option<f64>,
    /// Whether that is better.
    pub verdict: Verdict,
}

/// Two scoreboards are of different blocks, so that their figures have nothing to do with each
/// other.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("its {before} blocks are not the {after} to be scored; name the blocks it was written for")]
pub struct OtherBlocks {
    before: u64,
    after: u64,
}

/// The figures of `after` that are not what they were in `before`, by section and name.
///
/// ```
/// use slotcast_corpus::{self as corpus, prepare};
/// use slotcast_lab::scoreboard::{Entry, compare, scoreboard};
///
/// let prepared = prepare(&corpus::embedded()?)?;
/// let board = scoreboard(vec![Entry::of(&prepared)?]);
/// assert!(compare(&board, &board)?.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn compare(before: &Scoreboard, after: &Scoreboard) -> Result<Vec<Change>, OtherBlocks> {
    if before.blocks_hash != after.blocks_hash {
        return Err(OtherBlocks { before: before.blocks, after: after.blocks });
    }
    let figures = |scoreboard: &Scoreboard| {
        let sections = scoreboard.sections.iter();
        let names = sections.flat_map(|(section, figures)| {
            figures.keys().map(move |figure| (section.clone(), figure.clone()))
        });
        names.collect::<Vec<_>>()
    };
    let mut names = [figures(before), figures(after)].concat();
    names.sort_unstable();
    names.dedup();
    let look_up = |scoreboard: &Scoreboard, section: &str, figure: &str| {
        scoreboard.section(section)?.get(figure).copied()
    };
    let change = |(section, figure): (String, String)| {
        let old = look_up(before, &section, &figure);
        let new = look_up(after, &section, &figure);
        if old == new {
            return None;
        }
        let verdict = match (old, new) {
            (Some(old), Some(new)) => Direction::of(&section, &figure).verdict(old, new),
            _ => Verdict::Other,
        };
        Some(Change { section, figure, before: old, after: new, verdict })
    };
    Ok(names.into_iter().filter_map(change).collect())
}
