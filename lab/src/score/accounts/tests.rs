//! Tests of: how good were the account lists of predictions?

use super::*;

#[test]
fn every_kind_counts_its_own_list() {
    let account = Address::with_last_byte;
    let truth = AccountAccess {
        balance_debits: vec![account(1)],
        balance_credits: vec![account(1), account(6)],
        code_reads: vec![account(2), account(3)],
        ..AccountAccess::default()
    };
    let predicted = AccountAccess {
        code_reads: vec![account(3), account(4), account(5)],
        destroyed: vec![account(1)],
        ..AccountAccess::default()
    };
    let mut counts = AccountCounts::of(&predicted, &truth);
    counts.add(&AccountCounts::of(&predicted, &truth));
    let of = |kind| counts.kinds().find(|(name, _)| *name == kind).unwrap().1;
    assert_eq!((of("balanceDebits").truth, of("balanceDebits").recall), (2, 0.0));
    assert_eq!(of("balanceReads").truth, 2, "what is spent from is looked at");
    assert_eq!(of("balanceCredits").truth, 2, "what is spent from is not only credited");
    let codes = of("codeReads");
    assert_eq!((codes.truth, codes.predicted), (4, 6));
    assert_eq!((codes.recall, codes.precision), (0.5, 2.0 / 6.0));
    assert_eq!((of("destroyed").predicted, of("destroyed").precision), (2, 0.0));
    assert_eq!((of("created").recall, of("created").precision), (1.0, 1.0));
}
