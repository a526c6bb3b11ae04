"""Does an error say which file and which field?"""

import pickle

import pytest

import slotcast


def set_at(*place, value):
    def change(document):
        for key in place[:-1]:
            document = document[key]
        document[place[-1]] = value

    return change


def removed(*place):
    def change(document):
        for key in place[:-1]:
            document = document[key]
        del document[place[-1]]

    return change


WRONG = "0x" + "11" * 32


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (removed("preState"), "top level"),
        (set_at("block", "gasUsed", value="many"), "block.gasUsed"),
        (set_at("block", "hash", value=WRONG), "block.hash"),
        (set_at("block", "transactions", 3, "hash", value=WRONG), "block.transactions[3].hash"),
        (set_at("block", "transactions", 2, "from", value="0x" + "11" * 20), "block.transactions[2].from"),
        (set_at("chainId", value="0x2"), "block.transactions[0].chainId"),
        (removed("block", "withdrawals"), "block.withdrawals"),
        (lambda it: it["block"]["transactions"].pop(), "block.transactionsRoot"),
    ],
)
@pytest.mark.parametrize("method", ["predict", "run", "score", "observe"])
def test_a_block_that_is_wrong_names_file_and_field(analyzer, changed, method, change, field):
    path = changed(change)
    with pytest.raises(slotcast.SlotcastError) as raised:
        getattr(analyzer, method)(path)
    assert raised.value.file == str(path)
    assert raised.value.field == field
    assert str(raised.value).startswith(f"{path}: ")


def test_a_file_that_is_not_there_is_named(analyzer, tmp_path):
    for path in (tmp_path / "no.json", tmp_path):
        with pytest.raises(slotcast.SlotcastError) as raised:
            analyzer.predict(path)
        assert raised.value.file == str(path) and raised.value.field is None


def test_a_file_that_is_no_json_is_named(analyzer, tmp_path):
    path = tmp_path / "block.json"
    path.write_text('{"chainId": ')
    with pytest.raises(slotcast.SlotcastError, match="not valid JSON") as raised:
        analyzer.score([path])
    assert raised.value.file == str(path)


def test_a_number_that_the_column_does_not_hold_is_said(analyzer, changed):
    path = changed(set_at("block", "number", value=hex(2**40)))
    with pytest.raises(slotcast.SlotcastError) as raised:
        analyzer.predict(path)
    assert raised.value.field == "block.number"


def test_the_first_wrong_file_is_the_one_that_is_reported(block, changed):
    paths = [block, *(changed(set_at("chainId", value="0x2"), f"{n}.json") for n in range(3))]
    for threads in (1, 4):
        with pytest.raises(slotcast.SlotcastError) as raised:
            slotcast.Analyzer(threads=threads).predict(paths)
        assert raised.value.file == str(paths[1])


def test_errors_and_analyzers_reach_other_processes(analyzer, tmp_path):
    with pytest.raises(slotcast.SlotcastError) as raised:
        analyzer.predict(tmp_path)
    again = pickle.loads(pickle.dumps(raised.value))
    assert (str(again), again.file) == (str(raised.value), str(tmp_path))
    again = pickle.loads(pickle.dumps(slotcast.Analyzer(fork="London", threads=3)))
    assert repr(again) == "Analyzer(fork='London', threads=3)"


@pytest.mark.parametrize("settings", [{"fork": "Nowhere"}, {"threads": 0}, {"threads": 10**6}])
def test_settings_that_cannot_be_are_refused(settings):
    with pytest.raises(ValueError, match=next(iter(settings))):
        slotcast.Analyzer(**settings)


@pytest.mark.parametrize("blocks", [7, [7], [None], b"block.json.gz\xff\x00"])
def test_what_is_no_path_is_refused(analyzer, blocks):
    with pytest.raises((TypeError, ValueError)):
        analyzer.predict(blocks)
