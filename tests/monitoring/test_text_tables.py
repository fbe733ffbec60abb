"""Columns on a terminal."""

import io

from monitoring.text_tables import Progress, padded, shortened, sparkline, table, width


def test_japanese_takes_two_columns_and_marks_none() -> None:
    assert [width(text) for text in ("abc", "記事", "ｶﾅ", "ガ", "か\u3099")] == [3, 4, 2, 2, 2]
    assert (padded("記事", 6), padded("1", 3, right=True)) == ("記事  ", "  1")


def test_what_does_not_fit_is_cut_between_characters() -> None:
    assert shortened("記事を配信", 10) == "記事を配信"
    assert shortened("記事を配信", 8) == "記事を…"
    assert width(shortened("a記事を配信", 8)) <= 8


def test_the_last_column_gets_what_is_left() -> None:
    rows = [("1", "記事", "x" * 50), ("22", "b", "y")]
    assert table(("N", "K", "T"), rows, right=(0,), columns=30).splitlines() == [
        " N  K     T",
        f" 1  記事  {'x' * 19}…",
        "22  b     y",
    ]


def test_what_a_log_says_does_not_command_the_terminal() -> None:
    shown = table(("A", "B"), [("x\x07", "記事\u3000\x1b[2J\x9b31m\u202e\n")], right=(), columns=None)
    assert shown.splitlines() == ["A   B", "x�  記事\u3000�[2J�31m��"]


def test_a_sparkline_shows_the_least_and_the_most() -> None:
    assert sparkline([0, 1, 50, 100]) == " ▁▄█"
    assert sparkline([]) == ""


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_drawn_now_and_then_and_taken_away() -> None:
    now = [0.0]
    out = Terminal()
    progress = Progress(4_000_000, out, monotonic=lambda: now[0])
    progress.add(1_000_000)
    assert out.getvalue() == ""
    now[0] = 1.0
    progress.add(1_000_000)
    assert " 50%  2 MB, 2.0 MB/s, 1 s left" in out.getvalue()
    progress.end()
    assert out.getvalue().endswith("\r\x1b[K")
