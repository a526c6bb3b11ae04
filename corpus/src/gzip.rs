//! Is a file packed, and what does it hold unpacked?
//!
//! In: a file's bytes. Out: plain bytes, or gzip data that is the same for the same input.
//! Invariant: whether data is packed is decided by its first bytes, never by a file's name.

use std::{
    borrow::Cow,
    io::{Read, Write},
};

use flate2::{Compression, GzBuilder, read::MultiGzDecoder};

use crate::CorpusError;

/// The first two bytes of every gzip member.
const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// No recorded block unpacks to more; beyond it the file is damaged or hostile.
const MAX_PLAIN_BYTES: u64 = 1 << 30;

/// The plain contents of `bytes`, which may be packed.
pub(crate) fn unpack<'a>(bytes: &'a [u8], name: &str) -> Result<Cow<'a, [u8]>, CorpusError> {
    if !bytes.starts_with(&MAGIC) {
        return Ok(Cow::Borrowed(bytes));
    }
    let mut plain = Vec::new();
    MultiGzDecoder::new(bytes)
        .take(MAX_PLAIN_BYTES + 1)
        .read_to_end(&mut plain)
        .map_err(|source| CorpusError::Gzip { name: name.to_owned(), source })?;
    if MAX_PLAIN_BYTES < plain.len() as u64 {
        return Err(CorpusError::TooLarge { name: name.to_owned(), limit: MAX_PLAIN_BYTES });
    }
    Ok(Cow::Owned(plain))
}

/// `plain` packed, with no time and no name in it.
pub(crate) fn pack(plain: &[u8]) -> Vec<u8> {
    // The operating system byte is fixed too ("unknown"), or the bytes would depend on the machine.
    let mut encoder =
        GzBuilder::new().mtime(0).operating_system(255).write(Vec::new(), Compression::best());
    encoder
        .write_all(plain)
        .and_then(|()| encoder.finish())
        .expect("writing to a vector in memory does not fail")
}

#[cfg(test)]
mod tests;
