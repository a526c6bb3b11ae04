//! What would a client want to know before it asks?
//!
//! In: nothing. Out: the OpenRPC document, as `rpc.discover` gives it.
//! Invariant: it lists the methods that are served, and every example in it is what the service
//! answers on the embedded block; a test asks.

use std::sync::OnceLock;

use serde_json::value::RawValue;

/// The document.
pub(crate) fn document() -> &'static RawValue {
    static DOCUMENT: OnceLock<Box<RawValue>> = OnceLock::new();
    DOCUMENT.get_or_init(|| {
        let text = include_str!("openrpc.json").to_owned();
        RawValue::from_string(text).expect("the file is JSON")
    })
}
