//! `slotcast codes`: which codes do blocks have?
//!
//! In: recorded blocks. Out: a file with a line for each distinct code, as `analyze --input` reads it.
//! Invariant: lines are ordered by code hash, so that the file depends on the blocks alone.

use std::{collections::BTreeMap, io::Write};

use alloy_primitives::{B256, Bytes, keccak256};
use slotcast_corpus as corpus;

use crate::{
    args::Codes,
    failure::{Failure, Verdict},
    input::Source,
    progress::Progress,
    render::{Console, count},
    whole_file::gzip,
};

/// Writes the codes of all blocks.
pub(crate) fn codes(args: &Codes, console: &Console) -> Result<Verdict, Failure> {
    let sources = Source::list_of(&args.blocks)?;
    let progress = Progress::new(sources.len(), console);
    let mut codes: BTreeMap<B256, Bytes> = BTreeMap::new();
    for source in &sources {
        progress.start(source.name());
        let block = source.read()?;
        let all = block.pre_state.into_values().filter_map(|account| account.code);
        for code in all.filter(|code| !code.is_empty()) {
            codes.entry(keccak256(&code)).or_insert(code);
        }
        progress.done(|| {});
    }
    drop(progress);
    let mut lines = Vec::new();
    for (hash, code) in &codes {
        // Hexadecimal digits need no escapes.
        writeln!(lines, "{{\"codeHash\":\"{hash}\",\"code\":\"{code}\"}}")?;
    }
    let is_packed = args.output.extension().is_some_and(|extension| extension == "gz");
    let bytes = if is_packed { gzip(&lines)? } else { lines };
    corpus::replace_file(&args.output, &bytes)?;
    console.note(format_args!(
        "{}: {} of {}",
        args.output.display(),
        count(codes.len(), "code", "codes"),
        count(sources.len(), "block", "blocks"),
    ));
    Ok(Verdict::Holds)
}
