#!/usr/bin/env bash
# Fetches ethereumjs, an EVM in JavaScript by others, from its npm packages at fixed versions and
# hashes into target/tools/ethereumjs, where tests/compare/against_ethereumjs.mjs looks for it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

folder=target/tools/ethereumjs
mkdir -p "$folder"
cp tests/setup/ethereumjs/package.json tests/setup/ethereumjs/package-lock.json "$folder"
# What the packages would like to run while they are installed is not run.
npm ci --prefix "$folder" --ignore-scripts --no-audit --no-fund --silent
node -p '`@ethereumjs/vm ${require(process.argv[1]).version}`' \
    "$PWD/$folder/node_modules/@ethereumjs/vm/package.json"
