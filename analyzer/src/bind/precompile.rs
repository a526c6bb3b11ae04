//! What does a precompiled contract give?
//!
//! In: its address and input. Out: its output, from revm's own implementations.
//! Invariant: hashes are computed and a limited number of signers is recovered; what proves something
//! (pairings, signatures that are checked) is taken to hold; the rest is unknown and taken to succeed.
//! Everything taken for granted is a gap.

use alloy_primitives::{Address, Bytes, U256, address};
use revm_precompile::{PrecompileSpecId, Precompiles};
use slotcast_model::{Fork, Gap};

use super::{
    StateView,
    buffer::{Buffer, Unknown},
    eval::{Ended, Machine},
};

/// Gas that hashes of some kilobytes cost.
const HASH_GAS: u64 = 2_000;
/// What recovering a signer costs (yellow paper appendix E).
const RECOVERY_GAS: u64 = 3_000;

const RECOVERY: Address = address!("0000000000000000000000000000000000000001");
const IDENTITY: Address = address!("0000000000000000000000000000000000000004");
const MODEXP: Address = address!("0000000000000000000000000000000000000005");
/// Bytes of a number with which a power costs more gas than a block has (EIP-198, 2565, 7883).
const MODEXP_LEN: usize = 1 << 16;
/// Pairings (EIP-197), which give one when they hold.
const PAIRING: Address = address!("0000000000000000000000000000000000000008");
/// Bytes of one pair of points of a pairing.
const PAIR_LEN: usize = 192;
/// Bytes of a digest, a signature and a key on the curve P-256.
const P256_LEN: usize = 160;
/// Signatures on the curve P-256 (EIP-7951), which give one when they hold.
const P256_VERIFY: Address = address!("0000000000000000000000000000000000000100");

/// Whether there is a precompiled contract at `address`.
pub(super) fn is_precompile(address: Address, fork: Fork) -> bool {
    // All have small addresses, so that most are told apart without a look-up.
    address[..18].iter().all(|&byte| byte == 0) && precompiles(fork).contains(&address)
}

impl<S: StateView> Machine<'_, S> {
    /// Runs the precompiled contract at `address`, or says what it is taken to give.
    pub(super) fn precompile(&mut self, address: Address, input: &Buffer, gas: u64) -> Ended {
        if address == PAIRING && !input.len().is_multiple_of(PAIR_LEN) {
            return Ended::halted();
        }
        if address == P256_VERIFY && input.len() != P256_LEN {
            return Ended::returned(Buffer::default(), gas);
        }
        if address == RECOVERY && gas < RECOVERY_GAS {
            return Ended::halted();
        }
        if address == RECOVERY && !input.word(32).is_none_or(is_recovery_id) {
            return Ended::returned(Buffer::default(), gas - RECOVERY_GAS);
        }
        if address == MODEXP && !is_payable_power(input) {
            return Ended::halted();
        }
        if address == PAIRING || address == P256_VERIFY {
            self.gap(Gap::Precompile);
            return Ended::returned(self.output(&U256::ONE.to_be_bytes::<32>()), gas);
        }
        let gas_limit = match address {
            _ if RECOVERY < address && address <= IDENTITY => HASH_GAS,
            RECOVERY if self.doubts.next_is_recovered() => RECOVERY_GAS,
            _ => 0,
        };
        let run = input.slice(0, input.len()).filter(|_| gas_limit != 0);
        match run.and_then(|bytes| run_here(address, self.fork, bytes, gas, gas_limit)) {
            Some(Some((bytes, gas_used))) => Ended::returned(self.output(&bytes), gas - gas_used),
            Some(None) => Ended::halted(),
            None => {
                self.gap(Gap::Precompile);
                let (cost, why) = match address {
                    RECOVERY => (RECOVERY_GAS, Unknown::Signer),
                    _ => (0, Unknown::Lost),
                };
                let mut output = self.work.spare.buffer();
                output.forget(0, output_len(address), why);
                Ended::returned(output, gas - cost)
            }
        }
    }

    /// Known bytes as what a call returns.
    fn output(&mut self, bytes: &[u8]) -> Buffer {
        let mut output = self.work.spare.buffer();
        output.fill(bytes);
        output
    }
}

/// Whether a word says which of the two points a signature stands for; else there is no signer.
fn is_recovery_id(word: U256) -> bool {
    word == U256::from(27) || word == U256::from(28)
}

/// Whether the lengths that the input of a modular power begins with can be paid for.
fn is_payable_power(input: &Buffer) -> bool {
    let lengths = [0, 32, 64].map(|at| input.word(at));
    lengths.into_iter().flatten().all(|length| length <= U256::from(MODEXP_LEN))
}

/// Runs a precompiled contract, which gives its output and the gas it takes, or fails; none when it
/// costs more than the limit.
fn run_here(
    address: Address,
    fork: Fork,
    input: &[u8],
    gas: u64,
    gas_limit: u64,
) -> Option<Option<(Bytes, u64)>> {
    match precompiles(fork).get(&address)?.execute(input, gas_limit, 0) {
        Ok(run) if run.is_success() && run.gas_used <= gas => Some(Some((run.bytes, run.gas_used))),
        Ok(run) if run.is_success() || run.is_revert() => Some(None),
        _ => None,
    }
}

/// How many bytes a precompiled contract that was not run gives: points of the older curve have two
/// words, and most others' outputs one.
fn output_len(address: Address) -> usize {
    const ADD: Address = address!("0000000000000000000000000000000000000006");
    const MUL: Address = address!("0000000000000000000000000000000000000007");
    if address == ADD || address == MUL { 64 } else { 32 }
}

fn precompiles(fork: Fork) -> &'static Precompiles {
    Precompiles::new(match fork {
        Fork::Frontier | Fork::Homestead | Fork::Tangerine | Fork::SpuriousDragon => {
            PrecompileSpecId::HOMESTEAD
        }
        Fork::Byzantium | Fork::Petersburg => PrecompileSpecId::BYZANTIUM,
        Fork::Istanbul => PrecompileSpecId::ISTANBUL,
        Fork::Berlin | Fork::London | Fork::Paris | Fork::Shanghai => PrecompileSpecId::BERLIN,
        Fork::Cancun => PrecompileSpecId::CANCUN,
        Fork::Prague => PrecompileSpecId::PRAGUE,
        _ => PrecompileSpecId::OSAKA,
    })
}
