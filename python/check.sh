#!/usr/bin/env bash
# Builds the wheel and tests it: lints, wheel, installation, pytest. Arguments go to pytest.
# Everything is kept under target/ of the checkout. Needs Rust, CPython 3.11 or newer with venv, and
# PyPI; says so and skips where there is no CPython or no PyPI.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

python=${PYTHON:-python3.11}
folder=$PWD/target/tools/python
export CARGO=${CARGO:-cargo}
unset CARGO_TARGET_DIR

skip() {
    printf 'python: SKIPPED, %s\n' "$1"
    exit 0
}
lap() {
    printf 'python: %s: %s s\n' "$1" "$((SECONDS - start))"
    start=$SECONDS
}
start=$SECONDS
command -v "$python" >/dev/null || skip "there is no $python"
"$python" -m venv "$folder" || skip "$python cannot make environments"
# A small one first, so that only where there is no network it is for want of one.
"$folder/bin/pip" install --quiet iniconfig || skip 'PyPI cannot be reached'
"$folder/bin/pip" install --quiet --requirement python/tests/requirements.txt
lap 'environment'

(cd python && "$CARGO" fmt --check)
# The command to compare with; SLOTCAST names one that is built already.
if [[ -z ${SLOTCAST:-} ]]; then
    "$CARGO" build --quiet --locked --release -p slotcast-cli
    export SLOTCAST=$PWD/target/release/slotcast
    lap 'the command'
fi
rm -rf "$folder/wheels"
(cd python && "$folder/bin/maturin" build --quiet --locked --release --target-dir ../target \
    --interpreter "$folder/bin/python" --out "$folder/wheels")
"$folder/bin/pip" install --quiet --force-reinstall --no-deps "$folder"/wheels/*.whl
ls -l "$folder"/wheels/*.whl
lap 'the wheel'

# Not from the folder of sources, which has no compiled part.
(cd python/tests && "$folder/bin/python" -m pytest --quiet -p no:cacheprovider "$@")
lap 'tests'
