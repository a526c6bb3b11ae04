#![allow(
    clippy::all,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::print_stdout,
    missing_docs,
    clippy::allow_attributes_without_reason
)]
#[path = "../tests/it/recorded.rs"]
mod recorded;
use alloy_evm::ToTxEnv;
use revm::{Context, ExecuteCommitEvm, MainBuilder, MainContext, database::CacheDB};
use slotcast_executor::*;
use slotcast_model::*;
use slotcast_scheduler::*;
use std::time::Instant;

fn perfect(observations: &IndexVec<TxIndex, Observation>, gas: &BlockOutcome) -> Schedule {
    let f = observations.iter().enumerate().map(|(i, seen)| {
        let storage = StorageAccess {
            reads: seen.reads.clone(),
            writes: seen.writes.clone(),
            deltas: vec![],
        };
        let mut accounts = seen.accounts.clone();
        // debits are lazy in the executor
        accounts.balance_debits.clear();
        let p = Prediction::new(storage, accounts, vec![], vec![], vec![]);
        Forecast {
            access: p.access_set(),
            weight: gas.txs[TxIndex(i as u32)].gas_used().unwrap_or(0),
            partial: false,
        }
    });
    schedule(&f.collect(), &Policy::Optimistic)
}

fn main() {
    let reps = 15;
    let threads: Vec<usize> = std::env::args().skip(1).map(|a| a.parse().unwrap()).collect();
    let settings: Vec<Settings> =
        threads.iter().map(|t| Settings::with_threads(*t).unwrap()).collect();
    let (mut logsum, mut n) = (vec![0.0; settings.len()], 0);
    let (mut seqsum, mut leansum) = (0.0, 0.0);
    for (number, path) in recorded::paths() {
        let r = recorded::load(&path);
        let (block, state) = (&r.block, &r.state);
        let seq =
            execute_sequential(block, state, &SequentialSettings { is_observed: true }).unwrap();
        if seq.outcome.gas_used < 4_000_000 {
            continue;
        }
        let schedule = perfect(&seq.observations, &seq.outcome);
        let mut lean = vec![];
        let mut sq = vec![];
        let mut par = vec![vec![]; settings.len()];
        let mut tel = vec![Telemetry::default(); settings.len()];
        let mut nre = 0;
        let mut nex = 0;
        for _ in 0..reps {
            let t = Instant::now();
            let env = lean_env(block);
            let mut evm = Context::mainnet()
                .with_block(env.block_env)
                .with_cfg(env.cfg_env)
                .with_db(CacheDB::new(state))
                .build_mainnet();
            let results: Vec<_> = block
                .transactions
                .iter()
                .map(|tx| evm.transact_commit(tx.to_tx_env()).unwrap())
                .collect();
            std::hint::black_box(results);
            lean.push(t.elapsed().as_secs_f64() * 1e6);
            let t = Instant::now();
            std::hint::black_box(
                execute_sequential(block, state, &SequentialSettings { is_observed: false })
                    .unwrap(),
            );
            sq.push(t.elapsed().as_secs_f64() * 1e6);
            for (i, s) in settings.iter().enumerate() {
                let t = Instant::now();
                let p = execute(block, &schedule, state, s).unwrap();
                par[i].push(t.elapsed().as_secs_f64() * 1e6);
                tel[i] = p.telemetry;
                nre = p.reexecuted.len();
                nex = p.n_executions;
                std::hint::black_box(p);
            }
        }
        let med = |v: &mut Vec<f64>| {
            v.sort_by(|a, b| a.total_cmp(b));
            v[v.len() / 2]
        };
        let (l, s) = (med(&mut lean), med(&mut sq));
        let line: Vec<String> = par
            .iter_mut()
            .enumerate()
            .map(|(i, p)| {
                let p = med(p);
                logsum[i] += (l / p).ln();
                format!(
                    "{p:7.0} ({:.2}) [o{} s{} c{} f{}]",
                    l / p,
                    tel[i].open_micros,
                    tel[i].speculate_micros,
                    tel[i].commit_micros,
                    tel[i].finish_micros
                )
            })
            .collect();
        n += 1;
        leansum += l;
        seqsum += s;
        println!(
            "{number:9} txs {:5} layers {:4} lean {l:7.0} seq {s:7.0} ({:.2}) re {nre} ex {nex} | {}",
            block.n_transactions(),
            schedule.layers().len(),
            l / s,
            line.join(" | ")
        );
    }
    println!(
        "geomean over {n}: {:?}; lean total {leansum:.0} seq total {seqsum:.0}",
        logsum.iter().map(|x| (x / n as f64).exp()).collect::<Vec<_>>()
    );
}

fn lean_env(block: &Block) -> alloy_evm::EvmEnv {
    use alloy_eips::eip7840::BlobParams;
    use alloy_hardforks::EthereumChainHardforks;
    let t = block.header.timestamp;
    let bp = if t >= 1767747671 {
        Some(BlobParams::bpo2())
    } else if t >= 1765290071 {
        Some(BlobParams::bpo1())
    } else if t >= 1764798551 {
        Some(BlobParams::osaka())
    } else if t >= 1746612311 {
        Some(BlobParams::prague())
    } else if t >= 1710338135 {
        Some(BlobParams::cancun())
    } else {
        None
    };
    alloy_evm::EvmEnv::for_eth_block(&block.header, EthereumChainHardforks::mainnet(), 1, bp)
}
