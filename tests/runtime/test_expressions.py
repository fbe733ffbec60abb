"""The user's own expressions: what is taken, what is refused and what is said then."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.expressions import Expression, InvalidExpression


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("(?=x)y", "look-around is not supported: match what stands beside it too"),
        ("(?<!x)y", "look-around is not supported"),
        (r"(a)\1", "back-references are not supported: write out"),
        ("(?P<a>x)(?P=a)", "back-references are not supported"),
        ("(?>x)", r"atomic and possessive repetition is not needed"),
        ("x++", r"atomic and possessive repetition is not needed"),
        (r"x\Z", r"\Z is not supported: write \z"),
        (r"\u3042", "write the character itself"),
        ("(?x) a", "comments are not supported: write it on one line"),
        ("(", "not a regular expression: missing )"),
        ("a" * 501, "has 501 characters, at most 500"),
        ("[あ-ん]{1,500}", "shorten its counted repetitions"),
    ],
)
def test_a_refused_expression_is_named_with_its_remedy(text: str, remedy: str) -> None:
    with pytest.raises(InvalidExpression) as refused:
        Expression("mine", text)
    assert str(refused.value).startswith("expression 'mine': ")
    assert remedy in str(refused.value)


@pytest.mark.parametrize("text", ["(a+)+$", "(x|xx)*y", ".*.*.*=", "([0-9a-f]{6,} ?){3,}"])
def test_expressions_that_would_hang_elsewhere_are_taken(text: str) -> None:
    assert not Expression("mine", text).search("x" * 4_096 + "!")


def test_named_groups_are_the_fields_of_a_line() -> None:
    line_format = Expression("format", r"\[(?P<level>\w+)\] (?P<program>\S+)?: ?(?P<message>.*)")
    assert line_format.field_names == {"level", "program", "message"}
    assert line_format.fields("[ERROR] : 接続に失敗") == {"level": "ERROR", "program": "", "message": "接続に失敗"}
    assert line_format.fields("ERROR") is None


def test_case_counts_unless_the_expression_says_otherwise() -> None:
    assert not Expression("mine", "fail").search("FAIL")
    assert Expression("mine", "(?i)fail").search("FAIL")


def test_empty_matches_are_not_replaced() -> None:
    assert Expression("mine", "x*").sub("-", "aéxxあx") == ("aé-あ-", 2)


@given(st.text(st.characters(), max_size=50))
def test_any_text_can_be_searched_and_what_does_not_match_stays(text: str) -> None:
    assert Expression("mine", r"\x00{60}").sub("-", text) == (text, 0)


def test_re2_is_loaded_only_where_there_are_expressions() -> None:
    program = "import sys, monitoring.integrated_monitor, analyzer.stages; print('re2' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
