//! Are many plain transfers in a row what making one after the other makes of them?
//!
//! In: seeds. Out: blocks of hundreds of transfers among accounts that are often the same, short of
//! money, empty, paid the fees, or no plain accounts at all, most of them right and some wrong in one
//! of many ways, under several forks; each is executed on one to four threads and compared with the
//! sequential executor, which knows nothing of transfers.

use alloy_consensus::{SignableTransaction, TxLegacy};
use alloy_primitives::{Address, B256, Bytes, TxKind, U256};
use revm::{
    bytecode::Bytecode,
    database_interface::DatabaseRef,
    primitives::{StorageKey, StorageValue},
    state::AccountInfo,
};
use slotcast_executor::{
    Block, Fork, MemoryState, MissingCode, Pool, SequentialSettings, TxOutcome, execute_in_order,
    execute_in_order_on, execute_sequential,
};

use crate::{
    made::{ETHER, Made, address},
    parallel::Random,
    transfers::{Haunted, pick, signature},
};

const N_SEEDS: u64 = 12;
const FORKS: [Fork; 6] = [
    Fork::Frontier,
    Fork::SpuriousDragon,
    Fork::Byzantium,
    Fork::London,
    Fork::Cancun,
    Fork::Osaka,
];

/// Has money for all it sends.
const RICH: std::ops::Range<u8> = 0x20..0x40;
/// Has money for a few transfers, and gets some back.
const SHORT: std::ops::Range<u8> = 0x40..0x44;
const GHOST: Address = address(0x50);
const CONTRACT: Address = address(0x51);
const DELEGATED: Address = address(0x52);
const PRICE: u128 = 100;

/// A block of transfers of which about one in `one_in` is wrong.
fn random_block(seed: u64, fork: Fork, one_in: u64) -> (Block, MemoryState) {
    let mut random = Random(seed);
    let mut made = Made::new(fork);
    for n in RICH {
        made.account(address(n), ETHER);
    }
    for n in SHORT {
        made.account(address(n), 21_000 * 100 * (1 + random.next() % 30));
    }
    made.contract(CONTRACT, 5, &[0x60, 0x01, 0x50], &[]);
    let mut delegation = vec![0xef, 0x01, 0x00];
    delegation.extend_from_slice(CONTRACT.as_slice());
    made.contract(DELEGATED, ETHER, &delegation, &[]);
    let some = [address(0x21), address(0x41), address(0x60), GHOST, CONTRACT];
    made.beneficiary = pick(&mut random, &some);
    made.base_fee = if fork < Fork::London { 0 } else { pick(&mut random, &[0, 7, 100]) };
    let n_txs = pick(&mut random, &[2_200_u64, 2_600, 3_100]);
    made.gas_limit = pick(&mut random, &[21_000 * 2_000, 21_000 * 3_600]);
    let mut nonces = [0_u64; 256];
    nonces[0x52] = 1;
    for _ in 0..n_txs {
        let from = match random.next() % one_in.min(400) {
            0 => pick(&mut random, &SHORT.collect::<Vec<_>>()),
            _ => pick(&mut random, &RICH.collect::<Vec<_>>()),
        };
        let fresh = Address::left_padding_from(&(1_000 + random.next() % 500).to_be_bytes());
        let others = [address(from), GHOST, address(0x41), address(0x60), made.beneficiary];
        let to = match random.next() % 8 {
            0 => pick(&mut random, &others),
            1 | 2 => fresh,
            _ => address(pick(&mut random, &RICH.collect::<Vec<_>>())),
        };
        // Before Spurious Dragon a transfer of nothing is not plain.
        let is_plain = Fork::SpuriousDragon <= fork || random.next().is_multiple_of(one_in);
        let least = if is_plain { 0 } else { 1 };
        let value = pick(&mut random, &[least, 1, 1_000, 1_000_000]);
        let flaw = random.next().is_multiple_of(one_in).then(|| random.next() % 9);
        let nonce = nonces[usize::from(from)];
        let mut tx = TxLegacy {
            chain_id: Some(1),
            nonce,
            gas_price: PRICE,
            gas_limit: pick(&mut random, &[21_000, 21_000, 30_000]),
            to: TxKind::Call(if to == CONTRACT { GHOST } else { to }),
            value: U256::from(value),
            input: Bytes::new(),
        };
        let is_counted = wrong(&mut tx, flaw);
        nonces[usize::from(from)] += u64::from(is_counted);
        made.push(tx.into_signed(signature()).into(), address(from));
    }
    made.build()
}

/// Makes a transfer wrong, or not plain; whether it may still be included.
fn wrong(tx: &mut TxLegacy, flaw: Option<u64>) -> bool {
    match flaw {
        None => return true,
        Some(0) => tx.nonce += 1,
        Some(1) => tx.nonce = tx.nonce.wrapping_sub(1),
        Some(2) => tx.value = U256::MAX,
        Some(3) => tx.gas_limit = 20_999,
        Some(4) => tx.gas_price = 3,
        Some(5) => tx.chain_id = Some(2),
        Some(flaw) => {
            tx.gas_limit = 60_000;
            tx.to = TxKind::Call(match flaw {
                6 => CONTRACT,
                7 => DELEGATED,
                _ => Address::with_last_byte(4),
            });
            return true;
        }
    }
    false
}

#[test]
fn stretches_of_transfers_are_what_revm_makes_of_them() {
    let unobserved = SequentialSettings { is_observed: false };
    let pools = [1, 2, 4].map(|n| Pool::new(n).unwrap());
    for fork in FORKS {
        let [mut n_together, mut n_closed, mut n_rejected] = [0; 3];
        for seed in 0..N_SEEDS {
            let one_in = [1 << 40, 1_000, 300, 30][seed as usize % 4];
            let (block, state) = random_block(1_000 * seed + fork as u64, fork, one_in);
            let state = Haunted { state, ghosts: vec![GHOST] };
            let expected = execute_sequential(&block, &state, &unobserved).unwrap().outcome;
            let is_rejected = |tx: &&TxOutcome| matches!(tx, TxOutcome::Rejected(_));
            n_rejected += expected.txs.iter().filter(is_rejected).count();
            let of_one = execute_in_order_on(&block, &state, &pools[0]).unwrap();
            n_together += of_one.n_made_together();
            n_closed += of_one.n_transfers();
            for pool in &pools {
                let execution = execute_in_order_on(&block, &state, pool).unwrap();
                let n = pool.threads();
                assert_eq!(execution.n_made_together(), of_one.n_made_together(), "{n} threads");
                assert_eq!(execution.n_executions(), of_one.n_executions(), "{n} threads");
                let outcome = execution.into_outcome(&state).unwrap();
                assert!(outcome == expected, "{fork} seed {seed} on {n} threads");
            }
        }
        // Neither stretches nor the ways around them may go untested.
        assert!(1_000 < n_together, "{fork}: {n_together} made together");
        assert!(n_together < n_closed, "{fork}: all {n_closed} transfers made together");
        assert!(100 < n_rejected, "{fork}: {n_rejected} rejected");
    }
}

/// A state of which one account cannot be read.
#[derive(Debug)]
struct Torn {
    state: MemoryState,
    hole: Address,
    panics: bool,
}

impl DatabaseRef for Torn {
    type Error = MissingCode;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, MissingCode> {
        match address == self.hole {
            true if self.panics => panic!("there is a hole"),
            true => Err(MissingCode { address, number: 0 }),
            false => self.state.basic_ref(address),
        }
    }

    fn code_by_hash_ref(&self, hash: B256) -> Result<Bytecode, MissingCode> {
        self.state.code_by_hash_ref(hash)
    }

    fn storage_ref(&self, address: Address, key: StorageKey) -> Result<StorageValue, MissingCode> {
        self.state.storage_ref(address, key)
    }

    fn block_hash_ref(&self, number: u64) -> Result<B256, MissingCode> {
        self.state.block_hash_ref(number)
    }
}

#[test]
fn what_cannot_be_read_fails_in_the_transfer_that_reads_it() {
    let pool = Pool::new(2).unwrap();
    for (seed, panics) in [(1, false), (2, true)] {
        let (block, state) = random_block(seed, Fork::Cancun, 1 << 40);
        let hole = block.transactions.last().unwrap().signer();
        let state = Torn { state, hole, panics };
        let in_order = execute_in_order(&block, &state).map(drop).unwrap_err().to_string();
        let together = execute_in_order_on(&block, &state, &pool).map(drop).unwrap_err();
        assert_eq!(together.to_string(), in_order);
    }
}
