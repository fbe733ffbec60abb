"""What is taken out of texts, and what looks like it and stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.masking import is_my_number, mask, masker, passes_luhn


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("mail to taro.yamada+news@example.co.jp failed", "mail to [email] failed"),
        ("宛先：hanako@example.jp", "宛先：[email]"),
        ("call 03-1234-5678 now", "call [phone] now"),
        ("携帯は090-1234-5678です", "携帯は[phone]です"),
        ("携帯 ０９０－１２３４－５６７８", "携帯 [phone]"),
        ("call 09012345678", "call [phone]"),
        ("tel +81 3-1234-5678", "[phone]"),
        ("support +1 (555) 123-4567", "support [phone]"),
        ("card 4111 1111 1111 1111 refused", "card [card] refused"),
        ("card=4111111111111111", "card=[card]"),
        ("マイナンバー: 123456789018", "マイナンバー: [my-number]"),
        ("number 1234-5678-9018 given", "number [my-number] given"),
        ("Authorization: Bearer abc.DEF-123456", "Authorization: [password]"),
        ("sent bearer abcdef123456", "sent bearer [token]"),
        ("key AKIAIOSFODNN7EXAMPLE leaked", "key [key] leaked"),
        ("jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-DEF", "jwt [key]"),
        ("open postgres://app:s3cr3t@db:5432/news", "open postgres://app:[password]@db:5432/news"),
        ("login password=hunter2 ok", "login password=[password] ok"),
        ('{"api_key": "abc123"}', '{"api_key": [password]}'),
        ("パスワードは秘密です1 と入力", "パスワードは[password] と入力"),
        ("db_password: 'a b c'", "db_password: [password]"),
    ],
)
def test_personal_data_is_masked(text: str, masked: str) -> None:
    assert mask(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "Failed password for root from 10.0.0.1 port 22 ssh2",
        "token expired",
        "password: required",
        "order 4111111111111112 shipped",
        "2026-02-28 10:20:30.123456 done in 1234567890 ns",
        "block blk_3886504906413966012 of 12345678901234567890 bytes",
        "GET /articles/2026/02/28/1234567 200",
        "version 1.2.3-4567-8901",
        "記事を120件配信しました",
        "connect to 192.168.100.200:8080",
        "0x7f00aa11bb22 and 0b7e6f0a-2b1c-4d5e-8f90-123456789abc",
    ],
)
def test_look_alikes_stay(text: str) -> None:
    assert mask(text) == text


def test_check_digits() -> None:
    assert passes_luhn("4111111111111111")
    assert not passes_luhn("4111111111111112")
    assert is_my_number("123456789018")
    assert not is_my_number("123456789012")


def test_own_kinds_and_addresses_are_masked_and_counted() -> None:
    own = masker({"subscriber": r"SUB-\d{6}"}, mask_ip=True)
    assert own.mask("SUB-123456 came from 10.0.0.1, SUB-000001 too") == "[subscriber] came from [ip], [subscriber] too"
    assert own.counts == {"subscriber": 2, "ip": 1}


@given(st.text(max_size=300))
def test_masking_twice_changes_nothing_more(text: str) -> None:
    assert mask(mask(text)) == mask(text)


def test_long_runs_are_answered_quickly() -> None:
    for text in ("1 " * 5_000, "a@" * 5_000, "x-" * 5_000, "password" * 1_000, "://a:" * 2_000, "a." * 5_000):
        assert mask(text) == text
