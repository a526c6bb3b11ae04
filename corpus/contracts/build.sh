#!/bin/sh
# Question: how are the artifacts in ../data/contracts made again?
# In:  package.json, package-lock.json, requirements.txt, units.json, src; node, npm and python3 on the path.
# Out: ../data/contracts, byte for byte the same on every run.
# The registries are asked only when node_modules or .venv is missing.
set -eu
cd "$(dirname "$0")"

if [ ! -d node_modules ]; then
  npm ci --ignore-scripts
fi
if [ ! -x .venv/bin/vyper ]; then
  python3 -m venv .venv
  .venv/bin/pip install --quiet --requirement requirements.txt
fi
node compile.js .venv/bin/vyper ../data/contracts
