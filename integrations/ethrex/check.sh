#!/usr/bin/env bash
# Holds ethrex's engine against Slotcast's: format, lints, tests. Arguments go to cargo test.
# Everything is kept under target/ of the checkout. Needs Rust, a C compiler and crates.io.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

export CARGO=${CARGO:-cargo}
unset CARGO_TARGET_DIR
target=(--target-dir ../../target)

lap() {
    printf 'ethrex: %s: %s s\n' "$1" "$((SECONDS - start))"
    start=$SECONDS
}
start=$SECONDS
"$CARGO" fmt --check
"$CARGO" clippy --quiet --locked --release --all-targets "${target[@]}" -- -D warnings
lap 'lints'
"$CARGO" test --quiet --locked --release "${target[@]}" "$@"
lap 'tests'
