#!/usr/bin/env bash
# What action.yml runs, with its inputs as variables. Compares with the committed snapshots, lists the
# slots that make users wait, writes SARIF if asked to, and fails in the end with the worst exit code:
# 1 for drift or denied findings, 2 for input that cannot be used.
set -uo pipefail
slotcast=${SLOTCAST:-$RUNNER_TEMP/slotcast/bin/slotcast}
fork=(--fork "$FORK")
worst=0

# Runs a command with its output in a group of the log, keeps the worst exit code, and says what it
# means that a check failed; what is wrong with the input the command says itself.
step() {
    local name=$1 failed=$2 code=0
    shift 2
    printf '::group::%s\n' "$name"
    "$@" || code=$?
    printf '::endgroup::\n'
    ((code != 1)) || printf '::error::%s\n' "$failed"
    ((code <= worst)) || worst=$code
}

if [[ -z $SNAPSHOTS ]]; then
    :
elif [[ -d $SNAPSHOTS ]]; then
    step "slotcast snapshot" "the contracts do not touch what $SNAPSHOTS says; if they should, run: \
slotcast snapshot $TARGET --snapshots $SNAPSHOTS --update" \
        "$slotcast" snapshot "${fork[@]}" --snapshots "$SNAPSHOTS" "$TARGET"
else
    printf '::notice::%s\n' "there is no $SNAPSHOTS to compare with; \
slotcast snapshot $TARGET --snapshots $SNAPSHOTS --update makes it"
fi

deny=()
IFS=', ' read -r -a denied <<<"$FAIL_ON"
for name in "${denied[@]}"; do
    [[ $name == none ]] || deny+=(--deny "$name")
done
step "slotcast lint" "lint found what fail-on: $FAIL_ON denies" \
    "$slotcast" lint "${fork[@]}" "${deny[@]}" "$TARGET"
if [[ -n $SARIF ]]; then
    "$slotcast" lint -q "${fork[@]}" --format sarif "$TARGET" >"$SARIF" || worst=2
    printf 'sarif=%s\n' "$SARIF" >>"$GITHUB_OUTPUT"
fi
exit "$worst"
