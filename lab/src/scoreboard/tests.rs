//! Does a scoreboard notice what got worse, and nothing else?

use super::*;
use slotcast_corpus::prepare;

fn embedded() -> Scoreboard {
    let recorded = slotcast_corpus::embedded().unwrap();
    let prepared = prepare(&recorded).unwrap();
    scoreboard(vec![Entry::of(&prepared).unwrap()])
}

#[test]
fn what_is_written_is_read_back_and_nothing_has_changed() {
    let scoreboard = embedded();
    let read = Scoreboard::parse(scoreboard.print().as_bytes()).unwrap();
    assert_eq!(read, scoreboard);
    assert_eq!(compare(&read, &scoreboard), Ok(vec![]));
    assert_eq!(scoreboard.sections[TOTAL]["txs"], 400.0);
    let table = table(&scoreboard);
    for head in ["## Accuracy", "## Eras", "## Accounts", "## Deltas", "## Reasons"] {
        assert_eq!(table.matches(head).count(), 1, "{table}");
    }
}

#[test]
fn every_figure_that_gets_worse_is_named() {
    let before = embedded();
    let change = |section: &str, figure: &str, by: f64| {
        let mut after = before.clone();
        *after.sections.get_mut(section).unwrap().get_mut(figure).unwrap() += by;
        let changes = compare(&before, &after).unwrap();
        assert_eq!(changes.len(), 1);
        assert_eq!((changes[0].section.as_str(), changes[0].figure.as_str()), (section, figure));
        changes[0].verdict
    };
    assert_eq!(change(TOTAL, "slotRecall", -1e-6), Verdict::Worse);
    assert_eq!(change("other", "exactShare", 0.1), Verdict::Better);
    assert_eq!(change("era Osaka", "edgePrecision", -0.1), Verdict::Worse);
    assert_eq!(change(TOTAL, "wildcardTxShare", 0.1), Verdict::Worse);
    let inflation = before.sections[TOTAL]["criticalPathInflation"];
    assert_eq!(change(TOTAL, "criticalPathInflation", 1.2 - inflation), Verdict::Worse);
    assert_eq!(change(TOTAL, "criticalPathInflation", 0.8 - inflation), Verdict::Worse);
    assert_eq!(change(PARENT, "slotRecall", -0.1), Verdict::Worse);
    assert_eq!(change(BASELINE, "slotRecall", -0.1), Verdict::Other);
    assert_eq!(change("accounts nonces", "recall", -0.1), Verdict::Worse);
    assert_eq!(change(TOTAL, "stateReadsPerTx", 1.0), Verdict::Other);
}

#[test]
fn figures_that_come_and_go_are_no_failure() {
    let before = embedded();
    let mut after = before.clone();
    after.sections.insert("reason weather".to_owned(), named([("missing", 1.0)]));
    let changes = compare(&before, &after).unwrap();
    assert_eq!((changes[0].before, changes[0].after), (None, Some(1.0)));
    assert_eq!(changes[0].verdict, Verdict::Other);
}

#[test]
fn other_blocks_are_not_compared() {
    let before = embedded();
    let after = scoreboard(vec![]);
    assert!(compare(&before, &after).is_err());
}

#[test]
fn what_is_no_scoreboard_is_refused_by_field() {
    let parse = |text: &str| Scoreboard::parse(text.as_bytes()).unwrap_err().to_string();
    let text = embedded().print();
    let error = parse(&text.replace("\"blocks\": 1", "\"blocks\": true"));
    assert!(error.starts_with("blocks: invalid type: boolean"), "{error}");
    let error = parse(&text.replace("\"schemaVersion\": 1", "\"schemaVersion\": 2"));
    assert!(error.starts_with("schemaVersion: 2 where 1 is known"), "{error}");
}
