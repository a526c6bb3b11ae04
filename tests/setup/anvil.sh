#!/usr/bin/env bash
# Fetches anvil from its npm package into target/tools, where the tests look for it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

source tests/setup/fetch.sh

fetch @foundry-rs/anvil-linux-amd64@1.7.1 \
    'sha512-+XmShybEaxfCrr0OUUZwYEy2OnYZt5pHH9TzBtLv3+VrK0O/ANuNSVEahqNhKHlgX7GRJ59383ofNhxkRWIYTg==' \
    "$folder/anvil" bin/anvil
mkdir -p target/tools
mv "$folder/anvil/bin/anvil" target/tools/anvil
target/tools/anvil --version
