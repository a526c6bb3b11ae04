"""Are the rows of blocks what the command says of them?"""

import collections
import pathlib

import pyarrow as pa
import pytest

import slotcast

ACCOUNTS = {
    "balance_read": "balanceReads",
    "balance_debit": "balanceDebits",
    "balance_credit": "balanceCredits",
    "nonce": "nonces",
    "created": "created",
    "destroyed": "destroyed",
    "delegated": "delegated",
}


def word(value):
    """32 bytes of a hexadecimal number, whether or not it is padded."""
    return int(value, 16).to_bytes(32, "big")


def raw(text):
    return bytes.fromhex(text.removeprefix("0x"))


def expected(tx):
    """The rows of a transaction by the JSON that `slotcast predict` prints of it, as sets by kind."""
    values = {(raw(address), word(slot)): word(value) for address, slot, value in tx.get("values", [])}
    rows = collections.defaultdict(set)
    written = {(raw(address), word(slot)) for address, slot in tx["writes"]}
    for kind, slots in (("read", "reads"), ("write", "writes"), ("delta", "deltas")):
        for address, slot in tx[slots]:
            key = raw(address), word(slot)
            value = None if kind == "read" and key in written else values.get(key)
            rows[kind].add((*key, None, value))
    listed = {key[:2] for touches in rows.values() for key in touches}
    # Of accounts that the transaction creates.
    for key in values.keys() - listed:
        rows["left"].add((*key, None, values[key]))
    for address in tx["wildcards"]:
        rows["wildcard"].add((raw(address), None, None, None))
    for kind, name in ACCOUNTS.items():
        for address in tx["accounts"].get(name, []):
            rows[kind].add((raw(address), None, None, None))
    for address, code_hash in tx["codes"]:
        rows["code_read"].add((raw(address), None, raw(code_hash), None))
    for relied in tx["reliedOn"]:
        kind = f"relied_{relied.get('field', 'storage')}"
        slot = word(relied["slot"]) if "slot" in relied else None
        rows[kind].add((raw(relied["address"]), slot, word(relied["value"]), None))
    return dict(rows)


def test_predictions_are_those_of_the_command(analyzer, block, command):
    (document,) = command("predict", block)
    found = collections.defaultdict(lambda: collections.defaultdict(set))
    of_tx = collections.defaultdict(set)
    n_rows = 0
    for row in analyzer.predict(block).to_pylist():
        assert (row["block_number"], row["chain_id"]) == (document["block"], document["chainId"])
        touch = (row["address"], row["slot"], row["from_value"], row["to_value"])
        assert touch not in found[row["transaction_index"]][row["kind"]], "a row stands twice"
        found[row["transaction_index"]][row["kind"]].add(touch)
        of_tx[row["transaction_index"]].add((row["coverage"], row["why"], row["n_state_reads"]))
        n_rows += 1
    assert len(document["txs"]) == 400 == len(found)
    values = 0
    for tx in document["txs"]:
        index = tx["index"]
        assert {kind: rows for kind, rows in found[index].items()} == expected(tx), f"tx {index}"
        assert of_tx[index] == {(tx["coverage"], tx.get("why"), tx["stateReads"])}
        held = [row[3] for rows in found[index].values() for row in rows if row[3] is not None]
        assert len(held) == len(tx.get("values", [])), "every value stands on one row"
        values += len(held)
    assert 400 < n_rows and 0 < values


def test_hashes_are_those_of_the_file(analyzer, changed):
    hashes = []
    path = changed(lambda it: hashes.extend(tx["hash"] for tx in it["block"]["transactions"]))
    rows = analyzer.predict(path).to_pylist()
    assert [raw(it) for it in hashes] == list(dict.fromkeys(row["transaction_hash"] for row in rows))


def test_scores_are_those_of_the_command(analyzer, block, command):
    document = command("score", block)[0]
    (row,) = analyzer.score(block).to_pylist()
    assert (row["block_number"], row["n_transactions"]) == (document["block"], document["txs"])
    names = {
        "slot_recall": "slotRecall",
        "slot_precision": "slotPrecision",
        "write_recall": "writeRecall",
        "edge_recall": "edgeRecall",
        "edge_precision": "edgePrecision",
        "exact_share": "exactShare",
        "superset_share": "supersetShare",
        "value_exact_share": "valueExactShare",
        "complete_claims_sound": "completeClaimsSound",
        "assuming_claims_sound": "assumingClaimsSound",
        "critical_path_inflation": "criticalPathInflation",
        "n_storage_transactions": "storageTxs",
    }
    assert {ours: row[ours] for ours in names} == {
        ours: document[theirs] for ours, theirs in names.items()
    }
    ratios = {
        "slot_recall": ("hit_slots", "true_slots"),
        "write_recall": ("hit_writes", "true_writes"),
        "exact_share": ("exact", "n_storage_transactions"),
        "superset_share": ("supersets", "n_storage_transactions"),
        "value_exact_share": ("value_exact", "n_storage_transactions"),
        "complete_claims_sound": ("sound_claims", "complete_claims"),
    }
    assert {name: row[name] for name in ratios} == {
        name: row[part] / row[whole] for name, (part, whole) in ratios.items()
    }
    assert 0 < row["value_exact"] <= row["n_storage_transactions"]


@pytest.mark.parametrize("threads", [1, 2])
def test_runs_are_those_of_the_command(analyzer, block, command, threads):
    (document,) = command("run", "--threads", threads, block)
    (row,) = analyzer.run(block, threads=threads).to_pylist()
    assert row["holds"] and row["matches_sequential"] and row["matches_header"]
    same = {
        "block_number": document["block"],
        "chain_id": document["chainId"],
        "fork": document["spec"],
        "schedule": document["schedule"],
        "n_transactions": document["txs"],
        "gas_used": document["gasUsed"],
        "threads": threads,
        "n_layers": document["layers"],
        "n_edges": document["edges"],
        "critical_path_gas": document["criticalPathGas"],
        "n_executions": document["executions"],
        "n_reexecuted": len(document["reexecuted"]),
        "n_rejected": len(document["rejected"]),
        "n_missing": len(document["missing"]) + len(document["missingBlockHashes"]),
        "prediction_digest": raw(document["digests"]["prediction"]),
        "schedule_digest": raw(document["digests"]["schedule"]),
        "outcome_digest": raw(document["digests"]["outcome"]),
    }
    assert {name: row[name] for name in same} == same
    assert 0 < row["sequential_micros"]


@pytest.mark.parametrize("method", ["predict", "observe", "score", "run"])
def test_the_form_of_blocks_changes_nothing(block, method, tmp_path):
    call = getattr(slotcast.Analyzer(threads=1), method)

    def rows(blocks):
        table = pa.table(call(blocks))
        return table.drop([name for name in table.column_names if name.endswith("_micros")])

    (tmp_path / block.name).write_bytes(block.read_bytes())
    path = str(block)
    embedded = rows(None)
    for form in (path, [path], (pathlib.Path(it) for it in [path]), pa.array([path]), tmp_path):
        assert rows(form).equals(embedded)
    twice = rows([path, path])
    assert twice.equals(pa.concat_tables([embedded, embedded]).combine_chunks())
    assert rows([]).num_rows == 0 and rows([]).schema == embedded.schema


def test_threads_change_nothing(block):
    one, two = (slotcast.Analyzer(threads=threads) for threads in (1, 2))
    blocks = [block] * 3
    assert one.predict(blocks).equals(two.predict(blocks))
    assert one.observe(blocks).equals(two.observe(blocks))


def test_recorded_blocks_hold(command):
    """Blocks of mainnet, where there are any beside the checkout."""
    folder = pathlib.Path(__file__).resolve().parents[3] / "shared" / "blocks"
    paths = sorted(folder.glob("*.json.gz"), key=lambda path: path.stat().st_size)[:20]
    if not paths:
        pytest.skip("no recorded blocks lie beside the checkout")
    analyzer = slotcast.Analyzer()
    table = pa.table(analyzer.run(paths))
    assert table["holds"].to_pylist() == [True] * len(paths)
    table = pa.table(analyzer.score(paths))
    documents = command("score", *paths)[:-1]
    assert table["slot_recall"].to_pylist() == [document["slotRecall"] for document in documents]
