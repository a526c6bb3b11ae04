//! Which code does a block put in place without a transaction?
//!
//! In: the first block of Canyon. Out: the account that gets code, and the code.
//! Invariant: the rest of the account stays as it is; no other block does this.
//!
//! The contract creates others at addresses that follow from their code. On Ethereum anyone could put
//! it there; on rollups that began with other rules that was not possible any more, so Canyon did.

use alloy_primitives::{Address, Bytes, address, hex};

use crate::chain::optimism::{OpChain, OpFork};

const DEPLOYER: Address = address!("0x13b0d85ccb8bf860b6b79af3029fca081ae9bef2");
const CODE: [u8; 1584] = match hex::const_decode_to_array(include_bytes!("create2_deployer.hex")) {
    Ok(code) => code,
    Err(_) => panic!("the file holds something else than 3,168 digits"),
};

/// The account that the block at `timestamp` gives code to, and the code.
pub(crate) fn installed_at(chain: &OpChain, timestamp: u64) -> Option<(Address, Bytes)> {
    (chain.since(OpFork::Canyon) == Some(timestamp)).then(|| (DEPLOYER, Bytes::from_static(&CODE)))
}
