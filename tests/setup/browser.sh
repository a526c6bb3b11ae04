#!/usr/bin/env bash
# Fetches a headless Chromium from its npm package into target/tools/browser, where the tests look for it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

source tests/setup/fetch.sh

fetch @sparticuz/chromium@147.0.0 \
    'sha512-4ZKeAQQa8up2mt675qSitztLdbQrlf8BKdC5naeap+5Mv1OV1OlJdPoU+EJC/p5sQUJUQmN4r+q5+EhaaOUHpQ==' \
    "$folder/chromium" bin
# The browser, what draws without a graphics card, and libraries that a machine without a desktop lacks.
node -e '
    const { brotliDecompressSync } = require("node:zlib");
    const { readFileSync, writeFileSync } = require("node:fs");
    for (const name of ["chromium", "swiftshader.tar", "al2023.tar"]) {
        const packed = readFileSync(`${process.argv[1]}/${name}.br`);
        writeFileSync(`${process.argv[1]}/${name}`, brotliDecompressSync(packed));
    }
' "$folder/chromium/bin"
rm -rf target/tools/browser
mkdir -p target/tools/browser
for archive in swiftshader.tar al2023.tar; do
    tar --no-same-owner -xf "$folder/chromium/bin/$archive" -C target/tools/browser
done
install -m 755 "$folder/chromium/bin/chromium" target/tools/browser/chromium
LD_LIBRARY_PATH=target/tools/browser/lib target/tools/browser/chromium --version
