//! Which forks and which parameters does a chain of the OP Stack have?
//!
//! In: when its forks begin. Out: [`OpChain`], data; `rollup.rs` says what follows for a block.
//! Invariant: a fork that is not named begins with the next one that is.

use alloy_hardforks::{EthereumHardfork, ForkCondition};
use alloy_primitives::{Address, address};

/// The contract that holds the fee parameters.
pub(crate) const L1_BLOCK: Address = address!("0x4200000000000000000000000000000000000015");
/// Where withdrawals are recorded.
pub(crate) const MESSAGE_PASSER: Address = address!("0x4200000000000000000000000000000000000016");
/// Where fees for data and for the operator go.
pub(crate) const L1_FEE_VAULT: Address = address!("0x420000000000000000000000000000000000001a");
pub(crate) const OPERATOR_FEE_VAULT: Address =
    address!("0x420000000000000000000000000000000000001b");
/// Where base fees go.
pub(crate) const BASE_FEE_VAULT: Address = address!("0x4200000000000000000000000000000000000019");

/// A fork of the OP Stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OpFork {
    /// Rollup blocks as Ethereum has them, at the merge's rules.
    Bedrock,
    /// Deposits are charged for the gas they use.
    Regolith,
    /// Shanghai.
    Canyon,
    /// Cancun, and blobs on the layer below.
    Ecotone,
    /// Fees by the compressed size of a transaction.
    Fjord,
    /// A limit to pairings.
    Granite,
    /// Parameters of the base fee in the header.
    Holocene,
    /// Prague, and the operator's fee.
    Isthmus,
    /// A budget for data.
    Jovian,
    /// Osaka.
    Karst,
}

impl OpFork {
    /// All forks, by age.
    pub const ALL: [Self; 10] = [
        Self::Bedrock,
        Self::Regolith,
        Self::Canyon,
        Self::Ecotone,
        Self::Fjord,
        Self::Granite,
        Self::Holocene,
        Self::Isthmus,
        Self::Jovian,
        Self::Karst,
    ];

    /// The fork's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bedrock => "Bedrock",
            Self::Regolith => "Regolith",
            Self::Canyon => "Canyon",
            Self::Ecotone => "Ecotone",
            Self::Fjord => "Fjord",
            Self::Granite => "Granite",
            Self::Holocene => "Holocene",
            Self::Isthmus => "Isthmus",
            Self::Jovian => "Jovian",
            Self::Karst => "Karst",
        }
    }
}

/// The rules of one chain of the OP Stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpChain {
    /// When each fork begins; nothing for one without a date.
    since: [Option<u64>; OpFork::ALL.len()],
    elasticity: u64,
    denominator: u64,
    canyon_denominator: u64,
    base_fee_vault: Address,
    /// The least base fee before headers state one (Jovian).
    least_base_fee: u64,
}

impl OpChain {
    /// A chain whose forks begin at these times. One that is not listed begins with the next that is:
    /// chains that started late name only what came after.
    pub fn new(forks: impl IntoIterator<Item = (OpFork, u64)>) -> Self {
        let mut since = [None; OpFork::ALL.len()];
        for (fork, time) in forks {
            since[fork as usize] = Some(time);
        }
        let mut earliest = None;
        for time in since.iter_mut().rev() {
            earliest = time.or(earliest);
            *time = earliest;
        }
        since[OpFork::Bedrock as usize] = Some(0);
        let (elasticity, denominator, canyon_denominator) = (6, 50, 250);
        let base_fee_vault = BASE_FEE_VAULT;
        let least_base_fee = 0;
        Self { since, elasticity, denominator, canyon_denominator, base_fee_vault, least_base_fee }
    }

    /// Other parameters of the base fee, where headers do not state them: elasticity, denominator, and
    /// denominator from Canyon on.
    #[must_use]
    pub const fn with_base_fee_params(
        mut self,
        elasticity: u64,
        denominator: u64,
        canyon_denominator: u64,
    ) -> Self {
        self.elasticity = elasticity;
        self.denominator = denominator;
        self.canyon_denominator = canyon_denominator;
        self
    }

    /// Another account that base fees go to.
    #[must_use]
    pub const fn with_base_fee_vault(mut self, address: Address) -> Self {
        self.base_fee_vault = address;
        self
    }

    /// A least base fee until Jovian, when headers state it.
    #[must_use]
    pub const fn with_least_base_fee(mut self, wei: u64) -> Self {
        self.least_base_fee = wei;
        self
    }

    /// The least base fee of a block at a time.
    pub(crate) fn least_base_fee_at(&self, timestamp: u64) -> u64 {
        if self.fork_at(timestamp) < OpFork::Jovian { self.least_base_fee } else { 0 }
    }

    /// The fork that holds at a time.
    pub fn fork_at(&self, timestamp: u64) -> OpFork {
        let holds = |fork: &&OpFork| self.since(**fork).is_some_and(|since| since <= timestamp);
        OpFork::ALL.iter().rev().find(holds).copied().unwrap_or(OpFork::Bedrock)
    }

    /// When a fork begins, if it has a date.
    pub const fn since(&self, fork: OpFork) -> Option<u64> {
        self.since[fork as usize]
    }

    /// What the base fee is governed by where headers do not say, before Canyon and since.
    pub(crate) const fn base_fee_params(&self) -> (u64, [u64; 2]) {
        (self.elasticity, [self.denominator, self.canyon_denominator])
    }

    /// The accounts that signed transactions pay into beside the tip.
    pub const fn vaults(&self) -> [Address; 3] {
        [self.base_fee_vault, L1_FEE_VAULT, OPERATOR_FEE_VAULT]
    }

    /// The slots that hold the fee parameters, and the contract they are of.
    pub const FEE_PARAMETERS: (Address, [u64; 6]) = (L1_BLOCK, [1, 3, 5, 6, 7, 8]);

    /// The contract that records withdrawals.
    pub const MESSAGE_PASSER: Address = MESSAGE_PASSER;

    /// The account that base fees go to.
    pub(crate) const fn base_fee_vault(&self) -> Address {
        self.base_fee_vault
    }

    /// The forks of Ethereum that come with those of the chain.
    pub(super) fn ethereum_forks(&self) -> Vec<(EthereumHardfork, ForkCondition)> {
        let first = |fork: &EthereumHardfork| {
            *fork <= EthereumHardfork::Paris && *fork != EthereumHardfork::Dao
        };
        let from_start = EthereumHardfork::VARIANTS.iter().copied().filter(first);
        let with_forks = [
            (EthereumHardfork::Shanghai, OpFork::Canyon),
            (EthereumHardfork::Cancun, OpFork::Ecotone),
            (EthereumHardfork::Prague, OpFork::Isthmus),
            (EthereumHardfork::Osaka, OpFork::Karst),
        ];
        let timed = with_forks.into_iter().filter_map(|(ethereum, fork)| {
            Some((ethereum, ForkCondition::Timestamp(self.since(fork)?)))
        });
        from_start.map(|fork| (fork, ForkCondition::Block(0))).chain(timed).collect()
    }
}
