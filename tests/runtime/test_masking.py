"""What is taken out of texts, and what looks like it and stays."""

import csv
import re
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.masking import RULES, mask, masker
from runtime.masks.numbers import is_card, is_my_number, passes_luhn
from runtime.masks.rule import Gates, folded
from tests.runtime.masking_lines import LOOK_ALIKES, PERSONAL

LABELLED = Path(__file__).parent.parent / "data" / "personal_data.csv"
MARKED = re.compile("⟦([^⟧]+)⟧")


def as_it_should_be(line: str, masked: str) -> bool:
    kept = [re.escape(part) for part in MARKED.split(line)[::2]]
    return re.fullmatch(r"\[[a-z-]+\]".join(kept), masked) is not None


def test_personal_data_is_masked_and_the_rest_stays() -> None:
    masked = [(line, mask(MARKED.sub(r"\1", line))) for line in PERSONAL]
    assert [pair for pair in masked if not as_it_should_be(*pair)] == []


def test_look_alikes_stay() -> None:
    assert [(line, mask(line)) for line in LOOK_ALIKES if mask(line) != line] == []


def test_labelled_lines_of_the_development_half_lose_their_data_and_look_alikes_stay() -> None:
    with LABELLED.open(encoding="utf-8") as file:
        lines = [row for row in csv.DictReader(file) if row["half"] == "development"]
    leaks = [
        (row["line"], one) for row in lines for one in row["secrets"].split("|") if one and one in mask(row["line"])
    ]
    assert not leaks
    assert not [row["line"] for row in lines if not row["secrets"] and mask(row["line"]) != row["line"]]


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("mail to taro@example.co.jp", "mail to [email]"),
        ('mail to "taro yamada"@example.jp', "mail to [email]"),
        ("mail to taro@[192.168.0.9]", "mail to [email]"),
        ('she said "hi" @home', 'she said "hi" @home'),
        ("携帯 ０９０－１２３４－５６７８ へ", "携帯 [phone] へ"),
        ("card 4111 1111 1111 1111 123", "card [card] 123"),
        ("マイナンバー: 123456789018", "マイナンバー: [my-number]"),
        ("〒100-0001", "〒[postal-code]"),
        ('{"password": "a b", "n": 1}', '{"password": "[password]", "n": 1}'),
        ("Authorization: Bearer abc.DEF-123456", "Authorization: Bearer [token]"),
        ("Cookie: a=1; b=2", "Cookie: [cookie]"),
        ("key AKIAIOSFODNN7EXAMPLE", "key [key]"),
        ("氏名：山田太郎", "氏名：[name]"),
    ],
)
def test_the_kind_takes_the_place_of_the_data(text: str, masked: str) -> None:
    assert mask(text) == masked


def test_wide_digits_and_signs_stay_where_there_is_nothing_to_mask() -> None:
    assert mask("記事を１２０件配信しました（３秒）") == "記事を１２０件配信しました（３秒）"


def test_a_private_key_is_masked_over_all_its_lines_and_each_line_alone() -> None:
    body = ("MIIEpAIBAAKCAQEA0Z3VS5JJcds3xfn/ygWyF8PbnGy0AHB7MaxNvOZtxSXGnQaB", "q83vTest" * 8)
    key = f"-----BEGIN RSA PRIVATE KEY-----\n{body[0]}\n{body[1]}\n-----END RSA PRIVATE KEY-----"
    assert mask(f"loaded {key} at start") == "loaded [key] at start"
    assert mask(f"cut {key[:90]}") == "cut [key]"
    assert [mask(line) for line in body] == ["[key]", "[key]"]


def test_check_digits() -> None:
    assert passes_luhn("4111111111111111")
    assert not passes_luhn("4111111111111112")
    assert is_card("3530111333300000")
    assert not is_card("9111111111111111")
    assert is_my_number("123456789018")
    assert not is_my_number("123456789012")


def test_an_own_kind_that_its_expression_finds_is_masked_once() -> None:
    own = masker({"staff": "(?i)staff", "any": "x|n"})
    assert own.mask(own.mask("Staff of staff x")) == "[staff] of [staff] [any]"
    assert own.counts == {"staff": 2, "any": 1}


def test_own_kinds_and_addresses_are_masked_and_counted() -> None:
    own = masker({"subscriber": r"SUB-\d{6}"}, mask_ip=True)
    masked = own.mask("SUB-123456 came from 10.0.0.1 and 2001:db8::1, SUB-000001 too, 1.2.3.4.5 not")
    assert masked == "[subscriber] came from [ip] and [ip], [subscriber] too, 1.2.3.4.5 not"
    assert own.counts == {"subscriber": 2, "ip": 2}


_PIECES = (
    *("password", "=", ": ", '"', "'", "「", "」", "は", "4111 1111 1111 1111", "090-1234-5678", "a@b.jp", "token "),
    *(
        "[email]",
        "Bearer ",
        "Cookie: a=b; ",
        "氏名：",
        "山田",
        "です",
        "://u:p@h",
        "-p",
        "mysql ",
        "\\",
        "１２３",
        "\udcff",
    ),
    *(" ", "x1", "名前は", "東京都千代田区1-1", "〒", "100-0001", ":=", "login attempt [a/b]"),
)


_GATES = Gates(RULES)


@given(st.one_of(st.text(max_size=300), st.lists(st.sampled_from(_PIECES), max_size=12).map("".join)))
def test_masking_twice_changes_nothing_more(text: str) -> None:
    assert mask(mask(text)) == mask(text)


def hidden(text: str, gates: Gates) -> list[str]:
    """Return the gates that are shut though their rule finds something."""
    plain = folded(text)
    opened = gates.open(plain)
    return [rule.gate for rule in RULES if rule not in opened and list(rule.find(plain))]


def test_no_gate_hides_what_its_rule_finds() -> None:
    gates = Gates(RULES)
    lines = [MARKED.sub(r"\1", line) for line in (*PERSONAL, *LOOK_ALIKES)]
    assert [found for line in lines if (found := hidden(line, gates))] == []


@given(st.lists(st.sampled_from(_PIECES), max_size=12).map("".join))
def test_no_gate_hides_what_its_rule_finds_in_made_texts(text: str) -> None:
    assert hidden(text, _GATES) == []


def test_gates_are_as_good_after_hostile_texts() -> None:
    gates, random = Gates(RULES), Random(3)
    for _ in range(2_000):
        gates.open("".join(random.choices('abc019-_+/.() あ県番号名@:="', k=200)))
    assert not [line for line in PERSONAL if hidden(MARKED.sub(r"\1", line), gates)]


def test_long_runs_are_answered_quickly() -> None:
    for text in (
        "1 " * 5_000,
        "a@" * 5_000,
        "x-" * 5_000,
        "password" * 1_000,
        "://a:" * 2_000,
        "a." * 5_000,
        "sk-" * 5_000,
    ):
        assert mask(text) == text
