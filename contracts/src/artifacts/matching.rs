//! Is this deployed code that contract?
//!
//! In: code as compiled, its holes, and code as deployed. Out: whether they are the same but for
//! what is filled in when a contract is deployed and what does not run.
//! Masked: immutables and libraries' addresses (the holes), the address a library checks itself
//! against, and the metadata at the end, a CBOR map whose length is in the last two bytes.

use crate::artifacts::holes::Hole;

/// PUSH20, with which a library's code begins.
const PUSH20: u8 = 0x73;
/// The longest metadata that was ever appended is far below.
const MAX_METADATA: usize = 512;

/// Whether `deployed` is `compiled`.
pub(crate) fn matches(compiled: &[u8], holes: &[Hole], deployed: &[u8]) -> bool {
    let (a, b) = (without_metadata(compiled), without_metadata(deployed));
    let is_hole =
        |at: usize| holes.iter().any(|hole| (hole.start..hole.start + hole.len).contains(&at));
    let is_library = a.len() > 20 && a[0] == PUSH20 && a[1..21].iter().all(|byte| *byte == 0);
    let is_masked = |at: usize| (is_library && (1..21).contains(&at)) || is_hole(at);
    !a.is_empty() && a.len() == b.len() && (0..a.len()).all(|at| a[at] == b[at] || is_masked(at))
}

/// Code without its metadata.
pub(crate) fn without_metadata(code: &[u8]) -> &[u8] {
    let Some((rest, &[high, low])) = code.split_last_chunk() else { return code };
    let len = usize::from(u16::from_be_bytes([high, low]));
    match rest.len().checked_sub(len) {
        Some(start) if (3..MAX_METADATA).contains(&len) && is_metadata(&rest[start..]) => {
            &rest[..start]
        }
        _ => code,
    }
}

/// Whether these bytes are a CBOR map of one to four entries, the first of which has one of the
/// keys that solc uses.
fn is_metadata(bytes: &[u8]) -> bool {
    const KEYS: [&[u8]; 4] = [b"\x64ipfs", b"\x65bzzr0", b"\x65bzzr1", b"\x64solc"];
    let is_map = bytes.first().is_some_and(|first| (0xa1..=0xa4).contains(first));
    let is_experimental = bytes.get(1..).is_some_and(|rest| rest.starts_with(b"\x6cexperimental"));
    is_map && (is_experimental || KEYS.iter().any(|key| bytes[1..].starts_with(key)))
}

#[cfg(test)]
mod tests;
