//! Do moves that are made one by one do what moves made at once do?
//!
//! In: every way of filling four registers from four. Out: assertions on what they hold.

use super::*;

#[test]
fn moves_one_by_one_do_what_moves_at_once_do() {
    // Every way of filling four registers from four.
    for n in 0..256_u32 {
        let moves: Vec<_> = (0..4).map(|to| (to, Operand::register(n >> (2 * to) & 3))).collect();
        let mut ordered = Vec::new();
        in_sequence(moves.clone(), 4, &mut ordered);
        let before = [10, 11, 12, 13, 0, 0, 0, 0];
        let mut now = before;
        let at = |operand: Operand| match operand.source() {
            crate::program::Source::Register(at) => at as usize,
            crate::program::Source::Constant(_) => unreachable!("no constants here"),
        };
        for (to, from) in ordered {
            now[to as usize] = now[at(from)];
        }
        let meant: Vec<_> = moves.iter().map(|&(_, from)| before[at(from)]).collect();
        assert_eq!(now[..4], meant, "moves number {n}");
    }
}
