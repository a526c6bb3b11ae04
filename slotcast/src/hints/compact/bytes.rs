//! How are numbers and addresses put into bytes?
//!
//! In: numbers. Out: LEB128, seven bits to a byte, the low ones first; and back.
//! Invariant: reading returns an error at the end of the bytes and for numbers beyond 64 bits.

use alloy_primitives::{Address, U256};

use super::UnpackError;

/// Bits of a number in one byte.
const BITS: u32 = 7;

/// Appends `number`.
pub(super) fn put_number(out: &mut Vec<u8>, mut number: u64) {
    while number >> BITS != 0 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= BITS;
    }
    out.push(number as u8);
}

/// Bytes that are being read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Where the next byte stands.
    pub(super) const fn at(&self) -> usize {
        self.at
    }

    pub(super) const fn n_left(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// The next `n` bytes, which there are, to be read on their own.
    pub(super) fn part(&mut self, n: usize) -> Self {
        let part = Self { bytes: &self.bytes[..self.at + n], at: self.at };
        self.at += n;
        part
    }

    /// The next `N` bytes.
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], UnpackError> {
        let left = &self.bytes[self.at..];
        let bytes = left.first_chunk().ok_or(UnpackError::Cut { at: self.bytes.len() })?;
        self.at += N;
        Ok(*bytes)
    }

    pub(super) fn number(&mut self) -> Result<u64, UnpackError> {
        let start = self.at;
        let mut number = 0;
        let mut shift = 0;
        loop {
            let [byte] = self.array()?;
            let bits = u64::from(byte & 0x7f);
            if u64::BITS <= shift || (bits << shift) >> shift != bits {
                return Err(UnpackError::Field { at: start, field: "number" });
            }
            number |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
            shift += BITS;
        }
    }

    /// A number of things of which each takes at least one byte.
    pub(super) fn count(&mut self) -> Result<usize, UnpackError> {
        let start = self.at;
        let count = usize::try_from(self.number()?).ok();
        count.filter(|count| *count <= self.n_left()).ok_or(UnpackError::Cut { at: start })
    }

    pub(super) fn address(&mut self) -> Result<Address, UnpackError> {
        Ok(Address::from(self.array::<20>()?))
    }

    pub(super) fn word(&mut self) -> Result<U256, UnpackError> {
        Ok(U256::from_be_bytes(self.array::<32>()?))
    }
}
