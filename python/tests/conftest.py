"""What tests of the package work on: the command, the embedded block, and codes of the checkout."""

import gzip
import json
import os
import pathlib
import subprocess

import pytest

import slotcast

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]
EMBEDDED = CHECKOUT / "corpus" / "data" / "blocks" / "embedded.json.gz"


@pytest.fixture(scope="session")
def command():
    """Runs the command and gives the JSON documents that it prints."""
    program = os.environ.get("SLOTCAST", CHECKOUT / "target" / "release" / "slotcast")
    if not pathlib.Path(program).exists():
        pytest.skip(f"{program} is not there; check.sh builds it")

    def run(*arguments):
        arguments = [program, *map(str, arguments), "--json"]
        done = subprocess.run(arguments, capture_output=True, text=True, check=True)
        return [json.loads(line) for line in done.stdout.splitlines()]

    return run


@pytest.fixture(scope="session")
def codes():
    """Codes of the contracts that the checkout carries, and of the embedded block, without repeats."""
    found = {}
    for path in sorted((CHECKOUT / "corpus" / "data" / "contracts").glob("*.json")):
        found[bytes.fromhex(json.loads(path.read_text())["runtime"].removeprefix("0x"))] = None
    for account in json.loads(gzip.decompress(EMBEDDED.read_bytes()))["preState"].values():
        code = account.get("code", "0x")
        if code != "0x":
            found[bytes.fromhex(code.removeprefix("0x"))] = None
    assert 20 < len(found)
    return list(found)


@pytest.fixture(scope="session")
def block():
    """The path of the embedded block."""
    return EMBEDDED


@pytest.fixture
def analyzer():
    """One that uses every core."""
    return slotcast.Analyzer()


@pytest.fixture
def changed(tmp_path):
    """Writes the embedded block with something changed in it, and gives the path."""

    def write(change, name="changed.json"):
        document = json.loads(gzip.decompress(EMBEDDED.read_bytes()))
        change(document)
        path = tmp_path / name
        path.write_text(json.dumps(document))
        return path

    return write
