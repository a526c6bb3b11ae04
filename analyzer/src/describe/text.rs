//! How is a description written down?
//!
//! In: a [`Description`]. Out: a paragraph for each function, a line for each access and call.
//! Invariant: depends on the description alone.

use core::fmt;

use super::{AccessText, CallText, Certainty, Description, FunctionText};
use crate::limits::StopReason;

impl fmt::Display for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code_size, n_blocks, n_unresolved, stop, .. } = self;
        write!(f, "{code_size} bytes, {n_blocks} blocks")?;
        if *n_unresolved != 0 {
            write!(f, ", {n_unresolved} unresolved jumps")?;
        }
        writeln!(f, ", {stop}")?;
        self.functions.iter().try_for_each(|function| write!(f, "{function}"))
    }
}

impl fmt::Display for FunctionText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.selector {
            Some(selector) => write!(f, "{selector:#010x}")?,
            None => write!(f, "fallback")?,
        }
        match self.stop {
            StopReason::Finished => writeln!(f)?,
            stop => writeln!(f, " ({stop})")?,
        }
        self.accesses.iter().try_for_each(|access| writeln!(f, "  {access}"))?;
        let mut calls = self.calls.iter().enumerate();
        calls.try_for_each(|(n, call)| writeln!(f, "  #{n} {call}"))
    }
}

impl fmt::Display for AccessText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let may = may(self.certainty);
        write!(f, "{}{may} {}", self.kind.text(), self.slot)?;
        match &self.when {
            Some(when) => write!(f, " when {when}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for CallText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{} {}", self.kind.text(), may(self.certainty), self.target)?;
        match &self.selector {
            Some(selector) => write!(f, " selector {selector}"),
            None => Ok(()),
        }
    }
}

/// What certain things do without.
const fn may(certainty: Certainty) -> &'static str {
    match certainty {
        Certainty::Must => "",
        Certainty::May => "?",
    }
}
