//! Which methods does Python call?
//!
//! In: settings, then codes or blocks. Out: `pyarrow.RecordBatch`es.
//! Invariant: an analyzer holds settings alone, so it can be sent to other processes, and what a call
//! gives depends on them and its arguments; `threads` decides nothing but time.

use std::thread::available_parallelism;

use pyo3::{exceptions::PyValueError, prelude::*};
use pyo3_arrow::PyRecordBatch;
use slotcast::model::Fork;

use crate::{
    blocks::sources_of, codes::codes_of, describe, failure::Failure, observe, parallel::Threads,
    predict, run, score, table::Table,
};

/// More threads than any machine has; beyond it a typing error is likelier.
const MAX_THREADS: usize = 1024;

/// Describes contracts, and predicts, runs and scores recorded blocks.
///
/// `fork` is the fork under whose rules codes are described; that of a block follows from the block.
/// `threads` is how many threads a call uses, None for one on each core; it changes no result.
/// An analyzer holds nothing else: it costs nothing to make and can be pickled.
#[pyclass(module = "slotcast", frozen)]
pub(crate) struct Analyzer {
    fork: Fork,
    threads: Option<usize>,
}

#[pymethods]
impl Analyzer {
    #[new]
    #[pyo3(signature = (*, fork = "osaka", threads = None))]
    fn new(fork: &str, threads: Option<usize>) -> PyResult<Self> {
        let Some(fork) = Fork::from_name(fork) else {
            let names = Fork::ALL.map(Fork::name).join(", ");
            return Err(PyValueError::new_err(format!("fork: {fork} is none of {names}")));
        };
        checked(threads)?;
        Ok(Self { fork, threads })
    }

    /// The fork under whose rules codes are described; that of a block follows from the block.
    #[getter]
    fn fork(&self) -> &'static str {
        self.fork.name()
    }

    /// How many threads a call uses; None for one on each core.
    #[getter]
    const fn threads(&self) -> Option<usize> {
        self.threads
    }

    /// What each function of each code touches.
    ///
    /// `codes` is an Arrow column of binary or hexadecimal strings, or any iterable of bytes and
    /// strings. A row for each access, call and requirement of a function, and one for a function
    /// without any; `code_index` is the place of the code. A code that cannot be read is one row with
    /// `error`.
    fn describe<'py>(&self, codes: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let py = codes.py();
        let codes = codes_of(codes)?;
        let described = Threads(self.n_threads(None)?)
            .codes(py, &codes, |n, code| Ok(describe::describe_code(n, code, self.fork)))?;
        to_python(py, || describe::table(&described))
    }

    /// What each transaction of recorded blocks will touch; no EVM runs.
    ///
    /// `blocks` is a path of a file or folder, or several, also as an Arrow column; without it the
    /// block that comes with the package. Kinds of rows:
    ///
    /// - `read`, `write`, `delta`: a slot; a written one has a row as `read` too;
    /// - `wildcard`: any slot of the account; `left`: a slot of an account the transaction creates;
    /// - `nonce`, `balance_read`, `balance_debit`, `balance_credit`, `code_read`, `created`,
    ///   `destroyed`, `delegated`: an account;
    /// - `relied_storage`, `relied_balance`, `relied_nonce`, `relied_code`: state that the prediction
    ///   took as it found it.
    ///
    /// `from_value` is what was found, `to_value` what is left where that is known. Where `coverage` is
    /// `partial`, accesses may be missing, and `why` says why.
    ///
    /// Raises SlotcastError, with `file` and `field`, for a file that cannot be used.
    #[pyo3(signature = (blocks = None))]
    fn predict<'py>(
        &self,
        py: Python<'py>,
        blocks: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let sources = sources_of(blocks)?;
        let predicted =
            Threads(self.n_threads(None)?).blocks(py, &sources, predict::predict_block)?;
        to_python(py, || predict::table(&predicted))
    }

    /// What each transaction of recorded blocks really touches: slots of kind `read` and `write`.
    ///
    /// The blocks are run, one transaction after the other. What cryo's `storage_reads` and
    /// `storage_diffs` hold, for those who have no node.
    #[pyo3(signature = (blocks = None))]
    fn observe<'py>(
        &self,
        py: Python<'py>,
        blocks: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let sources = sources_of(blocks)?;
        let observed =
            Threads(self.n_threads(None)?).blocks(py, &sources, observe::observe_block)?;
        to_python(py, || observe::table(&observed))
    }

    /// Runs recorded blocks on several threads and checks that nothing differs from running them in
    /// order and from their headers; a row for each block.
    ///
    /// Each block is run several times, since times are measured too.
    #[pyo3(signature = (blocks = None, *, threads = None))]
    fn run<'py>(
        &self,
        py: Python<'py>,
        blocks: Option<&Bound<'py, PyAny>>,
        threads: Option<usize>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let sources = sources_of(blocks)?;
        let settings = run::settings(self.n_threads(threads)?)?;
        // One block after the other: the threads are inside.
        let reports =
            Threads(1).blocks(py, &sources, |source| run::run_block(source, &settings))?;
        to_python(py, || run::table(&reports))
    }

    /// Holds predictions against what recorded blocks really touch; a row for each block.
    ///
    /// Counts add up over blocks; ratios, such as `slot_recall`, are of one block.
    #[pyo3(signature = (blocks = None))]
    fn score<'py>(
        &self,
        py: Python<'py>,
        blocks: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let sources = sources_of(blocks)?;
        let scores = Threads(self.n_threads(None)?).blocks(py, &sources, score::score_block)?;
        to_python(py, || score::table(&scores))
    }

    /// What it is made from again in another process.
    fn __getnewargs_ex__<'py>(
        &self,
        py: Python<'py>,
    ) -> PyResult<((), Bound<'py, pyo3::types::PyDict>)> {
        let settings = pyo3::types::PyDict::new(py);
        settings.set_item("fork", self.fork())?;
        settings.set_item("threads", self.threads)?;
        Ok(((), settings))
    }

    fn __repr__(&self) -> String {
        let threads = self.threads.map_or_else(|| "None".to_owned(), |threads| threads.to_string());
        format!("Analyzer(fork='{}', threads={threads})", self.fork())
    }
}

impl Analyzer {
    /// The threads of a call: those asked for, those of the analyzer, or one on each core.
    fn n_threads(&self, threads: Option<usize>) -> PyResult<usize> {
        checked(threads)?;
        let of_machine = || available_parallelism().map_or(1, usize::from);
        Ok(threads.or(self.threads).unwrap_or_else(of_machine))
    }
}

fn checked(threads: Option<usize>) -> PyResult<()> {
    match threads {
        Some(threads) if !(1..=MAX_THREADS).contains(&threads) => {
            let text = format!("threads: is {threads}; give 1 to {MAX_THREADS}, or None");
            Err(PyValueError::new_err(text))
        }
        _ => Ok(()),
    }
}

/// Builds the table without the interpreter's lock and hands it over without a copy.
fn to_python<'py>(
    py: Python<'py>,
    table: impl FnOnce() -> Table + Send,
) -> PyResult<Bound<'py, PyAny>> {
    let batch = py.detach(|| table().finish()).map_err(Failure::into_python)?;
    PyRecordBatch::new(batch).into_pyarrow(py)
}
