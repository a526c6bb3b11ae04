#!/usr/bin/env bash
# Fetches anvil from its npm package into target/tools, where the tests look for it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

version=1.7.1
package=@foundry-rs/anvil-linux-amd64@$version
integrity='sha512-+XmShybEaxfCrr0OUUZwYEy2OnYZt5pHH9TzBtLv3+VrK0O/ANuNSVEahqNhKHlgX7GRJ59383ofNhxkRWIYTg=='

if [[ -x target/tools/anvil ]] && target/tools/anvil --version | grep -q "Version: $version"; then
    target/tools/anvil --version
    exit 0
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
archive=$(npm pack "$package" --silent --pack-destination "$folder")
found=sha512-$(openssl dgst -sha512 -binary "$folder/$archive" | base64 -w0)
if [[ $found != "$integrity" ]]; then
    printf '%s: its hash is %s and should be %s\n' "$package" "$found" "$integrity" >&2
    exit 1
fi
tar -xzf "$folder/$archive" -C "$folder" package/bin/anvil
mkdir -p target/tools
mv "$folder/package/bin/anvil" target/tools/anvil
target/tools/anvil --version
