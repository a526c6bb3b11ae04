//! Tests of: how is a block looked at in a browser?

use core::num::NonZeroUsize;

use serde_json::{Value, json};
use slotcast_corpus::{Plan, Scenario, generate, prepare};
use slotcast_scheduler::{Mode, schedule};

use super::*;
use crate::seal;
use slotcast::graph::predicted_accesses;
use slotcast_model::IndexVec;

#[test]
fn the_data_has_every_edge_with_its_reason_and_every_mode() {
    let plan = Plan { n_txs: 30, scenario: Scenario::Amm, ..Plan::default() };
    let prepared = prepare(&seal(generate(&plan).unwrap()).unwrap()).unwrap();
    let predictions = prepared.predict(&Default::default()).predictions;
    let schedule = schedule(&predicted_accesses(prepared.block(), &predictions, prepared.state()));
    let threads = NonZeroUsize::new(3).unwrap();
    let lanes = Mode::ALL.map(|mode| Lanes::new(&prepared, &predictions, mode, threads));
    let drawn = DrawnTx {
        callee: Some(Address::with_last_byte(7)),
        touched: vec![Address::with_last_byte(8)],
        ..DrawnTx::default()
    };
    let txs = IndexVec::from_elem(drawn, schedule.len());
    let drawing = Drawing { block: 5, schedule: &schedule, txs: &txs, lanes: &lanes };
    let page = drawing.html();
    assert_eq!(page, drawing.html(), "equal drawings give equal pages");
    for outside in ["http:", "https:", "src=", "href=", "@import", "url("] {
        assert!(!page.contains(outside), "{outside}");
    }
    let data = page.split_once("id=\"data\">").unwrap().1.split_once("</script>").unwrap().0;
    let data: Value = serde_json::from_str(data).unwrap();
    let edges: Vec<Value> = schedule
        .edges()
        .map(|edge| json!([edge.from.0, edge.to.0, text(&edge).0, text(&edge).1]))
        .collect();
    let shown = data["edges"].as_array().unwrap().iter().map(|edge| {
        let reason = usize::try_from(edge[2].as_u64().unwrap()).unwrap();
        json!([edge[0], edge[1], data["reasons"][reason], edge[3]])
    });
    assert!(shown.eq(edges.iter().cloned()) && !edges.is_empty());
    let modes: Vec<&Value> = data["modes"].as_array().unwrap().iter().collect();
    assert_eq!(modes.len(), 3);
    for (mode, lanes) in modes.iter().zip(&lanes) {
        assert_eq!(mode["mode"], lanes.mode.text());
        assert_eq!(mode["end"], lanes.end());
        assert_eq!(mode["spans"].as_array().unwrap().len(), lanes.spans.len());
    }
    let accounts = data["accounts"].as_array().unwrap();
    assert_eq!(accounts.len(), 3, "each account once: {accounts:?}");
    assert_eq!(data["callees"], json!([[30, colour(Some(Address::with_last_byte(7)))]]));
}
