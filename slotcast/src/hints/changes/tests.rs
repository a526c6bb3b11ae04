//! Are the words found that a node says have changed?

use super::*;

const ONE: &str = "0x0000000000000000000000000000000000000001";
const TWO: &str = "0x0000000000000000000000000000000000000002";

fn slot(n: u8, key: u64) -> Location {
    Slot::new(Address::with_last_byte(n), U256::from(key)).into()
}

fn words(text: &str) -> Vec<(Location, u64)> {
    let words = changed_words(text.as_bytes(), "c.json").unwrap();
    words.into_iter().map(|word| (word.location, word.value.saturating_to())).collect()
}

fn error(text: &str) -> String {
    changed_words(text.as_bytes(), "c.json").unwrap_err().to_string()
}

#[test]
fn accounts_are_read_wherever_they_stand() {
    let accounts =
        format!(r#"{{"{ONE}": {{"balance": "0x5", "nonce": 4, "storage": {{"0x2": "0x7"}}}}}}"#);
    let one = Address::with_last_byte(1);
    let expected = [(Location::Balance(one), 5), (Location::Nonce(one), 4), (slot(1, 2), 7)];
    for text in [
        accounts.clone(),
        format!(r#"{{"preState": {accounts}, "block": {{}}}}"#),
        format!(r#"{{"jsonrpc": "2.0", "result": {{"post": {accounts}, "pre": {{}}}}}}"#),
        format!(r#"[{{"txHash": "0x", "result": {accounts}}}]"#),
    ] {
        let mut found = words(&text);
        found.sort();
        let mut expected = expected.to_vec();
        expected.sort();
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn what_was_cleared_is_zero_and_what_stands_later_counts() {
    let diff = |pre: &str, post: &str| format!(r#"{{"pre": {{{pre}}}, "post": {{{post}}}}}"#);
    let of = |address: &str, slots: &str| format!(r#""{address}": {{"storage": {{{slots}}}}}"#);
    let first = diff(&of(ONE, r#""0x1": "0x1", "0x2": "0x1""#), &of(ONE, r#""0x2": "0x9""#));
    assert_eq!(words(&first), [(slot(1, 1), 0), (slot(1, 2), 9)]);
    let second = diff(&of(ONE, ""), &of(ONE, r#""0x1": "0x3""#));
    assert_eq!(words(&format!("[{first}, {second}]")), [(slot(1, 1), 3), (slot(1, 2), 9)]);
    let gone = words(&diff(&of(TWO, r#""0x1": "0x1""#), ""));
    let two = Address::with_last_byte(2);
    assert!(gone.contains(&(Location::Balance(two), 0)) && gone.contains(&(slot(2, 1), 0)));
    assert!(gone.iter().any(|word| word.0 == Location::Code(two)));
}

#[test]
fn an_error_names_the_place() {
    let advice = "; give accounts as geth's prestate tracer does";
    assert_eq!(error("3"), format!("c.json: top level: is neither an object nor a list{advice}"));
    let wrong = error(&format!(r#"{{"post": {{"{ONE}": {{"storage": {{"0x1": []}}}}}}}}"#));
    assert!(wrong.starts_with(&format!("c.json: post.{ONE}.storage.")), "{wrong}");
    assert!(error("{").starts_with("c.json: not valid JSON: "), "{}", error("{"));
    assert!(error(r#"{"accounts": {}}"#).starts_with("c.json: top level"));
}
