//! What can be asked of `lint`?

use clap::{
    ValueEnum,
    builder::{PossibleValuesParser, TypedValueParser},
};
use slotcast::model::Fork;
use slotcast_contracts::lint::{Finding, Level, Rule};

/// What stands behind the help.
pub(super) const HELP: &str = "\
PATH is an artifact, a folder of them or a compiled project. Two calls conflict when one writes a slot
that the other reads; here their callers and arguments differ. What traffic gains without a slot comes
from a model: every function that any account can call is called 16 times in turn, by as many callers.

Rules: shared-write, used-counter (warnings where calls wait each time, else notes), shared-total,
unknown-slot (notes). Findings alone do not fail; --deny makes them.

Examples:
  slotcast lint .                         what serialises the users of a compiled project
  slotcast lint --deny warning .          exit with 1 if calls certainly wait for one another
  slotcast lint --deny used-counter --allow shared-total out/Token.sol/Token.json
  slotcast lint --format sarif . > slotcast.sarif
  slotcast lint --json . | jq '.findings[].slot'";

/// Arguments of `lint`.
#[derive(Debug, clap::Args)]
pub(crate) struct Lint {
    /// Artifacts, folders of them, compiled projects, or codes.
    #[arg(value_name = "PATH", required = true)]
    pub(crate) paths: Vec<String>,
    /// How to print findings [default: text, or json with --json].
    #[arg(long, value_enum)]
    pub(crate) format: Option<LintFormat>,
    /// Fail if there is a finding of this rule, of this level or of a higher one; may be given
    /// several times.
    #[arg(long, value_name = "LEVEL|RULE", value_parser = denied())]
    pub(crate) deny: Vec<Denied>,
    /// Leave findings of this rule out; may be given several times.
    #[arg(long, value_name = "RULE", value_parser = super::named(&Rule::ALL, Rule::name))]
    pub(crate) allow: Vec<Rule>,
    /// The fork under whose rules the code runs.
    #[arg(long, default_value = Fork::Osaka.name(), value_parser = super::named(&Fork::ALL, Fork::name))]
    pub(crate) fork: Fork,
}

/// How to print findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LintFormat {
    /// For people.
    Text,
    /// One JSON document for each contract.
    Json,
    /// One SARIF 2.1.0 log, as code hosts show it.
    Sarif,
}

/// What must not be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Denied {
    /// A finding of this level or above.
    From(Level),
    /// A finding of this rule.
    Of(Rule),
}

impl Denied {
    /// Whether it denies `finding`.
    pub(crate) fn has(self, finding: &Finding) -> bool {
        match self {
            Self::From(level) => level <= finding.level,
            Self::Of(rule) => rule == finding.rule,
        }
    }
}

fn denied() -> impl TypedValueParser<Value = Denied> {
    let names = Level::ALL.map(Level::name).into_iter().chain(Rule::ALL.map(Rule::name));
    PossibleValuesParser::new(names).map(|name| {
        let level = Level::ALL.into_iter().find(|level| level.name() == name);
        let rule = Rule::ALL.into_iter().find(|rule| rule.name() == name);
        let denied = level.map(Denied::From).or(rule.map(Denied::Of));
        denied.expect("the parser lets known names through only")
    })
}
