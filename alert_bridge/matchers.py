"""Matchers of Alertmanager: which labels an alert must have, as in `severity=~"warn.*"`."""

import json
import re
from collections.abc import Iterable, Mapping

Matcher = tuple[str, str, bool, bool]
"""Name, value, whether that is a regular expression, whether it has to match."""

_FORM = re.compile(
    r"""\s*("(?:[^"\\]|\\.)+"|[^\s"{}=!~,]+)\s*(=~|!~|!=|=)\s*("(?:[^"\\]|\\.)*"|[^"]*?)\s*""", re.DOTALL
)


def parse_matcher(text: str) -> Matcher:
    """Read a matcher as amtool and Alertmanager's API write it. Raises ValueError."""
    found = _FORM.fullmatch(text)
    if found is None:
        raise ValueError(f'{text[:80]!r} is not a matcher such as severity="critical" or instance=~"news-.*"')
    name, how, value = found.groups()
    is_regex, wanted = how.endswith("~"), _unquoted(value)
    if is_regex:
        _require_expression(wanted)
    return _unquoted(name), wanted, is_regex, not how.startswith("!")


def all_match(matchers: Iterable[Matcher], labels: Mapping[str, str]) -> bool:
    """Tell whether labels fit; a label that is missing is empty, an expression that is none matches nothing."""
    return all(
        _matches(labels.get(name, ""), value, is_regex) is is_equal for name, value, is_regex, is_equal in matchers
    )


def _unquoted(text: str) -> str:
    return str(json.loads(text, strict=False)) if text.startswith('"') else text


def _require_expression(text: str) -> None:
    import re2  # type: ignore[import-untyped]  # loaded only where there are expressions

    try:
        re2.compile(text)
    except re2.error as error:
        raise ValueError(f"{text[:80]!r} is not a regular expression: {error}") from None


def _matches(value: str, wanted: str, is_regex: bool) -> bool:
    if not is_regex:
        return value == wanted
    import re2

    try:
        return re2.fullmatch(wanted, value) is not None
    except re2.error:
        return False
