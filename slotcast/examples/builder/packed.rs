//! How many bytes do packed predictions take?
//!
//! In: prepared blocks. Out: bytes for each slot, with and without what accounts take, and the time
//! packing takes.
//! Invariant: what is packed is unpacked and compared.

use slotcast::{
    Clock, PredictSettings, Prepared,
    hints::{FetchPlan, pack, unpack},
    model::{Index, Prediction, TxIndex},
};

/// What packing takes.
#[derive(Default)]
pub(crate) struct Packing {
    n_slots: usize,
    n_bytes: usize,
    n_bytes_without_storage: usize,
    micros: u64,
    n_fetched: [usize; 2],
}

impl Packing {
    pub(crate) fn add(&mut self, prepared: &Prepared) {
        let predictions = prepared.predict(&PredictSettings::default()).predictions;
        let block = prepared.block();
        let number = block.header.number;
        let clock = Clock::start();
        let bytes = pack(number.into(), predictions.iter_enumerated());
        self.micros += clock.micros();
        let unpacked = unpack(&bytes).expect("what was packed can be unpacked").remove(0);
        assert!(
            (unpacked.txs.iter().map(|it| it.prediction.storage()))
                .eq(predictions.iter().map(Prediction::storage)),
            "what comes back is what was packed"
        );
        let bare: Vec<Prediction> = predictions.iter().map(without_storage).collect();
        let bare = bare.iter().enumerate().map(|(n, it)| (TxIndex::from_usize(n), it));
        self.n_bytes_without_storage += pack(number.into(), bare).len();
        self.n_bytes += bytes.len();
        let n_slots = |it: &Prediction| it.storage().reads.len() + it.storage().deltas.len();
        self.n_slots += predictions.iter().map(n_slots).sum::<usize>();
        let plan = FetchPlan::of(&predictions);
        self.n_fetched[0] += plan.n_accounts();
        self.n_fetched[1] += plan.n_slots();
    }

    pub(crate) fn print(&self) {
        let each = |n: usize| n as f64 / self.n_slots.max(1) as f64;
        println!(
            "packed: {} predicted slots in {} bytes: {:.1} a slot, {:.1} without what accounts take; \
             {} µs to pack",
            self.n_slots,
            self.n_bytes,
            each(self.n_bytes),
            each(self.n_bytes.saturating_sub(self.n_bytes_without_storage)),
            self.micros,
        );
        println!("fetch plans: {} accounts, {} slots", self.n_fetched[0], self.n_fetched[1]);
    }
}

/// The same prediction of no storage, and relying on none.
fn without_storage(prediction: &Prediction) -> Prediction {
    let is_account = |word: &&slotcast::model::StateRead| word.location.slot().is_none();
    Prediction::new(
        Default::default(),
        prediction.accounts().clone(),
        prediction.wildcards().to_vec(),
        prediction.relied_on().iter().filter(is_account).copied().collect(),
        prediction.gaps().to_vec(),
    )
}
