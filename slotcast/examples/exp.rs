//! exp
use slotcast::*;
use slotcast::score::*;
use slotcast::model::*;
use slotcast::executor::*;
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let mut total = Score::default();
    let mut gaps = std::collections::BTreeMap::<String, usize>::new();
    let (mut tp, mut ts, mut ta) = (0, 0, 0);
    for path in corpus::list(std::path::Path::new(&args[1])).unwrap() {
        let rec = corpus::read_file(&path).unwrap();
        let block = block_of(&rec);
        let state = state_of(&rec);
        let fork = slotcast::model::Fork::from_name(&match spec_name(&block).unwrap().as_str() { "SpuriousDragon" => "spurious".to_string(), s => s.to_string() }).unwrap();
        let summaries = Summaries::new(fork, Default::default());
        let view = View::new(&state, &summaries);
        let seq = execute_sequential(&block, &state, &SequentialSettings { is_observed: true }).unwrap();
        let _ = predict_block(&block, fork, &view, if std::env::var("PARENT").is_ok() {Basis::Parent} else {Basis::BlockOrder}, Default::default());
        let c = Clock::start();
        let preds = predict_block(&block, fork, &view, if std::env::var("PARENT").is_ok() {Basis::Parent} else {Basis::BlockOrder}, Default::default());
        let micros = c.micros();
        let c = Clock::start();
        execute_sequential(&block, &state, &SequentialSettings { is_observed: false }).unwrap();
        let seqmicros = c.micros();
        let txs: IndexVec<TxIndex, Scored<'_>> = preds.iter_enumerated().map(|(i, p)| Scored {
            prediction: p, truth: &seq.observations[i],
            stratum: Stratum::of(alloy_consensus::Transaction::input(block.transactions[i.0 as usize].inner()), &seq.observations[i]),
            gas: seq.outcome.txs[i].gas_used().unwrap_or(0),
        }).collect();
        for p in &preds { for g in p.gaps() { *gaps.entry(g.to_string()).or_default() += 1; } }
        let s = score(&txs);
        println!("{} txs {} recall {:.3} prec {:.3} exact {:.3} sup {:.3} edge {:.3}/{:.3} predict {}us seq {}us analyze {}us n {}", block.header.number, s.total.txs, s.total.slot_recall(), s.total.slot_precision(), s.total.exact_share(), s.total.superset_share(), s.total.edge_recall(), s.total.edge_precision(), micros, seqmicros, summaries.spent().as_micros(), summaries.len());
        tp += micros; ts += seqmicros; ta += summaries.spent().as_micros();
        total.add(&s);
        if args.len() > 2 {
            let only: Option<u32> = args[2].parse().ok();
            for (i, t) in txs.iter_enumerated() {
                if let Some(o) = only { if o != i.0 { continue; } }
                let st = t.prediction.storage();
                let miss: Vec<_> = t.truth.reads.iter().filter(|s| !st.reads.contains(s)).collect();
                let extra: Vec<_> = st.reads.iter().filter(|s| !t.truth.reads.contains(s)).collect();
                let wmiss: Vec<_> = t.truth.writes.iter().filter(|s| !st.writes.contains(s)).collect();
                let wextra: Vec<_> = st.writes.iter().filter(|s| !t.truth.writes.contains(s)).collect();
                if miss.len() + extra.len() + wmiss.len() + wextra.len() > 0 || only.is_some() {
                    let tx = block.transactions[i.0 as usize].inner();
                    let mut alone = block.clone();
                    alone.transactions = vec![block.transactions[i.0 as usize].clone()];
                    let rival = execute_sequential(&alone, &state, &SequentialSettings { is_observed: true }).map(|r| { let o = &r.observations[TxIndex(0)]; if o.reads.is_empty() { "rejected" } else if o.reads == t.truth.reads && o.writes == t.truth.writes { "EXACT" } else if o.reads == st.reads && o.writes == st.writes { "same" } else { "differs" } }).unwrap_or("error");
                    println!("  {rival} tx {} to {:?} in {} ok {:?} truth {} miss {} extra {} wmiss {} wextra {} gaps {:?}", i.0, alloy_consensus::Transaction::to(tx), alloy_primitives::hex::encode(&alloy_consensus::Transaction::input(tx)[..4.min(alloy_consensus::Transaction::input(tx).len())]), matches!(&seq.outcome.txs[i], TxOutcome::Executed(e) if matches!(e.status, executor::TxStatus::Success)), t.truth.reads.len(), miss.len(), extra.len(), wmiss.len(), wextra.len(), t.prediction.gaps());
                    if only.is_some() { println!("miss {miss:#?} extra {extra:#?} wmiss {wmiss:#?} wextra {wextra:#?}"); }
                }
            }
        }
    }
    let p = |n: &str, c: &Counts| println!("{n}: txs {} storage {} recall {:.4} prec {:.4} wrec {:.4} edge {:.4}/{:.4} near {:.4} exact {:.4} sup {:.4} complete {}/{} wild {:.4} reads/tx {:.1} cp {:.3}", c.txs, c.storage_txs, c.slot_recall(), c.slot_precision(), c.write_recall(), c.edge_recall(), c.edge_precision(), c.edge_recall_near(), c.exact_share(), c.superset_share(), c.sound_claims, c.complete_claims, c.wildcard_tx_share(), c.state_reads_per_tx(), c.critical_path_inflation());
    p("total", &total.total);
    for s in Stratum::ALL { p(s.name(), &total.strata[s as usize]); }
    println!("gaps {gaps:?}");
    println!("predict {tp} us sequential {ts} us analyze {ta} us");
}
