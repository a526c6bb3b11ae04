//! Is the parallel outcome the sequential one, on random blocks that conflict wherever they can?
//!
//! In: seeds. Out: blocks of a few accounts and contracts, whose code is random snippets that read
//! balances, store what they read, call, create and destroy each other, under every fork; each is
//! run under blind schedules. A wrong word anywhere shows, because contracts store gas and balances.

use alloy_primitives::{Address, Bytes, TxKind};
use slotcast_executor::{FallbackRule, Fork};

use crate::{
    asm::{Asm, init_code, op},
    made::{BENEFICIARY, Call, ETHER, Made, address, authorization},
    parallel::{Random, check, settings_with},
};

const N_SENDERS: u8 = 12;
const N_CONTRACTS: u8 = 6;

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }
}

fn sender(n: u64) -> Address {
    address(0x40 + (n % u64::from(N_SENDERS)) as u8)
}

fn contract(n: u64) -> Address {
    address(0x80 + (n % u64::from(N_CONTRACTS)) as u8)
}

/// The runtimes that random contracts deploy.
fn child(n: u64) -> Vec<u8> {
    match n % 4 {
        0 => Asm::default().op(&[op::CALLER, op::SELFDESTRUCT]).0,
        1 => Asm::default().increment(0).0,
        2 => Asm::default().op(&[op::STOP]).0,
        _ => Asm::default().op(&[op::COINBASE, op::SELFDESTRUCT]).0,
    }
}

/// An account to call, pay, look at or bequeath to.
fn anybody(random: &mut Random) -> Address {
    match random.below(12) {
        0..3 => sender(random.next()),
        3..7 => contract(random.next()),
        7 => BENEFICIARY,
        8 => address(0xe0 + random.below(3) as u8),
        9 => Address::with_last_byte(1 + random.below(5) as u8),
        10 => {
            let init = init_code(&child(random.next()));
            contract(random.next()).create2_from_code(salt(random.below(2)), &init)
        }
        _ => contract(random.next()).create(random.below(4)),
    }
}

fn salt(n: u64) -> [u8; 32] {
    alloy_primitives::U256::from(n).to_be_bytes()
}

fn snippet(asm: Asm, random: &mut Random, fork: Fork) -> Asm {
    let (key, target) = (random.below(3), anybody(random));
    let wei = random.pick(&[0, 0, 0, 1, 1_000, ETHER]);
    let gas = random.pick(&[0, 5_000, 50_000, 200_000]);
    match random.below(24) {
        0..4 => asm.increment(key),
        4 => asm.push_address(target).op(&[op::BALANCE]).store(key),
        5 if Fork::Istanbul <= fork => asm.op(&[op::SELFBALANCE]).store(key),
        6..9 => asm.call(op::CALL, target, wei, gas).store(key),
        9 => asm.call(op::CALL, target, wei, gas).op(&[op::POP]),
        10 => asm.call(op::CALLCODE, target, wei, gas).op(&[op::POP]),
        11 if Fork::Homestead <= fork => {
            asm.call_without_value(op::DELEGATECALL, target, gas).store(key)
        }
        12 if Fork::Byzantium <= fork => {
            asm.call_without_value(op::STATICCALL, target, gas).store(key)
        }
        13 => asm.create(&init_code(&child(random.next())), wei, None).store(key),
        14 if Fork::Petersburg <= fork => {
            let salt = random.below(2);
            asm.create(&init_code(&child(random.next())), wei, Some(salt)).store(key)
        }
        15 => {
            let created = asm.create(&init_code(&child(random.next())), wei, None);
            let called = created.push(0).push(0).push(0).push(0).push(0);
            called.op(&[0x85]).push(30_000).op(&[op::CALL]).store(key).op(&[op::POP])
        }
        16 if Fork::Petersburg <= fork => {
            asm.push_address(target).op(&[op::EXTCODEHASH]).store(key)
        }
        17 => asm.push_address(target).op(&[op::EXTCODESIZE]).store(key),
        18 => asm.op(&[op::COINBASE, op::BALANCE]).store(key),
        19 => asm.op(&[op::GAS]).store(key),
        20 => asm.push(1).op(&[op::NUMBER, 0x03, op::BLOCKHASH]).store(key),
        21 if Fork::Cancun <= fork => {
            asm.push(key).op(&[op::TLOAD]).push(1).op(&[op::ADD]).push(key).op(&[op::TSTORE])
        }
        22 => asm.push(0).push(0).op(&[op::LOG0]),
        // Goes on only if a slot is zero.
        23 => {
            let is_set = Asm::default().push(key).op(&[op::SLOAD]);
            asm.when(is_set, Asm::default().op(&[op::STOP]))
        }
        // What the fork does not have yet.
        _ => asm.push_address(target).op(&[op::BALANCE]).store(key),
    }
}

fn program(random: &mut Random, fork: Fork) -> Vec<u8> {
    let n_snippets = 1 + random.below(5);
    let mut asm = Asm::default();
    for _ in 0..n_snippets {
        asm = snippet(asm, random, fork);
    }
    match random.below(16) {
        0 => asm.push_address(anybody(random)).op(&[op::SELFDESTRUCT]).0,
        1 => asm.push(0).push(0).op(&[op::REVERT]).0,
        2 => asm.op(&[op::INVALID]).0,
        _ => asm.0,
    }
}

pub(crate) fn random_block(seed: u64, fork: Fork) -> Made {
    let mut random = Random(seed);
    let mut made = Made::new(fork);
    made.beneficiary = match random.below(4) {
        0 => sender(0),
        1 => contract(0),
        _ => BENEFICIARY,
    };
    if random.below(2) == 0 {
        made.account(BENEFICIARY, 5);
    }
    if random.below(4) == 0 {
        made.gas_limit = 2_000_000;
    }
    for n in 0..N_SENDERS {
        let wei = random.pick(&[10 * ETHER, 10 * ETHER, 2 * ETHER, 60_000_000]);
        made.account(sender(n.into()), wei);
    }
    for n in 0..N_CONTRACTS {
        let wei = random.pick(&[0, 1, 1_500, 3 * ETHER]);
        let storage = [(0, random.below(3)), (1, 7)];
        made.contract(contract(n.into()), wei, &program(&mut random, fork), &storage);
    }
    let mut nonces = [0; N_SENDERS as usize];
    for _ in 0..4 + random.below(20) {
        random_transaction(&mut made, &mut random, fork, &mut nonces);
    }
    made
}

fn random_transaction(made: &mut Made, random: &mut Random, fork: Fork, nonces: &mut [u64]) {
    let from = random.below(N_SENDERS.into());
    // Now and then a nonce is wrong.
    let nonce = match random.below(30) {
        0 => 9,
        _ => nonces[from as usize],
    };
    nonces[from as usize] += u64::from(nonce != 9);
    if Fork::Prague <= fork && random.below(8) == 0 {
        let (_, authorization) = authorization(contract(random.next()), random.below(2));
        let to = anybody(random);
        made.delegate(sender(from), nonce, to, vec![authorization]);
        return;
    }
    let to = match random.below(10) {
        0 => TxKind::Create,
        1..4 => TxKind::Call(anybody(random)),
        _ => TxKind::Call(contract(random.next())),
    };
    let input = match to {
        TxKind::Create => program(random, fork).into(),
        TxKind::Call(_) => Bytes::new(),
    };
    let call = Call {
        wei: random.pick(&[0, 0, 1, 1_000, ETHER / 2]),
        gas_limit: random.pick(&[60_000, 120_000, 400_000, 1_000_000, 1_000_000]),
        gas_price: random.pick(&[if fork < Fork::London { 0 } else { 7 }, 10, 50]),
        input,
    };
    made.send(sender(from), nonce, to, call);
}

#[test]
fn random_blocks_have_their_sequential_outcome() {
    let with_rule = |fallback| settings_with(&[1, 3], fallback);
    let (patient, ordinary) = (with_rule(FallbackRule::NEVER), with_rule(FallbackRule::DEFAULT));
    for fork in &Fork::ALL[..14] {
        for seed in 0..24 {
            let seed = seed * 100 + *fork as u64;
            let (block, state) = random_block(seed, *fork).build();
            let name = format!("{fork} seed {seed}");
            check(&name, &block, &state, &patient);
            check(&name, &block, &state, &ordinary);
        }
    }
}
