//! Does binding compute what the EVM computes?
//!
//! In: a source of numbers. Out: [`check`], which generates a program of arithmetic, memory, storage
//! and forward branches over calldata, runs it on revm, binds its summary, and panics when the words
//! left in storage differ. So the walk, every rewrite, lowering and the word machine are held against
//! revm at once.

use alloy_consensus::{Header, SignableTransaction, TxEnvelope, TxLegacy, transaction::Recovered};
use alloy_primitives::{Address, B256, Bytes, Signature, TxKind, U256};
use slotcast::{
    Summaries, View,
    analyzer::{
        bind::{BindLimits, Binder},
        limits::Limits,
    },
    executor::{
        AccountRecord, Block, CodeRecord, ForkChoice, MemoryState, SequentialSettings, TxOutcome,
        TxStatus, execute_sequential,
    },
    model::{Coverage, Fork, Slot, TxIndex},
    predict::{predict_tx, words_of},
};

use crate::random::Random;

const CALLER: Address = Address::repeat_byte(0xca);
const TARGET: Address = Address::repeat_byte(0x7a);
const GAS: u64 = 16_000_000;
const JUMPDEST: u8 = 0x5b;
const PUSH1: u8 = 0x60;

/// Generates a program and its calldata, and holds both ways of computing against each other; gives
/// the number of words that were compared.
///
/// # Panics
///
/// When they differ, or when the prediction admits a gap, which such programs give no reason for.
pub fn check(random: &mut Random) -> usize {
    let fork = random.pick(&[Fork::Byzantium, Fork::Petersburg, Fork::London, Fork::Osaka]);
    let code = program(random, fork);
    let calldata: Vec<u8> =
        (0..random.below(5)).flat_map(|_| word(random).to_be_bytes::<32>()).collect();
    let (block, state) = scene(fork, &code, calldata.into());

    let settings = SequentialSettings { is_observed: true };
    let run = execute_sequential(&block, &state, &settings).expect("all state is known");
    let outcome = &run.outcome;
    let TxOutcome::Executed(executed) = &outcome.txs[TxIndex(0)] else {
        panic!("{:?}", outcome.txs)
    };
    assert_eq!(executed.status, TxStatus::Success, "code {}", Bytes::from(code));
    let changes = outcome.state.iter().find(|account| account.address == TARGET);
    let expected: Vec<(Slot, Option<U256>)> = changes
        .map(|account| &account.storage[..])
        .unwrap_or_default()
        .iter()
        .map(|slot| (Slot::new(TARGET, slot.key), Some(slot.after)))
        .collect();

    let summaries = Summaries::new(fork, Limits::default());
    let view = View::new(&state, &summaries);
    let mut binder = Binder::new(fork, BindLimits::default());
    let words = words_of(&block, fork);
    let bound = predict_tx(&mut binder, &block.transactions[0], &words, &view);
    let mut actual = bound.changes.storage;
    actual.sort_unstable();
    let context = || format!("{fork}, code {}", Bytes::from(code.clone()));
    assert_ne!(bound.prediction.coverage(), Coverage::Partial, "{}", context());
    assert_eq!(actual, expected, "{}", context());
    let seen = &run.observations[TxIndex(0)];
    let storage = bound.prediction.storage();
    let mut reads = [&storage.reads[..], &storage.deltas].concat();
    reads.sort_unstable();
    assert_eq!(reads, seen.reads, "{}", context());
    expected.len()
}

/// A word at the ends of ranges more often than elsewhere.
fn word(random: &mut Random) -> U256 {
    match random.below(6) {
        0 => U256::from(random.below(300)),
        1 => U256::ONE << random.below(256),
        2 => U256::MAX >> random.below(256),
        3 => U256::MAX - U256::from(random.below(40)),
        4 => (U256::ONE << random.below(256)).wrapping_neg(),
        _ => random.word(),
    }
}

/// A program that ends well and leaves what it computed in storage.
fn program(random: &mut Random, fork: Fork) -> Vec<u8> {
    let mut program = Program { code: Vec::new(), height: 0 };
    for _ in 0..4 + random.below(40) {
        program.piece(random, fork);
    }
    // What is left on the stack is stored, so that nothing that was computed goes unseen.
    let mut slot = 0x40;
    while 0 < program.height {
        program.code.extend([PUSH1, slot, 0x55]);
        program.height -= 1;
        slot += 1;
    }
    program.code.push(0x00);
    program.code
}

struct Program {
    code: Vec<u8>,
    height: usize,
}

impl Program {
    fn piece(&mut self, random: &mut Random, fork: Fork) {
        if self.height < 3 || (self.height < 12 && random.once_in(3)) {
            self.value(random);
            return;
        }
        match random.below(14) {
            0 | 1 => self.op(random.pick(&[0x15, 0x19]), 1),
            2 => self.op(random.pick(&[0x08, 0x09]), 3),
            3..8 => {
                // EXP is dear for large exponents and there for small ones.
                let op =
                    random.pick(&[1, 2, 3, 4, 5, 6, 7, 0x0b, 0x10, 0x11, 0x12, 0x13, 0x14, 0x16]);
                self.op(op, 2);
            }
            8 => self.op(random.pick(&[0x17, 0x18, 0x1a, 0x0a]), 2),
            9 if Fork::Petersburg <= fork => self.op(random.pick(&[0x1b, 0x1c, 0x1d]), 2),
            9 | 10 => self.code.push(0x90 + random.below(self.height.min(4) - 1) as u8),
            11 => self.memory(random),
            12 => self.storage(random),
            _ => self.branch(random),
        }
    }

    /// Replaces `n` words by one.
    fn op(&mut self, opcode: u8, n: usize) {
        self.code.push(opcode);
        self.height -= n - 1;
    }

    fn value(&mut self, random: &mut Random) {
        match random.below(9) {
            0..3 => self.push(word(random)),
            3..6 => self.code.extend([PUSH1, 32 * random.below(6) as u8, 0x35]),
            6 => self.code.push(random.pick(&[0x30, 0x33, 0x34, 0x36, 0x43, 0x42])),
            _ if self.height == 0 => self.code.push(0x36),
            _ => self.code.push(0x80 + random.below(self.height.min(6)) as u8),
        }
        self.height += 1;
    }

    fn push(&mut self, word: U256) {
        let bytes = word.to_be_bytes_trimmed_vec();
        let bytes = if bytes.is_empty() { vec![0] } else { bytes };
        self.code.push(PUSH1 - 1 + bytes.len() as u8);
        self.code.extend(bytes);
    }

    /// Stores a word, or a byte, and reads or hashes what is around it.
    fn memory(&mut self, random: &mut Random) {
        let near = |random: &mut Random| random.below(96) as u8;
        self.code.extend([PUSH1, near(random), random.pick(&[0x52, 0x52, 0x53])]);
        match random.below(2) {
            0 => self.code.extend([PUSH1, near(random), 0x51]),
            _ => self.code.extend([PUSH1, near(random), PUSH1, near(random), 0x20]),
        }
    }

    /// Stores a word under a small key or under one that was computed, or reads one.
    fn storage(&mut self, random: &mut Random) {
        match random.below(3) {
            0 => {
                self.code.extend([PUSH1, random.below(4) as u8, 0x55]);
                self.height -= 1;
            }
            1 => {
                self.code.push(0x55);
                self.height -= 2;
            }
            _ => self.code.push(0x54),
        }
    }

    /// Stores a word if another is not zero.
    fn branch(&mut self, random: &mut Random) {
        let key = 4 + random.below(4) as u8;
        let skipped = [0x80, PUSH1, key, 0x55];
        let target = (self.code.len() + 4 + skipped.len()) as u16;
        let [high, low] = target.to_be_bytes();
        self.code.extend([PUSH1 + 1, high, low, 0x57]);
        self.code.extend(skipped);
        self.code.push(JUMPDEST);
        self.height -= 1;
    }
}

/// A block with one call, and the state before it.
fn scene(fork: Fork, code: &[u8], input: Bytes) -> (Block, MemoryState) {
    let since = |first| first <= fork;
    let header = Header {
        number: 77,
        timestamp: 1_000,
        gas_limit: 60_000_000,
        beneficiary: Address::repeat_byte(0xfe),
        difficulty: if since(Fork::Paris) { U256::ZERO } else { U256::from(1_000) },
        base_fee_per_gas: since(Fork::London).then_some(7),
        blob_gas_used: since(Fork::Cancun).then_some(0),
        excess_blob_gas: since(Fork::Cancun).then_some(0),
        parent_beacon_block_root: since(Fork::Cancun).then_some(B256::ZERO),
        ..Header::default()
    };
    let to = TxKind::Call(TARGET);
    let (gas_limit, value) = (GAS, U256::from(3));
    let tx = TxLegacy { chain_id: None, nonce: 0, gas_price: 10, gas_limit, to, value, input };
    let signature = Signature::new(U256::ONE, U256::ONE, false);
    let tx: TxEnvelope = tx.into_signed(signature).into();
    let block = Block {
        chain_id: 1,
        forks: ForkChoice::Fixed(fork),
        hash: header.hash_slow(),
        header,
        transactions: vec![Recovered::new_unchecked(tx.into(), CALLER)],
        withdrawals: since(Fork::Shanghai).then(Vec::new),
        ommers: Vec::new(),
    };
    let account = |address, nonce, code, storage| AccountRecord {
        address,
        balance: U256::from(10).pow(U256::from(18)),
        nonce,
        code,
        storage,
    };
    let storage = (0..8).map(|n| (U256::from(n), U256::from(n % 3) << (40 * n))).collect();
    let code = CodeRecord::Known(Bytes::copy_from_slice(code));
    let accounts =
        [account(CALLER, 0, CodeRecord::None, vec![]), account(TARGET, 1, code, storage)];
    (block, MemoryState::new(77, accounts, []))
}
