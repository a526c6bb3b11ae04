//! Tests of: which summaries are at hand, and what does the state show of an account?

use super::*;

#[test]
fn what_was_forgotten_is_made_again_as_it_was() {
    // PUSH1 0 CALLDATALOAD JUMP, JUMPDEST STOP
    let code = Bytes::from_static(&[0x60, 0x00, 0x35, 0x56, 0x5b, 0x00]);
    let hash = keccak256(&code);
    let summaries = Summaries::new(Fork::Osaka, Limits::default());
    let plain = summaries.get(hash, &code);
    assert_eq!(*plain.targets(), Targets::default());
    let refined = summaries.refine(hash, &code, Pc(3), Pc(4)).expect("the target is new");
    summaries.forget_beyond(code.len() as u64);
    assert_eq!(summaries.len(), 1, "there is room for it");
    summaries.forget_beyond(code.len() as u64 - 1);
    assert_eq!((summaries.len(), summaries.n_code_bytes()), (0, 0));
    let again = summaries.get(hash, &code);
    assert_eq!(again.targets(), refined.targets());
    assert_eq!(summaries.n_code_bytes(), code.len() as u64);
}
