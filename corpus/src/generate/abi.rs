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
mod tests {
    use alloy_primitives::hex;

    use super::*;

    #[test]
    fn the_example_of_the_specification() {
        // f(uint256,uint32[],bytes10,bytes) with (0x123, [0x456, 0x789], "1234567890", "Hello, world!").
        let data = call(
            "f(uint256,uint32[],bytes10,bytes)",
            [
                0x123u64.into(),
                vec![0x456u64, 0x789].into(),
                B256::right_padding_from(b"1234567890").into(),
                Bytes::from_static(b"Hello, world!").into(),
            ],
        );
        let expected = hex!(
            "8be65246"
            "0000000000000000000000000000000000000000000000000000000000000123"
            "0000000000000000000000000000000000000000000000000000000000000080"
            "3132333435363738393000000000000000000000000000000000000000000000"
            "00000000000000000000000000000000000000000000000000000000000000e0"
            "0000000000000000000000000000000000000000000000000000000000000002"
            "0000000000000000000000000000000000000000000000000000000000000456"
            "0000000000000000000000000000000000000000000000000000000000000789"
            "000000000000000000000000000000000000000000000000000000000000000d"
            "48656c6c6f2c20776f726c642100000000000000000000000000000000000000"
        );
        assert_eq!(data[..], expected[..]);
    }

    #[test]
    fn an_array_of_structs_with_tails_points_into_itself() {
        let call = |n: u64| Arg::Tuple(vec![n.into(), Bytes::from(vec![n as u8]).into()]);
        let words: Vec<U256> = encode([Arg::Array(vec![call(1), call(2)])])
            .chunks(32)
            .map(U256::from_be_slice)
            .collect();
        let small: Vec<u64> = words.iter().map(|word| word.saturating_to()).collect();
        let text = u64::MAX;
        // Where the array is; its length; where each element is; then number, where, length, byte.
        assert_eq!(small, [32, 2, 64, 192, 1, 64, 1, text, 2, 64, 1, text]);
    }
}
