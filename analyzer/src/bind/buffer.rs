//! Which bytes are known?
//!
//! In: bytes written, some of them unknown. Out: [`Buffer`], for memory, calldata and return data.
//! Invariants: bytes beyond the end read as zero and are known; `unknown` is empty while every byte
//! is known, else it says of each byte whether and why it is not.

use alloy_primitives::U256;

/// Why a word is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unknown {
    /// It was not computed.
    Lost,
    /// An unrecovered signer.
    Signer,
}

/// Bytes, of which some may be unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Buffer {
    bytes: Vec<u8>,
    unknown: Vec<Option<Unknown>>,
    /// Whether the length itself is unknown; then `bytes` is what little is known.
    pub(super) open_ended: bool,
}

impl Buffer {
    /// Known bytes.
    #[cfg(test)]
    pub(super) const fn known(bytes: Vec<u8>) -> Self {
        Self { bytes, unknown: Vec::new(), open_ended: false }
    }

    /// Unknown bytes, of unknown number.
    pub(super) const fn lost() -> Self {
        Self { bytes: Vec::new(), unknown: Vec::new(), open_ended: true }
    }

    pub(super) const fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Forgets everything, keeping the allocation.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.unknown.clear();
        self.open_ended = false;
    }

    /// Puts known bytes, and no more than these, into an empty buffer.
    pub(super) fn fill(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The bytes of its allocations.
    pub(super) const fn room(&self) -> usize {
        self.bytes.capacity() + self.unknown.capacity() * size_of::<Option<Unknown>>()
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
    #[inline]
    pub(super) fn is_known(&self, at: usize, len: usize) -> bool {
        !self.open_ended
            && (self.unknown.is_empty() || self.reasons(at, len).iter().all(Option::is_none))
    }

    /// Why each of the bytes `at..at + len`, as far as they exist, is unknown.
    fn reasons(&self, at: usize, len: usize) -> &[Option<Unknown>] {
        let end = at.saturating_add(len).min(self.unknown.len());
        self.unknown.get(at..end).unwrap_or_default()
    }

    /// The word at `at`, zeros past the end, if it is known.
    #[inline]
    pub(super) fn word(&self, at: usize) -> Option<U256> {
        let bytes = self.slice(at, 32)?;
        if let Ok(word) = <[u8; 32]>::try_from(bytes) {
            return Some(U256::from_be_bytes(word));
        }
        let mut word = [0; 32];
        word[..bytes.len()].copy_from_slice(bytes);
        Some(U256::from_be_bytes(word))
    }

    /// The word at `at`, or why it is not known: a signer, if it is nothing else.
    #[inline]
    pub(super) fn value(&self, at: usize) -> Result<U256, Unknown> {
        self.word(at).ok_or_else(|| {
            let is_lost = self.open_ended || self.reasons(at, 32).contains(&Some(Unknown::Lost));
            if is_lost { Unknown::Lost } else { Unknown::Signer }
        })
    }

    /// Writes a word, or 32 unknown bytes.
    #[inline]
    pub(super) fn set_word(&mut self, at: usize, word: Result<U256, Unknown>) {
        match word {
            Ok(word) => self.write(at, &word.to_be_bytes::<32>()),
            Err(why) => self.forget(at, 32, why),
        }
    }

    /// Writes known bytes.
    #[inline]
    pub(super) fn write(&mut self, at: usize, bytes: &[u8]) {
        self.grow(at + bytes.len());
        self.bytes[at..at + bytes.len()].copy_from_slice(bytes);
        self.learn(at, bytes.len());
    }

    /// Writes `len` unknown bytes.
    pub(super) fn forget(&mut self, at: usize, len: usize, why: Unknown) {
        if len != 0 {
            self.grow(at + len);
            self.unknown.resize(self.bytes.len(), None);
            self.unknown[at..at + len].fill(Some(why));
        }
    }

    /// Copies `len` bytes of `other` from `from` on, zeros past its end, to `at`.
    pub(super) fn copy_from(&mut self, at: usize, other: &Self, from: usize, len: usize) {
        if other.open_ended {
            return self.forget(at, len, Unknown::Lost);
        }
        self.copy_bytes(at, &other.bytes, from, len);
        let reasons = other.reasons(from, len);
        if reasons.iter().any(Option::is_some) {
            self.unknown.resize(self.bytes.len(), None);
            self.unknown[at..at + reasons.len()].copy_from_slice(reasons);
        }
    }

    /// Copies `len` bytes from `from` on, zeros past the end, to `at`; the ranges may overlap.
    pub(super) fn copy_within(&mut self, at: usize, from: usize, len: usize) {
        // Reading past the end grows memory too.
        self.grow(at.max(from) + len);
        self.bytes.copy_within(from..from + len, at);
        if !self.unknown.is_empty() {
            self.unknown.copy_within(from..from + len, at);
        }
    }

    /// Copies `len` of the known `bytes` from `from` on, zeros past their end, to `at`.
    pub(super) fn copy_bytes(&mut self, at: usize, bytes: &[u8], from: usize, len: usize) {
        self.grow(at + len);
        let present = bytes.get(from..).unwrap_or_default();
        let n = present.len().min(len);
        self.bytes[at..at + n].copy_from_slice(&present[..n]);
        self.bytes[at + n..at + len].fill(0);
        self.learn(at, len);
    }

    /// The bytes `at..at + len`, zeros past the end, put into an empty buffer.
    pub(super) fn range_into(&self, at: usize, len: usize, range: &mut Self) {
        if self.open_ended {
            return range.forget(0, len, Unknown::Lost);
        }
        let end = at.saturating_add(len).min(self.bytes.len());
        range.bytes.extend_from_slice(self.bytes.get(at..end).unwrap_or_default());
        range.bytes.resize(len, 0);
        let reasons = self.reasons(at, len);
        if reasons.iter().any(Option::is_some) {
            range.unknown.extend_from_slice(reasons);
            range.unknown.resize(len, None);
        }
    }

    #[inline]
    fn grow(&mut self, len: usize) {
        if self.bytes.len() < len {
            // Memory grows by words (yellow paper §9.1), which MSIZE shows.
            self.bytes.resize(len.next_multiple_of(32), 0);
            if !self.unknown.is_empty() {
                self.unknown.resize(self.bytes.len(), None);
            }
        }
    }

    #[inline]
    fn learn(&mut self, at: usize, len: usize) {
        if !self.unknown.is_empty() {
            self.unknown[at..at + len].fill(None);
        }
    }
}

#[cfg(test)]
mod tests;
