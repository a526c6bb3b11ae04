//! Is what is read below a version what was written below it?

use super::*;

fn info(balance: u64) -> AccountInfo {
    AccountInfo { balance: U256::from(balance), ..AccountInfo::default() }
}

fn version(tx: u32) -> Version {
    Version::of(slotcast_model::TxIndex(tx))
}

#[test]
fn every_reader_sees_what_was_left_below_its_version() {
    let (store, address) = (Store::<Shared>::new(4), Address::with_last_byte(7));
    assert_eq!(store.account(&address, Version::CLOSING), Seen::Base);
    assert_eq!(store.account_since(&address, Version::OPENING), Since::Same);
    store.enter(version(3), &address, &info(2));
    store.enter(version(5), &address, &info(3));
    store.enter(version(9), &address, &info(0));
    let at = |tx| store.account(&address, version(tx));
    assert_eq!(at(3), Seen::Base);
    assert_eq!(at(4), Seen::Written(Some(info(2))));
    assert_eq!(at(9), Seen::Written(Some(info(3))));
    assert_eq!(at(10), Seen::Written(None));
    assert_eq!(store.account_since(&address, version(10)), Since::Same);
    assert_eq!(store.account_since(&address, version(9)), Since::Written(None));
    assert_eq!(store.last_account(&address), Seen::Written(None));
}

#[test]
fn alone_only_the_last_version_is_kept() {
    let (store, address) = (Store::<Exclusive>::new(0), Address::with_last_byte(7));
    store.enter(version(3), &address, &info(2));
    store.enter(version(5), &address, &info(3));
    assert_eq!(store.account(&address, version(6)), Seen::Written(Some(info(3))));
    assert_eq!(store.account(&address, version(5)), Seen::Base);
}
