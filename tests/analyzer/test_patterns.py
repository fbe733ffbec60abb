"""Which lines are known patterns, and which only look like it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.patterns import PREDEFINED, PatternCatalogue

CATALOGUE = PatternCatalogue()


@pytest.mark.parametrize(
    ("pattern_id", "text"),
    [
        ("out_of_memory", "Out of memory: Killed process 1234 (python)"),
        ("out_of_memory", "java.lang.OutOfMemoryError: Java heap space"),
        ("out_of_memory", "メモリ不足のため処理を中断しました"),
        ("disk_full", "write failed: No space left on device"),
        ("disk_full", "ディスク容量が不足しています"),
        ("disk_full", "disk /dev/sda1 is full"),
        ("process_crash", "worker 12 exited unexpectedly"),
        ("process_crash", "python[12]: segfault at 0 ip 00007f"),
        ("process_crash", "プロセスが異常終了しました"),
        ("database_error", "database connection failed"),
        ("database_error", "データベース接続に失敗しました"),
        ("database_error", "psycopg2.OperationalError: could not connect to server: Connection refused"),
        ("database_error", "ORA-12541: no listener"),
        ("database_error", "Deadlock found when trying to get lock"),
        ("database_error", "DB接続エラーが発生しました"),
        ("ssl_error", "ssl.SSLCertVerificationError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed"),
        ("ssl_error", "certificate for example.com has expired"),
        ("ssl_error", "SSL証明書の有効期限が切れています"),
        ("dns_error", "Temporary failure in name resolution"),
        ("dns_error", "could not resolve host: feeds.example.com"),
        ("dns_error", "feeds.example.jpの名前解決に失敗しました"),
        ("rate_limited", "429 Too Many Requests"),
        ("rate_limited", "API rate limit exceeded, retry in 60 s"),
        ("rate_limited", "APIの利用制限に達しました"),
        ("rate_limited", "request to api.example.com returned 429"),
        ("authentication_failure", "Failed password for invalid user admin from 10.0.0.1 port 22 ssh2"),
        ("authentication_failure", "authentication failure; logname= uid=0"),
        ("authentication_failure", "ユーザー認証に失敗しました"),
        ("http_server_error", '10.0.0.1 "GET /a HTTP/1.1" 500 123'),
        ("http_server_error", "HTTP 503 from https://example.com/feed"),
        ("http_server_error", "upstream answered 502 Bad Gateway"),
        ("http_server_error", "504 Gateway Timeout"),
        ("http_server_error", "ステータスコード500で失敗しました"),
        ("http_client_error", '10.0.0.1 "GET /a HTTP/1.1" 404 123'),
        ("http_client_error", "request failed with status 404"),
        ("feed_parse_error", "cannot parse feed https://a.example/rss"),
        ("feed_parse_error", "feed 12: XML parse error at line 3"),
        ("feed_parse_error", "xml.parsers.expat.ExpatError: not well-formed (invalid token)"),
        ("feed_parse_error", "フィードの解析に失敗しました"),
        ("queue_backlog", "delivery queue is full (10000 items)"),
        ("queue_backlog", "queue length 5000 exceeds 1000"),
        ("queue_backlog", "配信キューが滞留しています"),
        ("connection_refused", "connect to 10.0.0.1:80: Connection refused"),
        ("connection_refused", "接続が拒否されました"),
        ("permission_denied", "open /var/lib/x: Permission denied"),
        ("permission_denied", "ファイルへの書き込み権限がありません"),
        ("timeout", "Read timed out. (read timeout=30)"),
        ("timeout", "request to feed timed out after 30 s"),
        ("timeout", "timeout of 30000ms exceeded"),
        ("timeout", "外部APIの呼び出しがタイムアウトしました"),
        ("timeout", "connection timeout"),
    ],
)
def test_known_pattern_is_found(pattern_id: str, text: str) -> None:
    assert CATALOGUE.match(text) == pattern_id


@pytest.mark.parametrize(
    "text",
    [
        "0 errors",
        "completed with 0 errors and 0 timeouts",
        "timeout set to 30 s",
        "connection timeout set to 30 s",
        "timeout=30",
        "read timeout: 30s",
        "エラーは0件でした",
        "タイムアウトを30秒に設定しました",
        "database connected",
        "database backup completed without errors",
        "database migration done, no errors",
        "データベースに接続しました",
        "データベースのエラーはありません",
        '10.0.0.1 "GET /docs/timeout HTTP/1.1" 200 123',
        '10.0.0.1 "GET /errors/500 HTTP/1.1" 200 123',
        "processed 500 articles",
        "took 404 ms",
        "fetched 503 items from queue",
        "SSL certificate renewed",
        "authentication succeeded for user bob",
        "rate limit is 100 per minute",
        "queue is empty",
        "memory usage 40%",
        "free disk space: 20 GB",
        "process started",
        "password changed",
        "記事「データベースエラーの直し方」を配信しました",
        "DNS cache refreshed",
        "timeouts: 0, errors: 0",
        "recovered from connection timeout",
        "failed_tasks=0",
        "ディスクの空き容量は十分です",
        "証明書を更新しました",
        "port 5000 ready, status 200",
        "terminated process 12 normally",
    ],
)
def test_look_alike_is_no_pattern(text: str) -> None:
    assert CATALOGUE.match(text) is None


def test_table_has_the_fifteen_categories_in_both_languages() -> None:
    names = (
        "http_server_error http_client_error database_error ssl_error timeout out_of_memory disk_full "
        "authentication_failure rate_limited queue_backlog dns_error feed_parse_error connection_refused "
        "permission_denied process_crash"
    )
    assert {pattern.id for pattern in PREDEFINED} == set(names.split())
    assert all(pattern.name and pattern.name_ja and pattern.runbook and pattern.runbook_ja for pattern in PREDEFINED)


@given(st.text(max_size=300))
def test_any_text_is_answered(text: str) -> None:
    assert CATALOGUE.match(text) in {None, *(pattern.id for pattern in PREDEFINED)}


@pytest.mark.parametrize("word", ["timeout ", "database ", "errors ", "ssl ", "queue exceed", "certificate "])
def test_long_repetitive_lines_do_not_hang(word: str) -> None:
    assert CATALOGUE.match(word * 400) in {None, *(pattern.id for pattern in PREDEFINED)}
