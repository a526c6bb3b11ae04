//! Does drift name what changed, and the digest what the lines leave out?

use super::*;

#[test]
fn drift_names_the_function_and_the_lines() {
    let kept = "# T\n\nf()\n  read a\n\ng()\n  nothing\n";
    let today = "# T\n\nf()\n  read a\n  write b\n\nh()\n  nothing\n";
    assert_eq!(drift(kept, kept), "");
    let expected = "  f()\n+   write b\n- g()\n-   nothing\n+ h()\n+   nothing\n";
    assert_eq!(drift(kept, today), expected);
}

#[test]
fn the_digest_covers_everything_but_gas() {
    let of = |gas: u32, value: u32| {
        digest(&format!("n0 gas {gas}\n  sstore [0x0] = {value}\n  charge {gas}\n  stop\n"))
    };
    assert_eq!(of(1, 7), of(2, 7));
    assert_ne!(of(1, 7), of(1, 8));
}
