//! `slotcast store`: what does a file of summaries hold, and how does it get to other machines?
//!
//! In: a file that `--store` named, exports. Out: counts; an export; the file with more in it.
//! Invariant: only `import` makes a file that is not there.

use std::{fs, path::Path};

use serde::Serialize;
use slotcast_corpus as corpus;
use slotcast_store::{Kept, Store, analysis};

use crate::{
    args,
    args::StoreAction,
    failure::{Failure, Verdict},
    render::{Console, count},
    summary_file::note_rebuilt,
};

/// Bytes of a mebibyte.
const MIB: u64 = 1 << 20;

/// What `slotcast store --json` prints.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Stat {
    /// Version and fingerprint of this slotcast's analysis.
    analysis: String,
    /// Summaries in the file.
    summaries: u64,
    /// Those of them that this slotcast can use.
    usable: u64,
    /// Bytes of all summaries.
    bytes: u64,
    /// Bytes of the file.
    file_bytes: u64,
    /// Whether the file was damaged, and created again.
    rebuilt: bool,
}

/// Does what was asked for.
pub(crate) fn store(args: &args::Store, console: &Console) -> Result<Verdict, Failure> {
    match &args.action {
        StoreAction::Stat { file } => stat(&Store::open_to_read(file)?, console),
        StoreAction::Export { file, output } => export(file, output, console),
        StoreAction::Import { file, exports, store_size } => {
            let store = Store::open(file, store_size.saturating_mul(MIB))?;
            for path in exports {
                let name = path.display().to_string();
                let bytes = fs::read(path).map_err(|error| {
                    let what = "name a file written by `slotcast store export`";
                    Failure::in_file(&name, format_args!("cannot be read: {error}; {what}"))
                })?;
                let n = store.import(&bytes).map_err(|error| Failure::in_file(&name, error))?;
                console.note(format_args!("{name}: {}", count(n, "summary", "summaries")));
            }
            stat(&store, console)
        }
    }
}

fn export(file: &Path, output: &Path, console: &Console) -> Result<Verdict, Failure> {
    let store = Store::open_to_read(file)?;
    let bytes = store.export()?;
    corpus::replace_file(output, &bytes)?;
    console.note(format_args!("{}: {} bytes", output.display(), bytes.len()));
    stat(&store, console)
}

/// Prints what is there; a file that was damaged fails.
fn stat(store: &Store, console: &Console) -> Result<Verdict, Failure> {
    let Kept { n_summaries, n_bytes, n_usable } = store.kept()?;
    let stat = Stat {
        analysis: analysis().to_owned(),
        summaries: n_summaries,
        usable: n_usable,
        bytes: n_bytes,
        file_bytes: fs::metadata(store.path()).map_or(0, |file| file.len()),
        rebuilt: store.is_rebuilt(),
    };
    if stat.rebuilt {
        note_rebuilt(store, console);
    }
    match console.is_json() {
        true => console.document(&stat)?,
        false => console.line(format_args!(
            "{}: {n_summaries} summaries of {n_bytes} bytes in a file of {}; {n_usable} are of this \
             slotcast's analysis, {}",
            store.path().display(),
            stat.file_bytes,
            stat.analysis,
        ))?,
    }
    Ok(Verdict::of(!stat.rebuilt))
}
