//! When does a synthetic block take place?
//!
//! In: a period of mainnet. Out: a block number and time in it, and what its blocks carry.
//! Invariant: eras are ordered as they came, so that `Era::London <= era` asks whether something
//! introduced with London is there.

/// A period of Ethereum mainnet, named for the fork that began it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Era {
    /// From October 2017: REVERT, STATICCALL, receipts with a status.
    Byzantium,
    /// From December 2019: shifts, CREATE2, CHAINID, new storage prices.
    Istanbul,
    /// From April 2021: access lists, warm and cold access.
    Berlin,
    /// From August 2021: base fee, smaller refunds.
    London,
    /// From September 2022: no mining.
    Paris,
    /// From April 2023: withdrawals, PUSH0.
    Shanghai,
    /// From March 2024: blobs, transient storage, SELFDESTRUCT only in the creating transaction.
    Cancun,
    /// From May 2025: delegated accounts, requests.
    Prague,
    /// From December 2025: a gas limit per transaction.
    Osaka,
    /// Not on mainnet yet: block access lists, gas for new state, logs of transfers.
    Amsterdam,
}

impl Era {
    /// All eras, oldest first.
    pub const ALL: [Self; 10] = [
        Self::Byzantium,
        Self::Istanbul,
        Self::Berlin,
        Self::London,
        Self::Paris,
        Self::Shanghai,
        Self::Cancun,
        Self::Prague,
        Self::Osaka,
        Self::Amsterdam,
    ];

    /// The era's name, in lower case.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Byzantium => "byzantium",
            Self::Istanbul => "istanbul",
            Self::Berlin => "berlin",
            Self::London => "london",
            Self::Paris => "paris",
            Self::Shanghai => "shanghai",
            Self::Cancun => "cancun",
            Self::Prague => "prague",
            Self::Osaka => "osaka",
            Self::Amsterdam => "amsterdam",
        }
    }

    /// A block number and a time within the era on mainnet; of an era that has not begun there, later
    /// ones than any other's.
    pub const fn number_and_time(self) -> (u64, u64) {
        match self {
            Self::Byzantium => (5_000_000, 1_517_319_693),
            Self::Istanbul => (10_000_000, 1_588_598_533),
            Self::Berlin => (12_500_000, 1_621_715_000),
            Self::London => (14_000_000, 1_642_114_800),
            Self::Paris => (16_000_000, 1_668_811_907),
            Self::Shanghai => (18_000_000, 1_693_066_895),
            Self::Cancun => (20_000_000, 1_717_281_407),
            Self::Prague => (23_000_000, 1_753_488_023),
            Self::Osaka => (24_500_000, 1_771_600_007),
            Self::Amsterdam => (30_000_000, 1_838_000_015),
        }
    }

    /// The usual gas limit of the era's blocks.
    pub(super) const fn block_gas_limit(self) -> u64 {
        match self {
            Self::Byzantium => 8_000_000,
            Self::Istanbul => 10_000_000,
            Self::Berlin => 15_000_000,
            Self::London | Self::Paris | Self::Shanghai | Self::Cancun => 30_000_000,
            Self::Prague => 45_000_000,
            Self::Osaka => 60_000_000,
            // The list may have one item for each 2,000 gas (EIP-7928).
            Self::Amsterdam => 200_000_000,
        }
    }

    /// How many times the gas that was enough before is asked for: since Amsterdam a new word of state
    /// costs 97,920 gas and a new account 183,600 (EIP-8037).
    pub(super) const fn gas_factor(self) -> u64 {
        match self {
            Self::Amsterdam => 12,
            _ => 1,
        }
    }

    /// The most blobs a synthetic block carries; no more than the era's protocol allows.
    pub(super) const fn max_blobs(self) -> usize {
        match self {
            Self::Cancun => 6,
            Self::Prague | Self::Osaka | Self::Amsterdam => 9,
            _ => 0,
        }
    }
}
