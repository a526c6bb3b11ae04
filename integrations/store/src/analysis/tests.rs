//! Does the name of the analysis change with what it makes?

use slotcast::analyzer::limits::StopReason;

use super::*;

#[test]
fn the_specimen_has_every_instruction_and_is_seen_whole() {
    let code = every_instruction();
    let summary = analyze(&code, Fork::Osaka, &Limits::default());
    // One of the pieces jumps to wherever calldata says; nothing else is left open.
    assert_eq!(summary.complete(), StopReason::UnresolvedJump);
    assert!(10_000 < summary.to_bytes().len());
}

#[test]
fn forks_leave_their_marks_and_the_name_stays() {
    let code = every_instruction();
    let bytes = |fork| analyze(&code, fork, &Limits::default()).to_bytes();
    assert_ne!(bytes(Fork::Frontier), bytes(Fork::Osaka));
    assert_eq!(specimen(), specimen());
    assert_eq!(analysis(), analysis());
}
