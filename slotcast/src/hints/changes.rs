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
mod tests;
