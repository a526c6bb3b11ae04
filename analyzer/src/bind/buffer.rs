//! Which bytes are known?
//!
//! In: bytes written, some of them unknown. Out: [`Buffer`], for memory, calldata and return data.
//! Invariant: bytes beyond the end read as zero and are known; unknown ranges are kept as they were
//! written and may overlap.

use alloy_primitives::U256;

/// Bytes, of which some ranges may be unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Buffer {
    bytes: Vec<u8>,
    unknown: Vec<(usize, usize)>,
    /// Whether the length itself is unknown; then `bytes` is what little is known.
    pub(super) open_ended: bool,
}

impl Buffer {
    /// Known bytes.
    pub(super) const fn known(bytes: Vec<u8>) -> Self {
        Self { bytes, unknown: Vec::new(), open_ended: false }
    }

    /// `len` unknown bytes.
    pub(super) fn unknown(len: usize) -> Self {
        Self { bytes: vec![0; len], unknown: vec![(0, len)], open_ended: false }
    }

    /// Unknown bytes, of unknown number.
    pub(super) const fn lost() -> Self {
        Self { bytes: Vec::new(), unknown: Vec::new(), open_ended: true }
    }

    pub(super) const fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The bytes `at..at + len` as far as they exist, if all are known.
    pub(super) fn slice(&self, at: usize, len: usize) -> Option<&[u8]> {
        if !self.is_known(at, len) {
            return None;
        }
        let end = at.saturating_add(len).min(self.bytes.len());
        Some(self.bytes.get(at..end).unwrap_or_default())
    }

    /// Whether all of `at..at + len` is known.
    pub(super) fn is_known(&self, at: usize, len: usize) -> bool {
        if self.open_ended {
            return false;
        }
        let end = at.saturating_add(len);
        self.unknown.iter().all(|&(from, to)| end <= from || to <= at)
    }

    /// The word at `at`, zeros past the end, if it is known.
    pub(super) fn word(&self, at: usize) -> Option<U256> {
        let bytes = self.slice(at, 32)?;
        if let Ok(word) = <[u8; 32]>::try_from(bytes) {
            return Some(U256::from_be_bytes(word));
        }
        let mut word = [0; 32];
        word[..bytes.len()].copy_from_slice(bytes);
        Some(U256::from_be_bytes(word))
    }

    /// Writes a word, or 32 unknown bytes.
    pub(super) fn set_word(&mut self, at: usize, word: Option<U256>) {
        match word {
            Some(word) => self.write(at, &word.to_be_bytes::<32>()),
            None => self.forget(at, 32),
        }
    }

    /// Writes known bytes.
    pub(super) fn write(&mut self, at: usize, bytes: &[u8]) {
        self.grow(at + bytes.len());
        self.bytes[at..at + bytes.len()].copy_from_slice(bytes);
        self.learn(at, at + bytes.len());
    }

    /// Writes `len` unknown bytes.
    pub(super) fn forget(&mut self, at: usize, len: usize) {
        if len != 0 {
            self.grow(at + len);
            self.unknown.push((at, at + len));
        }
    }

    /// Copies `len` bytes of `other` from `from` on, zeros past its end, to `at`.
    pub(super) fn copy_from(&mut self, at: usize, other: &Self, from: usize, len: usize) {
        if other.open_ended {
            return self.forget(at, len);
        }
        self.copy_bytes(at, &other.bytes, from, len);
        for &(start, end) in &other.unknown {
            let (start, end) = (start.max(from), end.min(from.saturating_add(len)));
            if start < end {
                self.forget(at + start - from, end - start);
            }
        }
    }

    /// Copies `len` of the known `bytes` from `from` on, zeros past their end, to `at`.
    pub(super) fn copy_bytes(&mut self, at: usize, bytes: &[u8], from: usize, len: usize) {
        self.grow(at + len);
        let present = bytes.get(from..).unwrap_or_default();
        let n = present.len().min(len);
        self.bytes[at..at + n].copy_from_slice(&present[..n]);
        self.bytes[at + n..at + len].fill(0);
        self.learn(at, at + len);
    }

    /// The bytes `at..at + len`, zeros past the end, as a buffer of their own.
    pub(super) fn range(&self, at: usize, len: usize) -> Self {
        let mut range = Self::default();
        range.copy_from(0, self, at, len);
        range.bytes.truncate(len);
        range
    }

    fn grow(&mut self, len: usize) {
        if self.bytes.len() < len {
            // Memory grows by words (yellow paper §9.1), which MSIZE shows.
            self.bytes.resize(len.next_multiple_of(32), 0);
        }
    }

    fn learn(&mut self, from: usize, to: usize) {
        if self.unknown.is_empty() {
            return;
        }
        let old = core::mem::take(&mut self.unknown);
        for (start, end) in old {
            if end <= from || to <= start {
                self.unknown.push((start, end));
                continue;
            }
            if start < from {
                self.unknown.push((start, from));
            }
            if to < end {
                self.unknown.push((to, end));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_write_makes_a_hole_in_the_unknown() {
        let mut buffer = Buffer::default();
        buffer.forget(0, 96);
        buffer.set_word(32, Some(U256::from(7)));
        assert_eq!(buffer.word(32), Some(U256::from(7)));
        assert_eq!(buffer.word(31), None);
        assert_eq!(buffer.word(33), None);
        assert!(buffer.is_known(96, 1000));
        assert_eq!(buffer.word(200), Some(U256::ZERO));
    }

    #[test]
    fn copies_carry_what_is_unknown() {
        let mut source = Buffer::known(vec![1; 64]);
        source.forget(32, 8);
        let copy = source.range(16, 64);
        assert!(copy.is_known(0, 16));
        assert!(!copy.is_known(16, 8));
        assert!(copy.is_known(24, 40));
        assert_eq!(copy.slice(24, 24).map(<[u8]>::to_vec), Some([[1; 24]].concat()));
        assert_eq!(copy.slice(48, 16).map(<[u8]>::to_vec), Some(vec![0; 16]));
    }
}
