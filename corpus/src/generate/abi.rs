//! How are the arguments of a call laid out?
//!
//! In: a signature and [`Arg`]s. Out: calldata, as the Solidity ABI specifies it.
//! Invariant: types are not checked against the signature; the generator's tests call every
//! function it uses.

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};

/// One argument.
#[derive(Clone, Debug)]
pub(super) enum Arg {
    /// A value type, in one word.
    Word(U256),
    /// `bytes` or `string`.
    Bytes(Bytes),
    /// A dynamic array.
    Array(Vec<Self>),
    /// A struct.
    Tuple(Vec<Self>),
}

impl From<U256> for Arg {
    fn from(word: U256) -> Self {
        Self::Word(word)
    }
}

impl From<u64> for Arg {
    fn from(number: u64) -> Self {
        Self::Word(U256::from(number))
    }
}

impl From<Address> for Arg {
    fn from(address: Address) -> Self {
        Self::Word(address.into_word().into())
    }
}

impl From<B256> for Arg {
    fn from(hash: B256) -> Self {
        Self::Word(hash.into())
    }
}

impl From<Bytes> for Arg {
    fn from(bytes: Bytes) -> Self {
        Self::Bytes(bytes)
    }
}

impl<T: Into<Self>> From<Vec<T>> for Arg {
    fn from(elements: Vec<T>) -> Self {
        Self::Array(elements.into_iter().map(Into::into).collect())
    }
}

/// Calldata for the function with this signature.
pub(super) fn call<const N: usize>(signature: &str, args: [Arg; N]) -> Bytes {
    let mut data = keccak256(signature)[..4].to_vec();
    encode_sequence(&args, &mut data);
    data.into()
}

/// The arguments alone, as they follow creation code.
pub(super) fn encode<const N: usize>(args: [Arg; N]) -> Vec<u8> {
    let mut data = Vec::new();
    encode_sequence(&args, &mut data);
    data
}

impl Arg {
    fn is_dynamic(&self) -> bool {
        match self {
            Self::Word(_) => false,
            Self::Bytes(_) | Self::Array(_) => true,
            Self::Tuple(members) => members.iter().any(Self::is_dynamic),
        }
    }

    /// How many bytes the argument takes where it stands, its tail apart.
    fn head_len(&self) -> usize {
        match self {
            Self::Tuple(members) if !self.is_dynamic() => members.iter().map(Self::head_len).sum(),
            _ => 32,
        }
    }

    fn encode(&self, data: &mut Vec<u8>) {
        match self {
            Self::Word(word) => data.extend(word.to_be_bytes::<32>()),
            Self::Bytes(bytes) => {
                data.extend(U256::from(bytes.len()).to_be_bytes::<32>());
                data.extend_from_slice(bytes);
                let padding = bytes.len().next_multiple_of(32) - bytes.len();
                data.extend(std::iter::repeat_n(0, padding));
            }
            Self::Array(elements) => {
                data.extend(U256::from(elements.len()).to_be_bytes::<32>());
                encode_sequence(elements, data);
            }
            Self::Tuple(members) => encode_sequence(members, data),
        }
    }
}

/// Heads first, then the tails they point to.
fn encode_sequence(args: &[Arg], data: &mut Vec<u8>) {
    let mut offset: usize = args.iter().map(Arg::head_len).sum();
    let mut tails = Vec::new();
    for arg in args {
        if !arg.is_dynamic() {
            arg.encode(data);
            continue;
        }
        data.extend(U256::from(offset).to_be_bytes::<32>());
        let before = tails.len();
        arg.encode(&mut tails);
        offset += tails.len() - before;
    }
    data.append(&mut tails);
}

#[cfg(test)]
mod tests;
