//! What does calldata of a signature look like?
//!
//! In: `transfer(address,uint256)` and a seed for each argument. Out: calldata a wallet might send.
//! Invariant: small seeds give small values, so that shrinking a seed simplifies an argument.

use alloy_primitives::{Address, U256};

use super::rng::Rng;

/// Seeds below this stand for themselves.
const PLAIN: u64 = 8;
/// About when the synthetic blocks take place.
const NOW: u64 = 1_771_600_007;

/// The type of a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    Uint(usize),
    Int(usize),
    Address,
    Bool,
    FixedBytes(usize),
    Bytes,
    Array(Box<Self>, Option<usize>),
    Tuple(Vec<Self>),
}

impl Type {
    /// The parameters of a signature.
    pub(crate) fn parameters(signature: &str) -> Vec<Self> {
        let open = signature.find('(').expect("a signature has parameters");
        match Self::parse(&signature[open..]) {
            (Self::Tuple(parameters), "") => parameters,
            rest => panic!("`{signature}` ends in {rest:?}"),
        }
    }

    /// The type at the start of `text`, and what follows it.
    fn parse(text: &str) -> (Self, &str) {
        let (mut parsed, mut rest) = match text.strip_prefix('(') {
            Some(members) => Self::parse_members(members),
            None => {
                let end = text.find(['[', ']', ',', ')']).unwrap_or(text.len());
                (Self::named(&text[..end]), &text[end..])
            }
        };
        while let Some((length, after)) = rest.strip_prefix('[').and_then(|r| r.split_once(']')) {
            parsed = Self::Array(Box::new(parsed), length.parse().ok());
            rest = after;
        }
        (parsed, rest)
    }

    fn parse_members(mut text: &str) -> (Self, &str) {
        let mut members = Vec::new();
        loop {
            if let Some(rest) = text.strip_prefix(')') {
                return (Self::Tuple(members), rest);
            }
            let (member, rest) = Self::parse(text.strip_prefix(',').unwrap_or(text));
            members.push(member);
            text = rest;
        }
    }

    fn named(name: &str) -> Self {
        let digits = name.find(|c: char| c.is_ascii_digit()).unwrap_or(name.len());
        let (kind, width) = (&name[..digits], name[digits..].parse());
        match (kind, width) {
            ("uint", Ok(bits)) => Self::Uint(bits),
            ("int", Ok(bits)) => Self::Int(bits),
            ("bytes", Ok(n)) => Self::FixedBytes(n),
            ("bytes" | "string", Err(_)) => Self::Bytes,
            ("address", Err(_)) => Self::Address,
            ("bool", Err(_)) => Self::Bool,
            _ => panic!("`{name}` is no type known here"),
        }
    }

    fn is_dynamic(&self) -> bool {
        match self {
            Self::Bytes | Self::Array(_, None) => true,
            Self::Array(element, Some(_)) => element.is_dynamic(),
            Self::Tuple(members) => members.iter().any(Self::is_dynamic),
            _ => false,
        }
    }

    /// A value of the type, encoded; addresses are mostly taken from `addresses`.
    fn encode(&self, seed: u64, rng: &mut Rng, addresses: &[Address]) -> Vec<u8> {
        let word = |word: U256| word.to_be_bytes::<32>().to_vec();
        match self {
            Self::Uint(bits) => word(number(seed, rng) & low(*bits)),
            Self::Int(bits) => {
                let value = number(seed, rng) & low(*bits);
                let is_negative = value.bit(bits - 1);
                word(if is_negative { value | !low(*bits) } else { value })
            }
            Self::Address => {
                let n = if seed < PLAIN { seed } else { rng.word().as_limbs()[0] };
                let known = addresses[n as usize % addresses.len()];
                word(U256::from_be_bytes(known.into_word().0))
            }
            Self::Bool => word(U256::from(seed % 2)),
            Self::FixedBytes(n) => {
                let value = number(seed, rng) & low(8 * n);
                word(value << (256 - 8 * n))
            }
            Self::Bytes => {
                let len = if seed < PLAIN { seed } else { rng.below(100) } as usize;
                let mut bytes: Vec<u8> = (0..len).map(|_| rng.below(256) as u8).collect();
                bytes.resize(len.next_multiple_of(32), 0);
                [word(U256::from(len)), bytes].concat()
            }
            Self::Array(element, length) => {
                let few = if seed < PLAIN { seed % 3 } else { rng.below(5) } as usize;
                let n = length.unwrap_or(few);
                let elements: Vec<(&Self, u64)> =
                    (0..n).map(|_| (&**element, element_seed(seed, rng))).collect();
                let body = sequence(&elements, rng, addresses);
                match length {
                    Some(_) => body,
                    None => [word(U256::from(n)), body].concat(),
                }
            }
            Self::Tuple(members) => {
                let members: Vec<(&Self, u64)> =
                    members.iter().map(|member| (member, element_seed(seed, rng))).collect();
                sequence(&members, rng, addresses)
            }
        }
    }
}

fn element_seed(seed: u64, rng: &mut Rng) -> u64 {
    if seed < PLAIN { seed } else { rng.below(u64::MAX) }
}

/// The calldata of a call with one seed for each argument.
pub(crate) fn calldata(
    selector: [u8; 4],
    parameters: &[Type],
    seeds: &[u64],
    addresses: &[Address],
) -> Vec<u8> {
    let arguments: Vec<(&Type, u64)> = parameters.iter().zip(seeds.iter().copied()).collect();
    let seeds: Vec<U256> = seeds.iter().copied().map(U256::from).collect();
    let body = sequence(&arguments, &mut Rng::new(&seeds), addresses);
    [selector.to_vec(), body].concat()
}

/// Heads, with offsets for what is dynamic, then tails.
fn sequence(values: &[(&Type, u64)], rng: &mut Rng, addresses: &[Address]) -> Vec<u8> {
    let encoded: Vec<(bool, Vec<u8>)> = values
        .iter()
        .map(|(kind, seed)| (kind.is_dynamic(), kind.encode(*seed, rng, addresses)))
        .collect();
    let n_head: usize =
        encoded.iter().map(|(dynamic, e)| if *dynamic { 32 } else { e.len() }).sum();
    let (mut head, mut tail) = (Vec::new(), Vec::new());
    for (is_dynamic, bytes) in encoded {
        if is_dynamic {
            head.extend(U256::from(n_head + tail.len()).to_be_bytes::<32>());
            tail.extend(bytes);
        } else {
            head.extend(bytes);
        }
    }
    [head, tail].concat()
}

/// Numbers as contracts meet them: small ones, token amounts, times, extremes.
fn number(seed: u64, rng: &mut Rng) -> U256 {
    if seed < PLAIN {
        return U256::from(seed);
    }
    match rng.below(12) {
        0 => U256::ZERO,
        1..=3 => U256::from(rng.below(100)),
        4 | 5 => U256::from(rng.below(10_000)) * U256::from(10).pow(U256::from(rng.below(19))),
        6 => U256::from(NOW - 500 + rng.below(1_000)),
        7 => U256::MAX,
        8 => U256::ONE << rng.below(256) as usize,
        9 => U256::MAX - U256::from(rng.below(100)),
        _ => rng.word() >> rng.below(256) as usize,
    }
}

fn low(bits: usize) -> U256 {
    U256::MAX >> (256 - bits)
}
