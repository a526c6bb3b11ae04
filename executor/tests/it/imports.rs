//! Do the files of this crate import one another in a circle?
//!
//! In: `use` lines below `src`, tests apart. Out: an assertion that names the circle.
//! A file imports another when it uses something of the module that the other holds; a `mod` line is
//! no import, and the names that `lib.rs` hands on are not imported within.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

/// The module path of every file, with its text.
fn modules(folder: &Path, prefix: &str, found: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let module = if prefix.is_empty() { stem.clone() } else { format!("{prefix}::{stem}") };
        if path.is_dir() {
            modules(&path, &module, found);
        } else if stem != "tests" && stem != "lib" {
            found.insert(module, fs::read_to_string(&path).unwrap());
        }
    }
}

/// The paths that a `use` tree names, braces resolved.
fn paths(tree: &str) -> Vec<String> {
    let Some(open) = tree.find('{') else { return vec![tree.trim().to_owned()] };
    let (head, inner) = (tree[..open].trim(), &tree[open + 1..tree.rfind('}').unwrap()]);
    let (mut depth, mut start, mut all) = (0, 0, Vec::new());
    for (at, letter) in inner.char_indices().chain([(inner.len(), ',')]) {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                let part = inner[start..at].trim();
                let named = |path| format!("{head}{path}");
                all.extend(paths(part).into_iter().filter(|it| !it.is_empty()).map(named));
                start = at + 1;
            }
            _ => {}
        }
    }
    all
}

/// The modules that a file imports.
fn imports(module: &str, text: &str, all: &BTreeMap<String, String>) -> BTreeSet<String> {
    let uses = text.split("\nuse ").skip(1).chain(text.split("\npub(crate) use ").skip(1));
    let trees = uses.map(|rest| rest[..rest.find(';').unwrap()].replace('\n', " "));
    let absolute = |path: String| {
        let parent = module.rsplit_once("::").map_or("", |(parent, _)| parent);
        match (path.strip_prefix("crate::"), path.strip_prefix("super::")) {
            (Some(rest), _) => rest.to_owned(),
            (None, Some(rest)) if parent.is_empty() => rest.to_owned(),
            (None, Some(rest)) => format!("{parent}::{rest}"),
            (None, None) => format!("{module}::{path}"),
        }
    };
    let file = |path: String| {
        let mut prefix = path.as_str();
        while !all.contains_key(prefix) {
            prefix = prefix.rsplit_once("::")?.0;
        }
        (prefix != module).then(|| prefix.to_owned())
    };
    trees.flat_map(|tree| paths(&tree)).map(absolute).filter_map(file).collect()
}

/// A circle that can be reached from `module`, if there is one.
fn circle(
    module: &str,
    edges: &BTreeMap<String, BTreeSet<String>>,
    path: &mut Vec<String>,
    done: &mut BTreeSet<String>,
) -> Option<Vec<String>> {
    if let Some(at) = path.iter().position(|earlier| earlier == module) {
        return Some(path[at..].to_vec());
    }
    if !done.insert(module.to_owned()) {
        return None;
    }
    path.push(module.to_owned());
    let found = edges[module].iter().find_map(|next| circle(next, edges, path, done));
    path.pop();
    found
}

fn circle_among(all: &BTreeMap<String, String>) -> Option<Vec<String>> {
    let edges = all.iter().map(|(module, text)| (module.clone(), imports(module, text, all)));
    let edges: BTreeMap<_, _> = edges.collect();
    let mut done = BTreeSet::new();
    edges.keys().find_map(|module| circle(module, &edges, &mut Vec::new(), &mut done))
}

#[test]
fn no_files_import_one_another_in_a_circle() {
    let mut all = BTreeMap::new();
    modules(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), "", &mut all);
    assert!(40 < all.len(), "{} files", all.len());
    assert_eq!(circle_among(&all), None);
}

#[test]
fn a_circle_is_found() {
    let file = |module: &str, text: &str| (module.to_owned(), format!("//! Head.\n\n{text}\n"));
    let all = [
        file("a", "use crate::{b::{c::One, Two}, d};"),
        file("b", "mod c;"),
        file("b::c", "use super::super::none;\nuse super::Two;"),
        file("d", "pub(crate) use crate::b::c::One;"),
    ];
    let mut all = BTreeMap::from(all);
    assert_eq!(circle_among(&all), None);
    all.insert("b".to_owned(), "\nuse c::One;\n".to_owned());
    assert_eq!(circle_among(&all), Some(vec!["b".to_owned(), "b::c".to_owned()]));
}
