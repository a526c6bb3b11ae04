//! What kind of thing does each opcode do, under each fork?
//!
//! In: an opcode byte and the fork. Out: [`Kind`], on top of revm's opcode table for stack arity.
//! Invariant: an opcode the fork does not know is [`Kind::Invalid`], as it executes.

use std::sync::OnceLock;

use alloy_primitives::U256;
use revm_bytecode::opcode::OpCode;
use revm_interpreter::instructions;
use revm_precompile::primitives::hardfork::SpecId;
use slotcast_model::Fork;

use super::Pc;
use crate::ir::{CallKind, CopyKind, Env, Op};

/// One decoded instruction.
#[derive(Clone, Copy, Debug)]
pub struct Instruction {
    /// Where it stands.
    pub pc: Pc,
    /// Its opcode byte.
    pub byte: u8,
    /// What it does.
    pub kind: Kind,
    /// Bytes of immediate data.
    pub width: u8,
    /// The immediate data as a word; zero without any.
    pub immediate: U256,
    /// Words taken from the stack.
    pub inputs: u8,
    /// Words left on the stack.
    pub outputs: u8,
    /// The gas it costs whatever its operands (yellow paper appendix G).
    pub static_gas: u16,
}

/// Effect classes of opcodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is the opcode, or family of opcodes, of that name")]
pub enum Kind {
    Stop,
    Pure(Op),
    Env(Env),
    Keccak,
    CallDataLoad,
    Copy(CopyKind),
    Balance,
    SelfBalance,
    ExtCodeSize,
    ExtCodeHash,
    ReturnDataSize,
    BlockHash,
    BlobHash,
    Pop,
    MLoad,
    MStore,
    MStore8,
    SLoad,
    SStore,
    TLoad,
    TStore,
    Jump,
    JumpI,
    JumpDest,
    Pc,
    MSize,
    Gas,
    Push,
    Dup(u8),
    Swap(u8),
    /// Swaps two words below the top, so many down (EIP-8024).
    Exchange(u8, u8),
    /// An instruction of EIP-8024, which its immediate data makes one of the three above, or invalid.
    Deep,
    Log(u8),
    Create {
        salted: bool,
    },
    Call(CallKind),
    Return,
    Revert,
    SelfDestruct,
    Invalid,
}

impl Kind {
    /// Whether no instruction follows in the same basic block.
    pub const fn ends_block(self) -> bool {
        matches!(
            self,
            Self::Stop
                | Self::Jump
                | Self::JumpI
                | Self::Return
                | Self::Revert
                | Self::SelfDestruct
                | Self::Invalid
        )
    }
}

impl Instruction {
    pub(super) const fn end_of_code(pc: Pc) -> Self {
        let (kind, immediate) = (Kind::Stop, U256::ZERO);
        Self { pc, byte: 0, kind, width: 0, immediate, inputs: 0, outputs: 0, static_gas: 0 }
    }

    /// The opcode's name in the yellow paper.
    pub const fn name(&self) -> &'static str {
        OpCode::name_by_op(self.byte)
    }
}

/// What is known of each opcode under one fork.
#[derive(Clone, Debug)]
pub(super) struct OpcodeTable {
    entries: Box<[Opcode]>,
}

/// What is known of one opcode; the fields are those of [`Instruction`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Opcode {
    pub(crate) kind: Kind,
    pub(crate) inputs: u8,
    pub(crate) outputs: u8,
    pub(crate) static_gas: u16,
}

impl OpcodeTable {
    /// The table of `fork`, made once for all codes.
    pub(super) fn of(fork: Fork) -> &'static Self {
        static TABLES: [OnceLock<OpcodeTable>; Fork::ALL.len()] =
            [const { OnceLock::new() }; Fork::ALL.len()];
        TABLES[fork as usize].get_or_init(|| Self::new(fork))
    }

    fn new(fork: Fork) -> Self {
        let gas = gas_table(fork);
        let entry = |byte: u8| {
            let kind = kind(byte, fork);
            let (inputs, outputs) = match kind {
                Kind::Invalid => (0, 0),
                _ => OpCode::new_or_unknown(byte).input_output(),
            };
            Opcode { kind, inputs, outputs, static_gas: gas[usize::from(byte)] }
        };
        Self { entries: (0..=u8::MAX).map(entry).collect() }
    }

    pub(super) fn get(&self, byte: u8) -> Opcode {
        self.entries[usize::from(byte)]
    }
}

impl Opcode {
    /// The instruction of EIP-8024 that `byte` is with this immediate data, and the width of that.
    pub(super) const fn deep(byte: u8, immediate: u8, static_gas: u16) -> (Self, u32) {
        let single = match immediate {
            91..=127 => None,
            _ => Some(immediate.wrapping_add(145)),
        };
        let pair = match immediate {
            82..=127 => None,
            _ => {
                let (high, low) = ((immediate ^ 143) >> 4, (immediate ^ 143) & 15);
                Some(if high < low { (high + 1, low + 1) } else { (low + 1, 29 - high) })
            }
        };
        let (kind, inputs, outputs) = match (byte, single, pair) {
            (0xe6, Some(n), _) => (Kind::Dup(n), n, n + 1),
            (0xe7, Some(n), _) => (Kind::Swap(n), n + 1, n + 1),
            (0xe8, _, Some((n, m))) => (Kind::Exchange(n, m), m + 1, m + 1),
            _ => (Kind::Invalid, 0, 0),
        };
        let width = !matches!(kind, Kind::Invalid) as u32;
        (Self { kind, inputs, outputs, static_gas }, width)
    }
}

/// What each opcode costs under `fork` whatever its operands.
const fn gas_table(fork: Fork) -> instructions::GasTable {
    instructions::gas_table_spec(match fork {
        Fork::Frontier => SpecId::FRONTIER,
        Fork::Homestead => SpecId::HOMESTEAD,
        Fork::Tangerine => SpecId::TANGERINE,
        Fork::SpuriousDragon => SpecId::SPURIOUS_DRAGON,
        Fork::Byzantium => SpecId::BYZANTIUM,
        Fork::Petersburg => SpecId::PETERSBURG,
        Fork::Istanbul => SpecId::ISTANBUL,
        Fork::Berlin => SpecId::BERLIN,
        Fork::London => SpecId::LONDON,
        Fork::Paris => SpecId::MERGE,
        Fork::Shanghai => SpecId::SHANGHAI,
        Fork::Cancun => SpecId::CANCUN,
        Fork::Prague => SpecId::PRAGUE,
        Fork::Osaka => SpecId::OSAKA,
        _ => SpecId::AMSTERDAM,
    })
}

/// The kind of `byte` under `fork`: one line an opcode, in the table's order.
fn kind(byte: u8, fork: Fork) -> Kind {
    let since = |first: Fork, kind: Kind| if first <= fork { kind } else { Kind::Invalid };
    match byte {
        0x00 => Kind::Stop,
        0x01 => Kind::Pure(Op::Add),
        0x02 => Kind::Pure(Op::Mul),
        0x03 => Kind::Pure(Op::Sub),
        0x04 => Kind::Pure(Op::Div),
        0x05 => Kind::Pure(Op::SDiv),
        0x06 => Kind::Pure(Op::Mod),
        0x07 => Kind::Pure(Op::SMod),
        0x08 => Kind::Pure(Op::AddMod),
        0x09 => Kind::Pure(Op::MulMod),
        0x0a => Kind::Pure(Op::Exp),
        0x0b => Kind::Pure(Op::SignExtend),
        0x10 => Kind::Pure(Op::Lt),
        0x11 => Kind::Pure(Op::Gt),
        0x12 => Kind::Pure(Op::SLt),
        0x13 => Kind::Pure(Op::SGt),
        0x14 => Kind::Pure(Op::Eq),
        0x15 => Kind::Pure(Op::IsZero),
        0x16 => Kind::Pure(Op::And),
        0x17 => Kind::Pure(Op::Or),
        0x18 => Kind::Pure(Op::Xor),
        0x19 => Kind::Pure(Op::Not),
        0x1a => Kind::Pure(Op::Byte),
        0x1b => since(Fork::Petersburg, Kind::Pure(Op::Shl)),
        0x1c => since(Fork::Petersburg, Kind::Pure(Op::Shr)),
        0x1d => since(Fork::Petersburg, Kind::Pure(Op::Sar)),
        0x1e => since(Fork::Osaka, Kind::Pure(Op::Clz)),
        0x20 => Kind::Keccak,
        0x30 => Kind::Env(Env::Address),
        0x31 => Kind::Balance,
        0x32 => Kind::Env(Env::Origin),
        0x33 => Kind::Env(Env::Caller),
        0x34 => Kind::Env(Env::CallValue),
        0x35 => Kind::CallDataLoad,
        0x36 => Kind::Env(Env::CallDataSize),
        0x37 => Kind::Copy(CopyKind::CallData),
        0x38 => Kind::Env(Env::CodeSize),
        0x39 => Kind::Copy(CopyKind::Code),
        0x3a => Kind::Env(Env::GasPrice),
        0x3b => Kind::ExtCodeSize,
        0x3c => Kind::Copy(CopyKind::ExtCode),
        0x3d => since(Fork::Byzantium, Kind::ReturnDataSize),
        0x3e => since(Fork::Byzantium, Kind::Copy(CopyKind::ReturnData)),
        0x3f => since(Fork::Petersburg, Kind::ExtCodeHash),
        0x40 => Kind::BlockHash,
        0x41 => Kind::Env(Env::Coinbase),
        0x42 => Kind::Env(Env::Timestamp),
        0x43 => Kind::Env(Env::Number),
        0x44 => Kind::Env(Env::Difficulty),
        0x45 => Kind::Env(Env::GasLimit),
        0x46 => since(Fork::Istanbul, Kind::Env(Env::ChainId)),
        0x47 => since(Fork::Istanbul, Kind::SelfBalance),
        0x48 => since(Fork::London, Kind::Env(Env::BaseFee)),
        0x49 => since(Fork::Cancun, Kind::BlobHash),
        0x4a => since(Fork::Cancun, Kind::Env(Env::BlobBaseFee)),
        0x4b => since(Fork::Amsterdam, Kind::Env(Env::SlotNumber)),
        0x50 => Kind::Pop,
        0x51 => Kind::MLoad,
        0x52 => Kind::MStore,
        0x53 => Kind::MStore8,
        0x54 => Kind::SLoad,
        0x55 => Kind::SStore,
        0x56 => Kind::Jump,
        0x57 => Kind::JumpI,
        0x58 => Kind::Pc,
        0x59 => Kind::MSize,
        0x5a => Kind::Gas,
        0x5b => Kind::JumpDest,
        0x5c => since(Fork::Cancun, Kind::TLoad),
        0x5d => since(Fork::Cancun, Kind::TStore),
        0x5e => since(Fork::Cancun, Kind::Copy(CopyKind::Memory)),
        0x5f => since(Fork::Shanghai, Kind::Push),
        0x60..=0x7f => Kind::Push,
        0x80..=0x8f => Kind::Dup(byte - 0x7f),
        0x90..=0x9f => Kind::Swap(byte - 0x8f),
        0xe6..=0xe8 => since(Fork::Amsterdam, Kind::Deep),
        0xa0..=0xa4 => Kind::Log(byte - 0xa0),
        0xf0 => Kind::Create { salted: false },
        0xf1 => Kind::Call(CallKind::Call),
        0xf2 => Kind::Call(CallKind::CallCode),
        0xf3 => Kind::Return,
        0xf4 => since(Fork::Homestead, Kind::Call(CallKind::DelegateCall)),
        0xf5 => since(Fork::Petersburg, Kind::Create { salted: true }),
        0xfa => since(Fork::Byzantium, Kind::Call(CallKind::StaticCall)),
        0xfd => since(Fork::Byzantium, Kind::Revert),
        0xff => Kind::SelfDestruct,
        _ => Kind::Invalid,
    }
}

#[cfg(test)]
mod tests;
