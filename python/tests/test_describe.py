"""Are the rows of codes what the command says of them?"""

import collections

import pyarrow as pa
import pytest

import slotcast

OF_CODE = ["code_hash", "n_code_bytes", "n_blocks", "n_unresolved_jumps", "stop_reason", "missing"]

OF_ITEM = ["kind", "contract", "slot", "slot_name", "call_selector", "certainty", "condition"]


def expected(contract):
    """The rows of a code by the JSON document that `slotcast analyze` prints of it."""
    shared = {
        "code_hash": bytes.fromhex(contract["codeHash"][2:]),
        "n_code_bytes": contract["size"],
        "n_blocks": contract["blocks"],
        "n_unresolved_jumps": contract["unresolvedJumps"],
        "stop_reason": contract["stopReason"],
        "missing": contract.get("missing"),
        "error": None,
    }
    nothing = dict.fromkeys(OF_ITEM)
    if not contract["functions"]:
        yield shared | nothing | dict.fromkeys(["selector", "coverage", "why"])
    for function in contract["functions"]:
        of = shared | nothing
        of |= {"selector": function["selector"], "coverage": function["coverage"]}
        of |= {"why": function.get("why")}
        items = [
            {"condition": access.pop("when", None), "slot_name": access.pop("name", None)} | access
            for access in function["accesses"]
        ]
        items += [
            {
                "kind": call["kind"],
                "contract": call["target"],
                "call_selector": call.get("selector"),
                "certainty": call["certainty"],
            }
            for call in function["calls"]
        ]
        items += [{"kind": "requires", "condition": text} for text in function["requires"]]
        for item in items or [{}]:
            yield of | item


def test_rows_are_those_of_the_command(analyzer, codes, command):
    rows = analyzer.describe(codes).to_pylist()
    by_code = collections.defaultdict(list)
    for row in rows:
        by_code[row.pop("code_index")].append(row)
    assert sorted(by_code) == list(range(len(codes)))
    contracts = command("analyze", *(f"0x{code.hex()}" for code in codes))
    assert len(contracts) == len(codes)
    for index, contract in enumerate(contracts):
        assert by_code[index] == list(expected(contract)), f"code {index}"
    kinds = {row["kind"] for row in rows}
    assert {"read", "write", "add", "call", "requires", None} <= kinds
    assert any(row["slot_name"] for row in rows), "a standard slot is among them"
    assert any(not contract["functions"] for contract in contracts), "a delegation is among them"


@pytest.mark.parametrize(
    "form",
    [
        lambda codes: (code for code in codes),
        lambda codes: [f"0x{code.hex()}" for code in codes],
        lambda codes: [code.hex() for code in codes],
        lambda codes: [bytearray(code) for code in codes],
        lambda codes: pa.array(codes),
        lambda codes: pa.array(codes, pa.large_binary()),
        lambda codes: pa.array(codes, pa.binary_view()),
        lambda codes: pa.array([code.hex() for code in codes]),
        lambda codes: pa.array([code.hex() for code in codes], pa.string_view()),
        lambda codes: pa.array([code.hex() for code in codes]).dictionary_encode(),
        lambda codes: pa.chunked_array([codes[:2], codes[2:]]),
        lambda codes: pa.table({"code": codes})["code"].slice(0),
    ],
)
def test_the_form_of_codes_changes_nothing(codes, form):
    codes = codes[:5]
    analyzer = slotcast.Analyzer(threads=1)
    assert analyzer.describe(form(codes)).equals(analyzer.describe(codes))


def test_threads_change_nothing(codes):
    one, four = (slotcast.Analyzer(threads=threads) for threads in (1, 4))
    assert one.describe(codes).equals(four.describe(codes))


def test_what_is_no_code_is_a_row_with_an_error(analyzer, codes):
    table = analyzer.describe([codes[0], "0x60zz", None, 7, "0x600", b"", codes[1]])
    rows = table.to_pylist()
    errors = {row["code_index"]: row["error"] for row in rows if row["error"] is not None}
    assert sorted(errors) == [1, 2, 3, 4]
    assert "invalid character" in errors[1].lower()
    assert errors[2] == "code: is null"
    assert errors[3] == "code: is of type int; give bytes or a hexadecimal string"
    assert "odd number of digits" in errors[4].lower()
    wrong = [row for row in rows if row["error"] is not None]
    assert all(row[name] is None for row in wrong for name in OF_CODE + ["selector", "kind"])
    # The empty code is one: it does nothing, and that is said.
    assert [row["kind"] for row in rows if row["code_index"] == 5] == [None]
    assert {row["code_index"] for row in rows} == set(range(7))


def test_no_code_gives_the_same_columns(analyzer, codes):
    empty = analyzer.describe([])
    assert empty.num_rows == 0
    assert empty.schema == analyzer.describe(codes[:1]).schema


def test_the_fork_decides(codes):
    # PUSH0 is no instruction before Shanghai.
    code = ["0x5f355f55"]
    kinds = [
        slotcast.Analyzer(fork=fork).describe(code)["kind"].to_pylist()
        for fork in ("london", "osaka")
    ]
    assert "write" not in kinds[0] and "write" in kinds[1]


@pytest.mark.parametrize("codes", ["0x00", b"\x00", bytearray(b"\x00"), pa.array([1, 2]), 7])
def test_what_holds_no_codes_is_refused(analyzer, codes):
    with pytest.raises(TypeError):
        analyzer.describe(codes)
