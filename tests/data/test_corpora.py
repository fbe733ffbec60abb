"""The labelled corpora hold what they promise."""

import csv
import unicodedata
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from tests.data import blind_logs, japanese_logs, system_logs
from tests.data.labelled_lines import Half, filled, template

HERE = Path(__file__).parent
HALVES: tuple[Half, Half] = ("development", "held_out")


def rows(name: str) -> list[dict[str, str]]:
    with (HERE / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def digits(text: str) -> list[int]:
    return [int(letter) for letter in unicodedata.normalize("NFKC", text) if letter.isdecimal()]


def is_card(text: str) -> bool:
    """Luhn: every second digit from the right doubled."""
    doubled = [
        digit if place % 2 == 0 else sum(divmod(2 * digit, 10)) for place, digit in enumerate(digits(text)[::-1])
    ]
    return sum(doubled) % 10 == 0


def is_my_number(text: str) -> bool:
    *body, check = digits(text)
    weighed = sum(digit * (place + 1 if place <= 6 else place - 5) for place, digit in enumerate(body[::-1], 1))
    return len(body) == 11 and check == (0 if weighed % 11 <= 1 else 11 - weighed % 11)


def test_each_category_has_twenty_lines_in_both_halves_and_languages() -> None:
    lines = rows("categories.csv")
    counts = Counter(row["category"] for row in lines)
    assert len(counts) == 16
    assert counts.pop("") >= 250
    assert min(counts.values()) >= 20
    combined = Counter((row["category"], row["language"], row["half"]) for row in lines)
    assert len(combined) == 16 * 4
    assert min(combined.values()) >= 4


def test_the_blind_lines_hold_twenty_of_each_category_and_none_that_rules_are_tuned_on() -> None:
    lines = rows("categories_blind.csv")
    counts = Counter(row["category"] for row in lines)
    assert counts.pop("") == 250
    assert len(counts) == 15 and set(counts.values()) == {20}
    assert min(Counter((row["category"], row["language"]) for row in lines).values()) >= 7
    assert not {row["line"] for row in lines} & {row["line"] for row in rows("categories.csv")}


@pytest.mark.parametrize("name", ["categories.csv", "categories_blind.csv", "personal_data.csv", "headers.csv"])
def test_no_line_stands_twice(name: str) -> None:
    assert max(Counter(row["line"] for row in rows(name)).values()) == 1


def test_personal_data_holds_its_secrets_and_enough_look_alikes() -> None:
    lines = rows("personal_data.csv")
    assert sum(bool(row["secrets"]) for row in lines) >= 150
    assert sum(not row["secrets"] for row in lines) >= 120
    for row in lines:
        assert all(secret in row["line"] for secret in row["secrets"].split("|"))


def test_labelled_cards_and_my_numbers_have_valid_check_digits() -> None:
    lines = rows("personal_data.csv")
    cards = [row["secrets"] for row in lines if row["kind"] == "card"]
    numbers = [row["secrets"] for row in lines if row["kind"] == "my_number"]
    assert cards and all(is_card(card) for card in cards)
    assert numbers and all(is_my_number(number) for number in numbers)


def test_messages_stand_in_their_lines() -> None:
    assert all(row["message"] in row["line"] for row in rows("headers.csv"))


def test_japanese_halves_share_no_type_and_are_the_same_each_time() -> None:
    first, second = (list(japanese_logs.lines(half)) for half in HALVES)
    assert first == list(japanese_logs.lines("development"))
    assert len(first) + len(second) == 6_000
    assert not {line.template for line in first} & {line.template for line in second}
    assert len({line.template for line in first}) >= 60


def test_systems_of_the_halves_differ_and_each_has_its_header() -> None:
    first, second = (set(system_logs.systems(half)) for half in HALVES)
    assert len(first) >= 10 and len(second) >= 10 and not first & second
    assert first | second == set(system_logs.HEADERS)


def test_every_system_writes_messages_with_more_than_one_template() -> None:
    for half in HALVES:
        for system in system_logs.systems(half):
            lines = list(system_logs.lines(system, half, count=100))
            assert len({line.template for line in lines}) >= 10
            assert all(line.raw and line.message for line in lines)


def test_blind_logs_share_no_system_and_no_template_with_those_that_rules_are_tuned_on() -> None:
    assert len(blind_logs.systems()) >= 8 and set(blind_logs.systems()) == set(blind_logs.HEADERS)
    assert not set(blind_logs.systems()) & set(system_logs.HEADERS)
    japanese = {line.template for line in blind_logs.japanese_lines()}
    tuned_on = {line.template for half in HALVES for line in japanese_logs.lines(half)}
    assert len(japanese) >= 40 and not japanese & tuned_on


def test_values_that_touch_are_one_and_a_code_is_its_own_value() -> None:
    text = "connect to {host}:{port} failed ({111}: Connection refused)"
    assert template(text) == "connect to <*> failed (<*>: Connection refused)"
    values = {"host": lambda _: "db1", "port": lambda _: "5432"}
    assert filled(text, values, Random(1)) == "connect to db1:5432 failed (111: Connection refused)"
