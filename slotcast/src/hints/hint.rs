//! What does a prediction hold for?
//!
//! In: a prediction, and the codes it was made from. Out: [`Hint`].
//! Invariant: as long as every word of [`Hint::relied_on`] holds what it says, and the analysis is of
//! the same version, predicting again gives the same prediction.

use alloy_primitives::{Address, B256, KECCAK256_EMPTY};
use slotcast_model::{Location, Prediction, StateRead};

/// What predictions are of, and who made them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// The chain; zero if it is not said.
    pub chain_id: u64,
    /// The block's number.
    pub block: u64,
    /// The version of the analysis; zero if it is not said.
    pub analyzer: u32,
}

impl Head {
    pub(crate) fn said_chain_id(self) -> Option<u64> {
        (self.chain_id != 0).then_some(self.chain_id)
    }

    pub(crate) fn said_analyzer(self) -> Option<u32> {
        (self.analyzer != 0).then_some(self.analyzer)
    }
}

impl From<u64> for Head {
    /// Predictions of block `block`, of which no more is said.
    fn from(block: u64) -> Self {
        Self { block, ..Self::default() }
    }
}

/// A prediction with everything it holds for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hint {
    prediction: Prediction,
    codes: Vec<(Address, B256)>,
    analyzer: u32,
}

impl Hint {
    /// The prediction made by version `analyzer` of the analysis from `codes`, which are accounts
    /// with the hashes of their code, in any order.
    ///
    /// ```
    /// use alloy_primitives::{Address, B256};
    /// use slotcast::hints::Hint;
    /// use slotcast_model::Prediction;
    ///
    /// let token = Address::with_last_byte(7);
    /// let hint = Hint::new(Prediction::default(), vec![(token, B256::ZERO)], 2);
    /// assert_eq!(hint.relied_on().count(), 1);
    /// ```
    pub fn new(prediction: Prediction, mut codes: Vec<(Address, B256)>, analyzer: u32) -> Self {
        codes.sort_unstable();
        codes.dedup_by_key(|(address, _)| *address);
        Self { prediction, codes, analyzer }
    }

    /// What is predicted.
    pub const fn prediction(&self) -> &Prediction {
        &self.prediction
    }

    /// What is predicted, without what it holds for.
    pub fn into_prediction(self) -> Prediction {
        self.prediction
    }

    /// The accounts whose code was looked at, ascending, with the hashes of that code.
    pub fn codes(&self) -> &[(Address, B256)] {
        &self.codes
    }

    /// The version of the analysis that made the prediction; zero if it is not said.
    pub const fn analyzer(&self) -> u32 {
        self.analyzer
    }

    /// Every word of state the prediction relied on, with what it held: those that binding read, and
    /// the hash of every code.
    pub fn relied_on(&self) -> impl Iterator<Item = StateRead> {
        // An account that does not exist has no code.
        let code = |&(address, hash): &(Address, B256)| StateRead {
            location: Location::Code(address),
            value: if hash.is_zero() { KECCAK256_EMPTY } else { hash }.into(),
        };
        self.prediction.relied_on().iter().copied().chain(self.codes.iter().map(code))
    }
}

impl From<Prediction> for Hint {
    /// A prediction of which it is not said from which codes it was made.
    fn from(prediction: Prediction) -> Self {
        Self { prediction, codes: Vec::new(), analyzer: 0 }
    }
}
