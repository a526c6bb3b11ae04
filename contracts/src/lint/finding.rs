//! Which slots make users wait, and for whom?
//!
//! In: the functions open to all callers, and the model of traffic. Out: [`Finding`]s.
//! Invariants: one finding for each shared slot that such a function changes, and one for all stores
//! of a contract to unknown slots; those without which most is gained come first.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use crate::artifacts::SourceLine;
use alloy_primitives::U256;
use serde::Serialize;

use crate::lint::{
    function::{Function, Touch, Use},
    rule::{Level, Rule},
    slot::SlotId,
    traffic::{Deltas, Model, Traffic},
};

/// Unknown slots that are spelt out.
const MAX_UNKNOWN: usize = 3;

/// Something that makes users wait for one another, or may.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// What is wrong.
    pub rule: Rule,
    /// How much it matters.
    pub level: Level,
    /// What the source calls the slot, else how it is computed.
    pub slot: String,
    /// The line that declares the variable, the first one where several share the slot, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub declared: Option<SourceLine>,
    /// The functions that store to it, sorted.
    pub writes: Vec<String>,
    /// The functions that add to it and look at it in guards alone, sorted.
    pub adds: Vec<String>,
    /// The other functions that look at it, sorted.
    pub reads: Vec<String>,
    /// Which call waits for which.
    pub pairs: Vec<Pair>,
    /// What not sharing it would change; none where no figure says so.
    pub effect: Option<Effect>,
}

/// A call of one function makes a later call of another, or of the same one, wait.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Pair {
    /// Who changes the slot.
    pub first: String,
    /// Who looks at it later.
    pub then: String,
    /// Whether both do so each time.
    pub is_certain: bool,
    /// Whether it is only because the compiler put two variables into one slot.
    pub is_packed: bool,
}

/// What the model says of traffic without this slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Effect {
    /// Whether these figures are of engines where deltas wait like any write, and of traffic
    /// without all slots that make calls wait otherwise; so they are for a slot without waiting calls
    /// where deltas are moved.
    pub is_ordered: bool,
    /// The longest chain with this slot.
    pub chain: u32,
    /// Without this slot.
    pub without: u32,
    /// Without this slot and all that stand before it in the list of findings.
    pub without_so_far: u32,
}

/// A slot with the functions that touch it.
struct Shared<'a> {
    slot: &'a SlotId,
    touches: Vec<(&'a Function, &'a Touch)>,
    pairs: Vec<Pair>,
}

/// All findings of these functions, which are open to all callers.
pub(crate) fn findings(functions: &[&Function], model: &Model<'_>) -> Vec<Finding> {
    let mut by_slot: BTreeMap<&SlotId, Vec<(&Function, &Touch)>> = BTreeMap::new();
    for function in functions {
        for (slot, touch) in &function.shared {
            by_slot.entry(slot).or_default().push((function, touch));
        }
    }
    let is_changed =
        |touches: &[(&Function, &Touch)]| touches.iter().any(|(_, touch)| touch.possible.changes());
    let shared = by_slot.into_iter().filter(|(_, touches)| is_changed(touches));
    let shared: Vec<Shared<'_>> =
        shared.map(|(slot, touches)| Shared { slot, pairs: pairs(&touches), touches }).collect();
    let (waiting, only_added): (Vec<_>, Vec<_>) =
        shared.into_iter().partition(|shared| !shared.pairs.is_empty());
    let traffic = model.traffic();
    let others: BTreeSet<&SlotId> =
        waiting.iter().chain(&only_added).map(|shared| shared.slot).collect();
    let mut found = in_order_of_gain(waiting, model, traffic);
    found.extend(only_added.into_iter().map(|shared| {
        let chain_without = |but: Option<&SlotId>| {
            let gone = others.iter().copied().filter(|slot| Some(*slot) != but).collect();
            model.chain(&gone, Deltas::Ordered)
        };
        let (chain, without) = (chain_without(Some(shared.slot)), chain_without(None));
        finding(&shared, Effect { is_ordered: true, chain, without, without_so_far: without })
    }));
    found.extend(unknown(functions));
    found
}

/// Which call waits for which.
fn pairs(touches: &[(&Function, &Touch)]) -> Vec<Pair> {
    let mut found = Vec::new();
    for (first, a) in touches.iter().filter(|(_, touch)| touch.possible.changes()) {
        for (then, b) in touches.iter().filter(|(_, touch)| touch.possible.looks()) {
            found.push(Pair {
                first: first.label.clone(),
                then: then.label.clone(),
                is_certain: a.certain.is_some_and(Use::changes)
                    && b.certain.is_some_and(Use::looks),
                is_packed: (a.replaced & (b.looked_at | b.replaced)) == U256::ZERO,
            });
        }
    }
    found.sort();
    found
}

/// Findings of slots that make calls wait, each time that one next without which the chain is
/// shortest; of equal ones the one with the most pairs, then in order of slots.
fn in_order_of_gain(
    mut waiting: Vec<Shared<'_>>,
    model: &Model<'_>,
    traffic: Traffic,
) -> Vec<Finding> {
    let mut gone: BTreeSet<&SlotId> = BTreeSet::new();
    let mut found = Vec::new();
    while !waiting.is_empty() {
        let chain_without = |shared: &Shared<'_>| {
            let gone = gone.iter().copied().chain([shared.slot]).collect();
            model.chain(&gone, Deltas::Moved)
        };
        let rated = waiting.iter().enumerate().map(|(n, shared)| {
            let n_certain = shared.pairs.iter().filter(|pair| pair.is_certain).count();
            (chain_without(shared), Reverse(n_certain), Reverse(shared.pairs.len()), n)
        });
        let Some((without_so_far, .., next)) = rated.min() else { break };
        let shared = waiting.remove(next);
        let without = model.chain(&BTreeSet::from([shared.slot]), Deltas::Moved);
        let effect = Effect { is_ordered: false, chain: traffic.chain, without, without_so_far };
        found.push(finding(&shared, effect));
        gone.insert(shared.slot);
    }
    found
}

fn finding(shared: &Shared<'_>, effect: Effect) -> Finding {
    let labels = |is_wanted: &dyn Fn(Use) -> bool| {
        let wanted = shared.touches.iter().filter(|(_, touch)| is_wanted(touch.possible));
        wanted.map(|(function, _)| function.label.clone()).collect::<BTreeSet<_>>()
    };
    let most = shared.touches.iter().map(|(_, touch)| touch.possible).max();
    let rule = match most {
        Some(Use::Writes) => Rule::SharedWrite,
        Some(Use::Counts) => Rule::UsedCounter,
        _ => Rule::SharedTotal,
    };
    let changing = shared.touches.iter().filter(|(_, touch)| touch.possible.changes());
    let names: BTreeSet<&str> = changing.flat_map(|(_, touch)| touch.names()).collect();
    let is_certain = shared.pairs.iter().any(|pair| pair.is_certain);
    Finding {
        rule,
        level: rule.level(is_certain),
        slot: in_one(&names),
        declared: shared.touches.iter().filter_map(|(_, touch)| touch.declared.clone()).min(),
        writes: labels(&|kind| kind.changes() && kind != Use::Adds).into_iter().collect(),
        adds: labels(&|kind| kind == Use::Adds).into_iter().collect(),
        reads: labels(&|kind| !kind.changes()).into_iter().collect(),
        pairs: shared.pairs.clone(),
        effect: Some(effect),
    }
}

/// Names of variables that share a slot as one: `s.a` and `s.{a, b}` as `s.{a, b}`.
fn in_one(names: &BTreeSet<&str>) -> String {
    let mut by_prefix: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for name in names {
        let (prefix, parts) = parts_of(name);
        by_prefix.entry(prefix).or_default().extend(parts);
    }
    let one = |(prefix, parts): (&str, BTreeSet<&str>)| {
        let parts: Vec<&str> = parts.into_iter().collect();
        match parts.as_slice() {
            [one] => format!("{prefix}{one}"),
            several => format!("{prefix}{{{}}}", several.join(", ")),
        }
    };
    by_prefix.into_iter().map(one).collect::<Vec<_>>().join(" | ")
}

/// A name up to where the variables in one slot differ, and what they are called from there.
fn parts_of(name: &str) -> (&str, Vec<&str>) {
    if let Some((prefix, parts)) = name.strip_suffix('}').and_then(|name| name.split_once('{'))
        && !parts.contains(['{', '|', '['])
        && !prefix.contains('[')
    {
        return (prefix, parts.split(", ").collect());
    }
    match name.rfind('.') {
        Some(dot) if !name[dot..].contains([']', '}']) => (&name[..=dot], vec![&name[dot + 1..]]),
        _ => ("", vec![name]),
    }
}

/// All stores to unknown slots, as one finding.
fn unknown(functions: &[&Function]) -> Option<Finding> {
    let those: Vec<&&Function> = functions.iter().filter(|it| !it.unknown.is_empty()).collect();
    let slots: BTreeSet<&str> =
        those.iter().flat_map(|function| &function.unknown).map(String::as_str).collect();
    let writes: BTreeSet<String> = those.iter().map(|function| function.label.clone()).collect();
    let mut texts: Vec<String> =
        slots.iter().take(MAX_UNKNOWN).map(|slot| (*slot).to_owned()).collect();
    match slots.len() - texts.len() {
        0 => {}
        n => texts.push(format!("{n} more")),
    }
    (!slots.is_empty()).then(|| Finding {
        rule: Rule::UnknownSlot,
        level: Rule::UnknownSlot.level(false),
        slot: texts.join(", "),
        declared: None,
        writes: writes.into_iter().collect(),
        adds: Vec::new(),
        reads: Vec::new(),
        pairs: Vec::new(),
        effect: None,
    })
}

impl Finding {
    /// The functions that change the slot, with what they do to it.
    pub(crate) fn changing(&self) -> impl Iterator<Item = (&str, &'static str)> {
        let writes = self.writes.iter().map(|name| (name.as_str(), "writes"));
        writes.chain(self.adds.iter().map(|name| (name.as_str(), "adds to")))
    }

    /// What a reader should know, in one paragraph.
    pub fn message(&self, traffic: Traffic) -> String {
        let mut text = format!("{}: ", self.slot);
        let mut say = |functions: &[String], one: &str, many: &str| {
            if !functions.is_empty() {
                let verb = if functions.len() == 1 { one } else { many };
                let _ = write!(text, "{} {verb}; ", functions.join(", "));
            }
        };
        if self.rule == Rule::UnknownSlot {
            say(&self.writes, "stores to a slot that is not known", "store to slots not known");
            return text.trim_end_matches("; ").to_owned() + ".";
        }
        say(&self.writes, "writes it", "write it");
        say(&self.adds, "adds to it", "add to it");
        say(&self.reads, "reads it", "read it");
        let text = text.trim_end_matches("; ");
        let certainty = match (self.pairs.is_empty(), self.level) {
            (true, _) => "calls of different users only wait where deltas do",
            (false, Level::Warning) => "calls of different users wait for one another",
            (false, Level::Note) => "calls of different users may wait for one another",
        };
        let packed = match !self.pairs.is_empty() && self.pairs.iter().all(|it| it.is_packed) {
            true => ", only because variables share the slot",
            false => "",
        };
        format!("{text}. So {certainty}{packed}. {}", self.gain(traffic))
    }

    /// What the model says of traffic without the slot.
    pub fn gain(&self, traffic: Traffic) -> String {
        let Some(Effect { is_ordered, chain, without, without_so_far }) = self.effect else {
            return String::new();
        };
        let calls = traffic.calls;
        let rule = if is_ordered { " where deltas wait" } else { "" };
        let mut text = format!(
            "Of {calls} calls the longest chain is {chain}{rule}, {without} without this slot"
        );
        if without_so_far != without {
            let _ = write!(text, ", {without_so_far} without those before it, too");
        }
        text + "."
    }
}

#[cfg(test)]
mod tests;
