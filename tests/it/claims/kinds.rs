//! What of each situation that predictions once had wrong?
//!
//! In: a small program for each. Out: the slots it touches are those that the rules give, and a
//! prediction that claims to have them all does.
//!
//! Most programs add what an instruction gave to 16 and load the slot of that number.

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use slotcast::{
    Summaries,
    analyzer::{bytecode::delegation_to, limits::Limits},
    executor::AccountRecord,
    model::{Fork, Gap},
};
use slotcast_tests::asm::assemble;

use super::{
    judge::{Claim, judge},
    programs::{Made, Sent, account, authorization, contract, made, sender},
};

/// What a program ends with that shows a word.
const SHOWN: &str = "push 16 add sload pop stop";

const A: Address = contract(0);
const B: Address = contract(1);

fn code(text: &str) -> Vec<u8> {
    assemble(text).expect("the program is well formed")
}

fn push(address: Address) -> String {
    format!("push20 {address} ").to_lowercase()
}

/// A call of B with so much wei and gas.
fn call(kind: &str, wei: u64, gas: &str) -> String {
    let value = if kind.starts_with("call") { format!("push {wei}") } else { String::new() };
    format!("push 0 push 0 push 0 push 0 {value} {} {gas} {kind} ", push(B))
}

/// The claims of a block, all of which must hold.
fn claims(made: &Made, fork: Fork) -> Vec<Claim> {
    let claims = judge(&made.block, &made.state, fork, &Summaries::new(fork, Limits::default()));
    for claim in &claims {
        assert_eq!(claim.miss, None, "{fork} tx {}", claim.tx);
    }
    claims
}

/// The keys of A's slots that the last transaction touches, which its prediction claims to have.
fn keys(made: &Made, fork: Fork) -> Vec<U256> {
    let claims = claims(made, fork);
    let last = claims.last().expect("there is a transaction");
    assert!(last.is_made, "{fork}: no claim, but {:?}", last.gaps);
    last.truth.reads.iter().filter(|slot| slot.address == A).map(|slot| slot.key).collect()
}

/// What a call of A touches of its own.
fn keys_of_call(fork: Fork, accounts: Vec<AccountRecord>) -> Vec<U256> {
    keys(&made(fork, accounts, vec![Sent::call(sender(0), 0, A)]), fork)
}

/// What A shows, when B is `callee`.
fn shown(fork: Fork, caller: &str, callee: &str) -> U256 {
    let a = account(A, 9, 1, code(&format!("{caller} {SHOWN}")));
    let keys = keys_of_call(fork, vec![a, account(B, 9, 1, code(callee))]);
    assert_eq!(keys.len(), 1, "{caller}: {keys:?}");
    keys[0] - U256::from(16)
}

#[test]
fn nothing_is_changed_inside_a_static_call() {
    let changes = [
        "push 1 push 1 sstore stop",
        "push 0 push 0 log0 stop",
        "push 1 push 1 tstore stop",
        "push 0 push 0 push 0 create stop",
        "push 0 push 0 push 0 push 0 create2 stop",
        "caller selfdestruct",
        "push 0 push 0 push 0 push 0 push 1 push 4 gas call stop",
    ];
    for change in changes {
        let inside = shown(Fork::Osaka, &call("staticcall", 0, "gas"), change);
        assert_eq!(inside, U256::ZERO, "{change}");
        assert_eq!(shown(Fork::Osaka, &call("call", 0, "gas"), change), U256::ONE, "{change}");
    }
    // What pays itself by CALLCODE changes nothing.
    let callcode = "push 0 push 0 push 0 push 0 push 1 push 4 gas callcode pop stop";
    assert_eq!(shown(Fork::Osaka, &call("staticcall", 0, "gas"), callcode), U256::ONE);
}

#[test]
fn creations_fail_as_they_do() {
    let stored = |init: &str| format!("push {init} push 0 mstore ");
    let of = |fork, text: &str| shown(fork, &format!("{text} iszero"), "stop");
    for (fork, text, fails) in [
        (Fork::Osaka, "push 0 push 0 push 10 create".to_owned(), true),
        (Fork::Osaka, "push 0 push 0 push 9 create".to_owned(), false),
        // Code that begins with 0xef, before and since London.
        (Fork::London, stored("0x60ef60005360016000f3") + "push 10 push 22 push 0 create", true),
        (Fork::Istanbul, stored("0x60ef60005360016000f3") + "push 10 push 22 push 0 create", false),
        // Runtime code of 24,577 bytes.
        (Fork::Osaka, stored("0x6160016000f3") + "push 6 push 26 push 0 create", true),
        (Fork::Osaka, stored("0x6160006000f3") + "push 6 push 26 push 0 create", false),
        // The second creation at one place.
        (
            Fork::Osaka,
            "push 1 push 0 push 0 push 0 create2 pop push 1 push 0 push 0 push 0 create2"
                .to_owned(),
            true,
        ),
    ] {
        assert_eq!(of(fork, &text), U256::from(u64::from(fails)), "{fork}: {text}");
    }
    // Init code of more than 49,152 bytes ends the frame since Shanghai.
    let large = "push 49153 push 0 push 0 create pop stop";
    assert_eq!(shown(Fork::Osaka, &call("call", 0, "gas"), large), U256::ZERO);
    assert_eq!(shown(Fork::London, &call("call", 0, "gas"), large), U256::ONE);
}

#[test]
fn a_place_that_is_taken_is_not_created() {
    let taken = A.create2(B256::with_last_byte(7), keccak256([]));
    let creation = "push 7 push 0 push 0 push 0 create2 ";
    let a = || account(A, 0, 1, code(&format!("{creation} {SHOWN}")));
    let at = |n: u64| U256::from(n);
    for taken in [account(taken, 0, 1, vec![0]), account(taken, 0, 1, vec![])] {
        assert_eq!(keys_of_call(Fork::Osaka, vec![a(), taken]), [at(16)]);
    }
    let word = |address: Address| U256::from_be_slice(address.as_slice()) + U256::from(16);
    let paid = account(taken, 5, 0, vec![]);
    assert_eq!(keys_of_call(Fork::Osaka, vec![a(), paid]), [word(taken)]);
}

#[test]
fn failed_creations_take_a_nonce_or_not() {
    let second = |first: &str| {
        let text = format!("push 0xfe push 0 mstore8 {first} pop push 0 push 0 push 0 create");
        shown(Fork::Osaka, &text, "stop")
    };
    let word = |nonce| U256::from_be_slice(A.create(nonce).as_slice());
    assert_eq!(second("push 0 push 0 push 10 create"), word(1), "too dear");
    assert_eq!(second("push 1 push 0 push 0 create"), word(2), "failed");
    assert_eq!(second("push 0 push 0 push 0 create"), word(2), "succeeded");
}

#[test]
fn a_new_contract_without_code_exists() {
    let hash = shown(Fork::Osaka, "push 0 push 0 push 0 create extcodehash", "stop");
    assert_eq!(hash, U256::from_be_bytes(keccak256([]).0));
}

#[test]
fn the_size_of_memory_counts_every_way_it_grows() {
    for (grown, n_words) in [
        ("push 31 mload pop", 2),
        ("push 64 mload pop", 3),
        ("push 1 push 31 mstore", 2),
        ("push 1 push 32 mstore8", 2),
        ("push 33 push 0 keccak256 pop", 2),
        ("push 1 push 64 mstore push 32 push 64 keccak256 pop", 3),
        ("push 1 push 0 push 64 calldatacopy", 3),
        ("push 1 push 0 push 64 codecopy", 3),
        ("push 0 push 0 push 64 codecopy", 0),
        ("push 1 push 0 push 64 address extcodecopy", 3),
        ("push 1 push 95 push 0 mcopy", 3),
        ("push 1 push 64 log0", 3),
        ("push 1 push 64 push 0 create pop", 3),
        ("push 1 push 64 push 0 push 0 push 0 push 4 gas call pop", 3),
        ("push 0 push 0 push 1 push 64 push 4 gas staticcall pop", 3),
        ("push 0 push 64 push 0 push 64 push 4 gas staticcall pop", 0),
    ] {
        let size = shown(Fork::Osaka, &format!("{grown} msize"), "stop");
        assert_eq!(size, U256::from(32 * n_words), "{grown}");
    }
}

#[test]
fn paying_oneself_changes_no_balance() {
    for kind in ["call", "callcode"] {
        let pay = format!(
            "calldatasize push end jumpi push 0 push 0 push 1 push 0 push 5 address gas {kind} pop selfbalance {SHOWN} end: stop"
        );
        let keys = keys_of_call(Fork::Osaka, vec![account(A, 9, 1, code(&pay))]);
        assert_eq!(keys, [U256::from(25)], "{kind}");
    }
    let destroyed = format!("{} pop {} balance", call("call", 0, "gas"), push(B));
    for (fork, left) in [(Fork::Shanghai, 0), (Fork::Cancun, 9)] {
        assert_eq!(shown(fork, &destroyed, "address selfdestruct"), U256::from(left), "{fork}");
    }
}

#[test]
fn the_sender_has_prepaid_its_gas() {
    let sent = Sent::call(sender(0), 0, A);
    let left = U256::from(u64::MAX) - U256::from(sent.gas) * U256::from(10);
    assert_eq!(shown(Fork::Osaka, "origin balance", "stop"), left);
}

#[test]
fn what_cannot_be_paid_gives_its_stipend_back() {
    // With this gas the last load is reached only because the 2,300 come back.
    let text =
        format!("{} push 32 sload pop push 33 sload pop {SHOWN}", call("call", 10, "push 1"));
    let accounts = || vec![account(A, 9, 1, code(&text)), account(B, 1, 1, code("stop"))];
    for gas in (30_000..40_000).step_by(37) {
        let sent = Sent { gas, ..Sent::call(sender(0), 0, A) };
        claims(&made(Fork::Osaka, accounts(), vec![sent]), Fork::Osaka);
    }
}

#[test]
fn what_was_not_returned_cannot_be_copied() {
    for (text, succeeds) in [
        ("push 1 push 0 push 0 returndatacopy stop", 0),
        ("push 0 push 1 push 0 returndatacopy stop", 0),
        ("push 0 push 0 push 0 returndatacopy stop", 1),
        ("returndatasize push 0 push 0 returndatacopy stop", 1),
        (
            "push 32 push 0 push 32 push 0 push 4 gas staticcall pop push 33 push 0 push 0 returndatacopy stop",
            0,
        ),
        (
            "push 32 push 0 push 32 push 0 push 4 gas staticcall pop push 32 push 0 push 0 returndatacopy stop",
            1,
        ),
    ] {
        let flag = shown(Fork::Osaka, &call("call", 0, "gas"), text);
        assert_eq!(flag, U256::from(succeeds), "{text}");
    }
}

#[test]
fn memory_that_cannot_be_paid_for_fails() {
    let far = "0x10000000000";
    for text in [
        format!("push {far} mload pop stop"),
        format!("push 1 push {far} mstore stop"),
        format!("push 1 push {far} mstore8 stop"),
        format!("push 1 push {far} log0 stop"),
        format!("push {far} push 0 log0 stop"),
        format!("push 1 push {far} keccak256 pop stop"),
        format!("push 1 push 0 push {far} calldatacopy stop"),
        format!("push 1 push {far} return"),
        format!("push 1 push {far} revert"),
        format!("push 1 push {far} push 0 push 0 push 4 gas staticcall pop stop"),
        format!("push 0 push 0 push 1 push {far} push 4 gas staticcall pop stop"),
        // Two million bytes cost more than there is, though less than a block has.
        "push 2200000 mload pop stop".to_owned(),
    ] {
        assert_eq!(shown(Fork::Osaka, &call("call", 0, "gas"), &text), U256::ZERO, "{text}");
    }
}

#[test]
fn a_blocks_own_calls_come_before_its_transactions() {
    let read = |to: Address, word: &str| {
        let to = push(to);
        format!(
            "{word} push 0 mstore push 32 push 0 push 32 push 0 {to} gas staticcall pop push 0 mload"
        )
    };
    let beacon = read(alloy_eips::eip4788::BEACON_ROOTS_ADDRESS, "timestamp");
    assert_eq!(shown(Fork::Osaka, &beacon, "stop"), U256::from(9));
    let history = read(alloy_eips::eip2935::HISTORY_STORAGE_ADDRESS, "push 1 number sub");
    assert_eq!(shown(Fork::Osaka, &history, "stop"), U256::from(8));
}

#[test]
fn a_destroyed_account_has_no_nonce_and_what_it_is_paid_afterwards() {
    let of = |fork, text: &str| {
        let accounts = vec![
            account(A, 0, 1, code(&format!("{} {text} {SHOWN}", push(B)))),
            account(B, 9, 1, code("caller selfdestruct")),
        ];
        let paid = Sent { value: U256::from(5), ..Sent::call(sender(1), 1, B) };
        let txs = vec![Sent::call(sender(1), 0, B), paid, Sent::call(sender(0), 0, A)];
        let first_and_last = vec![txs[0].clone(), txs[2].clone()];
        let keys = |txs| keys(&made(fork, accounts.clone(), txs), fork);
        (keys(first_and_last), keys(txs))
    };
    let key = |n: u64| vec![U256::from(16 + n)];
    assert_eq!(of(Fork::Shanghai, "extcodehash iszero"), (key(1), key(0)));
    assert_eq!(of(Fork::Shanghai, "balance"), (key(0), key(5)));
}

/// A call of the authority of an authorisation with this nonce and chain, whose account is `account`
/// before.
fn delegated(
    chain_id: u64,
    nonce: u64,
    before: impl FnOnce(Address) -> Vec<AccountRecord>,
) -> Made {
    let (authority, signed) = authorization(B, chain_id, nonce, 0);
    let mut accounts = before(authority);
    accounts.push(account(B, 0, 1, code("push 16 sload pop stop")));
    let sent = Sent { authorizations: vec![signed], ..Sent::call(sender(0), 0, authority) };
    made(Fork::Prague, accounts, vec![sent])
}

#[test]
fn only_authorizations_that_count_delegate() {
    let held = |made: &Made| {
        let claims = claims(made, Fork::Prague);
        assert!(claims[0].is_made);
        claims[0].truth.reads.len() == 1
    };
    let new = |_| Vec::new();
    assert!(held(&delegated(1, 0, new)));
    assert!(held(&delegated(0, 0, new)));
    assert!(!held(&delegated(5, 0, new)), "another chain");
    assert!(!held(&delegated(1, 7, new)), "another nonce");
    assert!(held(&delegated(1, 7, |it| vec![account(it, 1, 7, vec![])])));
    assert!(held(&delegated(1, 1, |it| vec![account(it, 1, 1, delegation_to(A).to_vec())])));
    assert!(!held(&delegated(1, 1, |it| vec![account(it, 1, 1, vec![0])])), "code");
}

#[test]
fn each_authorization_raises_the_nonce() {
    // Two for one account, of which the second has the nonce of the first.
    let (authority, first) = authorization(A, 1, 0, 0);
    let accounts = |text: &str| {
        vec![account(A, 0, 1, code(text)), account(B, 0, 1, code("push 32 sload pop stop"))]
    };
    let txs = vec![
        Sent { authorizations: vec![first.clone(), first], ..Sent::call(sender(0), 0, authority) },
        Sent::call(sender(1), 0, authority),
    ];
    // What the authority creates shows its nonce.
    let text = format!("push 0 push 0 push 0 create {SHOWN}");
    let claims = claims(&made(Fork::Prague, accounts(&text), txs), Fork::Prague);
    for (claim, nonce) in claims.iter().zip([1, 2]) {
        assert!(claim.is_made, "{:?}", claim.gaps);
        let created = U256::from_be_slice(authority.create(nonce).as_slice());
        assert_eq!(claim.truth.reads[0].key, created + U256::from(16));
    }
}

#[test]
fn gas_that_decides_is_a_gap() {
    let claims = |text: &str| {
        let a = account(A, 0, 1, code(text));
        claims(&made(Fork::Osaka, vec![a], vec![Sent::call(sender(0), 0, A)]), Fork::Osaka)
    };
    assert_eq!(claims("gas sload pop stop")[0].gaps, [Gap::Gas]);
    // Half a million more or less is no question.
    let compared = claims("push 1000000 gas lt push end jumpi push 1 sload pop end: stop");
    assert_eq!((&compared[0].gaps[..], compared[0].is_made), (&[][..], true));
}

#[test]
fn a_frame_whose_gas_may_not_last_is_a_gap() {
    // B runs out of what it is given within a few hundred gas of its end.
    let used = 2_100 + 3 + 2;
    for gas in (used - 400)..(used + 400) {
        let a = format!("{} {SHOWN}", call("call", 0, &format!("push {gas}")));
        let accounts =
            vec![account(A, 0, 1, code(&a)), account(B, 0, 1, code("push 1 sload pop stop"))];
        let sent = Sent::call(sender(0), 0, A);
        let all = claims(&made(Fork::Osaka, accounts, vec![sent]), Fork::Osaka);
        assert_eq!(all[0].is_made, all[0].gaps.is_empty());
    }
}

#[test]
fn no_load_before_the_gas_runs_out_is_lost() {
    let loads: String = (1..9).map(|n| format!("push {n} sload pop ")).collect();
    let a = code(&format!("{loads} push 1 push 9 sstore stop"));
    for gas in (21_000..64_000).step_by(53) {
        let sent = Sent { gas, input: Bytes::new(), ..Sent::call(sender(0), 0, A) };
        claims(&made(Fork::Osaka, vec![account(A, 0, 1, a.clone())], vec![sent]), Fork::Osaka);
    }
}
