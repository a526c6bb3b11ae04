//! How are many codes or blocks worked on at once, while Python goes on?
//!
//! In: items and a function. Out: what it gives for each, in order.
//! Invariants: the interpreter's lock is free while the function runs; signals are looked at now and
//! then, so that a long call can be broken off; of several failures the first item's is reported.

use pyo3::prelude::*;
use rayon::{ThreadPoolBuilder, prelude::*};

use crate::{blocks::Source, codes::Code, failure::Failure};

/// Codes for each thread between two looks at signals: some seconds.
const CODES_AT_ONCE: usize = 64;

/// So many threads, started for one call: a process that is forked afterwards has lost none.
#[derive(Clone, Copy)]
pub(crate) struct Threads(pub(crate) usize);

impl Threads {
    /// Works on codes, each with its place.
    pub(crate) fn codes<T: Send>(
        self,
        py: Python<'_>,
        codes: &[Code],
        work: impl Fn(usize, &Code) -> Result<T, Failure> + Sync,
    ) -> PyResult<Vec<T>> {
        self.all(py, codes, self.0 * CODES_AT_ONCE, work)
    }

    /// Works on blocks.
    pub(crate) fn blocks<T: Send>(
        self,
        py: Python<'_>,
        sources: &[Source],
        work: impl Fn(&Source) -> Result<T, Failure> + Sync,
    ) -> PyResult<Vec<T>> {
        self.all(py, sources, self.0, |_, source| work(source))
    }

    fn all<I: Sync, T: Send>(
        self,
        py: Python<'_>,
        items: &[I],
        n_at_once: usize,
        work: impl Fn(usize, &I) -> Result<T, Failure> + Sync,
    ) -> PyResult<Vec<T>> {
        let pool = ThreadPoolBuilder::new().num_threads(self.0).build();
        let pool = pool.map_err(|error| {
            Failure::new(format!("threads: cannot be started: {error}; give fewer")).into_python()
        })?;
        let mut done = Vec::with_capacity(items.len());
        for (n, chunk) in items.chunks(n_at_once).enumerate() {
            let of_chunk: Vec<Result<T, Failure>> = py.detach(|| {
                pool.install(|| {
                    let numbered = chunk.par_iter().enumerate().with_max_len(1);
                    numbered.map(|(at, item)| work(n * n_at_once + at, item)).collect()
                })
            });
            for result in of_chunk {
                done.push(result.map_err(Failure::into_python)?);
            }
            py.check_signals()?;
        }
        Ok(done)
    }
}
