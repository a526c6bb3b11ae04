//! What is a block while it is being made up?
//!
//! In: accounts, code, storage words and messages, in the order in which jobs think of them. Out:
//! a state before the block and signed transactions.
//! Invariants: every transaction is valid where it stands (nonce in order, and paid for by what the
//! wallet has for certain), and so is every prefix of the block; what a job asks to happen later
//! happens after at least as many transactions as it said.

use std::collections::BTreeMap;

use alloy_consensus::{
    TxEip1559, TxEip2930, TxEip4844, TxEip4844Variant, TxEip7702, TxEnvelope, TxLegacy,
    transaction::Recovered,
};
use alloy_eips::{
    eip2930::AccessList,
    eip7702::{Authorization, SignedAuthorization},
};
use alloy_primitives::{Address, B256, Bytes, Signature, TxKind, U256};

use super::{
    Plan,
    rng::Rng,
    wallet::{Wallet, WalletId},
};
use crate::{PreAccount, PreState};

/// What an ordinary wallet starts with, in ether: more than it can spend in one block.
const USUAL_BUDGET: u64 = 100;

/// What an exchange's wallet starts with, in ether.
const EXCHANGE_BUDGET: u64 = 1_000_000;

/// How many wallets belong to exchanges, which pay out and collect all day.
const EXCHANGES: usize = 4;

/// Something to be done once the block is longer.
type Step = Box<dyn FnOnce(&mut Draft)>;

/// A block in the making.
pub(super) struct Draft {
    pub(super) plan: Plan,
    pub(super) rng: Rng,
    pub(super) state: PreState,
    /// The wallet that the fees go to.
    pub(super) beneficiary: WalletId,
    pub(super) transactions: Vec<Recovered<TxEnvelope>>,
    pub(super) base_fee: u64,
    pub(super) blobs: usize,
    wallets: Vec<Wallet>,
    exchanges: Vec<WalletId>,
    people: Vec<WalletId>,
    later: Vec<(usize, Step)>,
}

/// What a transaction says, whatever it comes in.
#[derive(Clone, Debug)]
pub(super) struct Message {
    to: TxKind,
    value: U256,
    input: Bytes,
    gas: u64,
}

impl Message {
    /// Ether for an account without code.
    pub(super) fn pay(to: Address, value: U256) -> Self {
        Self { to: to.into(), value, input: Bytes::new(), gas: 21_000 }
    }

    /// A call of a contract.
    pub(super) fn call(to: Address, input: Bytes, gas: u64) -> Self {
        Self { to: to.into(), value: U256::ZERO, input, gas }
    }

    /// A deployment.
    pub(super) fn create(init: Vec<u8>, gas: u64) -> Self {
        Self { to: TxKind::Create, value: U256::ZERO, input: init.into(), gas }
    }

    /// The same with ether.
    pub(super) fn with_value(self, value: U256) -> Self {
        Self { value, ..self }
    }
}

/// What a message is sent in.
#[derive(Clone, Debug)]
pub(super) enum Envelope {
    /// Whatever wallets of the era use.
    Usual,
    /// With a list of what will be accessed.
    Listed(AccessList),
    /// With blobs.
    Blobs(Vec<B256>),
    /// With authorizations for delegated code.
    Delegating(Vec<SignedAuthorization>),
}

impl Draft {
    pub(super) fn new(plan: &Plan) -> Self {
        let mut rng = Rng::new(plan.seed);
        // Between 0.05 and 2 gwei, as in most of 2025 and 2026.
        let base_fee = rng.range(50_000_000, 2_000_000_000);
        let mut draft = Self {
            plan: plan.clone(),
            rng,
            state: PreState::new(),
            beneficiary: WalletId(0),
            transactions: Vec::with_capacity(plan.n_txs),
            base_fee,
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
        // Any prefix of a valid block is valid.
        self.transactions.truncate(self.plan.n_txs);
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

    /// A person who most likely sends nothing else in this block.
    pub(super) fn newcomer(&mut self) -> WalletId {
        self.wallet(ether(USUAL_BUDGET))
    }

    /// One of the exchanges.
    pub(super) fn exchange(&mut self) -> WalletId {
        self.exchanges[self.rng.skewed(self.exchanges.len())]
    }

    /// Somebody to pay: a person, or an address never seen before.
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

    /// Appends a transaction in the usual envelope.
    pub(super) fn send(&mut self, from: WalletId, message: Message) {
        self.send_in(from, message, Envelope::Usual);
    }

    /// Appends a transaction.
    pub(super) fn send_in(&mut self, from: WalletId, message: Message, envelope: Envelope) {
        let tip = u128::from(self.rng.range(1_000, 2_000_000_000));
        let price = Price { base: u128::from(self.base_fee), tip };
        let most = message.value
            + U256::from(message.gas) * U256::from(price.ceiling())
            + U256::from(price.ceiling_of_blobs(&envelope));
        let chain_id = self.plan.chain_id;
        let kind = self.rng.range(0, 100);
        let era = self.plan.era;
        let wallet = &mut self.wallets[from.0];
        wallet.budget = wallet
            .budget
            .checked_sub(most)
            .expect("a job sends only what its wallet has for certain");
        let signed = sign(wallet, chain_id, message, envelope, &price, Usual::of(era, kind));
        wallet.nonce += 1;
        let sender = wallet.address;
        self.transactions.push(Recovered::new_unchecked(signed, sender));
    }

    /// Hashes of the blocks before this one.
    pub(super) fn ancestors(&mut self, number: u64) -> BTreeMap<u64, B256> {
        (number - 16..number).map(|number| (number, self.rng.hash())).collect()
    }
}

/// What a wallet offers for gas.
struct Price {
    base: u128,
    tip: u128,
}

impl Price {
    /// Wallets leave room for the base fee to double.
    const fn ceiling(&self) -> u128 {
        2 * self.base + self.tip
    }

    /// The blob fee of our blocks is one wei; a gwei is what senders commonly offer.
    const BLOB_CEILING: u128 = 1_000_000_000;

    const fn ceiling_of_blobs(&self, envelope: &Envelope) -> u128 {
        match envelope {
            Envelope::Blobs(hashes) => {
                Self::BLOB_CEILING
                    * hashes.len() as u128
                    * alloy_eips::eip4844::DATA_GAS_PER_BLOB as u128
            }
            _ => 0,
        }
    }
}

/// The envelope of a transaction that needs no special one.
enum Usual {
    Unprotected,
    Legacy,
    Listed,
    Dynamic,
}

impl Usual {
    /// Shares as on mainnet; `kind` is drawn from a hundred.
    fn of(era: super::Era, kind: u64) -> Self {
        use super::Era;
        match kind {
            0 => Self::Unprotected,
            1..=2 if Era::Berlin <= era => Self::Listed,
            1..=12 => Self::Legacy,
            _ if era < Era::London => Self::Legacy,
            _ => Self::Dynamic,
        }
    }
}

fn sign(
    wallet: &Wallet,
    chain_id: u64,
    message: Message,
    envelope: Envelope,
    price: &Price,
    usual: Usual,
) -> TxEnvelope {
    let Message { to, value, input, gas: gas_limit } = message;
    let nonce = wallet.nonce;
    let (gas_price, max_fee_per_gas) = (price.base + price.tip, price.ceiling());
    let max_priority_fee_per_gas = price.tip;
    let callee = || to.into_to().expect("only ordinary transactions deploy");
    let listed = |access_list| {
        let input = input.clone();
        TxEip2930 { chain_id, nonce, gas_price, gas_limit, to, value, access_list, input }
    };
    match (envelope, usual) {
        (Envelope::Usual, Usual::Dynamic) => TxEnvelope::Eip1559(wallet.seal(TxEip1559 {
            chain_id,
            nonce,
            gas_limit,
            max_fee_per_gas,
            max_priority_fee_per_gas,
            to,
            value,
            access_list: AccessList::default(),
            input,
        })),
        (Envelope::Usual, Usual::Listed) => {
            TxEnvelope::Eip2930(wallet.seal(listed(AccessList::default())))
        }
        (Envelope::Usual, unlisted) => {
            let chain_id = match unlisted {
                Usual::Unprotected => None,
                _ => Some(chain_id),
            };
            let legacy = TxLegacy { chain_id, nonce, gas_price, gas_limit, to, value, input };
            TxEnvelope::Legacy(wallet.seal(legacy))
        }
        (Envelope::Listed(access_list), _) => TxEnvelope::Eip2930(wallet.seal(listed(access_list))),
        (Envelope::Blobs(blob_versioned_hashes), _) => {
            TxEnvelope::Eip4844(wallet.seal(TxEip4844Variant::TxEip4844(TxEip4844 {
                chain_id,
                nonce,
                gas_limit,
                max_fee_per_gas,
                max_priority_fee_per_gas,
                to: callee(),
                value,
                access_list: AccessList::default(),
                blob_versioned_hashes,
                max_fee_per_blob_gas: Price::BLOB_CEILING,
                input,
            })))
        }
        (Envelope::Delegating(authorization_list), _) => {
            TxEnvelope::Eip7702(wallet.seal(TxEip7702 {
                chain_id,
                nonce,
                gas_limit,
                max_fee_per_gas,
                max_priority_fee_per_gas,
                to: callee(),
                value,
                access_list: AccessList::default(),
                authorization_list,
                input,
            }))
        }
    }
}

/// `amount` ether in wei.
pub(super) fn ether(amount: u64) -> U256 {
    U256::from(amount) * U256::from(1_000_000_000_000_000_000u64)
}
