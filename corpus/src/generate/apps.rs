//! Who uses which application?
//!
//! In: a draft and its town. Out: one call of a staking pool, a collection, an airdrop, a batch, a
//! vault, a name registry, a diamond.
//! Invariant: needs contracts of Cancun.

use alloy_primitives::{Address, Bytes, U256};

use super::{
    abi::{self, Arg},
    draft::{Draft, ether},
    erc20::transfer_call,
    message::Message,
    town::{NFT_PRICE_MILLIETHER, Town, points_slot, position_slot},
};

/// Appends one call of the staking pool.
pub(super) fn stake(draft: &mut Draft, town: &Town) {
    let (staking, token) = town.modern().staking;
    let person = draft.person();
    let account = draft.address(person);
    token.fund(draft, account);
    token.allow(draft, account, staking);
    // Every user has staked before, long enough ago to leave.
    let (_, now) = draft.plan.number_and_time();
    let position = ether(500) | U256::from(now - 900_000) << 128 | U256::from(now - 800_000) << 192;
    draft.store_if_unset(staking, position_slot(account), position);
    let amount = draft.rng.milliether(1, 20_000);
    let input = match draft.rng.weighted(&[45, 25, 30]) {
        0 => abi::call("stake(uint128)", [amount.into()]),
        1 => abi::call("unstake(uint128)", [amount.into()]),
        _ => abi::call("claim()", []),
    };
    draft.send(person, Message::call(staking, input, 250_000));
}

/// Appends one mint; numbers are given in order, so minters depend on each other.
pub(super) fn mint(draft: &mut Draft, town: &Town) {
    let person = draft.person();
    let count = draft.rng.range(1, 4);
    let price = U256::from(NFT_PRICE_MILLIETHER) * U256::from(1_000_000_000_000_000u64);
    let input = abi::call("mint(uint256)", [count.into()]);
    let message = Message::call(town.modern().nft, input, 350_000);
    draft.send(person, message.with_value(price * U256::from(count)));
}

/// Appends one distribution to many accounts, of tokens or of ether.
pub(super) fn airdrop(draft: &mut Draft, town: &Town) {
    let (airdrop, token) = town.modern().airdrop;
    let giver = draft.person();
    let account = draft.address(giver);
    let n_accounts = draft.rng.range(3, 16);
    let accounts: Vec<Address> = (0..n_accounts).map(|_| draft.payee()).collect();
    if draft.rng.percent(25) {
        let input = abi::call("dropEther(address[])", [accounts.into()]);
        let message = Message::call(airdrop, input, 80_000 + 50_000 * n_accounts);
        let value = draft.rng.milliether(50, 900);
        return draft.send(giver, message.with_value(value));
    }
    token.fund(draft, account);
    token.allow(draft, account, airdrop);
    let amounts: Vec<U256> = accounts.iter().map(|_| draft.rng.milliether(1, 500)).collect();
    let input = abi::call("drop(address[],uint256[])", [accounts.into(), amounts.into()]);
    draft.send(giver, Message::call(airdrop, input, 80_000 + 60_000 * n_accounts));
}

/// Appends one batch: calls of tokens on behalf of the batcher, or the batcher's own functions.
pub(super) fn batch(draft: &mut Draft, town: &Town) {
    let modern = town.modern();
    let person = draft.person();
    let input = match draft.rng.percent(60) {
        true => {
            let calls = (0..draft.rng.range(2, 6)).map(|_| one_call(draft, town)).collect();
            abi::call("aggregate((address,bytes)[])", [Arg::Array(calls)])
        }
        false => {
            let note = draft.rng.hash();
            let calls: Vec<Bytes> =
                vec![abi::call("setNote(bytes32)", [note.into()]), abi::call("bumpNonce()", [])];
            abi::call("multicall(bytes[])", [calls.into()])
        }
    };
    draft.send(person, Message::call(modern.multicall, input, 900_000));
}

fn one_call(draft: &mut Draft, town: &Town) -> Arg {
    let modern = town.modern();
    let (target, data) = match draft.rng.weighted(&[50, 30, 20]) {
        0 => {
            let token = town.token(draft);
            token.fund(draft, modern.multicall);
            let (to, amount) = (draft.payee(), draft.rng.milliether(1, 50));
            (token.address, transfer_call(to, amount))
        }
        1 => (modern.counter, abi::call("increment()", [])),
        _ => {
            let token = town.token(draft);
            let holder = draft.payee();
            (token.address, abi::call("balanceOf(address)", [holder.into()]))
        }
    };
    Arg::Tuple(vec![target.into(), data.into()])
}

/// Appends one deposit into the vault.
pub(super) fn deposit(draft: &mut Draft, town: &Town) {
    let (vault, token) = town.modern().vault;
    let person = draft.person();
    let account = draft.address(person);
    token.fund(draft, account);
    token.allow(draft, account, vault);
    let amount = draft.rng.milliether(10, 9_000);
    let input = abi::call("deposit(uint256,address)", [amount.into(), account.into()]);
    draft.send(person, Message::call(vault, input, 250_000));
}

/// Appends one registration of a name; some are long, some are taken.
pub(super) fn register(draft: &mut Draft, town: &Town) {
    let person = draft.person();
    let name = match draft.rng.weighted(&[60, 25, 15]) {
        0 => format!("name{}", draft.rng.range(0, 1_000_000)),
        1 => format!("a-name-that-does-not-fit-one-word-{}", draft.rng.range(0, 1_000_000)),
        _ => format!("popular{}", draft.rng.range(0, 3)),
    };
    let duration = 1_000_000u64;
    let input = abi::call(
        "register(string,uint64,address)",
        [Bytes::from(name.into_bytes()).into(), duration.into(), Address::ZERO.into()],
    );
    let value = U256::from(duration) * U256::from(1_000_000_000u64);
    draft.send(person, Message::call(town.modern().registry, input, 350_000).with_value(value));
}

/// Appends one move of points in a ledger that is a facet of a diamond.
pub(super) fn move_points(draft: &mut Draft, town: &Town) {
    let diamond = town.modern().diamond;
    let person = draft.person();
    let account = draft.address(person);
    draft.store_if_unset(diamond, points_slot(account), U256::from(1_000_000));
    let (to, points, note) = (draft.payee(), draft.rng.range(1, 900), draft.rng.hash());
    let input = abi::call("move(address,uint256,bytes32)", [to.into(), points.into(), note.into()]);
    draft.send(person, Message::call(diamond, input, 250_000));
}
