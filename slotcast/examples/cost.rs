//! cost
use slotcast::*;
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let mut codes = std::collections::BTreeMap::new();
    for path in corpus::list(std::path::Path::new(&args[1])).unwrap() {
        let rec = corpus::read_file(&path).unwrap();
        for a in rec.pre_state.values() { if let Some(c) = &a.code { codes.insert(alloy_primitives::keccak256(c), c.clone()); } }
    }
    let mut rows = vec![];
    for (h, c) in &codes {
        let clock = Clock::start();
        let s = analyzer::analyze(c, model::Fork::Osaka, &Default::default());
        let t = clock.elapsed().as_micros();
        let nodes: usize = s.functions.iter().map(|f| f.1.nodes.len()).sum::<usize>() + s.fallback.nodes.len();
        let steps: usize = s.functions.iter().map(|f| f.1.steps.len()).sum::<usize>() + s.fallback.steps.len();
        rows.push((t, *h, c.len(), s.functions.len(), nodes, steps, s.stop));
    }
    rows.sort();
    let n = rows.len();
    let sum: u128 = rows.iter().map(|r| r.0).sum();
    println!("n {n} sum {sum} median {} p90 {} p99 {} max {}", rows[n/2].0, rows[n*9/10].0, rows[n*99/100].0, rows[n-1].0);
    let mut stops = std::collections::BTreeMap::<String, usize>::new();
    for r in &rows { *stops.entry(r.6.to_string()).or_default() += 1; }
    println!("{stops:?}");
    for r in rows.iter().rev().take(12) { println!("{r:?}"); }
    for r in rows.iter().skip(n/2).take(5) { println!("{r:?}"); }
}
