//! Which tiny contracts are written by hand, for what no compiled contract of ours does in every era?
//!
//! In: nothing. Out: runtime codes of a few bytes each, with their assembly beside them.
//! Invariant: except where noted, only instructions of Byzantium are used.

use alloy_primitives::{Address, Bytes, hex};

use super::draft::Draft;

/// Where the hand-written contracts stand.
#[derive(Clone, Copy, Debug)]
pub(super) struct Programs {
    /// Adds one to slot 0.
    pub(super) counter: Address,
    /// Stores the hash of the block as many before this one as the argument says.
    pub(super) historian: Address,
    /// Calls the precompile named by the first word with the rest, and stores what it answers.
    pub(super) precompile_caller: Address,
    /// Stores the beneficiary's balance.
    pub(super) observer: Address,
    /// Passes the ether it gets to the beneficiary.
    pub(super) tipper: Address,
    /// Stores the balance of the account named by the argument.
    pub(super) prober: Address,
    /// Deploys the rest of its input by CREATE2 with the first word as salt (from Constantinople on).
    pub(super) deployer: Address,
    /// Writes a word, then fails.
    pub(super) reverter: Address,
    /// Writes a word, then runs until its gas is gone.
    pub(super) spinner: Address,
}

impl Programs {
    pub(super) fn install(draft: &mut Draft) -> Self {
        let mut install = |code: &'static [u8]| draft.install(Bytes::from_static(code));
        Self {
            counter: install(COUNTER),
            historian: install(HISTORIAN),
            precompile_caller: install(PRECOMPILE_CALLER),
            observer: install(OBSERVER),
            tipper: install(TIPPER),
            prober: install(PROBER),
            deployer: install(DEPLOYER),
            reverter: install(REVERTER),
            spinner: install(SPINNER),
        }
    }
}

/// `sstore(0, sload(0) + 1)`
pub(super) const COUNTER: &[u8] = &hex!("6000 54 6001 01 6000 55 00");

/// `n = calldata[0]; sstore(n, blockhash(number - n))`
const HISTORIAN: &[u8] = &hex!("6000 35 43 03 40 6000 35 55 00");

/// `len = calldatasize - 32; calldatacopy(0, 32, len)`
/// `staticcall(gas, calldata[0], 0, len, 0, 32); sstore(calldata[0], mload(0))`
const PRECOMPILE_CALLER: &[u8] = &hex!(
    "6020 36 03 80 6020 6000 37"
    "6000 6020 91 6000 6000 35 5a fa 50"
    "6000 51 6000 35 55 00"
);

/// `sstore(0, balance(coinbase))`
const OBSERVER: &[u8] = &hex!("41 31 6000 55 00");

/// `call(gas, coinbase, callvalue, 0, 0, 0, 0)`
const TIPPER: &[u8] = &hex!("6000 6000 6000 6000 34 41 5a f1 50 00");

/// `sstore(calldata[0], balance(calldata[0]))`
const PROBER: &[u8] = &hex!("6000 35 31 6000 35 55 00");

/// `len = calldatasize - 32; calldatacopy(0, 32, len)`
/// `mstore(0, create2(callvalue, 0, len, calldata[0])); return(0, 32)`
const DEPLOYER: &[u8] =
    &hex!("6020 36 03 80 6020 6000 37 6000 35 90 6000 34 f5 6000 52 6020 6000 f3");

/// `sstore(0, 1); revert(0, 0)`
const REVERTER: &[u8] = &hex!("6001 6000 55 6000 6000 fd");

/// `sstore(0, 1); loop {}`
const SPINNER: &[u8] = &hex!("6001 6000 55 5b 6005 56");

/// Runtime code that destroys itself in favour of `calldata[0]`, after writing `calldata[0]` to
/// slot 0; called without arguments it only adds one to slot 1.
///
/// `if calldatasize == 0 { sstore(1, sload(1) + 1); stop }`
/// `sstore(0, calldata[0]); selfdestruct(calldata[0])`
pub(super) const MORTAL: &[u8] =
    &hex!("36 600e 57 6001 54 6001 01 6001 55 00 5b 6000 35 6000 55 6000 35 ff");

/// Creation code that deploys `runtime`, which must be shorter than 256 bytes.
///
/// `codecopy(0, 12, len); return(0, len)`
pub(super) fn creation_of(runtime: &[u8]) -> Vec<u8> {
    let len = u8::try_from(runtime.len()).expect("hand-written code is short");
    let mut code = hex!("60 00 80 600b 6000 39 6000 f3").to_vec();
    code[1] = len;
    code.extend_from_slice(runtime);
    code
}
