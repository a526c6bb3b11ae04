//! In which order is the work done?
//!
//! In: a [`Job`] and its [`Work`]. Out: the output, and [`Done`].
//! Invariants: lines are read by one thread while the others work on those before; which codes share
//! a member follows from their order alone; everything that is written stays written.

use std::path::Path;

use alloy_primitives::{B256, map::B256Set};
use rayon::prelude::*;
use serde::Serialize;

use super::{
    BatchError, Shard,
    input::{Code, Lines, RawLine},
    output::{MEMBER_LINES, Part, pack},
};

/// Lines that are read while those before are worked on; enough that threads seldom wait for the
/// last one.
const LINES_AT_ONCE: usize = 32 * MEMBER_LINES;

/// What is to be done, and with what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Job<'a> {
    /// The codes, as JSON lines, plain or packed.
    pub(crate) input: &'a Path,
    /// Where the lines go, packed.
    pub(crate) output: &'a Path,
    /// Which of the codes.
    pub(crate) shard: Shard,
    /// What the lines depend on besides the codes; jobs of another name do not go on with the output.
    pub(crate) name: &'a str,
}

/// What is done to one code.
pub(crate) trait Work: Sync {
    /// What is said of a code, an object.
    type Line: Serialize;

    /// Works on one code.
    fn line(&self, code: &Code) -> Self::Line;

    /// Told now and then how far it is; everything before is written.
    fn reached(&self, done: &Done);
}

/// How far a job is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Done {
    /// Lines read.
    pub(crate) n_lines: u64,
    /// Bytes of the input read, packed as they are.
    pub(crate) n_bytes_read: u64,
    /// Codes worked on.
    pub(crate) n_codes: u64,
    /// Codes of which the output had the lines when the job began.
    pub(crate) n_codes_before: u64,
    /// Bytes of these codes, those before left out.
    pub(crate) n_code_bytes: u64,
    /// Bytes of the output, once it is finished.
    pub(crate) n_bytes_written: u64,
}

/// A line as it is written.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LineOut<T> {
    code_hash: B256,
    #[serde(flatten)]
    line: T,
}

/// Does the job, or what is left of it; none when its output is there.
pub(crate) fn run<W: Work>(job: &Job<'_>, work: &W) -> Result<Option<Done>, BatchError> {
    let name = format!("shard {}, {}", job.shard, job.name);
    let mut lines = Lines::open(job.input)?;
    let Some((part, before)) = Part::open(job.output, &name)? else { return Ok(None) };
    let mut course = Course::new(job, name, part, before);
    let mut batch = lines.take(LINES_AT_ONCE)?;
    while !batch.is_empty() {
        let (worked, next) =
            rayon::join(|| course.batch(&batch, work), || lines.take(LINES_AT_ONCE));
        worked?;
        (course.done.n_lines, course.done.n_bytes_read) = lines.n_read();
        work.reached(&course.done);
        batch = next?;
    }
    let done = course.finish(work)?;
    work.reached(&done);
    Ok(Some(done))
}

/// A job under way.
struct Course<'a> {
    job: &'a Job<'a>,
    name: String,
    part: Part,
    /// Codes whose lines were there when it began, in order, and how many of them were met again.
    before: Vec<B256>,
    n_met: usize,
    seen: B256Set,
    /// Codes that do not fill a member yet.
    waiting: Vec<Code>,
    done: Done,
}

impl<'a> Course<'a> {
    fn new(job: &'a Job<'a>, name: String, part: Part, before: Vec<B256>) -> Self {
        let done = Done { n_codes_before: before.len() as u64, ..Done::default() };
        let (seen, waiting) = (B256Set::default(), Vec::new());
        Self { job, name, part, before, n_met: 0, seen, waiting, done }
    }

    /// Works on the new codes of these lines, as far as they fill members.
    fn batch<W: Work>(&mut self, lines: &[RawLine], work: &W) -> Result<(), BatchError> {
        let path = self.job.input;
        let codes: Vec<_> = lines.par_iter().map(|line| line.code(path)).collect();
        let mut failure = None;
        for code in codes {
            match code.and_then(|code| self.admit(code)) {
                Ok(()) => {}
                // What stands before it is done all the same.
                Err(error) => {
                    failure = Some(error);
                    break;
                }
            }
        }
        let n_full = self.waiting.len() / MEMBER_LINES * MEMBER_LINES;
        let waiting = self.waiting.split_off(n_full);
        let codes = core::mem::replace(&mut self.waiting, waiting);
        self.write(&codes, work)?;
        failure.map_or(Ok(()), Err)
    }

    /// Takes a code in, if it is new and ours and was not done before.
    fn admit(&mut self, code: Code) -> Result<(), BatchError> {
        if !self.job.shard.has(code.hash) || !self.seen.insert(code.hash) {
            return Ok(());
        }
        match self.before.get(self.n_met) {
            None => self.waiting.push(code),
            Some(hash) if *hash == code.hash => self.n_met += 1,
            Some(_) => return Err(self.other_input()),
        }
        Ok(())
    }

    fn other_input(&self) -> BatchError {
        let mut path = self.job.output.as_os_str().to_owned();
        path.push(".part");
        let (path, input) = (path.into(), self.job.input.to_owned());
        BatchError::OtherInput { path, input, line: self.n_met as u64 + 1 }
    }

    /// Works on these codes and writes their lines, a member for each so many of them.
    fn write<W: Work>(&mut self, codes: &[Code], work: &W) -> Result<(), BatchError> {
        let is_first = self.before.is_empty() && self.done.n_codes == 0;
        let members = codes.par_chunks(MEMBER_LINES).enumerate().map(|(n, codes)| {
            let mut lines = Vec::new();
            for code in codes {
                let line = LineOut { code_hash: code.hash, line: work.line(code) };
                serde_json::to_writer(&mut lines, &line)
                    .expect("plain data can be written to memory");
                lines.push(b'\n');
            }
            pack(&lines, (is_first && n == 0).then_some(&self.name))
        });
        let members: Vec<Vec<u8>> = members.collect();
        self.part.append(&members)?;
        self.done.n_codes += codes.len() as u64;
        self.done.n_code_bytes += codes.iter().map(|code| code.bytes.len() as u64).sum::<u64>();
        Ok(())
    }

    /// Works on the last codes.
    fn finish<W: Work>(mut self, work: &W) -> Result<Done, BatchError> {
        if self.n_met < self.before.len() {
            return Err(self.other_input());
        }
        let codes = core::mem::take(&mut self.waiting);
        self.write(&codes, work)?;
        if self.before.is_empty() && self.done.n_codes == 0 {
            // No code at all: a member without lines that says of which job.
            self.part.append(&[pack(&[], Some(&self.name))])?;
        }
        Ok(Done { n_bytes_written: self.part.finish()?, ..self.done })
    }
}
