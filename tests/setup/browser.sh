#!/usr/bin/env bash
# Fetches a headless Chromium from its npm package into target/tools/browser, where the tests look for it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

version=147.0.0
package=@sparticuz/chromium@$version
integrity='sha512-4ZKeAQQa8up2mt675qSitztLdbQrlf8BKdC5naeap+5Mv1OV1OlJdPoU+EJC/p5sQUJUQmN4r+q5+EhaaOUHpQ=='

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
archive=$(npm pack "$package" --silent --pack-destination "$folder")
found=sha512-$(openssl dgst -sha512 -binary "$folder/$archive" | base64 -w0)
if [[ $found != "$integrity" ]]; then
    printf '%s: its hash is %s and should be %s\n' "$package" "$found" "$integrity" >&2
    exit 1
fi
tar -xzf "$folder/$archive" -C "$folder" package/bin
# The browser, what draws without a graphics card, and libraries that a machine without a desktop lacks.
node -e '
    const { brotliDecompressSync } = require("node:zlib");
    const { readFileSync, writeFileSync } = require("node:fs");
    for (const name of ["chromium", "swiftshader.tar", "al2023.tar"]) {
        const packed = readFileSync(`${process.argv[1]}/${name}.br`);
        writeFileSync(`${process.argv[1]}/${name}`, brotliDecompressSync(packed));
    }
' "$folder/package/bin"
rm -rf target/tools/browser
mkdir -p target/tools/browser
for archive in swiftshader.tar al2023.tar; do
    tar --no-same-owner -xf "$folder/package/bin/$archive" -C target/tools/browser
done
install -m 755 "$folder/package/bin/chromium" target/tools/browser/chromium
LD_LIBRARY_PATH=target/tools/browser/lib target/tools/browser/chromium --version
