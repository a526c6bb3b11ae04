//! Which vaults are paid under which fork and parameters?

use alloy_consensus::Header;
use alloy_primitives::U256;

use super::*;
use crate::chain::optimism::BASE_FEE_VAULT;
use crate::{ChainRules, input::ForkChoice};

fn legs(fork: OpFork) -> FeeLegs {
    let rules = ChainRules::optimism("test", 10, OpChain::new([(fork, 0)]));
    FeeLegs::of(&block(ForkChoice::Of(rules.into())))
}

fn block(forks: ForkChoice) -> Block {
    Block {
        chain_id: 1,
        forks,
        header: Header::default(),
        hash: Default::default(),
        transactions: Vec::new(),
        withdrawals: None,
        ommers: Vec::new(),
    }
}

fn paid(fork: OpFork, base_fee: u64, words: &[(u64, U256)]) -> Vaults {
    legs(fork).paid(base_fee, |address, slot| {
        assert_eq!(address, L1_BLOCK);
        let word = words.iter().find(|(it, _)| U256::from(*it) == slot);
        Some(word.map_or(U256::ZERO, |(_, value)| *value))
    })
}

#[test]
fn a_vault_is_paid_under_the_forks_and_parameters_that_pay_it() {
    let (base, data) = (Some(BASE_FEE_VAULT), Some(L1_FEE_VAULT));
    let operator = Some(OPERATOR_FEE_VAULT);
    let one = U256::from(1);
    let weight = U256::from(1) << 96; // of the base fee, in the word of the scalars
    assert_eq!(paid(OpFork::Regolith, 7, &[(1, one), (6, one)]), [base, data, None]);
    assert_eq!(paid(OpFork::Regolith, 7, &[(1, one)]), [base, None, None], "nothing per gas");
    assert_eq!(paid(OpFork::Regolith, 0, &[(6, one)]), [None; 3], "no base fee below");
    assert_eq!(paid(OpFork::Fjord, 7, &[(1, one), (3, weight)]), [base, data, None]);
    assert_eq!(paid(OpFork::Fjord, 7, &[(1, one), (6, one)]), [base, None, None], "older words");
    assert_eq!(paid(OpFork::Isthmus, 0, &[(8, one)]), [None, None, operator]);
    assert_eq!(paid(OpFork::Holocene, 0, &[(8, one)]), [None; 3], "before the operator's fee");
}

#[test]
fn what_is_not_known_counts_as_paid() {
    let unknown = |_, _| None;
    assert_eq!(legs(OpFork::Jovian).paid(7, unknown), legs(OpFork::Jovian).all());
    let [base, data, operator] = legs(OpFork::Holocene).paid(0, unknown);
    assert_eq!((base, data, operator), (None, Some(L1_FEE_VAULT), None));
    assert_eq!(FeeLegs::of(&block(ForkChoice::OfChain)).paid(7, unknown), [None; 3], "Ethereum");
}
