"""Does the Python code of the guide and of the README run as it stands, and do the engines agree?"""

import collections
import os
import pathlib
import re
import shutil
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import slotcast

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]
OPTIONAL = ("daft", "pyspark")


def blocks_of(path):
    text = (CHECKOUT / path).read_text()
    return re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


@pytest.fixture
def contracts(codes, tmp_path, monkeypatch):
    """A folder with cryo's contracts, the embedded block and the query, to run in."""
    rows = [
        {"contract_address": n.to_bytes(20, "big"), "code": code} for n, code in enumerate(codes)
    ]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "contracts.parquet")
    (tmp_path / "blocks").mkdir()
    shutil.copy(CHECKOUT / "corpus/data/blocks/embedded.json.gz", tmp_path / "blocks")
    shutil.copy(CHECKOUT / "python/examples/score.sql", tmp_path)
    monkeypatch.chdir(tmp_path)
    # Spark starts whatever Python is first on the path.
    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    return rows


def has_engine(block):
    for engine in OPTIONAL:
        if f"import {engine}\n" in block or f"from {engine}" in block:
            try:
                __import__(engine)
            except ImportError:
                print(f"{engine} is not installed: its part of the guide is SKIPPED")
                return False
    return True


def by_contract(path):
    found = collections.defaultdict(list)
    for row in pq.read_table(path).to_pylist():
        row.pop("code_index", None)
        found[row.pop("contract_address")].append(row)
    return dict(found)


def test_the_guide_runs_and_engines_agree(contracts, capsys):
    blocks = blocks_of("docs/scale.md")
    assert 7 <= len(blocks)
    scope = {}
    with capsys.disabled():
        blocks = [block for block in blocks if has_engine(block)]
    for block in blocks:
        exec(compile(block, "docs/scale.md", "exec"), scope)
    expected = by_contract("accesses.parquet")
    assert len(expected) == len(contracts)
    engines = [name for name in ("by-ray", "by-daft", "by-spark") if os.path.exists(name)]
    assert "by-ray" in engines
    for engine in engines:
        assert by_contract(engine) == expected, engine
    with capsys.disabled():
        print(f"\nguide: {', '.join(engines)} give the rows of one call")
    for stop in ("ray.shutdown()", "spark.stop()"):
        if stop.split(".")[0] in scope:
            exec(stop, scope)


def test_the_readme_runs(contracts, capsys):
    blocks = blocks_of("python/README.md")
    assert blocks
    scope = {}
    for block in blocks:
        exec(compile(block, "python/README.md", "exec"), scope)
    assert "slot_recall" in capsys.readouterr().out
    assert slotcast.Analyzer.__doc__ and all(
        getattr(slotcast.Analyzer, name).__doc__ for name in ("describe", "predict", "run", "score")
    )
