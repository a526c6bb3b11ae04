//! What is predicted for one transaction, and how far may the prediction be trusted?
//!
//! In: the lists a binder collected. Out: [`Prediction`], sorted, with its [`Coverage`].
//! Invariants: lists are ascending and without repeats; a slot in `deltas` stands in neither other
//! list; the coverage of a prediction we make is derived from the gaps and the state words relied
//! on, so it cannot disagree with them; that of a prediction read from outside is what it states.

use core::fmt;

use alloy_primitives::{Address, Bytes, U256};

use crate::{AccessSet, Location, Slot};

/// The storage slots of one transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct StorageAccess {
    /// Slots read or written (SSTORE's gas depends on the old value).
    pub reads: Vec<Slot>,
    /// Slots that may be left with another value.
    pub writes: Vec<Slot>,
    /// Slots that are only added to.
    pub deltas: Vec<Slot>,
}

/// The accounts of one transaction, by what happens to them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct AccountAccess {
    /// Balances observed: by BALANCE or SELFBALANCE, or because they do not suffice. What was observed
    /// of a run lists those spent from, too.
    pub balance_reads: Vec<Address>,
    /// Balances spent from.
    pub balance_debits: Vec<Address>,
    /// Balances only credited.
    pub balance_credits: Vec<Address>,
    /// Nonces that are checked and advanced.
    pub nonces: Vec<Address>,
    /// Accounts whose code is run or inspected, or found to be missing by a call.
    pub code_reads: Vec<Address>,
    /// Accounts created.
    pub created: Vec<Address>,
    /// Accounts that self-destruct.
    pub destroyed: Vec<Address>,
    /// Accounts whose code is replaced by a delegation, or whose delegation is taken back (EIP-7702).
    pub delegated: Vec<Address>,
}

impl AccountAccess {
    fn normalise(&mut self) {
        for list in [
            &mut self.balance_reads,
            &mut self.balance_debits,
            &mut self.balance_credits,
            &mut self.nonces,
            &mut self.code_reads,
            &mut self.created,
            &mut self.destroyed,
            &mut self.delegated,
        ] {
            if 1 < list.len() {
                list.sort_unstable();
                list.dedup();
            }
        }
    }
}

/// What a transaction is predicted to leave of an account besides its storage and its balance.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct AccountLeft {
    /// Whether it is destroyed, so that nothing is left of it, nor of its storage and balance.
    pub is_destroyed: bool,
    /// How many nonces it takes: one for each contract that it creates, one for having been created
    /// (EIP-161), one for each of its authorisations that counts (EIP-7702).
    pub nonces: u64,
    /// The code that it is left with, if another is put in place.
    pub code: Option<Bytes>,
}

/// A word of state a prediction relied on: while it holds, so does the prediction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StateRead {
    /// Where the word was read.
    pub location: Location,
    /// What it held; for code, the code hash as a number.
    pub value: U256,
}

macro_rules! gaps {
    ($($(#[$doc:meta])* $gap:ident = $text:literal;)*) => {
        /// Why a prediction may be missing accesses.
        ///
        /// Each names what was given up and where, so that a miss can be explained.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Gap {
            $($(#[$doc])* $gap,)*
        }

        impl Gap {
            /// All gaps.
            pub const ALL: &'static [Self] = &[$(Self::$gap,)*];

            /// The gap as a short fragment of text.
            pub const fn text(self) -> &'static str {
                match self {
                    $(Self::$gap => $text,)*
                }
            }
        }
    };
}

gaps! {
    /// A jump whose target could not be resolved.
    UnresolvedJump = "unresolved jump";
    /// A loop, whose body was not unrolled.
    Loop = "loop not unrolled";
    /// A call whose target or input is not known.
    UnknownCallee = "unknown callee";
    /// Code is created or a created contract is called.
    Creation = "contract creation";
    /// A storage key that could not be computed.
    UnknownKey = "unknown storage key";
    /// Memory whose contents are not known decided something.
    MemoryLost = "memory lost";
    /// A branch whose condition could not be computed; both sides were taken.
    UnknownBranch = "unknown branch";
    /// A precompile whose output was not computed decided something.
    Precompile = "precompile output";
    /// The analysis budget of the contract was used up.
    AnalysisBudget = "analysis budget";
    /// The budget for binding one transaction was used up.
    BindBudget = "bind budget";
    /// Calls nested deeper than the binder follows.
    CallDepth = "call depth";
    /// How much gas is left, which is estimated, decided something.
    Gas = "gas left";
    /// State the binder asked for was not to be had.
    MissingState = "missing state";
    /// The source of the prediction stated that it may miss accesses.
    Stated = "stated partial";
}

impl Gap {
    /// The gap with this text.
    pub fn from_text(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|gap| gap.text() == text)
    }
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

/// How far a prediction may be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Coverage {
    /// Contains every access, whatever the state; running out of gas aside.
    Complete,
    /// Contains every access as long as the state words relied on still hold.
    Assuming,
    /// May miss accesses, for the reasons given.
    Partial,
}

impl Coverage {
    /// All degrees of coverage, the best first.
    pub const ALL: [Self; 3] = [Self::Complete, Self::Assuming, Self::Partial];

    /// The coverage as the prediction file spells it.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Assuming => "assuming",
            Self::Partial => "partial",
        }
    }
}

/// The prediction for one transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Prediction {
    storage: StorageAccess,
    accounts: AccountAccess,
    wildcards: Vec<Address>,
    relied_on: Vec<StateRead>,
    gaps: Vec<Gap>,
    values: Vec<(Slot, U256)>,
    balance_changes: Vec<(Address, U256)>,
    account_changes: Vec<(Address, AccountLeft)>,
    stated: Option<Statement>,
}

/// What a prediction says of itself that its lists do not show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Statement {
    coverage: Coverage,
    n_state_reads: usize,
}

impl Prediction {
    /// Builds a prediction from lists in any order.
    ///
    /// Written slots are added to the reads, and a slot that is read or written is dropped from the
    /// deltas. `wildcards` are accounts of which any slot may be touched; `relied_on` the state words
    /// that decided what is predicted; `gaps` the reasons why accesses may be missing.
    pub fn new(
        mut storage: StorageAccess,
        mut accounts: AccountAccess,
        mut wildcards: Vec<Address>,
        mut relied_on: Vec<StateRead>,
        mut gaps: Vec<Gap>,
    ) -> Self {
        for list in [&mut storage.reads, &mut storage.writes, &mut storage.deltas] {
            list.sort_unstable();
            list.dedup();
        }
        let n_read = storage.reads.len();
        for slot in &storage.writes {
            if storage.reads[..n_read].binary_search(slot).is_err() {
                storage.reads.push(*slot);
            }
        }
        if n_read < storage.reads.len() {
            storage.reads.sort_unstable();
        }
        storage.deltas.retain(|slot| storage.reads.binary_search(slot).is_err());
        accounts.normalise();
        wildcards.sort_unstable();
        wildcards.dedup();
        relied_on.sort_unstable();
        relied_on.dedup();
        gaps.sort_unstable();
        gaps.dedup();
        Self {
            storage,
            accounts,
            wildcards,
            relied_on,
            gaps,
            values: Vec::new(),
            balance_changes: Vec::new(),
            account_changes: Vec::new(),
            stated: None,
        }
    }

    /// The same prediction with account-level accesses that `add` puts into the lists, in any order.
    #[must_use]
    pub fn with_accounts(mut self, add: impl FnOnce(&mut AccountAccess)) -> Self {
        add(&mut self.accounts);
        self.accounts.normalise();
        self
    }

    /// Adds a reason why accesses may be missing.
    pub fn add_gap(&mut self, gap: Gap) {
        if let Err(at) = self.gaps.binary_search(&gap) {
            self.gaps.insert(at, gap);
        }
    }

    /// The same for a prediction from elsewhere that only says how far it may be
    /// trusted and how many state words it took, not which.
    ///
    /// A partial prediction without a gap gets [`Gap::Stated`]; a better one has no gaps.
    pub fn stated(
        storage: StorageAccess,
        accounts: AccountAccess,
        wildcards: Vec<Address>,
        coverage: Coverage,
        mut gaps: Vec<Gap>,
        n_state_reads: usize,
    ) -> Self {
        match coverage {
            Coverage::Partial if gaps.is_empty() => gaps.push(Gap::Stated),
            Coverage::Partial => {}
            Coverage::Complete | Coverage::Assuming => gaps.clear(),
        }
        let mut prediction = Self::new(storage, accounts, wildcards, Vec::new(), gaps);
        prediction.stated = Some(Statement { coverage, n_state_reads });
        prediction
    }

    /// The same prediction, of which it is known which state words it relied on.
    ///
    /// Where these agree with what a prediction read from outside states, it is as good as our own.
    ///
    /// ```
    /// use alloy_primitives::{Address, Bytes, U256};
    /// use slotcast_model::{
    ///     AccountAccess, Coverage, Location, Prediction, StateRead, StorageAccess,
    /// };
    ///
    /// let word = StateRead { location: Location::Nonce(Address::ZERO), value: U256::from(1) };
    /// let (storage, accounts) = (StorageAccess::default(), AccountAccess::default());
    /// let stated = Prediction::stated(
    ///     storage.clone(), accounts.clone(), vec![], Coverage::Assuming, vec![], 1,
    /// );
    /// let ours = Prediction::new(storage, accounts, vec![], vec![word], vec![]);
    /// assert_eq!(stated.with_relied_on(vec![word]), ours);
    /// ```
    #[must_use]
    pub fn with_relied_on(mut self, mut relied_on: Vec<StateRead>) -> Self {
        relied_on.sort_unstable();
        relied_on.dedup();
        self.relied_on = relied_on;
        if let Some(statement) = self.stated.take() {
            let derived =
                Statement { coverage: self.coverage(), n_state_reads: self.n_state_reads() };
            self.stated = (derived != statement).then_some(statement);
        }
        self
    }

    /// The same prediction, with the values that are left in slots, as far as they are known.
    #[must_use]
    pub fn with_values(mut self, mut values: Vec<(Slot, U256)>) -> Self {
        values.sort_unstable();
        values.dedup_by_key(|(slot, _)| *slot);
        self.values = values;
        self
    }

    /// The same prediction, with what is added to balances modulo 2^256, as far as that is known.
    #[must_use]
    pub fn with_balance_changes(mut self, mut changes: Vec<(Address, U256)>) -> Self {
        changes.sort_unstable();
        changes.dedup_by_key(|(address, _)| *address);
        self.balance_changes = changes;
        self
    }

    /// The same prediction, with what is left of accounts that are created, destroyed or delegated or
    /// that create, the sender aside, as far as that is known.
    #[must_use]
    pub fn with_account_changes(mut self, mut changes: Vec<(Address, AccountLeft)>) -> Self {
        changes.sort_unstable_by_key(|(address, _)| *address);
        changes.dedup_by_key(|(address, _)| *address);
        self.account_changes = changes;
        self
    }

    /// The same prediction, of which nothing is known but what it touches.
    #[must_use]
    pub fn without_values(self) -> Self {
        let (values, balance_changes, account_changes) = (Vec::new(), Vec::new(), Vec::new());
        Self { values, balance_changes, account_changes, ..self }
    }

    /// What is left of accounts besides storage and balance, as far as it is known, ascending by
    /// address.
    pub fn account_changes(&self) -> &[(Address, AccountLeft)] {
        &self.account_changes
    }

    /// What is added to balances modulo 2^256, as far as it is known, ascending by address. Of a
    /// balance that pays or gets fees it is not: how much gas is used is only estimated. An account
    /// that passes on what it gets is listed with zero.
    pub fn balance_changes(&self) -> &[(Address, U256)] {
        &self.balance_changes
    }

    /// The values that are left in slots, as far as they are known, ascending by slot; those of a
    /// prediction that was made on another state than the one it is used on may be anything.
    pub fn values(&self) -> &[(Slot, U256)] {
        &self.values
    }

    /// The predicted storage slots.
    pub const fn storage(&self) -> &StorageAccess {
        &self.storage
    }

    /// The predicted account-level accesses.
    pub const fn accounts(&self) -> &AccountAccess {
        &self.accounts
    }

    /// Accounts of which any slot may be touched, ascending.
    pub fn wildcards(&self) -> &[Address] {
        &self.wildcards
    }

    /// The state words the prediction relied on, ascending; none for a prediction read from outside
    /// that does not list them.
    pub fn relied_on(&self) -> &[StateRead] {
        &self.relied_on
    }

    /// How many state words the prediction relied on.
    pub const fn n_state_reads(&self) -> usize {
        match self.stated {
            Some(Statement { n_state_reads, .. }) => n_state_reads,
            None => self.relied_on.len(),
        }
    }

    /// Why accesses may be missing, ascending; empty when none may.
    pub fn gaps(&self) -> &[Gap] {
        &self.gaps
    }

    /// How far the prediction may be trusted.
    pub const fn coverage(&self) -> Coverage {
        if let Some(Statement { coverage, .. }) = self.stated {
            return coverage;
        }
        match (self.gaps.is_empty(), self.relied_on.is_empty()) {
            (false, _) => Coverage::Partial,
            (true, false) => Coverage::Assuming,
            (true, true) => Coverage::Complete,
        }
    }

    /// Storage and accounts as one set, the scheduler's input.
    ///
    /// Accounts map as follows: a nonce that is advanced is read and written; a balance spent from
    /// is read and written; a balance only credited is an add; a created or destroyed account's
    /// balance, nonce and code are written, of a delegated one the code.
    pub fn access_set(&self) -> AccessSet {
        let StorageAccess { reads, writes, deltas } = &self.storage;
        let storage = |slots: &[Slot]| slots.iter().copied().map(Location::Storage).collect();
        let (mut reads, mut writes, mut adds): (Vec<_>, Vec<_>, Vec<_>) =
            (storage(reads), storage(writes), storage(deltas));
        let accounts = &self.accounts;
        reads.extend(accounts.balance_reads.iter().copied().map(Location::Balance));
        adds.extend(accounts.balance_credits.iter().copied().map(Location::Balance));
        reads.extend(accounts.code_reads.iter().copied().map(Location::Code));
        for &address in &accounts.balance_debits {
            reads.push(Location::Balance(address));
            writes.push(Location::Balance(address));
        }
        for &address in &accounts.nonces {
            reads.push(Location::Nonce(address));
            writes.push(Location::Nonce(address));
        }
        for &address in &accounts.delegated {
            reads.push(Location::Code(address));
            writes.push(Location::Code(address));
        }
        for &address in accounts.created.iter().chain(&accounts.destroyed) {
            for location in
                [Location::Balance(address), Location::Nonce(address), Location::Code(address)]
            {
                reads.push(location);
                writes.push(location);
            }
        }
        AccessSet::new(reads, writes, adds)
    }
}

#[cfg(test)]
mod tests;
