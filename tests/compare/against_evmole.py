#!/usr/bin/env python3
"""Holds the blocks and jumps that our walk finds against those that evmole finds.

In: contracts with a known layout and recorded blocks, both beside the checkout, of which a seeded
choice of distinct codes is taken. Out: a table in Markdown; with --json, every difference.

    pip install evmole==0.9.4
    cargo build --release -p slotcast-tests --example reach
    python3 tests/compare/against_evmole.py [--codes 2000] [--json FILE]

A *block* begins at the start of the code, at a JUMPDEST or behind a JUMPI, and counts when it can be
reached. An *edge* leads from one block to another. A block that only one tool reaches belongs to the
class of the first difference on the way to it: the block both reach from which only one tool goes on.
"""

import argparse
import collections
import glob
import gzip
import hashlib
import json
import pathlib
import random
import subprocess
import sys
import time

import evmole

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]
SHARED = CHECKOUT / ".." / "shared"
REACH = CHECKOUT / "target" / "release" / "examples" / "reach"
JUMPDEST, JUMP, JUMPI = 0x5B, 0x56, 0x57


def codes(wanted, seed):
    """Distinct codes by name: the recorded blocks' and the contracts', a seeded choice of both."""
    found = {}
    for path in sorted(glob.glob(str(SHARED / "blocks" / "*.json.gz"))):
        state = json.load(gzip.open(path))["preState"]
        for account in state.values():
            code = account.get("code", "0x")
            # A delegation (EIP-7702) is no program.
            if len(code) > 2 and not code.startswith("0xef0100"):
                found.setdefault(code.lower(), "block")
    with gzip.open(SHARED / "contracts" / "layouts.jsonl.gz", "rt") as lines:
        for line in lines:
            found.setdefault(json.loads(line)["code"].lower(), "contract")
    names = {}
    for code, origin in found.items():
        names[f"{origin}-{hashlib.sha256(code.encode()).hexdigest()[:12]}"] = code
    chosen = random.Random(seed).sample(sorted(names), min(wanted, len(names)))
    return {name: names[name] for name in sorted(chosen)}


def instructions(code):
    """Where each instruction stands, with its opcode."""
    at = 0
    while at < len(code):
        opcode = code[at]
        yield at, opcode
        at += 1 + (opcode - 0x5F if 0x60 <= opcode <= 0x7F else 0)


def partition(code):
    """Blocks by where they begin, each with the opcode that ends it."""
    blocks, start, last = {}, 0, None
    for at, opcode in instructions(code):
        if opcode == JUMPDEST and at != start:
            blocks[start] = last
            start = at
        last = opcode
        if ends_block(opcode):
            blocks[start] = opcode
            start = at + 1
    if start < len(code):
        blocks[start] = last
    return blocks


def ends_block(opcode):
    return opcode in (0x00, JUMP, JUMPI, 0xF3, 0xFD, 0xFE, 0xFF)


def ours(chosen):
    text = "".join(f"{name} {code}\n" for name, code in chosen.items())
    start = time.monotonic()
    run = subprocess.run([REACH], input=text, capture_output=True, text=True, check=True)
    seconds = time.monotonic() - start
    graphs = {}
    for line in run.stdout.splitlines():
        graph = json.loads(line)
        graph["edges"] = {tuple(edge) for edge in graph["edges"]}
        graph["blocks"], graph["unresolved"] = set(graph["blocks"]), set(graph["unresolved"])
        graphs[graph["name"]] = graph
    return graphs, seconds


def theirs(chosen):
    graphs = {}
    start = time.monotonic()
    for name, code in chosen.items():
        info = evmole.contract_info(code, control_flow_graph=True)
        graphs[name] = evmole_graph(info.control_flow_graph.blocks)
    return graphs, time.monotonic() - start


def evmole_graph(blocks):
    start_of = {block.id: block.start for block in blocks}
    edges, unresolved = set(), set()
    for block in blocks:
        kind, targets = block.btype, []
        name = type(kind).__name__
        if name == "Jump":
            targets = [kind.to]
        elif name == "Jumpi":
            targets = [kind.true_to, kind.false_to]
        elif name in ("DynamicJump", "DynamicJumpi"):
            dynamic = kind.to if name == "DynamicJump" else kind.true_to
            targets = [jump.to for jump in dynamic]
            if None in targets or not targets:
                unresolved.add(block.start)
            if name == "DynamicJumpi":
                targets.append(kind.false_to)
        for target in targets:
            if target in start_of:
                edges.add((block.start, start_of[target]))
    reached, pending = {0}, [0]
    successors = collections.defaultdict(list)
    for source, target in edges:
        successors[source].append(target)
    while pending:
        for target in successors[pending.pop()]:
            if target not in reached:
                reached.add(target)
                pending.append(target)
    reached &= set(start_of.values())
    return {
        "blocks": reached,
        "edges": {edge for edge in edges if edge[0] in reached},
        "unresolved": unresolved & reached,
    }


def labels(code):
    """For each block, the starts of blocks that it pushes: where calls inside the code return to."""
    starts, found, start = set(partition(code)), collections.defaultdict(list), 0
    for at, opcode in instructions(code):
        if at in starts:
            start = at
        if 0x60 <= opcode <= 0x7F:
            value = int.from_bytes(code[at + 1 : at + 1 + opcode - 0x5F], "big")
            if value in starts and value < len(code) and code[value] == JUMPDEST:
                found[start].append(value)
    return found


def classify(ahead, behind, pushed, explain):
    """Classes of the blocks that only `ahead` reaches, by the edge on which `behind` stays back.

    What follows from a missing block has its class: where it leads, and where the functions return to
    that it calls. Only then are edges looked at that leave a function both reach.
    """
    successors = collections.defaultdict(list)
    for source, target in sorted(ahead["edges"]):
        successors[source].append(target)
    classes = {}
    for is_return in (False, True):
        pending = collections.deque()
        for source in sorted(behind["blocks"] & ahead["blocks"]):
            for target in successors[source]:
                if target in behind["blocks"] or target in classes:
                    continue
                text = explain(source)
                if text.startswith("return") == is_return:
                    classes[target] = text
                    pending.append(target)
        while pending:
            block = pending.popleft()
            for target in successors[block] + pushed[block]:
                if target in ahead["blocks"] - behind["blocks"] and target not in classes:
                    classes[target] = classes[block]
                    pending.append(target)
    return classes


def why_we_stay_back(graph, ends):
    out = collections.defaultdict(set)
    for source, target in graph["edges"]:
        out[source].add(target)

    def explain(source):
        if graph["stop"] in ("node limit", "fuel limit"):
            return graph["stop"]
        if source in graph["unresolved"]:
            return "unresolved jump"
        if ends.get(source) == JUMPI:
            return "branch decided"
        if ends.get(source) == JUMP:
            return "return not taken" if out[source] else "jump decided to fail"
        return "other"

    return explain


def why_they_stay_back(graph, ends):
    out = collections.defaultdict(set)
    for source, target in graph["edges"]:
        out[source].add(target)

    def explain(source):
        if source in graph["unresolved"]:
            return "unresolved jump"
        if ends.get(source) in (JUMP, JUMPI):
            return "return not taken" if out[source] else "no jump target"
        return "other"

    return explain


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--codes", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=pathlib.Path)
    arguments = parser.parse_args()
    chosen = codes(arguments.codes, arguments.seed)
    (our, our_seconds), (their, their_seconds) = ours(chosen), theirs(chosen)
    totals, ahead, behind = collections.Counter(), collections.Counter(), collections.Counter()
    codes_ahead, codes_behind = collections.Counter(), collections.Counter()
    listed = []
    for name, code in chosen.items():
        ends = partition(bytes.fromhex(code[2:]))
        us, them = our[name], their[name]
        pushed = labels(bytes.fromhex(code[2:]))
        only_them = classify(them, us, pushed, why_we_stay_back(us, ends))
        only_us = classify(us, them, pushed, why_they_stay_back(them, ends))
        # Blocks behind the end of the code and the like are no blocks of ours.
        totals["candidates"] += len(ends)
        for side, graph in (("us", us), ("them", them)):
            blocks = graph["blocks"] & set(ends)
            totals[f"blocks {side}"] += len(blocks)
            jumps = {e for e in graph["edges"] if ends.get(e[0]) in (JUMP, JUMPI)}
            totals[f"edges {side}"] += len(jumps)
            totals[f"jumps {side}"] += len({edge[0] for edge in jumps})
            totals[f"unresolved {side}"] += len(graph["unresolved"])
            totals[f"codes unresolved {side}"] += bool(graph["unresolved"])
        totals["blocks both"] += len(us["blocks"] & them["blocks"])
        totals["edges both"] += len(us["edges"] & them["edges"])
        ahead.update(only_us.values())
        behind.update(only_them.values())
        codes_ahead.update(set(only_us.values()))
        codes_behind.update(set(only_them.values()))
        for side, classes in (("us", only_us), ("them", only_them)):
            if classes:
                listed.append({"code": name, "only": side, "blocks": classes})
    report(totals, (behind, codes_behind), (ahead, codes_ahead), len(chosen))
    print(f"\nSeconds: {our_seconds:.1f} ours, {their_seconds:.1f} evmole's.", file=sys.stderr)
    if arguments.json:
        arguments.json.write_text(json.dumps(listed, indent=1))


def report(totals, behind, ahead, n_codes):
    print(f"| {n_codes} codes | ours | evmole |\n| --- | ---: | ---: |")
    candidates = totals["candidates"]
    print(f"| blocks reached, of {candidates} | {share(totals, 'blocks us')} | "
          f"{share(totals, 'blocks them')} |")
    for row, text in (
        ("jumps", "blocks whose jump leads somewhere"),
        ("edges", "edges of jumps"),
        ("unresolved", "blocks with an unresolved jump"),
        ("codes unresolved", "codes with an unresolved jump"),
    ):
        print(f"| {text} | {totals[f'{row} us']} | {totals[f'{row} them']} |")
    for title, (blocks, of_codes) in (("evmole", behind), ("ours", ahead)):
        print(f"\n| blocks only {title} reaches | blocks | codes |\n| --- | ---: | ---: |")
        for name, n in sorted(blocks.items(), key=lambda item: (-item[1], item[0])):
            print(f"| {name} | {n} | {of_codes[name]} |")


def share(totals, row):
    return f"{totals[row]} ({100 * totals[row] / totals['candidates']:.2f} %)"


if __name__ == "__main__":
    main()
