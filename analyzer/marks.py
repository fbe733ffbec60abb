"""What stands for values and codes while a shape is made: single characters of Unicode's private use area."""

VARIABLE = "<*>"
"""What stands for a value in a finished shape."""

VALUE, IDENTIFIER, ADDRESS, PATH = "\ue020\ue021\ue022\ue023"
MARK = "[\ue020-\ue023]"
"""A regular expression for any of them."""

NAME = "\ue024"
"""What stands for a likely name in a shape that is otherwise finished."""

_HIDDEN = {ord(digit): 0xE000 + int(digit) for digit in "0123456789"}
_SHOWN: dict[int, str] = {code: chr(digit) for digit, code in _HIDDEN.items()}
_SHOWN.update({ord(mark): VARIABLE for mark in (VALUE, IDENTIFIER, ADDRESS, PATH)})
_FOREIGN = dict.fromkeys(range(0xE000, 0xE030), "\ufffd")


def without_foreign(text: str) -> str:
    """Return a text in which none of these characters stands yet."""
    return text if text.isascii() else text.translate(_FOREIGN)


def hidden(digits: str) -> str:
    """Return digits as characters that nothing takes for digits."""
    return digits.translate(_HIDDEN)


def is_hidden(character: str) -> bool:
    """Return whether a character is a hidden digit."""
    return "\ue000" <= character <= "\ue009"


def shown(text: str) -> str:
    """Return a text with `<*>` for each value, and with the hidden digits."""
    return text.translate(_SHOWN)
