"""Bytes to lines: whatever the encoding, and wherever the bytes are cut."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.encodings import by_lines, known_codec
from analyzer.sources.lines import LONGEST_LINE_BYTES, LineCutter, decode

JAPANESE = "06:14:01 エラー: データベース接続に失敗しました（3回目）"
ENCODINGS = ("utf-8", "cp932", "euc_jp", "utf-16-le", "utf-16-be")


def cut(data: bytes, cuts: list[int], encoding: str = "auto") -> tuple[list[str], list[int], int]:
    """Return texts, sizes and how many were replaced, of data that comes in pieces."""
    bounds = [0, *sorted(at % (len(data) + 1) for at in cuts), len(data)]
    cutter = LineCutter(data[:256], encoding)
    texts: list[str] = []
    sizes: list[int] = []
    replaced = 0
    for begin, end in pairwise(bounds):
        lines = cutter.feed(data[begin:end])
        texts += map(decode, lines.lines)
        sizes += lines.sizes or [len(raw) + 1 for raw in lines.lines]
        replaced += lines.replaced
        assert sum(sizes) + cutter.pending_bytes == end
    return texts, sizes, replaced


@given(st.lists(st.integers(0, 10_000), max_size=6), st.sampled_from(ENCODINGS))
def test_lines_are_the_same_wherever_the_bytes_are_cut(cuts: list[int], encoding: str) -> None:
    lines = ["plain", JAPANESE, "", "処理を開始します", "x" * 300]
    data = "".join(f"{line}\n" for line in lines).encode(encoding)
    texts, sizes, replaced = cut(data, cuts)
    assert texts == lines
    assert sizes == [len(f"{line}\n".encode(encoding)) for line in lines]
    assert replaced == 0


@given(st.binary(max_size=2_000), st.lists(st.integers(0, 2_000), max_size=4), st.sampled_from(("auto", *ENCODINGS)))
def test_no_bytes_stop_it_and_none_are_lost_count_of(data: bytes, cuts: list[int], encoding: str) -> None:
    texts, _, _ = cut(data, cuts, encoding)
    assert all("\0" not in text for text in texts if encoding not in ("utf-16-le", "utf-16-be"))


@pytest.mark.parametrize("encoding", ["cp932", "euc_jp", "utf-8"])
def test_the_encoding_is_told_by_the_lines(encoding: str) -> None:
    assert by_lines([b"plain", JAPANESE.encode(encoding)]) == encoding


@pytest.mark.parametrize("text", ["café", "señor naïve déjà vu", "Grüße aus Köln", "Ångström"])
def test_western_text_is_not_taken_for_japanese(text: str) -> None:
    assert by_lines([text.encode("latin-1")]) is None


def test_one_damaged_line_does_not_change_the_encoding_of_the_others() -> None:
    lines = ["正常です", "処理を開始します", "処理を終了します"]
    data = b"".join(f"{line}\n".encode() for line in lines) + b"\xff\xfe broken\n"
    texts, _, replaced = cut(data, [])
    assert (texts[:3], replaced) == (lines, 1)


def test_a_long_line_is_cut_between_characters() -> None:
    for encoding in ENCODINGS:
        data = ("あ" * 100_000 + "\nnext\n").encode(encoding)
        texts, sizes, _ = cut(data, list(range(0, len(data), 30_001)), encoding)
        assert set(texts[0]) == {"あ"}
        assert len(texts[0].encode()) <= LONGEST_LINE_BYTES
        assert (texts[1], sum(sizes)) == ("next", len(data))


def test_encodings_have_names_and_others_are_refused() -> None:
    assert [known_codec(name) for name in ("Shift_JIS", "EUC-JP", "utf8")] == ["cp932", "euc_jp", "utf-8"]
    for name in ("no-such", "base64", "utf-32"):
        with pytest.raises(LookupError):
            known_codec(name)
