//! Is the embedded block the one its plan makes?
//!
//! In: the plan and the committed file. Out: assertions.

use slotcast_corpus::{self as corpus, EMBEDDED, EMBEDDED_PLAN};
use slotcast_lab::seal;

#[test]
fn the_embedded_block_is_made_again_byte_for_byte() {
    let block = seal(corpus::generate(&EMBEDDED_PLAN).unwrap()).unwrap();
    assert!(corpus::embedded().unwrap() == block, "{REGENERATE}");
    assert!(corpus::print_packed(&block).unwrap() == EMBEDDED, "{REGENERATE}");
}

/// What to do when the generator has changed on purpose.
const REGENERATE: &str = "the generator makes another block; if that is wanted, run \
     `slotcast generate --out corpus/data/blocks/embedded.json.gz`";

#[test]
fn the_embedded_block_is_what_it_says_it_is() {
    let block = corpus::embedded().unwrap();
    assert_eq!(block.transactions.len(), EMBEDDED_PLAN.n_txs);
    assert_eq!(block.validate(), Ok(()));
    assert_eq!(block.validate_senders(), Ok(()));
}
