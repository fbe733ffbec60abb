"""`monitoring mask`: standard input without personal data and secrets, line for line."""

import argparse
import re
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

from analyzer.settings import Configuration
from runtime.settings import load

if TYPE_CHECKING:
    from runtime.masking import Masker

HELP = """\
Copy standard input to standard output line for line, without personal data and secrets: e-mail, telephone,
My Number, postal code, cards, tokens, keys, passwords, cookies; names, birthdays and addresses where a key names them.
Each becomes its kind in brackets, such as [email]. Kinds of your own: `analyzer.masks` of the settings. Bytes that are
no UTF-8 are copied as they are.
"""
EPILOG = """\
examples:
  tail -f app.log | monitoring mask
  monitoring mask --mask-ip --config newswatch.yml <app.log >shareable.log
exit codes: 0 done, 1 failed, 2 wrong use
"""
_LONGEST_PIECE = 1 << 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `mask`."""
    parser.add_argument("--mask-ip", action="store_true", help="mask the addresses of machines too")


def run(arguments: argparse.Namespace) -> int:
    """Copy standard input without personal data; each line goes out as soon as it came."""
    from runtime.masking import masker

    settings = load(Configuration, arguments.config).analyzer
    lines = MaskedLines(masker(settings.masks, mask_ip=settings.mask_ip or arguments.mask_ip))
    out = sys.stdout.buffer
    for line in pieces(sys.stdin.buffer):
        out.write(lines.mask(line))
        out.flush()
    return 0


class MaskedLines:
    """Masks lines one after the other; a private key over several lines is masked to its end."""

    def __init__(self, masker: "Masker") -> None:
        self._masker = masker
        self._in_key = False

    def mask(self, line: bytes) -> bytes:
        """Return a line, its end included, without personal data; bytes that are no UTF-8 stay."""
        body = line.rstrip(b"\r\n")
        text = body.decode("utf-8", "surrogateescape")
        if self._in_key:
            text, ended = _without_key_body(text)
            self._in_key = not ended
        self._in_key = self._in_key or (_KEY_BEGINS.search(text) is not None and _KEY_ENDS.search(text) is None)
        return self._masker.mask(text).encode("utf-8", "surrogateescape") + line[len(body) :]


_KEY_BEGINS = re.compile("-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY")
_KEY_ENDS = re.compile("-----END [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----")
_KEY_BODY = re.compile(
    r"(?<![A-Za-z0-9+/=])[A-Za-z0-9+/]{2,100}={0,2}\s*$|^\s*$|^(?:Proc-Type|DEK-Info|Version|Comment):.*"
)


def _without_key_body(text: str) -> tuple[str, bool]:
    """Return a line from within a private key without what is key, and whether the key ends there."""
    end = _KEY_ENDS.search(text)
    if end is not None:
        return f"{text[: end.start()]}[key]{text[end.end() :]}", True
    body = _KEY_BODY.search(text)
    if body is None:
        return text, True
    return f"{text[: body.start()]}[key]" if body[0].strip() else text, False


def pieces(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the lines of a stream; very long ones in pieces that end between two words."""
    rest = b""
    while piece := stream.readline(_LONGEST_PIECE):
        piece = rest + piece
        rest = b""
        if not piece.endswith(b"\n") and len(piece) >= _LONGEST_PIECE:
            head, space, tail = piece.rpartition(b" ")
            if space and len(tail) < _LONGEST_PIECE:
                piece, rest = head + space, tail
        yield piece
    if rest:
        yield rest
