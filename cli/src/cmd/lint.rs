//! `slotcast lint`: what makes the users of a contract wait for one another?
//!
//! In: artifacts, folders and projects. Out: findings, as text, JSON or SARIF.
//! Invariant: findings fail the command only where they are denied.

use slotcast::analyzer::limits::Limits;
use slotcast_contracts::artifacts::{name_contract, read};
use slotcast_contracts::lint::{Finding, Level, Report, Role, lint as report_on, sarif};

use super::analyze::{Unnamed, note_left_out};
use crate::{
    args::{Lint, LintFormat},
    failure::{Failure, Verdict},
    render::{BAD, Console, HEAD, count},
};

/// Reports on all contracts.
pub(crate) fn lint(args: &Lint, console: &Console) -> Result<Verdict, Failure> {
    let mut reports = Vec::new();
    let mut unnamed = Unnamed::default();
    for path in &args.paths {
        let found = read(path)?;
        note_left_out(found.n_left_out, console);
        for contract in &found.contracts {
            let named = name_contract(contract, args.fork, &Limits::default());
            unnamed.note(contract, &named);
            if let Some(missing) = named.missing() {
                console.note(format_args!("{}: {missing}", contract.full_name()));
            }
            reports.push(report_on(&named));
        }
    }
    let is_wanted = |finding: &Finding| !args.allow.contains(&finding.rule);
    for report in &mut reports {
        report.findings.retain(is_wanted);
    }
    let format = args.format.unwrap_or(match console.is_json() {
        true => LintFormat::Json,
        false => LintFormat::Text,
    });
    match format {
        LintFormat::Json => reports.iter().try_for_each(|report| console.document(report))?,
        LintFormat::Sarif => {
            let log = sarif(&reports, env!("CARGO_PKG_VERSION"), |_| true);
            console.line(format_args!("{log:#}"))?;
        }
        LintFormat::Text => text(&reports, console)?,
    }
    unnamed.advise(console);
    let findings = || reports.iter().flat_map(|report| &report.findings);
    let is_denied = |finding: &&Finding| args.deny.iter().any(|denied| denied.has(finding));
    let n_denied = findings().filter(is_denied).count();
    if n_denied != 0 {
        console.note(format_args!("denied: {}", count(n_denied, "finding", "findings")));
    }
    Ok(Verdict::of(n_denied == 0))
}

fn text(reports: &[Report], console: &Console) -> Result<(), Failure> {
    let (idle, busy): (Vec<&Report>, Vec<&Report>) = reports.iter().partition(|it| is_idle(it));
    for report in busy {
        one(report, console)?;
    }
    if !idle.is_empty() {
        let names: Vec<&str> = idle.iter().map(|report| report.contract.as_str()).collect();
        console.line(format_args!("change nothing: {}\n", names.join(", ")))?;
    }
    let n_of = |level: Level| {
        let findings = reports.iter().flat_map(|report| &report.findings);
        findings.filter(|finding| finding.level == level).count()
    };
    console.line(format_args!(
        "{}: {}, {}",
        count(reports.len(), "contract", "contracts"),
        count(n_of(Level::Warning), "warning", "warnings"),
        count(n_of(Level::Note), "note", "notes"),
    ))
}

/// Whether no function of the contract changes anything.
fn is_idle(report: &Report) -> bool {
    report.functions.iter().all(|function| function.role == Role::Reads)
}

fn one(report: &Report, console: &Console) -> Result<(), Failure> {
    console.line(console.paint(HEAD, &head(report)))?;
    for finding in &report.findings {
        let label = format!("{}[{}]", finding.level.name(), finding.rule);
        let style = if finding.level == Level::Warning { BAD } else { HEAD };
        let label = console.paint(style, &label);
        let at = finding.declared.as_ref().map(|at| format!("  {at}")).unwrap_or_default();
        console.line(format_args!("  {label} {}{at}", finding.slot))?;
        let lists =
            [("written", &finding.writes), ("added to", &finding.adds), ("read", &finding.reads)];
        for (what, functions) in lists {
            if !functions.is_empty() {
                console.line(format_args!("    {what} by {}", functions.join(", ")))?;
            }
        }
        if !finding.pairs.is_empty() && finding.pairs.iter().all(|pair| pair.is_packed) {
            console.line("    only because variables share the slot")?;
        }
        if finding.effect.is_some() {
            console.line(format_args!("    {}", finding.gain(report.traffic)))?;
        }
    }
    for keyed in &report.keyed {
        let slots = keyed.slots.join(" | ");
        console.line(format_args!("  own unless keys are equal: {slots}"))?;
    }
    console.line("")
}

/// The contract, who calls it, and what the model says of it as it is.
fn head(report: &Report) -> String {
    let name = match report.source.as_str() {
        "" => report.contract.clone(),
        source => format!("{source}:{}", report.contract),
    };
    let mut parts = Vec::new();
    for (role, what) in
        [(Role::Users, "for users"), (Role::OneCaller, "for one caller"), (Role::Once, "once")]
    {
        let n = report.n_functions(role);
        if n != 0 {
            parts.push(format!("{} {what}", count(n, "function", "functions")));
        }
    }
    let calls: usize = report.functions.iter().map(|function| function.calls).sum();
    if calls != 0 {
        parts.push(format!("{} outside not looked at", count(calls, "call", "calls")));
    }
    let partial = report.functions.iter().filter(|function| function.partial.is_some()).count();
    if partial != 0 {
        parts.push(format!("{} not looked at to the end", count(partial, "function", "functions")));
    }
    if let Some(width) = report.at_a_time(report.traffic.chain) {
        parts.push(format!("model: {width:.1} of {} calls at a time", report.traffic.calls));
    }
    format!("{name}: {}", parts.join(", "))
}
