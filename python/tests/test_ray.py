"""Do the examples on Ray Data give the same rows for one and two workers, and when one is killed?"""

import collections
import importlib.util
import os
import pathlib
import signal
import sys
import time

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import slotcast

ray = pytest.importorskip("ray")
EXAMPLES = pathlib.Path(__file__).resolve().parents[1] / "examples"


def example(name):
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    # Workers get its functions as they are here, whether or not they find the file.
    ray.cloudpickle.register_pickle_by_value(module)
    return module


@pytest.fixture
def workers():
    """Starts Ray with so many workers, with nothing from outside."""

    def start(n):
        ray.shutdown()
        ray.init(num_cpus=n, include_dashboard=False, log_to_driver=False)
        ray.data.DataContext.get_current().enable_progress_bars = False

    yield start
    ray.shutdown()


@pytest.fixture
def data_set(codes, tmp_path):
    """Parquet of codes with a name each, in several files, one code not readable, one repeated."""
    rows = [{"name": f"code {n}", "code": code} for n, code in enumerate(codes * 3)]
    rows[7]["code"] = None
    folder = tmp_path / "codes"
    folder.mkdir()
    for n in range(0, len(rows), 32):
        pq.write_table(pa.Table.from_pylist(rows[n : n + 32]), folder / f"{n:04}.parquet")
    return folder, rows


def by_name(table):
    """Rows by the code they are of; those of one code stay together and in order."""
    found = collections.defaultdict(list)
    for row in table.to_pylist():
        found[row.pop("name")].append(row)
    return dict(found)


def table_of(data_set):
    return pa.concat_tables(ray.get(data_set.to_arrow_refs()), promote_options="default")


@pytest.fixture
def expected(data_set):
    """What one call of the package says of all codes."""
    _, rows = data_set
    table = pa.table(slotcast.Analyzer().describe([row["code"] for row in rows]))
    names = pa.array([rows[n]["name"] for n in table["code_index"].to_pylist()])
    return by_name(table.drop_columns(["code_index"]).append_column("name", names))


@pytest.mark.parametrize("n", [1, 2])
def test_codes_are_described_alike_by_any_number_of_workers(
    workers, data_set, expected, n, capsys
):
    workers(n)
    describe_codes = example("describe_codes")
    codes = ray.data.read_parquet(str(data_set[0]))
    # Workers start and the package is loaded before the clock does.
    describe_codes.described(codes.limit(n), "code").materialize()
    start = time.monotonic()
    done = describe_codes.described(codes, "code").materialize()
    seconds = time.monotonic() - start
    assert by_name(table_of(done)) == expected
    assert [row for rows in expected.values() for row in rows if row["error"]] != []
    with capsys.disabled():
        per_second = len(expected) / seconds
        print(f"\nRay Data, {n} workers: {len(expected)} codes, {per_second:.0f} a second")


def test_a_killed_worker_changes_nothing(workers, data_set, expected, tmp_path):
    workers(2)
    describe_batch = example("describe_codes").describe
    killed, again = tmp_path / "killed", tmp_path / "again"

    def describe(table):
        rows = describe_batch(table, column="code")
        if "code 100" in table["name"].to_pylist():
            if killed.exists():
                again.touch()
                return rows
            # With the work done and nothing handed over yet.
            killed.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return rows

    codes = ray.data.read_parquet(str(data_set[0]))
    done = codes.map_batches(describe, batch_format="pyarrow", batch_size=16, num_cpus=1)
    assert by_name(table_of(done.materialize())) == expected
    assert killed.exists() and again.exists(), "the batch was worked on twice"


@pytest.mark.parametrize("n", [1, 2])
def test_blocks_are_scored_alike_by_any_number_of_workers(workers, block, changed, n):
    wrong = changed(lambda it: it.update(chainId="0x2"))
    copies = []
    for k in range(3):
        copies.append(changed(lambda it: None, f"copy-{k}.json"))
    workers(n)
    done = example("score_blocks").scored([block, wrong, *copies]).materialize()
    rows = {row["path"]: row for row in table_of(done).to_pylist()}
    assert len(rows) == 5
    failed = rows.pop(str(wrong))
    assert failed["error"].startswith(f"{wrong}: ") and failed["hit_slots"] is None
    (score,) = slotcast.Analyzer(threads=1).score(block).to_pylist()
    for row in rows.values():
        assert row["error"] is None
        same = [name for name in score if not name.endswith("_micros")]
        assert {name: row[name] for name in same} == {name: score[name] for name in same}
