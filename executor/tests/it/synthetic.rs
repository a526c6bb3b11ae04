//! Which transactions disturb each other, and which only seem to?
//!
//! In: blocks of a few transactions, one effect each. Out: the sequential outcome under every blind
//! schedule, and, in one layer, exactly the expected transactions run again.

use alloy_primitives::{Address, TxKind, U256};
use slotcast_executor::{
    AccountRecord, CodeRecord, ExecutionError, FallbackRule, Fork, Mode, Pool, Rejection,
    SequentialSettings, Settings, TxOutcome, TxStatus, execute_sequential,
};
use slotcast_model::{Slot, TxIndex};
use slotcast_scheduler::Schedule;

use crate::{
    asm::{Asm, init_code, op},
    made::{BENEFICIARY, Call, ETHER, Made, address, authorization},
    parallel::{check, run, settings_with},
};

const A: Address = address(0xa0);
const B: Address = address(0xb0);
const C: Address = address(0xc0);
const CODE: Address = address(0xd0);
const OTHER: Address = address(0xd1);

/// Every blind schedule gives the sequential outcome, and in a single layer just `expected` are run
/// again.
fn run_again(made: &Made, expected: &[u32]) -> Vec<TxOutcome> {
    let (block, state) = made.build();
    let settings = settings_with(&[1, 3], FallbackRule::NEVER);
    check("synthetic", &block, &state, &settings);
    let schedule = Schedule::single_layer(block.n_transactions());
    let parallel = run(&block, &schedule, &state, &settings[0]).unwrap();
    let expected: Vec<_> = expected.iter().copied().map(TxIndex).collect();
    assert_eq!(parallel.reexecuted, expected);
    assert_eq!(parallel.n_executions, block.n_transactions() + expected.len());
    parallel.outcome.txs.into_vec()
}

fn rich(fork: Fork) -> Made {
    let mut made = Made::new(fork);
    made.account(A, ETHER).account(B, ETHER).account(C, ETHER);
    made
}

/// Stores the balance of `of` in slot 0.
fn balance_reader(of: Address) -> Vec<u8> {
    Asm::default().push_address(of).op(&[op::BALANCE]).store(0).0
}

fn call(to: Address) -> TxKind {
    TxKind::Call(to)
}

fn is_success(outcome: &TxOutcome) -> bool {
    matches!(outcome, TxOutcome::Executed(executed) if executed.status == TxStatus::Success)
}

#[test]
fn two_payers_of_one_account_do_not_disturb_each_other() {
    for fork in [Fork::Frontier, Fork::Byzantium, Fork::London, Fork::Osaka] {
        run_again(rich(fork).pay(A, 0, C, 5).pay(B, 0, C, 6), &[]);
        // Not even when the account comes into being.
        run_again(rich(fork).pay(A, 0, OTHER, 5).pay(B, 0, OTHER, 6), &[]);
    }
}

#[test]
fn deposits_into_a_contract_do_not_disturb_each_other() {
    let mut made = rich(Fork::London);
    let own_slot = Asm::default().op(&[op::CALLER]).op(&[op::CALLER, op::SSTORE]).0;
    made.contract(CODE, 0, &own_slot, &[]);
    for from in [A, B, C] {
        made.send(from, 0, call(CODE), Call { wei: 7, ..Call::default() });
    }
    run_again(&made, &[]);
}

#[test]
fn a_balance_that_is_looked_at_disturbs() {
    let mut made = rich(Fork::London);
    made.contract(CODE, 0, &balance_reader(C), &[]);
    run_again(made.pay(A, 0, C, 5).send(B, 0, call(CODE), Call::default()), &[1]);
}

#[test]
fn the_beneficiary_is_paid_by_all_and_disturbs_only_who_looks() {
    let mut made = rich(Fork::Osaka);
    made.contract(CODE, 0, &balance_reader(BENEFICIARY), &[]);
    made.pay(A, 0, C, 5).pay(B, 0, C, 5).send(C, 0, call(CODE), Call::default());
    run_again(&made, &[2]);
}

#[test]
fn the_beneficiary_may_be_payee_and_sender_mid_block() {
    for fork in [Fork::Frontier, Fork::London, Fork::Osaka] {
        let mut made = rich(fork);
        made.account(BENEFICIARY, ETHER / 1_000);
        made.pay(A, 0, BENEFICIARY, 5).pay(BENEFICIARY, 0, B, 7).pay(C, 0, BENEFICIARY, 9);
        run_again(&made, &[]);
    }
}

#[test]
fn a_beneficiary_may_spend_what_it_earned_in_the_block() {
    let mut made = rich(Fork::London);
    let call_expensive = Call { gas_price: 1_000_000_000, ..Call::default() };
    made.send(A, 0, call(C), call_expensive).pay(BENEFICIARY, 0, B, 7);
    let txs = run_again(&made, &[]);
    assert!(is_success(&txs[1]));
}

#[test]
fn an_account_may_spend_what_it_was_given_before() {
    let mut made = rich(Fork::London);
    made.pay(A, 0, OTHER, ETHER / 2).pay(OTHER, 0, B, ETHER / 4);
    assert!(run_again(&made, &[]).iter().all(is_success));
}

#[test]
fn a_spender_is_disturbed_only_when_it_gets_short() {
    let forward = |wei| Asm::default().call(op::CALL, C, wei, 0).op(&[op::POP]).0;
    // Both find 10 and send 4 on: enough for both, in either order.
    let mut made = rich(Fork::London);
    made.contract(CODE, 10, &forward(4), &[]);
    made.send(A, 0, call(CODE), Call::default()).send(B, 0, call(CODE), Call::default());
    run_again(&made, &[]);
    // Both send 6 on: the second cannot.
    let mut made = rich(Fork::London);
    made.contract(CODE, 10, &forward(6), &[]);
    made.send(A, 0, call(CODE), Call::default()).send(B, 0, call(CODE), Call::default());
    run_again(&made, &[1]);
}

#[test]
fn a_nonce_chain_is_followed() {
    let mut made = rich(Fork::London);
    made.pay(A, 0, B, 1).pay(A, 1, B, 1).pay(A, 2, B, 1);
    assert!(run_again(&made, &[]).iter().all(is_success));
}

#[test]
fn code_deployed_before_is_called() {
    let init = init_code(&Asm::default().increment(3).0);
    let created = A.create(0);
    for fork in [Fork::Frontier, Fork::Byzantium, Fork::Osaka] {
        let mut made = rich(fork);
        let deploy = Call { input: init.clone().into(), ..Call::default() };
        made.send(A, 0, TxKind::Create, deploy).send(B, 0, call(created), Call::default());
        // It had no code before, so it is called when its turn comes.
        let txs = run_again(&made, &[]);
        let TxOutcome::Executed(deployed) = &txs[0] else { panic!("{txs:?}") };
        assert_eq!(deployed.created, Some(created));
    }
}

#[test]
fn a_second_creation_at_one_address_collides() {
    let factory = |salt| Asm::default().create(&init_code(&[op::STOP]), 0, Some(salt)).store(0).0;
    let mut made = rich(Fork::London);
    made.contract(CODE, 0, &factory(1), &[]);
    made.send(A, 0, call(CODE), Call::default()).send(B, 0, call(CODE), Call::default());
    run_again(&made, &[1]);
}

#[test]
fn destroyed_contracts_are_paid_and_made_again() {
    let suicide = Asm::default().push_address(B).op(&[op::SELFDESTRUCT]).0;
    for fork in [Fork::Frontier, Fork::Byzantium, Fork::London, Fork::Cancun] {
        let mut made = rich(fork);
        made.contract(CODE, 50, &suicide, &[(0, 9)]);
        made.send(A, 0, call(CODE), Call::default()).pay(B, 0, CODE, 3).pay(C, 0, CODE, 4);
        run_again(&made, &[1, 2]);
    }
}

#[test]
fn storage_of_a_destroyed_contract_is_gone() {
    let suicide = Asm::default().push_address(B).op(&[op::SELFDESTRUCT]).0;
    let reader = Asm::default().call_without_value(op::DELEGATECALL, OTHER, 50_000).0;
    let mut made = rich(Fork::Byzantium);
    made.contract(OTHER, 0, &Asm::default().increment(0).0, &[]);
    made.contract(CODE, 0, &[&reader[..], &suicide[..]].concat(), &[(0, 9)]);
    for from in [A, B, C] {
        made.send(from, 0, call(CODE), Call::default());
    }
    run_again(&made, &[1, 2]);
}

#[test]
fn rejected_transactions_are_values() {
    let mut made = rich(Fork::London);
    made.pay(A, 0, B, 1).pay(A, 7, B, 1).pay(C, 0, B, 2 * ETHER).pay(A, 1, B, 1);
    let txs = run_again(&made, &[]);
    let reason = |tx: usize| match &txs[tx] {
        TxOutcome::Rejected(reason) => reason.to_string(),
        TxOutcome::Executed(_) => panic!("transaction {tx} ran"),
    };
    assert_eq!(reason(1), "nonce 7 too high, expected 1");
    assert!(reason(2).starts_with("lack of funds"), "{}", reason(2));
    assert!(is_success(&txs[3]));
}

#[test]
fn the_block_gas_limit_admits_in_order() {
    let mut made = rich(Fork::London);
    made.gas_limit = 21_000 + 300_000;
    // The first leaves room for exactly one more of these; what the third asks for is gone.
    made.pay(A, 0, B, 1).pay(B, 0, C, 1).pay(C, 0, A, 1);
    let txs = run_again(&made, &[]);
    assert!(is_success(&txs[1]));
    let TxOutcome::Rejected(reason) = &txs[2] else { panic!("{txs:?}") };
    assert_eq!(*reason, Rejection::NoRoom { gas_limit: 300_000, left: 279_000 });
}

#[test]
fn delegations_set_in_a_block_are_used_in_it() {
    let (authority, authorization) = authorization(CODE, 0);
    let mut made = rich(Fork::Prague);
    made.account(authority, ETHER).contract(CODE, 0, &Asm::default().increment(0).0, &[]);
    made.delegate(A, 0, B, vec![authorization.clone()]);
    made.send(B, 0, call(authority), Call::default());
    // The nonce of the authority is used up.
    made.delegate(C, 0, B, vec![authorization]);
    run_again(&made, &[2]);
}

#[test]
fn a_precompile_only_block_has_nothing_to_disturb() {
    let mut made = rich(Fork::London);
    for from in [A, B, C] {
        made.send(from, 0, call(Address::with_last_byte(4)), Call::default());
    }
    run_again(&made, &[]);
}

#[test]
fn transient_storage_and_blobs_end_with_the_transaction() {
    let transient = Asm::default().push(0).op(&[op::TLOAD]).store(0).push(1).push(0);
    let mut made = rich(Fork::Osaka);
    made.contract(CODE, 0, &transient.op(&[op::TSTORE]).0, &[]);
    made.send(A, 0, call(CODE), Call::default()).send(B, 0, call(CODE), Call::default());
    made.blob(C, 0, CODE);
    let txs = run_again(&made, &[]);
    assert!(txs.iter().all(is_success));
}

#[test]
fn absurd_balances_do_not_wrap_around() {
    let mut made = rich(Fork::London);
    let whale = |address| AccountRecord {
        address,
        balance: U256::MAX - U256::from(9),
        nonce: 0,
        code: CodeRecord::None,
        storage: vec![],
    };
    made.record(whale(OTHER));
    made.pay(A, 0, OTHER, 5).pay(B, 0, OTHER, 6).pay(C, 0, OTHER, 1);
    let (block, state) = made.build();
    let settings = [Settings::with_threads(2).unwrap()];
    check("absurd", &block, &state, &settings);
}

#[test]
fn an_observation_holds_what_was_hit_and_no_more() {
    let body = Asm::default().increment(1).push(2).op(&[op::SLOAD, op::POP]);
    let reverted = body.clone().push(0).push(0).op(&[op::REVERT]).0;
    let caller = Asm::default().call(op::CALL, OTHER, 0, 100_000).op(&[op::POP]).increment(5).0;
    let mut made = rich(Fork::London);
    made.contract(CODE, 0, &caller, &[]).contract(OTHER, 0, &reverted, &[]);
    made.call_with_list(A, 0, CODE, &[5, 77]);
    let (block, state) = made.build();
    let settings = SequentialSettings { is_observed: true };
    let seen = execute_sequential(&block, &state, &settings).unwrap().observations.into_vec();
    let slot = |address, key| Slot::new(address, U256::from(key));
    // Slots of the reverted frame are read, slot 77 was only listed.
    assert_eq!(seen[0].reads, [slot(CODE, 5), slot(OTHER, 1), slot(OTHER, 2)]);
    assert_eq!(seen[0].writes, [slot(CODE, 5)]);
    let accounts = &seen[0].accounts;
    assert_eq!(accounts.nonces, [A]);
    assert_eq!(accounts.balance_debits, [A]);
    assert_eq!(accounts.balance_credits, [BENEFICIARY]);
    assert_eq!(accounts.code_reads, [CODE, OTHER]);
}

#[test]
fn slots_of_a_contract_made_by_the_transaction_are_left_out_even_if_undone() {
    // Initialisation code that hits a slot and stops, or reverts.
    let init = Asm::default().increment(1);
    let undone = init.clone().push(0).push(0).op(&[op::REVERT]).0;
    for init in [init.0, undone] {
        let mut made = rich(Fork::London);
        made.contract(CODE, 0, &Asm::default().create(&init, 0, None).store(0).0, &[]);
        made.send(A, 0, call(CODE), Call::default());
        let (block, state) = made.build();
        let settings = SequentialSettings { is_observed: true };
        let seen = execute_sequential(&block, &state, &settings).unwrap().observations.into_vec();
        assert_eq!(seen[0].reads, [Slot::new(CODE, U256::ZERO)]);
        assert_eq!(seen[0].accounts.nonces, {
            let mut nonces = [A, CODE];
            nonces.sort_unstable();
            nonces
        });
    }
}

#[test]
fn code_that_was_not_recorded_is_an_error_that_names_the_account() {
    let mut made = rich(Fork::London);
    made.record(AccountRecord {
        address: CODE,
        balance: U256::ZERO,
        nonce: 1,
        code: CodeRecord::HashOnly(alloy_primitives::B256::with_last_byte(1)),
        storage: vec![],
    });
    made.pay(A, 0, B, 1).send(B, 0, call(CODE), Call::default());
    let (block, state) = made.build();
    let sequential = execute_sequential(&block, &state, &SequentialSettings { is_observed: false });
    let parallel =
        run(&block, &Schedule::single_layer(2), &state, &Settings::with_threads(2).unwrap());
    for error in [sequential.err().unwrap(), parallel.err().unwrap()] {
        let ExecutionError::Database { tx: Some(TxIndex(1)), .. } = &error else {
            panic!("{error:?}")
        };
        assert_eq!(
            error.to_string(),
            format!(
                "the state could not be read in transaction 1: code of {CODE} is not recorded: the \
                 account was touched but never executed when block 14000000 was recorded"
            )
        );
    }
}

#[test]
fn a_schedule_for_another_block_is_an_error() {
    let (block, state) = rich(Fork::London).build();
    let settings = Settings::with_threads(1).unwrap();
    let error = run(&block, &Schedule::single_layer(3), &state, &settings).map(drop).unwrap_err();
    assert_eq!(error.to_string(), "the schedule is for 3 transactions and the block has 0");
}

#[test]
fn a_spender_that_gets_everything_back_is_disturbed_all_the_same() {
    // Asked to, CODE sends 6 to OTHER, which sends them back, so that its balance ends as it began;
    // otherwise it gives 6 away. Of 10, the 4 that are left are not enough to send 6 anywhere.
    let back = Asm::default().push(0).push(0).push(0).push(0).push(6).op(&[op::CALLER]);
    let back = back.push(9_000).op(&[op::CALL]).0;
    let round = Asm::default().call(op::CALL, OTHER, 6, 50_000).store(1).op(&[op::STOP]);
    let code = Asm::default()
        .when(Asm::default().op(&[op::CALLVALUE]), Asm::default().op(&[op::STOP]))
        .when(Asm::default().op(&[op::CALLDATASIZE]), round)
        .call(op::CALL, C, 6, 0);
    let mut made = rich(Fork::London);
    made.contract(CODE, 10, &code.0, &[]).contract(OTHER, 0, &back, &[]);
    let ask = Call { input: [1].into(), ..Call::default() };
    made.send(A, 0, call(CODE), Call::default()).send(B, 0, call(CODE), ask);
    run_again(&made, &[1]);
}

#[test]
fn a_sender_must_be_able_to_pay_for_all_its_gas() {
    // B is delegated to code that gives most of its balance away. What is left would pay for the gas
    // used, but not for the limit.
    let give = Asm::default().call(op::CALL, C, 1_000_000, 0).op(&[op::POP]).0;
    let delegation = [&[0xef, 0x01, 0x00], CODE.as_slice()].concat();
    let mut made = Made::new(Fork::Prague);
    made.account(A, ETHER).contract(CODE, 0, &give, &[]);
    made.record(AccountRecord {
        address: B,
        balance: U256::from(3_000_001),
        nonce: 0,
        code: CodeRecord::Known(delegation.into()),
        storage: vec![],
    });
    made.send(A, 0, call(B), Call::default()).pay(B, 0, C, 1);
    let txs = run_again(&made, &[]);
    let TxOutcome::Rejected(reason) = &txs[1] else { panic!("{txs:?}") };
    assert!(reason.to_string().starts_with("lack of funds"), "{reason}");
}

#[test]
fn a_call_that_fails_for_its_price_looked_at_the_callee() {
    // OTHER has enough gas to pay 1 to an existing account, not to create one.
    let pay = Asm::default().call(op::CALL, C, 1, 0).op(&[op::POP]).0;
    let code = Asm::default().push_address(C).op(&[op::EXTCODESIZE, op::POP]);
    let code = code.call(op::CALL, OTHER, 0, 20_000).store(0).0;
    let mut made = Made::new(Fork::London);
    made.account(A, ETHER).account(B, ETHER);
    made.contract(CODE, 0, &code, &[]).contract(OTHER, 5, &pay, &[]);
    made.pay(A, 0, C, 1).send(B, 0, call(CODE), Call::default());
    run_again(&made, &[1]);
}

#[test]
fn a_contract_made_again_starts_with_empty_storage() {
    let destroy = Asm::default().op(&[op::CALLER, op::SELFDESTRUCT]);
    let is_asked = Asm::default().op(&[op::CALLDATASIZE]);
    let runtime = Asm::default().when(is_asked, destroy).increment(0).0;
    let init = init_code(&runtime);
    let factory = Asm::default().create(&init, 0, Some(1)).store(0).0;
    let child = CODE.create2_from_code(U256::from(1).to_be_bytes::<32>(), &init);
    let mut made = rich(Fork::London);
    made.contract(CODE, 0, &factory, &[]).contract(child, 0, &runtime, &[(0, 5)]);
    let ask = Call { input: [1].into(), ..Call::default() };
    made.send(A, 0, call(child), ask).send(B, 0, call(CODE), Call::default());
    made.send(C, 0, call(child), Call::default());
    run_again(&made, &[1, 2]);
    let (block, state) = made.build();
    let settings = SequentialSettings { is_observed: false };
    let outcome = execute_sequential(&block, &state, &settings).unwrap().outcome;
    let change = outcome.state.iter().find(|change| change.address == child).unwrap();
    assert!(change.destroyed);
    assert_eq!(change.storage[0].after, U256::from(1));
}

#[test]
fn an_account_that_only_a_withdrawn_run_made_does_not_exist() {
    // In its first layer transaction 1 pays OTHER; it would not after transaction 0. Transaction 2
    // finds OTHER made, and has to leave it as if it had made it itself.
    let switch = Asm::default().push(1).store(0).op(&[op::STOP]);
    let pay = Asm::default().call(op::CALL, OTHER, 1, 0).op(&[op::STOP]);
    let is_unset = Asm::default().push(0).op(&[op::SLOAD, op::ISZERO]);
    let is_asked = Asm::default().op(&[op::CALLDATASIZE]);
    let code = Asm::default().when(is_asked, switch).when(is_unset, pay).0;
    let mut made = rich(Fork::London);
    made.contract(CODE, 5, &code, &[]);
    let ask = Call { input: [1].into(), ..Call::default() };
    made.send(A, 0, call(CODE), ask).send(B, 0, call(CODE), Call::default()).pay(C, 0, OTHER, 3);
    let (block, state) = made.build();
    let layers = vec![vec![TxIndex(1)], vec![TxIndex(0), TxIndex(2)]];
    let schedule = Schedule::from_layers(3, layers).unwrap();
    let settings = SequentialSettings { is_observed: false };
    let sequential = execute_sequential(&block, &state, &settings).unwrap();
    let parallel = run(&block, &schedule, &state, &Settings::with_threads(2).unwrap()).unwrap();
    assert_eq!(parallel.outcome, sequential.outcome);
    assert_eq!(parallel.reexecuted, [TxIndex(1)]);
}

#[test]
fn an_empty_call_pays_for_a_new_account_before_spurious_dragon() {
    let code = Asm::default().call(op::CALL, OTHER, 0, 0).op(&[op::POP, op::GAS]).store(0).0;
    let mut made = rich(Fork::Homestead);
    made.contract(CODE, 0, &code, &[]).pay(A, 0, OTHER, 1);
    run_again(made.send(B, 0, call(CODE), Call::default()), &[1]);
}

#[test]
fn touching_an_account_makes_it_before_spurious_dragon() {
    // Transaction 1 makes OTHER in its layer by touching it, and would not after transaction 0; so
    // transaction 2 finds it made, and makes it in truth.
    let switch = Asm::default().push(1).store(0).op(&[op::STOP]);
    let touch = Asm::default().call(op::CALL, OTHER, 0, 0).op(&[op::STOP]);
    let is_unset = Asm::default().push(0).op(&[op::SLOAD, op::ISZERO]);
    let is_asked = Asm::default().op(&[op::CALLDATASIZE]);
    let code = Asm::default().when(is_asked, switch).when(is_unset, touch).0;
    for fork in [Fork::Homestead, Fork::London] {
        let mut made = rich(fork);
        made.contract(CODE, 0, &code, &[]);
        let ask = Call { input: [1].into(), ..Call::default() };
        made.send(A, 0, call(CODE), ask).send(B, 0, call(CODE), Call::default());
        made.pay(C, 0, OTHER, 0);
        let (block, state) = made.build();
        let layers = vec![vec![TxIndex(1)], vec![TxIndex(0), TxIndex(2)]];
        let schedule = Schedule::from_layers(3, layers).unwrap();
        let settings = SequentialSettings { is_observed: false };
        let sequential = execute_sequential(&block, &state, &settings).unwrap();
        let is_made = sequential.outcome.state.iter().any(|change| change.address == OTHER);
        assert_eq!(is_made, fork < Fork::SpuriousDragon);
        let settings = Settings::with_threads(2).unwrap();
        let parallel = run(&block, &schedule, &state, &settings).unwrap();
        assert_eq!(parallel.outcome, sequential.outcome, "{fork}");
    }
}

#[test]
fn an_authority_is_looked_at() {
    // Whether it exists decides a refund.
    let (authority, first) = authorization(CODE, 0);
    let mut made = rich(Fork::Prague);
    run_again(made.pay(A, 0, authority, 1).delegate(B, 0, C, vec![first]), &[1]);
    // Its nonce decides whether the authorization holds.
    let (authority, second) = authorization(CODE, 1);
    let mut made = rich(Fork::Prague);
    made.account(authority, ETHER);
    run_again(made.pay(authority, 0, C, 1).delegate(B, 0, C, vec![second]), &[1]);
}

#[test]
fn what_the_system_calls_left_is_seen() {
    let history = "0x0000f90827f1c53a10cb7a02335b175320002935".parse().unwrap();
    let mut made = rich(Fork::Prague);
    made.send(A, 0, call(history), Call::default()).send(B, 0, call(history), Call::default());
    run_again(&made, &[1]);
}

#[test]
fn what_the_last_transaction_left_is_seen_by_the_closing_calls() {
    let requests = "0x00000961ef480eb55e80d19ad83579a64c007002".parse().unwrap();
    let mut made = rich(Fork::Prague);
    let without = made.pay(A, 0, B, 1).build();
    run_again(&made, &[]);
    let with = made.send(B, 0, call(requests), Call::default()).build();
    run_again(&made, &[]);
    let settings = SequentialSettings { is_observed: false };
    let requests = [without, with]
        .map(|(block, state)| execute_sequential(&block, &state, &settings).unwrap().outcome)
        .map(|outcome| outcome.requests);
    assert_ne!(requests[0], requests[1]);
}

#[test]
fn advice_that_fails_too_often_is_given_up() {
    // All count in one slot and none waits. The eighth that is run again is the ninth of the block;
    // what starts a window of 512 or more after it runs once.
    const N: u32 = 1_000;
    let mut made = rich(Fork::London);
    made.account(A, 10 * ETHER);
    made.contract(CODE, 0, &Asm::default().increment(0).0, &[(0, 7)]);
    made.gas_limit = u64::MAX;
    for nonce in 0..N {
        made.send(A, nonce.into(), call(CODE), Call::default());
    }
    let (block, state) = made.build();
    let schedule = Schedule::single_layer(N as usize);
    for mode in Mode::ALL {
        for threads in [1, 3] {
            let run = |fallback| {
                let pool = Pool::new(threads).unwrap();
                let settings = Settings { fallback, mode, ..Settings::of(pool) };
                run(&block, &schedule, &state, &settings).unwrap()
            };
            let (ordinary, patient) = (run(FallbackRule::DEFAULT), run(FallbackRule::NEVER));
            assert_eq!(ordinary.outcome, patient.outcome);
            assert_eq!(ordinary.reexecuted, (1..9 + 512).map(TxIndex).collect::<Vec<_>>());
            assert_eq!(patient.reexecuted, (1..N).map(TxIndex).collect::<Vec<_>>());
        }
    }
}

#[test]
fn instructions_that_look_are_noticed() {
    let to_own_slot = |asm: Asm| asm.op(&[op::CALLER, op::SSTORE]).0;
    let own_balance = to_own_slot(Asm::default().op(&[op::SELFBALANCE]));
    let mut made = rich(Fork::London);
    made.contract(CODE, 0, &own_balance, &[]);
    made.send(A, 0, call(CODE), Call { wei: 5, ..Call::default() });
    run_again(made.send(B, 0, call(CODE), Call::default()), &[1]);

    let hash = to_own_slot(Asm::default().push_address(OTHER).op(&[op::EXTCODEHASH]));
    let mut made = rich(Fork::London);
    made.contract(CODE, 0, &hash, &[]).pay(A, 0, OTHER, 1);
    run_again(made.send(B, 0, call(CODE), Call::default()), &[1]);

    let size = to_own_slot(Asm::default().push_address(OTHER).op(&[op::EXTCODESIZE]));
    let mut made = rich(Fork::London);
    made.contract(CODE, 0, &size, &[]).pay(A, 0, OTHER, 1);
    run_again(made.send(B, 0, call(CODE), Call::default()), &[]);
}
