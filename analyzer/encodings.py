"""Which encoding a log is in: UTF-8, or one of the older Japanese ones, told by its first lines that are not ASCII."""

import codecs
import re
from collections.abc import Iterable

AUTO = "auto"
UTF8 = "utf-8"

_OLDER = ("cp932", "euc_jp")
_LINES_LOOKED_AT = 100
_JAPANESE = re.compile(r"[\u3001-\u301f\u3041-\u30ff\u4e00-\u9fff\uff01-\uff5e]{2,}")
_HALF_WIDTH = re.compile(r"[\uff61-\uff9f]")
_MARKS = ((codecs.BOM_UTF8, UTF8), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


def known_codec(name: str) -> str:
    """Return Python's name of a text encoding. Raises LookupError for one that is not known or marks no line ends."""
    codec = codecs.lookup("cp932" if name.lower().replace("-", "_") in ("shift_jis", "sjis") else name)
    try:
        end = "\n".encode(codec.name)
    except (LookupError, TypeError, UnicodeError):
        raise LookupError(f"not a text encoding: {name}") from None
    if end != b"\n" and codec.name not in ("utf-16-le", "utf-16-be"):
        raise LookupError(f"lines cannot be found in {name}")
    return codec.name


def by_mark(head: bytes) -> str | None:
    """Return the encoding that a file's first bytes tell: by a byte order mark, or by the zeros of UTF-16."""
    for mark, encoding in _MARKS:
        if head.startswith(mark) and (encoding == UTF8 or b"\0" in head):
            return encoding
    even, odd = head[0:64:2].count(0), head[1:64:2].count(0)
    if odd >= 4 and not even:
        return "utf-16-le"
    if even >= 4 and not odd:
        return "utf-16-be"
    return None


def mark_of(encoding: str) -> bytes:
    """Return the byte order mark that a file of an encoding may begin with."""
    return next((mark for mark, one in _MARKS if one == encoding), b"")


def by_lines(lines: Iterable[bytes]) -> str | None:
    """Return the encoding of lines; None as long as they do not tell: they are ASCII, or no text at all."""
    telling = [line for line in lines if not line.isascii()][:_LINES_LOOKED_AT]
    if not telling:
        return None
    if 2 * sum(_decodes(line, UTF8) for line in telling) >= len(telling):
        return UTF8
    likeness = {encoding: sum(_likeness(line, encoding) for line in telling) for encoding in _OLDER}
    best = max(_OLDER, key=lambda encoding: likeness[encoding])
    return best if likeness[best] > 0 else None


def _decodes(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _likeness(line: bytes, encoding: str) -> int:
    """Return how much a line looks like Japanese: characters that stand together, less half-width ones.

    A line of Latin-1 is valid too, but has its accents one by one; EUC-JP read as Shift_JIS is half-width throughout.
    """
    try:
        text = line.decode(encoding)
    except UnicodeDecodeError:
        return 0
    return sum(map(len, _JAPANESE.findall(text))) - len(_HALF_WIDTH.findall(text))
