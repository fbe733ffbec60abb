"""Message -> shape: what a message says, without the values in it.

Values are recognised by how they look (numbers, addresses, paths, identifiers, dates, quoted texts) or by what stands
before them (`user=`, `for user`), so that a variable is known for one when it is seen first. Words stay words:
`Link ok` and `Link error` have different shapes. Status and error codes stay too, though they are digits.

While a shape is made, values and the digits of codes are single characters of Unicode's private use area.
"""

import re

from analyzer.codes import REQUEST, SHOW_CODES, hide_codes, is_hidden

VARIABLE = "<*>"

STATE_WORDS = frozenset(
    """
    abort aborted accept accepted active alive allow allowed bad block blocked broken cancel canceled cancelled close
    closed complete completed connect connected corrupt crashed critical dead degraded denied deny disable disabled
    disconnect disconnected down empty enable enabled end ended error errors exceeded exception exhausted exit exited
    expired fail failed failing failure fatal finish finished forbidden found free full good healthy high idle inactive
    invalid killed leader follower locked lost low missing new no none normal not off offline ok okay old on online open
    opened overloaded pass passed pause paused pending permitted primary queued ready recovered refused reject rejected
    replica reset restart restarted resume resumed retry running secondary skipped slow standby start started starting
    stop stopped stopping succeed succeeded success successful successfully suspended terminated timeout unavailable
    unhealthy unknown unlocked unreachable up valid warn warning yes
    """.split()  # noqa: SIM905 - a list of words reads better so
)
"""Words that tell states apart: no value, and no variable however many different ones are seen in one place."""

STATE_SIGNS = re.compile(
    "成功|失敗|開始|終了|完了|停止|再開|中断|中止|正常|異常|接続|切断|拒否|許可|有効|無効|起動|不可|可能|不足|超過|不明|不正|未|済|"
    "障害|復旧|回復|遅延|欠損|破損|検知|検出|エラー|警告|タイムアウト|オンライン|オフライン|リトライ|スキップ|キャンセル|クラッシュ"
)
"""The same in Japanese, where words run into each other."""

# --- Marks ----------------------------------------------------------------------------------------------------------

_VALUE, _IDENTIFIER, _ADDRESS, _PATH = "\ue020\ue021\ue022\ue023"
_MARK = "[\ue020-\ue023]"
_SHOW = {**SHOW_CODES, **{ord(mark): VARIABLE for mark in (_VALUE, _IDENTIFIER, _ADDRESS, _PATH)}}
_FOREIGN = dict.fromkeys(range(0xE000, 0xE030), "\ufffd")

# --- Identifiers ----------------------------------------------------------------------------------------------------

_MIXED = r"(?:[a-f]++\d\w*+|[A-Za-z_]*+\d++[A-Za-z_]\w*+)(?!\()"
"""A word with a digit before a letter, or of hexadecimal digits: always a value, whatever its letters."""
_UUID = r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b"
_LONG_QUOTE = "(?s:「(?:(?!」).){37,}」|『(?:(?!』).){37,}』)"
_RANDOM = re.compile(rf"\b(?:{_UUID}|{_MIXED})|{_LONG_QUOTE}".encode())
_HEXADECIMAL = re.compile(rb"\b[0-9a-f-]{7,}+\b")


def without_hexadecimal(raw: bytes) -> bytes:
    """Return a message without its long hexadecimal words; UUIDs are such."""
    return _HEXADECIMAL.sub(b"\0", raw)


def without_identifiers(raw: bytes) -> bytes:
    """Return a message without what no two lines share: words that mix digits and letters, long Japanese quotes."""
    return _RANDOM.sub(b"\0", raw)


# --- Values by what stands before them ------------------------------------------------------------------------------

_NAME_KEYS = frozenset(
    """
    account addr address agent author bind branch browser bucket category channel checksum city client cluster column
    command commit container country customer database db dest destination dev device digest dir directory disk dn
    domain dst email feed field file filename folder from genre group guid hash host hostname id image index interface
    ip job key keyword lang language link locale location login mail member model name namespace node ns owner path
    peer pod process publisher q query queue recipient ref region room schema section sender server sid source src
    subject table tag target task team tenant thread title to token topic ua uid uri url user username uuid version
    volume worker zone
    """.split()  # noqa: SIM905
)
"""Keys (their last word) whose values are names: `user=alice`. A word after another key says what is: `state=up`."""
_SAYING_KEYS = frozenset(
    "cause description detail details err error event exception message msg reason result status".split()  # noqa: SIM905
)
_HEALTH_KEYS = frozenset(
    "active alive available connected enabled error failed healthy ok online ready success up".split()  # noqa: SIM905
)
_NOTHING = frozenset("null nil none undefined n/a nan - ?".split())  # noqa: SIM905
_MANY_PAIRS = 5  # a line with so many key=value pairs is a dump of parameters, its booleans are values

_PAIR = re.compile(
    r"""(?x) ((?<![\w.-])[A-Za-z_][\w.-]*+) (\s?=\s?|:(?=[\w"'-]))
        ( "[^"]*" | '[^']*' | [A-Za-z]\w*\{[^\s{}]*\} | [^\s,;()\[\]{}"'=:<|]++(?!\s?=|[({]) )"""
)
_LAST_WORD = re.compile(r"[A-Z]?[a-z0-9]+$|[A-Z]+$")
_PLAIN = re.compile(r"[A-Za-z][A-Za-z_-]*", re.ASCII)
_PROPERTY = re.compile(r"(?<=\w:)[a-z]\w*(?:\.\w+)+=.*")

_A_NAME = rf"(?:[\w.@\\$-]*\w\$?|{_MARK})"
_NAMED = re.compile(
    rf"""(?ax)
      (?P<before>
        \b(?i:for|by|as|from|to|of|invalid|illegal|unknown|new|add(?:ed|ing)?|creat(?:ed?|ing)|delet(?:ed?|ing)
          |remov(?:ed?|ing)|lock(?:ed|ing)?|unlock(?:ed|ing)?)
          \s(?:(?:invalid|unknown|illegal|the|new)\s)?(?i:user|account|host|username|login)\s
        | \b(?i:user|account)\s
          (?={_A_NAME}\s(?i:from|logged|signed|has|is|was|authenticated|connected|requested)\b)
        | \b(?i:password|passwd|publickey|auth\w*|log-?[io]n|logon|session|access|credentials|sudo|su)
          \s(?:\w+\s)?for\s(?:(?:invalid|unknown|illegal)\s)?(?:user\s)?
      )
      (?P<name>{_A_NAME}) (?!\s?[=:(]|\w)"""
)
_NAMED_HINTS = ("user", "account", "host", "login", " for ")
_JAPANESE_NAMED = re.compile(
    rf"""(?ax)
      (?P<before>
        (?:ユーザー?|アカウント|ホスト|サーバー?|ジョブ|タスク|テーブル|キュー|トピック|ファイル|フィード|チャンネル|カテゴリー?
          |ソース|配信元|取得元|記者|著者|担当者|端末|ノード|インスタンス|コンテナ)(?:名|ID)?[\s:=]?\s?(?=[A-Za-z])
      )
      (?P<name>{_A_NAME}) (?!\s?[=:(]|\w)"""
)
_JAPANESE_PAIR = re.compile(
    r"""(?x)
      ( (?:カテゴリー?|ジャンル|媒体|配信元|取得元|送信元|送信先|宛先|著者|記者|ユーザー?|ホスト|サーバー?|ファイル
          |テーブル|キュー|タイトル|見出し|件名|地域|言語|名前|担当者?|部署|端末|対象|キーワード|ID)
        (?:名|ID)? \s?[:=]\s? )
      ( [^\s、。,;()\[\]「」『』"']+ )"""
)
_PERSON = re.compile(r"(?:[一-龥々]{1,6}|[ァ-ヶー]{2,12}|[A-Za-z]+)(?=さん)(?<![皆客])")
_NO_NAMES = frozenset("the a an this that all any each every users details of in and or".split())  # noqa: SIM905


def _without_value(pair: re.Match[str], dump: bool) -> str:
    key, mark, value = pair.groups()
    quote = value[0] if value[0] in "\"'" else ""
    bare = value.strip("\"'")
    last = _LAST_WORD.search(key)
    name = last[0].lower() if last else ""
    if _is_kept(name, bare, quoted=bool(quote), dump=dump):
        return pair[0]
    if mark == ":" and not (bare[:1].isdigit() or quote or dump or name in _NAME_KEYS):
        return pair[0]
    return f"{key}{mark}{quote}{_VALUE}{quote}"


def _is_kept(key: str, value: str, *, quoted: bool, dump: bool) -> bool:
    lower = value.lower()
    if lower in ("true", "false"):
        return key in _HEALTH_KEYS and not dump
    if lower in _NOTHING:
        return False
    if not value or lower in STATE_WORDS or STATE_SIGNS.search(value) or is_hidden(value[-1]):
        return True
    if quoted:
        return key in _SAYING_KEYS
    return key not in _NAME_KEYS and _PLAIN.fullmatch(value) is not None


def _without_name(named: re.Match[str]) -> str:
    name = named["name"]
    before = named[0][: -len(name)]
    return named[0] if name.lower() in STATE_WORDS | _NO_NAMES else f"{before}{_VALUE}"


# --- Values by how they look ----------------------------------------------------------------------------------------

_PLACEHOLDER = re.compile(
    r"(?<![\w-])[\w-]*+\[(?:key|password|token|email|card|my-number|phone|postal-code|ip)\][\w-]*", re.ASCII
)
_LINK = re.compile(r"""\b[a-z][a-z0-9+.-]*+://[!-~]+(?<![.,;:)>\]"'}])""")
_COLONS = re.compile(
    r"""(?ax) (?<![\w:])
      (?: (?:[0-9a-fA-F]{1,2}:){5,} [0-9a-fA-F]{1,2}
        | (?=:*[0-9a-fA-F]) (?:[0-9a-fA-F]{0,4}:){3,7} (?:(?:\d{1,3}\.){3}\d{1,3} | [0-9a-fA-F]{0,4}) )
      (?![\w:])"""
)
_BOOLEAN = re.compile(r"(?:\b([A-Za-z]+)(?:\W{1,3}|\sis\s))?\b(?i:true|false)\b", re.ASCII)
_QUOTE = re.compile("[\"'`「『]")
_QUOTED = re.compile(
    r"""(?x) 「[^」]*」 | 『[^』]*』 | (?<![\w"])"[^"]{1,300}"(?![\w"]|\s?:) | (?<![\w'])'[^']{1,300}'(?![\w']|\s?:)
      | (?<![\w`])`[^`]{1,300}`(?![\w`])"""
)
_LONGEST_STATE = 12  # characters between quotes; longer ones are values, as `without_identifiers` takes for granted
_MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_TIME = r"\d\d?:\d\d(?::\d\d(?:[.,]\d+)?)?(?:\s?(?:Z|UTC|GMT|JST|[A-Z]{1,3}[SD]?T|[AP]M|[+-]\d\d:?\d\d)\b)?"
_DATA_FILE = (
    "avro|bak|bin|bz2|cfg|cnf|conf|crt|csv|dat|data|db|dll|exe|gif|gz|html?|img|ini|jar|jpe?g|json|key|lock|log|map|md"
    "|parquet|pdf|pem|pid|png|rdb|rpm|deb|rss|service|socket|so|sock|sql|sqlite3?|tar|tgz|tmp|toml|txt|war|xml|ya?ml"
    "|zip|zst"
)
_DOMAIN = "com|net|org|edu|gov|io|jp|dev|info|local|localdomain|localhost|internal|lan|cloud|example|test"
_DATE_WORD = rf"(?:{_MONTH}|Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*+"
_LOOKS = re.compile(
    rf"""(?ax)
      (?P<words> (?<![^\s(\[]) (?: (?!{_DATE_WORD}\b|[0-9a-f]{{7}}|[0-9A-F]{{8}}) [A-Za-z]++[,;:]?+\s )++ )
    | (?P<i> \b{_UUID} )
    | (?P<a> (?<![\w.-]) (?:\d{{1,3}}\.){{3}}\d{{1,3}} (?::\d+)? (?![\w.-])
        | (?<![\w.@+-]) [\w.+-]++@[\w.-]*\w
        | (?<![\w$.-]) [A-Za-z0-9_-]+ (?:\.[\w$-]+){{2,}}
          (?<!Error)(?<!Exception)(?<!Warning)(?<!Timeout) (?::\d+)? (?![\w.(])
        | (?<![\w$.@/-]) [A-Za-z0-9-]+ \.(?:{_DOMAIN}) (?::\d+)? (?![\w.(-]) )
    | (?P<p> (?<![\w<>.)/{_VALUE}-])(?:~|\.{{1,2}})?/(?:[^\x00-\ \x7f-\U0010ffff"'<>()\[\]{{}},;|]+)(?<![.:])
        | \b[A-Za-z]:\\[^\s"'<>|,;]+ | (?<!\S)\\\\?\w[\w.$ -]*(?:\\[\w.$-]+)+
        | (?<![\w.-]) [\w-][\w.-]* \.(?:{_DATA_FILE}) (?![\w.(-]) )
    | (?P<v> \b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,?\s (?:{_MONTH}[a-z]*\s+\d+|\d+\s+{_MONTH}[a-z]*)
             (?:,?\s+\d{{4}})? (?:\s+{_TIME})? (?:\s+\d{{4}})?
        | \b{_MONTH}[a-z]*\s+\d\d? (?:,?\s+\d{{4}})? (?:\s+{_TIME})?
        | \b\d\d?[ /-]{_MONTH}[a-z]*[ /-]\d{{4}} (?:[ :]{_TIME})?
        | \b\d{{4}}[-/.]\d\d?[-/.]\d\d? (?:[T\s]{_TIME})? | (?<![\w.:]){_TIME}(?![\w:])
        | <\s?\d+\s?(?:[nuµm]?s|secs?|seconds?|min|minutes?)\b
        | (?<![\w.])0[xX][0-9a-fA-F]+\b | \b[0-9a-f]{{7,}}\b | \b[0-9A-F]{{8,}}\b
        | (?<![\w.])[+-]?\d(?:\w|[.,](?=\d)|\.(?=[a-z_]))*%?
        | (?<![\w.])[+-]\d\w* )
    | (?P<j> \b(?:{_MIXED} | [A-Za-z]\w*_-?\d+\b) )
    | (?P<n> (?<=[A-Za-z_])\d+ | (?<![A-Za-z\d])\d+ )
    """
)
_LOOK_MARKS = {"i": _IDENTIFIER, "j": _IDENTIFIER, "a": _ADDRESS, "p": _PATH, "v": _VALUE, "n": _VALUE}

_GLUE = r"[\w.@~$+%-]"
_TAIL = re.compile(rf"({_MARK})(?:/[\w.$/:@-]*\w|(?:\.[a-z]\w*)+\b)", re.ASCII)
_COMPOUND = re.compile(
    rf"(?<!{_GLUE}){_GLUE}*+{_MARK}(?:{_GLUE}*+(?:[:/|,]+{_GLUE}*+)?{_MARK})+{_GLUE}*(?<![.-])", re.ASCII
)
_LIST = re.compile(rf"([{_IDENTIFIER}{_ADDRESS}{_PATH}])(?:,?\s\1)+")
_READINGS = re.compile(rf"{_VALUE}(?:\s(?:[@-]?{_MARK}|\*{{2,}}|N/A)){{2,}}")
_ARRAY = re.compile(rf"\[{_MARK}(?:,\s?{_MARK})+\]")
_SIGN = re.compile(rf"(?<!\w)-(?={_MARK})", re.ASCII)


def shape(message: str) -> str:
    """Return a message with its values replaced by `<*>`, white space made single."""
    text = " ".join(message.split())
    if not text.isascii():
        text = text.translate(_FOREIGN)
    text = _LOOKS.sub(_marked, _without_named(_without_marked(hide_codes(text))))
    return _folded(text).translate(_SHOW)


def _without_marked(text: str) -> str:
    """Return a text without the values that a sign gives away."""
    if "[" in text:
        text = _PLACEHOLDER.sub(_IDENTIFIER, text)
    if "://" in text:
        text = _LINK.sub(_ADDRESS, text)
    if text.count(":") > 2:
        text = _COLONS.sub(_ADDRESS, text)
    if "=" in text or ":" in text:
        text = _without_pairs(text)
    if _QUOTE.search(text):
        text = _QUOTED.sub(_without_quoted, text)
    return text.replace(" ()", f" ({_VALUE})")


def _without_named(text: str) -> str:
    """Return a text without the values that the word before them gives away."""
    lower = text.lower()
    if "true" in lower or "false" in lower:
        text = _BOOLEAN.sub(_without_boolean, text)
    if any(hint in lower for hint in _NAMED_HINTS):
        text = _NAMED.sub(_without_name, text)
    if text.isascii():
        return text
    text = _JAPANESE_NAMED.sub(_without_name, text)
    return _PERSON.sub(_VALUE, text) if "さん" in text else text


def _without_pairs(text: str) -> str:
    pairs = _PAIR.findall(text)
    if pairs:
        dump = len(pairs) >= _MANY_PAIRS
        text = _PAIR.sub(lambda pair: _without_value(pair, dump=dump), _PROPERTY.sub(_VALUE, text))
    return text if text.isascii() else _JAPANESE_PAIR.sub(_without_japanese_value, text)


def _without_japanese_value(pair: re.Match[str]) -> str:
    return pair[0] if STATE_SIGNS.search(pair[2]) else pair[1] + _VALUE


def _without_boolean(match: re.Match[str]) -> str:
    word = match[1] or ""
    return match[0] if word.lower() in _HEALTH_KEYS else re.sub(r"[A-Za-z]+$", _VALUE, match[0])


def _without_quoted(match: re.Match[str]) -> str:
    quoted = match[0]
    request = REQUEST.fullmatch(quoted)
    if request:
        return f'"{request[1]} {_VALUE}"'
    content = quoted[1:-1]
    if len(content) <= _LONGEST_STATE and (
        any(word.lower() in STATE_WORDS for word in content.split()) or STATE_SIGNS.fullmatch(content)
    ):
        return quoted
    return f"{quoted[0]}{_VALUE}{quoted[-1]}"


def _marked(match: re.Match[str]) -> str:
    kind = match.lastgroup or ""
    return match[0] if kind == "words" else _LOOK_MARKS[kind]


def _folded(text: str) -> str:
    """Return a text in which values that stand together are one."""
    text = _COMPOUND.sub(_compound, _TAIL.sub(r"\1", text))
    return _ARRAY.sub(f"[{_VALUE}]", _READINGS.sub(_VALUE, _LIST.sub(r"\1", _SIGN.sub("", text))))


def _compound(match: re.Match[str]) -> str:
    return _IDENTIFIER if _IDENTIFIER in match[0] else _VALUE
