//! Is a transfer in closed form what revm makes of it, on a rollup too?
//!
//! In: seeds. Out: the random blocks of transfers that Ethereum's are tested with, by the rules of the
//! OP Stack from Bedrock to Karst: the parties include the vaults, and the fee parameters are zero,
//! small, or more than the senders have; some are rewritten in the middle of the block.

use std::sync::Arc;

use alloy_consensus::{SignableTransaction, TxLegacy};
use alloy_primitives::{Address, TxKind, U256, address};
use slotcast_executor::{
    AccountRecord, Advice, ChainRules, CodeRecord, FallbackRule, Fork, ForkChoice, OpChain, OpFork,
    SequentialSettings, Settings, TxOutcome, execute, execute_sequential,
};
use slotcast_scheduler::Schedule;

use crate::{
    made::{ETHER, Made, address as party},
    parallel::Random,
    transfers::{pick, random_block, signature},
};

const N_SEEDS: u64 = 150;
const L1_BLOCK: Address = address!("0x4200000000000000000000000000000000000015");
const VAULTS: [Address; 3] = [
    address!("0x4200000000000000000000000000000000000019"),
    address!("0x420000000000000000000000000000000000001a"),
    address!("0x420000000000000000000000000000000000001b"),
];
/// Who rewrites the parameters.
const SETTER: Address = party(0xb5);

const fn ethereum(fork: OpFork) -> Fork {
    match fork {
        OpFork::Bedrock | OpFork::Regolith => Fork::Paris,
        OpFork::Canyon => Fork::Shanghai,
        OpFork::Ecotone | OpFork::Fjord | OpFork::Granite | OpFork::Holocene => Fork::Cancun,
        OpFork::Isthmus | OpFork::Jovian => Fork::Prague,
        OpFork::Karst => Fork::Osaka,
    }
}

/// Words of the contract with the parameters.
fn parameters(random: &mut Random) -> Vec<(U256, U256)> {
    let base_fee = pick(random, &[0_u64, 1, 40, 1_000_000, u64::MAX]);
    let weight = pick(random, &[0_u32, 1, 500_000]);
    let mut scalars = [0; 32];
    scalars[16..20].copy_from_slice(&weight.to_be_bytes());
    scalars[20..24].copy_from_slice(&pick(random, &[0_u32, 7]).to_be_bytes());
    let mut operator = [0; 32];
    operator[18..20].copy_from_slice(&pick(random, &[0_u16, 1, 800]).to_be_bytes());
    operator[20..24].copy_from_slice(&pick(random, &[0_u32, 3, 2_000_000]).to_be_bytes());
    operator[24..].copy_from_slice(&pick(random, &[0_u64, 11]).to_be_bytes());
    let words = [
        (1, U256::from(base_fee)),
        (3, U256::from_be_bytes(scalars)),
        (5, U256::from(188)),
        (6, U256::from(weight)),
        (7, U256::from(base_fee / 3)),
        (8, U256::from_be_bytes(operator)),
    ];
    words.into_iter().map(|(slot, word)| (U256::from(slot), word)).collect()
}

fn rollup_block(seed: u64, fork: OpFork) -> Made {
    let mut made = random_block(seed, ethereum(fork), &VAULTS);
    let mut random = Random(seed ^ 0x5eed);
    // Stores the second word of its calldata under the first.
    let code = [0x60, 0x20, 0x35, 0x60, 0x00, 0x35, 0x55];
    made.record(AccountRecord {
        address: L1_BLOCK,
        balance: U256::ZERO,
        nonce: 1,
        code: CodeRecord::Known(code.to_vec().into()),
        storage: parameters(&mut random),
    });
    let (balance, code) = (U256::from(ETHER), CodeRecord::None);
    made.record(AccountRecord { address: SETTER, balance, nonce: 0, code, storage: vec![] });
    if random.next().is_multiple_of(2) {
        let [slot, word] = [U256::from(1), U256::from(random.next() % 1_000)];
        let input = [slot, word].iter().flat_map(|word| word.to_be_bytes::<32>()).collect();
        let tx = TxLegacy {
            chain_id: None,
            nonce: 0,
            gas_price: 1_000,
            gas_limit: 90_000,
            to: TxKind::Call(L1_BLOCK),
            value: U256::ZERO,
            input,
        };
        made.push(tx.into_signed(signature()).into(), SETTER);
        for nonce in 1..3 {
            made.pay(SETTER, nonce, party(0xa1), 5);
        }
    }
    made
}

#[test]
fn transfers_on_rollups_are_what_revm_makes_of_them() {
    let unobserved = SequentialSettings { is_observed: false };
    let settings = Settings { fallback: FallbackRule::NEVER, ..Settings::with_threads(2).unwrap() };
    for fork in OpFork::ALL {
        let (mut n_closed, mut n_executed, mut n_rejected) = (0, 0, 0);
        for seed in 0..N_SEEDS {
            let (mut block, state) = rollup_block(1_000 * seed + fork as u64, fork).build();
            let beneficiary = block.header.beneficiary;
            let base_fee_vault = if seed % 5 == 0 { beneficiary } else { VAULTS[0] };
            let chain = OpChain::new([(fork, 0)]).with_base_fee_vault(base_fee_vault);
            block.forks = ForkChoice::Of(Arc::new(ChainRules::optimism("test", 1, chain)));
            let expected = execute_sequential(&block, &state, &unobserved).unwrap().outcome;
            let alone = execute(&block, &state, Advice::None).unwrap();
            n_closed += alone.n_transfers();
            let ran = |tx: &&TxOutcome| matches!(tx, TxOutcome::Executed(_));
            let n_ran = expected.txs.iter().filter(ran).count();
            n_executed += n_ran;
            n_rejected += expected.txs.len() - n_ran;
            let name = fork.name();
            assert_eq!(alone.into_outcome(&state).unwrap(), expected, "{name} seed {seed}");
            let schedule = Schedule::single_layer(block.n_transactions());
            let advice = Advice::Schedule(&schedule, &settings);
            let parallel = execute(&block, &state, advice).unwrap();
            assert_eq!(parallel.into_outcome(&state).unwrap(), expected, "{name} seed {seed}");
        }
        let name = fork.name();
        assert!(50 < n_closed, "{name}: {n_closed} of {n_executed} in closed form");
        assert!(n_closed < n_executed, "{name}: nothing was left to revm");
        assert!(50 < n_rejected, "{name}: {n_rejected} rejected");
    }
}
