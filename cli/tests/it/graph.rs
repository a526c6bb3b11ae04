//! Do all commands show the graph that execution follows?

use serde_json::Value;

use crate::command::{Folder, json_lines, run};

/// The only JSON line that a command prints.
fn document(args: &[&str]) -> Value {
    let mut lines = json_lines(args);
    assert_eq!(lines.len(), 1, "{args:?}");
    lines.remove(0)
}

fn number(value: &Value) -> usize {
    usize::try_from(value.as_u64().unwrap()).unwrap()
}

fn numbers<'v>(list: &'v Value, field: &'v str) -> Vec<usize> {
    let mut numbers: Vec<_> =
        list.as_array().unwrap().iter().map(|entry| number(&entry[field])).collect();
    numbers.sort_unstable();
    numbers
}

/// For each transaction the earlier ones that it waits for, directly or by way of others.
fn closure(edges: &[(usize, usize)], n_txs: usize) -> Vec<Vec<bool>> {
    let mut before = vec![vec![false; n_txs]; n_txs];
    for to in 0..n_txs {
        for &(from, _) in edges.iter().filter(|edge| edge.1 == to) {
            let of_from = before[from].clone();
            before[to][from] = true;
            before[to].iter_mut().zip(of_from).for_each(|(all, one)| *all |= one);
        }
    }
    before
}

/// Holds the other formats of `schedule` against its JSON.
fn drawn(block: &[&str], edges: &[(usize, usize)], n_txs: usize, n_layers: usize) {
    let with = |format: &str| {
        let ran = run(&[&["schedule", "--format", format], block].concat());
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        ran.stdout
    };
    let n_edges = edges.len();
    let counted = format!("{n_txs} transactions, {n_edges} edges, {n_layers} layers");
    assert!(with("text").contains(&counted), "{counted}");
    assert!(with("svg").contains(&counted), "{counted}");
    let dot = with("dot");
    let arrows = dot.lines().filter_map(|line| line.split_once(" -> "));
    let at = |text: &str| text.trim().split(|it: char| !it.is_ascii_digit()).next()?.parse().ok();
    let reduced: Vec<(usize, usize)> =
        arrows.map(|(from, to)| (at(from).unwrap(), at(to).unwrap())).collect();
    assert!(reduced.iter().all(|edge| edges.contains(edge)));
    assert_eq!(closure(&reduced, n_txs), closure(edges, n_txs));
    let page = with("html");
    let (_, data) = page.split_once("<script type=\"application/json\" id=\"data\">").unwrap();
    let data: Value = serde_json::from_str(data.split_once("</script>").unwrap().0).unwrap();
    let on_page = data["edges"].as_array().unwrap().iter();
    let on_page: Vec<_> = on_page.map(|edge| (number(&edge[0]), number(&edge[1]))).collect();
    assert_eq!((on_page, number(&data["nLayers"])), (edges.to_vec(), n_layers));
}

/// How many layers and edges the table of blocks in the HTML report says there are.
fn reported(block: &[&str]) -> (usize, usize) {
    let folder = Folder::new();
    let path = folder.path("report.html");
    let ran = run(&[&["report", "-q", "--no-timing", "-o", &path], block].concat());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let page = std::fs::read_to_string(path).unwrap();
    let (_, table) = page.rsplit_once("<table>").unwrap();
    let heads: Vec<_> = table.split("<th><button>").skip(1).collect();
    let cells: Vec<_> = table.split("<td data-v=\"").skip(1).collect();
    let texts = table.split("<td class=\"t\">").count() - 1;
    let of = |name: &str| {
        let place = heads.iter().position(|head| head.starts_with(&format!("{name}<"))).unwrap();
        let value = cells[place].split('"').next().unwrap();
        value.parse().unwrap()
    };
    assert_eq!((texts, cells.len()), (1, heads.len()), "one row, with a number below each head");
    (of("layers"), of("edges"))
}

/// Holds what the service answers against what the command prints.
#[cfg(feature = "serve")]
fn served(block: &[&str], schedule: &Value) {
    let source = block.iter().flat_map(|block| ["--blocks", block]).collect::<Vec<_>>();
    let answer = crate::serve::Service::start(&source).schedule();
    for field in ["txs", "layers", "edges", "criticalPath"] {
        assert_eq!(answer["result"][field], schedule[field], "{field} of the service");
    }
}

fn check(block: &[&str]) {
    let with = |args: &[&str]| document(&[args, block].concat());
    let schedule = with(&["schedule", "--json"]);
    let n_txs = number(&schedule["txs"]);
    let edges: Vec<(usize, usize)> = schedule["edges"]
        .as_array()
        .unwrap()
        .iter()
        .map(|edge| (number(&edge["from"]), number(&edge["to"])))
        .collect();
    assert!(!edges.is_empty(), "nothing waits in {block:?}");
    let dag = with(&["predict", "--format", "txdag"]);
    let mut reduced = Vec::new();
    for tx in dag["txDeps"].as_array().unwrap() {
        let to = number(&tx["index"]);
        let from = tx["txIndexes"].as_array().unwrap().iter().map(number);
        reduced.extend(from.map(|from| (from, to)));
    }
    assert!(reduced.iter().all(|edge| edges.contains(edge)));
    assert_eq!(closure(&reduced, n_txs), closure(&edges, n_txs));
    let executed = with(&["run", "--json"]);
    let layers = schedule["layers"].as_array().unwrap();
    assert_eq!(number(&executed["layers"]), layers.len());
    assert_eq!(number(&executed["edges"]), edges.len());
    assert_eq!(reported(block), (layers.len(), edges.len()));
    drawn(block, &edges, n_txs, layers.len());
    #[cfg(feature = "serve")]
    served(block, &schedule);
    // The last that waits, one in the middle, and the first.
    for tx in [edges.iter().map(|edge| edge.1).max().unwrap(), edges[edges.len() / 2].1, 0] {
        let part = &with(&["explain", "--json", "--tx", &tx.to_string()])["dag"];
        let mut before: Vec<_> = edges.iter().filter(|it| it.1 == tx).map(|it| it.0).collect();
        let mut after: Vec<_> = edges.iter().filter(|it| it.0 == tx).map(|it| it.1).collect();
        before.sort_unstable();
        after.sort_unstable();
        assert_eq!(numbers(&part["waitsFor"], "tx"), before, "of transaction {tx}");
        assert_eq!(numbers(&part["waitedForBy"], "tx"), after, "of transaction {tx}");
        let layer = layers[number(&part["layer"])].as_array().unwrap();
        assert!(layer.iter().any(|it| number(it) == tx), "the layer of transaction {tx}");
    }
}

#[test]
fn one_graph_in_every_command() {
    check(&[]);
    let folder = Folder::new();
    let block = folder.generate("b.json", &["--txs", "80", "--scenario", "amm", "--seed", "9"]);
    check(&[&block]);
}

#[test]
fn every_mode_ends_as_sequential_execution_does() {
    let folder = Folder::new();
    let block = folder.generate("b.json", &["--txs", "80", "--scenario", "amm", "--seed", "9"]);
    for mode in ["layers", "dataflow", "values"] {
        for block in [&[][..], &[block.as_str()]] {
            let report = document(&[&["run", "--json", "-j", "3", "--mode", mode], block].concat());
            assert_eq!(report["schedule"], mode);
            assert_eq!(report["matchesSequential"], true, "{mode}");
            assert_eq!(report["matchesHeader"]["receiptsRoot"], true, "{mode}");
        }
    }
}
