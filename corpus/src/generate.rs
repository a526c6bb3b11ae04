//! Which blocks can be generated, for those who have none recorded?
//!
//! In: a [`Plan`]. Out: an [`Unsealed`] block with signed transactions and the state before it;
//! a caller that can execute seals it.
//! Invariants: the same plan gives the same bytes everywhere and always; every transaction is valid
//! where it stands, and a rollup's block opens with deposits; nothing is executed here.
//!
//! A scenario is a list of *jobs* with shares. A job appends at least one transaction to the
//! [`Draft`] and may ask for others later, so that what belongs together does not stand together.

mod era;
mod message;
mod rng;
mod wallet;

mod abi;
mod shelf;

mod draft;
mod pools;
mod programs;
mod tokens;
mod town;

mod amm;
mod apart;
mod apps;
mod envelopes;
mod environment;
mod erc20;
mod failures;
mod hotspot;
mod lifecycle;
mod mixed;
mod ordering;
mod popular;
mod transfers;
mod workloads;

mod rollup;

mod unsealed;

use self::{draft::Draft, town::Town};

pub use self::{
    era::Era,
    rollup::Rollup,
    unsealed::{BlockResults, RollupResults, Unsealed},
};

/// What block to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Decides everything that the other fields leave open.
    pub seed: u64,
    /// How many transactions.
    pub n_txs: usize,
    /// What they do.
    pub scenario: Scenario,
    /// The chain they are signed for; 1 is mainnet, which the eras are of.
    pub chain_id: u64,
    /// When the block takes place; on a rollup its fork decides instead.
    pub era: Era,
    /// The rollup that the block is of, if it is of one.
    pub rollup: Option<Rollup>,
}

impl Plan {
    /// The block's number and time.
    pub(crate) const fn number_and_time(&self) -> (u64, u64) {
        match &self.rollup {
            Some(rollup) => rollup.number_and_time(),
            None => self.era.number_and_time(),
        }
    }

    /// The most blobs that the block carries: rollups have none.
    const fn max_blobs(&self) -> usize {
        match self.rollup {
            Some(_) => 0,
            None => self.era.max_blobs(),
        }
    }
}

impl Default for Plan {
    /// A block like a busy one of today.
    fn default() -> Self {
        let (scenario, era) = (Scenario::Mixed, Era::Osaka);
        Self { seed: 1, n_txs: 400, scenario, chain_id: 1, era, rollup: None }
    }
}

/// A plan that cannot be carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// The scenario needs something that came later.
    #[error("scenario `{}` needs {} or later, not {}", scenario.name(), since.name(), era.name())]
    TooEarly {
        /// The scenario.
        scenario: Scenario,
        /// The first era that knows it.
        since: Era,
        /// The era asked for.
        era: Era,
    },
    /// Blocks of rollups have no blobs.
    #[error("scenario `blobs` is not for rollups, whose blocks have no blobs")]
    NoBlobs,
    /// A rollup's block so early or so late that contracts cannot count from its time.
    #[error("no synthetic block takes place at time {timestamp}")]
    NoTime {
        /// The time.
        timestamp: u64,
    },
}

/// Appends at least one transaction to the draft.
type Job = fn(&mut Draft, &Town);

macro_rules! scenarios {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, since $era:ident, $jobs:expr;)*) => {
        /// What the transactions of a synthetic block do.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Scenario {
            $($(#[$doc])* $variant,)*
        }

        impl Scenario {
            /// All scenarios.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The scenario's name, as it is written on a command line.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// The first era that knows the scenario.
            pub const fn since(self) -> Era {
                match self {
                    $(Self::$variant => Era::$era,)*
                }
            }

            /// The scenario's jobs with their shares.
            fn jobs(self, era: Era) -> Vec<(u64, Job)> {
                let jobs: fn(Era) -> Vec<(u64, Job)> = match self {
                    $(Self::$variant => $jobs,)*
                };
                jobs(era)
            }
        }
    };
}

impl Scenario {
    /// The workloads of OP Labs' parallel executor, by their names there: each does one thing at length.
    pub const WORKLOADS: &'static [Self] = Self::ALL.split_at(Self::IndependentCompute as usize).1;

    /// All scenarios but those.
    pub const KINDS: &'static [Self] = Self::ALL.split_at(Self::IndependentCompute as usize).0;
}

scenarios! {
    /// Plain transfers of ether.
    Transfers = "transfers", since Byzantium, |_| vec![(1, plain_transfer)];
    /// Calls of tokens of every design.
    Erc20 = "erc20", since Byzantium, |_| vec![(1, erc20::token_call)];
    /// Trades through routers and pools.
    Amm = "amm", since Cancun, |_| vec![(1, amm::trade)];
    /// One pool, one recipient and one counter shared by all.
    Hotspot = "hotspot", since Byzantium, |_| vec![(1, hotspot::crowd)];
    /// A bit of everything, in mainnet's proportions.
    Mixed = "mixed", since Byzantium, mixed::jobs;
    /// Staking, collections, airdrops, batches, vaults, names and ledgers.
    Apps = "apps", since Cancun, |_| vec![
        (4, apps::stake), (4, apps::mint), (2, apps::airdrop), (2, apps::batch), (2, apps::deposit),
        (2, apps::register),
        (2, apps::move_points),
    ];
    /// Contracts deployed and called in the same block.
    DeployAndCall = "deploy-and-call", since Byzantium, |_| among(lifecycle::deploy_and_call);
    /// Contracts deployed by CREATE2, and again.
    Create2 = "create2", since Istanbul, |_| among(lifecycle::create2);
    /// Contracts destroyed and used afterwards.
    SelfDestruct = "self-destruct", since Byzantium, |_| among(lifecycle::self_destruct);
    /// Accounts that delegate their code and run it.
    Delegation = "delegation", since Prague, |_| among(envelopes::delegate);
    /// Transactions with blobs.
    Blobs = "blobs", since Cancun, |_| among(envelopes::blobs);
    /// Transactions with access lists.
    AccessLists = "access-lists", since Berlin, |_| among(envelopes::listed);
    /// Transactions that revert.
    Reverts = "reverts", since Byzantium, |_| among(failures::revert);
    /// Transactions that run out of gas.
    OutOfGas = "out-of-gas", since Byzantium, |_| among(failures::out_of_gas);
    /// Chains of transactions by one sender.
    NonceChains = "nonce-chains", since Byzantium, |_| among(ordering::nonce_chain);
    /// Accounts that spend what they got in the same block.
    FundedInOrder = "funded-in-order", since Byzantium, |_| among(ordering::funded_in_order);
    /// The beneficiary paid, observed and spending in the middle of the block.
    Beneficiary = "beneficiary", since Byzantium, |_| among(ordering::beneficiary);
    /// Hashes of earlier blocks.
    BlockHash = "block-hash", since Byzantium, |_| among(environment::block_hash);
    /// Precompiled contracts.
    Precompiles = "precompiles", since Byzantium, |_| among(environment::precompile);
    /// Payments between accounts that do nothing else.
    PaymentsApart = "payments-apart", since Byzantium, |_| vec![(1, apart::pay)];
    /// Transfers of one token between holders who do nothing else.
    TokensApart = "tokens-apart", since Byzantium, |_| vec![(1, apart::move_tokens)];
    /// Trades, each in a pool of its own.
    PoolsApart = "pools-apart", since Cancun, |_| vec![(1, apart::trade)];
    /// Payments, three in ten of them to one account.
    OneAccount = "one-account", since Byzantium, |_| vec![(1, apart::pay_one_account)];
    /// Trades, three in ten of them in one pool.
    OnePool = "one-pool", since Cancun, |_| vec![(1, apart::trade_in_one_pool)];
    /// Transfers of one token; three in ten transactions count on one counter instead.
    OneCounter = "one-counter", since Cancun, |_| vec![(1, apart::count_together)];
    /// Payments, tokens and trades whose recipients, tokens and pools are popular by Zipf's law.
    Popular = "popular", since Cancun, |_| vec![(1, popular::use_the_popular)];
    /// Transient storage.
    Transient = "transient", since Cancun, |_| among(environment::transient);
    /// Work without storage, each by a sender of its own.
    IndependentCompute =
        "independent-compute", since Byzantium, |_| vec![(1, workloads::independent_compute)];
    /// The same work, all by one sender.
    SameSenderNonceChain =
        "same-sender-nonce-chain", since Byzantium, |_| vec![(1, workloads::same_sender_nonce_chain)];
    /// Checks of pairings.
    Bn254Pairing =
        "bn254-pairing", since Byzantium, |_| vec![(1, workloads::bn254_pairing)];
    /// Reads of the same slots of one contract.
    SharedStorageWarm =
        "shared-storage-warm", since Byzantium, |_| vec![(1, workloads::shared_storage_warm)];
    /// Reads of contracts, each read by a few transactions.
    IndependentStorageWarm =
        "independent-storage-warm", since Byzantium, |_| vec![(1, workloads::independent_storage_warm)];
    /// Reads of different slots of one contract.
    SharedStorageCold =
        "shared-storage-cold", since Byzantium, |_| vec![(1, workloads::shared_storage_cold)];
    /// Reads of contracts, each read by one transaction.
    IndependentStorageCold =
        "independent-storage-cold", since Byzantium, |_| vec![(1, workloads::independent_storage_cold)];
    /// Reads of different slots of one contract, and a counter that all share.
    ConflictingStorageCold =
        "conflicting-storage-cold", since Byzantium, |_| vec![(1, workloads::conflicting_storage_cold)];
    /// Work without storage, long for the first of every sixteen.
    SlowWindowHeads =
        "slow-window-heads", since Byzantium, |_| vec![(1, workloads::slow_window_heads)];
    /// Work without storage, long for the last of every sixteen.
    SlowWindowTails =
        "slow-window-tails", since Byzantium, |_| vec![(1, workloads::slow_window_tails)];
    /// Work without storage, and a word that each hashes after the one before.
    ExpensiveOrderedPolicy =
        "expensive-ordered-policy", since Byzantium, |_| vec![(1, workloads::expensive_ordered_policy)];
}

/// Mostly `special`, with transfers and tokens between.
fn among(special: Job) -> Vec<(u64, Job)> {
    vec![(60, special), (25, plain_transfer), (15, erc20::token_call)]
}

fn plain_transfer(draft: &mut Draft, _: &Town) {
    transfers::transfer(draft);
}

/// Makes the block of this plan.
///
/// ```
/// use slotcast_corpus::{Plan, Scenario, generate};
///
/// let plan = Plan { n_txs: 10, scenario: Scenario::Erc20, ..Plan::default() };
/// let block = generate(&plan)?;
/// assert_eq!(block.block().transactions.len(), 10);
/// assert_eq!(block, generate(&plan)?);
/// # Ok::<(), slotcast_corpus::PlanError>(())
/// ```
pub fn generate(plan: &Plan) -> Result<Unsealed, PlanError> {
    let mut plan = plan.clone();
    if let Some(rollup) = &plan.rollup {
        rollup.check()?;
        plan.era = rollup.era();
        if plan.scenario == Scenario::Blobs {
            return Err(PlanError::NoBlobs);
        }
    }
    let Plan { scenario, era, .. } = plan;
    let since = scenario.since();
    if era < since {
        return Err(PlanError::TooEarly { scenario, since, era });
    }
    let mut draft = Draft::new(&plan);
    let town = Town::build(&mut draft);
    rollup::open(&mut draft, &town);
    let (shares, jobs): (Vec<u64>, Vec<Job>) = scenario.jobs(era).into_iter().unzip();
    draft.fill(|draft| {
        let job = jobs[draft.rng.weighted(&shares)];
        job(draft, &town);
    });
    Ok(unsealed::finish(draft))
}

#[cfg(test)]
mod tests;
