//! Which scoreboard do blocks give, and is it as good as the committed one?
//!
//! In: blocks, files to write, a file to compare with. Out: files; a line for each figure that
//! changed; whether none got worse.
//! Invariant: blocks are scored on several threads, and what comes of it is the same for any number
//! of them.

use std::{
    fs,
    path::Path,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use serde::Serialize;
use slotcast_lab::scoreboard::{
    Change, Entry, Scoreboard, Verdict as Of, compare, scoreboard, table,
};

use crate::{
    args::Score,
    failure::{Failure, Verdict},
    input::Source,
    progress::Progress,
    render::{BAD, Console, GOOD, count},
    summary_file::SummaryFile,
    whole_file::WholeFile,
};

/// Scores all blocks into a scoreboard, writes it and compares it.
pub(super) fn board(args: &Score, threads: usize, console: &Console) -> Result<Verdict, Failure> {
    let sources = Source::list_of(&args.blocks)?;
    // Files that cannot be read or written are found out before the work.
    let before = args.against.as_deref().map(read).transpose()?;
    let files = args.scoreboard.iter().map(|path| Ok((path.as_path(), WholeFile::at(path)?)));
    let files: Vec<_> = files.collect::<Result<_, Failure>>()?;
    let summary_file = SummaryFile::open(&args.keep, console)?;
    let now = scoreboard(entries(&sources, &summary_file, threads, console)?);
    summary_file.close(console);
    for (path, file) in files {
        file.write(text(path, &now))?;
        let blocks = count(sources.len(), "block", "blocks");
        console.note(format_args!("{}: {blocks}", path.display()));
    }
    match (&args.against, before) {
        (Some(path), Some(before)) => {
            let changes = compare(&before, &now)
                .map_err(|error| Failure::in_file(&path.display().to_string(), error))?;
            report(path, &changes, console)
        }
        _ => Ok(Verdict::Holds),
    }
}

/// The blocks' entries, each worked out by whichever thread is free.
pub(in crate::cmd) fn entries(
    sources: &[Source],
    summary_file: &SummaryFile,
    threads: usize,
    console: &Console,
) -> Result<Vec<Entry>, Failure> {
    let progress = Progress::new(sources.len(), console);
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, Result<Entry, Failure>)>> = Mutex::default();
    let work = || {
        while let Some((n, source)) = {
            // Relaxed is enough: threads share nothing but who takes which block.
            let n = next.fetch_add(1, Ordering::Relaxed);
            sources.get(n).map(|source| (n, source))
        } {
            let entry = source.prepare().and_then(|prepared| {
                let summaries = summary_file.summaries(&prepared, &Default::default());
                let entry = Entry::with(&prepared, &summaries);
                summary_file.keep(&summaries);
                entry.map_err(|error| Failure::in_file(&source.name(), error))
            });
            progress.done(|| {
                done.lock().expect("no thread panics while it holds the list").push((n, entry));
            });
        }
    };
    thread::scope(|scope| {
        for _ in 0..threads.min(sources.len()) {
            scope.spawn(work);
        }
    });
    let mut done = done.into_inner().expect("a thread that panics ends the program");
    // Of several failures the first block's is told, as without threads.
    done.sort_by_key(|(n, _)| *n);
    done.into_iter().map(|(_, entry)| entry).collect()
}

fn read(path: &Path) -> Result<Scoreboard, Failure> {
    let name = path.display().to_string();
    let bytes = fs::read(path).map_err(|error| {
        let what = "name a file written by `slotcast score --scoreboard`";
        Failure::in_file(&name, format_args!("cannot be read: {error}; {what}"))
    })?;
    Scoreboard::parse(&bytes).map_err(|error| Failure::in_file(&name, error))
}

/// A table where the name ends in `.md`, and what can be compared with elsewhere.
fn text(path: &Path, scoreboard: &Scoreboard) -> String {
    let is_table = path.extension().is_some_and(|extension| extension == "md");
    if is_table { table(scoreboard) } else { scoreboard.print() }
}

/// A change as JSON.
#[derive(Serialize)]
struct ChangeOut<'a> {
    section: &'a str,
    figure: &'a str,
    before: Option<f64>,
    after: Option<f64>,
    verdict: &'static str,
}

/// Names every figure that changed; one that got worse fails.
fn report(path: &Path, changes: &[Change], console: &Console) -> Result<Verdict, Failure> {
    let mut n_worse = 0;
    for Change { section, figure, before, after, verdict } in changes {
        let (word, style) = match verdict {
            Of::Better => ("better", Some(GOOD)),
            Of::Worse => ("worse", Some(BAD)),
            Of::Other => ("changed", None),
        };
        n_worse += usize::from(*verdict == Of::Worse);
        if console.is_json() {
            let (before, after) = (*before, *after);
            console.document(&ChangeOut { section, figure, before, after, verdict: word })?;
            continue;
        }
        let word = style.map_or_else(|| word.to_owned(), |style| console.paint(style, word));
        let text = |figure: &Option<f64>| figure.map_or_else(|| "-".to_owned(), number);
        let by = match (before, after) {
            (Some(before), Some(after)) => format!(" (by {})", number((after - before).abs())),
            _ => String::new(),
        };
        let (before, after) = (text(before), text(after));
        console.line(format_args!("{word}: {section} {figure}: {before} -> {after}{by}"))?;
    }
    if !changes.is_empty() && n_worse == 0 {
        console.note(format_args!(
            "{}: nothing got worse; rewrite it with --scoreboard to keep what changed",
            path.display(),
        ));
    }
    if changes.is_empty() && !console.is_json() {
        console.line(format_args!("{}: as it was", path.display()))?;
    }
    Ok(Verdict::of(n_worse == 0))
}

/// A figure without the digits that it is not compared to.
fn number(figure: f64) -> String {
    let text = format!("{figure:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
