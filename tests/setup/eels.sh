#!/usr/bin/env bash
# Fetches the Ethereum execution specification in Python, at fixed versions and hashes, into
# target/tools/eels, where tests/compare/against_eels.py is to be run. Needs CPython 3.11.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

python=${PYTHON:-python3.11}
folder=target/tools/eels
if ! command -v "$python" >/dev/null; then
    printf '%s is not there; the hashes in tests/setup/eels.txt are of files for CPython 3.11\n' "$python" >&2
    exit 1
fi
"$python" -m venv "$folder"
"$folder/bin/pip" install --quiet --require-hashes --only-binary :all: -r tests/setup/eels.txt
"$folder/bin/python" -c 'from importlib.metadata import version; print("ethereum-execution", version("ethereum-execution"))'
