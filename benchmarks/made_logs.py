"""Made logs, the same on every machine: few things said often, with other values each time."""

import random
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

BEGIN = datetime(2026, 3, 1, 9, tzinfo=UTC)
LINES_A_SECOND = 50
TEMPLATES = 400

_ACTIONS = "processed received loaded fetched stored opened checked scheduled parsed sent closed refused".split()  # noqa: SIM905
_THINGS = "feed article session job request connection file cache queue worker block index token message".split()  # noqa: SIM905
_PLACES = "primary replica upstream local remote shared archive staging mirror gateway ingest search".split()  # noqa: SIM905
_TAILS = (
    "id={n} in {m} ms for client {k}",
    "({n} bytes, {m} ms)",
    "from 10.{k}.{k}.{k}:{m} after {m} ms",
    "attempt {k} of {m}",
    "user_id={n} size={m}",
)
_HEX_TAILS = ("request {hex} took {m} ms", "id={uuid} size={m}", "block {hex} of {hex}", "trace {hex} for client {k}")
_JAPANESE = (
    "フィードの取得に成功しました（{n}件、{m}ミリ秒）",
    "記事{n}を保存しました: 所要時間{m}ミリ秒",
    "ユーザー{n}がログインしました",
    "バッチ処理を開始します（ジョブ番号{n}）",
    "バッチ処理が完了しました: {n}件中{m}件を更新",
    "データベース接続に失敗しました（{k}回目）",
    "キュー「取り込み」の残りは{n}件です",
    "応答が遅れています: {m}ミリ秒（しきい値{k}）",
)


def digits(lines: int) -> Iterator[str]:
    """Yield messages without header that differ in their numbers."""
    return _messages(lines, _TAILS)


def hexadecimal(lines: int) -> Iterator[str]:
    """Yield messages without header that differ in hexadecimal identifiers."""
    return _messages(lines, _HEX_TAILS)


def raw(lines: int) -> Iterator[str]:
    """Yield lines with time, level, logger and process."""
    return _with_header(_messages(lines, _TAILS))


def japanese(lines: int) -> Iterator[str]:
    """Yield lines with header, half of whose messages are Japanese."""
    chance = random.Random(4)

    def mixed() -> Iterator[str]:
        for message in _messages(lines, _TAILS):
            template = chance.choice(_JAPANESE)
            yield template.format(**_values(chance)) if chance.random() < 0.5 else message

    return _with_header(mixed())


LOGS: Mapping[str, Callable[[int], Iterator[str]]] = {
    "digits": digits,
    "hex": hexadecimal,
    "raw": raw,
    "japanese": japanese,
}
HEADED = frozenset(("raw", "japanese"))
"""Logs whose lines have a header."""


def write(path: Path, lines: Iterator[str]) -> Path:
    """Write lines to a file."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in lines)
    return path


def _messages(lines: int, tails: tuple[str, ...]) -> Iterator[str]:
    chance = random.Random(1)
    templates = [
        f"{chance.choice(_ACTIONS)} {chance.choice(_THINGS)} in {chance.choice(_PLACES)} {chance.choice(_THINGS)} "
        f"{chance.choice(tails)}"
        for _ in range(TEMPLATES)
    ]
    for _ in range(lines):
        yield templates[int(chance.random() ** 2 * TEMPLATES)].format(**_values(chance))


def _values(chance: random.Random) -> dict[str, object]:
    hexadecimal_digits = f"{chance.getrandbits(128):032x}"
    parts = (hexadecimal_digits[:8], "4" + hexadecimal_digits[8:11], "8" + hexadecimal_digits[11:14])
    return {
        "n": chance.randrange(10_000_000),
        "m": chance.randrange(5_000),
        "k": chance.randrange(256),
        "hex": hexadecimal_digits[:16],
        "uuid": f"{parts[0]}-{hexadecimal_digits[14:18]}-{parts[1]}-{parts[2]}-{hexadecimal_digits[20:]}",
    }


def _with_header(messages: Iterator[str]) -> Iterator[str]:
    chance = random.Random(2)
    at = BEGIN
    for number, message in enumerate(messages):
        at += timedelta(seconds=2 * chance.random() / LINES_A_SECOND)
        level = "ERROR" if number % 50 == 0 else "WARNING" if number % 20 == 0 else "INFO"
        stamp = f"{at:%Y-%m-%d %H:%M:%S},{at.microsecond // 1000:03d}"
        yield f"{stamp} {level} app.ingest.worker[{chance.randrange(30_000)}]: {message}"
