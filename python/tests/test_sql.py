"""Is scoring a join of tables with cryo's columns?"""

import pathlib

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

import slotcast

QUERY = pathlib.Path(__file__).resolve().parents[1] / "examples" / "score.sql"
# As cryo writes them.
KEYS = {
    "block_number": pa.uint32(),
    "transaction_index": pa.uint32(),
    "transaction_hash": pa.binary(),
    "chain_id": pa.uint64(),
}


def written(folder, predictions, observed):
    """The three tables, read by DuckDB from Parquet."""
    kind = observed["kind"]
    reads = observed.filter(pc.equal(kind, "read")).drop_columns(["kind"])
    reads = reads.rename_columns({"address": "contract_address"})
    diffs = observed.filter(pc.equal(kind, "write")).drop_columns(["kind"])
    connection = duckdb.connect()
    for name, table in (
        ("predictions", predictions),
        ("storage_reads", reads),
        ("storage_diffs", diffs),
    ):
        assert {key: table.schema.field(key).type for key in KEYS} == KEYS
        path = folder / f"{name}.parquet"
        pq.write_table(table, path)
        connection.execute(f"CREATE VIEW {name} AS FROM '{path}'")
    return connection


def test_the_join_gives_the_score(analyzer, block, tmp_path):
    predictions, observed = (pa.table(of(block)) for of in (analyzer.predict, analyzer.observe))
    connection = written(tmp_path, predictions, observed)
    (joined,) = connection.sql(QUERY.read_text()).to_arrow_table().to_pylist()
    (score,) = analyzer.score(block).to_pylist()
    assert joined == {name: score[name] for name in joined}
    assert 900 < joined["hit_slots"] and len(joined) == 10


def test_the_join_sees_what_is_missing_and_wrong(analyzer, block, tmp_path):
    predictions, observed = (pa.table(of(block)) for of in (analyzer.predict, analyzer.observe))
    slots = predictions.filter(pc.equal(predictions["kind"], "write")).slice(0, 3).to_pylist()
    lost, moved = slots[0], slots[1]

    def change(row):
        key = (row["transaction_index"], row["address"], row["slot"])
        if key == tuple(moved[name] for name in ("transaction_index", "address", "slot")):
            return row | {"slot": b"\xff" * 32}
        return row

    def is_kept(row):
        names = ("transaction_index", "address", "slot")
        return any(row[name] != lost[name] for name in names)

    rows = [change(row) for row in predictions.to_pylist() if is_kept(row)]
    changed = pa.Table.from_pylist(rows, schema=predictions.schema)
    connection = written(tmp_path, changed, observed)
    (joined,) = connection.sql(QUERY.read_text()).to_arrow_table().to_pylist()
    (score,) = analyzer.score(block).to_pylist()
    assert joined["hit_slots"] == score["hit_slots"] - 2
    assert joined["predicted_slots"] == score["predicted_slots"] - 1
    assert joined["true_slots"] == score["true_slots"]


def test_tables_are_taken_by_duckdb_without_a_file(analyzer, codes):
    accesses = analyzer.describe(codes)
    n_functions = duckdb.sql("SELECT count(DISTINCT (code_hash, selector)) FROM accesses").fetchall()
    rows = accesses.to_pylist()
    assert n_functions == [(len({(row["code_hash"], row["selector"]) for row in rows}),)]
    assert slotcast.Analyzer().describe(duckdb.sql("SELECT '0x00' AS c").to_arrow_table()["c"])
