// Question: which bytes do the sources under src become?
// In:  units.json (what to compile together, with which compiler and settings), src, node_modules, and a vyper binary
//      named by the first argument.
// Out: one JSON artifact for each name in units.json, in the folder named by the second argument; files of names that
//      left units.json are removed.
// Invariants: the same inputs give the same bytes; no absolute path reaches a compiler; any compiler error, any licence
//      but MIT, and any immutable without a name stop the run.
"use strict";

const { execFileSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");

const ROOT = __dirname;
const [VYPER, OUT] = process.argv.slice(2);

function main() {
  const units = JSON.parse(fs.readFileSync(path.join(ROOT, "units.json"), "utf8"));
  fs.mkdirSync(OUT, { recursive: true });
  const written = new Set();
  for (const unit of units) {
    const artifacts = unit.compiler === "vyper" ? compileVyper(unit) : compileSolc(unit);
    checkEmbeds(unit, artifacts);
    for (const artifact of artifacts) {
      const file = `${artifact.name}.json`;
      if (written.has(file)) throw new Error(`${artifact.name} is made by two units`);
      written.add(file);
      fs.writeFileSync(path.join(OUT, file), `${JSON.stringify(sorted(artifact), null, 1)}\n`);
      console.log(`${artifact.name}: ${artifact.compiler}, ${artifact.runtime.length / 2 - 1} bytes`);
    }
  }
  for (const file of fs.readdirSync(OUT)) {
    if (file.endsWith(".json") && !written.has(file)) fs.unlinkSync(path.join(OUT, file));
  }
}

// Compiles the sources of one unit together, so that bytecode embedded in a factory equals the artifact beside it.
function compileSolc(unit) {
  const solc = require(unit.compiler);
  const sources = {};
  for (const target of Object.values(unit.artifacts)) {
    const source = target.split(":")[0];
    sources[source] = { content: readSource(source) };
  }
  const wanted = ["abi", "evm.methodIdentifiers", "evm.bytecode.object", "evm.deployedBytecode.object"];
  if (!unit.compiler.endsWith("0.4")) wanted.push("storageLayout");
  if (!/0\.[45]$/.test(unit.compiler)) wanted.push("evm.deployedBytecode.immutableReferences");
  const outputSelection = { "*": { "": ["ast"], "*": wanted } };
  const input = { language: "Solidity", sources, settings: { ...unit.settings, outputSelection } };
  // In 0.4 the short name still means the interface before standard JSON.
  const compile = unit.compiler.endsWith("0.4") ? solc.compileStandardWrapper : solc.compile;
  const output = JSON.parse(compile(JSON.stringify(input), importer(unit.compiler)));
  const errors = (output.errors || []).filter((one) => one.severity === "error");
  if (errors.length !== 0) throw new Error(errors.map((one) => one.formattedMessage).join("\n"));
  for (const warning of output.errors || []) console.error(firstLine(warning));

  const names = immutableNames(output.sources);
  return Object.entries(unit.artifacts).map(([name, target]) => {
    const [source, contract] = target.split(":");
    return solcArtifact(name, source, `solc ${/^[^+]+/.exec(solc.version())[0]}`, unit.settings, names,
      output.contracts[source][contract]);
  });
}

function solcArtifact(name, source, compiler, settings, names, made) {
  const immutableReferences = made.evm.deployedBytecode.immutableReferences || {};
  const immutables = {};
  for (const [id, places] of Object.entries(immutableReferences)) {
    const label = names.get(Number(id));
    if (label === undefined) throw new Error(`${name}: immutable ${id} has no name`);
    if (immutables[label] !== undefined) throw new Error(`${name}: two immutables are called ${label}`);
    immutables[label] = places;
  }
  return {
    name,
    source,
    license: licenseOf(source),
    compiler,
    settings,
    abi: made.abi,
    methodIdentifiers: made.evm.methodIdentifiers,
    creation: `0x${made.evm.bytecode.object}`,
    runtime: `0x${made.evm.deployedBytecode.object}`,
    immutableReferences,
    immutables,
    storageLayout: made.storageLayout || null,
  };
}

// Old compilers take a callback, newer ones an object; both get the libraries from node_modules and nothing else.
function importer(compiler) {
  const load = (name) => {
    const file = path.join(ROOT, name.startsWith("src/") ? "" : "node_modules", name);
    return fs.existsSync(file) ? { contents: fs.readFileSync(file, "utf8") } : { error: "not found" };
  };
  return compiler.endsWith("0.4") || compiler.endsWith("0.5") ? load : { import: load };
}

// Immutables are numbered by their node in the syntax tree; the number means nothing outside one compilation.
function immutableNames(sources) {
  const names = new Map();
  const visit = (node) => {
    if (node === null || typeof node !== "object") return;
    if (node.nodeType === "VariableDeclaration" && node.mutability === "immutable") names.set(node.id, node.name);
    for (const child of Object.values(node)) visit(child);
  };
  for (const source of Object.values(sources)) visit(source.ast);
  return names;
}

function compileVyper(unit) {
  return Object.entries(unit.artifacts).map(([name, target]) => {
    const source = target.split(":")[0];
    readSource(source);
    const version = /^[0-9.]+/.exec(vyper(["--version"]))[0];
    const flags = [`--optimize=${unit.settings.optimize}`, `--evm-version=${unit.settings.evmVersion}`];
    const [abi, methods, creation, runtime, layout] =
      vyper([...flags, "-f", "abi,method_identifiers,bytecode,bytecode_runtime,layout", source]).trim().split("\n");
    const methodIdentifiers = {};
    for (const [signature, selector] of Object.entries(JSON.parse(methods))) {
      methodIdentifiers[signature] = selector.slice(2).padStart(8, "0");
    }
    return {
      name,
      source,
      license: licenseOf(source),
      compiler: `vyper ${version}`,
      settings: unit.settings,
      abi: JSON.parse(abi),
      methodIdentifiers,
      creation,
      runtime,
      immutableReferences: {},
      immutables: {},
      storageLayout: vyperLayout(JSON.parse(layout)),
    };
  });
}

function vyper(args) {
  return execFileSync(VYPER, args, { cwd: ROOT, encoding: "utf8" });
}

// Says vyper's layout with the keys solc uses; the encoding names the hashing order, which differs.
function vyperLayout(layout) {
  if (layout.code_layout !== undefined) throw new Error("vyper immutables are not supported");
  const storage = [];
  const types = {};
  for (const [label, place] of Object.entries(layout.storage_layout)) {
    storage.push({ label, offset: 0, slot: String(place.slot), type: place.type });
    types[place.type] = {
      encoding: place.type.startsWith("HashMap[") ? "vyper_hashmap" : "vyper_inplace",
      label: place.type,
      numberOfBytes: String(32 * place.n_slots),
    };
  }
  return { storage, types };
}

// A factory must create exactly the contract whose artifact stands beside it, or computed addresses would be wrong.
function checkEmbeds(unit, artifacts) {
  for (const [outer, inner] of Object.entries(unit.embeds || {})) {
    const creation = (name) => artifacts.find((one) => one.name === name).creation.slice(2);
    if (!creation(outer).includes(creation(inner))) throw new Error(`${outer} does not embed ${inner}`);
  }
}

function readSource(source) {
  return fs.readFileSync(path.join(ROOT, source), "utf8");
}

function licenseOf(source) {
  const found = /SPDX-License-Identifier: (\S+)/.exec(readSource(source));
  if (found === null || found[1] !== "MIT") throw new Error(`${source} is not under the MIT licence`);
  return found[1];
}

function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted(value[key])]));
}

function firstLine(message) {
  return (message.formattedMessage || message.message).split("\n")[0];
}

main();
