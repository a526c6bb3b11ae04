//! Which tokens are there, and where do they keep what belongs to whom?
//!
//! In: artifacts. Out: [`Token`]s in the state before the block: compiled by four generations of
//! compilers, called directly, through a proxy, a beacon or a clone.
//! Invariant: a token's holders have balances only as far as jobs gave them some.

use alloy_primitives::{Address, B256, Bytes, U256, hex, keccak256};

use super::{
    Era, abi,
    draft::{Draft, ether},
    shelf,
    wallet::WalletId,
};
use crate::{
    Contract,
    contract::{mapping_slot, short_string, vyper_mapping_slot},
};

/// A token in the state before the block.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub(super) address: Address,
    /// The slot of the mapping from holder to balance.
    balances: U256,
    /// The slot of the mapping from holder to spender to allowance.
    allowances: U256,
    order: KeyOrder,
    permits: Permits,
    /// Whether what arrives is what was sent.
    pub(super) exact: Exact,
}

/// What a compiler hashes first to find a mapping's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum KeyOrder {
    /// The key, as Solidity does.
    KeyFirst,
    /// The slot, as Vyper does.
    SlotFirst,
}

impl KeyOrder {
    fn of(contract: &Contract, place: Place) -> Self {
        match place {
            Place::Label(label) if contract.encoding(label) == Some("vyper_hashmap") => {
                Self::SlotFirst
            }
            _ => Self::KeyFirst,
        }
    }

    fn slot(self, slot: U256, key: Address) -> U256 {
        match self {
            Self::KeyFirst => mapping_slot(slot, key.into_word()),
            Self::SlotFirst => vyper_mapping_slot(slot, key.into_word()),
        }
    }
}

/// Whether a token takes signed approvals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Permits {
    /// It does not.
    No,
    /// It does, by EIP-2612, under this domain separator.
    Under(B256),
}

/// Whether a token keeps a part of what is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exact {
    /// What arrives is what was sent.
    Yes,
    /// It takes a fee.
    No,
}

/// Where a contract keeps a mapping.
#[derive(Clone, Copy)]
enum Place {
    /// Where its layout says the variable is.
    Label(&'static str),
    /// Here; the compiler printed no layouts yet.
    Slot(u64),
}

impl Place {
    fn slot(self, contract: &Contract) -> U256 {
        match self {
            Self::Label(label) => shelf::slot(contract, label),
            Self::Slot(slot) => U256::from(slot),
        }
    }
}

/// A token's artifact, and the places of its two mappings.
type Design = (&'static str, Place, Place);

const DESIGNS: [Design; 10] = [
    ("Token", Place::Label("balanceOf"), Place::Label("allowance")),
    ("OzToken", Place::Label("_balances"), Place::Label("_allowances")),
    ("TokenViaIr", Place::Label("balanceOf"), Place::Label("allowance")),
    ("Token06", Place::Label("_balances"), Place::Label("_allowances")),
    ("Token05", Place::Label("_balances"), Place::Label("_allowances")),
    ("Token04", Place::Slot(6), Place::Slot(7)),
    ("VyperToken", Place::Label("balanceOf"), Place::Label("allowance")),
    ("FeeToken", Place::Label("_balances"), Place::Label("_allowances")),
    ("Token07", Place::Label("balanceOf"), Place::Label("allowance")),
    ("TokenUnoptimized", Place::Label("balanceOf"), Place::Label("allowance")),
];

/// Installs every token whose code the era can run, the most popular ones first.
pub(super) fn install(draft: &mut Draft) -> Vec<Token> {
    let mut tokens = Vec::new();
    for design in DESIGNS {
        let contract = shelf::contract(design.0);
        if shelf::since(&contract) <= draft.plan.era {
            tokens.push(install_plain(draft, &contract, design));
        }
    }
    if Era::Cancun <= draft.plan.era {
        tokens.extend(install_indirect(draft));
    }
    tokens
}

/// Installs one more token of the most popular design.
pub(super) fn install_usual(draft: &mut Draft) -> Token {
    let design = DESIGNS[0];
    install_plain(draft, &shelf::contract(design.0), design)
}

fn install_plain(draft: &mut Draft, contract: &Contract, design: Design) -> Token {
    let address = draft.rng.address();
    let (code, permits) = code_at(draft, contract, address);
    draft.install_at(address, code);
    let owner = draft.exchange();
    let owner = draft.address(owner);
    write_head(draft, contract, address, owner);
    let (_, balances, allowances) = design;
    Token {
        address,
        order: KeyOrder::of(contract, balances),
        balances: balances.slot(contract),
        allowances: allowances.slot(contract),
        permits,
        exact: match contract.variable("settings") {
            Some(_) => Exact::No,
            None => Exact::Yes,
        },
    }
}

/// The token's code, with what it knows of signed approvals, as it is at `address`.
fn code_at(draft: &Draft, contract: &Contract, address: Address) -> (Bytes, Permits) {
    let chain_id = draft.plan.chain_id;
    match contract.name.as_str() {
        "OzToken" => {
            let (name, version) = ("Library Token", "1");
            let domain = domain_separator(name, version, chain_id, address);
            let immutables = [
                ("_cachedThis", address.into_word()),
                ("_cachedChainId", B256::from(U256::from(chain_id))),
                ("_cachedDomainSeparator", domain),
                ("_hashedName", keccak256(name)),
                ("_hashedVersion", keccak256(version)),
                ("_name", packed_text(name)),
                ("_version", packed_text(version)),
            ];
            (shelf::runtime(contract, &immutables), Permits::Under(domain))
        }
        "Token07" => {
            let domain = domain_separator("Token Seven", "1", chain_id, address);
            let code = shelf::runtime(contract, &[("DOMAIN_SEPARATOR", domain)]);
            (code, Permits::Under(domain))
        }
        _ => (contract.runtime.clone(), Permits::No),
    }
}

/// Writes what a constructor would have: names, supply, owner, settings.
fn write_head(draft: &mut Draft, contract: &Contract, address: Address, owner: Address) {
    let owner: U256 = owner.into_word().into();
    // Collector, one per cent, trading open, launched at second one.
    let settings = owner | U256::from(100) << 160 | U256::from(1) << 176 | U256::from(1) << 184;
    for (label, encoding, word) in [
        ("name", "bytes", short_string("Made Up Token")),
        ("symbol", "bytes", short_string("MUT")),
        ("_name", "bytes", short_string("Made Up Token")),
        ("_symbol", "bytes", short_string("MUT")),
        ("totalSupply", "inplace", ether(1_000_000_000)),
        ("_totalSupply", "inplace", ether(1_000_000_000)),
        ("owner", "inplace", owner),
        ("_owner", "inplace", owner),
        ("settings", "inplace", settings),
    ] {
        // Vyper keeps texts otherwise, and nothing here reads them.
        if contract.encoding(label) == Some(encoding) {
            draft.store(address, shelf::slot(contract, label), word);
        }
    }
}

/// One implementation behind an EIP-1967 proxy, a beacon and an EIP-1167 clone.
fn install_indirect(draft: &mut Draft) -> [Token; 3] {
    let contract = shelf::contract("TokenLogic");
    let logic = draft.install(contract.runtime.clone());
    let admin = draft.exchange();
    let admin = draft.address(admin);

    let proxy = draft.install(shelf::contract("Proxy1967").runtime);
    draft.store(proxy, standard_slot("eip1967.proxy.implementation"), logic.into_word().into());
    draft.store(proxy, standard_slot("eip1967.proxy.admin"), admin.into_word().into());

    let beacon_contract = shelf::contract("Beacon");
    let beacon = draft.install(beacon_contract.runtime.clone());
    draft.store(beacon, shelf::slot(&beacon_contract, "owner"), admin.into_word().into());
    let implementation = shelf::slot(&beacon_contract, "implementation");
    draft.store(beacon, implementation, logic.into_word().into());
    let behind_beacon = draft.install(shelf::contract("BeaconProxy").runtime);
    draft.store(behind_beacon, standard_slot("eip1967.proxy.beacon"), beacon.into_word().into());

    let clone = draft.install(clone_of(logic));
    [proxy, behind_beacon, clone].map(|address| {
        // The version is one, nothing is paused, and the administrator follows.
        let head = U256::from(1) | U256::from_be_bytes(admin.into_word().0) << 16;
        draft.store(address, shelf::slot(&contract, "admin"), head);
        draft.store(address, shelf::slot(&contract, "name"), short_string("Indirect Token"));
        draft.store(address, shelf::slot(&contract, "symbol"), short_string("IND"));
        draft.store(address, shelf::slot(&contract, "decimals"), U256::from(18));
        draft.store(address, shelf::slot(&contract, "totalSupply"), ether(1_000_000_000));
        Token {
            address,
            order: KeyOrder::KeyFirst,
            // A holder's balance is the low half of the first word of its record.
            balances: shelf::slot(&contract, "accounts"),
            allowances: shelf::slot(&contract, "allowance"),
            permits: Permits::No,
            exact: Exact::Yes,
        }
    })
}

/// The slot that EIP-1967 gives a name.
fn standard_slot(name: &str) -> U256 {
    U256::from_be_bytes(keccak256(name).0) - U256::from(1)
}

/// The 45 bytes of EIP-1167 that pass every call on to `logic`.
pub(super) fn clone_of(logic: Address) -> Bytes {
    let mut code = hex!("363d3d373d3d3d363d73").to_vec();
    code.extend_from_slice(logic.as_slice());
    code.extend_from_slice(&hex!("5af43d82803e903d91602b57fd5bf3"));
    code.into()
}

impl Token {
    /// Wraps a contract that keeps its own kind of token, such as shares or wrapped ether.
    pub(super) fn of(contract: &Contract, address: Address) -> Self {
        Self {
            address,
            order: KeyOrder::KeyFirst,
            balances: shelf::slot(contract, "balanceOf"),
            allowances: shelf::slot(contract, "allowance"),
            permits: Permits::No,
            exact: Exact::Yes,
        }
    }

    /// The slot of a holder's balance.
    pub(super) fn balance_slot(&self, holder: Address) -> U256 {
        self.order.slot(self.balances, holder)
    }

    /// Sees to it that the holder has plenty before the block.
    pub(super) fn fund(&self, draft: &mut Draft, holder: Address) {
        self.fund_with(draft, holder, ether(1_000_000));
    }

    /// Sees to it that the holder has something before the block; `amount`, if it had nothing.
    pub(super) fn fund_with(&self, draft: &mut Draft, holder: Address, amount: U256) {
        draft.store_if_unset(self.address, self.balance_slot(holder), amount);
    }

    /// Sees to it that the spender may take what the holder has.
    pub(super) fn allow(&self, draft: &mut Draft, holder: Address, spender: Address) {
        let inner = self.order.slot(self.allowances, holder);
        let slot = self.order.slot(inner, spender);
        draft.store_if_unset(self.address, slot, U256::MAX);
    }

    /// Whether approvals can be signed for, and under which domain.
    pub(super) const fn permits(&self) -> Option<B256> {
        match self.permits {
            Permits::No => None,
            Permits::Under(domain) => Some(domain),
        }
    }
}

/// Calldata with a signed approval of everything by `owner` for `spender`.
pub(super) fn permit_call(
    draft: &Draft,
    domain: B256,
    owner: WalletId,
    spender: Address,
    deadline: u64,
) -> Bytes {
    let type_hash = keccak256(
        "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)",
    );
    let holder = draft.address(owner);
    // Every holder signs at most once, so the token's nonce for it is still zero.
    let message = abi::encode([
        type_hash.into(),
        holder.into(),
        spender.into(),
        U256::MAX.into(),
        U256::ZERO.into(),
        deadline.into(),
    ]);
    let digest = keccak256([&[0x19, 0x01], &domain[..], &keccak256(message)[..]].concat());
    let signature = draft.sign_hash(owner, digest);
    abi::call(
        "permit(address,address,uint256,uint256,uint8,bytes32,bytes32)",
        [
            holder.into(),
            spender.into(),
            U256::MAX.into(),
            deadline.into(),
            U256::from(27 + u64::from(signature.v())).into(),
            signature.r().into(),
            signature.s().into(),
        ],
    )
}

fn domain_separator(name: &str, version: &str, chain_id: u64, contract: Address) -> B256 {
    let type_hash = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)",
    );
    keccak256(abi::encode([
        type_hash.into(),
        keccak256(name).into(),
        keccak256(version).into(),
        chain_id.into(),
        contract.into(),
    ]))
}

/// A text as OpenZeppelin packs it into an immutable word: left-aligned, its length in the last byte.
fn packed_text(text: &str) -> B256 {
    let mut word = B256::right_padding_from(text.as_bytes());
    word[31] = u8::try_from(text.len()).expect("packed texts have at most 31 bytes");
    word
}
