//! Is deployed code recognised whatever its metadata and holes?

use super::*;

fn with_metadata(code: &[u8], hash: u8) -> Vec<u8> {
    let mut metadata = b"\xa1\x65bzzr0".to_vec();
    metadata.extend([0x58, 0x20]);
    metadata.extend([hash; 32]);
    let len = metadata.len() as u16;
    [code, &metadata, &len.to_be_bytes()].concat()
}

#[test]
fn metadata_does_not_matter() {
    let (a, b) = (with_metadata(&[1, 2, 3], 7), with_metadata(&[1, 2, 3], 8));
    assert_eq!(without_metadata(&a), [1, 2, 3]);
    assert!(matches(&a, &[], &b) && matches(&a, &[], &[1, 2, 3]));
    assert!(!matches(&a, &[], &with_metadata(&[1, 2, 4], 7)));
    assert_eq!(without_metadata(&[0x60, 0x00, 0x00, 0x02]), [0x60, 0x00, 0x00, 0x02]);
}

#[test]
fn holes_do_not_matter_and_their_neighbours_do() {
    let hole = Hole { start: 1, len: 2, name: "owner".into() };
    assert!(matches(&[0x61, 0, 0, 9], std::slice::from_ref(&hole), &[0x61, 5, 6, 9]));
    assert!(!matches(&[0x61, 0, 0, 9], &[hole], &[0x61, 5, 6, 8]));
}

#[test]
fn a_library_knows_its_own_address() {
    let mut library = vec![0_u8; 30];
    library[0] = PUSH20;
    let mut deployed = library.clone();
    deployed[1..21].fill(0xaa);
    assert!(matches(&library, &[], &deployed));
    deployed[25] = 1;
    assert!(!matches(&library, &[], &deployed));
}
