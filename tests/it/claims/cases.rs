//! Do the claims hold of recorded cases from the field?
//!
//! In: the folders `prediction` and `execution` of `shared/cases` beside the checkout, where they are.
//! Out: assertions; where there are none, a line that says so.

use std::io::{self, Write};

use slotcast_corpus::{prepare, read_file};
use slotcast_lab::judge_block;
use slotcast_tests::shared;

#[test]
fn claims_hold_of_recorded_cases() {
    let mut wrong = Vec::new();
    for folder in ["cases/prediction", "cases/execution"] {
        let Some(folder) = shared(folder, "claims of recorded cases") else { continue };
        let mut paths: Vec<_> =
            folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        let (mut n_claims, mut n_txs) = (0, 0);
        for path in paths.iter().filter(|path| path.to_string_lossy().ends_with(".json.gz")) {
            let prepared = prepare(&read_file(path).unwrap()).unwrap();
            let predictions = prepared.predict(&Default::default()).predictions;
            // A block that cannot be executed has no truth to hold claims against.
            let Ok(judged) = judge_block(&prepared, &predictions) else { continue };
            let total = judged.score.total;
            let claims = total.complete_claims + total.assuming_claims;
            let sound = total.sound_claims + total.sound_assuming_claims;
            if sound < claims {
                wrong.push(format!("{}: {sound} of {claims}", path.display()));
            }
            n_claims += claims;
            n_txs += total.txs;
        }
        let _ = writeln!(
            io::stderr(),
            "{} recorded cases: {n_claims} claims of {n_txs} transactions",
            paths.len()
        );
    }
    assert_eq!(wrong.join("\n"), "");
}
