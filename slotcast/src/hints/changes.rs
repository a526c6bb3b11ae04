//! Which words of state does a document say have changed?
//!
//! In: JSON: an account map as genesis files and geth's prestate tracer have it; the same under
//! `preState` (a recorded block), or as the tracer's `pre` and `post` with `diffMode`; an answer with
//! any of these under `result`; or a list of such. Out: each word with what it holds now.
//! Invariants: the words are ascending, each once, and what stands later counts; a word that `pre` has
//! and `post` has not is zero now, since the tracer leaves out what was cleared; an error names the
//! place.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, Bytes, KECCAK256_EMPTY, U256, keccak256};
use serde::Deserialize;
use slotcast_model::{Location, Slot, StateRead};

/// A document that does not say what changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {place}: {message}; give accounts as geth's prestate tracer does")]
pub struct ChangesError {
    name: String,
    place: String,
    message: String,
}

type Accounts = BTreeMap<Address, Account>;

/// What is said of one account.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Account {
    balance: Option<U256>,
    nonce: Option<Nonce>,
    code: Option<Bytes>,
    code_hash: Option<B256>,
    storage: BTreeMap<U256, U256>,
}

/// A nonce; the tracer writes it as a number, others as a quantity.
#[derive(Deserialize)]
#[serde(untagged)]
enum Nonce {
    Number(u64),
    Quantity(U256),
}

/// The words that the document called `name` says hold something else now, ascending.
///
/// ```
/// use slotcast::hints::changed_words;
///
/// let text = r#"{"post": {"0x0000000000000000000000000000000000000001": {"nonce": 4}}}"#;
/// let words = changed_words(text.as_bytes(), "changes.json")?;
/// assert_eq!(words.len(), 1);
/// # Ok::<(), slotcast::hints::ChangesError>(())
/// ```
///
/// # Errors
///
/// When it is not JSON, or something else than accounts stands where these should.
pub fn changed_words(bytes: &[u8], name: &str) -> Result<Vec<StateRead>, ChangesError> {
    let wrong = |place: &str, message: String| ChangesError {
        name: name.to_owned(),
        place: place.to_owned(),
        message,
    };
    let document: serde_json::Value = serde_json::from_slice(bytes)
        .map_err(|error| wrong("not valid JSON", error.to_string()))?;
    let mut words = BTreeMap::new();
    collect(document, "top level", &mut words)
        .map_err(|(place, message)| wrong(&place, message))?;
    Ok(words.into_iter().map(|(location, value)| StateRead { location, value }).collect())
}

type Words = BTreeMap<Location, U256>;

fn collect(
    document: serde_json::Value,
    place: &str,
    words: &mut Words,
) -> Result<(), (String, String)> {
    let mut members = match document {
        serde_json::Value::Array(list) => {
            let mut list = list.into_iter().enumerate();
            return list
                .try_for_each(|(n, document)| collect(document, &format!("{place}[{n}]"), words));
        }
        serde_json::Value::Object(members) => members,
        _ => return Err((place.to_owned(), "is neither an object nor a list".to_owned())),
    };
    let accounts = |document, name: &str| {
        serde_path_to_error::deserialize::<_, Accounts>(document).map_err(
            |error: serde_path_to_error::Error<serde_json::Error>| {
                (format!("{name}.{}", error.path()), error.inner().to_string())
            },
        )
    };
    if let Some(result) = members.remove("result") {
        return collect(result, "result", words);
    }
    if let Some(state) = members.remove("preState") {
        add(accounts(state, "preState")?, words);
        return Ok(());
    }
    match (members.remove("pre"), members.remove("post")) {
        (None, None) => add(accounts(serde_json::Value::Object(members), place)?, words),
        (pre, post) => {
            let pre = pre.map(|pre| accounts(pre, "pre")).transpose()?.unwrap_or_default();
            let post = post.map(|post| accounts(post, "post")).transpose()?.unwrap_or_default();
            clear(&pre, &post, words);
            add(post, words);
        }
    }
    Ok(())
}

/// Everything that is said of the accounts.
fn add(accounts: Accounts, words: &mut Words) {
    for (address, account) in accounts {
        if let Some(balance) = account.balance {
            words.insert(Location::Balance(address), balance);
        }
        if let Some(nonce) = account.nonce {
            let nonce = match nonce {
                Nonce::Number(nonce) => U256::from(nonce),
                Nonce::Quantity(nonce) => nonce,
            };
            words.insert(Location::Nonce(address), nonce);
        }
        if let Some(hash) = account.code.map(keccak256).or(account.code_hash) {
            words.insert(Location::Code(address), hash.into());
        }
        let slot = |(key, value)| (Location::Storage(Slot::new(address, key)), value);
        words.extend(account.storage.into_iter().map(slot));
    }
}

/// What was there before and is left out behind: slots that are zero now, and accounts that are gone.
fn clear(pre: &Accounts, post: &Accounts, words: &mut Words) {
    for (address, before) in pre {
        let after = post.get(address);
        let is_left = |key: &U256| after.is_some_and(|after| after.storage.contains_key(key));
        for key in before.storage.keys().filter(|key| !is_left(key)) {
            words.insert(Location::Storage(Slot::new(*address, *key)), U256::ZERO);
        }
        if after.is_none() {
            words.insert(Location::Balance(*address), U256::ZERO);
            words.insert(Location::Nonce(*address), U256::ZERO);
            words.insert(Location::Code(*address), KECCAK256_EMPTY.into());
        }
    }
}

#[cfg(test)]
mod tests {
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
        let accounts = format!(
            r#"{{"{ONE}": {{"balance": "0x5", "nonce": 4, "storage": {{"0x2": "0x7"}}}}}}"#
        );
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
        assert_eq!(
            error("3"),
            format!("c.json: top level: is neither an object nor a list{advice}")
        );
        let wrong = error(&format!(r#"{{"post": {{"{ONE}": {{"storage": {{"0x1": []}}}}}}}}"#));
        assert!(wrong.starts_with(&format!("c.json: post.{ONE}.storage.")), "{wrong}");
        assert!(error("{").starts_with("c.json: not valid JSON: "), "{}", error("{"));
        assert!(error(r#"{"accounts": {}}"#).starts_with("c.json: top level"));
    }
}
