from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alert_bridge.alerts import Severity, Status
from alert_bridge.notify.messages import as_html, as_text, compose, one_line
from alert_bridge.notify.notifier import Event, Language
from tests.alert_bridge.notify_parts import ALERT, notification


def test_message_says_what_since_when_how_far_why_who_and_where_to_act() -> None:
    text = as_text(compose(notification(timezone="Asia/Tokyo")))
    assert text == (
        "[HIGH] CPU 93.5 % on news-1\n"
        "\n"
        "Alert: CpuHigh (HIGH)\n"
        "Where: exporter, news-1:9105\n"
        "Since: 2026-01-31 12:00:00 JST\n"
        "Value: 93.5 (threshold 84.25)\n"
        "Why: Above what this hour of the week usually shows.\n"
        "In the logs: connection to * refused (12 times)\n"
        "Who has it: Nobody yet\n"
        "What to do: Look at the queue.; Add a worker.\n"
        "Runbook: https://wiki.example.com/cpu\n"
        "\n"
        "Open the alert: https://watch.example.com/#/alerts/alert_1\n"
        "To stop further messages, acknowledge it there.\n"
    )


def test_message_is_japanese_where_asked() -> None:
    text = as_text(compose(notification(language="ja")))
    assert text.startswith("[HIGH] news-1 の CPU 使用率が 93.5 % です\n")
    assert "理由: この時間帯の普段の値を超えています。" in text
    assert "値: 93.5 (閾値 84.25)" in text
    assert "担当: 担当者なし" in text


@pytest.mark.parametrize(
    ("event", "language", "headline"),
    [
        (Event.ACKNOWLEDGED, "en", "sato has it: CPU 93.5 % on news-1"),
        (Event.ESCALATED, "en", "[HIGH] Nobody has it yet: CPU 93.5 % on news-1"),
        (Event.RESOLVED, "en", "Resolved: CPU 93.5 % on news-1"),
        (Event.TEST, "en", "Test: messages from Newswatch arrive here"),
        (Event.BUNDLE, "en", "1 alerts, the worst is HIGH"),
        (Event.RESOLVED, "ja", "解決: news-1 の CPU 使用率が 93.5 % です"),
        (Event.BACKFILL, "ja", "Newswatch の停止中に発生または解決したアラート 1 件"),
    ],
)
def test_headline_fits_the_event(event: Event, language: Language, headline: str) -> None:
    alert = replace(ALERT, acknowledged_by="sato", status=Status.ACKNOWLEDGED)
    assert compose(notification(event, language=language, alerts=(alert,))).headline == headline


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("event", list(Event))
def test_every_event_has_words_in_every_language(event: Event, language: Language) -> None:
    assert "{" not in as_text(compose(notification(event, language=language)))


def test_bundle_lists_the_worst_first_and_counts_the_rest() -> None:
    low = replace(ALERT, severity=Severity.LOW, message="disk fills")
    critical = replace(ALERT, severity=Severity.CRITICAL, message="database gone")
    message = compose(notification(Event.BUNDLE, alerts=(low,) * 30 + (critical,), total=500))
    assert message.headline == "500 alerts, the worst is CRITICAL"
    assert message.items[0] == "[CRITICAL] database gone (2026-01-31 03:00:00 UTC)"
    assert message.items[-1] == "and 480 more"
    assert message.link == "https://watch.example.com/#/alerts"


def test_no_link_where_the_page_has_no_address() -> None:
    message = compose(notification(external_url=None))
    assert message.link is None
    assert "Open" not in as_text(message)


def test_html_escapes_what_alerts_bring() -> None:
    hostile = '<img src=x onerror="alert(1)">'
    alert = replace(ALERT, message=hostile, labels={"job": hostile}, reason=hostile, comment=hostile)
    shown = as_html(compose(notification(alerts=(alert,))), "en")
    assert "<img" not in shown
    assert shown.count("&lt;img src=x onerror=&quot;alert(1)&quot;&gt;") == 5


@given(st.text())
def test_one_line_is_one_short_line_that_can_be_encoded(text: str) -> None:
    line = one_line(text, 50)
    assert len(line) <= 50
    assert len(line.splitlines()) <= 1
    line.encode()


def test_direction_characters_cannot_turn_a_text_around() -> None:
    assert one_line("a\u202eb\r\nBcc: c") == "a b Bcc: c"


def test_the_steps_of_a_runbook_are_in_the_language_of_the_message() -> None:
    alert = replace(ALERT, annotations={"runbook_url": "docs/runbooks/NewErrorPattern.md"})
    assert "画面で新しいパターンの例を読む。" in as_text(compose(notification(alerts=(alert,), language="ja")))
    assert "Read the new pattern's examples on the page." in as_text(compose(notification(alerts=(alert,))))
