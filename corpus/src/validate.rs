//! Do the parts of a recorded block agree with each other?
//!
//! In: a block. Out: nothing, or the first contradiction.
//! What a header commits to is recomputed: its own hash, the transactions and withdrawals roots, no
//! uncles. State root, receipts root and bloom need execution and are not checked here.

use alloy_consensus::{
    EMPTY_OMMER_ROOT_HASH, Transaction as _, proofs, transaction::SignerRecoverable,
};
use alloy_eips::Encodable2718;
use alloy_primitives::{B256, keccak256};

use slotcast::executor::{ChainRules, OpFork};

use crate::{RecordedBlock, ValidationError, chain_of_id, chains::beyond, error::Signer};

impl RecordedBlock {
    /// Checks that header, lists, hashes and codes agree.
    ///
    /// Senders are believed, since recovering them costs more than everything else together; see
    /// [`validate_senders`](Self::validate_senders).
    pub fn validate(&self) -> Result<(), ValidationError> {
        self.check_all(chain_of_id(self.chain_id).ok().as_ref())
    }

    /// The same by the rules of a chain, which decide what the withdrawals root is.
    pub fn validate_by(&self, rules: &ChainRules) -> Result<(), ValidationError> {
        self.check_all(Some(rules))
    }

    fn check_all(&self, rules: Option<&ChainRules>) -> Result<(), ValidationError> {
        if let Some(why) = rules.and_then(|rules| beyond(rules, &self.header)) {
            return Err(ValidationError::BeyondRules { number: self.number(), why });
        }
        self.check_header_hash()?;
        self.check_transactions()?;
        let rollup = rules.and_then(ChainRules::as_optimism);
        let fork = rollup.map(|chain| chain.fork_at(self.header.timestamp));
        // On a rollup it is a storage root then, and holds no list.
        if fork.is_none_or(|fork| fork < OpFork::Isthmus) {
            self.check_withdrawals()?;
        }
        self.check_uncles()?;
        self.check_parent()?;
        self.check_codes()?;
        self.check_receipts()
    }

    /// Checks that every stated sender is the signer.
    pub fn validate_senders(&self) -> Result<(), ValidationError> {
        for (index, transaction) in self.transactions.iter().enumerate() {
            // The upper half of `s` was allowed before Homestead, and such blocks are recorded too.
            let recovered = transaction
                .inner()
                .recover_signer_unchecked()
                .map_or(Signer::Unknown, Signer::Address);
            let stated = transaction.signer();
            if recovered != Signer::Address(stated) {
                let number = self.number();
                return Err(ValidationError::Sender { number, index, stated, recovered });
            }
        }
        Ok(())
    }

    fn check_header_hash(&self) -> Result<(), ValidationError> {
        let computed = self.header.hash_slow();
        if computed == self.hash {
            return Ok(());
        }
        Err(ValidationError::HeaderHash { number: self.number(), stated: self.hash, computed })
    }

    fn check_transactions(&self) -> Result<(), ValidationError> {
        let number = self.number();
        for (index, transaction) in self.transactions.iter().enumerate() {
            match transaction.chain_id() {
                Some(signed) if signed != self.chain_id => {
                    let stated = self.chain_id;
                    return Err(ValidationError::ChainId { number, index, signed, stated });
                }
                _ => {}
            }
            let stated = *transaction.tx_hash();
            // `trie_hash` would answer the hash that was stated.
            let computed = keccak256(transaction.inner().encoded_2718());
            if stated != computed {
                return Err(ValidationError::TransactionHash { number, index, stated, computed });
            }
        }
        let computed = proofs::calculate_transaction_root(&self.transactions);
        self.same_root("transactionsRoot", "transactions", self.header.transactions_root, computed)
    }

    fn check_withdrawals(&self) -> Result<(), ValidationError> {
        let unpaired = |present, absent| {
            Err(ValidationError::Unpaired { number: self.number(), present, absent })
        };
        match (&self.withdrawals, self.header.withdrawals_root) {
            (None, None) => Ok(()),
            (Some(_), None) => unpaired("withdrawals", "withdrawalsRoot"),
            (None, Some(_)) => unpaired("withdrawalsRoot", "withdrawals"),
            (Some(list), Some(stated)) => {
                let computed = proofs::calculate_withdrawals_root(list);
                self.same_root("withdrawalsRoot", "withdrawals", stated, computed)
            }
        }
    }

    /// Only the uncles' hashes are recorded, and many recordings lack even those, so a list is
    /// checked only against a header that says there are no uncles.
    fn check_uncles(&self) -> Result<(), ValidationError> {
        if self.uncles.is_empty() || self.header.ommers_hash != EMPTY_OMMER_ROOT_HASH {
            return Ok(());
        }
        Err(ValidationError::Unpaired {
            number: self.number(),
            present: "uncles",
            absent: "sha3Uncles of a list that is not empty",
        })
    }

    fn check_parent(&self) -> Result<(), ValidationError> {
        let number = self.number();
        let parent = self.header.parent_hash;
        let listed = number.checked_sub(1).and_then(|number| self.block_hashes.get(&number));
        match listed {
            Some(&listed) if listed != parent => {
                Err(ValidationError::ParentHash { number, listed, parent })
            }
            _ => Ok(()),
        }
    }

    fn check_codes(&self) -> Result<(), ValidationError> {
        for (&address, account) in &self.pre_state {
            let (Some(code), Some(stated)) = (&account.code, account.code_hash) else { continue };
            let computed = keccak256(code);
            if stated != computed {
                let number = self.number();
                return Err(ValidationError::CodeHash { number, address, stated, computed });
            }
        }
        Ok(())
    }

    fn check_receipts(&self) -> Result<(), ValidationError> {
        let Some(receipts) = &self.receipts else { return Ok(()) };
        let used = receipts.last().map_or(0, |receipt| receipt.cumulative_gas_used);
        let comparisons = [
            ("entries", receipts.len() as u64, self.transactions.len() as u64),
            ("gas used", used, self.gas_of_receipts(used)),
        ];
        for (quantity, found, expected) in comparisons {
            if found != expected {
                let number = self.number();
                return Err(ValidationError::Receipts { number, quantity, found, expected });
            }
        }
        Ok(())
    }

    /// What receipts that add up to `used` should add up to. Since Amsterdam a header's gas is what
    /// counts against the limit, without refunds and in two dimensions (EIP-7778, EIP-8037), of which
    /// receipts say nothing.
    fn gas_of_receipts(&self, used: u64) -> u64 {
        match self.header.block_access_list_hash {
            Some(_) => used,
            None => self.header.gas_used,
        }
    }

    fn same_root(
        &self,
        field: &'static str,
        list: &'static str,
        stated: B256,
        computed: B256,
    ) -> Result<(), ValidationError> {
        if stated == computed {
            return Ok(());
        }
        Err(ValidationError::Root { number: self.number(), field, list, stated, computed })
    }
}

#[cfg(test)]
mod tests;
