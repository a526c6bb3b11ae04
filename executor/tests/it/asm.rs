//! How are small EVM programs written?
//!
//! In: opcodes and words. Out: bytes.

use alloy_primitives::{Address, U256};

pub(crate) mod op {
    //! The opcodes used here, by their names.
    pub(crate) const STOP: u8 = 0x00;
    pub(crate) const ADD: u8 = 0x01;
    pub(crate) const MUL: u8 = 0x02;
    pub(crate) const EQ: u8 = 0x14;
    pub(crate) const ISZERO: u8 = 0x15;
    pub(crate) const BALANCE: u8 = 0x31;
    pub(crate) const CALLER: u8 = 0x33;
    pub(crate) const CALLVALUE: u8 = 0x34;
    pub(crate) const CALLDATASIZE: u8 = 0x36;
    pub(crate) const EXTCODESIZE: u8 = 0x3b;
    pub(crate) const EXTCODEHASH: u8 = 0x3f;
    pub(crate) const BLOCKHASH: u8 = 0x40;
    pub(crate) const COINBASE: u8 = 0x41;
    pub(crate) const NUMBER: u8 = 0x43;
    pub(crate) const SELFBALANCE: u8 = 0x47;
    pub(crate) const POP: u8 = 0x50;
    pub(crate) const MSTORE: u8 = 0x52;
    pub(crate) const SLOAD: u8 = 0x54;
    pub(crate) const SSTORE: u8 = 0x55;
    pub(crate) const JUMPI: u8 = 0x57;
    pub(crate) const GAS: u8 = 0x5a;
    pub(crate) const JUMPDEST: u8 = 0x5b;
    pub(crate) const TLOAD: u8 = 0x5c;
    pub(crate) const TSTORE: u8 = 0x5d;
    pub(crate) const DUP1: u8 = 0x80;
    pub(crate) const LOG0: u8 = 0xa0;
    pub(crate) const CREATE: u8 = 0xf0;
    pub(crate) const CALL: u8 = 0xf1;
    pub(crate) const CALLCODE: u8 = 0xf2;
    pub(crate) const RETURN: u8 = 0xf3;
    pub(crate) const DELEGATECALL: u8 = 0xf4;
    pub(crate) const CREATE2: u8 = 0xf5;
    pub(crate) const STATICCALL: u8 = 0xfa;
    pub(crate) const REVERT: u8 = 0xfd;
    pub(crate) const INVALID: u8 = 0xfe;
    pub(crate) const SELFDESTRUCT: u8 = 0xff;
}

/// A program being written.
#[derive(Clone, Default)]
pub(crate) struct Asm(pub(crate) Vec<u8>);

impl Asm {
    pub(crate) fn op(mut self, opcodes: &[u8]) -> Self {
        self.0.extend_from_slice(opcodes);
        self
    }

    /// Pushes a number with the shortest instruction every fork has.
    pub(crate) fn push(mut self, number: u64) -> Self {
        let bytes = U256::from(number).to_be_bytes_trimmed_vec();
        let bytes = if bytes.is_empty() { vec![0] } else { bytes };
        self.0.push(0x5f + bytes.len() as u8);
        self.0.extend(bytes);
        self
    }

    pub(crate) fn push_address(mut self, address: Address) -> Self {
        self.0.push(0x73);
        self.0.extend_from_slice(address.as_slice());
        self
    }

    /// Runs `then` if `condition` leaves something else than zero.
    pub(crate) fn when(mut self, condition: Self, then: Self) -> Self {
        self.0.extend(condition.0);
        let target = (self.0.len() + 5 + then.0.len()) as u16;
        self = self.op(&[op::ISZERO, 0x61]).op(&target.to_be_bytes()).op(&[op::JUMPI]);
        self.0.extend(then.0);
        self.op(&[op::JUMPDEST])
    }

    /// Stores the word on the stack in slot `key`.
    pub(crate) fn store(self, key: u64) -> Self {
        self.push(key).op(&[op::SSTORE])
    }

    /// Adds one to slot `key`.
    pub(crate) fn increment(self, key: u64) -> Self {
        self.push(key).op(&[op::SLOAD]).push(1).op(&[op::ADD]).store(key)
    }

    /// A call of kind CALL or CALLCODE with `wei`, leaving its success on the stack.
    pub(crate) fn call(self, kind: u8, to: Address, wei: u64, gas: u64) -> Self {
        self.push(0).push(0).push(0).push(0).push(wei).push_address(to).push(gas).op(&[kind])
    }

    /// A call of kind DELEGATECALL or STATICCALL, leaving its success on the stack.
    pub(crate) fn call_without_value(self, kind: u8, to: Address, gas: u64) -> Self {
        self.push(0).push(0).push(0).push(0).push_address(to).push(gas).op(&[kind])
    }

    /// Puts the initialisation code of at most 32 bytes into memory and creates from it, leaving the
    /// address on the stack.
    pub(crate) fn create(self, init: &[u8], wei: u64, salt: Option<u64>) -> Self {
        let mut word = [0; 32];
        word[..init.len()].copy_from_slice(init);
        let mut asm = self;
        asm.0.push(0x7f);
        asm.0.extend(word);
        let asm = asm.push(0).op(&[op::MSTORE]);
        match salt {
            Some(salt) => {
                asm.push(salt).push(init.len() as u64).push(0).push(wei).op(&[op::CREATE2])
            }
            None => asm.push(init.len() as u64).push(0).push(wei).op(&[op::CREATE]),
        }
    }
}

/// Initialisation code, of at most 32 bytes, that deploys a runtime of at most 23.
pub(crate) fn init_code(runtime: &[u8]) -> Vec<u8> {
    let mut asm = Asm::default();
    asm.0.push(0x5f + runtime.len() as u8);
    asm.0.extend_from_slice(runtime);
    let start = 32 - runtime.len() as u64;
    asm.push(0).op(&[op::MSTORE]).push(runtime.len() as u64).push(start).op(&[op::RETURN]).0
}
