"""What is remembered of lines, and how much of it."""

from itertools import product

import pytest

from analyzer import known_lines
from analyzer.known_lines import LineMemory
from analyzer.levels import Level
from analyzer.reading.records import LogRecord
from analyzer.stages import Sorted
from analyzer.templates import Template

WHERE = Sorted("t1", "said", Level.UNKNOWN, Template("t1", "said"))


def learned(memory: LineMemory, line: str) -> None:
    memory.learn(line.encode(), LogRecord(None, Level.UNKNOWN, "", line), WHERE)


def found(memory: LineMemory, line: str) -> Sorted | None:
    raw = line.encode()
    key = hash(raw.translate(None, b"0123456789"))
    known = memory.by_key.get(key) or memory.find(raw, key)
    return known.where if known else None


def test_a_line_is_known_once_enough_others_like_it_were_seen() -> None:
    memory = LineMemory(None, None, fewest_seen=2)
    learned(memory, "job 1 is done")
    assert found(memory, "job 12 is done") is None
    learned(memory, "job 3 is done")
    assert found(memory, "job 12 is done") is WHERE
    assert found(memory, "job 12 is gone") is None


def test_an_identifier_may_have_any_letters() -> None:
    memory = LineMemory(None, None, fewest_seen=1)
    learned(memory, "request 5f3a9c21 is done")
    assert found(memory, "request e07b1d44 is done") is WHERE


def test_another_code_is_not_known() -> None:
    memory = LineMemory(None, None, fewest_seen=1)
    learned(memory, "feed 7 answered with status 404")
    assert found(memory, "feed 12 answered with status 404") is WHERE
    assert found(memory, "feed 12 answered with status 500") is None


@pytest.mark.parametrize(
    "said",
    [
        "request {} returned status 404",
        "バッチ処理が完了しました: 90件中{}件を更新",
        "{} errors found",
        "失敗は{}件でした",
    ],
)
def test_a_number_where_a_code_may_stand_need_not_be_one(said: str) -> None:
    memory = LineMemory(None, None, fewest_seen=1)
    learned(memory, said.format(12))
    assert found(memory, said.format(77)) is WHERE
    assert found(memory, said.format(7_654_321)) is WHERE


@pytest.mark.parametrize("said", ["{} errors found", "失敗は{}件でした"])
def test_a_count_of_zero_is_another_line(said: str) -> None:
    memory = LineMemory(None, None, fewest_seen=1)
    learned(memory, said.format(12))
    assert found(memory, said.format(0)) is None


@pytest.mark.parametrize("said", ["job {} is done", "job {} returned status 500"])
def test_ever_other_lines_do_not_fill_the_memory(said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_lines, "_MOST_KNOWN", 20)
    memory = LineMemory(None, None, fewest_seen=1)
    names = ["".join(letters) for letters in product("abcde", repeat=4)]
    for name in names:
        learned(memory, said.format(name))
    assert sum(found(memory, said.format(name)) is not None for name in names) <= 20
    assert found(memory, said.format(names[-1])) is WHERE
