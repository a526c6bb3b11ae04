//! How much input do precompiled contracts take under each fork?
//!
//! In: nothing. Out: for every fork a block whose deposits call a contract that calls each precompiled
//! contract with zeros, as many as some fork allows, one more, one unit more, and few; it stores
//! whether the call succeeded and how much came back.
//! Invariant: gas is never short, so that only limits and prices decide.
//!
//! Left out, because the protocol has it and op-revm 20 has not: since Karst a pairing takes 300 pairs,
//! fewer than on Jovian; and a deposit may use more gas than a signed transaction (EIP-7825).

use alloy_consensus::Header;
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, address};
use slotcast::executor::{AccountRecord, Block, CodeRecord, MemoryState, OpFork, TxDeposit};

use crate::synthetic::{CHAIN, recovered, rules};

const CALLER: Address = address!("0x00000000000000000000000000000000000ca11e");
const SENDER: Address = address!("0x00000000000000000000000000000000005e4de4");
/// Gas of a call, and since Karst.
const GAS: u64 = 200_000_000;
const KARST_GAS: u64 = 1 << 24;

/// Lengths that a fork limits: number of the contract, the most bytes, bytes of a unit.
const LIMITS: [(u16, u64, u64); 8] = [
    (0x08, 112_687, 192),
    (0x08, 81_984, 192),
    (0x0c, 513_760, 160),
    (0x0c, 288_960, 160),
    (0x0e, 488_448, 288),
    (0x0e, 278_784, 288),
    (0x0f, 235_008, 384),
    (0x0f, 156_672, 384),
];
const BN_PAIRING: u16 = 0x08;
const KARST_PAIRS: u64 = 300 * 192;
/// Lengths that every contract is called with.
const FEW: [u64; 9] = [0, 64, 128, 160, 192, 256, 288, 384, 512];
/// Every number below is called; the last is that of signatures over P-256.
const MOST: u16 = 0x13;
const P256: u16 = 0x100;

/// All blocks, each with its name and the state before it.
pub(crate) fn blocks() -> Vec<(String, Block, MemoryState)> {
    OpFork::ALL.into_iter().map(block).collect()
}

fn block(fork: OpFork) -> (String, Block, MemoryState) {
    let is_known = |&(number, length): &(u16, u64)| {
        fork < OpFork::Karst || number != BN_PAIRING || length <= KARST_PAIRS
    };
    let gas = if fork < OpFork::Karst { GAS } else { KARST_GAS };
    let transactions: Vec<_> =
        calls().into_iter().filter(is_known).map(|call| recovered(deposit(call, gas))).collect();
    let header = Header {
        number: 100,
        timestamp: 1_000_000,
        gas_limit: GAS * (transactions.len() as u64 + 1),
        base_fee_per_gas: Some(7),
        blob_gas_used: Some(0),
        excess_blob_gas: Some(0),
        parent_beacon_block_root: Some(B256::ZERO),
        withdrawals_root: Some(B256::ZERO),
        // Holocene's and Jovian's fields.
        extra_data: Bytes::from_static(&[0; 17]),
        ..Header::default()
    };
    let block = Block {
        chain_id: CHAIN,
        forks: rules(fork, 0),
        hash: header.hash_slow(),
        header,
        transactions,
        withdrawals: Some(Vec::new()),
        ommers: Vec::new(),
    };
    let caller = AccountRecord {
        address: CALLER,
        balance: U256::ZERO,
        nonce: 1,
        code: CodeRecord::Known(code()),
        storage: Vec::new(),
    };
    let state = MemoryState::new(block.header.number, [caller], []);
    (format!("{} limits", fork.name()), block, state)
}

/// Number of a contract and length of its input.
fn calls() -> Vec<(u16, u64)> {
    let few = (0..MOST).chain([P256]).flat_map(|it| FEW.map(|length| (it, length)));
    let limited = LIMITS.iter().flat_map(|&(number, most, unit)| {
        let whole = most / unit * unit;
        [whole, most, most + 1, whole + unit, whole + 2 * unit].map(|length| (number, length))
    });
    few.chain(limited).collect()
}

fn deposit((number, length): (u16, u64), gas_limit: u64) -> TxDeposit {
    let words = [U256::from(number), U256::from(length)];
    let input = words.iter().flat_map(|word| word.to_be_bytes::<32>()).collect::<Vec<_>>();
    TxDeposit {
        source_hash: B256::ZERO,
        from: SENDER,
        to: TxKind::Call(CALLER),
        mint: 0,
        value: U256::ZERO,
        gas_limit,
        is_system_transaction: false,
        input: input.into(),
    }
}

/// Calls the first word with as many zeros as the second says; stores under a key that both give
/// three plus what came back of it, and whether it succeeded under the next.
fn code() -> Bytes {
    let code: [&[u8]; 6] = [
        // Without PUSH0, which came with Canyon: STATICCALL(GAS, calldata[0], 0, calldata[32], 0, 0)
        &[0x60, 0, 0x60, 0, 0x60, 0x20, 0x35, 0x60, 0, 0x60, 0, 0x35, 0x5a, 0xfa],
        // key: calldata[0] << 32 | calldata[32] << 1 | 1
        &[0x60, 0, 0x35, 0x64, 1, 0, 0, 0, 0, 0x02],
        &[0x60, 0x20, 0x35, 0x60, 2, 0x02, 0x01, 0x60, 1, 0x01, 0x55],
        // RETURNDATASIZE + 3 under calldata[0] << 32 | calldata[32] << 1
        &[0x60, 3, 0x3d, 0x01],
        &[0x60, 0, 0x35, 0x64, 1, 0, 0, 0, 0, 0x02],
        &[0x60, 0x20, 0x35, 0x60, 2, 0x02, 0x01, 0x55],
    ];
    code.concat().into()
}

#[cfg(test)]
mod tests;
