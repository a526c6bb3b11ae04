//! Which command was given?
//!
//! In: the arguments. Out: what the command came to.

mod analyze;
mod bench;
mod capacity;
mod codes;
mod completions;
mod explain;
#[cfg(feature = "node")]
mod follow;
mod generate;
mod lint;
mod man;
mod partition;
mod predict;
#[cfg(feature = "node")]
mod record;
mod report;
mod revalidate;
mod run;
mod schedule;
mod score;
#[cfg(feature = "serve")]
mod serve;
mod snapshot;
mod store;

use crate::{
    args::{Args, Command},
    failure::{Failure, Verdict},
    render::Console,
};

/// Does what was asked for.
pub(crate) fn run(args: &Args, console: &Console) -> Result<Verdict, Failure> {
    let threads = args.global.threads();
    if 1 < threads.len() && !matches!(args.command, Command::Bench(_)) {
        return Err(Failure::bad_input("--threads: only bench takes more than one number"));
    }
    match &args.command {
        Command::Bench(bench) if bench.units => bench::units(&bench.blocks, console),
        Command::Bench(bench) => bench::bench(bench, &threads, console),
        Command::Run(run) => run::run(run, threads[0], console),
        Command::Predict(predict) => predict::predict(predict, console),
        Command::Score(score) => score::score(score, threads[0], console),
        Command::Revalidate(revalidate) => revalidate::revalidate(revalidate, console),
        Command::Report(report) => report::report(report, threads[0], console),
        Command::Explain(explain) => explain::explain(explain, threads[0], console),
        Command::Schedule(schedule) => schedule::schedule(schedule, console),
        Command::Partition(partition) => partition::partition(partition, console),
        Command::Capacity(capacity) => capacity::capacity(capacity, console),
        Command::Analyze(analyze) => analyze::analyze(analyze, threads[0], console),
        Command::Codes(codes) => codes::codes(codes, console),
        Command::Snapshot(snapshot) => snapshot::snapshot(snapshot, console),
        Command::Lint(lint) => lint::lint(lint, console),
        Command::Store(store) => store::store(store, console),
        #[cfg(feature = "node")]
        Command::Follow(follow) => follow::follow(follow, threads[0], console),
        #[cfg(not(feature = "node"))]
        Command::Follow(_) => Err(absent("follow", "node")),
        #[cfg(feature = "node")]
        Command::Record(record) => record::record(record, console),
        #[cfg(not(feature = "node"))]
        Command::Record(_) => Err(absent("record", "node")),
        #[cfg(feature = "serve")]
        Command::Serve(serve) => serve::serve(serve, &args.global, console),
        #[cfg(not(feature = "serve"))]
        Command::Serve(_) => Err(absent("serve", "serve")),
        Command::Generate(generate) => generate::generate(generate, console),
        Command::Completions(completions) => completions::completions(completions, console),
        Command::Man => man::man(console),
    }
}

/// Why a command that this build leaves out does nothing.
#[cfg(not(all(feature = "node", feature = "serve")))]
fn absent(command: &str, feature: &str) -> Failure {
    Failure::bad_input(format_args!(
        "`{command}` is not in this build; install it with `cargo install --path cli --features \
         {feature}`"
    ))
}
