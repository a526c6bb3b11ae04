//! Is what was written read, and what was changed refused?

use super::*;

fn export() -> Vec<u8> {
    let mut writer = Writer::new();
    writer.push(b"one");
    writer.push(b"another");
    writer.finish()
}

#[test]
fn what_was_written_is_read() {
    assert_eq!(read(&export()), Ok(vec![&b"one"[..], b"another"]));
    assert_eq!(read(&Writer::new().finish()), Ok(vec![]));
}

#[test]
fn what_was_changed_or_cut_short_is_refused() {
    let whole = export();
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        assert!(read(&changed).is_err(), "byte {at}");
        assert!(read(&whole[..at]).is_err(), "cut off at {at}");
    }
}

#[test]
fn another_analysis_is_named() {
    let mut writer = Writer(MAGIC.to_vec());
    writer.push(b"2-aa");
    let error = read(&writer.finish()).expect_err("it is of another analysis");
    assert_eq!(error, ExportError::OtherAnalysis { found: "2-aa".to_owned() });
}
