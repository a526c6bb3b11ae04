//! What would a person want to know of a contract's accesses?
//!
//! In: bytecode. Out: a [`Description`]: for each function the slots it reads, writes and adds to and
//! the calls it makes, as text, each with whether it must happen or only may.
//! Invariants: deterministic; lists are sorted (calls: in an order of execution) and without repeats;
//! `Must` is claimed only of what every path to a successful end does, as far as the walk saw.
//!
//! A description is for reading. It is made from the same walk as a summary, not from the summary:
//! programs keep only what decides an access and forget how a key came about.

mod adds;
mod behind;
mod bits;
mod dispatch;
mod finder;
mod memory;
mod names;
mod origins;
mod paths;
mod place;
mod requirements;
pub mod slots;
mod sources;
mod text;
mod ways;

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::{B256, U256, keccak256};
use bumpalo::Bump;
use slotcast_model::Fork;

pub use self::{
    origins::{Origin, origins},
    place::{Part, Place, Sources},
    requirements::{Requirement, ZeroGuard},
};

use self::{
    adds::{Adds, adds},
    behind::Behind,
    bits::Bits,
    finder::{Finder, Shapes},
    memory::Memories,
    names::{Hashes, Names},
    paths::Paths,
    requirements::{requirements, zero_guards},
};
use crate::{
    Targets,
    absint::{EntryPoints, Walk},
    bytecode::Pc,
    ir::{CallKind, Effect, Exit, Node, NodeId, TermId, TermPool},
    limits::{Limits, StopReason},
};

/// Conditions longer than this explain nothing.
const MAX_WHEN: usize = 80;

/// A contract, described.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// keccak256 of the runtime code.
    pub code_hash: B256,
    /// Bytes of runtime code.
    pub code_size: u32,
    /// The functions, ascending by selector, then what runs when no selector matches, unless that
    /// only reverts.
    pub functions: Vec<FunctionText>,
    /// Distinct basic blocks that some entry point reaches.
    pub n_blocks: u32,
    /// Those of them that end in a jump whose target is not known.
    pub n_unresolved: u32,
    /// The worst reason why the analysis of some entry point ended.
    pub stop: StopReason,
    /// Whether there may be functions beyond these: the dispatcher's table could not be searched, or
    /// there are more than the limits allow.
    pub misses_functions: bool,
}

/// One entry point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionText {
    /// The function's selector; none for the fallback and receive functions.
    pub selector: Option<u32>,
    /// Its accesses to storage: those at small constant slots, ascending, then the rest by text.
    pub accesses: Vec<AccessText>,
    /// What must hold for it to end well, as far as it is short enough to be read, sorted.
    pub requires: Vec<Requirement>,
    /// The slots of which a part must still be zero, as for what sets a contract up.
    pub zero_guards: Vec<ZeroGuard>,
    /// Its calls, in an order in which they may happen; `call#2` in a text is the third of them.
    pub calls: Vec<CallText>,
    /// Why its analysis ended.
    pub stop: StopReason,
}

/// What is done to a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AccessKind {
    /// Its value is loaded.
    Read,
    /// It is stored to.
    Write,
    /// Every store adds to the value there, or subtracts from it, something that does not depend on
    /// it. The old value may still be looked at, by a guard for example.
    Add,
}

impl AccessKind {
    /// The kind as a word.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Add => "add",
        }
    }
}

/// Whether something happens each time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Certainty {
    /// On every path that ends well.
    Must,
    /// On some path.
    May,
}

impl Certainty {
    /// The certainty as a word.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Must => "must",
            Self::May => "may",
        }
    }
}

/// One access to storage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessText {
    /// The slot, such as `keccak(caller . 3)`.
    pub slot: String,
    /// What is done to it.
    pub kind: AccessKind,
    /// Whose storage it is: `this`, the account whose code runs or that delegates to it.
    pub contract: String,
    /// Whether it happens each time.
    pub certainty: Certainty,
    /// The nearest condition it depends on, when one is short enough to be read.
    pub when: Option<String>,
    /// Where the slot lies, sorted; empty when it may be any slot. Looked for in descriptions only.
    pub places: Vec<Place>,
    /// The bits of the word that are looked at or replaced.
    pub bits: U256,
    /// Whether every path stores different constants there, one after the other, as a lock does
    /// that is taken and given back: the word ends as the last of them.
    pub is_lock: bool,
    /// Whether the function does nothing with the slot but add to it and look at it in guards, so
    /// that, but for the guards, deltas may change places.
    pub is_delta: bool,
}

/// A way to run other code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CallForm {
    /// A message call.
    Call(CallKind),
    /// CREATE.
    Create,
    /// CREATE2.
    Create2,
}

impl CallForm {
    /// The form as the lower-case name of its opcode.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Call(kind) => crate::ir::call_name(kind),
            Self::Create => "create",
            Self::Create2 => "create2",
        }
    }
}

/// One call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallText {
    /// How it is called.
    pub kind: CallForm,
    /// Who is called; `new` for a creation.
    pub target: String,
    /// The selector called, `msg.sig` when that of this call is passed on; none when not known.
    pub selector: Option<String>,
    /// Whether it happens each time.
    pub certainty: Certainty,
}

/// Describes runtime `code` under the rules of `fork`.
///
/// Total, like [`analyze`](crate::analyze), and within the same limits.
pub fn describe(code: &[u8], fork: Fork, limits: &Limits) -> Description {
    let mut describer = Describer {
        entry_points: EntryPoints::new(code, fork, limits),
        hashes: Hashes::new(),
        blocks: BTreeSet::new(),
        unresolved: BTreeSet::new(),
        misses_functions: false,
    };
    let (fallback, mut selectors) = describer.function(None);
    describer.misses_functions |= limits.functions < selectors.len();
    selectors.truncate(limits.functions);
    let mut functions: Vec<FunctionText> =
        selectors.into_iter().filter_map(|selector| describer.function(Some(selector)).0).collect();
    functions.extend(fallback);
    let stop = functions.iter().map(|f| f.stop).max().unwrap_or(StopReason::Finished);
    Description {
        code_hash: keccak256(code),
        code_size: code.len() as u32,
        functions,
        n_blocks: describer.blocks.len() as u32,
        n_unresolved: describer.unresolved.len() as u32,
        stop,
        misses_functions: describer.misses_functions,
    }
}

struct Describer<'a> {
    entry_points: EntryPoints<'a>,
    hashes: Hashes,
    blocks: BTreeSet<Pc>,
    unresolved: BTreeSet<Pc>,
    misses_functions: bool,
}

impl Describer<'_> {
    /// One entry point, with the selectors it compares calldata with; no text when it only reverts.
    fn function(&mut self, selector: Option<u32>) -> (Option<FunctionText>, Vec<u32>) {
        if self.entry_points.is_out_of_fuel() {
            let stop = StopReason::FuelLimit;
            let text = FunctionText {
                selector,
                accesses: Vec::new(),
                requires: Vec::new(),
                zero_guards: Vec::new(),
                calls: Vec::new(),
                stop,
            };
            return (Some(text), Vec::new());
        }
        let arena = Bump::new();
        let mut pool = TermPool::new(&arena, selector);
        let walk = self.entry_points.walk(&mut pool, &Targets::default());
        for node in walk.graph.nodes.iter().filter(|node| node.is_reachable()) {
            let blocks = walk.graph.blocks(node);
            self.blocks.extend(blocks);
            if is_unresolved(node) {
                self.unresolved.extend(blocks.last());
            }
        }
        let only_reverts = walk.graph.nodes[NodeId(0)].only_reverts;
        let text =
            (selector.is_some() || !only_reverts).then(|| self.text(selector, &walk, &mut pool));
        let selectors = match selector {
            Some(_) => Vec::new(),
            None => self.selectors(&walk),
        };
        (text, selectors)
    }

    /// What a walk saw.
    fn text(&self, selector: Option<u32>, walk: &Walk, pool: &mut TermPool<'_>) -> FunctionText {
        let paths = Paths::new(&walk.graph);
        let behind = Behind::new(&walk.graph);
        let memories = Memories::new(walk, &paths, &behind, pool);
        let adds = adds(&walk.graph, &paths, &behind, pool);
        let shapes = Shapes::new(&walk.graph, pool, &self.entry_points.index.code);
        let bits = Bits::new(&walk.graph, &behind, pool);
        let pool = &*pool;
        let mut names = Names::new(pool, &behind, &memories, &self.hashes);
        let calls = call_texts(walk, &paths, &mut names);
        let accesses = access_texts(walk, &paths, &names, &adds);
        let finder =
            Finder { pool, behind: &behind, memories: &memories, names: &names, shapes: &shapes };
        let accesses = accesses
            .into_iter()
            .map(|(text, keys)| placed(text, &keys, &finder, &bits, &paths))
            .collect();
        let requires = requirements(&walk.graph, &paths, &finder);
        let zero_guards = zero_guards(&walk.graph, &paths, &finder);
        FunctionText { selector, accesses, requires, zero_guards, calls, stop: walk.graph.stop }
    }

    /// The selectors of a dispatcher of which `walk` followed what it could.
    ///
    /// A dispatcher that jumps by a table computes its target from the selector, so the walk ends
    /// there and the tables are searched instead.
    fn selectors(&mut self, walk: &Walk) -> Vec<u32> {
        let mut found = walk.selectors.clone();
        let is_open = |node: &Node| node.is_reachable() && is_unresolved(node);
        if walk.graph.nodes.iter().any(is_open) {
            let (selectors, is_whole) = dispatch::table_selectors(&self.entry_points.index.code);
            found.extend(selectors);
            self.misses_functions |= found.is_empty() || !is_whole;
            found.sort_unstable();
            found.dedup();
        }
        found
    }
}

/// Whether the way on from a node is not known.
fn is_unresolved(node: &Node) -> bool {
    match node.exit {
        Exit::Unknown(reason) => reason == StopReason::UnresolvedJump,
        Exit::Switch { .. } => node.cases.is_empty(),
        _ => false,
    }
}

/// Where something happens.
type Places = BTreeSet<NodeId>;

/// A call as text, but for how certain it is.
type CallKey = (CallForm, String, Option<String>);

/// The calls in reverse postorder, equal ones once; tells `names` their numbers on the way.
fn call_texts(walk: &Walk, paths: &Paths, names: &mut Names<'_, '_>) -> Vec<CallText> {
    let mut found: Vec<(CallKey, Places)> = Vec::new();
    for &node in paths.order() {
        for (position, (pc, effect)) in walk.graph.nodes[node].effects.iter().enumerate() {
            let text = match *effect {
                Effect::Call { kind, target, input, .. } => {
                    let selector = names.called_selector(node, position, input);
                    (CallForm::Call(kind), names.callee(target), selector)
                }
                Effect::Create { salt, .. } => {
                    let form = if salt.is_some() { CallForm::Create2 } else { CallForm::Create };
                    (form, "new".to_owned(), None)
                }
                _ => continue,
            };
            let number = match found.iter().position(|(known, _)| *known == text) {
                Some(number) => number,
                None => {
                    found.push((text, Places::new()));
                    found.len() - 1
                }
            };
            found[number].1.insert(node);
            names.number_call(node, *pc, number);
        }
    }
    let text = |((kind, target, selector), places): (CallKey, Places)| CallText {
        kind,
        target,
        selector,
        certainty: paths.certainty(&places),
    };
    found.into_iter().map(text).collect()
}

/// The accesses, each with its distinct keys.
fn access_texts(
    walk: &Walk,
    paths: &Paths,
    names: &Names<'_, '_>,
    adds: &Adds,
) -> Vec<(AccessText, BTreeSet<TermId>)> {
    // Equal terms print once; different terms may still print alike.
    let mut slots: BTreeMap<TermId, String> = BTreeMap::new();
    let mut places: BTreeMap<(String, AccessKind), (Places, BTreeSet<TermId>)> = BTreeMap::new();
    for (node, effect) in effects(walk) {
        let (key, kind) = match *effect {
            Effect::SLoad { key } => (key, AccessKind::Read),
            Effect::SStore { key, .. } if adds.contains(key) => (key, AccessKind::Add),
            Effect::SStore { key, .. } => (key, AccessKind::Write),
            _ => continue,
        };
        let slot = slots.entry(key).or_insert_with(|| names.text(key)).clone();
        let (nodes, keys) = places.entry((slot, kind)).or_default();
        nodes.insert(node);
        keys.insert(key);
    }
    let certainties: BTreeMap<(String, AccessKind), Certainty> = places
        .iter()
        .map(|(access, (nodes, _))| (access.clone(), paths.certainty(nodes)))
        .collect();
    let is_part_of_add = |slot: &str, certainty: Certainty| {
        let add = certainties.get(&(slot.to_owned(), AccessKind::Add));
        add.is_some_and(|add| *add <= certainty)
    };
    let is_only_added_to =
        |slot: &str| slots.iter().filter(|(_, of)| *of == slot).all(|(key, _)| adds.is_only(*key));
    let mut texts = Vec::new();
    for ((slot, kind), (nodes, keys)) in places {
        let certainty = certainties[&(slot.clone(), kind)];
        if kind == AccessKind::Read && is_part_of_add(&slot, certainty) {
            continue;
        }
        let when = match certainty {
            Certainty::Must => None,
            Certainty::May => when(paths, names, &nodes),
        };
        let is_delta = kind == AccessKind::Add && is_only_added_to(&slot);
        let text = AccessText { is_delta, ..AccessText::new(slot, kind, certainty, when) };
        texts.push((text, keys));
    }
    // Plain slots by number, then the rest by text; the sort is stable.
    texts.sort_by_key(|(text, _)| text.slot.parse::<u64>().unwrap_or(u64::MAX));
    texts
}

impl AccessText {
    /// An access of which only the text is known so far.
    fn new(slot: String, kind: AccessKind, certainty: Certainty, when: Option<String>) -> Self {
        let contract = "this".to_owned();
        let (places, bits) = (Vec::new(), U256::MAX);
        let (is_lock, is_delta) = (false, false);
        Self { slot, kind, contract, certainty, when, places, bits, is_lock, is_delta }
    }
}

/// The access with where its slot lies and which bits of it matter.
fn placed(
    text: AccessText,
    keys: &BTreeSet<TermId>,
    finder: &Finder<'_, '_>,
    bits: &Bits,
    paths: &Paths,
) -> AccessText {
    let mut places: Vec<Place> = Vec::new();
    for &key in keys {
        let of_key = finder.places(key);
        if of_key.is_empty() {
            places.clear();
            break;
        }
        places.extend(of_key);
    }
    places.sort();
    places.dedup();
    let all = |of: &dyn Fn(TermId) -> U256| keys.iter().fold(U256::ZERO, |all, key| all | of(*key));
    let (read, written) = (all(&|key| bits.read(key)), all(&|key| bits.written(key)));
    let touched = match text.kind {
        // A load that only keeps the rest of a word belongs to the store.
        AccessKind::Read if read.is_zero() => written,
        AccessKind::Read => read,
        AccessKind::Write => written,
        AccessKind::Add => U256::MAX,
    };
    let is_lock =
        text.kind == AccessKind::Write && keys.iter().all(|key| is_lock(bits, paths, *key));
    let touched = if touched.is_zero() { U256::MAX } else { touched };
    AccessText { places, bits: touched, is_lock, ..text }
}

/// Whether every path stores two constants or more to `key`, and nothing else is stored there.
fn is_lock(bits: &Bits, paths: &Paths, key: TermId) -> bool {
    let mut nodes: BTreeMap<U256, Places> = BTreeMap::new();
    for stored in bits.stores(key) {
        let Some(constant) = stored.constant else { return false };
        nodes.entry(constant).or_default().insert(stored.node);
    }
    1 < nodes.len() && nodes.values().all(|nodes| paths.certainty(nodes) == Certainty::Must)
}

/// All effects on reachable nodes.
fn effects(walk: &Walk) -> impl Iterator<Item = (NodeId, &Effect<TermId>)> {
    let nodes = walk.graph.nodes.iter_enumerated();
    nodes.flat_map(|(id, node)| node.effects.iter().map(move |(_, effect)| (id, effect)))
}

/// The nearest condition that decides whether one of `places` is reached, if all agree on it.
fn when(paths: &Paths, names: &Names<'_, '_>, places: &Places) -> Option<String> {
    let mut texts: BTreeSet<Option<String>> = BTreeSet::new();
    for &node in places {
        let decider = paths.decider(node);
        texts.insert(decider.map(|(condition, holds)| names.condition(condition, holds)));
    }
    let text = texts.pop_first().filter(|_| texts.is_empty())??;
    (text.chars().count() < MAX_WHEN).then_some(text)
}
