//! What does a block come to whose transactions are told what earlier ones do to accounts?
//!
//! In: codes, nonces and destroyed accounts that are right, wrong, random, of another account. Out: the
//! sequential outcome whatever was told; no re-execution where it was right, one where it was wrong.

use alloy_primitives::{Address, Bytes, TxKind, U256};
use slotcast_executor::{Block, Code, FallbackRule, Fork, Horizon, MemoryState, ToldAccount, Wait};
use slotcast_model::{Slot, TxIndex};

use crate::{
    asm::{Asm, init_code, op},
    made::{Call, ETHER, Made, address, authorization},
    parallel::Random,
    random::random_block,
    values::{check, told},
};

const N_CALLS: u8 = 12;

/// A block with senders of one transaction each.
fn with_senders(fork: Fork) -> Made {
    let mut made = Made::new(fork);
    for n in 0..=N_CALLS {
        made.account(address(0xa0 + n), ETHER);
    }
    made
}

/// Every sender but the first calls `to`, with data, so that it is not taken for a transfer.
fn all_call(made: &mut Made, to: Address) -> (Block, MemoryState) {
    for n in 1..=N_CALLS {
        let call = Call { input: [1].into(), ..Call::default() };
        made.send(address(0xa0 + n), 0, TxKind::Call(to), call);
    }
    made.build()
}

/// All transactions but the first.
fn calls() -> Vec<TxIndex> {
    (1..=u32::from(N_CALLS)).map(TxIndex).collect()
}

/// Of the block, the transactions that are run again when all but the first are told what `tell` says.
fn again(block: &Block, state: &MemoryState, tell: impl Fn(u32) -> Wait) -> Vec<TxIndex> {
    check(block, state, FallbackRule::NEVER, |tx| match tx.0 {
        0 => Wait::default(),
        n => tell(n),
    })
}

#[test]
fn a_contract_created_in_the_block_is_told_with_its_code_and_storage() {
    let runtime = Asm::default().increment(0).0;
    let init = Asm::default().push(3).store(0).op(&init_code(&runtime)).0;
    let mut made = with_senders(Fork::London);
    let input: Bytes = init.into();
    made.send(address(0xa0), 0, TxKind::Create, Call { input, ..Call::default() });
    let counter = address(0xa0).create(0);
    let (block, state) = all_call(&mut made, counter);
    let tells = |n: u32, code: &[u8]| {
        let code = Some(Code::new(code.to_vec().into()));
        let account = ToldAccount { nonces: 1, code, ..ToldAccount::default() };
        let expected = vec![(Slot::new(counter, U256::ZERO), U256::from(2 + n))];
        Wait { expected, ..told(vec![(counter, account)]) }
    };
    assert_eq!(again(&block, &state, |n| tells(n, &runtime)), []);
    // Code that stops, that fails, that is no code, or is of another kind.
    let delegation = [&[0xef, 0x01, 0x00][..], counter.as_slice()].concat();
    for wrong in [&[op::STOP][..], &[op::INVALID], &[0xef, 0x01, 0x00], &delegation] {
        let some = again(&block, &state, |n| tells(n, if n % 5 == 2 { wrong } else { &runtime }));
        assert_eq!(some, [2, 7, 12].map(TxIndex));
    }
    // Where none is told they look like transfers, which are made at their turn.
    assert_eq!(again(&block, &state, |n| tells(n, &[])), []);
    // Below the horizon it stands as it was committed, and nothing is told.
    let waits = again(&block, &state, |n| match n {
        1..4 => tells(n, &runtime),
        _ => Horizon(TxIndex(n)).into(),
    });
    assert_eq!(waits, []);
}

#[test]
fn nonces_of_a_contract_that_creates_are_told_as_sums() {
    let factory = address(0xd1);
    let create = Asm::default().create(&init_code(&[op::STOP]), 0, None).op(&[op::POP]).0;
    let mut made = with_senders(Fork::London);
    made.contract(factory, 0, &create, &[]);
    made.send(address(0xa0), 0, TxKind::Call(factory), Call::default());
    let (block, state) = all_call(&mut made, factory);
    let tells = |nonces| told(vec![(factory, ToldAccount { nonces, ..ToldAccount::default() })]);
    assert_eq!(again(&block, &state, |n| tells(n.into())), []);
    assert_eq!(again(&block, &state, |_| Wait::default()), calls());
    let off = |n: u32| if n == 4 { u64::MAX } else { 0 };
    let wrong = again(&block, &state, |n| tells(u64::from(n).wrapping_add(off(n))));
    assert_eq!(wrong, [TxIndex(4)]);
    // What is committed below the horizon is not told again.
    let above = again(&block, &state, |n| {
        let below = n.min(5);
        Wait { horizon: Horizon(TxIndex(below)), ..tells((n - below).into()) }
    });
    assert_eq!(above, []);
}

#[test]
fn of_an_account_that_is_destroyed_nothing_is_found() {
    for fork in [Fork::Petersburg, Fork::London, Fork::Cancun] {
        let (gone, looks) = (address(0xd2), address(0xd3));
        let mut made = with_senders(fork);
        made.contract(gone, 5, &Asm::default().op(&[op::CALLER, op::SELFDESTRUCT]).0, &[(0, 7)]);
        // Keeps its balance and the length of its code under the caller's name.
        let look = Asm::default().push_address(gone).op(&[op::BALANCE]);
        let look = look.push_address(gone).op(&[op::EXTCODESIZE, op::ADD, op::CALLER, op::SSTORE]);
        made.contract(looks, 0, &look.0, &[]);
        made.send(address(0xa0), 0, TxKind::Call(gone), Call::default());
        let (block, state) = all_call(&mut made, looks);
        let account = ToldAccount { is_destroyed: true, ..ToldAccount::default() };
        let tells = |_| told(vec![(gone, account.clone())]);
        // Since Cancun it keeps its code, so that what is told is wrong (EIP-6780).
        let expected = if fork == Fork::Cancun { calls() } else { Vec::new() };
        assert_eq!(again(&block, &state, tells), expected, "{fork:?}");
        assert_eq!(again(&block, &state, |_| Wait::default()), calls(), "{fork:?}");
        // Another is destroyed, and what is sent there afterwards is all there is.
        let other = |_| told(vec![(looks, account.clone())]);
        assert_eq!(again(&block, &state, other), calls(), "{fork:?}");
    }
}

#[test]
fn a_delegation_is_told_as_code_with_the_nonce_it_takes() {
    let delegate = address(0xd4);
    let (authority, signed) = authorization(delegate, 0);
    let mut made = with_senders(Fork::Prague);
    made.contract(delegate, 0, &Asm::default().increment(0).0, &[]);
    made.delegate(address(0xa0), 0, address(0xa1), vec![signed]);
    let (block, state) = all_call(&mut made, authority);
    let tells = |n: u32, to: Address| {
        let code = [&[0xef, 0x01, 0x00][..], to.as_slice()].concat();
        let code = Some(Code::new(code.into()));
        let account = ToldAccount { nonces: 1, code, ..ToldAccount::default() };
        let expected = vec![(Slot::new(authority, U256::ZERO), U256::from(n - 1))];
        Wait { expected, ..told(vec![(authority, account)]) }
    };
    assert_eq!(again(&block, &state, |n| tells(n, delegate)), []);
    assert_eq!(again(&block, &state, |n| tells(n, address(0xd4 + n as u8 % 2))).len(), 6);
}

/// Anything that may be told of an account.
fn any_account(random: &mut Random) -> ToldAccount {
    let code = match random.next() % 8 {
        0 => Some(vec![]),
        1 => Some(vec![op::STOP]),
        2 => Some(Asm::default().increment(random.next() % 3).0),
        3 => Some(Asm::default().op(&[op::CALLER, op::SELFDESTRUCT]).0),
        4 => Some([&[0xef, 0x01, 0x00][..], address(0x80).as_slice()].concat()),
        5 => Some((0..random.next() % 300).map(|_| random.next() as u8).collect()),
        _ => None,
    };
    let nonces = match random.next() % 4 {
        0 => random.next() % 4,
        1 => random.next(),
        _ => 0,
    };
    ToldAccount {
        is_destroyed: random.next().is_multiple_of(4),
        balance: U256::from(random.next() % 100) << (240 * (random.next() % 2)),
        nonces,
        code: code.map(|code| Code::new(code.into())),
    }
}

#[test]
fn random_accounts_on_random_blocks_have_the_sequential_outcome() {
    let mut n_again = 0;
    for fork in &Fork::ALL[..14] {
        for seed in 0..40 {
            let seed = seed * 100 + *fork as u64;
            let (block, state) = random_block(seed, *fork).build();
            let tell = |tx: TxIndex| {
                let mut random = Random(seed ^ u64::from(tx.0) << 32 ^ 2);
                let mut accounts = Vec::new();
                for _ in 0..random.next() % 6 {
                    let among = [0x40, 0x80, 0xbe][random.next() as usize % 3];
                    let account = address(among + (random.next() % 6) as u8);
                    let of = match random.next() % 4 {
                        0 => account.create(random.next() % 4),
                        _ => account,
                    };
                    accounts.push((of, any_account(&mut random)));
                }
                accounts.sort_by_key(|(address, _)| *address);
                accounts.dedup_by_key(|(address, _)| *address);
                let horizon = Horizon(TxIndex((random.next() % u64::from(tx.0 + 1)) as u32));
                Wait { horizon, ..told(accounts) }
            };
            n_again += check(&block, &state, FallbackRule::NEVER, tell).len();
            check(&block, &state, FallbackRule { n_forgiven: 3, one_in: 4 }, tell);
        }
    }
    assert!(1_000 < n_again, "what was told mattered: {n_again}");
}
