//! When does a generated block take place?
//!
//! In: the name of an era of Ethereum or of a fork of the OP Stack. Out: [`When`].
//! Invariant: no name is of both.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use slotcast::executor::OpFork;
use slotcast_corpus::Era;

/// What `--era` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// An era of Ethereum; a rollup has the fork that it had then.
    Era(Era),
    /// A fork of the OP Stack, on whose chains alone it is.
    Fork(OpFork),
}

/// Every name there is, with what it names.
fn all() -> impl Iterator<Item = (&'static str, When)> {
    let eras = Era::ALL.into_iter().map(|era| (era.name(), When::Era(era)));
    let forks = OpFork::ALL.into_iter().map(|fork| (name(fork), When::Fork(fork)));
    eras.chain(forks)
}

/// A fork's name, as it is written on a command line.
const fn name(fork: OpFork) -> &'static str {
    match fork {
        OpFork::Bedrock => "bedrock",
        OpFork::Regolith => "regolith",
        OpFork::Canyon => "canyon",
        OpFork::Ecotone => "ecotone",
        OpFork::Fjord => "fjord",
        OpFork::Granite => "granite",
        OpFork::Holocene => "holocene",
        OpFork::Isthmus => "isthmus",
        OpFork::Jovian => "jovian",
        OpFork::Karst => "karst",
    }
}

/// Reads one of the names.
pub(super) fn parser() -> impl TypedValueParser<Value = When> {
    PossibleValuesParser::new(all().map(|(name, _)| name)).map(|given| {
        let found = all().find(|(name, _)| *name == given);
        found.expect("the parser lets known names through only").1
    })
}

#[cfg(test)]
mod tests {
    //! Tests of: when does a generated block take place?

    use super::*;

    #[test]
    fn every_name_is_of_one_time() {
        let mut names: Vec<&str> = all().map(|(name, _)| name).collect();
        names.sort_unstable();
        let n_names = names.len();
        names.dedup();
        assert_eq!(names.len(), n_names);
    }
}
