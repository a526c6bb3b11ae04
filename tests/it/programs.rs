//! Do predictions of small hand-written programs say what the EVM does?
//!
//! In: blocks of calls of programs of a few instructions, each about one rule. Out: assertions that
//! what is predicted of every transaction, in block order, is what sequential execution touches.

use alloy_consensus::{Header, SignableTransaction, TxEnvelope, TxLegacy, transaction::Recovered};
use alloy_primitives::{Address, B256, Signature, TxKind, U256};
use slotcast::{
    Basis, Summaries, View,
    analyzer::{bind::BindLimits, limits::Limits},
    executor::{
        AccountRecord, Block, CodeRecord, ForkChoice, MemoryState, SequentialSettings, TxOutcome,
        TxStatus, execute_sequential, fork_of,
    },
    graph::predicted_accesses,
    model::{Fork, Gap, Prediction, Slot},
    predict::predict_block,
    scheduler::schedule,
};
use slotcast_tests::asm::assemble;

const CALLER: Address = Address::repeat_byte(0xaa);
const BASE_FEE: u64 = 7;

/// An account with code and slots.
#[derive(Clone)]
struct Program {
    at: u8,
    code: String,
    slots: &'static [(u64, u64)],
}

/// A call of a program.
#[derive(Clone, Copy)]
struct Call {
    to: u8,
    gas: u64,
}

/// Runs the calls one after the other, and gives how each ended, once all that was predicted of them
/// turned out to be so.
fn check(fork: Fork, programs: &[Program], calls: &[Call]) -> Vec<TxStatus> {
    let block = block(fork, calls);
    assert_eq!(fork_of(&block).unwrap(), fork);
    let state = state(&block, programs);
    let summaries = Summaries::new(fork, Limits::default());
    let view = View::new(&state, &summaries);
    let predicted = predict_block(&block, fork, &view, Basis::BlockOrder, BindLimits::default());
    let settings = SequentialSettings { is_observed: true };
    let run = execute_sequential(&block, &state, &settings).unwrap();
    let mut statuses = Vec::new();
    for (tx, predicted) in predicted.iter_enumerated() {
        let storage = predicted.storage();
        let with_deltas = |slots: &[Slot]| {
            let mut all = [slots, &storage.deltas].concat();
            all.sort_unstable();
            all
        };
        // Code that decides by the gas that is left says so.
        assert!(
            predicted.gaps().iter().all(|gap| *gap == Gap::Gas),
            "{tx}: {:?}",
            predicted.gaps()
        );
        let observed = &run.observations[tx];
        assert_eq!(with_deltas(&storage.reads), observed.reads, "reads of {tx}");
        assert_eq!(with_deltas(&storage.writes), observed.writes, "writes of {tx}");
        match &run.outcome.txs[tx] {
            TxOutcome::Executed(executed) => statuses.push(executed.status.clone()),
            TxOutcome::Rejected(reason) => panic!("{tx} was rejected: {reason:?}"),
        }
    }
    statuses
}

fn state(block: &Block, programs: &[Program]) -> MemoryState {
    let caller = AccountRecord {
        address: CALLER,
        balance: U256::from(10).pow(U256::from(20)),
        nonce: 0,
        code: CodeRecord::None,
        storage: Vec::new(),
    };
    let contracts = programs.iter().map(|program| AccountRecord {
        address: Address::with_last_byte(program.at),
        balance: U256::ZERO,
        nonce: 1,
        code: CodeRecord::Known(assemble(&program.code).unwrap().into()),
        storage: program.slots.iter().map(|&(k, v)| (U256::from(k), U256::from(v))).collect(),
    });
    MemoryState::new(block.header.number, [caller].into_iter().chain(contracts), [])
}

fn block(fork: Fork, calls: &[Call]) -> Block {
    let (number, timestamp) = match fork {
        Fork::Homestead => (2_000_000, 1_470_000_000),
        Fork::London => (13_000_000, 1_628_000_000),
        Fork::Osaka => (24_500_000, 1_770_000_000),
        _ => panic!("no block of {fork} is known here"),
    };
    let since = |first| first <= fork;
    let header = Header {
        number,
        timestamp,
        gas_limit: 60_000_000,
        beneficiary: Address::repeat_byte(0xfe),
        base_fee_per_gas: since(Fork::London).then_some(BASE_FEE),
        blob_gas_used: since(Fork::Cancun).then_some(0),
        excess_blob_gas: since(Fork::Cancun).then_some(0),
        parent_beacon_block_root: since(Fork::Cancun).then_some(B256::with_last_byte(9)),
        ..Header::default()
    };
    let transactions = (0..).zip(calls).map(|(nonce, call)| {
        let transaction = TxLegacy {
            chain_id: since(Fork::London).then_some(1),
            nonce,
            gas_price: BASE_FEE.into(),
            gas_limit: call.gas,
            to: TxKind::Call(Address::with_last_byte(call.to)),
            ..TxLegacy::default()
        };
        let signature = Signature::new(U256::ONE, U256::ONE, false);
        let envelope: TxEnvelope = transaction.into_signed(signature).into();
        Recovered::new_unchecked(envelope.into(), CALLER)
    });
    Block {
        chain_id: 1,
        hash: header.hash_slow(),
        transactions: transactions.collect(),
        withdrawals: since(Fork::Shanghai).then(Vec::new),
        forks: ForkChoice::OfChain,
        ommers: Vec::new(),
        header,
    }
}

/// The slot that is stored to at the end of each program that calls another.
const SINK: &str = "pop push 0 mload push 9 sstore stop";

#[test]
fn memory_below_0x80_is_anybodys_where_no_free_pointer_is_kept() {
    // The address to store at is not known to the analysis: zero, by way of calldata that is absent.
    let program = Program {
        at: 0x20,
        code: "push 5 push 0 mstore push 7 push 0 calldataload mstore push 0 mload sload stop"
            .to_owned(),
        slots: &[],
    };
    let statuses = check(Fork::Osaka, &[program], &[Call { to: 0x20, gas: 100_000 }]);
    assert_eq!(statuses, [TxStatus::Success]);
}

#[test]
fn before_the_first_call_the_size_of_return_data_is_a_short_zero() {
    // Arguments are laid out at addresses made with RETURNDATASIZE, on both sides of a call that
    // returns a word.
    let caller = "
        push 3 returndatasize mstore
        push 32 returndatasize push 32 returndatasize returndatasize push 0x21 gas call pop
        returndatasize sload pop
        push 32 returndatasize push 32 push 0 push 0 push 0x21 gas call";
    let program = Program { at: 0x20, code: format!("{caller} {SINK}"), slots: &[] };
    let callee = Program {
        at: 0x21,
        code: "push 0 calldataload sload push 1 add push 0 mstore push 32 push 0 return".to_owned(),
        slots: &[(3, 30)],
    };
    let statuses = check(Fork::Osaka, &[program, callee], &[Call { to: 0x20, gas: 200_000 }]);
    assert_eq!(statuses, [TxStatus::Success]);
}

#[test]
fn gas_behind_a_call_is_not_missing_in_it() {
    // Much is paid for behind the call.
    let expensive = "push 0 push 0 push 0 push 0 push 0 push 0x21 gas call pop ".to_owned()
        + &"push 0 push 0 log0 ".repeat(20)
        + "stop";
    let program = Program { at: 0x20, code: expensive, slots: &[] };
    let callee = Program { at: 0x21, code: "push 1 push 0 sstore stop".to_owned(), slots: &[] };
    // To the last unit: 21,000 to begin, 2,622 around the call, 22,106 in it, 7,620 for the logs. Were
    // these taken first, 346 units, a 64th of what is left, would be missing in the call.
    let statuses = check(Fork::Osaka, &[program, callee], &[Call { to: 0x20, gas: 53_348 }]);
    assert_eq!(statuses, [TxStatus::Success]);
}

#[test]
fn gas_seen_is_gas_left() {
    // Stores at the gas that is left, rounded down to hundreds.
    let text = "gas push 100 swap1 div sload pop ".to_owned()
        + &"push 0 push 0 log0 ".repeat(20)
        + "gas push 100 swap1 div sload pop stop";
    let program = Program { at: 0x20, code: text, slots: &[] };
    let statuses = check(Fork::Osaka, &[program], &[Call { to: 0x20, gas: 100_050 }]);
    assert_eq!(statuses, [TxStatus::Success]);
}

#[test]
fn precompiles_are_warm_from_the_start() {
    // Were the identity precompile charged as a cold account, no gas would be left for the store.
    let text = format!("push 0 push 0 push 0 push 0 push 4 push 700 staticcall {SINK}");
    let program = Program { at: 0x20, code: text, slots: &[(9, 1)] };
    let statuses = check(Fork::London, &[program], &[Call { to: 0x20, gas: 27_000 }]);
    assert_eq!(statuses, [TxStatus::Success]);
}

#[test]
fn a_destroyed_account_has_neither_slots_nor_code() {
    let bomb = Program {
        at: 0x20,
        code: "push 1 sload pop push 2 sload pop push 5 push 3 sstore caller selfdestruct"
            .to_owned(),
        slots: &[(1, 7), (3, 4)],
    };
    let calls = [Call { to: 0x20, gas: 100_000 }, Call { to: 0x20, gas: 100_000 }];
    for fork in [Fork::Homestead, Fork::London] {
        check(fork, std::slice::from_ref(&bomb), &calls);
    }
    // Since Cancun nothing of it goes.
    check(Fork::Osaka, &[bomb], &calls);
}

/// Recovers who signed 1 with an existing signature, and leaves the address on the stack.
const RECOVER: &str = "
    push 1 push 0 mstore push 27 push 32 mstore push 1 push 64 mstore push 1 push 96 mstore
    push 32 push 128 push 128 push 0 push 1 gas staticcall pop push 128 mload";

/// What is predicted of one call of a program.
fn predicted(program: Program) -> Prediction {
    predicted_within(Limits::default(), program, 100_000)
}

/// The same, of a call with so much gas, where the analysis is limited.
fn predicted_within(limits: Limits, program: Program, gas: u64) -> Prediction {
    let fork = Fork::Osaka;
    let block = block(fork, &[Call { to: program.at, gas }]);
    let state = state(&block, &[program]);
    let summaries = Summaries::new(fork, limits);
    let view = View::new(&state, &summaries);
    predict_block(&block, fork, &view, Basis::BlockOrder, BindLimits::default())
        .into_iter()
        .next()
        .unwrap()
}

#[test]
fn who_signed_is_found_out_where_a_slot_depends_on_it() {
    let code = format!("{RECOVER} sload stop");
    let program = Program { at: 0x20, code, slots: &[] };
    check(Fork::Osaka, std::slice::from_ref(&program), &[Call { to: 0x20, gas: 100_000 }]);
    let found = predicted(program);
    assert_eq!((found.gaps(), found.storage().reads.len()), (&[][..], 1));
}

#[test]
fn who_signed_is_found_out_where_a_branch_depends_on_it() {
    // Stores only if slot 0 holds the signer, which it does not.
    let code =
        format!("{RECOVER} push 0 sload eq push yes jumpi stop yes: push 5 push 1 sstore stop");
    let program = Program { at: 0x20, code, slots: &[(0, 77)] };
    check(Fork::Osaka, std::slice::from_ref(&program), &[Call { to: 0x20, gas: 100_000 }]);
    let found = predicted(program);
    assert_eq!((found.gaps(), found.storage().writes.len()), (&[][..], 0));
}

/// The expected signer is taken to have signed where too many were found out before.
#[test]
fn signers_beyond_the_limit_are_guessed_and_the_prediction_says_so() {
    let code = format!(
        "{} {RECOVER} push 0 sload eq push yes jumpi stop yes: push 5 push 1 sstore stop",
        format!("{RECOVER} pop ").repeat(128)
    );
    let program = Program { at: 0x20, code, slots: &[(0, 77)] };
    let found = predicted_within(Limits::default(), program, 1_000_000);
    assert_eq!((found.gaps(), found.storage().writes.len()), (&[Gap::Precompile][..], 1));
}

#[test]
fn a_hundred_signers_are_found_out() {
    let code = format!("{} {RECOVER} sload stop", format!("{RECOVER} pop ").repeat(100));
    let program = Program { at: 0x20, code, slots: &[] };
    check(Fork::Osaka, &[program], &[Call { to: 0x20, gas: 1_000_000 }]);
}

/// A function that calls itself twice, for `n - 1` and `n - 2`: what waits on the stack and in memory is
/// used behind the calls.
const FIBONACCI: &str = "
    push done push 0 sload push fib jump
    done: push 77 sstore stop                                   ; [f]
    fib: push 2 dup2 lt push base jumpi                         ; [return, n]
    dup1 push 100 add sload pop dup1 dup2 push 32 mul mstore
    push left push 1 dup3 sub push fib jump
    left: push right push 2 dup4 sub push fib jump              ; [return, n, f(n - 1)]
    right: add dup1 dup3 push 32 mul mload push 200 add sstore  ; [return, n, f(n - 1), f(n - 2)]
    swap1 pop swap1 jump
    base: swap1 jump";

#[test]
fn a_walk_that_stops_is_gone_on_with() {
    let program = Program { at: 0x20, code: FIBONACCI.to_owned(), slots: &[(0, 11)] };
    let call = Call { to: 0x20, gas: 2_000_000 };
    check(Fork::Osaka, std::slice::from_ref(&program), &[call]);
    for fuel_per_function in [500, 5_000, 50_000, 16_000_000] {
        let limits = Limits { fuel_per_function, ..Limits::default() };
        let found = predicted_within(limits, program.clone(), call.gas);
        let storage = found.storage();
        let n = (found.gaps(), storage.reads.len(), storage.writes.len());
        // Read: n, ten slots from 102 on, and what is stored.
        assert_eq!(n, (&[][..], 22, 11), "{fuel_per_function}");
    }
}

#[test]
fn a_payer_waits_for_other_payments_only_where_its_code_looks_at_the_balance() {
    let pay = "push 0 push 0 push 0 push 0 push 1 push 0x30 gas call pop stop";
    for (looks, n_edges) in
        [("", 0), ("selfbalance sload pop", 1), ("address balance sload pop", 1)]
    {
        let fork = Fork::Osaka;
        let block =
            block(fork, &[Call { to: 0x20, gas: 100_000 }, Call { to: 0x20, gas: 100_000 }]);
        let account = |address, code| AccountRecord {
            address,
            balance: U256::from(10).pow(U256::from(20)),
            nonce: 0,
            code,
            storage: Vec::new(),
        };
        let code = assemble(&format!("{looks} {pay}")).unwrap();
        let payer = account(Address::with_last_byte(0x20), CodeRecord::Known(code.into()));
        let caller = account(CALLER, CodeRecord::None);
        let state = MemoryState::new(block.header.number, [caller, payer], []);
        let summaries = Summaries::new(fork, Limits::default());
        let view = View::new(&state, &summaries);
        let predictions =
            predict_block(&block, fork, &view, Basis::BlockOrder, BindLimits::default());
        let schedule = schedule(&predicted_accesses(&block, &predictions, &state));
        assert_eq!(schedule.edges().count(), n_edges, "{looks}");
    }
}

/// A loop that copies calldata to memory from address 0 on, or memory from 32 on to `to`; `len` is on
/// the stack and stays there.
fn copying(load: &str, to: u32, label: &str) -> String {
    format!(
        "push 0 {label}:
         dup2 dup2 lt iszero push {label}_end jumpi
         dup1 {load} dup2 push {to} add mstore
         push 32 add push {label} jump
         {label}_end: pop"
    )
}

#[test]
fn long_copies_are_one_step_each_word() {
    // With every step of every round counted, these copies of together 87,500 words would not be
    // followed to their end. What was copied decides the slots.
    let code = format!(
        "push 800000 {} {} {} pop push 400000 {} pop
         push 399968 mload sload pop push 850976 mload sload pop
         push 96 push 0 keccak256 sload pop stop",
        copying("calldataload", 0, "first"),
        copying("calldataload", 1024, "second"),
        copying("calldataload", 2048, "third"),
        copying("mload", 450_976, "fourth"),
    );
    let program = Program { at: 0x20, code, slots: &[] };
    let statuses = check(Fork::London, &[program], &[Call { to: 0x20, gas: 25_000_000 }]);
    assert_eq!(statuses, [TxStatus::Success]);
}

#[test]
fn a_copy_onto_what_is_still_to_be_read_repeats_it() {
    // Each word lands where the next is read: the first one spreads over the whole range.
    let code = format!(
        "push 7 push 0 mstore push 9 push 64 mstore push 320 {} pop push 320 mload sload stop",
        copying("mload", 32, "only"),
    );
    let program = Program { at: 0x20, code, slots: &[] };
    let statuses = check(Fork::London, &[program], &[Call { to: 0x20, gas: 100_000 }]);
    assert_eq!(statuses, [TxStatus::Success]);
}

#[test]
fn fills_and_masks_at_once_are_those_word_by_word() {
    // Words of memory are filled with ones, then every other one is masked to a byte.
    let code = "
        push 160 push 0 fill: dup2 dup2 lt iszero push filled jumpi
        push 0 not dup2 mstore push 32 add push fill jump
        filled: pop
        push 0 mask: dup2 dup2 lt iszero push masked jumpi
        dup1 mload push 255 and dup2 push 256 add mstore push 32 add push mask jump
        masked: pop pop
        push 128 mload sload pop push 352 mload sload pop push 416 mload sload stop";
    let program = Program { at: 0x20, code: code.to_owned(), slots: &[] };
    let statuses = check(Fork::London, &[program], &[Call { to: 0x20, gas: 100_000 }]);
    assert_eq!(statuses, [TxStatus::Success]);
}
