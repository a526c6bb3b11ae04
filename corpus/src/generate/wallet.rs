//! Who signs the transactions of a synthetic block?
//!
//! In: the plan's seed and a number. Out: a key pair, and signatures that are the same every time
//! (RFC 6979). Invariant: a wallet's nonce is that of its next transaction or authorization.

use alloy_consensus::{SignableTransaction, Signed};
use alloy_eips::eip7702::{Authorization, SignedAuthorization};
use alloy_primitives::{Address, B256, Signature, U256, keccak256};
use k256::ecdsa::SigningKey;

/// One of a draft's wallets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct WalletId(pub(super) usize);

/// An account whose key we have.
#[derive(Clone, Debug)]
pub(super) struct Wallet {
    key: SigningKey,
    pub(super) address: Address,
    pub(super) nonce: u64,
    /// What the wallet can spend for certain, whatever comes in besides.
    pub(super) budget: U256,
}

impl Wallet {
    /// The wallet number `n` of a plan.
    pub(super) fn new(seed: u64, n: usize, nonce: u64, budget: U256) -> Self {
        let key = (0u8..=u8::MAX)
            .find_map(|attempt| {
                let mut text = b"slotcast wallet".to_vec();
                text.extend(seed.to_be_bytes());
                text.extend((n as u64).to_be_bytes());
                text.push(attempt);
                SigningKey::from_slice(keccak256(text).as_slice()).ok()
            })
            .expect("a hash is a valid key but once in 2^128 attempts");
        let address = Address::from_public_key(key.verifying_key());
        Self { key, address, nonce, budget }
    }

    /// The transaction, signed.
    pub(super) fn seal<T>(&self, transaction: T) -> Signed<T>
    where
        T: SignableTransaction<Signature>,
    {
        let signature = self.sign_hash(transaction.signature_hash());
        transaction.into_signed(signature)
    }

    /// The authorization, signed.
    pub(super) fn authorize(&self, authorization: Authorization) -> SignedAuthorization {
        let signature = self.sign_hash(authorization.signature_hash());
        authorization.into_signed(signature)
    }

    /// The signature over `hash`.
    pub(super) fn sign_hash(&self, hash: B256) -> Signature {
        self.key
            .sign_prehash_recoverable(hash.as_slice())
            .expect("a hash has the length that signing needs")
            .into()
    }
}
