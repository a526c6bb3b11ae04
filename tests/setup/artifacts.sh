#!/usr/bin/env bash
# Fetches compiled contracts of others from their npm packages into target/artifacts, and forge and a
# compiler into target/tools, with which it compiles a small project of our own. Tests look there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

source tests/setup/fetch.sh

fetch @openzeppelin/contracts@5.7.0 \
    'sha512-IL2AZpI+7THMzt1u6Cxmc1zLwVnudtUGvrqXQ/HnbLKfQ/8dIWMMQPDwPIjRQzNrlAo4cxZaCGRB/XvwPo9ILA==' \
    target/artifacts/openzeppelin build
fetch @uniswap/v2-core@1.0.1 \
    'sha512-MtybtkUPSyysqLY2U210NBDeCHX+ltHt3oADGdjqoThZaFRDKwM6k1Nb3F0A3hk5hwuQvytFWhrWHOEq6nVJ8Q==' \
    target/artifacts/uniswap-v2 build
fetch @uniswap/v3-core@1.0.1 \
    'sha512-7pVk4hEm00j9tc71Y9+ssYpO6ytkeI0y7WE9P6UcmNzhxPePwyAxImuhVsTqWK9YFvzgtvzJHi64pBl4jUzKMQ==' \
    target/artifacts/uniswap-v3 artifacts
fetch @uniswap/v4-core@1.0.2 \
    'sha512-X15Tm2wWd+USAzEExMbo+g9naA6QN6mPgWm0MzDwRNlOfaNlepfUpSyt9RSrUfEODspwbyWbcLg6t5nwc/e7lg==' \
    target/artifacts/uniswap-v4 out foundry.toml
fetch @safe-global/safe-smart-account@1.5.0 \
    'sha512-VIMWxoeY/kNuZVsQVvAeOFKcQS3eojCXg0ecGnesBSLn5ypYshmBhVEEU5XiurJJGTs/MrcoLTbTxhs9W9GvdQ==' \
    target/artifacts/safe build/artifacts
fetch @aave/core-v3@1.19.3 \
    'sha512-Xr7+VcoU5b4mPwM4IUCnskw3lciwrnL4Xloyad8GOddYeixnri2lZYobNmErm1LwE50vqjI0O+9QGNKY2TDkeQ==' \
    target/artifacts/aave-v3 artifacts
fetch @foundry-rs/forge-linux-amd64@1.7.1 \
    'sha512-/HQddyTanVOJKgvilmZrf8VOf7mhvwrWb59W73w5W5flX7b6zNh9CR6hKZzJwiRRi5Sxk/JOFEYIeKsQx7Teqg==' \
    target/tools/forge bin/forge
fetch solc@0.8.30 \
    'sha512-9Srk/gndtBmoUbg4CE6ypAzPQlElv8ntbnl6SigUBAzgXKn35v87sj04uZeoZWjtDkdzT0qKFcIo/wl63UMxdw==' \
    target/tools/solc soljson.js

# A project as its developers have it, compiled without network.
project=target/artifacts/foundry
rm -rf "$project" && mkdir -p "$project"
cp -r tests/setup/foundry/. "$project"
for source in token/Token apps/Staking apps/Counter token/FeeToken; do
    cp "corpus/contracts/src/$source.sol" "$project/src/"
done
cat >"$project/solc" <<'SOLC'
#!/usr/bin/env node
// The compiler as forge calls it: `--version`, or standard JSON from stdin.
const solc = require("../../tools/solc/soljson.js");
const version = solc.cwrap("solidity_version", "string", []);
if (process.argv.includes("--version")) {
  console.log(`solc, the solidity compiler commandline interface\nVersion: ${version()}`);
} else {
  const compile = solc.cwrap("solidity_compile", "string", ["string", "number", "number"]);
  process.stdout.write(compile(require("fs").readFileSync(0, "utf8"), 0, 0));
}
SOLC
chmod +x "$project/solc"
(cd "$project" && ../../tools/forge/bin/forge build --offline)

# The same sources as the compiler itself takes and gives them.
standard=target/artifacts/standard
rm -rf "$standard" && mkdir -p "$standard"
node -e '
    const { readdirSync, readFileSync, writeFileSync } = require("node:fs");
    const folder = process.argv[1];
    const content = (name) => ({ content: readFileSync(`${folder}/${name}`, "utf8") });
    const sources = readdirSync(folder).map((name) => [`src/${name}`, content(name)]);
    const outputs = ["abi", "evm.deployedBytecode", "evm.methodIdentifiers", "storageLayout"];
    const settings = { optimizer: { enabled: true }, outputSelection: { "*": { "*": outputs } } };
    const input = { language: "Solidity", sources: Object.fromEntries(sources), settings };
    writeFileSync(process.argv[2], JSON.stringify(input));
' "$project/src" "$standard/input.json"
"$project/solc" --standard-json <"$standard/input.json" >"$standard/output.json"
