//! `slotcast serve`: predictions over JSON-RPC.
//!
//! In: a node or recorded blocks, limits. Out: a line that says where the service listens, then
//! nothing on stdout; logs on stderr; success when it is told to end.

use std::{io::IsTerminal, time::Duration};

use serde::Serialize;
use slotcast_serve::{Limits, RpcSettings, Server, Settings, Source};
use tracing_subscriber::filter::LevelFilter;

use crate::{
    args::{Global, Serve},
    failure::{Failure, Verdict},
    input::rules_of,
    render::Console,
};

/// How long a question to the node may take; requests wait for its answer.
const NODE_TIMEOUT: Duration = Duration::from_secs(5);

/// Where the service listens.
#[derive(Serialize)]
struct Listening {
    url: String,
}

/// Serves until the process is told to end.
pub(crate) fn serve(args: &Serve, global: &Global, console: &Console) -> Result<Verdict, Failure> {
    log(args, global);
    let server = Server::start(&settings(args)?).map_err(Failure::bad_input)?;
    // Before the line that others wait for, after which they may end it.
    let signals = server.catch_signals().map_err(Failure::bad_input)?;
    let url = format!("http://{}", server.address());
    match console.is_json() {
        true => console.document(&Listening { url })?,
        false => console.line(format_args!("listening on {url}"))?,
    }
    signals.wait();
    server.stop();
    Ok(Verdict::Holds)
}

fn settings(args: &Serve) -> Result<Settings, Failure> {
    let rules = args.chain.as_deref().map(rules_of).transpose()?;
    let source = match (&args.blocks, &args.rpc_url) {
        (Some(path), _) => Source::Blocks(path.clone()),
        (None, Some(url)) => {
            let rpc = RpcSettings { timeout: NODE_TIMEOUT, retries: 1, ..RpcSettings::default() };
            Source::Node { url: url.clone(), rpc, with_proofs: args.proofs }
        }
        (None, None) => Source::Embedded,
    };
    let given = &args.limits;
    let concurrency = given.concurrency.map(|n| n as usize);
    let limits = Limits {
        request_bytes: given.max_request_bytes,
        answer_bytes: given.max_answer_bytes,
        batch: given.max_batch,
        transactions: given.max_txs as usize,
        time: Duration::from_millis(given.timeout_ms),
        concurrency: concurrency.unwrap_or(Limits::default().concurrency),
        connections: given.max_connections as usize,
        subscriptions: given.max_subscriptions,
        pending: given.max_pending as usize,
        summaries: given.max_summaries as usize,
    };
    Ok(Settings {
        rules: rules.map(Into::into),
        listen: args.listen,
        store: args.keep.store.clone(),
        store_bytes: args.keep.store_size << 20,
        limits,
        origins: args.allow_origin.clone(),
        poll: Duration::from_millis(args.poll_ms),
        ..Settings::new(source)
    })
}

/// Sends logs to standard error, as many as are asked for.
fn log(args: &Serve, global: &Global) {
    let level = match (global.quiet, global.verbose) {
        (true, _) => LevelFilter::WARN,
        (false, 0) => LevelFilter::INFO,
        (false, 1) => LevelFilter::DEBUG,
        (false, _) => LevelFilter::TRACE,
    };
    let logs = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    match args.log_json {
        true => logs.json().init(),
        false => logs.init(),
    }
}
