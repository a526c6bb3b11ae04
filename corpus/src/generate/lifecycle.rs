//! Which accounts come and go within the block?
//!
//! In: a draft and its town. Out: deployments that are used at once, CREATE2, SELFDESTRUCT and what
//! follows it, on either side of Cancun.

use alloy_primitives::{Address, Bytes, U256, keccak256};

use super::{
    Era, abi,
    draft::{Draft, ether},
    erc20::transfer_call,
    message::Message,
    programs::{MORTAL, creation_of},
    town::{Town, token_creation},
};

/// Appends a deployment; the new contract is called later in the block.
pub(super) fn deploy_and_call(draft: &mut Draft, _: &Town) {
    let deployer = draft.person();
    let contract = draft.next_deployment(deployer);
    let distance = draft.rng.below(6);
    if draft.plan.era < Era::Cancun {
        draft.send(deployer, Message::create(creation_of(MORTAL), 200_000));
        return draft.later(distance, move |draft| {
            let caller = draft.person();
            draft.send(caller, Message::call(contract, Bytes::new(), 80_000));
        });
    }
    draft.send(deployer, Message::create(token_creation(), 1_500_000));
    draft.later(distance, move |draft| {
        let holder = draft.payee();
        let input = transfer_call(holder, ether(10));
        draft.send(deployer, Message::call(contract, input, 120_000));
    });
    draft.later(distance + 2, move |draft| {
        let person = draft.person();
        let input = abi::call("approve(address,uint256)", [contract.into(), U256::MAX.into()]);
        draft.send(person, Message::call(contract, input, 120_000));
    });
}

/// Appends a deployment by CREATE2, which is called later and tried again.
pub(super) fn create2(draft: &mut Draft, town: &Town) {
    let deployer = town.programs.deployer;
    let salt = draft.rng.hash();
    let init = creation_of(MORTAL);
    let contract = deployer.create2(salt, keccak256(&init));
    let input = Bytes::from([&salt[..], &init].concat());
    let sender = draft.person();
    draft.send(sender, Message::call(deployer, input.clone(), 250_000));
    draft.later(1, move |draft| call_plainly(draft, contract));
    // The address is taken by now, so nothing is deployed and the gas is lost.
    draft.later(3, move |draft| {
        let sender = draft.person();
        draft.send(sender, Message::call(deployer, input, 250_000));
    });
}

/// Appends a self-destruction; the account is used again later in the block.
pub(super) fn self_destruct(draft: &mut Draft, town: &Town) {
    match draft.rng.weighted(&[40, 30, 30]) {
        1 if Era::Istanbul <= draft.plan.era => destroy_and_return(draft, town),
        2 if Era::Cancun <= draft.plan.era => live_for_one_transaction(draft, town),
        _ => destroy_an_old_one(draft),
    }
}

/// A contract older than the block: gone before Cancun, merely emptied since.
fn destroy_an_old_one(draft: &mut Draft) {
    let contract = draft.install(Bytes::from_static(MORTAL));
    draft.account(contract).balance = ether(3);
    draft.store(contract, U256::from(1), U256::from(41));
    let heir = draft.payee();
    destroy(draft, contract, heir);
    draft.later(1, move |draft| {
        let payer = draft.person();
        let value = draft.rng.milliether(1, 50);
        let message = Message::call(contract, Bytes::new(), 80_000);
        draft.send(payer, message.with_value(value));
    });
    draft.later(2, move |draft| call_plainly(draft, contract));
}

/// Deployed, destroyed by a transaction of its own, and deployed at the same address again: what
/// happened before Cancun only.
fn destroy_and_return(draft: &mut Draft, town: &Town) {
    let deployer = town.programs.deployer;
    let salt = draft.rng.hash();
    let init = creation_of(MORTAL);
    let contract = deployer.create2(salt, keccak256(&init));
    let input = Bytes::from([&salt[..], &init].concat());
    let sender = draft.person();
    draft.send(sender, Message::call(deployer, input.clone(), 250_000));
    let heir = draft.payee();
    draft.later(1, move |draft| destroy(draft, contract, heir));
    draft.later(2, move |draft| {
        draft.send(sender, Message::call(deployer, input, 250_000));
    });
    draft.later(3, move |draft| call_plainly(draft, contract));
}

/// Created, used and destroyed within one transaction, twice at the same address.
fn live_for_one_transaction(draft: &mut Draft, town: &Town) {
    let factory = town.modern().bomb_factory;
    let (salt, heir) = (draft.rng.hash(), draft.payee());
    let input = abi::call("makeAndExplode(bytes32,address)", [salt.into(), heir.into()]);
    for distance in [0, 2] {
        let input = input.clone();
        let explode = move |draft: &mut Draft| {
            let sender = draft.person();
            let value = draft.rng.milliether(1, 30);
            draft.send(sender, Message::call(factory, input, 400_000).with_value(value));
        };
        match distance {
            0 => explode(draft),
            _ => draft.later(distance, explode),
        }
    }
}

fn destroy(draft: &mut Draft, contract: Address, heir: Address) {
    let sender = draft.person();
    let input = abi::encode([heir.into()]).into();
    draft.send(sender, Message::call(contract, input, 120_000));
}

fn call_plainly(draft: &mut Draft, contract: Address) {
    let caller = draft.person();
    draft.send(caller, Message::call(contract, Bytes::new(), 80_000));
}
