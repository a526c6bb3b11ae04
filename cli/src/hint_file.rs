//! What does a file of predictions say of a block?
//!
//! In: a file, as JSON or packed, gzipped or not. Out: the block's predictions, which need not be
//! made then.
//! Invariant: a file of another block or chain, or of a later version, is refused by file and field.

use std::{
    fs,
    io::{self, Read as _},
    path::Path,
};

use flate2::read::MultiGzDecoder;
use slotcast::{
    Prepared,
    hints::{Head, PackedBlock, PackedTx, is_packed, unpack},
    model::{Coverage, Index, IndexVec, Prediction, TxIndex},
    prediction_file::{self, ExpectedBlock, StatedBlock},
};

use crate::failure::Failure;

/// A compressed file of more is damaged or hostile.
const MOST_BYTES: u64 = 1 << 30;

/// A file of predictions.
#[derive(Debug)]
pub(crate) struct HintFile {
    name: String,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Stated(Vec<StatedBlock>),
    Packed(Vec<PackedBlock>),
}

impl HintFile {
    /// Reads a file.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let name = path.display().to_string();
        let bytes = fs::read(path).map_err(|error| {
            let what = "name a file written by `slotcast predict --json`";
            Failure::in_file(&name, format_args!("cannot be read: {error}; {what}"))
        })?;
        let bytes = gunzip(bytes).map_err(|error| Failure::in_file(&name, error))?;
        let kind = match is_packed(&bytes) {
            true => {
                let blocks = unpack(&bytes).map_err(|error| {
                    Failure::in_file(&name, format_args!("packed predictions: {error}"))
                })?;
                Kind::Packed(blocks)
            }
            false => {
                Kind::Stated(prediction_file::parse(&bytes, &name).map_err(Failure::bad_input)?)
            }
        };
        Ok(Self { name, kind })
    }

    /// The file's predictions for a block.
    pub(crate) fn predictions(
        &self,
        prepared: &Prepared,
    ) -> Result<IndexVec<TxIndex, Prediction>, Failure> {
        match &self.kind {
            Kind::Stated(stated) => {
                let hints = prediction_file::hints_for(stated, wanted(prepared))
                    .map_err(Failure::bad_input)?;
                Ok(hints.into_iter().map(|hint| hint.into_prediction()).collect())
            }
            Kind::Packed(blocks) => self.unpacked(blocks, prepared),
        }
    }

    /// The blocks of a file that says what its predictions relied on.
    pub(crate) fn stated(&self) -> Result<&[StatedBlock], Failure> {
        match &self.kind {
            Kind::Stated(stated) => Ok(stated),
            Kind::Packed(_) => Err(self.wrong(
                "the packed form has no values of state words; name a file written by \
                 `slotcast predict --json`",
            )),
        }
    }

    /// What errors call it.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    fn unpacked(
        &self,
        blocks: &[PackedBlock],
        prepared: &Prepared,
    ) -> Result<IndexVec<TxIndex, Prediction>, Failure> {
        let ExpectedBlock { chain_id, block: number, n_txs } = wanted(prepared);
        let Some(found) = blocks.iter().find(|block| block.head.block == number) else {
            return Err(self.wrong(format_args!(
                "block: the predictions are for {} but block {number} was asked for",
                in_words(blocks)
            )));
        };
        let Head { chain_id: stated, .. } = found.head;
        if stated != 0 && stated != chain_id {
            return Err(self.wrong(format_args!(
                "chainId: the predictions are for chain {stated} but the block is of chain {chain_id}"
            )));
        }
        let mut predictions = IndexVec::from_elem(nothing(), n_txs);
        for PackedTx { tx, prediction, .. } in &found.txs {
            if n_txs <= tx.as_usize() {
                return Err(self.wrong(format_args!(
                    "txs: there is no transaction {tx} in block {number}, which has {n_txs}"
                )));
            }
            predictions[*tx] = prediction.clone();
        }
        Ok(predictions)
    }

    fn wrong(&self, reason: impl core::fmt::Display) -> Failure {
        Failure::in_file(&self.name, reason)
    }
}

/// These bytes, decompressed if they are compressed.
fn gunzip(bytes: Vec<u8>) -> io::Result<Vec<u8>> {
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return Ok(bytes);
    }
    let mut plain = Vec::new();
    let n = MultiGzDecoder::new(&bytes[..]).take(MOST_BYTES + 1).read_to_end(&mut plain)?;
    match n as u64 <= MOST_BYTES {
        true => Ok(plain),
        false => Err(io::Error::other(format!("is of more than {MOST_BYTES} bytes"))),
    }
}

fn wanted(prepared: &Prepared) -> ExpectedBlock {
    let block = prepared.block();
    ExpectedBlock {
        chain_id: block.chain_id,
        block: block.header.number,
        n_txs: block.n_transactions(),
    }
}

/// What is predicted of a transaction of which the file says nothing.
fn nothing() -> Prediction {
    let (storage, accounts) = Default::default();
    Prediction::stated(storage, accounts, vec![], Coverage::Partial, vec![], 0)
}

fn in_words(blocks: &[PackedBlock]) -> String {
    let numbers: Vec<String> =
        blocks.iter().take(3).map(|block| block.head.block.to_string()).collect();
    let more = if numbers.len() < blocks.len() { " and more" } else { "" };
    format!("block {}{more}", numbers.join(", "))
}
