//! Tests of: how long does ethrex take for a block, with its state warmed in one way or another?

use core::time::Duration;

use slotcast::Engine;

use super::{Warming, sample};
use crate::{ColdSettings, HostBlock, exact_list, predicted_list};

fn host() -> HostBlock {
    HostBlock::new(slotcast_corpus::embedded().unwrap()).unwrap()
}

fn settings(micros: u64) -> ColdSettings {
    ColdSettings { read: Duration::from_micros(micros), depth: 64 }
}

#[test]
fn every_way_has_the_outcome_that_the_header_states() {
    let (host, engine) = (host(), Engine::new(1).unwrap());
    let (predicted, touched) =
        (predicted_list(&host, &engine).unwrap(), exact_list(&host).unwrap());
    // A list of another block helps nothing and harms nothing.
    let wrong = ethrex_common::types::block_access_list::BlockAccessList::new();
    let ways = [
        Warming::Nothing,
        Warming::Speculative,
        Warming::Predicting(&engine),
        Warming::List(&predicted),
        Warming::Batch(&predicted),
        Warming::List(&touched),
        Warming::Batch(&touched),
        Warming::Batch(&wrong),
    ];
    for way in ways {
        for micros in [0, 1] {
            sample(&host, way, settings(micros)).unwrap();
        }
    }
}

#[test]
fn what_is_touched_is_all_that_is_read() {
    let host = host();
    let touched = exact_list(&host).unwrap();
    let nothing = sample(&host, Warming::Nothing, settings(1)).unwrap().n_read;
    let batch = sample(&host, Warming::Batch(&touched), settings(1)).unwrap().n_read;
    // The list names accounts without saying whose code is executed, so a few codes are read in vain.
    assert!(nothing <= batch && batch <= nothing + nothing / 10, "{nothing} and {batch}");
}
