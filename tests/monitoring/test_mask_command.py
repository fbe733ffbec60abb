"""`monitoring mask` as people and scripts use it."""

import io
import subprocess
import sys
from pathlib import Path

from monitoring.mask_command import MaskedLines, pieces
from runtime.masking import masker


def test_each_line_is_masked_as_soon_as_it_came(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text("analyzer: {masks: {subscriber: 'SUB-[0-9]+'}}\n")
    command = [sys.executable, "-m", "monitoring", "mask", "--mask-ip", "--config", str(tmp_path / "a.yml")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as it:
        assert it.stdin is not None
        assert it.stdout is not None
        for number in (b"1", b"2"):
            it.stdin.write(b"SUB-12 at 10.0.0.1 calls 090-1234-5678, " + number + b"\n")
            it.stdin.flush()
            assert it.stdout.readline() == b"[subscriber] at [ip] calls [phone], " + number + b"\n"
        it.stdin.close()


def masked(given: bytes) -> bytes:
    lines = MaskedLines(masker())
    return b"".join(lines.mask(line) for line in pieces(io.BytesIO(given)))


def test_ends_of_lines_and_bytes_that_are_no_text_stay() -> None:
    given = b"user taro@example.com logged in\r\n\nplain \xff"
    assert masked(given) == b"user [email] logged in\r\n\nplain \xff"


def test_a_private_key_over_several_lines_is_masked_to_its_end() -> None:
    key = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nMIIEpAIBAAKCAQEA0Z3VS5JJ\napp: wgyF8Pbn\nGy0A=\n"
    given = f"start\n{key}-----END RSA PRIVATE KEY----- loaded\nGy0AHB7M\n"
    expected = "start\n[key]\n[key]\n\n[key]\napp: [key]\n[key]\n[key] loaded\nGy0AHB7M\n"
    assert masked(given.encode()).decode() == expected


def test_a_key_that_was_cut_does_not_swallow_the_log() -> None:
    given = b"-----BEGIN PRIVATE KEY-----\nMIIEvQIBADAN\n2026-01-01 10:00:00 INFO all is well.\nwell\n"
    assert masked(given) == b"[key]\n[key]\n2026-01-01 10:00:00 INFO all is well.\nwell\n"


def test_a_very_long_line_stays_one_line() -> None:
    long = b"a@b.example " * 100_000
    assert masked(long + b"\nnext\n") == long.replace(b"a@b.example", b"[email]") + b"\nnext\n"
