//! Which programs are hard to analyse?
//!
//! In: a generator, contracts of the corpus. Out: code and calldata of many designs: plain bytes,
//! opcodes in any order, real code with bytes changed, cut and joined, jumps into everything, pushes
//! of absurd numbers, loops in loops, calls and creations of itself, tables of jumps.

use crate::random::Random;

/// The longest code generated.
const MAX_LENGTH: usize = 6_000;

const JUMPDEST: u8 = 0x5b;
const PUSH1: u8 = 0x60;

/// Any code.
pub(super) fn code(random: &mut Random, contracts: &[Vec<u8>]) -> Vec<u8> {
    let mut code = match random.below(10) {
        0 => {
            let n = random.below(600);
            random.bytes(n)
        }
        1 | 2 => opcodes(random, 400),
        3..6 if !contracts.is_empty() => real(random, contracts),
        6 => loops(random),
        7 => calls(random),
        8 => table(random),
        _ => pieces(random),
    };
    if random.once_in(3) {
        splice_jumps(random, &mut code);
    }
    code.truncate(MAX_LENGTH);
    code
}

/// Calldata with selectors of the code, lengths and offsets that point anywhere.
pub(super) fn calldata(random: &mut Random, code: &[u8]) -> Vec<u8> {
    let mut calldata = match random.below(4) {
        0 => Vec::new(),
        1 => random.bytes(4),
        // A number that the code pushes may be a selector.
        _ => {
            let places: Vec<usize> =
                (0..code.len().saturating_sub(4)).filter(|at| code[*at] == PUSH1 + 3).collect();
            match places.is_empty() {
                true => random.bytes(4),
                false => {
                    let at = random.pick(&places);
                    code[at + 1..at + 5].to_vec()
                }
            }
        }
    };
    for _ in 0..random.below(12) {
        let mut word = [0; 32];
        match random.below(5) {
            0 => word[31] = 32 * random.below(8) as u8,
            1 => word[30..].copy_from_slice(&(random.number() as u16).to_be_bytes()),
            2 => word = [0xff; 32],
            3 => word.copy_from_slice(&random.bytes(32)),
            _ => {}
        }
        calldata.extend_from_slice(&word);
    }
    if random.once_in(50) {
        calldata.resize(100_000, 0xab);
    }
    calldata
}

/// A push of a number that is likely to matter.
fn push(random: &mut Random, code: &mut Vec<u8>) {
    match random.below(8) {
        0..3 => code.extend([PUSH1, random.number() as u8]),
        3 => code.extend([PUSH1, 0]),
        4 | 5 => {
            let [high, low] = (random.below(700) as u16).to_be_bytes();
            code.extend([PUSH1 + 1, high, low]);
        }
        6 => {
            code.push(PUSH1 + 31);
            let start = random.pick(&[0x00, 0x7f, 0x80, 0xff]);
            code.extend([start; 32]);
            if random.once_in(2) {
                let at = code.len() - 1 - random.below(32);
                code[at] = random.number() as u8;
            }
        }
        _ => {
            let n = 1 + random.below(32);
            code.push(PUSH1 - 1 + n as u8);
            code.extend(random.bytes(n));
        }
    }
}

/// Opcodes in any order, with enough on the stack for most of them.
fn opcodes(random: &mut Random, n: usize) -> Vec<u8> {
    let mut code = Vec::new();
    for _ in 0..random.below(n) {
        match random.below(10) {
            0..4 => push(random, &mut code),
            4 => code.push(random.pick(&[0x80, 0x81, 0x82, 0x90, 0x91, 0x50])),
            5 => code.push(JUMPDEST),
            6 => code.push(random.pick(&[0x51, 0x52, 0x53, 0x54, 0x55, 0x5c, 0x5d, 0x20, 0x35])),
            7 => code.push(random.pick(&[0x56, 0x57, 0x37, 0x39, 0x3c, 0x3e, 0x5e, 0xf1, 0xfa])),
            8 => code.push(random.below(0x20) as u8),
            _ => code.push(random.number() as u8),
        }
    }
    code
}

/// Real code: some bytes changed, a stretch cut out or doubled, or two contracts joined.
fn real(random: &mut Random, contracts: &[Vec<u8>]) -> Vec<u8> {
    let mut code = contracts[random.below(contracts.len())].clone();
    for _ in 0..random.pick(&[0, 1, 4, 30]) {
        let at = random.below(code.len());
        code[at] = match random.below(3) {
            0 => random.number() as u8,
            1 => code[at] ^ (1 << random.below(8)),
            _ => random.pick(&[JUMPDEST, 0x56, 0x57, 0x00, 0xfd, 0xf4, 0x54, 0x55]),
        };
    }
    let at = random.below(code.len());
    match random.below(5) {
        0 => code.truncate(at),
        1 => {
            let other = &contracts[random.below(contracts.len())];
            code.truncate(at);
            code.extend_from_slice(&other[random.below(other.len())..]);
        }
        2 => {
            let end = (at + random.below(200)).min(code.len());
            code.drain(at..end);
        }
        _ => {}
    }
    code
}

/// Loops in loops, each counting, hashing, storing or growing memory.
fn loops(random: &mut Random) -> Vec<u8> {
    let mut code = Vec::new();
    let mut heads = Vec::new();
    push(random, &mut code);
    for _ in 0..1 + random.below(12) {
        heads.push(code.len() as u16);
        code.push(JUMPDEST);
        let body: &[u8] = match random.below(7) {
            0 => &[0x80, 0x54, 0x81, 0x55],                 // s[x] = s[x]
            1 => &[0x60, 1, 0x01],                          // x + 1
            2 => &[0x60, 1, 0x90, 0x03, 0x80, 0x54],        // s[x - 1]
            3 => &[0x80, 0x5f, 0x52, 0x60, 32, 0x5f, 0x20], // keccak(x)
            4 => &[0x80, 0x80, 0x52, 0x60, 32, 0x01],       // m[x] = x; x + 32
            5 => &[0x80, 0x35, 0x01],                       // x + calldata[x]
            _ => &[0x80, 0x80, 0x02, 0x5a, 0x55],           // s[gas] = x * x
        };
        code.extend_from_slice(body);
    }
    while let Some(head) = heads.pop() {
        match random.below(3) {
            0 => code.push(0x80),
            1 => code.extend([0x80, 0x36, 0x11]),
            _ => code.push(0x5a),
        }
        let [high, low] = head.to_be_bytes();
        code.extend([PUSH1 + 1, high, low, 0x57]);
    }
    code
}

/// Calls and creations of whatever is there, itself most of all.
fn calls(random: &mut Random) -> Vec<u8> {
    let mut code = Vec::new();
    for _ in 0..1 + random.below(8) {
        match random.below(4) {
            // All of its own code is the init code of a new contract.
            0 => {
                code.extend([0x38, 0x5f, 0x5f, 0x39, 0x38, 0x5f, 0x5f, 0xf0]);
                code.extend([0x5f, 0x5f, 0x5f, 0x5f, 0x84, 0x5a, 0xf4]);
            }
            1 => code.extend([0x5f, 0x38, 0x5f, 0x5f, 0x39, 0x60, 7, 0x38, 0x5f, 0x5f, 0xf5]),
            _ => {
                code.extend([0x36, 0x5f, 0x5f, 0x37, 0x60, 64, 0x5f, 0x36, 0x5f]);
                let kind = random.pick(&[0xf1, 0xf2, 0xf4, 0xfa]);
                if kind < 0xf4 {
                    code.push(random.pick(&[0x5f, 0x34, 0x47]));
                }
                let target: &[u8] = random.pick(&[&[0x30][..], &[0x33], &[0x5f, 0x54], &[0x60, 4]]);
                code.extend_from_slice(target);
                code.extend([0x5a, kind]);
            }
        }
        match random.below(4) {
            0 => code.extend([0x5f, 0x55]),
            1 => code.extend([0x3d, 0x5f, 0x5f, 0x3e, 0x5f, 0x51, 0x54]),
            2 => code.extend([0x60, 1, 0x54, 0x60, 1, 0x01, 0x60, 1, 0x55]),
            _ => {}
        }
    }
    code.push(random.pick(&[0x00, 0xff, 0xf3, 0xfd, 0x30]));
    code
}

/// Jumps to what calldata, storage or arithmetic gives.
fn table(random: &mut Random) -> Vec<u8> {
    let from: &[u8] = random.pick(&[
        &[0x5f, 0x35, 0x60, 0xe0, 0x1c][..],
        &[0x5f, 0x54],
        &[0x60, 4, 0x35],
        &[0x36],
        &[0x5a, 0x60, 31, 0x16],
    ]);
    let mut code = from.to_vec();
    code.extend([0x60, 3 + random.below(6) as u8, 0x02, 0x60, 12, 0x01, 0x56]);
    for n in 0..random.below(120) {
        code.push(JUMPDEST);
        match random.below(4) {
            0 => code.extend([0x5f, 0x54, 0x56]),
            1 => code.extend([PUSH1, n as u8, 0x54]),
            2 => code.extend_from_slice(from),
            _ => code.push(0x00),
        }
    }
    code
}

/// Bits of every design behind one another.
fn pieces(random: &mut Random) -> Vec<u8> {
    let mut code = Vec::new();
    for _ in 0..1 + random.below(6) {
        let piece = match random.below(4) {
            0 => loops(random),
            1 => calls(random),
            2 => table(random),
            _ => opcodes(random, 60),
        };
        code.extend(piece);
    }
    code
}

/// Overwrites places with jumps to jump destinations, and to places that are none.
fn splice_jumps(random: &mut Random, code: &mut [u8]) {
    let targets: Vec<usize> = (0..code.len()).filter(|at| code[*at] == JUMPDEST).collect();
    for _ in 0..random.below(6) {
        if code.len() < 8 || targets.is_empty() {
            return;
        }
        let at = random.below(code.len() - 5);
        let target = match random.once_in(4) {
            true => random.below(code.len()),
            false => random.pick(&targets),
        };
        let [high, low] = (target as u16).to_be_bytes();
        let jump = random.pick(&[0x56, 0x57]);
        code[at..at + 4].copy_from_slice(&[PUSH1 + 1, high, low, jump]);
    }
}
