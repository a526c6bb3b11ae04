//! What is answered besides JSON-RPC, and what is not even looked at?
//!
//! In: an HTTP request. Out: `/health`, `/metrics`, a refusal, or what jsonrpsee answers.
//! Invariants: web pages may ask only if their origin is allowed, which keeps a page that is open in a
//! browser away from a service on the same machine; a request whose bytes do not arrive in time is
//! given up.

use std::{convert::Infallible, sync::Arc, time::Duration};

use hyper::{
    Method, StatusCode,
    body::Incoming,
    header::{CONTENT_TYPE, HeaderMap, HeaderValue, ORIGIN, UPGRADE},
};
use jsonrpsee::server::{HttpBody, HttpRequest, HttpResponse};
use metrics::Gauge;
use tokio::sync::OwnedSemaphorePermit;
use tower::Service as _;

use crate::{chain::Chain, server::RpcService, service::Service};

/// Time given to an answer beyond what a request may take, so that a late one is an answer.
const GRACE: Duration = Duration::from_millis(500);

/// What a connection's requests need.
#[derive(Clone)]
pub(crate) struct HttpService {
    pub(crate) service: Arc<Service>,
    pub(crate) origins: Arc<[String]>,
    pub(crate) rpc: RpcService,
    pub(crate) place: Arc<Place>,
}

/// A connection's place among those that may be open, for as long as it is HTTP or a WebSocket.
#[derive(Debug)]
pub(crate) struct Place {
    _permit: OwnedSemaphorePermit,
    connections: Gauge,
}

impl Place {
    /// Takes a place.
    pub(crate) fn take(permit: OwnedSemaphorePermit, service: &Service) -> Self {
        let connections = service.measured.connections.clone();
        connections.increment(1.0);
        Self { _permit: permit, connections }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connections.decrement(1.0);
    }
}

impl HttpService {
    /// Answers one request.
    pub(crate) async fn answer(
        mut self,
        request: HttpRequest<Incoming>,
    ) -> Result<HttpResponse, Infallible> {
        if self.is_foreign(request.headers()) {
            let refusal = "web pages of this origin may not ask; see --allow-origin\n";
            return Ok(text(StatusCode::FORBIDDEN, refusal.to_owned()));
        }
        match (request.method(), request.uri().path()) {
            (&Method::GET, "/health") => return Ok(self.health()),
            (&Method::GET, "/metrics") => return Ok(self.metrics()),
            _ => {}
        }
        let is_upgrade = request.headers().contains_key(UPGRADE);
        if is_upgrade {
            let (closed, place) = (self.rpc.on_session_closed(), Arc::clone(&self.place));
            tokio::spawn(async move {
                closed.await;
                drop(place);
            });
        }
        let answer = self.rpc.call(request);
        let limit = self.service.limits.time + GRACE;
        let answered = match is_upgrade {
            true => Ok(answer.await),
            false => tokio::time::timeout(limit, answer).await,
        };
        Ok(match answered {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => {
                tracing::error!(%error, "a request failed");
                text(StatusCode::INTERNAL_SERVER_ERROR, "internal error\n".to_owned())
            }
            Err(_) => {
                let reason = "the request did not arrive in time\n";
                let mut response = text(StatusCode::REQUEST_TIMEOUT, reason.to_owned());
                // What is left of the request may still be under way.
                response.headers_mut().insert("connection", HeaderValue::from_static("close"));
                response
            }
        })
    }

    /// Whether a web page may not ask, which its origin tells.
    fn is_foreign(&self, headers: &HeaderMap) -> bool {
        headers.get(ORIGIN).is_some_and(|origin| !self.origins.iter().any(|it| origin == it))
    }

    fn health(&self) -> HttpResponse {
        let source = match &self.service.chain {
            Chain::Recorded(_) => "blocks",
            Chain::Live(_) => "node",
        };
        let (status, rest) = match self.service.chain.newest() {
            Ok(head) => (StatusCode::OK, serde_json::json!({ "status": "ok", "head": head })),
            Err(fault) => (
                StatusCode::SERVICE_UNAVAILABLE,
                serde_json::json!({ "status": "failing", "reason": fault.to_string() }),
            ),
        };
        let mut document = rest;
        document["source"] = source.into();
        document["chainId"] = self.service.chain.chain_id().into();
        let mut response = text(status, format!("{document}\n"));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response
    }

    fn metrics(&self) -> HttpResponse {
        let head = self.service.chain.newest().ok();
        let metrics = self.service.measured.text(self.service.warm.n_summaries(), head);
        let mut response = text(StatusCode::OK, metrics);
        let kind = HeaderValue::from_static("text/plain; version=0.0.4");
        response.headers_mut().insert(CONTENT_TYPE, kind);
        response
    }
}

fn text(status: StatusCode, body: String) -> HttpResponse {
    let mut response = HttpResponse::new(HttpBody::from(body));
    *response.status_mut() = status;
    response
}
