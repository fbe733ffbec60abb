"""Matchers as amtool writes them."""

from collections.abc import Mapping

import pytest

from alert_bridge.matchers import all_match, parse_matcher

LABELS: Mapping[str, str] = {"alertname": "FeedStuck", "instance": "news-1"}


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ('alertname="FeedStuck"', True),
        ("alertname=FeedStuck", True),
        ('alertname = "Other"', False),
        ('alertname!="Other"', True),
        ('instance=~"news-."', True),
        ('instance=~"news"', False),
        ('instance!~"db-.*"', True),
        ('"instance"="news-1"', True),
        ('severity=""', True),
        ('severity=~".+"', False),
        (r'instance=~"news-\\d"', True),
    ],
)
def test_a_matcher_means_what_it_means_to_alertmanager(text: str, matches: bool) -> None:
    assert all_match([parse_matcher(text)], LABELS) is matches


@pytest.mark.parametrize("text", ["", "alertname", '="x"', 'a=~"("', 'a="x'])
def test_what_is_no_matcher_is_said(text: str) -> None:
    with pytest.raises(ValueError, match="is not a"):
        parse_matcher(text)
