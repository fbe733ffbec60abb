"""Personal data and secrets out of a text, before it is stored, shown or sent."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from analyzer.expressions import MOST_EXPRESSIONS, Expression, InvalidExpression

_KEY_WORDS = (
    r"pass(?:word|wd|phrase)?|pwd|secret|(?:api|access|private|secret|auth|client)[_-]?(?:key|token|secret)|token"
    r"|authorization|credentials?|session(?:[_-]?id)?|cookie|パスワード|暗証番号|秘密鍵|トークン"
)


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of personal data.

    hint: a text without any of these characters or words, lower case, cannot hold it (a cheap look before the search).
    replace: what a match becomes; returning it unchanged leaves it. Counted only where it changed something.
    """

    kind: str
    hint: tuple[str, ...]
    expression: re.Pattern[str]
    replace: Callable[[re.Match[str]], str]


def _by(kind: str) -> Callable[[re.Match[str]], str]:
    return lambda _: f"[{kind}]"


def _after_key(kind: str) -> Callable[[re.Match[str]], str]:
    return lambda match: f"{match['key']}[{kind}]"


def _card(match: re.Match[str]) -> str:
    digits = re.sub(r"\D", "", match[0])
    return "[card]" if passes_luhn(digits) and len(set(digits)) > 1 else match[0]


def _my_number(match: re.Match[str]) -> str:
    digits = re.sub(r"\D", "", match["number"])
    named = match["named"] or ""
    grouped = len(match["number"]) > len(digits)
    if named or (grouped and is_my_number(digits)):
        return f"{named}[my-number]"
    return match[0]


def passes_luhn(digits: str) -> bool:
    """Return whether a row of digits has the check digit of a payment card."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def is_my_number(digits: str) -> bool:
    """Return whether 12 digits have the check digit of a Japanese individual number.

    Source: Ordinance of the Ministry of Internal Affairs and Communications No. 85 of 2014, article 5.
    """
    if len(digits) != 12:
        return False
    weights = (6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)
    rest = sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False)) % 11
    return int(digits[11]) == (0 if rest <= 1 else 11 - rest)


_QUOTED_VALUE = r"""(?:"[^"]*"|'[^']*'|[^\s,;&"'<>)\]}]+)"""

RULES: Sequence[Rule] = (
    Rule(
        "key",
        ("-----begin", "akia", "ghp_", "gho_", "github_pat_", "sk-", "xox", "eyj", "glpat-", "aiza"),
        re.compile(
            r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?:.*?-----END [A-Z ]*PRIVATE KEY-----|.*)"
            r"|\bAKIA[0-9A-Z]{16}\b|\bgh[opsu]_[A-Za-z0-9]{20,}|\bgithub_pat_\w{20,}|\bsk-[A-Za-z0-9_-]{16,}"
            r"|\bxox[abeoprs]-[A-Za-z0-9-]{10,}|\bglpat-[\w-]{16,}|\bAIza[\w-]{30,}"
            r"|\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]+)?",
            re.DOTALL,
        ),
        _by("key"),
    ),
    Rule(
        "password",
        ("://",),
        re.compile(r"(?P<key>\b[a-z][a-z0-9+.-]*://[^\s:/@]*:)[^\s/@]+(?=@)", re.IGNORECASE),
        _after_key("password"),
    ),
    Rule(
        "password",
        ("=", ":", "は", "：", "："),
        re.compile(
            rf"""(?P<key>(?i:(?<![A-Za-z])[\w.-]*?(?:{_KEY_WORDS}))["']?\s*(?:=|:(?!//)|：|は)\s*)"""
            r"(?!\[|(?i:null|none|true|false|invalid|expired|failed|missing|required|incorrect)\b)"
            rf"(?i:(?:bearer|basic)\s+)?{_QUOTED_VALUE}"
        ),
        _after_key("password"),
    ),
    Rule(
        "token",
        ("bearer", "basic", "token "),
        re.compile(r"(?P<key>\b(?i:bearer|basic|token)\s+)(?=[\w.~+/=-]*\d|[\w.~+/=-]{20})[\w.~+/-]{8,}=*"),
        _after_key("token"),
    ),
    Rule(
        "email",
        ("@", "＠"),
        re.compile(r"(?<![A-Za-z0-9_.+-])[A-Za-z0-9_.+-]{1,64}[@＠](?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}"),
        _by("email"),
    ),
    Rule(
        "card",
        (),
        re.compile(r"(?<![\d.,-])(?:\d[ -]?){12,18}\d(?![\d.,]\d|\d)"),
        _card,
    ),
    Rule(
        "my_number",
        (),
        re.compile(
            r"(?P<named>(?:マイナンバー|個人番号|(?i:my[ _-]?number))(?:カード)?[\s:=：は]*)?"
            r"(?<![\d.,-])(?P<number>\d{4}[ -]?\d{4}[ -]?\d{4})(?![\d.,-]?\d)"
        ),
        _my_number,
    ),
    Rule(
        "phone",
        (),
        re.compile(
            r"(?<![A-Za-z0-9_.:-])(?:\+\d{1,3}[ -]?(?:\(0\)[ -]?|\(\d{1,4}\)[ -]?)?\d{1,4}(?:[ -]\d{2,4}){1,3}"
            r"|\+\d{10,14}|0\d{1,4}-\d{1,4}-\d{3,4}|\(0\d{1,4}\)[ ]?\d{1,4}-\d{3,4}|0\d{1,4}\(\d{1,4}\)\d{3,4}"
            r"|0[5789]0[ ]?\d{4}[ ]?\d{4}"
            r"|\(\d{3}\) ?\d{3}-\d{4}|\d{3}-\d{3}-\d{4})(?![A-Za-z0-9_-])"
            r"|(?:電話(?:番号)?|(?i:\btel|phone|fax))[\s.:=：はがを]*(?:\+?\d[\d ()-]{8,14}\d)"
        ),
        _by("phone"),
    ),
)
_IP = Rule(
    "ip",
    (".", ":"),
    re.compile(r"\b(?:\d{1,3}\.){3}\d{1,3}\b|(?<![\w:])(?:[0-9a-fA-F]{1,4}:){4,7}[0-9a-fA-F]{1,4}(?![\w:])"),
    _by("ip"),
)
_FEWEST_DIGITS = re.compile(r"(?:\d\D{0,2}){9}")
_WIDE = str.maketrans("０１２３４５６７８９－＋（）　", "0123456789-+() ")


@dataclass(slots=True)
class Masker:
    """Takes personal data out of texts and counts what it took.

    counts: items masked so far, by kind. Made by `masker`.
    """

    rules: Sequence[Rule] = RULES
    own: Mapping[str, Expression] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    def mask(self, text: str) -> str:
        """Return the text with personal data replaced by its kind in brackets, such as `[email]`."""
        if not text.isascii():
            text = text.translate(_WIDE)
        lower = text.lower()
        many_digits = _FEWEST_DIGITS.search(text) is not None
        for kind, expression in self.own.items():
            text, count = expression.sub(f"[{kind}]", text)
            if count:
                self.counts[kind] += count
        for rule in self.rules:
            if any(hint in lower for hint in rule.hint) if rule.hint else many_digits:
                text = rule.expression.sub(self._counted(rule), text)
        return text

    def _counted(self, rule: Rule) -> Callable[[re.Match[str]], str]:
        def replace(match: re.Match[str]) -> str:
            masked = rule.replace(match)
            if masked != match[0]:
                self.counts[rule.kind] += 1
            return masked

        return replace


def masker(own: Mapping[str, str] | None = None, *, mask_ip: bool = False) -> Masker:
    """Return a masker with all rules.

    own: the user's kinds and their expressions. mask_ip: addresses of machines too.
    Raises InvalidExpression for an expression that cannot be used, or more than 50 of them.
    """
    own = own or {}
    if len(own) > MOST_EXPRESSIONS:
        raise InvalidExpression(list(own)[MOST_EXPRESSIONS], f"more than {MOST_EXPRESSIONS} expressions")
    expressions = {kind: Expression(kind, text) for kind, text in own.items()}
    return Masker((*RULES, *((_IP,) if mask_ip else ())), expressions)


_DEFAULT = Masker()


def mask(text: str) -> str:
    """Return the text without personal data, by the rules that need no settings."""
    return _DEFAULT.mask(text)
