//! What do the transactions of a block come to, for a host that opens, commits and closes the block
//! itself?
//!
//! In: the host's own rules, its transactions, the parent state. Out: [`Decisions`]: of every
//! transaction the final result and the state it leaves, for the host's one block executor to commit
//! in block order.
//! Invariants: what is handed over was validated against everything before it, so that committing it
//! unseen gives what running it would have given; nothing of the host is called meanwhile but the
//! parent state.
//!
//! The opening's system calls are made here as well, since transactions see what they leave; what
//! they leave is the host's to commit, so it is not handed over.

use alloy_evm::{EvmEnv, eth::spec::EthExecutorSpec, precompiles::PrecompilesMap};
use revm::{
    context::result::ResultAndState, database_interface::DatabaseRef, primitives::hardfork::SpecId,
};
use slotcast_model::{Fork, Index, TxIndex};

use crate::{
    any_state::{AnyState, Erased},
    canonical::Canonical,
    chain::ChainRules,
    error::ExecutionError,
    execution::guarded,
    fork::Rules,
    host_precompiles::HostPrecompiles,
    input::Block,
    job::Job,
    ledger::Ledger,
    outcome::TxOutcome,
    parallel::run_parallel,
    prefix::Complete,
    runner::Decided,
    sequentially::run_sequentially,
    store::{Exclusive, Sharing, Store},
    version::Version,
    wait::Advice,
};

/// The rules a host executes a block by, whatever chain it is of.
#[derive(Clone, Debug)]
pub struct HostRules(Rules);

impl HostRules {
    /// The rules of a block that the host runs in this environment, on a chain with this
    /// specification.
    pub fn new(env: EvmEnv<SpecId>, chain: &impl EthExecutorSpec) -> Self {
        let chain = ChainRules::of_host(env.cfg_env.chain_id, chain);
        Self(Rules { chain, env, optimism: None, of_host: None })
    }

    /// The same for `block` with the precompiled contracts that `make` makes, in place of the fork's.
    /// It is called on the threads that run transactions, and always makes the same.
    ///
    /// Contracts are taken to depend on their input alone where they have the name of one that
    /// Ethereum has and do not refuse to be cached. A transaction that calls any other runs on the
    /// committed prefix, as it may look at what no speculative run would notice.
    #[must_use]
    pub fn with_precompiles(
        self,
        block: &Block,
        make: impl Fn() -> PrecompilesMap + Send + Sync + 'static,
    ) -> Self {
        Self(Rules { of_host: Some(HostPrecompiles::new(block, make)), ..self.0 })
    }

    /// The fork they are of.
    pub const fn fork(&self) -> Fork {
        self.0.fork()
    }
}

/// What the transactions of a block come to.
#[derive(Clone, Debug)]
pub struct Decisions {
    /// Every transaction, in block order.
    pub txs: Vec<Decided>,
    /// The transactions whose speculative run did not hold, ascending.
    pub reexecuted: Vec<TxIndex>,
    /// How often transactions were run, all in all.
    pub n_executions: usize,
}

/// Decides the transactions of `block` on `base` by the rules of a host.
///
/// Of `block` nothing but its transactions and what its opening needs is looked at: the parent's
/// hash and beacon root.
///
/// # Panics
///
/// When a transaction waits for a later one.
pub fn decide<DB: DatabaseRef + Sync>(
    block: &Block,
    rules: &HostRules,
    base: &DB,
    advice: Advice<'_>,
) -> Result<Decisions, ExecutionError> {
    decide_any(block, rules, &(&Erased(base) as AnyState<'_>), advice)
}

fn decide_any(
    block: &Block,
    rules: &HostRules,
    base: &AnyState<'_>,
    advice: Advice<'_>,
) -> Result<Decisions, ExecutionError> {
    advice.check_length(block)?;
    let n_transactions = block.n_transactions();
    match advice {
        Advice::None => {
            decide_in(block, rules, base, Store::<Exclusive>::new(n_transactions), run_sequentially)
        }
        advice => {
            let run = |job: Job<'_, AnyState<'_>>| run_parallel(job, advice);
            decide_in(block, rules, base, Store::new(n_transactions), run)
        }
    }
}

fn decide_in<DB: DatabaseRef, S: Sharing>(
    block: &Block,
    HostRules(rules): &HostRules,
    base: &DB,
    store: Store<S>,
    run: impl FnOnce(Job<'_, DB, S>) -> Result<Complete, ExecutionError>,
) -> Result<Decisions, ExecutionError> {
    let mut store = store.keeping_states();
    guarded(|| Canonical::open(block, rules, Ledger::open(base, &store), false).map(|_| ()))?;
    let complete = run(Job { block, rules, base, store: &store })?;
    let states = store.take_states().into_iter();
    let mut left = states.skip_while(|(version, _)| *version == Version::OPENING);
    let mut results = complete.results.into_iter();
    let txs = complete.txs.into_iter().enumerate().map(|(n, outcome)| match outcome {
        TxOutcome::Rejected(reason) => Decided::Rejected(reason),
        TxOutcome::Executed(_) => {
            let (version, state) = left.next().expect("a transaction that ran has left a state");
            assert_eq!(version, Version::of(TxIndex::from_usize(n)), "states are in block order");
            let result = results.next().expect("a transaction that ran has a result");
            Decided::Executed(ResultAndState { result, state })
        }
    });
    let txs = txs.collect();
    Ok(Decisions { txs, reexecuted: complete.reexecuted, n_executions: complete.n_executions })
}
