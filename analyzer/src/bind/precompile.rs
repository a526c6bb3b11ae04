//! What does a precompiled contract give?
//!
//! In: its address and the fork. Out: its output, from revm's own implementations.
//! Invariant: no run costs more than [`GAS_LIMIT`] of gas pays for; what would is left unknown and
//! taken to succeed.

use alloy_primitives::Address;
use revm_precompile::{PrecompileSpecId, Precompiles};
use slotcast_model::Fork;

use super::{buffer::Buffer, eval::Ended};

/// Enough for signatures, hashes and curve additions, not for pairings or large powers.
const GAS_LIMIT: u64 = 10_000;
/// What the pairings and verifications that are not run give: one word.
const VERIFIED_LEN: usize = 32;

/// Whether there is a precompiled contract at `address`.
pub(super) fn is_precompile(address: Address, fork: Fork) -> bool {
    // All have small addresses, so that most are told apart without a look-up.
    address[..18].iter().all(|&byte| byte == 0) && precompiles(fork).contains(&address)
}

/// Runs the precompiled contract at `address`.
pub(super) fn run_precompile(address: Address, fork: Fork, input: &Buffer, gas: u64) -> Ended {
    let unknown = Ended::returned(Buffer::unknown(VERIFIED_LEN), gas);
    let Some(bytes) = input.slice(0, input.len()) else { return unknown };
    let Some(precompile) = precompiles(fork).get(&address) else { return unknown };
    match precompile.execute(bytes, GAS_LIMIT, 0) {
        Ok(run) if run.is_success() && run.gas_used <= gas => {
            Ended::returned(Buffer::known(run.bytes.to_vec()), gas - run.gas_used)
        }
        Ok(run) if run.is_success() || run.is_revert() => Ended::halted(),
        _ => unknown,
    }
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
