//! What is a block while it is being generated?
//!
//! In: accounts, code, storage words and messages, in the order in which jobs think of them. Out:
//! a state before the block and signed transactions.
//! Invariants: every transaction is valid where it stands (nonce in order, and paid for by what the
//! wallet has for certain), and so is every prefix of the block; what a job asks to happen later
//! happens after at least as many transactions as it said.

use std::collections::BTreeMap;

use alloy_consensus::{Sealable as _, transaction::Recovered};
use alloy_eips::eip7702::{Authorization, SignedAuthorization};
use alloy_primitives::{Address, B256, Bytes, Signature, U256};
use slotcast::executor::{ChainTx, ParentFields, TxDeposit};

use super::{
    Plan,
    message::{Envelope, Message, Terms, Usual},
    rng::Rng,
    rollup::TIP_VAULT,
    wallet::{Wallet, WalletId},
};
use crate::{PreAccount, PreState};

/// What an ordinary wallet starts with, in ether: more than it can spend in one block.
const USUAL_BUDGET: u64 = 100;

/// What an exchange's wallet starts with, in ether.
const EXCHANGE_BUDGET: u64 = 1_000_000;

/// How many wallets belong to exchanges, which pay out and collect all day.
const EXCHANGES: usize = 4;

/// What a transaction may cost for its data and the operator, in thousandths of an ether: more than any of
/// ours does at the prices that we draw.
const ALLOWANCE_MILLIETHER: u64 = 20;

/// Something to be done once the block is longer.
type Step = Box<dyn FnOnce(&mut Draft)>;

/// A block in the making.
pub(super) struct Draft {
    pub(super) plan: Plan,
    pub(super) rng: Rng,
    pub(super) state: PreState,
    /// The wallet that the fees go to.
    pub(super) beneficiary: WalletId,
    pub(super) transactions: Vec<Recovered<ChainTx>>,
    pub(super) base_fee: u64,
    /// What a rollup's base fee follows from.
    pub(super) parent: Option<ParentFields>,
    /// What a byte takes of a rollup's room for data, where that has a limit.
    pub(super) data_scalar: Option<u16>,
    pub(super) blobs: usize,
    wallets: Vec<Wallet>,
    exchanges: Vec<WalletId>,
    people: Vec<WalletId>,
    later: Vec<(usize, Step)>,
}

impl Draft {
    pub(super) fn new(plan: &Plan) -> Self {
        let mut rng = Rng::new(plan.seed);
        // Between 0.05 and 2 gwei, as in most of 2025 and 2026.
        let base_fee = rng.range(50_000_000, 2_000_000_000);
        let (parent, base_fee) = match plan.rollup.as_ref().map(|rollup| rollup.after(&mut rng)) {
            Some((parent, base_fee)) => (Some(parent), base_fee),
            None => (None, base_fee),
        };
        let mut draft = Self {
            plan: plan.clone(),
            rng,
            state: PreState::new(),
            beneficiary: WalletId(0),
            transactions: Vec::with_capacity(plan.n_txs),
            base_fee,
            parent,
            data_scalar: None,
            blobs: 0,
            wallets: Vec::new(),
            exchanges: Vec::new(),
            people: Vec::new(),
            later: Vec::new(),
        };
        draft.beneficiary = draft.wallet(ether(USUAL_BUDGET));
        draft.exchanges = (0..EXCHANGES).map(|_| draft.wallet(ether(EXCHANGE_BUDGET))).collect();
        let n_people = 8 + plan.n_txs * 3 / 5;
        draft.people = (0..n_people).map(|_| draft.wallet(ether(USUAL_BUDGET))).collect();
        draft
    }

    /// How many transactions there are.
    pub(super) fn len(&self) -> usize {
        self.transactions.len()
    }

    /// Fills the block, doing what is due first and asking `next` for something new otherwise.
    pub(super) fn fill(&mut self, mut next: impl FnMut(&mut Self)) {
        while self.len() < self.plan.n_txs {
            let before = self.len();
            match self.later.iter().position(|(due, _)| *due <= before) {
                Some(index) => (self.later.remove(index).1)(self),
                None => next(self),
            }
            assert!(before < self.len(), "every job adds a transaction");
        }
        // Any prefix of a valid block is valid; a rollup's has one transaction at least.
        let least = usize::from(self.plan.rollup.is_some());
        self.transactions.truncate(self.plan.n_txs.max(least));
    }

    /// Has `step` done after at least `distance` more transactions, if the block gets that long.
    pub(super) fn later(&mut self, distance: usize, step: impl FnOnce(&mut Self) + 'static) {
        self.later.push((self.len() + distance, Box::new(step)));
    }

    /// A new wallet with `budget` wei before the block.
    pub(super) fn wallet(&mut self, budget: U256) -> WalletId {
        let id = WalletId(self.wallets.len());
        let nonce = self.rng.range(0, 400);
        let wallet = Wallet::new(self.plan.seed, id.0, nonce, budget);
        let account = PreAccount { balance: budget, nonce, ..PreAccount::default() };
        self.state.insert(wallet.address, account);
        self.wallets.push(wallet);
        id
    }

    /// A new wallet that does not exist before the block.
    pub(super) fn unborn_wallet(&mut self) -> WalletId {
        let id = WalletId(self.wallets.len());
        self.wallets.push(Wallet::new(self.plan.seed, id.0, 0, U256::ZERO));
        id
    }

    /// One of the people; some far more often than others.
    pub(super) fn person(&mut self) -> WalletId {
        self.people[self.rng.skewed(self.people.len())]
    }

    /// One of the people, popular by Zipf's law.
    pub(super) fn popular_person(&mut self) -> WalletId {
        self.people[self.rng.zipf(self.people.len())]
    }

    /// A person who most likely sends nothing else in this block.
    pub(super) fn newcomer(&mut self) -> WalletId {
        self.wallet(ether(USUAL_BUDGET))
    }

    /// One of the exchanges.
    pub(super) fn exchange(&mut self) -> WalletId {
        self.exchanges[self.rng.skewed(self.exchanges.len())]
    }

    /// The exchange that most people use.
    pub(super) fn largest_exchange(&self) -> WalletId {
        self.exchanges[0]
    }

    /// A recipient: a known user, or an address never seen before.
    pub(super) fn payee(&mut self) -> Address {
        if self.rng.percent(30) {
            return self.rng.address();
        }
        let person = self.people[self.rng.below(self.people.len())];
        self.address(person)
    }

    pub(super) fn address(&self, wallet: WalletId) -> Address {
        self.wallets[wallet.0].address
    }

    /// Where tips go.
    pub(super) fn tipped(&self) -> Address {
        match self.plan.rollup {
            Some(_) => TIP_VAULT,
            None => self.address(self.beneficiary),
        }
    }

    /// The address of what the wallet would deploy next.
    pub(super) fn next_deployment(&self, wallet: WalletId) -> Address {
        self.wallets[wallet.0].address.create(self.wallets[wallet.0].nonce)
    }

    /// Signs a hash that is no transaction's, such as that of an EIP-712 message.
    pub(super) fn sign_hash(&self, wallet: WalletId, hash: B256) -> Signature {
        self.wallets[wallet.0].sign_hash(hash)
    }

    /// Notes that the wallet has received `value` for certain.
    pub(super) fn credit(&mut self, wallet: WalletId, value: U256) {
        self.wallets[wallet.0].budget += value;
    }

    /// Places a contract with `code` at a new address.
    pub(super) fn install(&mut self, code: Bytes) -> Address {
        let address = self.rng.address();
        self.install_at(address, code);
        address
    }

    /// Places a contract with `code` at `address`.
    pub(super) fn install_at(&mut self, address: Address, code: Bytes) {
        let account = PreAccount { nonce: 1, code: Some(code), ..PreAccount::default() };
        assert!(self.state.insert(address, account).is_none(), "one contract per address");
    }

    /// Sets a storage word of the state before the block.
    pub(super) fn store(&mut self, address: Address, slot: U256, word: U256) {
        self.account(address).storage.insert(slot, word);
    }

    /// Sets a storage word of the state before the block unless it was set.
    pub(super) fn store_if_unset(&mut self, address: Address, slot: U256, word: U256) {
        self.account(address).storage.entry(slot).or_insert(word);
    }

    /// An account of the state before the block.
    pub(super) fn account(&mut self, address: Address) -> &mut PreAccount {
        self.state.entry(address).or_default()
    }

    /// An authorization by `authority` for the code at `target`, valid if it is used before
    /// anything else the wallet signs.
    pub(super) fn authorize(
        &mut self,
        authority: WalletId,
        target: Address,
    ) -> SignedAuthorization {
        let chain_id = U256::from(self.plan.chain_id);
        let wallet = &mut self.wallets[authority.0];
        let nonce = wallet.nonce;
        wallet.nonce += 1;
        wallet.authorize(Authorization { chain_id, address: target, nonce })
    }

    /// An authorization that is void, since its nonce is not the wallet's.
    pub(super) fn authorize_in_vain(
        &mut self,
        authority: WalletId,
        target: Address,
    ) -> SignedAuthorization {
        let wallet = &self.wallets[authority.0];
        let chain_id = U256::from(self.plan.chain_id);
        let authorization = Authorization { chain_id, address: target, nonce: wallet.nonce + 1000 };
        wallet.authorize(authorization)
    }

    /// An authorization for the sender's own account, in the transaction that it sends next.
    pub(super) fn authorize_self(
        &mut self,
        sender: WalletId,
        target: Address,
    ) -> SignedAuthorization {
        let chain_id = U256::from(self.plan.chain_id);
        let wallet = &mut self.wallets[sender.0];
        // The transaction takes one nonce before the authorization takes the next.
        let nonce = wallet.nonce + 1;
        wallet.authorize(Authorization { chain_id, address: target, nonce })
    }

    /// Notes that an authorization of the sender's own, just sent, took a nonce.
    pub(super) fn skip_nonce(&mut self, wallet: WalletId) {
        self.wallets[wallet.0].nonce += 1;
    }

    /// Appends a deposit.
    pub(super) fn deposit(&mut self, deposit: TxDeposit) {
        let from = deposit.from;
        let deposit = ChainTx::Deposit(deposit.seal_slow());
        self.transactions.push(Recovered::new_unchecked(deposit, from));
    }

    /// The wallet's account, which spends `value` by a deposit and takes a nonce for it.
    pub(super) fn spend_below(&mut self, from: WalletId, value: U256) -> Address {
        let wallet = &mut self.wallets[from.0];
        wallet.budget -= value;
        wallet.nonce += 1;
        wallet.address
    }

    /// Appends a transaction in the usual envelope.
    pub(super) fn send(&mut self, from: WalletId, message: Message) {
        self.send_in(from, message, Envelope::Usual);
    }

    /// Appends a transaction.
    pub(super) fn send_in(&mut self, from: WalletId, message: Message, envelope: Envelope) {
        let message = message.in_era(self.plan.era);
        let tip = u128::from(self.rng.range(1_000, 2_000_000_000));
        let kind = self.rng.range(0, 100);
        let allowance = match self.plan.rollup {
            Some(_) => milliether(ALLOWANCE_MILLIETHER),
            None => U256::ZERO,
        };
        let wallet = &mut self.wallets[from.0];
        let terms = Terms {
            chain_id: self.plan.chain_id,
            nonce: wallet.nonce,
            base_fee: u128::from(self.base_fee),
            tip,
            usual: Usual::of(self.plan.era, kind),
        };
        wallet.budget = wallet
            .budget
            .checked_sub(terms.most(&message, &envelope) + allowance)
            .expect("a job sends only what its wallet has for certain");
        let signed = terms.sign(wallet, message, envelope);
        wallet.nonce += 1;
        self.transactions.push(Recovered::new_unchecked(signed.into(), wallet.address));
    }

    /// Hashes of the blocks before this one.
    pub(super) fn ancestors(&mut self, number: u64) -> BTreeMap<u64, B256> {
        (number - 16..number).map(|number| (number, self.rng.hash())).collect()
    }
}

/// `amount` ether in wei.
pub(super) fn ether(amount: u64) -> U256 {
    milliether(1_000) * U256::from(amount)
}

/// `amount` thousandths of an ether in wei.
fn milliether(amount: u64) -> U256 {
    U256::from(amount) * U256::from(1_000_000_000_000_000u64)
}
