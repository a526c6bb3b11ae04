//! Are all functions listed whose selectors Vyper puts into tables?
//!
//! `tests/data/vyper` holds one source, compiled in every mode.

use std::{fs, path::PathBuf};

use slotcast_contracts::artifacts::{NamedContract, read};

use crate::named;

/// Of the functions in the source, `setN` and `getN` chosen for their zero bytes.
const SELECTORS: usize = 18;

fn compiled() -> Vec<(String, NamedContract)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/vyper");
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|it| it == "hex")).collect();
    paths.sort();
    let of = |path: PathBuf| {
        let path = path.to_str().unwrap().to_owned();
        let contract = named(&read(&path).unwrap().contracts[0]);
        (path, contract)
    };
    paths.into_iter().map(of).collect()
}

#[test]
fn every_mode_lists_every_function() {
    let all = compiled();
    assert_eq!(all.len(), 9);
    let selectors = |contract: &NamedContract| {
        contract.functions.iter().filter_map(|it| it.selector).collect::<Vec<u32>>()
    };
    let expected = selectors(&all[0].1);
    assert_eq!(expected.len(), SELECTORS);
    assert!(expected.iter().any(|selector| selector & 0xff == 0), "one ends in a zero byte");
    assert!(expected.iter().any(|selector| *selector < 1 << 24), "one begins with a zero byte");
    for (path, contract) in &all {
        assert_eq!(selectors(contract), expected, "{path}");
        assert_eq!(contract.missing(), None, "{path}");
        for function in contract.functions.iter().filter(|it| it.selector.is_some()) {
            let slots: Vec<&str> = function.accesses.iter().map(|it| it.slot.as_str()).collect();
            assert_eq!(slots.len(), 1, "{path}: {}: {slots:?}", function.label());
            assert!(function.accesses[0].is_certain(), "{path}: {}", function.label());
        }
    }
}
