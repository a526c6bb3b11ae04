//! How are small EVM programs written?
//!
//! In: text. Out: bytes, or what is wrong with the text.
//!
//! Words are separated by blanks; `;` begins a comment. An opcode is its name in lower case. `push`
//! takes a number, in the shortest instruction but PUSH0, or a label, in two bytes, and may be left out
//! before a number; `push4` and the like take a number of that width. `name:` is a JUMPDEST that can be pushed, `name::` a place
//! without one, `bytes 0x..` stands for itself, and `word name` is a label's place in two bytes.

use std::collections::BTreeMap;

use alloy_primitives::U256;
use revm_bytecode::opcode::OpCode;

const PUSH1: u8 = 0x60;
const JUMPDEST: u8 = 0x5b;

/// Assembles a program.
pub fn assemble(text: &str) -> Result<Vec<u8>, String> {
    let mut assembler = Assembler::default();
    let lines = text.lines().map(|line| line.split(';').next().unwrap_or_default());
    let mut words = lines.flat_map(str::split_whitespace);
    while let Some(word) = words.next() {
        let mut operand = || words.next().ok_or(format!("`{word}` wants an operand"));
        match word {
            "push" => assembler.push(operand()?)?,
            "bytes" => assembler.code.extend(digits(operand()?)?),
            "word" => assembler.place(operand()?),
            "push0" => assembler.code.push(0x5f),
            number if number.starts_with(|c: char| c.is_ascii_digit()) => assembler.push(number)?,
            _ => match (word.strip_prefix("push"), word.strip_suffix(':')) {
                (Some(width), _) => assembler.push_wide(width, operand()?)?,
                (None, Some(label)) => assembler.label(label)?,
                (None, None) => assembler.code.push(opcode(word)?),
            },
        }
    }
    assembler.finish()
}

#[derive(Default)]
struct Assembler<'a> {
    code: Vec<u8>,
    labels: BTreeMap<&'a str, usize>,
    /// Where two bytes are to become a label's place.
    uses: Vec<(usize, &'a str)>,
}

impl<'a> Assembler<'a> {
    fn push(&mut self, operand: &'a str) -> Result<(), String> {
        if !operand.starts_with(|c: char| c.is_ascii_digit()) {
            self.code.push(PUSH1 + 1);
            self.place(operand);
            return Ok(());
        }
        let bytes = number(operand)?;
        self.instruction(&bytes)
    }

    fn push_wide(&mut self, width: &str, operand: &str) -> Result<(), String> {
        let width: usize = width.parse().map_err(|_| format!("`push{width}` is no opcode"))?;
        let bytes = number(operand)?;
        let n_spare = bytes.len().saturating_sub(width);
        if bytes[..n_spare].iter().any(|byte| *byte != 0) {
            return Err(format!("`{operand}` does not fit {width} bytes"));
        }
        let mut padded = vec![0; width.saturating_sub(bytes.len())];
        padded.extend_from_slice(&bytes[n_spare..]);
        self.instruction(&padded)
    }

    fn instruction(&mut self, bytes: &[u8]) -> Result<(), String> {
        if bytes.is_empty() || 32 < bytes.len() {
            return Err(format!("no instruction pushes {} bytes", bytes.len()));
        }
        self.code.push(PUSH1 + bytes.len() as u8 - 1);
        self.code.extend_from_slice(bytes);
        Ok(())
    }

    fn place(&mut self, label: &'a str) {
        self.uses.push((self.code.len(), label));
        self.code.extend([0, 0]);
    }

    fn label(&mut self, label: &'a str) -> Result<(), String> {
        let name = label.strip_suffix(':').unwrap_or(label);
        if self.labels.insert(name, self.code.len()).is_some() {
            return Err(format!("`{name}` is there twice"));
        }
        if name == label {
            self.code.push(JUMPDEST);
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Vec<u8>, String> {
        for (at, label) in self.uses {
            let place = self.labels.get(label).ok_or(format!("`{label}` is nowhere"))?;
            let place = u16::try_from(*place).map_err(|_| "the program is too long".to_owned())?;
            self.code[at..at + 2].copy_from_slice(&place.to_be_bytes());
        }
        Ok(self.code)
    }
}

fn opcode(name: &str) -> Result<u8, String> {
    (0..=u8::MAX)
        .find(|byte| OpCode::new(*byte).is_some_and(|op| op.as_str().eq_ignore_ascii_case(name)))
        .ok_or(format!("`{name}` is no opcode"))
}

/// A decimal or hexadecimal number, most significant byte first, at least one byte.
fn number(text: &str) -> Result<Vec<u8>, String> {
    let number: U256 = text.parse().map_err(|_| format!("`{text}` is no number"))?;
    let bytes = number.to_be_bytes_trimmed_vec();
    Ok(if bytes.is_empty() { vec![0] } else { bytes })
}

/// The bytes that hexadecimal digits stand for; an odd number of them gets a zero in front.
fn digits(text: &str) -> Result<Vec<u8>, String> {
    let wrong = || format!("`{text}` is no hexadecimal number");
    let digits = text.strip_prefix("0x").ok_or_else(wrong)?;
    let padded =
        if digits.len().is_multiple_of(2) { digits.to_owned() } else { format!("0{digits}") };
    let pairs = (0..padded.len()).step_by(2).map(|at| padded.get(at..at + 2).ok_or_else(wrong));
    pairs.map(|pair| u8::from_str_radix(pair?, 16).map_err(|_| wrong())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_become_bytes() {
        let code = assemble("push end jump ; away\n end: push 0x0100 push2 1 0 stop").unwrap();
        assert_eq!(code, [0x61, 0, 4, 0x56, 0x5b, 0x61, 1, 0, 0x61, 0, 1, 0x60, 0, 0]);
        let table = assemble("here: table:: word here word table bytes 0xabc").unwrap();
        assert_eq!(table, [0x5b, 0, 0, 0, 1, 0x0a, 0xbc]);
    }

    #[test]
    fn mistakes_are_named() {
        for (text, mistake) in [
            ("push", "`push` wants an operand"),
            ("push nowhere", "`nowhere` is nowhere"),
            ("halt", "`halt` is no opcode"),
            ("push1 256", "`256` does not fit 1 bytes"),
            ("a: a:", "`a` is there twice"),
            ("push 0xg", "`0xg` is no number"),
            ("bytes 0xg", "`0xg` is no hexadecimal number"),
        ] {
            assert_eq!(assemble(text).unwrap_err(), mistake);
        }
    }
}
