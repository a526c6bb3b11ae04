//! Which sources is the analysis built from?
//!
//! In: `src`. Out: the fingerprint of the compile path, as an environment variable of the build.

mod fingerprint;

use std::{io, path::Path};

fn main() -> io::Result<()> {
    let fingerprint = fingerprint::fingerprint(Path::new("src"))?;
    println!("cargo::rerun-if-changed=src");
    println!("cargo::rerun-if-changed=fingerprint.rs");
    println!("cargo::rustc-env=SLOTCAST_ANALYSIS={fingerprint:016x}");
    Ok(())
}
