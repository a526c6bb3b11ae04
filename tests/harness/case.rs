//! What is a case?
//!
//! In: a file of prose, a program and an expected text. Out: [`Case`], and the file again with
//! another expected text.
//!
//! ```text
//! ; What this is about, in sentences.
//! .fork shanghai          (or none: osaka)
//! .entry 0xa9059cbb       (or none: the fallback)
//! push 1 stop
//! .contract 0xb0b         (another program, at this address)
//! push 2 stop
//! ----
//! what comes of it
//! ```
//!
//! Other lines that begin with a dot are settings of a stage.

use std::path::Path;

use alloy_primitives::{Address, B256, U256};
use slotcast::model::Fork;

use crate::asm::assemble;

/// What divides a program from the text that is expected of it.
const DIVIDER: &str = "----\n";

/// A program and what is expected of it.
#[derive(Clone, Debug)]
pub struct Case {
    /// Everything above the expected text.
    source: String,
    /// The program.
    pub code: Vec<u8>,
    /// The fork whose rules hold.
    pub fork: Fork,
    /// The function entered; none is the fallback.
    pub entry: Option<u32>,
    /// Other programs, by their addresses.
    pub others: Vec<(Address, Vec<u8>)>,
    /// Settings that the stage knows, with what follows their names.
    pub settings: Vec<(String, String)>,
    /// The text expected.
    pub expected: String,
}

impl Case {
    /// Reads a case.
    ///
    /// # Panics
    ///
    /// When the file is not there or not well formed.
    pub fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).expect("a case that is listed can be read");
        Self::parse(&text).unwrap_or_else(|mistake| panic!("{}: {mistake}", path.display()))
    }

    fn parse(text: &str) -> Result<Self, String> {
        let (source, expected) = text.split_once(DIVIDER).unwrap_or((text, ""));
        if !source.starts_with("; ") {
            return Err("a case begins with a sentence on what it is about".to_owned());
        }
        let (mut fork, mut entry, mut settings) = (Fork::Osaka, None, Vec::new());
        let mut programs = vec![(Address::ZERO, String::new())];
        for line in source.lines() {
            match line.split_once(' ') {
                Some((".fork", name)) => {
                    fork = Fork::from_name(name).ok_or(format!("`{name}` is no fork"))?;
                }
                Some((".entry", selector)) => {
                    let digits = selector.trim_start_matches("0x");
                    let selector = u32::from_str_radix(digits, 16);
                    entry = Some(selector.map_err(|_| format!("`{digits}` is no selector"))?);
                }
                Some((".contract", at)) => programs.push((address(at)?, String::new())),
                Some((name, value)) if name.starts_with('.') => {
                    settings.push((name.to_owned(), value.to_owned()));
                }
                _ => programs.last_mut().expect("there is a first").1.extend([line, "\n"]),
            }
        }
        let mut codes = Vec::new();
        for (address, program) in programs {
            codes.push((address, assemble(&program)?));
        }
        let code = codes.remove(0).1;
        let (source, expected) = (source.to_owned(), expected.to_owned());
        Ok(Self { source, code, fork, entry, others: codes, settings, expected })
    }

    /// Writes the case with `actual` as the text expected.
    ///
    /// # Panics
    ///
    /// When the file cannot be written.
    pub fn update(&self, path: &Path, actual: &str) {
        let text = format!("{}{DIVIDER}{actual}", self.source);
        std::fs::write(path, text).expect("a case that was read can be written");
    }
}

/// The address that a number stands for.
///
/// # Errors
///
/// When it is no number of at most 20 bytes.
pub fn address(text: &str) -> Result<Address, String> {
    let number: U256 = text.parse().map_err(|_| format!("`{text}` is no address"))?;
    Ok(Address::from_word(B256::from(number)))
}
