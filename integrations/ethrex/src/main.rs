//! What do predictions bring to ethrex on these blocks?
//!
//! In: files of recorded blocks or folders of them, else the embedded block; options as below. Out: a
//! table on standard output.
//!
//! ```text
//! slotcast-ethrex [--samples N] [--micros A,B,..] [--depth N] [--threads N] [PATH]...
//! ```

use core::{error::Error, time::Duration};
use std::{
    env,
    io::{self, Write},
    path::PathBuf,
    thread,
};

use slotcast::{Clock, Engine};
use slotcast_corpus::{RecordedBlock, embedded, list, read_file};
use slotcast_ethrex::{HostBlock, HostError, MeasureSettings, head, measure, row, summary};

/// What the command line says.
struct Arguments {
    settings: MeasureSettings,
    /// Threads of the pool on which ethrex warms, and Slotcast predicts; nothing for one a core.
    threads: usize,
    paths: Vec<PathBuf>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = arguments()?;
    sleep_exactly();
    rayon::ThreadPoolBuilder::new().num_threads(arguments.threads).build_global()?;
    let mut out = io::stdout().lock();
    let MeasureSettings { samples, reads, depth } = &arguments.settings;
    writeln!(
        out,
        "medians of {samples} samples, in milliseconds; {} threads warm; a batch reads {depth} at once",
        rayon::current_num_threads()
    )?;
    for read in reads.iter().filter(|read| !read.is_zero()) {
        writeln!(out, "a read of {read:?} takes {:?} here", slept(*read))?;
    }
    let engine = Engine::new(1)?;
    let mut lines = Vec::new();
    writeln!(out, "{}", head())?;
    for recorded in blocks(&arguments.paths)? {
        let number = recorded.number();
        match HostBlock::new(recorded) {
            Ok(host) if host.recorded.transactions.is_empty() => {}
            Ok(host) => {
                for line in measure(&host, &engine, &arguments.settings)? {
                    writeln!(out, "{}", row(&line))?;
                    lines.push(line);
                }
            }
            Err(HostError::BeforeTheMerge(_)) => {}
            Err(error) => return Err(format!("block {number}: {error}").into()),
        }
    }
    writeln!(out, "\ngeometric means, warming nothing against each way:")?;
    write!(out, "{}", summary(&lines))?;
    Ok(())
}

fn arguments() -> Result<Arguments, Box<dyn Error>> {
    let micros = |text: &str| text.parse().map(Duration::from_micros);
    let reads = [0, 10, 100].map(Duration::from_micros).to_vec();
    let settings = MeasureSettings { samples: 5, reads, depth: 64 };
    let mut read = Arguments { settings, threads: 0, paths: Vec::new() };
    let mut words = env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or_else(|| format!("{word} needs a value"));
        match word.as_str() {
            "--samples" => read.settings.samples = value()?.parse()?,
            "--depth" => read.settings.depth = value()?.parse()?,
            "--threads" => read.threads = value()?.parse()?,
            "--micros" => {
                read.settings.reads = value()?.split(',').map(micros).collect::<Result<_, _>>()?;
            }
            _ if word.starts_with('-') => return Err(format!("{word} is no option").into()),
            _ => read.paths.push(word.into()),
        }
    }
    let MeasureSettings { samples, depth, .. } = read.settings;
    match 0 < samples && 0 < depth {
        true => Ok(read),
        false => Err("--samples and --depth must not be 0".into()),
    }
}

fn blocks(paths: &[PathBuf]) -> Result<Vec<RecordedBlock>, Box<dyn Error>> {
    if paths.is_empty() {
        return Ok(vec![embedded()?]);
    }
    let mut blocks = Vec::new();
    for path in paths {
        for file in list(path)? {
            blocks.push(read_file(&file)?);
        }
    }
    Ok(blocks)
}

/// Has threads that are started from now on sleep as long as they were told: the kernel's default adds
/// about 50 microseconds. Where that cannot be had, what a read really takes is printed all the same.
fn sleep_exactly() {
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::set_current_timer_slack(core::num::NonZero::new(1));
}

/// What such a sleep really takes, the median of many.
fn slept(read: Duration) -> Duration {
    let mut all: Vec<Duration> = (0..101)
        .map(|_| {
            let clock = Clock::start();
            thread::sleep(read);
            clock.elapsed()
        })
        .collect();
    all.sort_unstable();
    all[all.len() / 2]
}
