"""Message -> template: a streaming miner that keeps apart what differs in words and joins what differs in values.

Most lines differ from one seen before only in their digits, so a dictionary of lines without digits answers nearly all
of them. A miss goes the long way: personal data out, values out (what is left is the shape), the shape looked up, and a
word slot generalised once many different words were seen in it. Words that tell states apart (ok, error, started, 失敗)
are never generalised; status and error codes are kept, though they are digits.
"""

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

VARIABLE = "<*>"
OTHER = "other"

_DIGITS = b"0123456789"
_PROTECT = {ord(digit): 0xE000 + int(digit) for digit in "0123456789"}
_UNPROTECT = {code: chr(digit) for digit, code in _PROTECT.items()}

_CODE_FORM = r"""(?x)
    (?i: \b(?:status(?:[ _-]?code)?|response(?:[ _-]code)?|http(?:/[\d.]+)?|returned|code|ステータス(?:コード)?)
         ["']?(?:\ is)?[\s:="']* ({status}) (?![\d.]|\s?[mµ]?s\b) )
    | "[A-Z]+\ [^"\s]*(?:\ HTTP/[\d.]+)?"\s+({status})\b
    | (?i: \b(?:err(?:or)?|errno|exit|sqlstate|エラー)[ _-]?(?:code|status|no|number|コード)?
         [\s:=\#\[(]* (-?\d{1,5}) (?![\d.:,]|\s?[A-Za-z%件]) )
    | (?<![\w.-])([A-Z]{1,5}-?{code}) (?![\w.-])
    | (?i: (?<![\w.,:-])({zero}) (?=\s*(?:errors?|fail\w*|timeouts?|warnings?|exceptions?)\b) )
    | (?:エラー|失敗|警告|タイムアウト)[はが:\s]*({zero})\s*件
    """


def _code_pattern(status: str, code: str, zero: str) -> re.Pattern[str]:
    form = _CODE_FORM.replace("{status}", status).replace("{code}", code).replace("{zero}", zero)
    return re.compile(form)


_CODE = _code_pattern(r"[45]\d\d", r"\d{3,6}", "0")
"""Digits that say what happened; the groups hold them."""
_CODE_PLACE = _code_pattern(r"\d+", r"\d+", r"\d+")
"""Where such digits may stand, whatever they are: lines that differ only in digits agree on this."""
_NUMBER = re.compile(r"\d+", re.ASCII)
_NUMBER_VARIANTS = 1_024
_CODE_VARIANTS = 32  # more values of a code in one place than this, and it is a number like others

STATE_WORDS = frozenset(
    """
    abort aborted accept accepted active alive allow allowed bad block blocked broken cancel canceled cancelled close
    closed complete completed connect connected corrupt crashed critical dead degraded denied deny disable disabled
    disconnected down empty enable enabled end ended error errors exceeded exception exhausted exit exited expired fail
    failed failing failure fatal finish finished forbidden full good healthy idle inactive invalid killed lost missing
    no none normal not ok okay off offline on online open opened overloaded pass passed pause paused pending permitted
    queued ready recovered refused reject rejected reset restart restarted resume resumed retry running skipped start
    started starting stop stopped stopping succeed succeeded success successful successfully suspended terminated
    timeout unavailable unhealthy unknown unreachable up valid warn warning yes
    成功 失敗 開始 終了 完了 停止 再開 中断 正常 異常 接続 切断 拒否 許可 有効 無効
    起動 エラー 警告 タイムアウト 中 不可 可能
    """.split()  # noqa: SIM905 - a list of words reads better so
)
"""Words that tell states apart; a slot that holds one of them stays as it is."""
_HEALTH_KEYS = frozenset(
    "active alive available connected enabled error failed healthy ok online ready success up".split()  # noqa: SIM905
)
_MANY_PAIRS = 5  # a line with so many key=value pairs is a dump of parameters, its booleans are values

_PAIR = re.compile(
    r"""(?x) (\b[A-Za-z_][\w.-]*) (\s?=\s?|:(?=[\w"'-])) ( "[^"]*" | '[^']*' | [^\s,;()\[\]{}"'=:<]++(?!\s?=) )"""
)
_NAMED = re.compile(
    r"\b((?:for|by|as|from|to|of)\s(?:(?:invalid|unknown|illegal)\s)?(?:user|account|host))\s+([\w.@-]+)(?!\s?[=:(])"
)
_VALUE = re.compile(
    r"""(?x)
      「[^」]*」 | 『[^』]*』
    | (?<=\s)\(\)
    | \b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b
    | \b(?:[0-9a-fA-F]{2}[:-]){5,7}[0-9a-fA-F]{2}\b
    | (?<![\w:])(?:[0-9a-fA-F]{0,4}:){3,7}[0-9a-fA-F]{0,4}(?![\w:])
    | (?<![\w$.-])[A-Za-z0-9_-]+(?:\.[\w$-]+){2,}(?<!Error)(?<!Exception)(?![\w.(])
    | (?<![\w<>.)/-])(?:~|\.{1,2})?/(?:[^\x00-\ \x7f-\U0010ffff"'<>()\[\]{},;|]+)(?<![.:])
    | \b[A-Za-z]:\\[^\s"'<>|,;]+
    | \b0[xX][0-9a-fA-F]+\b
    | \b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),?\ (?:[A-Z][a-z]{2}\s+\d+|\d+\s+[A-Z][a-z]{2})[\d:\sA-Z]*\d{4}
    | \b\d{4}[-/.]\d\d?[-/.]\d\d?(?:[T\s-]\d\d[:.]\d\d(?:[:.]\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?
    | \b(?=[0-9a-fA-F]*\d)(?=[0-9a-fA-F]*[a-fA-F])[0-9a-fA-F]{6,}\b
    | (?<![\w.])[+-]?\d[\d,.]*(?:[eE][+-]?\d+)?(?<![,.])
    | \b[A-Za-z]+_-?\d{3,}\b | (?<=[A-Za-z])\d{3,} | (?<=[A-Za-z])\d+(?![A-Za-z\d(]) | (?<![A-Za-z\d])\d+
    """
)
_LINK = re.compile(r"""\b[a-z][a-z0-9+.-]*://[!-~]+(?<![.,;:)>\]"'])""")
_FOLD = re.compile(r"(?<!\w)-?<\*>(?:[,:/.|+_@-]{0,2}<\*>|\{<\*>\})*(?:(?:\s<\*>){2,})?")
_WORD = re.compile(
    r"(?:[A-Za-z_]|<\*>)(?:[\w$.\-]*(?:[\w$]|<\*>))*|[ァ-ヶー]+|[一-龥々]+|[ぁ-ん]+|[^\x00-\x7f\W]+|\s+|.",
    re.ASCII | re.DOTALL,
)
_NAMING = re.compile(r"[A-Za-zァ-ヶ一-龥]")
_LONGEST_SHAPE = 2_000
_MOST_WORDS = 80
_FEWEST_WORDS = 2  # a template keeps its first word and so many words in all


@dataclass(slots=True)
class Template:
    """A group of messages that say the same.

    id: short and stable, a hash of the text. text: values are `<*>`. general: positions in `words` that were
    generalised. used: the miner's tick of the last slow look-up.
    """

    id: str
    text: str
    words: tuple[str, ...]
    general: frozenset[int] = frozenset()
    used: int = 0


@dataclass(frozen=True, slots=True)
class Match:
    """What the miner says of a message; one object for all messages that differ only in digits.

    category: what the classifier said of it, None if nothing.
    """

    template: Template
    category: str | None


@dataclass(frozen=True, slots=True)
class _Coded:
    """A signature some of whose numbers may be codes.

    places: which of the numbers. by_numbers: look-up by their values. by_codes: by those of them that are codes.
    """

    places: tuple[int, ...]
    by_numbers: dict[tuple[str, ...], Match] = field(default_factory=dict)
    by_codes: dict[tuple[str, ...], Match] = field(default_factory=dict)

    def numbers(self, message: str) -> tuple[str, ...]:
        """Return the values in the places where codes may stand."""
        found = _NUMBER.findall(message)
        return tuple(found[place] for place in self.places if place < len(found))


def _unclassified(_: str) -> str | None:
    return None


def _unmasked(text: str) -> str:
    return text


def _untold(_: str, __: Template) -> None:
    return None


class TemplateMiner:
    """Mines templates from messages, one at a time, in bounded memory.

    classify: message -> category or None; called where a message differs in more than digits from those before.
    mask: takes personal data out of a message before a template is made of it. on_merge: told the id of a template that
    went into another, and that other.
    Attributes: version, which grows with every new template.
    many_values: so many different words in one place make it a variable.
    max_templates: beyond it the least recently needed quarter is forgotten. max_signatures: size of the first look-up.
    """

    def __init__(
        self,
        classify: Callable[[str], str | None] = _unclassified,
        mask: Callable[[str], str] = _unmasked,
        on_merge: Callable[[str, Template], None] = _untold,
        *,
        many_values: int = 6,
        max_templates: int = 10_000,
        max_signatures: int = 100_000,
    ) -> None:
        self._classify = classify
        self._mask = mask
        self._on_merge = on_merge
        self._many_values = many_values
        self._max_templates = max_templates
        self._max_signatures = max_signatures
        self._signatures: dict[bytes, Match | _Coded] = {}
        self._shapes: dict[str, Template] = {}
        self._templates: dict[str, Template] = {}
        self._general: dict[int, Template] = {}
        self._slots: dict[int, list[str]] = {}
        self._merged: dict[str, str] = {}
        self._tick = 0
        self.version = 0

    def __len__(self) -> int:
        return len(self._templates)

    def __iter__(self) -> Iterator[Template]:
        return iter(self._templates.values())

    def add(self, message: str) -> Match:
        """Return the template of one message; it is made if there is none yet."""
        if not message.isascii():
            message = unicodedata.normalize("NFKC", message)
        signature = message.encode("utf-8", "replace").translate(None, _DIGITS)
        found = self._signatures.get(signature)
        if isinstance(found, _Coded):
            numbers = found.numbers(message)
            return found.by_numbers.get(numbers) or self._add_coded(message, found, numbers)
        return found or self._add_slowly(message, signature)

    def resolve(self, template_id: str) -> str:
        """Return the id of the template that a template was generalised into, or the id itself."""
        while template_id in self._merged:
            template_id = self._merged[template_id]
        return template_id

    def text(self, template_id: str) -> str | None:
        """Return the text of a template, None if it is not known (any more)."""
        template = self._templates.get(self.resolve(template_id))
        return template.text if template else None

    def export_state(self) -> dict[str, Any]:
        """Return what is known, ready for JSON."""
        templates = [[template.text, sorted(template.general)] for template in self._templates.values()]
        return {"templates": templates, "merged": dict(self._merged)}

    def import_state(self, state: Mapping[str, Any]) -> None:
        """Take up what an earlier miner exported; templates get the ids they had."""
        for text, general in state.get("templates", ()):
            self._make(text, _words(text), frozenset(general))
        self._merged.update(state.get("merged", {}))

    def _add_slowly(self, message: str, signature: bytes) -> Match:
        if len(self._signatures) >= self._max_signatures:
            self._signatures.clear()
        places = _code_places(message)
        if not places:
            match = self._mine(message, keep_codes=False)
            self._signatures[signature] = match
            return match
        coded = _Coded(places)
        match = self._add_coded(message, coded, coded.numbers(message))
        self._signatures[signature] = coded
        return match

    def _add_coded(self, message: str, coded: _Coded, numbers: tuple[str, ...]) -> Match:
        codes = tuple(match[match.lastindex or 0] for match in _CODE.finditer(message))
        match = coded.by_codes.get(codes)
        if match is None:
            keep_codes = len(coded.by_codes) < _CODE_VARIANTS
            match = self._mine(message, keep_codes=keep_codes)
            if keep_codes:
                coded.by_codes[codes] = match
        if len(coded.by_numbers) >= _NUMBER_VARIANTS:
            coded.by_numbers.clear()
        coded.by_numbers[numbers] = match
        return match

    def _mine(self, message: str, *, keep_codes: bool) -> Match:
        self._tick += 1
        category = self._classify(message)
        text = shape(self._mask(_shortened(message)), keep_codes=keep_codes)
        template = self._shapes.get(text) or self._place(text)
        template.used = self._tick
        return Match(template, category)

    def _place(self, text: str) -> Template:
        """Find the general template that a new shape belongs to, or make one of its own."""
        words = _words(text)
        keys = _slot_keys(words)
        for _, key in keys:
            general = self._general.get(key)
            if general is not None:
                self._shapes[text] = general
                return general
        template = self._make(text, words)
        for position, key in keys:
            members = self._slots.get(key, ())
            if len(members) >= self._many_values:
                return self._generalise(template, position, key)
        return template

    def _make(self, text: str, words: tuple[str, ...], general: frozenset[int] = frozenset()) -> Template:
        if len(self._templates) >= self._max_templates:
            self._forget()
        self.version += 1
        template = Template(_identify(text), text, words, general, self._tick)
        self._templates[template.id] = self._shapes[text] = template
        for position, key in _slot_keys(words, general):
            if position in general:
                self._general[key] = template
            else:
                self._slots.setdefault(key, []).append(template.id)
        return template

    def _generalise(self, template: Template, position: int, key: int) -> Template:
        words = (*template.words[:position], VARIABLE, *template.words[position + 1 :])
        text = "".join(words)
        positions = template.general | {position}
        general = self._shapes.get(text) or self._make(text, words, positions)
        general.general |= positions
        self._general[key] = general
        for member in self._slots.pop(key, []):
            if member != general.id and member in self._templates:
                self._merged[member] = general.id
                self._shapes[self._templates.pop(member).text] = general
                self._on_merge(member, general)
        self._signatures.clear()
        return general

    def _forget(self) -> None:
        """Drop the least recently needed quarter of the templates and what points to them."""
        oldest = sorted(self._templates.values(), key=lambda template: template.used)
        kept = oldest[len(oldest) // 4 :]
        merged = self._merged
        for index in (self._templates, self._shapes, self._general, self._slots, self._signatures):
            index.clear()
        for template in kept:
            self._make(template.text, template.words, template.general).used = template.used
        self._merged = {old: new for old, new in merged.items() if new in self._templates}


def _shortened(message: str) -> str:
    return (
        message
        if len(message) <= _LONGEST_SHAPE
        else message[:_LONGEST_SHAPE].rpartition(" ")[0] or message[:_LONGEST_SHAPE]
    )


def shape(message: str, *, keep_codes: bool = True) -> str:
    """Return a message with its values replaced by `<*>`; status and error codes stay if asked for."""
    if keep_codes:
        message = _CODE.sub(_protect, message)
    if "://" in message:
        message = _LINK.sub(VARIABLE, message)
    pairs = _PAIR.findall(message) if "=" in message or ":" in message else ()
    if pairs:
        dump = len(pairs) >= _MANY_PAIRS
        message = _PAIR.sub(lambda pair: _without_value(pair, dump), message)
    message = _NAMED.sub(_without_name, " ".join(message.split()))
    text = _FOLD.sub(VARIABLE, _VALUE.sub(_without_content, message))
    return text.translate(_UNPROTECT) if keep_codes else text


def _code_places(message: str) -> tuple[int, ...]:
    """Return which of the numbers in a message, counted from 0, stand where codes do."""
    spans = [match.span(match.lastindex or 0) for match in _CODE_PLACE.finditer(message)]
    if not spans:
        return ()
    numbers = enumerate(_NUMBER.finditer(message))
    return tuple(place for place, number in numbers if any(start <= number.start() < end for start, end in spans))


def _protect(match: re.Match[str]) -> str:
    start, end = match.span(match.lastindex or 0)
    whole, offset = match[0], match.start()
    return whole[: start - offset] + whole[start - offset : end - offset].translate(_PROTECT) + whole[end - offset :]


def _without_value(pair: re.Match[str], dump: bool) -> str:
    key, mark, value = pair.groups()
    bare = value.strip("\"'")
    quote = value[0] if value[0] in "\"'" else ""
    if bare.lower() in ("true", "false"):
        return pair[0] if key.lower() in _HEALTH_KEYS and not dump else f"{key}{mark}{VARIABLE}"
    if bare.lower() in STATE_WORDS or not bare or (mark == ":" and not bare[:1].isdigit() and not dump):
        return pair[0]
    if "\ue000" <= bare[-1] <= "\ue009":
        return pair[0]
    return f"{key}{mark}{quote}{VARIABLE}{quote}"


def _without_name(named: re.Match[str]) -> str:
    return named[0] if named[2].lower() in STATE_WORDS else f"{named[1]} {VARIABLE}"


def _without_content(value: re.Match[str]) -> str:
    text = value[0]
    return f"{text[0]}{VARIABLE}{text[-1]}" if text[0] in "「『(" else VARIABLE


def _words(text: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(text))


def _slot_keys(words: tuple[str, ...], general: frozenset[int] = frozenset()) -> list[tuple[int, int]]:
    """Return for each word that is or could turn out to be a value its position and a key of everything around it."""
    if len(words) > _MOST_WORDS:
        return []
    naming = [position for position, word in enumerate(words) if _NAMING.search(word) or position in general]
    if len(naming) <= _FEWEST_WORDS:
        return []
    return [
        (position, hash((position, words[:position], words[position + 1 :])))
        for position in naming[1:]
        if position in general or words[position].lower() not in STATE_WORDS
    ]


def _identify(text: str) -> str:
    return "t" + hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=6).hexdigest()[:11]
