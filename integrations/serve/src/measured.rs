//! What has the service done so far?
//!
//! In: requests and events. Out: [`Measured`], which prints them in the text form of Prometheus.
//! Invariants: nothing here is process-wide, so that services do not count for one another; nothing
//! measured decides anything.

use std::{collections::BTreeMap, fmt, fs};

use metrics::{Counter, Gauge, Histogram, Key, KeyName, Label, Level, Metadata, Recorder, Unit};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};
use slotcast::model::Coverage;

/// Bounds of the buckets of durations, in seconds.
const BUCKETS: [f64; 14] = [
    0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 10.0,
];

/// What every metric means.
const TEXTS: &[(&str, &str)] = &[
    ("slotcast_requests_total", "Requests, by method and whether they were answered."),
    ("slotcast_request_seconds", "Time to answer a request, waiting included."),
    ("slotcast_predictions_total", "Predictions, by coverage."),
    (
        "slotcast_predictions_kept_total",
        "Answers about pending transactions by predictions that were kept.",
    ),
    ("slotcast_connections", "Connections that are open."),
    ("slotcast_connections_refused_total", "Connections closed because there were too many."),
    ("slotcast_subscriptions", "Subscriptions that are open."),
    ("slotcast_summaries", "Contract summaries in memory."),
    ("slotcast_head", "Number of the newest block."),
    ("slotcast_reorganisations_total", "Heads that did not follow the one before."),
    ("slotcast_node_failures_total", "Questions to the node without an answer."),
    ("slotcast_pending", "Pending transactions whose predictions are kept up to date."),
    ("process_resident_memory_bytes", "Memory the process holds."),
];

/// Counts and times.
pub(crate) struct Measured {
    handle: PrometheusHandle,
    methods: BTreeMap<&'static str, OfMethod>,
    coverage: [Counter; 3],
    pub(crate) from_kept: Counter,
    pub(crate) connections: Gauge,
    pub(crate) refused: Counter,
    pub(crate) subscriptions: Gauge,
    pub(crate) reorganisations: Counter,
    pub(crate) node_failures: Counter,
    pub(crate) pending: Gauge,
    summaries: Gauge,
    head: Gauge,
    memory: Gauge,
}

/// Of one method.
#[derive(Clone)]
struct OfMethod {
    answered: Counter,
    failed: Counter,
    seconds: Histogram,
}

impl fmt::Debug for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Measured").finish_non_exhaustive()
    }
}

impl Measured {
    /// Nothing yet, of these methods.
    pub(crate) fn new(methods: &[&'static str]) -> Self {
        let builder = PrometheusBuilder::new().set_buckets(&BUCKETS);
        let recorder = builder.expect("there are buckets").build_recorder();
        for &(name, text) in TEXTS {
            // The text is the same for every kind of metric.
            recorder.describe_counter(KeyName::from(name), None::<Unit>, text.into());
        }
        let handle = recorder.handle();
        let of_method = |method: &&'static str| {
            let outcome = |outcome| {
                counter(
                    &recorder,
                    "slotcast_requests_total",
                    &[("method", method), ("outcome", outcome)],
                )
            };
            let key = key("slotcast_request_seconds", &[("method", method)]);
            let seconds = recorder.register_histogram(&key, &METADATA);
            (*method, OfMethod { answered: outcome("ok"), failed: outcome("error"), seconds })
        };
        let methods = methods.iter().map(of_method).collect();
        let of_coverage = |coverage: Coverage| {
            counter(&recorder, "slotcast_predictions_total", &[("coverage", coverage.text())])
        };
        let coverage = COVERAGES.map(of_coverage);
        let count = |name| counter(&recorder, name, &[]);
        let gauge = |name| recorder.register_gauge(&key(name, &[]), &METADATA);
        Self {
            methods,
            coverage,
            from_kept: count("slotcast_predictions_kept_total"),
            connections: gauge("slotcast_connections"),
            refused: count("slotcast_connections_refused_total"),
            subscriptions: gauge("slotcast_subscriptions"),
            reorganisations: count("slotcast_reorganisations_total"),
            node_failures: count("slotcast_node_failures_total"),
            pending: gauge("slotcast_pending"),
            summaries: gauge("slotcast_summaries"),
            head: gauge("slotcast_head"),
            memory: gauge("process_resident_memory_bytes"),
            handle,
        }
    }

    /// Notes a request.
    pub(crate) fn request(&self, method: &str, is_answered: bool, seconds: f64) {
        let Some(of_method) = self.methods.get(method) else { return };
        if is_answered { &of_method.answered } else { &of_method.failed }.increment(1);
        of_method.seconds.record(seconds);
    }

    /// Notes a prediction.
    pub(crate) fn prediction(&self, coverage: Coverage) {
        let place = COVERAGES.iter().position(|it| *it == coverage);
        self.coverage[place.expect("all kinds are listed")].increment(1);
    }

    /// Everything, in the text form of Prometheus.
    pub(crate) fn text(&self, n_summaries: usize, head: Option<u64>) -> String {
        self.summaries.set(n_summaries as f64);
        if let Some(head) = head {
            self.head.set(head as f64);
        }
        if let Some(bytes) = resident_bytes() {
            self.memory.set(bytes as f64);
        }
        self.handle.render()
    }

    /// Folds single times into their buckets, so that they take no more room as they get many.
    pub(crate) fn settle(&self) {
        self.handle.run_upkeep();
    }
}

const COVERAGES: [Coverage; 3] = [Coverage::Complete, Coverage::Assuming, Coverage::Partial];

static METADATA: Metadata<'static> = Metadata::new("slotcast_serve", Level::INFO, None);

fn key(name: &'static str, labels: &[(&'static str, &str)]) -> Key {
    let label = |&(name, value): &(&'static str, &str)| Label::new(name, value.to_owned());
    Key::from_parts(name, labels.iter().map(label).collect::<Vec<_>>())
}

fn counter(
    recorder: &PrometheusRecorder,
    name: &'static str,
    labels: &[(&'static str, &str)],
) -> Counter {
    recorder.register_counter(&key(name, labels), &METADATA)
}

/// The memory that the operating system says the process holds; none where it does not say so.
fn resident_bytes() -> Option<u64> {
    const KIB: u64 = 1024;
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * KIB)
}
