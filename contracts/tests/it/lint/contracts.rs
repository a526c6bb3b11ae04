//! What is found in contracts whose sources we know?

use slotcast_contracts::lint::{Finding, Level, Role, Rule};

use super::report;

/// Rule, level, slot and functions of the findings.
fn check(contract: &str, expected: &[(Rule, Level, &str, &[&str])]) {
    let found = report(contract).findings;
    let of = |finding: &Finding| {
        let functions = [&finding.writes[..], &finding.adds, &finding.reads].concat();
        (finding.rule, finding.level, finding.slot.clone(), functions)
    };
    let found: Vec<_> = found.iter().map(of).collect();
    let expected: Vec<_> = expected
        .iter()
        .map(|(rule, level, slot, functions)| {
            let functions = functions.iter().map(|it| (*it).to_owned()).collect();
            (*rule, *level, (*slot).to_owned(), functions)
        })
        .collect();
    assert_eq!(found, expected, "{contract}");
}

#[test]
fn a_global_index_makes_every_call_wait() {
    let functions: &[&str] = &["claim()", "stake(uint128)", "unstake(uint128)"];
    let packed = "{totalStaked, updatedAt}";
    let expected = [
        (Rule::SharedWrite, Level::Warning, packed, functions),
        (Rule::SharedWrite, Level::Warning, "rewardIndex", functions),
    ];
    check("Staking", &expected);
    let staking = report("Staking");
    // Both are written by every call, so that only leaving both gains anything.
    let effects: Vec<_> = staking.findings.iter().filter_map(|it| it.effect).collect();
    assert_eq!(effects.iter().map(|it| it.without).collect::<Vec<_>>(), [48, 48]);
    assert_eq!(effects.iter().map(|it| it.without_so_far).collect::<Vec<_>>(), [48, 1]);
    assert_eq!((staking.traffic.calls, staking.traffic.chain), (48, 48));
    assert_eq!((staking.traffic.chain_certain, staking.traffic.chain_ordered), (48, 48));
    let fund = staking.functions.iter().find(|it| it.name == "fund(uint256,uint64)").unwrap();
    assert_eq!(fund.role, Role::OneCaller);
    let pair = &staking.findings[1].pairs[0];
    assert_eq!((pair.first.as_str(), pair.then.as_str()), ("claim()", "claim()"));
    assert!(pair.is_certain && !pair.is_packed);
}

#[test]
fn deltas_alone_make_no_call_wait() {
    check("Token", &[(Rule::SharedTotal, Level::Note, "totalSupply", &["burn(uint256)"])]);
    let token = report("Token");
    assert_eq!((token.traffic.chain, token.traffic.chain_ordered), (1, 16));
    assert!(token.findings[0].pairs.is_empty());
    // Of what depends on caller and arguments it is only said that keys may be equal.
    let keyed: Vec<_> = token.keyed.iter().map(|it| it.slots.join(" ")).collect();
    let balances = "balanceOf[caller] balanceOf[from] balanceOf[to]";
    assert_eq!(keyed, [balances, "allowance[caller][spender] allowance[from][caller]"]);
}

#[test]
fn a_counter_that_is_used_makes_its_users_wait() {
    check("Nft", &[(Rule::UsedCounter, Level::Warning, "totalSupply", &["mint(uint256)"])]);
    let functions: &[&str] = &["incrementBoth()", "add(uint256)", "increment()"];
    check("Counter", &[(Rule::UsedCounter, Level::Warning, "count", functions)]);
    let used = &report("Counter").findings[0];
    assert_eq!(used.adds, ["add(uint256)", "increment()"]);
    // A caller that only adds does not wait; the one that uses the count waits for all.
    assert!(used.pairs.iter().all(|pair| pair.then == "incrementBoth()"));
    assert_eq!(used.pairs.len(), 3);
}

#[test]
fn a_pool_waits_for_its_reserves() {
    let pair = report("AmmPair");
    let first = &pair.findings[0];
    assert_eq!(first.slot, "{_reserve0, _reserve1, _updatedAt}");
    assert_eq!(first.reads, ["skim(address)"]);
    let effect = first.effect.unwrap();
    assert_eq!((effect.chain, effect.without), (64, 32));
    let slots: Vec<&str> = pair.findings.iter().map(|it| it.slot.as_str()).collect();
    assert!(!slots.contains(&"_unlocked"), "a lock ends as it began: {slots:?}");
}

#[test]
fn what_only_one_caller_or_the_first_can_do_is_no_traffic() {
    let roles = |contract: &str| {
        let count = |role| report(contract).n_functions(role);
        (count(Role::Users), count(Role::OneCaller), count(Role::Once))
    };
    assert_eq!(roles("Token"), (4, 1, 0));
    assert_eq!(roles("TickPool"), (5, 0, 1));
    assert_eq!(roles("Beacon"), (0, 1, 0));
    assert_eq!(roles("Registry"), (4, 0, 0));
}

#[test]
fn a_slot_that_is_not_known_is_a_finding() {
    // Hashes of byte strings: the users' own, which is not seen yet.
    let found = report("Registry").findings;
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].rule, found[0].level), (Rule::UnknownSlot, Level::Note));
    assert_eq!(found[0].writes, ["claimKey(bytes)", "register(string,uint64,address)"]);
    assert!(found[0].slot.contains("ownerOfKey[…]"), "{}", found[0].slot);
}
