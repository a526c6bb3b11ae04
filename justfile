# What a contributor runs, from any folder of the checkout; `just` alone lists it.

# List the recipes.
default:
    @just --list

# Format, lints and documentation, as CI checks them.
check:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps

# All tests, or those of one package: `just test -p slotcast-scheduler`.
test *ARGS:
    cargo test {{ if ARGS == "" { "--workspace" } else { ARGS } }}

# Twice ten thousand disturbances of timing: on synthetic blocks that conflict wherever they can, and on
# contended ones with our predictions.
chaos:
    cargo test -p slotcast-executor --features chaos --test it -- chaos
    cargo test -p slotcast-tests --features chaos --test it -- determinism

# Thousands of orders in which threads may come, step by step, on the structures that are shipped.
shuttle:
    cargo test -p slotcast-executor --features shuttle --test shuttle

# Hold synthetic blocks of every fork, or recorded ones, against engines by others; fetches these first.
engines *BLOCKS:
    tests/setup/eels.sh
    tests/setup/ethereumjs.sh
    cargo build --release -p slotcast-cli -p slotcast --bin slotcast --example outcome
    target/tools/eels/bin/python tests/compare/against_eels.py {{ BLOCKS }}
    node tests/compare/against_ethereumjs.mjs {{ BLOCKS }}

# Run recorded blocks in parallel and compare with sequential; without files, the embedded block.
[no-cd]
run *FILES:
    cargo run --release -p slotcast-cli -- run {{ FILES }}

# Rewrite the scoreboard of the embedded block, or another from blocks: `just scoreboard rollups DIR`.
scoreboard NAME="embedded" *BLOCKS:
    cargo run --release -p slotcast-cli -- score \
        --scoreboard scoreboard/{{ NAME }}.json --scoreboard scoreboard/{{ NAME }}.md {{ BLOCKS }}

# Count the instructions of predicting, scheduling and executing the embedded block and hold them against
# what is committed; `just instructions --update` writes it down. Needs valgrind.
instructions *ARGS:
    .ci/instructions {{ ARGS }}

# Write docs/benchmarks.md from recorded blocks, or from the embedded block: `just benchmarks DIR`.
benchmarks *BLOCKS:
    lab/benchmarks.sh {{ BLOCKS }}

# What several threads win in a batch, in turns: `just cores codes.jsonl.gz`; `slotcast codes` makes one.
[no-cd]
cores CODES ROUNDS="3":
    #!/usr/bin/env bash
    set -euo pipefail
    (cd {{ justfile_directory() }} && cargo build --release -p slotcast-cli)
    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT
    TIMEFORMAT='%R s, %U s of processors'
    for round in $(seq {{ ROUNDS }}); do
        for threads in 1 2; do
            time {{ justfile_directory() }}/target/release/slotcast analyze -q --json -j $threads \
                --input {{ CODES }} --output "$folder/$round-$threads.gz"
        done
    done

# Build the Python package's wheel and test it; arguments go to pytest.
python *ARGS:
    python/check.sh {{ ARGS }}

# Hold ethrex's engine against ours; arguments go to cargo test.
ethrex *ARGS:
    integrations/ethrex/check.sh {{ ARGS }}

# Hold op-revm against ours on rollup blocks; arguments are files or folders of recorded blocks.
op-revm *BLOCKS:
    tests/compare/op-revm/check.sh {{ BLOCKS }}

# A fuzz target of tests/fuzz, until it is stopped; needs cargo-fuzz and a nightly toolchain.
fuzz TARGET *ARGS:
    cargo +nightly fuzz run --fuzz-dir tests/fuzz {{ TARGET }} -- {{ ARGS }}

# All Ethereum state tests of a folder, sequentially, in parallel and merged into blocks.
conformance *ARGS:
    cargo run --release -p slotcast-tests --example conformance -- {{ ARGS }}

# Licences, banned crates and sources of the dependencies; needs cargo-deny.
deny:
    cargo deny --workspace check licenses bans sources

# Everything CI runs.
ci:
    .ci/run
