//! Which databases let those down who rely on them?
//!
//! In: a sound state and a [`Fault`]. Out: [`Faulty`], a database that fails, panics or is slow.
//! Invariant: a fault for a key is there on every thread and at every time, so that what comes of it
//! can be the same everywhere.

use core::{
    fmt,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, Once},
};

use alloy_primitives::{Address, B256, U256};
use revm::{
    bytecode::Bytecode, context::DBErrorMarker, database_interface::DatabaseRef, state::AccountInfo,
};
use slotcast::executor::MemoryState;

/// What is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum What {
    Account(Address),
    Code(B256),
    Slot(Address, U256),
    BlockHash(u64),
}

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    Never,
    /// The n-th read fails, counted from zero.
    ErrorAt(u64),
    /// The n-th read panics.
    PanicAt(u64),
    /// Reading this always fails.
    ErrorFor(What),
    /// Reading this always panics.
    PanicFor(What),
    /// From this read on, every seventh takes a while.
    SlowFrom(u64),
}

/// A database that is not to be relied on.
#[derive(Debug)]
pub(super) struct Faulty {
    state: Arc<MemoryState>,
    fault: Fault,
    n_reads: AtomicU64,
    asked: Mutex<BTreeSet<What>>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Gone;

impl fmt::Display for Gone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the disk is gone")
    }
}

impl core::error::Error for Gone {}

impl DBErrorMarker for Gone {}

/// Panics that are part of a test need not be printed; all others are.
fn keep_quiet_about_the_disk() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if info.payload_as_str() != Some("the disk is gone") {
                usual(info);
            }
        }));
    });
}

impl Faulty {
    pub(super) fn new(state: &Arc<MemoryState>, fault: Fault) -> Self {
        keep_quiet_about_the_disk();
        let (n_reads, asked) = (AtomicU64::new(0), Mutex::default());
        Self { state: Arc::clone(state), fault, n_reads, asked }
    }

    /// The state behind it.
    pub(super) const fn sound(&self) -> &Arc<MemoryState> {
        &self.state
    }

    pub(super) fn n_reads(&self) -> u64 {
        self.n_reads.load(Ordering::Relaxed)
    }

    /// Everything that was read.
    pub(super) fn asked(&self) -> BTreeSet<What> {
        self.asked.lock().unwrap().clone()
    }

    fn read<T>(&self, what: What, read: impl FnOnce(&MemoryState) -> T) -> Result<T, Gone> {
        let n = self.n_reads.fetch_add(1, Ordering::Relaxed);
        if self.fault == Fault::Never {
            self.asked.lock().unwrap().insert(what);
        }
        match self.fault {
            Fault::ErrorAt(at) if at == n => Err(Gone),
            Fault::ErrorFor(key) if key == what => Err(Gone),
            Fault::PanicAt(at) if at == n => panic!("the disk is gone"),
            Fault::PanicFor(key) if key == what => panic!("the disk is gone"),
            Fault::SlowFrom(from) if from <= n && n % 7 == from % 7 => {
                std::thread::sleep(Duration::from_micros(200));
                Ok(read(&self.state))
            }
            _ => Ok(read(&self.state)),
        }
    }
}

impl DatabaseRef for Faulty {
    type Error = Gone;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, Gone> {
        self.read(What::Account(address), |state| state.basic_ref(address).unwrap())
    }

    fn code_by_hash_ref(&self, hash: B256) -> Result<Bytecode, Gone> {
        self.read(What::Code(hash), |state| state.code_by_hash_ref(hash).unwrap())
    }

    fn storage_ref(&self, address: Address, key: U256) -> Result<U256, Gone> {
        self.read(What::Slot(address, key), |state| state.storage(address, key))
    }

    fn block_hash_ref(&self, number: u64) -> Result<B256, Gone> {
        self.read(What::BlockHash(number), |state| state.block_hash(number))
    }
}
