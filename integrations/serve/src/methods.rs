//! Which methods are there?
//!
//! In: the service. Out: the module that jsonrpsee serves.
//! Invariants: what is registered is what [`NAMES`] lists and what the OpenRPC document describes;
//! parameters come by position or by name; everything but reading them is done within the concurrency limit.

mod conflicts;
mod lists;
mod predict;
mod revalidate;
mod schedule;
mod summary;

use std::sync::Arc;

use jsonrpsee::{
    RpcModule,
    core::{SubscriptionResult, server::PendingSubscriptionSink},
    types::{ErrorObjectOwned, Params},
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::value::RawValue;
use slotcast::Clock;

use crate::{
    block_context::BlockContext,
    fault::Fault,
    openrpc,
    service::Service,
    stream::{self, Reader},
    transaction,
    transaction::Asked,
};

/// The methods, in order of name.
pub(crate) const NAMES: [&str; 11] = [
    "eth_createAccessList",
    "rpc.discover",
    "slotcast_conflictGroups",
    "slotcast_createAccessList",
    "slotcast_predictAccess",
    "slotcast_predictBatch",
    "slotcast_revalidate",
    "slotcast_schedule",
    SUBSCRIBE,
    "slotcast_summary",
    UNSUBSCRIBE,
];

const SUBSCRIBE: &str = "slotcast_subscribePending";
const UNSUBSCRIBE: &str = "slotcast_unsubscribePending";

/// What messages of a subscription are called.
const NOTICE: &str = "slotcast_pending";

/// All methods.
pub(crate) fn module(service: Arc<Service>) -> RpcModule<Service> {
    let mut module = RpcModule::from_arc(service);
    add(&mut module, "eth_createAccessList", lists::of_eth);
    add(&mut module, "rpc.discover", |_, _: Vec<()>| Ok(openrpc::document().to_owned()));
    add(&mut module, "slotcast_conflictGroups", conflicts::groups);
    add(&mut module, "slotcast_createAccessList", lists::create);
    add(&mut module, "slotcast_predictAccess", predict::one);
    add(&mut module, "slotcast_predictBatch", predict::batch);
    add(&mut module, "slotcast_revalidate", revalidate::revalidate);
    add(&mut module, "slotcast_schedule", schedule::schedule);
    add(&mut module, "slotcast_summary", summary::summary);
    module
        .register_subscription(SUBSCRIBE, NOTICE, UNSUBSCRIBE, subscribe)
        .expect("the names are there once");
    module
}

/// Adds a method that does its work within the concurrency limit.
fn add<P, W>(module: &mut RpcModule<Service>, name: &'static str, work: W)
where
    P: DeserializeOwned,
    W: Fn(&Service, P) -> Result<Box<RawValue>, Fault> + Copy + Send + Sync + 'static,
{
    let method = move |params: Params<'static>, service: Arc<Service>, _| async move {
        let clock = Clock::start();
        let worker = Arc::clone(&service);
        let answer = service.concurrency.run(move || work(&worker, read(&params)?)).await;
        service.measured.request(name, answer.is_ok(), clock.elapsed().as_secs_f64());
        if let Err(fault) = &answer {
            tracing::debug!(method = name, code = fault.code(), %fault, "request failed");
        }
        answer.map_err(ErrorObjectOwned::from)
    };
    module.register_async_method(name, method).expect("every name is there once");
}

/// Reads parameters, by position or by name.
fn read<P: DeserializeOwned>(params: &Params<'_>) -> Result<P, Fault> {
    let text = params.as_str().unwrap_or("[]");
    serde_json::from_str(text).map_err(|error| Fault::Params(error.to_string()))
}

/// Parameters of methods about one transaction.
#[derive(Debug, Deserialize)]
struct OfOne {
    tx: Box<RawValue>,
    #[serde(default)]
    block: Option<alloy_eips::BlockId>,
}

/// Reads one transaction and places it on a context.
fn asked(text: &RawValue, context: &BlockContext) -> Result<Asked, Fault> {
    transaction::read(text).and_then(|stated| stated.on(context)).map_err(|it| it.within("tx"))
}

/// Reads transactions and places them on a context.
fn asked_all(
    service: &Service,
    texts: &[Box<RawValue>],
    context: &BlockContext,
) -> Result<Vec<Asked>, Fault> {
    let most = service.limits.transactions;
    if most < texts.len() {
        let n = texts.len();
        let reason = format!("txs: there are {n}, more than the {most} that one request may have");
        return Err(Fault::Limit(reason));
    }
    let one = |(index, text): (usize, &RawValue)| {
        let asked = transaction::read(text).and_then(|stated| stated.on(context));
        asked.map_err(|fault| fault.within(&format!("txs[{index}]")))
    };
    texts.iter().map(|text| &**text).enumerate().map(one).collect()
}

/// Sends what happens to pending transactions, for as long as they are read.
async fn subscribe(
    _: Params<'static>,
    pending: PendingSubscriptionSink,
    service: Arc<Service>,
    _: jsonrpsee::Extensions,
) -> SubscriptionResult {
    service.measured.request(SUBSCRIBE, true, 0.0);
    let sink = pending.accept().await?;
    service.measured.subscriptions.increment(1.0);
    let reader = Reader { sink, patience: service.limits.time };
    let ended = tokio::select! {
        () = reader.sink.closed() => "closed by its reader",
        _ = stream::follow(&service, &reader) => "its reader is gone or too slow",
    };
    service.measured.subscriptions.decrement(1.0);
    tracing::debug!(ended, "subscription ended");
    Ok(())
}
