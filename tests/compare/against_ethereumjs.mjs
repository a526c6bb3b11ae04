#!/usr/bin/env node
// Runs blocks through ethereumjs and compares what comes of them.
//
// In: recorded blocks that hold the whole state before them, or none, in which case blocks are made up
// for every era and scenario. Out: a table in Markdown of how many agree in which field, and every
// difference; exit code 1 if there is one.
//
//     tests/setup/ethereumjs.sh
//     cargo build --release -p slotcast-cli
//     node tests/compare/against_ethereumjs.mjs [--txs N] [--seeds N] [--eras A,B] [FILE...]
//
// ethereumjs is another implementation by other authors (@ethereumjs/vm from npm). It is given the state
// before the block and the block as it stands in the file; what it ends with is compared with the
// header and the receipts: state root before and after, gas used by the block and by each
// transaction, receipts root, bloom, requests and, from Amsterdam on, the block access list
// (EIP-7928), once by its hash and once by the accounts and slots that we predict without running
// anything. For a generated block the header is what our sequential execution gave, and `slotcast run`
// holds the parallel one against it; `slotcast run` is called here too.

import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { gunzipSync } from "node:zlib";

const CHECKOUT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const TOOLS = path.join(CHECKOUT, "target/tools/ethereumjs/package.json");
const SLOTCAST = process.env.SLOTCAST ?? path.join(CHECKOUT, "target/release/slotcast");

function skip(why) {
  console.error(`SKIPPED: ${why}`);
  process.exit(0);
}

if (!existsSync(path.join(path.dirname(TOOLS), "node_modules/@ethereumjs/vm"))) {
  skip("ethereumjs is not there; run tests/setup/ethereumjs.sh");
}
if (!existsSync(SLOTCAST)) {
  skip(`${SLOTCAST} is not there; run cargo build --release -p slotcast-cli`);
}
const require = createRequire(TOOLS);
const { createBlockFromRPC } = require("@ethereumjs/block");
const { Common, Mainnet } = require("@ethereumjs/common");
const { MerkleStateManager } = require("@ethereumjs/statemanager");
const { Account, bytesToHex, createAddressFromString, hexToBytes, setLengthLeft } =
  require("@ethereumjs/util");
const { createVM, runBlock } = require("@ethereumjs/vm");

const ERAS = [
  "byzantium", "istanbul", "berlin", "london", "paris", "shanghai", "cancun", "prague", "osaka",
  "amsterdam",
];
const SCENARIOS = [
  "transfers", "erc20", "amm", "hotspot", "mixed", "apps", "deploy-and-call", "create2",
  "self-destruct", "delegation", "blobs", "access-lists", "reverts", "out-of-gas", "nonce-chains",
  "funded-in-order", "beneficiary", "block-hash", "precompiles", "transient",
];
// Mainnet's forks by first block, then by first second, as ethereumjs calls them.
const BY_BLOCK = [
  [0, "chainstart"], [1_150_000, "homestead"], [2_463_000, "tangerineWhistle"],
  [2_675_000, "spuriousDragon"], [4_370_000, "byzantium"], [7_280_000, "petersburg"],
  [9_069_000, "istanbul"], [12_244_000, "berlin"], [12_965_000, "london"], [15_537_394, "paris"],
];
const BY_TIME = [
  [1_681_338_455, "shanghai"], [1_710_338_135, "cancun"], [1_746_612_311, "prague"],
  [1_764_798_551, "osaka"], [1_765_290_071, "bpo1"], [1_767_747_671, "bpo2"],
];
const FORKS = [...BY_BLOCK, ...BY_TIME].map(([, name]) => name).concat("amsterdam");

function forkOf(block) {
  // Mainnet has no date for it; a header with an access list is of it.
  if (block.blockAccessListHash) return "amsterdam";
  const [number, time] = [Number(block.number), Number(block.timestamp)];
  const name = BY_BLOCK.findLast(([first]) => first <= number)[1];
  const later = BY_TIME.findLast(([first]) => first <= time);
  return name === "paris" && later ? later[1] : name;
}

/// A state manager that holds the state before the block, empty accounts and zero slots left out.
async function stateBefore(common, preState) {
  const state = new MerkleStateManager({ common });
  for (const [text, { balance = "0x0", nonce = 0, code = "0x", storage = {} }] of
    Object.entries(preState)) {
    if (BigInt(balance) === 0n && BigInt(nonce) === 0n && code === "0x") continue;
    const address = createAddressFromString(text);
    await state.putAccount(address, new Account(BigInt(nonce), BigInt(balance)));
    if (code !== "0x") await state.putCode(address, hexToBytes(code));
    for (const [key, value] of Object.entries(storage)) {
      const word = hexToBytes(`0x${BigInt(value).toString(16).padStart(64, "0")}`);
      const first = word.findIndex((byte) => byte !== 0);
      if (first < 0) continue;
      await state.putStorage(address, setLengthLeft(hexToBytes(key), 32), word.subarray(first));
    }
  }
  return state;
}

/// What ethereumjs makes of the block.
async function transition(file, fork) {
  const { block, preState, blockHashes, chainId } = file;
  const chain = { ...Mainnet, chainId: Number(chainId) };
  // Transactions in blocks carry no blobs, so that there is nothing to check them with.
  const common = new Common({ chain, hardfork: fork, customCrypto: { kzg: {} } });
  const stateManager = await stateBefore(common, preState);
  await stateManager.flush();
  const before = bytesToHex(await stateManager.getStateRoot());
  const blockchain = {
    getBlock: async (number) => ({ hash: () => hexToBytes(blockHashes[Number(number)]) }),
    putBlock: async () => {},
    shallowCopy: () => blockchain,
  };
  const vm = await createVM({ common, stateManager, blockchain });
  // The header is what is to be found out, so it is made and not held against.
  const options = { generate: true, skipBlockValidation: true };
  const result = await runBlock(vm, { block: createBlockFromRPC(block, [], { common }), ...options });
  return { before, ...result };
}

/// Each compared field, with ours and theirs.
async function compare(name, file, fork, predicted) {
  const { block, receipts, preStateRoot } = file;
  const result = await transition(file, fork);
  const fields = {
    "state root before": [preStateRoot, result.before],
    "state root": [block.stateRoot, bytesToHex(result.stateRoot)],
    "gas used": [BigInt(block.gasUsed), result.gasUsed],
    "gas of each transaction": [
      receipts.map((receipt) => BigInt(receipt.gasUsed)).join(),
      result.results.map((tx) => tx.totalGasSpent).join(),
    ],
    "receipts root": [block.receiptsRoot, bytesToHex(result.receiptsRoot)],
    bloom: [block.logsBloom, bytesToHex(result.logsBloom)],
    "run in parallel": [true, runsInParallel(name)],
  };
  if (block.requestsHash) fields.requests = [block.requestsHash, bytesToHex(result.requestsHash)];
  if (block.blockAccessListHash) {
    const list = result.blockLevelAccessList;
    fields["block access list"] = [block.blockAccessListHash, bytesToHex(list.hash())];
    countPredicted(name, list.toJSON(), block.transactions.length, predicted);
  }
  return fields;
}

/// Blocks of every scenario in every era that has it, and the one embedded in the program.
function* madeUp(folder, { txs, seeds, eras }) {
  for (const era of eras.split(",")) {
    for (const scenario of SCENARIOS) {
      for (let seed = 1; seed <= Number(seeds); seed++) {
        const file = path.join(folder, `${era}-${scenario}-${seed}.json`);
        const plan = ["--seed", seed, "--txs", txs, "--scenario", scenario, "--era", era];
        const ran = spawnSync(SLOTCAST, ["generate", "-q", ...plan, "--out", file], { encoding: "utf8" });
        if (ran.status === 0) yield file;
        else if (!ran.stderr.includes("choose another --era")) throw new Error(ran.stderr);
      }
    }
  }
  yield path.join(CHECKOUT, "corpus/data/blocks/embedded.json.gz");
}

function read(file) {
  const bytes = readFileSync(file);
  return JSON.parse(bytes[0] === 0x1f ? gunzipSync(bytes) : bytes);
}

/// The slots of a block access list: all of them, and each with the transactions that change it. Both
/// spellings are read; what the protocol itself does before and after the transactions is left out.
function slotsOf(accounts, nTxs) {
  const [touched, changed] = [new Set(), new Set()];
  const key = (address, slot) => `${address} ${BigInt(slot === "0x" ? 0 : slot)}`;
  for (const { address, storageChanges, storageReads } of accounts) {
    if (SYSTEM.has(address)) continue;
    for (const slot of storageReads) touched.add(key(address, slot));
    for (const one of storageChanges) {
      touched.add(key(address, one.key ?? one.slot));
      for (const change of one.changes ?? one.slotChanges) {
        const index = Number(change.index ?? change.blockAccessIndex);
        if (0 < index && index <= nTxs) changed.add(`${key(address, one.key ?? one.slot)} ${index}`);
      }
    }
  }
  return { touched, changed };
}

/// Where the protocol keeps its own books.
const SYSTEM = new Set([
  "0x000f3df6d732807ef1319fb7b8bb8522d0beac02", "0x0000f90827f1c53a10cb7a02335b175320002935",
  "0x00000961ef480eb55e80d19ad83579a64c007002", "0x0000bbddc7ce488642fb579f8b00f3a590007251",
  "0x0000bff46984e3725691fa540a8c7589300d8282", "0x000064d678505ad48f8ccb093bc65613800e8282",
]);

/// Counts what ethereumjs found touched, what we predict without running anything, and what is both.
function countPredicted(name, list, nTxs, counts) {
  const text = execFileSync(SLOTCAST, ["predict", "-q", "--format", "bal", name]);
  const [ours, theirs] = [slotsOf(JSON.parse(text).accounts, nTxs), slotsOf(list, nTxs)];
  for (const what of ["touched", "changed"]) {
    const both = [...ours[what]].filter((key) => theirs[what].has(key)).length;
    [theirs[what].size, ours[what].size, both].forEach((n, index) => (counts[what][index] += n));
  }
}

/// Whether running in parallel gives what the header says.
function runsInParallel(name) {
  const ran = spawnSync(SLOTCAST, ["run", "-q", "--json", "--threads", "2", name], { encoding: "utf8" });
  return ran.status === 0;
}

function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      txs: { type: "string", default: "20" },
      seeds: { type: "string", default: "1" },
      eras: { type: "string", default: ERAS.join() },
    },
  });
  const folder = mkdtempSync(path.join(tmpdir(), "slotcast-"));
  const files = positionals.flatMap((name) =>
    statSync(name).isDirectory() ? readdirSync(name).sort().map((one) => path.join(name, one)) : name);
  return report(files.length ? files : madeUp(folder, values)).finally(() =>
    rmSync(folder, { recursive: true }));
}

async function report(files) {
  const [counts, agree, failures, left] = [new Map(), new Map(), [], new Map()];
  const predicted = { touched: [0, 0, 0], changed: [0, 0, 0] };
  for (const name of files) {
    const file = read(name);
    const fork = forkOf(file.block);
    if (!file.preStateRoot) {
      left.set("a part of the state only", (left.get("a part of the state only") ?? 0) + 1);
      continue;
    }
    const [blocks, txs, gas] = counts.get(fork) ?? [0, 0, 0n];
    const { transactions, gasUsed } = file.block;
    counts.set(fork, [blocks + 1, txs + transactions.length, gas + BigInt(gasUsed)]);
    const fields = await compare(name, file, fork, predicted);
    for (const [field, [ours, theirs]] of Object.entries(fields)) {
      const [same, other] = agree.get(field) ?? [0, 0];
      agree.set(field, ours === theirs ? [same + 1, other] : [same, other + 1]);
      if (ours !== theirs) {
        failures.push(`${path.basename(name)} (${fork}): ${field}: ${ours} here, ${theirs} there`);
      }
    }
    console.error(`${path.basename(name)} (${fork}): done`);
  }
  console.log("| fork | blocks | transactions | gas |\n| --- | ---: | ---: | ---: |");
  for (const fork of FORKS.filter((fork) => counts.has(fork))) {
    console.log(`| ${fork} | ${counts.get(fork).join(" | ")} |`);
  }
  console.log("\n| field | agree | differ |\n| --- | ---: | ---: |");
  for (const [field, both] of agree) console.log(`| ${field} | ${both.join(" | ")} |`);
  if (predicted.touched[0]) {
    console.log("\n| of block access lists | there | predicted | both |\n| --- | ---: | ---: | ---: |");
    console.log(`| slots | ${predicted.touched.join(" | ")} |`);
    console.log(`| changes of slots, by transaction | ${predicted.changed.join(" | ")} |`);
  }
  for (const [why, n] of left) console.log(`\nNot compared: ${n}, ${why}.`);
  for (const failure of failures) console.log(`\n${failure}`);
  return failures.length ? 1 : 0;
}

process.exitCode = await main();
