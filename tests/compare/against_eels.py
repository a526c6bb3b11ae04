#!/usr/bin/env python3
"""Runs blocks through the Ethereum execution specification and compares what comes of them.

In: recorded blocks, or none, in which case blocks are generated for every era and scenario, and for
forks before Spurious Dragon some in which empty accounts exist (`empty_accounts.py`). Out: a
table in Markdown of how many agree in which field, and every difference; exit code 1 if there is one.

    tests/setup/eels.sh
    cargo build --release -p slotcast-cli -p slotcast --bin slotcast --example outcome
    target/tools/eels/bin/python tests/compare/against_eels.py [--txs N] [--seeds N] [FILE...]

The specification is another implementation by other authors (ethereum-execution on PyPI); its tool
`t8n` is given the state before the block, the block's words and the signed transactions. What it
ends with is compared with the block's header: gas used, receipts root, bloom, requests, and the
state root where the file states that it holds the whole state (`preStateRoot`). With the example
`outcome` it is also compared with what sequential execution gives here: the gas of each transaction, and
every account and slot of the recorded state after the block. For a generated block the header is what
our sequential execution gave, and `slotcast run` holds the parallel one against it.
"""

import argparse
import collections
import contextlib
import gzip
import io
import json
import logging
import os
import pathlib
import subprocess
import sys
import tempfile

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]
RELEASE = CHECKOUT / "target" / "release"
SLOTCAST = pathlib.Path(os.environ.get("SLOTCAST", RELEASE / "slotcast"))
OUTCOME = pathlib.Path(os.environ.get("OUTCOME", RELEASE / "examples" / "outcome"))

try:
    from ethereum.crypto.hash import keccak256
    from ethereum_rlp import rlp

    import empty_accounts
    from ethereum_spec_tools.evm_tools import main as evm_tools
except ImportError:
    print("SKIPPED: the execution specification is not installed; run tests/setup/eels.sh and use "
          "target/tools/eels/bin/python", file=sys.stderr)
    sys.exit(0)

ERAS = ["byzantium", "istanbul", "berlin", "london", "paris", "shanghai", "cancun", "prague", "osaka"]
SCENARIOS = [
    "transfers", "erc20", "amm", "hotspot", "mixed", "apps", "deploy-and-call", "create2",
    "self-destruct", "delegation", "blobs", "access-lists", "reverts", "out-of-gas", "nonce-chains",
    "funded-in-order", "beneficiary", "block-hash", "precompiles", "transient",
]
# Mainnet's forks by first block, then by first second; forks that change neither rules nor prices of
# execution are left out. The specification has a module for each that is named here.
BY_BLOCK = [
    (0, "Frontier"), (1_150_000, "Homestead"), (2_463_000, "TangerineWhistle"),
    (2_675_000, "SpuriousDragon"), (4_370_000, "Byzantium"), (7_280_000, "ConstantinopleFix"),
    (9_069_000, "Istanbul"), (12_244_000, "Berlin"), (12_965_000, "London"), (15_537_394, "Paris"),
]
BY_TIME = [
    (1_681_338_455, "Shanghai"), (1_710_338_135, "Cancun"), (1_746_612_311, "Prague"),
    (1_764_798_551, "Osaka"), (1_765_290_071, "BPO1"), (1_767_747_671, "BPO2"),
]
DAO = 1_920_000
SPURIOUS_DRAGON = 2_675_000


def fork_of(block):
    if block.get("blockAccessListHash"):
        return "Amsterdam"
    number, time = int(block["number"], 16), int(block["timestamp"], 16)
    name = [name for first, name in BY_BLOCK if first <= number][-1]
    later = [name for first, name in BY_TIME if first <= time]
    return later[-1] if later and name == "Paris" else name


def integer(text):
    n = int(text, 16)
    return n.to_bytes((n.bit_length() + 7) // 8, "big")


def data(text):
    return bytes.fromhex(text[2:])


def access_list(tx):
    entries = tx.get("accessList") or []
    return [[data(e["address"]), [data(key) for key in e["storageKeys"]]] for e in entries]


def raw(tx):
    """The signed transaction: a list for an old one, bytes for one with a type (EIP-2718)."""
    kind = int(tx.get("type", "0x0"), 16)
    to = data(tx["to"]) if tx.get("to") else b""
    call = [to, integer(tx["value"]), data(tx["input"])]
    if kind == 0:
        return [integer(tx["nonce"]), integer(tx["gasPrice"]), integer(tx["gas"]), *call,
                integer(tx["v"]), integer(tx["r"]), integer(tx["s"])]
    fields = [integer(tx["chainId"]), integer(tx["nonce"])]
    if kind == 1:
        fields.append(integer(tx["gasPrice"]))
    else:
        fields += [integer(tx["maxPriorityFeePerGas"]), integer(tx["maxFeePerGas"])]
    fields += [integer(tx["gas"]), *call, access_list(tx)]
    if kind == 3:
        fields += [integer(tx["maxFeePerBlobGas"]), [data(h) for h in tx["blobVersionedHashes"]]]
    if kind == 4:
        fields.append([
            [integer(a["chainId"]), data(a["address"]), integer(a["nonce"]), integer(a["yParity"]),
             integer(a["r"]), integer(a["s"])]
            for a in tx["authorizationList"]
        ])
    parity = tx.get("yParity", tx.get("v"))
    fields += [integer(parity), integer(tx["r"]), integer(tx["s"])]
    return bytes([kind]) + rlp.encode(fields)


def allocation(state, number):
    """The state as the tool takes it: without zero slots, and without accounts that are empty unless
    these may exist, which was so before Spurious Dragon (EIP-161)."""
    alloc = {}
    for address, account in state.items():
        entry = {
            "balance": account.get("balance", "0x0"),
            "nonce": hex(int(str(account.get("nonce", 0)), 0)),
            "code": account.get("code") or "0x",
        }
        slots = account.get("storage", {}).items()
        entry["storage"] = {key: value for key, value in slots if int(value, 16)}
        may_be_empty = number < SPURIOUS_DRAGON
        if may_be_empty or int(entry["balance"], 16) or int(entry["nonce"], 16) or entry["code"] != "0x":
            alloc[address] = entry
    return alloc


def environment(file, block):
    env = {
        "currentCoinbase": block["miner"],
        "currentGasLimit": block["gasLimit"],
        "currentNumber": block["number"],
        "currentTimestamp": block["timestamp"],
        "currentDifficulty": block["difficulty"],
        "currentRandom": block["mixHash"],
        "blockHashes": {hex(int(str(n), 0)): h for n, h in file.get("blockHashes", {}).items()},
        "withdrawals": block.get("withdrawals") or [],
        "ommers": [],
    }
    parent = hex(int(block["number"], 16) - 1)
    env["blockHashes"].setdefault(parent, block["parentHash"])
    for ours, theirs in (
        ("baseFeePerGas", "currentBaseFee"),
        ("parentBeaconBlockRoot", "parentBeaconBlockRoot"),
        ("excessBlobGas", "currentExcessBlobGas"),
    ):
        if block.get(ours) is not None:
            env[theirs] = block[ours]
    return env


def transition(file, fork):
    """What the specification makes of the block."""
    block = file["block"]
    transactions = []
    for n, tx in enumerate(block["transactions"]):
        signed = raw(tx)
        encoded = signed if isinstance(signed, bytes) else rlp.encode(signed)
        assert "0x" + keccak256(encoded).hex() == tx["hash"], f"transaction {n} is encoded as it was"
        transactions.append(signed)
    given = {
        "alloc": allocation(file["preState"], int(block["number"], 16)),
        "env": environment(file, block),
        "txs": "0x" + rlp.encode(transactions).hex(),
    }
    out = io.StringIO()
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(sys.stderr):
        evm_tools(
            ["t8n", "--input.env=stdin", "--input.alloc=stdin", "--input.txs=stdin",
             "--output.result=stdout", "--output.alloc=stdout", f"--output.basedir={folder}",
             f"--state.fork={fork}", f"--state.chainid={int(file['chainId'], 16)}"],
            out_file=out, in_file=io.StringIO(json.dumps(given)),
        )
    return json.loads(out.getvalue())


def excluded(file, fork):
    """Why a block is not compared, if it is not."""
    if fork == "Amsterdam":
        return "Amsterdam, which this version of the specification does not have"
    unknown = [a for a in file["preState"].values() if a.get("codeHash") and not a.get("code")]
    if any(int(a["codeHash"], 16) != EMPTY_CODE for a in unknown) and "preStateRoot" in file:
        return "a whole state without some code"
    return None


def state_excluded(block):
    """Why the state after a block is not compared, if it is not; the rest is."""
    if int(block["number"], 16) == DAO:
        return "the block of the DAO fork moves balances by a list of its own"
    if block["sha3Uncles"] != NO_UNCLES:
        return "rewards of uncles, whose headers a recording does not have"
    return None


NO_UNCLES = "0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347"
EMPTY_CODE = 0xC5D2460186F7233C927E7DB2DCC703C0E500B653CA82273B7BFAD8045D85A470


def compare(path, file, fork):
    """Each compared field, with ours and theirs."""
    block = file["block"]
    given = transition(file, fork)
    result = given["result"]
    fields = {
        "gas used": (int(block["gasUsed"], 16), int(result["gasUsed"], 16)),
        "bloom": (block["logsBloom"], result["logsBloom"]),
        "rejected": ([], result.get("rejected") or []),
    }
    # Receipts before Byzantium hold state roots, which a partial state does not give.
    if "preStateRoot" in file or int(block["number"], 16) >= 4_370_000:
        fields["receipts root"] = (block["receiptsRoot"], result["receiptsRoot"])
    if "preStateRoot" in file:
        fields["state root"] = (block["stateRoot"], result["stateRoot"])
    if block.get("requestsHash"):
        fields["requests"] = (block["requestsHash"], result["requestsHash"])
    if OUTCOME.is_file():
        ours = json.loads(subprocess.run([OUTCOME, path], capture_output=True, check=True).stdout)
        used = [int(receipt["cumulativeGasUsed"], 16) for receipt in result["receipts"]]
        fields["gas of each transaction"] = (ours["cumulativeGasUsed"], used)
        if not state_excluded(block):
            left = state_after(file["preState"], ours["changes"])
            fields["accounts after the block"] = differing(left, normal(given["alloc"]))
    return fields


def normal(alloc):
    """A state by address, as balance, nonce, hash of the code, and slots that do not hold zero."""
    state = {}
    for address, account in alloc.items():
        code = bytes.fromhex((account.get("code") or "0x")[2:])
        slots = account.get("storage", {}).items()
        storage = {int(key, 16): int(value, 16) for key, value in slots if int(value, 16)}
        balance, nonce = int(account.get("balance", "0x0"), 16), int(str(account.get("nonce", 0)), 0)
        state[address.lower()] = [balance, nonce, int.from_bytes(keccak256(code), "big"), storage]
    return {address: account for address, account in state.items() if account[:3] != EMPTY}


EMPTY = [0, 0, EMPTY_CODE]


def state_after(before, changes):
    """The recorded state with our changes on top."""
    state = normal(before)
    for address, change in changes.items():
        if change is None:
            state.pop(address, None)
            continue
        old = state.get(address, [*EMPTY, {}])
        storage = {} if change["destroyed"] else dict(old[3])
        storage.update({int(key, 16): int(value, 16) for key, value in change["storage"].items()})
        # A code that was never run may be recorded by its hash alone, and is none to the other side.
        code = int(change["codeHash"], 16) if change["codeChanged"] else old[2]
        balance, nonce = int(change["balance"], 16), int(change["nonce"], 16)
        kept = {key: value for key, value in storage.items() if value}
        state[address] = [balance, nonce, code, kept]
    return {address: account for address, account in state.items() if account[:3] != EMPTY}


def differing(ours, theirs):
    """What only one of two states has, short enough to be printed."""
    addresses = sorted(ours.keys() | theirs.keys())
    wrong = [address for address in addresses if ours.get(address) != theirs.get(address)]
    return [(a, ours.get(a)) for a in wrong[:3]], [(a, theirs.get(a)) for a in wrong[:3]]


def made_up(folder, eras, n_txs, n_seeds):
    """Blocks of every scenario in every era that has it, and the one embedded in the program."""
    for era in eras:
        for scenario in SCENARIOS:
            for seed in range(1, n_seeds + 1):
                path = pathlib.Path(folder) / f"{era}-{scenario}-{seed}.json"
                ran = subprocess.run(
                    [SLOTCAST, "generate", "-q", "--seed", str(seed), "--txs", str(n_txs),
                     "--scenario", scenario, "--era", era, "--out", path],
                    capture_output=True, text=True, check=False,
                )
                if ran.returncode == 0:
                    yield path
                elif "choose another --era" not in ran.stderr:
                    sys.exit(f"{path.name}: {ran.stderr}")
    yield from with_empty_accounts(folder, n_seeds)
    yield CHECKOUT / "corpus" / "data" / "blocks" / "embedded.json.gz"


def with_empty_accounts(folder, n_seeds):
    """Blocks of old forks in which empty accounts exist, with the gas that we use in the header."""
    if not OUTCOME.is_file():
        print(f"SKIPPED: blocks with empty accounts need {OUTCOME}", file=sys.stderr)
        return
    for fork in empty_accounts.FORKS:
        for seed in range(1, n_seeds + 1):
            path = pathlib.Path(folder) / f"{fork}-empty-accounts-{seed}.json"
            file = empty_accounts.block(fork, seed)
            path.write_text(json.dumps(file))
            ran = subprocess.run([OUTCOME, path], capture_output=True, check=True)
            used = json.loads(ran.stdout)["cumulativeGasUsed"][-1]
            path.write_text(json.dumps(empty_accounts.with_gas(file, used)))
            yield path


def read(path):
    bytes_ = path.read_bytes()
    return json.loads(gzip.decompress(bytes_) if bytes_[:2] == b"\x1f\x8b" else bytes_)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--txs", type=int, default=25)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--eras", default=",".join(ERAS), help="which eras' blocks to generate")
    parser.add_argument("--max-gas", type=int, default=10**9, help="leave out blocks of more gas")
    parser.add_argument("files", nargs="*", type=pathlib.Path)
    arguments = parser.parse_args()
    logging.disable(logging.INFO)
    with tempfile.TemporaryDirectory() as folder:
        if arguments.files:
            paths = []
            for path in arguments.files:
                paths += sorted(path.glob("*.json*")) if path.is_dir() else [path]
        elif SLOTCAST.is_file():
            paths = made_up(folder, arguments.eras.split(","), arguments.txs, arguments.seeds)
        else:
            print(f"SKIPPED: {SLOTCAST} is not there; run cargo build --release -p slotcast-cli",
                  file=sys.stderr)
            return 0
        return report(paths, arguments.max_gas)


def report(paths, max_gas):
    agree, differ, reasons, stateless = (collections.Counter() for _ in range(4))
    if not OUTCOME.is_file():
        print(f"{OUTCOME} is not there, so neither gas of transactions nor accounts are compared",
              file=sys.stderr)
    by_fork, txs, gas, failures = collections.Counter(), collections.Counter(), 0, []
    for path in paths:
        file = read(path)
        fork = fork_of(file["block"])
        reason = excluded(file, fork)
        if int(file["block"]["gasUsed"], 16) > max_gas:
            reason = "more gas than was asked for"
        if reason:
            reasons[reason] += 1
            print(f"{path.name}: not compared: {reason}", file=sys.stderr)
            continue
        by_fork[fork] += 1
        txs[fork] += len(file["block"]["transactions"])
        gas += int(file["block"]["gasUsed"], 16)
        if state_excluded(file["block"]):
            stateless[state_excluded(file["block"])] += 1
        for field, (ours, theirs) in compare(path, file, fork).items():
            (agree if ours == theirs else differ)[field] += 1
            if ours != theirs:
                failures.append(f"{path.name} ({fork}): {field}: {ours} here, {theirs} there")
                print(failures[-1], file=sys.stderr)
        print(f"{path.name} ({fork}): done", file=sys.stderr, flush=True)
    print("| fork | blocks | transactions |\n| --- | ---: | ---: |")
    for fork in [name for _, name in BY_BLOCK + BY_TIME]:
        if by_fork[fork]:
            print(f"| {fork} | {by_fork[fork]} | {txs[fork]} |")
    print(f"| all | {sum(by_fork.values())} | {sum(txs.values())} |")
    print(f"\n{gas} gas.\n\n| field | agree | differ |\n| --- | ---: | ---: |")
    for field in sorted(agree | differ):
        print(f"| {field} | {agree[field]} | {differ[field]} |")
    for reason, n in sorted(reasons.items()):
        print(f"\nNot compared: {n}, {reason}.")
    for reason, n in sorted(stateless.items()):
        print(f"\nThe state after the block not compared: {n}, {reason}.")
    for failure in failures:
        print(f"\n{failure}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
