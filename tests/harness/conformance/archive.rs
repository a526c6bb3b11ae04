//! Which files are in a packed archive?
//!
//! In: the path of a `.tar.gz`. Out: names and contents of its regular files, one after the other.
//! Invariant: nothing is written to disk, and one file at a time is in memory.

use std::{fs::File, io::Read, path::Path};

use flate2::read::GzDecoder;

/// The unit of length in an archive.
const BLOCK: usize = 512;

/// Calls `each` with every regular file whose name `is_wanted`.
///
/// # Panics
///
/// When the archive cannot be read.
pub fn for_each_file(
    path: &Path,
    is_wanted: impl Fn(&str) -> bool,
    mut each: impl FnMut(&str, &[u8]),
) {
    let file = File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut archive = GzDecoder::new(file);
    let mut long_name = None;
    let mut header = [0; BLOCK];
    loop {
        archive.read_exact(&mut header).expect("an archive ends with empty blocks");
        if header.iter().all(|byte| *byte == 0) {
            return;
        }
        let length = octal(&header[124..136]);
        let mut content = vec![0; length.next_multiple_of(BLOCK)];
        archive.read_exact(&mut content).expect("a file is as long as its header says");
        content.truncate(length);
        match header[156] {
            // A name that does not fit the header stands in a file of its own before it.
            b'L' => long_name = Some(text(&content)),
            b'0' | 0 => {
                let name = long_name.take().unwrap_or_else(|| full_name(&header));
                if is_wanted(&name) {
                    each(&name, &content);
                }
            }
            _ => long_name = None,
        }
    }
}

fn full_name(header: &[u8; BLOCK]) -> String {
    let (name, prefix) = (text(&header[..100]), text(&header[345..500]));
    let is_posix = header[257..262] == *b"ustar" && header[262] == 0;
    if is_posix && !prefix.is_empty() { format!("{prefix}/{name}") } else { name }
}

/// Text up to the first zero byte.
fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}

fn octal(digits: &[u8]) -> usize {
    let text = text(digits);
    usize::from_str_radix(text.trim(), 8).expect("lengths are octal numbers")
}
