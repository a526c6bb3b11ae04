//! Is code read as tools print it, and is everything else refused?

use super::*;

fn of(bytes: &[u8]) -> Result<Vec<Contract>, ArtifactError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("code");
    fs::write(&path, bytes).unwrap();
    read(path.to_str().unwrap()).map(|found| found.contracts)
}

fn check(bytes: &[u8], expected: &[u8]) {
    assert_eq!(of(bytes).unwrap().remove(0).code.to_vec(), expected);
}

fn refused(bytes: &[u8], reason: &str) {
    let error = of(bytes).unwrap_err();
    assert!(error.reason.contains(reason), "{error}");
}

fn utf16(text: &str, bytes_of: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(bytes_of).collect()
}

#[test]
fn hexadecimal_text_is_read_as_tools_print_it() {
    for text in [
        "0x60003560\n",
        "60003560",
        "0X60003560",
        "\"0x60003560\"\n",
        "'60003560',",
        "`60003560`;",
        "0x6000\n3560\n",
        "0x6000\r\n3560\r\n",
        "6000\\\n3560",
        "60 00 35 60",
        "hex\"60003560\"",
        "\u{feff}0x60003560",
        "\"60003560\"\n",
        "0x6000 0x3560",
    ] {
        check(text.as_bytes(), &[0x60, 0x00, 0x35, 0x60]);
        check(&utf16(&format!("\u{feff}{text}"), u16::to_le_bytes), &[0x60, 0x00, 0x35, 0x60]);
        check(&utf16(&format!("\u{feff}{text}"), u16::to_be_bytes), &[0x60, 0x00, 0x35, 0x60]);
        check(
            &utf16(text.trim_start_matches('\u{feff}'), u16::to_le_bytes),
            &[0x60, 0x00, 0x35, 0x60],
        );
    }
    assert_eq!(read("0x6001").unwrap().contracts[0].code.to_vec(), [0x60, 0x01]);
    assert_eq!(read("\"6001\"").unwrap().contracts[0].code.to_vec(), [0x60, 0x01]);
}

#[test]
fn bytes_that_are_no_text_are_code() {
    check(&[0x60, 0x00, 0xff], &[0x60, 0x00, 0xff]);
    // Valid as UTF-8, and no text.
    check(&[0x60, 0x01, 0x60, 0x02, 0x55], &[0x60, 0x01, 0x60, 0x02, 0x55]);
}

#[test]
fn other_text_is_refused() {
    refused(b"", "empty");
    refused(b" \n", "empty");
    refused(b"0x", "empty");
    refused(b"\"\"", "empty");
    refused(b"0x600", "odd number");
    refused(b"hello\n", "not hexadecimal");
    refused(b"Error: no contract at this address\n", "not hexadecimal");
    refused("PUSH1 0x60 \u{2013} STOP".as_bytes(), "not hexadecimal");
    refused(b"caf\xe9 au lait", "not hexadecimal");
    refused(b"00000000: 6080 6040 5234 8015  `.`@R4..", "not hexadecimal");
    refused(b"[\"0x60\"]", "not hexadecimal");
    refused(&[0xff, 0xfe, 0x30], "UTF-16");
    assert!(read("").is_err() && read("0x").is_err() && read("nosuchfile").is_err());
}

#[test]
fn what_solc_prints_is_read_with_its_names() {
    let text = "\n======= a.sol:A =======\nBinary of the runtime part:\n6000\nFunction signatures:\n\
                a9059cbb: transfer(address,uint256)\nContract Storage Layout:\n{\"storage\":[{\
                \"astId\":3,\"contract\":\"a.sol:A\",\"label\":\"x\",\"offset\":0,\"slot\":\"0\",\
                \"type\":\"t\"}],\"types\":null}\n\n======= a.sol:B =======\n\
                Binary of the runtime part:\n\n";
    let found = of(text.as_bytes()).unwrap();
    assert_eq!(found.len(), 1, "an interface has no code");
    assert_eq!(found[0].full_name(), "a.sol:A");
    assert_eq!(found[0].signature(0xa905_9cbb), Some("transfer(address,uint256)"));
    assert_eq!(found[0].layout.as_ref().unwrap().storage[0].label, "x");
    refused(b"======= a.sol:A =======\nBinary:\n6000\n", "--bin-runtime");
    let one = "Warning: no license\n\n======= a.sol:A =======\nBinary of the runtime part:\n60\n";
    assert_eq!(of(one.as_bytes()).unwrap()[0].code.to_vec(), [0x60]);
}

#[test]
fn a_reply_of_a_node_is_code() {
    check(br#"{"jsonrpc": "2.0", "id": 1, "result": "0x6001"}"#, &[0x60, 0x01]);
}
