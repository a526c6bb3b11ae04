//! How many predictions a second does the service answer, how quickly, and does its memory stay flat?
//!
//! ```text
//! cargo run --release -p slotcast-cli -- serve --blocks BLOCKS &
//! cargo run --release -p slotcast-serve --example load -- --blocks BLOCKS --minutes 10
//! ```
//!
//! In: `--address A` (by default 127.0.0.1:8549), `--blocks FILE` (by default the embedded block) whose
//! transactions are asked about one at a time, `--minutes N`, `--connections N`, `--sockets N` (how
//! many of the connections are WebSockets), `--rate N` (requests a second; 0, as many as are
//! answered), `--calls` (calls without a signature instead of signed transactions). Out: a row every
//! ten seconds and one for all, times in milliseconds.
//!
//! At a given rate times count from when a request was due, so that a service that falls behind cannot
//! hide it. The program shares the machine with the service, so what it takes is missing there.

#![expect(clippy::print_stdout, reason = "a program for the command line")]

#[path = "../tests/it/client.rs"]
#[expect(dead_code, reason = "the tests use the rest")]
mod client;

use std::{
    net::SocketAddr,
    path::Path,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use alloy_consensus::Transaction as _;
use alloy_eips::Encodable2718;
use alloy_primitives::{U64, hex};
use serde_json::{Value, json};
use slotcast::Clock;
use slotcast_corpus as corpus;

use client::{Http, Ws};

/// How often a row is printed.
const ROW: Duration = Duration::from_secs(10);

/// What is asked, and how.
struct Plan {
    address: SocketAddr,
    bodies: Vec<String>,
    minutes: f64,
    connections: usize,
    sockets: usize,
    rate: f64,
}

fn main() {
    let plan = plan();
    let clock = Clock::start();
    warm(&plan);
    println!(
        "{} transactions asked about once in {:.1} s; then {} connections, {} of them sockets",
        plan.bodies.len(),
        clock.elapsed().as_secs_f64(),
        plan.connections,
        plan.sockets
    );
    println!("  seconds  answers/s       p50       p99     p99.9       max  errors   RSS MiB");
    let (is_over, times) = (AtomicBool::new(false), Mutex::new(Times::default()));
    let clock = Clock::start();
    let all = thread::scope(|scope| {
        for n in 0..plan.connections {
            let (plan, is_over, times) = (&plan, &is_over, &times);
            scope.spawn(move || ask(plan, n, is_over, times));
        }
        let mut all = Times::default();
        while clock.elapsed().as_secs_f64() < plan.minutes * 60.0 {
            let left = Duration::from_secs_f64(plan.minutes * 60.0).saturating_sub(clock.elapsed());
            let row = Clock::start();
            thread::sleep(ROW.min(left));
            let some = std::mem::take(&mut *times.lock().unwrap_or_else(PoisonError::into_inner));
            print_row(&plan, clock.elapsed(), row.elapsed(), some.clone());
            all.micros.extend(some.micros);
            all.n_errors += some.n_errors;
        }
        is_over.store(true, Ordering::Relaxed);
        all
    });
    println!("in all");
    print_row(&plan, clock.elapsed(), clock.elapsed(), all);
}

/// How long answers took.
#[derive(Clone, Default)]
struct Times {
    micros: Vec<u32>,
    n_errors: usize,
}

fn plan() -> Plan {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let value = |name: &str| -> Option<&String> {
        args.iter().position(|arg| arg == name).and_then(|at| args.get(at + 1))
    };
    let number = |name: &str, otherwise: f64| {
        value(name).map_or(otherwise, |text| text.parse().expect("it is a number"))
    };
    let address = value("--address").map_or("127.0.0.1:8549", |text| text);
    let block = match value("--blocks") {
        None => corpus::embedded(),
        Some(path) => {
            let files = corpus::list(Path::new(path)).expect("there are blocks");
            corpus::read_file(files.last().expect("there are blocks"))
        }
    };
    let block = block.expect("it is a recorded block");
    let is_call = args.iter().any(|arg| arg == "--calls");
    let body = |tx: &alloy_consensus::transaction::Recovered<slotcast::executor::ChainTx>| {
        let tx = match is_call {
            false => json!(hex::encode_prefixed(tx.encoded_2718())),
            true => json!({
                "from": tx.signer(),
                "to": tx.to(),
                "input": tx.input(),
                "value": tx.value(),
                "gas": U64::from(tx.gas_limit()),
            }),
        };
        let params = json!([tx, U64::from(block.number())]);
        let method = "slotcast_predictAccess";
        json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string()
    };
    Plan {
        address: address.parse().expect("it is an address and port"),
        bodies: block.transactions.iter().map(body).collect(),
        minutes: number("--minutes", 1.0),
        connections: number("--connections", 4.0) as usize,
        sockets: number("--sockets", 0.0) as usize,
        rate: number("--rate", 0.0),
    }
}

/// Asks everything once, so that no contract is new any more.
fn warm(plan: &Plan) {
    let mut http = Http::connect(plan.address).expect("the service listens");
    for body in &plan.bodies {
        let response = http.post(body).expect("the service answers");
        let answer: Value = serde_json::from_str(&response.body).expect("it is JSON");
        assert!(answer.get("result").is_some(), "{answer}");
    }
}

/// One connection.
enum Connection {
    Http(Box<Http>),
    Ws(Box<Ws>),
}

impl Connection {
    fn is_answered(&mut self, body: &str) -> bool {
        let text = match self {
            Self::Http(http) => http.post(body).map(|response| response.body),
            Self::Ws(ws) => ws.send(body).and_then(|()| ws.read()),
        };
        text.is_ok_and(|text| text.contains("\"result\":"))
    }
}

/// Asks one question after the other until it is over.
fn ask(plan: &Plan, n: usize, is_over: &AtomicBool, times: &Mutex<Times>) {
    let mut connection = match n < plan.sockets {
        true => Connection::Ws(Box::new(Ws::connect(plan.address).expect("it listens"))),
        false => Connection::Http(Box::new(Http::connect(plan.address).expect("it listens"))),
    };
    let clock = Clock::start();
    let gap = match plan.rate {
        0.0 => Duration::ZERO,
        rate => Duration::from_secs_f64(plan.connections as f64 / rate),
    };
    // Connections take turns rather than asking all at the same moment.
    let mut due =
        gap * u32::try_from(n).expect("few") / u32::try_from(plan.connections).expect("few");
    let mut next = n * 7919;
    while !is_over.load(Ordering::Relaxed) {
        let begun = match gap.is_zero() {
            true => clock.elapsed(),
            false => {
                thread::sleep(due.saturating_sub(clock.elapsed()));
                due
            }
        };
        due += gap;
        let is_answered = connection.is_answered(&plan.bodies[next % plan.bodies.len()]);
        next += 1;
        let micros = clock.elapsed().saturating_sub(begun).as_micros();
        let mut times = times.lock().unwrap_or_else(PoisonError::into_inner);
        times.micros.push(u32::try_from(micros).unwrap_or(u32::MAX));
        times.n_errors += usize::from(!is_answered);
    }
}

fn print_row(plan: &Plan, since: Duration, row: Duration, mut times: Times) {
    times.micros.sort_unstable();
    let at = |share: f64| -> f64 {
        let place =
            ((times.micros.len() as f64 * share) as usize).min(times.micros.len().max(1) - 1);
        times.micros.get(place).map_or(0.0, |micros| f64::from(*micros) / 1e3)
    };
    println!(
        "  {:7.0}  {:9.0}  {:8.3}  {:8.3}  {:8.3}  {:8.3}  {:6}  {:8.1}",
        since.as_secs_f64(),
        times.micros.len() as f64 / row.as_secs_f64(),
        at(0.5),
        at(0.99),
        at(0.999),
        at(1.0),
        times.n_errors,
        resident_mib(plan),
    );
}

/// The memory that the service says it holds.
fn resident_mib(plan: &Plan) -> f64 {
    let mut http = Http::connect(plan.address).expect("the service listens");
    let metrics = http.request("GET /metrics HTTP/1.1", "", "").expect("it tells").body;
    let bytes =
        metrics.lines().find_map(|line| line.strip_prefix("process_resident_memory_bytes "));
    bytes
        .and_then(|bytes| bytes.parse::<f64>().ok())
        .map_or(0.0, |bytes| bytes / f64::from(1 << 20))
}
