//! How many bytes do packed predictions take?
//!
//! In: prepared blocks. Out: bytes for each slot, with and without what accounts take and for
//! receivers who have no transactions, and the time packing takes.
//! Invariant: what is packed is unpacked and compared.

use slotcast::{
    Clock, PredictSettings, Prepared,
    hints::{FetchPlan, Packer, known_of, unpack},
    model::{Index, Prediction, TxIndex},
};

/// What packing takes.
#[derive(Default)]
pub(crate) struct Packing {
    packer: Packer,
    n_slots: usize,
    n_bytes: usize,
    n_bytes_without_storage: usize,
    n_bytes_alone: usize,
    micros: u64,
    n_fetched: [usize; 2],
}

impl Packing {
    pub(crate) fn add(&mut self, prepared: &Prepared) {
        let predictions = prepared.predict(&PredictSettings::default()).predictions;
        let block = prepared.block();
        let number = block.header.number;
        let known = |tx: TxIndex| known_of(block, tx);
        let clock = Clock::start();
        let bytes = self.packer.pack(number, predictions.iter_enumerated(), known);
        self.micros += clock.micros();
        let (_, unpacked) = unpack(&bytes, known).expect("what was packed can be unpacked");
        let storage_of = |prediction: &Prediction| prediction.storage().clone();
        assert!(
            unpacked
                .iter()
                .map(|it| storage_of(&it.prediction))
                .eq(predictions.iter().map(storage_of)),
            "what comes back is what was packed"
        );
        let bare: Vec<Prediction> = predictions.iter().map(without_storage).collect();
        let bare = bare.iter().enumerate().map(|(n, it)| (TxIndex::from_usize(n), it));
        self.n_bytes_without_storage += Packer::new().pack(number, bare, known).len();
        let nothing = |_: TxIndex| Default::default();
        self.n_bytes_alone +=
            Packer::new().pack(number, predictions.iter_enumerated(), nothing).len();
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
            "packed: {} predicted slots in {} bytes: {:.1} a slot, {:.1} without what accounts take, \
             {:.1} for receivers who know no transaction; {} µs to pack",
            self.n_slots,
            self.n_bytes,
            each(self.n_bytes),
            each(self.n_bytes.saturating_sub(self.n_bytes_without_storage)),
            each(self.n_bytes_alone),
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
