//! Are words spelled as answers have them?

use super::*;

#[test]
fn what_is_written_is_read_back() {
    let account = Address::with_last_byte(5);
    let locations = [
        Location::Balance(account),
        Location::Nonce(account),
        Location::Code(account),
        Location::Storage(Slot::new(account, U256::from(7))),
    ];
    for location in locations {
        let word = StateRead { location, value: U256::from(9) };
        let text = serde_json::to_string(&WordOut::from(word)).unwrap();
        let read: WordIn = serde_json::from_str(&text).unwrap();
        assert_eq!(read.read(), Ok(word), "{text}");
    }
}

#[test]
fn a_word_is_of_one_place() {
    let address = "0x0000000000000000000000000000000000000005";
    for (rest, is_good) in [
        ("", false),
        (r#","slot":"0x1""#, true),
        (r#","field":"nonce""#, true),
        (r#","slot":"0x1","field":"nonce""#, false),
    ] {
        let text = format!(r#"{{"address":"{address}","value":"0x0"{rest}}}"#);
        let word: WordIn = serde_json::from_str(&text).unwrap();
        assert_eq!(word.read().is_ok(), is_good, "{text}");
    }
}
