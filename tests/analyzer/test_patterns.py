"""Which lines are known patterns, and which only look like it."""

import itertools
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.events import Severity
from analyzer.patterns import PREDEFINED, Kind, Pattern, PatternCatalogue
from analyzer.templates import TemplateMiner
from tests.analyzer.pattern_lines import KNOWN, LOOK_ALIKES

CATALOGUE = PatternCatalogue()
OTHER_DIGITS = str.maketrans("01236789", "32108967")
"""Of the digits of a status those that say whose mistake it was, 4 and 5, are kept."""


def own(pattern_id: str, expression: str) -> Pattern:
    return Pattern(pattern_id, pattern_id, pattern_id, Severity.LOW, (expression,), kind=Kind.CUSTOM)


@pytest.mark.parametrize("pattern_id", KNOWN)
def test_lines_of_real_software_are_known(pattern_id: str) -> None:
    lines = KNOWN[pattern_id].strip().split("\n")
    assert len(lines) > 25
    assert {line: CATALOGUE.match(line) for line in lines} == dict.fromkeys(lines, pattern_id)


def test_look_alikes_are_no_pattern() -> None:
    lines = LOOK_ALIKES.strip().split("\n")
    assert len(lines) > 400
    assert {line: found for line in lines if (found := CATALOGUE.match(line)) is not None} == {}


@pytest.mark.parametrize(
    ("pattern_id", "text"),
    [
        ("dns_error", "psycopg2.OperationalError: could not translate host name to address: Name or service not known"),
        ("disk_full", "sqlite3.OperationalError: database or disk is full"),
        ("authentication_failure", 'FATAL: password authentication failed for user "news"'),
        ("permission_denied", "ERROR: permission denied for table articles"),
        ("rate_limited", "S3Exception: Please reduce your request rate. (Status Code: 503; Error Code: SlowDown)"),
        ("process_crash", "server process (PID 12) was terminated by signal 11: Segmentation fault"),
        ("database_error", "connection to database refused"),
        ("database_error", "データベースへの接続がタイムアウトしました"),
        (
            "connection_refused",
            "redis.exceptions.ConnectionError: Error 111 connecting to cache:6379. Connection refused.",
        ),
        ("timeout", "net/http: TLS handshake timeout"),
        ("timeout", "Failed to connect to example.com: timed out"),
        ("http_server_error", "504 Gateway Time-out"),
    ],
)
def test_where_several_match_the_one_to_repair_is_named(pattern_id: str, text: str) -> None:
    assert CATALOGUE.match(text) == pattern_id


def test_cannot_connect_counts_as_refused_only_where_nothing_more_is_said() -> None:
    assert CATALOGUE.match("検索サーバーに接続できません") == "connection_refused"
    assert CATALOGUE.match("証明書が無効なため検索サーバーに接続できません") == "ssl_error"


def test_full_width_and_half_width_are_the_same() -> None:
    assert CATALOGUE.match("ＤＢエラーが発生しました") == "database_error"
    assert CATALOGUE.match("ﾃﾞｰﾀﾍﾞｰｽ接続に失敗しました") == "database_error"


@pytest.mark.parametrize(
    "form",
    [
        '10.0.0.1 - - [01/Mar/2026:10:00:00 +0900] "GET /a HTTP/1.1" {} 12',
        '{{"path": "/a", "status": {}, "bytes": 12}}',
        "method=GET path=/a status={} duration=1s",
        '[GIN] 2025/10/10 - 13:55:36 | {} |   12.311ms |      10.1.2.3 | GET      "/api/items"',
        "GET /a/b {} 3 ms - 12",
        'http-in servers/srv1 0/0/1/-1/5 {} 212 - - SC-- 1/1/0/0/3 0/0 "GET / HTTP/1.1"',
        "TCP_MISS/{} 4012 GET http://example.com/ - HIER",
        "Request finished HTTP/1.1 GET http://localhost:5000/api - {} - application/json",
        '"GET http://api/ HTTP/1.1" from 10.0.0.1:51234 - {} 21B in 42.1ms',
        "ClientResponseError: {}, message=x",
        "HTTP Error {}: x",
        "responded with a status of {} (x)",
        "received {} from upstream",
        "外部APIが{}を返しました",
        "HTTPステータス {} を受信",
        "応答コード: {}",
        "取得できません ({})",
    ],
)
def test_status_decides_in_whatever_order_the_miner_sees_lines_that_differ_in_digits(form: str) -> None:
    expected = {"200": None, "404": "http_client_error", "429": "rate_limited", "503": "http_server_error"}
    for order in itertools.permutations(expected):
        miner = TemplateMiner(CATALOGUE.match)
        assert {status: miner.add(form.format(status)).category for status in order} == expected


@pytest.mark.parametrize("form", ["worker exited with code {}", "exit status {}", "終了コード={}"])
def test_exit_code_of_zero_is_no_crash_in_whatever_order_they_come(form: str) -> None:
    for order in itertools.permutations(("0", "1", "139")):
        miner = TemplateMiner(CATALOGUE.match)
        found = {code: miner.add(form.format(code)).category for code in order}
        assert found == {"0": None, "1": "process_crash", "139": "process_crash"}


def test_first_of_the_users_own_patterns_is_the_one() -> None:
    catalogue = PatternCatalogue([own("paywall", "Paywall (?:down|lost)"), own("any_number", r"\d+")])
    assert catalogue.match_own("12 readers at Paywall down") == "paywall"
    assert catalogue.match_own("paywall down, 12 readers") == "any_number"
    assert catalogue.match_own("paywall down") is None
    assert catalogue.get("paywall") in list(catalogue)
    assert PatternCatalogue().match_own("Paywall down") is None


def test_table_has_the_fifteen_categories_in_both_languages() -> None:
    names = (
        "http_server_error http_client_error database_error ssl_error timeout out_of_memory disk_full "
        "authentication_failure rate_limited queue_backlog dns_error feed_parse_error connection_refused "
        "permission_denied process_crash"
    )
    assert {pattern.id for pattern in PREDEFINED} == set(names.split()) == set(KNOWN)
    assert all(pattern.name and pattern.name_ja and pattern.runbook and pattern.runbook_ja for pattern in PREDEFINED)


def test_no_wording_is_found_in_nothing() -> None:
    catalogue = PatternCatalogue(own(f"{pattern.id}_{n}", text) for pattern in PREDEFINED for n, text in every(pattern))
    assert catalogue.match_own("") is None
    assert catalogue.match_own(" / ") is None


def every(pattern: Pattern) -> Iterable[tuple[int, str]]:
    return enumerate((*pattern.expressions, *pattern.vague))


@given(st.text(max_size=300))
def test_any_text_is_answered(text: str) -> None:
    assert CATALOGUE.match(text) in {None, *(pattern.id for pattern in PREDEFINED)}


def test_lines_that_differ_from_one_seen_before_in_digits_get_their_own_answer() -> None:
    lines = [line for text in (*KNOWN.values(), LOOK_ALIKES) for line in text.strip().split("\n")]
    wrong = {}
    for line in lines:
        miner = TemplateMiner(CATALOGUE.match)
        miner.add(line.translate(OTHER_DIGITS))
        if (found := miner.add(line).category) != (expected := CATALOGUE.match(line)):
            wrong[line] = (found, expected)
    assert wrong == {}


@pytest.mark.parametrize(
    "part",
    [
        "timeout ",
        "database ",
        "error ssl ",
        "queue exceed",
        "a.",
        "a-",
        "a/",
        "0 ",
        "「",
        "title ",
        "エラー",
        "接続",
        "'",
        "= ",
    ],
)
def test_long_repetitive_lines_do_not_hang(part: str) -> None:
    assert CATALOGUE.match(f"failed {part * 4000}") in {None, *(pattern.id for pattern in PREDEFINED)}
