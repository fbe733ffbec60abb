"""Message -> shape: what a message says, without the values in it.

Values are recognised by how they look (numbers, addresses, paths, identifiers, dates, quoted texts) or by what stands
before them (`user=`, `for user`), so that a variable is known for one when it is seen first. Words stay words:
`Link ok` and `Link error` have different shapes. Status and error codes stay too, though they are digits.

While a shape is made, values and the digits of codes are single characters of Unicode's private use area.
"""

import re

from analyzer.codes import REQUEST, hide_codes
from analyzer.marks import ADDRESS, IDENTIFIER, MARK, PATH, VALUE, shown, without_foreign
from analyzer.names import without_booleans, without_names, without_names_of_addresses, without_pairs
from analyzer.states import STATE_SIGNS, STATE_WORDS, is_state

# --- Identifiers ----------------------------------------------------------------------------------------------------

_MIXED = r"(?:[a-f]++\d\w*+|[A-Za-z_]*+\d++[A-Za-z_]\w*+)"
"""A word with a digit before a letter, or of hexadecimal digits: always a value, whatever its letters."""
_UUID = r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b"
_RANDOM = re.compile(rf"\b(?:{_UUID}|{_MIXED}(?!\())".encode())
_LONG_QUOTE = re.compile("(?s)「(?:(?!「|」).){37,}」|『(?:(?!『|』).){37,}』".encode())
_HEXADECIMAL = re.compile(rb"\b[0-9a-f-]{7,}+\b")


def without_hexadecimal(raw: bytes) -> bytes:
    """Return a message without its long hexadecimal words; UUIDs are such."""
    return _HEXADECIMAL.sub(b"\0", raw)


def without_identifiers(raw: bytes) -> bytes:
    """Return a message without what no two lines share: words that mix digits and letters, long Japanese quotes."""
    return _LONG_QUOTE.sub(b"\1", _RANDOM.sub(b"\0", raw))


# --- Values by how they look ----------------------------------------------------------------------------------------

_MASKED = "address birthday card cookie email id-number ip key my-number name password phone postal-code token"
_PLACEHOLDER = re.compile(rf"(?<![\w-])[\w-]*+\[(?:{_MASKED.replace(' ', '|')})\][\w-]*", re.ASCII)
"""What masking leaves of personal data, with the word that it is part of."""
_LINK = re.compile(r"""\b[a-z][a-z0-9+.-]*+://[^\x00-\x20"'<>()\x7f-\U0010ffff]+(?<![.,;:\]}])""")
_COLONS = re.compile(
    r"""(?ax) (?<![\w:])
      (?: (?:[0-9a-fA-F]{1,2}:){5,} [0-9a-fA-F]{1,2}
        | (?=:*[0-9a-fA-F]) (?:[0-9a-fA-F]{0,4}:){3,7} (?:(?:\d{1,3}\.){3}\d{1,3} | [0-9a-fA-F]{0,4}) )
      (?![\w:])"""
)
_QUOTE = re.compile("[\"'`「『]")
_QUOTED = re.compile(
    r"""(?x) 「(?:[^「」]|「[^「」]*」)*」 | 『(?:[^『』]|『[^『』]*』)*』
      | (?<![\w"=:\\])"(?:[^"\\]|\\.){1,300}"(?![\w"]|\s?:)
      | (?<![\w'=])'[^']{1,300}'(?![\w']|\s?:\s?(?:["'\[{(\d\ue020-\ue023-]|[Tt]rue|[Ff]alse|None|null))
      | (?<![\w`])`[^`]{1,300}`(?![\w`])"""
)
_OUTCOME = re.compile(r"\b(?i:result|reason|status|state)\s$|(?:状態|結果|理由|判定)[はがを]?$", re.ASCII)
_OUTCOME_WORD = re.compile("[a-z]+(?:[-_][a-z]+)*|[一-龥ァ-ヶー]{1,8}")
_ESCAPED = re.compile(r'\\"[^"\\]{1,300}\\"')
_FIELD_FOLLOWS = re.compile(r"\s[\w.-]+=|$")
_AFTER_KEY = re.compile(r'"\s?:\s?$')
_QUOTED_STATES = STATE_WORDS - {"timeout", "retry", "exception"}
_COLLECTION = re.compile(
    r"""(?ax) (?<=[:=]) \s? \[ (?P<list> (?!\w*[Ee]rr)[^\[\](){}\x00-\x1f:=\ue000-\ue00f]{1,200} ) \]
      | \b[A-Z][a-z]\w*\( (?P<word> [a-z][\w.-]* ) \)
      | \b(?:Set|List|Seq|Array|ArrayBuffer|Vector|set|frozenset|list|tuple|deque)
        \( (?P<items> [^()]{1,300} ) \)"""
)
_LONGEST_STATE = 12  # characters between quotes; longer ones are values, as `without_identifiers` takes for granted
_MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_TIME = r"\d\d?:\d\d(?::\d\d(?:[.,]\d+)?)?(?:\s?(?:Z|UTC|GMT|JST|[A-Z]{1,3}[SD]?T|[AP]M|[+-]\d\d:?\d\d)\b)?"
_DATA_FILE = (
    "avro|bak|bin|bz2|cfg|cnf|conf|crt|csv|dat|data|db|dll|exe|gif|gz|html?|img|ini|jar|jpe?g|json|key|lock|log|map|md"
    "|parquet|pdf|pem|pid|png|rdb|rpm|deb|rss|so|sock|class|sql|sqlite3?|tar|tgz|tmp|toml|txt|war|xml|ya?ml"
    "|zip|zst|service|socket|timer|mount|automount|target|slice|scope|swap|device"
)
_DOMAIN = "com|net|org|edu|gov|io|jp|dev|info|local|localdomain|localhost|internal|lan|cloud|example|test"
_DATE_WORD = rf"(?:{_MONTH}|Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*+"
_LOOKS = re.compile(
    rf"""(?ax)
      (?P<words> (?<![^\s(\[])
        (?: (?!{_DATE_WORD}\b|[A-Z]\w*(?:Job|Mailer)\b|[0-9a-f]{{7}}|[0-9A-F]{{8}}) [A-Za-z]++[,;:]?+\s )++ )
    | (?P<a> (?<![\w.-]) (?:\d{{1,3}}\.){{3}}\d{{1,3}} (?::\d+)? (?![\w.-])
        | (?<![\w.@+-]) [\w.+-]++@[\w.-]*\w
        | (?<![\w$.-]) [A-Za-z0-9_-]+ (?:\.[\w$-]+){{2,}}
          (?<!Error)(?<!Exception)(?<!Warning)(?<!Timeout) (?::\d+)? (?![\w(]|\.\w)
        | (?<![\w$.@/-]) [A-Za-z0-9-]+ \.(?:{_DOMAIN}) (?::\d+)? (?![\w(-]|\.\w) )
    | (?P<p> (?<![\w<>.)/{VALUE}-])(?:~|\.{{1,2}})?/(?:[^\x00-\ \x7f-\U0010ffff"'<>()\[\]{{}},;|]+)(?<![.:])
        | \b[A-Za-z]:\\[^\s"'<>|,;]+ | (?<!\S)\\\\?\w[\w.$ -]*(?:\\[\w.$-]+)+
        | (?<![\w.-]) [\w-][\w.-]* \.(?:{_DATA_FILE}) (?![\w(-]|\.\w) )
    | (?P<v> \b(?:{_UUID} | {_MIXED})
        | \b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,?\s (?:{_MONTH}[a-z]*\s+\d+|\d+\s+{_MONTH}[a-z]*)
             (?:,?\s+\d{{4}})? (?:\s+{_TIME})? (?:\s+\d{{4}})?
        | \b{_MONTH}[a-z]*\s+\d\d? (?:,?\s+\d{{4}})? (?:\s+{_TIME})?
        | \b\d\d?[ /-]{_MONTH}[a-z]*[ /-]\d{{4}} (?:[ :]{_TIME})?
        | \b\d{{4}}[-/.]\d\d?[-/.]\d\d? (?:[T\s]{_TIME})? | (?<![\w.:]){_TIME}(?![\w:])
        | (?<![\w.])\d[\d,.]*\s?(?:[KMGTPkmgt]i?)?B\b
        | <\s?\d+\s?(?:[nuµμm]?s|secs?|seconds?|min|minutes?)\b
        | (?<![\w.])0[xX][0-9a-fA-F]+\b | \b[0-9a-f]{{7,}}\b | \b[0-9A-F]{{8,}}\b
        | (?<![\w.])[+-]?\d(?:[\wµμ]|[.,](?=\d)|\.(?=[a-z_]))*
        | (?<![\w.])[+-]\d\w* )
    | (?P<c> \b[A-Z]\w*(?:::\w+)*\#\w+ | (?<![\w:\ue000-\ue009]):[a-z_]\w*\b(?![:=])
        | \b(?!ActiveJob)[A-Z][A-Za-z0-9]+(?:Job|Mailer)\b )
    | (?P<i> \b[A-Za-z]\w*_-?\d+\b )
    | (?P<n> (?<=[A-Za-z_])\d+ | (?<![A-Za-z\d])\d+ )
    """
)
_LOOKS_LIKE = {"i": IDENTIFIER, "a": ADDRESS, "p": PATH, "v": VALUE, "n": VALUE, "c": VALUE}

_GLUE = r"[\w@~$+-]"
_INSIDE = r"[\w.@~$+-]"
_TAIL = re.compile(rf"({MARK})(?:/[\w.$/:@-]*\w|(?:\.[a-z]\w*)+\b)", re.ASCII)
_WHOLE = re.compile(
    rf"(?<!{_INSIDE}){_GLUE}*+{MARK}(?:{_INSIDE}*+(?:[:/|,]+{_INSIDE}*+)?{MARK})*{_INSIDE}*(?<![.-])(?!=)", re.ASCII
)
_LIST = re.compile(rf"([{IDENTIFIER}{ADDRESS}{PATH}])(?:,?\s\1)+")
_READINGS = re.compile(rf"{VALUE}(?:\s(?:{VALUE}|\*{{2,}}|N/A)){{2,}}")
_BOXED = re.compile(rf"\[(?=[^\s\[\]=]*{MARK})[^\s\[\]=]{{2,200}}\]")
_ARRAY = re.compile(rf"\[{MARK}(?:,\s?{MARK})+\]")
_NUMBERED = re.compile(rf"(?<![\w.-])[A-Za-z][\w.-]*(?=\[{MARK}\](?![=\w]))", re.ASCII)
_KEYED = re.compile(rf"(?<=:\s)(?:[A-Za-z][\w-]*:)+{MARK}(?!\S|\s[A-Za-z]\w*:)", re.ASCII)


def shape(message: str, *, coded: bool = True) -> str:
    """Return a message with its values replaced by `<*>`, white space made single.

    coded: it may hold codes; False saves the search for them.
    """
    text = without_foreign(" ".join(message.split()))
    text = hide_codes(text) if coded else text
    return shown(_joined(_LOOKS.sub(_marked, without_names(_without_signed(text)))))


def _without_signed(text: str) -> str:
    """Return a text in which the values are marked that a sign gives away."""
    if "[" in text:
        text = _PLACEHOLDER.sub(IDENTIFIER, text)
    if "://" in text:
        text = _LINK.sub(ADDRESS, text)
    if text.count(":") > 2:
        text = _COLONS.sub(ADDRESS, text)
    if '\\"' in text:
        text = _ESCAPED.sub(rf'\\"{VALUE}\\"', text)
    if "=" in text or ":" in text:
        text = without_pairs(text)
    if _QUOTE.search(text):
        text = _QUOTED.sub(_without_quoted, text)
    if "[" in text or "(" in text:
        text = _COLLECTION.sub(_without_collection, text)
    return without_booleans(text.replace(" ()", f" ({VALUE})"))


def _without_quoted(match: re.Match[str]) -> str:
    quoted = match[0]
    request = REQUEST.fullmatch(quoted)
    if request:
        return f'"{request[1]} {VALUE}"'
    content = quoted[1:-1]
    is_known = _AFTER_KEY.search(match.string, max(0, match.start() - 4), match.start()) is not None
    if is_known or _is_statement(match) or _is_state(content) or _is_outcome(match, content):
        return quoted
    return f"{quoted[0]}{VALUE}{quoted[-1]}"


def _is_statement(quoted: re.Match[str]) -> bool:
    """Return whether a quoted text is the message itself, the first field of a line of fields."""
    return quoted.start() == 0 and " " in quoted[0] and _FIELD_FOLLOWS.match(quoted.string, quoted.end()) is not None


def _is_outcome(quoted: re.Match[str], content: str) -> bool:
    """Return whether a quoted word tells what came of it: `Failed with result 'exit-code'`."""
    before = quoted.string[max(0, quoted.start() - 10) : quoted.start()]
    return _OUTCOME.search(before) is not None and _OUTCOME_WORD.fullmatch(content) is not None


def _is_state(content: str) -> bool:
    if len(content) > _LONGEST_STATE:
        return False
    return any(word.lower() in _QUOTED_STATES for word in content.split()) or bool(STATE_SIGNS.fullmatch(content))


def _without_collection(match: re.Match[str]) -> str:
    content = match["list"] or match["items"] or match["word"]
    if any(is_state(word) for word in re.findall(r"\w+", content)):
        return match[0]
    return match[0].replace(content, VALUE)


def _marked(match: re.Match[str]) -> str:
    kind = match.lastgroup or ""
    return match[0] if kind == "words" else _LOOKS_LIKE[kind]


def _joined(text: str) -> str:
    """Return a text in which values that stand together are one, and one with the word that they are part of."""
    text = _WHOLE.sub(_whole, _TAIL.sub(r"\1", text))
    if "[" in text:
        text = _BOXED.sub(_without_box, _NUMBERED.sub(VALUE, text))
    text = _KEYED.sub(VALUE, text) if ": " in text else text
    text = _LIST.sub(r"\1", without_names_of_addresses(text))
    return _ARRAY.sub(f"[{VALUE}]", _READINGS.sub(VALUE, text))


def _without_box(match: re.Match[str]) -> str:
    words = re.findall("[A-Za-z]+", match[0])
    return match[0] if any(map(is_state, words)) else f"[{VALUE}]"


def _whole(match: re.Match[str]) -> str:
    if len(match[0]) == 1:
        return match[0]
    return IDENTIFIER if IDENTIFIER in match[0] else VALUE
