#!/usr/bin/env bash
# Writes docs/benchmarks.md: each section is a command and what it printed.
# Usage: lab/benchmarks.sh [BLOCKS...]; without blocks, the embedded one is measured.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
page=docs/benchmarks.md
draft=$(mktemp)
trap 'rm -f "$draft"' EXIT
blocks=("$@")

# section TITLE SENTENCE COMMAND...: runs the command in the checkout and keeps what it prints.
section() {
    local title=$1 sentence=$2
    shift 2
    printf '%s\n' "$title" >&2
    local shown="$*"
    # A reader has recorded blocks elsewhere.
    for block in "${blocks[@]}"; do shown=${shown//"$block"/blocks/}; done
    {
        printf '\n## %s\n\n%s\n\n```console\n$ %s\n' "$title" "$sentence" "$shown"
        # A bound that is not kept is part of the page, and no reason to lose the rest.
        "$@" 2>/dev/null | sed 's/[[:space:]]*$//' || printf '(ended with a status that is not 0)\n'
        printf '```\n'
    } >>"$draft"
}

# Built together, so that all have the same features and nothing is built twice.
examples=(binding simplest decisions waits makespan memory schedule)
cargo build --locked --release --workspace --bin slotcast "${examples[@]/#/--example=}"
slotcast() { target/release/slotcast -q "$@"; }
example() { "target/release/examples/$1" "${@:2}"; }

[[ -z $(git status --porcelain) ]] && state="" || state=", with uncommitted changes"
{
    printf '# Benchmarks\n\nWritten by `just benchmarks`; nothing here is edited by hand.\n\n'
    printf '| | |\n|---|---|\n'
    printf '| date | %s |\n' "$(date -u +%Y-%m-%d)"
    printf '| commit | %s%s |\n' "$(git rev-parse --short HEAD)" "$state"
    printf '| processor | %s, %s cores |\n' \
        "$(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -1)" "$(nproc)"
    printf '| compiler | %s |\n' "$(rustc --version)"
    printf '| profile | release, mimalloc, C precompiles |\n'
    printf '| blocks | %s |\n' \
        "$(if ((${#blocks[@]})); then slotcast run --json "${blocks[@]}" 2>/dev/null | wc -l; else echo 1; fi)"
} >"$draft"

section "Correctness" \
    "Every block runs in parallel and must equal sequential execution and its header." \
    slotcast run "${blocks[@]}"
section "Prediction accuracy" \
    "Predicted sets against what execution touches; the figures depend on the blocks alone." \
    slotcast score "${blocks[@]}"
section "Prediction cost" \
    "Binding with summaries at hand, against the plain sequential loop." \
    example binding "${blocks[@]}"
section "Speed" \
    "Ratios to the plain loop in one process, interleaved; the last lines are geometric means." \
    slotcast bench --threads 1,2 --cold "${blocks[@]}"
if ((${#blocks[@]})); then
    section "The plain loop" \
        "What all is compared with, held against the simplest loop on revm." \
        example simplest "${blocks[@]}"
fi
section "Speed, several threads for every block" \
    "The same without the decision whether several threads pay." \
    slotcast bench --always --threads 2 "${blocks[@]}"
if ((${#blocks[@]})); then
    section "Unit costs that are off by two" \
        "What decisions by wrong unit costs would bring: measured on one and two threads, combined." \
        example decisions "${blocks[@]}"
fi
if ((${#blocks[@]})); then
    section "Waits and predicted values" \
        "What calls wait for and what they are told instead; counts, the same on every machine." \
        example waits "${blocks[@]}"
fi
section "Speed on synthetic blocks" \
    "Blocks without conflicts, and blocks where three transactions in ten meet." \
    slotcast bench --synthetic all --gas 200000000 --threads 1,2
if ((${#blocks[@]})); then
    section "More threads: a simulation" \
        "Costs are measured on one thread; the schedule on N threads is simulated." \
        example makespan "${blocks[@]}" docs/makespan.svg
fi
section "Memory" \
    "Peaks with the system's allocator." \
    example memory "${blocks[@]}"
section "Scheduling" \
    "Time from predictions at hand to a schedule." \
    example schedule "${blocks[@]}"
mv "$draft" "$page"
trap - EXIT
printf 'wrote %s\n' "$page" >&2
