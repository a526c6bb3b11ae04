//! How does one question travel to a node and back?
//!
//! In: a method and its parameters. Out: the result as text, or a [`NodeError`].
//! Invariants: what may help is tried again, with growing pauses and a limit (connections that break,
//! answers cut short, servers that are busy); what will not is told at once; an answer is never larger than a limit; of
//! the URL only the host is ever printed.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::Duration,
};

use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};
use ureq::http::Uri;

use crate::{error::NodeError, pace::Pace};

/// How to ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RpcSettings {
    /// How long one attempt may take.
    pub timeout: Duration,
    /// How many more attempts after the first.
    pub retries: u32,
    /// How long to wait before the second attempt; each further wait is twice as long.
    pub back_off: Duration,
    /// Most questions a second; none is without a limit.
    pub per_second: Option<u32>,
    /// Most bytes of an answer.
    pub max_answer: u64,
}

impl Default for RpcSettings {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(60),
            retries: 5,
            back_off: Duration::from_millis(200),
            per_second: None,
            max_answer: 1 << 30,
        }
    }
}

/// The longest wait between two attempts.
const MAX_BACK_OFF: Duration = Duration::from_secs(10);

/// The code with which busy nodes refuse, to be asked again later (EIP-1474, limit exceeded).
const LIMIT_EXCEEDED: i64 = -32005;

/// A JSON-RPC endpoint.
#[derive(Debug)]
pub struct Rpc {
    url: Uri,
    name: String,
    agent: ureq::Agent,
    settings: RpcSettings,
    pace: Pace,
    n_calls: AtomicU64,
    n_retries: AtomicU64,
}

/// Why an attempt came to nothing.
enum Attempt {
    /// Another may help.
    Again(String),
    /// None will.
    Never(NodeError),
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    result: Option<&'a RawValue>,
    error: Option<Refusal>,
}

#[derive(Deserialize)]
struct Refusal {
    code: i64,
    #[serde(default)]
    message: String,
}

impl Rpc {
    /// The endpoint at `url`; nothing is asked yet.
    pub fn new(url: &str, settings: RpcSettings) -> Result<Self, NodeError> {
        let wrong = |reason: &str| NodeError::Url { reason: reason.to_owned() };
        let url: Uri = url.parse().map_err(|_| wrong("not a URL"))?;
        let scheme = url.scheme_str().unwrap_or_default();
        if !matches!(scheme, "http" | "https") {
            return Err(wrong("only http and https are spoken to nodes"));
        }
        let host = url.host().ok_or_else(|| wrong("no host"))?;
        let name = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(settings.timeout))
            .http_status_as_error(false)
            .max_idle_connections_per_host(64)
            .user_agent(concat!("slotcast/", env!("CARGO_PKG_VERSION")))
            .build();
        let agent = ureq::Agent::new_with_config(config);
        let pace = Pace::new(settings.per_second);
        let (n_calls, n_retries) = (AtomicU64::new(0), AtomicU64::new(0));
        Ok(Self { url, name, agent, settings, pace, n_calls, n_retries })
    }

    /// The node's host and port.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many questions were sent, and how many of these were repetitions; telemetry.
    pub fn counts(&self) -> (u64, u64) {
        (self.n_calls.load(Ordering::Relaxed), self.n_retries.load(Ordering::Relaxed))
    }

    /// The result of `method` as JSON text.
    pub fn call(&self, method: &str, params: &Value) -> Result<Box<RawValue>, NodeError> {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let body = body.to_string();
        let attempts = self.settings.retries.saturating_add(1);
        let mut pause = self.settings.back_off;
        let mut reason = String::new();
        for attempt in 0..attempts {
            if attempt != 0 {
                self.n_retries.fetch_add(1, Ordering::Relaxed);
                thread::sleep(pause);
                pause = (pause * 2).min(MAX_BACK_OFF);
            }
            match self.attempt(method, &body) {
                Ok(result) => return Ok(result),
                Err(Attempt::Never(error)) => return Err(error),
                Err(Attempt::Again(why)) => reason = why,
            }
        }
        let (node, method) = (self.name.clone(), method.to_owned());
        Err(NodeError::Unreachable { node, method, attempts, reason })
    }

    /// As [`Self::call`], read as a `T`.
    pub(crate) fn ask<T>(&self, method: &str, params: &Value) -> Result<T, NodeError>
    where
        T: serde::de::DeserializeOwned,
    {
        let result = self.call(method, params)?;
        serde_json::from_str(result.get()).map_err(|error| self.nonsense(method, &error))
    }

    /// The error for an answer of the wrong shape.
    pub(crate) fn nonsense(&self, method: &str, reason: &impl ToString) -> NodeError {
        NodeError::Nonsense {
            node: self.name.clone(),
            method: method.to_owned(),
            reason: reason.to_string(),
        }
    }

    fn attempt(&self, method: &str, body: &str) -> Result<Box<RawValue>, Attempt> {
        self.pace.wait();
        self.n_calls.fetch_add(1, Ordering::Relaxed);
        let again = |error: ureq::Error| Attempt::Again(error.to_string());
        let request = self.agent.post(&self.url).header("content-type", "application/json");
        let mut response = request.send(body).map_err(again)?;
        let status = response.status();
        if status.as_u16() == 429 || status.is_server_error() {
            return Err(Attempt::Again(format!("status {status}")));
        }
        let limit = self.settings.max_answer;
        let text = match response.body_mut().with_config().limit(limit).read_to_vec() {
            Err(ureq::Error::BodyExceedsLimit(_)) => {
                let reason = format!("more than {limit} bytes");
                return Err(Attempt::Never(self.nonsense(method, &reason)));
            }
            read => read.map_err(again)?,
        };
        self.understand(method, status.as_u16(), &text)
    }

    fn understand(&self, method: &str, status: u16, text: &[u8]) -> Result<Box<RawValue>, Attempt> {
        let node = || self.name.clone();
        let answer: Answer<'_> = match serde_json::from_slice(text) {
            Ok(answer) => answer,
            // Cut short is what a node leaves that dies while it answers.
            Err(error) if error.is_eof() => {
                return Err(Attempt::Again("the answer is cut short".to_owned()));
            }
            Err(_) if !(200..300).contains(&status) => {
                let (method, message) = (method.to_owned(), "no JSON-RPC answer".to_owned());
                let refused =
                    NodeError::Refused { node: node(), method, code: status.into(), message };
                return Err(Attempt::Never(refused));
            }
            Err(error) => return Err(Attempt::Never(self.nonsense(method, &error))),
        };
        if let Some(Refusal { code, message }) = answer.error {
            if code == LIMIT_EXCEEDED {
                return Err(Attempt::Again(message));
            }
            let method = method.to_owned();
            return Err(Attempt::Never(NodeError::Refused { node: node(), method, code, message }));
        }
        if answer.id.is_some_and(|id| !matches!(id.get(), "1" | "\"1\"")) {
            return Err(Attempt::Never(self.nonsense(method, &"it answers another question")));
        }
        // A result of null reads as none, and means that there is nothing of the kind.
        Ok(answer.result.unwrap_or(RawValue::NULL).to_owned())
    }
}

#[cfg(test)]
mod tests;
