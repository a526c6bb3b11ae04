//! Are sets of tickets exact?

use super::*;

fn set(tickets: &[u32]) -> Tickets {
    let mut set = Tickets::default();
    tickets.iter().for_each(|ticket| set.insert(Ticket(*ticket)));
    set
}

fn held(set: &Tickets) -> Vec<u32> {
    set.iter().map(|ticket| ticket.0).collect()
}

#[test]
fn a_set_is_ascending_whatever_comes_and_goes() {
    let mut all = set(&[700, 3, 64, 3, 63, 130, 128]);
    assert_eq!(held(&all), [3, 63, 64, 128, 130, 700]);
    assert!((0..1_000).all(|n| all.contains(Ticket(n)) == held(&all).contains(&n)));
    for gone in [64, 700, 9, 3] {
        all.remove(Ticket(gone));
    }
    assert_eq!(all, set(&[63, 128, 130]));
    assert_eq!(all.other_than(Ticket(63)), Some(Ticket(128)));
    assert_eq!(set(&[63]).other_than(Ticket(63)), None);
}

#[test]
fn a_set_holds_what_was_taken_in_and_the_next_begins_empty() {
    let mut gathering = Gathering::default();
    gathering.add(&set(&[700, 3, 64]));
    gathering.add(&set(&[63, 5]));
    assert_eq!(held(&gathering.take(Ticket(5))), [3, 63, 64, 700]);
    gathering.add(&set(&[9]));
    assert!(gathering.take(Ticket(9)).is_empty());
}
