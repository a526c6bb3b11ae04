//! Does a builder who knows the conflicts build the same block with fewer simulations?
//!
//! In: a prepared block, whose transactions play the pool, and their hints. Out: [`Table`], a row for
//! each [`Way`] to build.
//! Invariants: every simulation is an execution on revm on the state so far, and is counted; every
//! order is run once more by the sequential executor, which must include all of it and come to the
//! same gas.
//!
//! All ways are greedy: of the transactions that may come next (the first of each sender) the one that
//! pays most is placed, where payment is gas used times tip, as last simulated. What differs is whom
//! a placement makes worth another look: all, the conflict group, or those who conflict. The pool
//! leaves spent balances out (`ConflictScope::Observed`), so who could not pay for his transaction is also
//! looked at again when a placement touched his account. A transaction whose last simulation is old is run again when it is placed. Half of the block's gas is
//! to be had, so that there is something to choose.

use std::collections::{BTreeMap, VecDeque};

use alloy_consensus::Transaction as _;
use alloy_eips::eip7840::BlobParams;
use alloy_evm::{Evm, EvmEnv, eth::EthEvmBuilder};
use alloy_hardforks::EthereumChainHardforks;
use alloy_primitives::Address;
use revm::{DatabaseCommit, context::result::ResultAndState, database::CacheDB};
use slotcast::{
    Clock, Prepared,
    executor::{Block, SequentialSettings, TxOutcome, execute_sequential},
    hints::{ConflictPool, ConflictScope, Hint, Ticket},
    model::{Fork, IndexVec, TxIndex},
};

/// Whom a placement makes worth another look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    OneEther,
    ConflictGroup,
    Conflicting,
}

impl Way {
    const ALL: [Self; 3] = [Self::OneEther, Self::ConflictGroup, Self::Conflicting];

    const fn name(self) -> &'static str {
        match self {
            Self::OneEther => "everything again",
            Self::ConflictGroup => "the conflict group",
            Self::Conflicting => "those who conflict",
        }
    }
}

/// What building in one way came to.
#[derive(Clone, Debug, Default)]
struct Built {
    order: Vec<TxIndex>,
    n_executions: u64,
    micros: u64,
    gas_used: u64,
    /// In wei.
    paid: u128,
    /// Transactions that paid otherwise when they were placed than when they were chosen.
    n_surprises: u64,
}

/// What all blocks came to, by way.
#[derive(Debug, Default)]
pub(crate) struct Table {
    n_blocks: usize,
    n_pending: usize,
    rows: [Built; Way::ALL.len()],
    /// Blocks in which the order is that of simulating everything.
    n_same: [usize; Way::ALL.len()],
    /// Orders that are not, in words.
    others: Vec<String>,
}

impl Table {
    pub(crate) const fn n_blocks(&self) -> usize {
        self.n_blocks
    }

    /// Builds from the block's transactions in every way.
    pub(crate) fn add(
        &mut self,
        prepared: &Prepared,
        hints: &IndexVec<TxIndex, Hint>,
        predict_micros: u64,
    ) {
        let mut first: Option<Built> = None;
        for (n, way) in Way::ALL.into_iter().enumerate() {
            let mut built = build(way, prepared, hints);
            if way != Way::OneEther {
                built.micros += predict_micros;
            }
            check(prepared, &built);
            let row = &mut self.rows[n];
            row.order.extend(&built.order);
            row.n_executions += built.n_executions;
            row.micros += built.micros;
            row.gas_used += built.gas_used;
            row.paid += built.paid;
            row.n_surprises += built.n_surprises;
            let first = first.get_or_insert_with(|| built.clone());
            self.n_same[n] += usize::from(first.order == built.order);
            if first.order != built.order {
                self.others.push(difference(prepared, way, first, &built));
            }
        }
        self.n_blocks += 1;
        self.n_pending += hints.len();
    }

    pub(crate) fn print(&self) {
        println!(
            "building {} blocks from {} pending transactions; every order was run again sequentially and \
             holds",
            self.n_blocks, self.n_pending
        );
        println!(
            "| looked at again | executions | ms | placed | Mgas | paid, ether | surprises | same \
             order |"
        );
        println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
        for (n, (way, row)) in Way::ALL.into_iter().zip(&self.rows).enumerate() {
            println!(
                "| {} | {} | {:.1} | {} | {:.2} | {:.6} | {} | {} of {} |",
                way.name(),
                row.n_executions,
                row.micros as f64 / 1e3,
                row.order.len(),
                row.gas_used as f64 / 1e6,
                row.paid as f64 / 1e18,
                row.n_surprises,
                self.n_same[n],
                self.n_blocks,
            );
        }
        self.others.iter().for_each(|other| println!("{other}"));
    }
}

/// Where an order leaves that of simulating everything, and what both pay.
fn difference(prepared: &Prepared, way: Way, all: &Built, other: &Built) -> String {
    let at = all.order.iter().zip(&other.order).take_while(|(a, b)| a == b).count();
    let placed = |built: &Built| match built.order.get(at) {
        Some(tx) => format!("transaction {tx}"),
        None => "nothing".to_owned(),
    };
    format!(
        "block {}, {}: places {} where simulating everything places {}, as number {at}; {} and {} \
         placed, {} and {} gwei paid",
        prepared.block().header.number,
        way.name(),
        placed(other),
        placed(all),
        other.order.len(),
        all.order.len(),
        other.paid / 1_000_000_000,
        all.paid / 1_000_000_000,
    )
}

/// The transactions of each sender in order of nonce.
fn queues(block: &Block) -> BTreeMap<Address, VecDeque<TxIndex>> {
    let mut queues: BTreeMap<Address, VecDeque<TxIndex>> = BTreeMap::new();
    for tx in block.tx_indices() {
        queues.entry(block.transaction(tx).signer()).or_default().push_back(tx);
    }
    for queue in queues.values_mut() {
        queue.make_contiguous().sort_by_key(|tx| block.transaction(*tx).nonce());
    }
    queues
}

fn environment(prepared: &Prepared) -> EvmEnv {
    let block = prepared.block();
    let blobs = match prepared.fork() {
        Fork::Cancun => Some(BlobParams::cancun()),
        Fork::Prague => Some(BlobParams::prague()),
        fork if Fork::Prague < fork => Some(BlobParams::osaka()),
        _ => None,
    };
    EvmEnv::for_eth_block(&block.header, EthereumChainHardforks::mainnet(), block.chain_id, blobs)
}

fn build(way: Way, prepared: &Prepared, hints: &IndexVec<TxIndex, Hint>) -> Built {
    let block = prepared.block();
    let clock = Clock::start();
    let mut pool = ConflictPool::new(ConflictScope::Observed);
    let tickets: IndexVec<TxIndex, Ticket> = match way {
        Way::OneEther => IndexVec::new(),
        _ => hints.iter().map(|hint| pool.insert(hint)).collect(),
    };
    let mut groups: BTreeMap<Ticket, usize> = BTreeMap::new();
    if way == Way::ConflictGroup {
        let of_group = |(n, group): (usize, Vec<Ticket>)| group.into_iter().map(move |it| (it, n));
        groups.extend(pool.groups().into_iter().enumerate().flat_map(of_group));
    }
    let is_worth_a_look = |placed: TxIndex, tx: TxIndex| match way {
        Way::OneEther => true,
        Way::ConflictGroup => groups.get(&tickets[placed]) == groups.get(&tickets[tx]),
        Way::Conflicting => pool.conflicts(tickets[placed], tickets[tx]),
    };
    let mut evm = EthEvmBuilder::new(CacheDB::new(prepared.state()), environment(prepared)).build();
    let mut built = Built::default();
    let mut queues = queues(block);
    let room = block.header.gas_used / 2;
    // What may come next, with the gas it used when it was last looked at; none if it cannot run.
    let mut next: BTreeMap<TxIndex, Option<u64>> = BTreeMap::new();
    let mut look: Vec<TxIndex> = queues.values_mut().filter_map(VecDeque::pop_front).collect();
    loop {
        for tx in look.drain(..) {
            let ran = evm.transact(block.transaction(tx)).ok();
            built.n_executions += 1;
            next.insert(tx, ran.map(|ran| ran.result.tx_gas_used()));
        }
        let fits = |tx: TxIndex| built.gas_used + block.transaction(tx).gas_limit() <= room;
        let payment = |(tx, gas): (&TxIndex, &Option<u64>)| {
            let gas = gas.filter(|_| fits(*tx))?;
            Some((u128::from(gas) * tip(block, *tx), core::cmp::Reverse(*tx)))
        };
        let Some((expected, core::cmp::Reverse(tx))) = next.iter().filter_map(payment).max() else {
            break;
        };
        next.remove(&tx);
        // The last simulation may be of an older state, of which the beneficiary's balance is wrong
        // at least; who has just simulated everything need not run it again.
        built.n_executions += u64::from(way != Way::OneEther);
        let Ok(ResultAndState { result, state }) = evm.transact(block.transaction(tx)) else {
            built.n_surprises += 1;
            continue;
        };
        let could_not_pay = |other: &TxIndex| {
            next[other].is_none() && state.contains_key(&block.transaction(*other).signer())
        };
        let is_worth_it = |other: &TxIndex| is_worth_a_look(tx, *other) || could_not_pay(other);
        look.extend(next.keys().copied().filter(is_worth_it));
        evm.db_mut().commit(state);
        let paid = u128::from(result.tx_gas_used()) * tip(block, tx);
        built.n_surprises += u64::from(paid != expected);
        built.gas_used += result.tx_gas_used();
        built.paid += paid;
        built.order.push(tx);
        let queue = queues.get_mut(&block.transaction(tx).signer());
        look.extend(queue.and_then(VecDeque::pop_front));
    }
    built.micros = clock.micros();
    built
}

/// What the transaction pays the builder for each unit of gas.
fn tip(block: &Block, tx: TxIndex) -> u128 {
    let base_fee = block.header.base_fee_per_gas.unwrap_or(0);
    block.transaction(tx).effective_tip_per_gas(base_fee).unwrap_or(0)
}

/// The order holds: run by the specification, all of it is included and uses the same gas.
fn check(prepared: &Prepared, built: &Built) {
    let block = prepared.block();
    let transactions = built.order.iter().map(|tx| block.transaction(*tx).clone()).collect();
    let reordered = Block { transactions, ..block.clone() };
    let unobserved = SequentialSettings { is_observed: false };
    let ran = execute_sequential(&reordered, prepared.state(), &unobserved)
        .expect("the state is recorded");
    let gas: u64 = ran.outcome.txs.iter().map(|tx| tx.gas_used().unwrap_or(0)).sum();
    let is_included = |tx: &TxOutcome| matches!(tx, TxOutcome::Executed(_));
    assert!(ran.outcome.txs.iter().all(is_included), "every transaction of the order is included");
    assert_eq!(gas, built.gas_used, "it uses the gas that building saw");
}
