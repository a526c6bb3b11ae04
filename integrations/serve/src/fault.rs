//! Why is there no answer, and what is the client to do?
//!
//! In: what is wrong with a request, a source or the service. Out: [`Fault`], with its JSON-RPC code.
//! Invariants: a message is a lowercase fragment that names the field; codes are those of JSON-RPC 2.0
//! and EIP-1474, so that a client can tell its own mistakes from ours.

use jsonrpsee::types::ErrorObjectOwned;

/// A request without an answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    /// The parameters are not of the method's shape.
    #[error("{0}")]
    Params(String),
    /// What is named is not there.
    #[error("{0}")]
    NotFound(String),
    /// The source does not answer now.
    #[error("{0}")]
    Unavailable(String),
    /// The source never has this.
    #[error("{0}")]
    Unsupported(String),
    /// A limit of the service.
    #[error("{0}")]
    Limit(String),
    /// The request took longer than the service allows.
    #[error("the request took longer than {0} ms; ask for less at once, or raise --timeout-ms")]
    Timeout(u128),
    /// A fault of our own.
    #[error("internal error; the service logged it")]
    Internal,
}

impl Fault {
    /// The JSON-RPC error code.
    pub(crate) const fn code(&self) -> i32 {
        match self {
            Self::Params(_) => -32602,
            Self::Internal => -32603,
            Self::NotFound(_) => -32001,
            Self::Unavailable(_) => -32002,
            Self::Unsupported(_) => -32004,
            Self::Limit(_) | Self::Timeout(_) => -32005,
        }
    }

    /// The same of the parameter called `name`.
    pub(crate) fn within(self, name: &str) -> Self {
        match self {
            Self::Params(reason) => Self::Params(format!("{name}: {reason}")),
            fault => fault,
        }
    }
}

impl From<Fault> for ErrorObjectOwned {
    fn from(fault: Fault) -> Self {
        Self::owned(fault.code(), fault.to_string(), None::<()>)
    }
}
