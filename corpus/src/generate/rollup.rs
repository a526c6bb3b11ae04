//! What is different about a synthetic block of a rollup?
//!
//! In: a chain of the OP Stack and a time. Out: [`Rollup`], which a plan takes; the fields of the
//! block's parent, and what its header says that Ethereum's does not.
//! Invariants: the base fee follows from the parent. The block that begins a fork holds what the fork
//! before it wrote, as in the protocol, and no upgrade transactions.

mod attributes;
mod deposits;
mod predeploys;

use alloy_consensus::Transaction as _;
use alloy_eips::Encodable2718;
use alloy_primitives::{Address, Bytes, address};
use slotcast::executor::{ChainTx, OpChain, OpFork, ParentFields, next_base_fee};

use super::{Era, PlanError, draft::Draft, rng::Rng, town::Town};
use attributes::Attributes;

/// Where tips go.
pub(super) const TIP_VAULT: Address = address!("0x4200000000000000000000000000000000000011");

/// The times of synthetic blocks: contracts subtract from them and add to them.
const TIMES: core::ops::Range<u64> = 1_000_000..1 << 40;

/// When a block takes place if its fork holds then.
const USUAL_TIME: u64 = Era::Osaka.number_and_time().1;

/// Seconds from one block to the next.
const BLOCK_TIME: u64 = 2;

/// The number of the block at time 0.
const FIRST_NUMBER: u64 = 1_000_000;

/// What governs the base fee where headers say so: denominator and elasticity.
const BASE_FEE_PARAMS: [u32; 2] = [250, 6];

/// How many times the most that a transaction takes of the room for data fits into a block.
const LEAST_DATA: u64 = 100;

/// A chain of the OP Stack, and when the block takes place on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rollup {
    /// The chain.
    pub chain: OpChain,
    /// The block's time, which decides its fork.
    pub timestamp: u64,
}

impl Rollup {
    /// A time in the midst of those at which `fork` holds on the chain; nothing where it never does.
    ///
    /// ```
    /// use slotcast::executor::{OpChain, OpFork};
    /// use slotcast_corpus::Rollup;
    ///
    /// let chain = OpChain::new([(OpFork::Canyon, 0), (OpFork::Fjord, 1_800_000_000)]);
    /// let fjord = Rollup::of_fork(chain.clone(), OpFork::Fjord);
    /// assert_eq!(fjord.map(|rollup| rollup.fork()), Some(OpFork::Fjord));
    /// assert_eq!(Rollup::of_fork(chain, OpFork::Ecotone), None);
    /// ```
    pub fn of_fork(chain: OpChain, fork: OpFork) -> Option<Self> {
        let begins = chain.since(fork)?.max(TIMES.start);
        let later = OpFork::ALL.iter().filter(|later| fork < **later);
        let next = later.filter_map(|later| chain.since(*later)).min();
        let last = next.unwrap_or(TIMES.end).min(TIMES.end).checked_sub(1)?;
        let middle = begins + last.checked_sub(begins)?.div_ceil(2);
        let is_usual = (begins.saturating_add(BLOCK_TIME)..=last).contains(&USUAL_TIME);
        Some(Self { chain, timestamp: if is_usual { USUAL_TIME } else { middle } })
    }

    /// The fork that holds.
    pub fn fork(&self) -> OpFork {
        self.chain.fork_at(self.timestamp)
    }

    /// The fork that held for the parent, which decides what the first transaction says.
    fn fork_before(&self) -> OpFork {
        self.chain.fork_at(self.timestamp.saturating_sub(BLOCK_TIME))
    }

    /// The era of Ethereum whose instructions hold.
    pub fn era(&self) -> Era {
        match self.fork() {
            OpFork::Bedrock | OpFork::Regolith => Era::Paris,
            OpFork::Canyon => Era::Shanghai,
            OpFork::Ecotone | OpFork::Fjord | OpFork::Granite | OpFork::Holocene => Era::Cancun,
            OpFork::Isthmus | OpFork::Jovian => Era::Prague,
            OpFork::Karst => Era::Osaka,
        }
    }

    pub(super) const fn number_and_time(&self) -> (u64, u64) {
        (FIRST_NUMBER + self.timestamp / BLOCK_TIME, self.timestamp)
    }

    /// What a plan must not ask for.
    pub(super) fn check(&self) -> Result<(), PlanError> {
        match TIMES.contains(&self.timestamp) {
            true => Ok(()),
            false => Err(PlanError::NoTime { timestamp: self.timestamp }),
        }
    }

    /// A parent, and the base fee that follows from it.
    pub(super) fn after(&self, rng: &mut Rng) -> (ParentFields, u64) {
        let fork = self.fork_before();
        let gas_limit = self.era().block_gas_limit();
        let parent = ParentFields {
            timestamp: self.timestamp - BLOCK_TIME,
            gas_limit,
            gas_used: rng.range(gas_limit / 20, gas_limit),
            base_fee: rng.range(1_000_000, 100_000_000),
            blob_gas_used: (OpFork::Ecotone <= fork).then(|| match fork < OpFork::Jovian {
                true => 0,
                false => rng.range(0, gas_limit),
            }),
            extra_data: extra_data(fork, rng),
        };
        let base_fee = next_base_fee(&self.chain, &parent, self.timestamp);
        (parent, base_fee.expect("a parent of ours states what its fork demands"))
    }
}

/// What a header of `fork` states of the base fee: a version, what governs it, and since Jovian the
/// least one.
pub(super) fn extra_data(fork: OpFork, rng: &mut Rng) -> Bytes {
    if fork < OpFork::Holocene {
        return Bytes::new();
    }
    let is_newer = OpFork::Jovian <= fork;
    let mut data = vec![u8::from(is_newer)];
    data.extend(BASE_FEE_PARAMS.iter().flat_map(|number| number.to_be_bytes()));
    if is_newer {
        data.extend(rng.range(0, 2_000_000).to_be_bytes());
    }
    data.into()
}

/// Places what the chain itself has, and appends the deposits that open the block.
pub(super) fn open(draft: &mut Draft, town: &Town) {
    let Some(rollup) = draft.plan.rollup.clone() else { return };
    let before = Attributes::new(&mut draft.rng);
    let now = before.next(&mut draft.rng);
    predeploys::install(draft, &rollup, &before);
    draft.data_scalar = (OpFork::Jovian <= rollup.fork_before()).then_some(now.footprint_scalar);
    draft.deposit(now.deposit(&rollup));
    deposits::append(draft, town, now.l1_hash);
}

/// How much room for data transactions take at most, one `scalar` for each byte: FastLZ makes data
/// longer by one byte in 32 at worst, of which five sixths count.
pub(super) fn room_for_data(draft: &Draft) -> u64 {
    let Some(scalar) = draft.data_scalar else { return 0 };
    let signed = draft.transactions.iter().filter(|tx| matches!(***tx, ChainTx::Signed(_)));
    let bytes = signed.map(|tx| LEAST_DATA.max(tx.encode_2718_len() as u64));
    bytes.sum::<u64>() * u64::from(scalar)
}

/// The gas that the draft's transactions may use, each of which must fit.
pub(super) fn gas_wanted(draft: &Draft) -> u64 {
    draft.transactions.iter().map(|tx| tx.gas_limit()).sum()
}

#[cfg(test)]
mod tests;
