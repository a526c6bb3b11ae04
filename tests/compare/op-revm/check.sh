#!/usr/bin/env bash
# Holds op-revm against Slotcast: format, lints, tests, then recorded rollup blocks and generated ones.
# Arguments are files or folders of recorded blocks, instead of those beside the checkout.
# Everything is kept under target/ of the checkout. Needs Rust, a C compiler and crates.io.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

export CARGO=${CARGO:-cargo}
unset CARGO_TARGET_DIR
target=(--target-dir ../../../target)

lap() {
    printf 'op-revm: %s: %s s\n' "$1" "$((SECONDS - start))"
    start=$SECONDS
}
start=$SECONDS
"$CARGO" fmt --check
"$CARGO" clippy --quiet --locked --release --all-targets "${target[@]}" -- -D warnings
lap 'lints'
"$CARGO" test --quiet --locked --release "${target[@]}"
lap 'tests'
"$CARGO" run --quiet --locked --release "${target[@]}" -- "$@"
lap 'blocks'
