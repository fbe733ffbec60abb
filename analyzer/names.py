"""Values that the words around them give away: `user=alice`, `password for root`, `table news.articles`, 小林 が."""

import re

from analyzer.codes import REQUEST
from analyzer.marks import ADDRESS, MARK, VALUE, is_hidden
from analyzer.states import STATE_SIGNS, STATE_WORDS, is_state

# --- Pairs ----------------------------------------------------------------------------------------------------------

_NAME_KEYS = frozenset(
    """
    account addr address agent arg argument author bind branch browser bucket category channel checksum city client
    cluster column command commit container country customer database db dest destination dev device digest dir
    directory disk dn domain dst email feed field file filename folder from genre group guid hash host hostname id image
    index interface ip job key keyword lang language link locale location login mail member model name namespace node ns
    object option owner param parameter path peer pod process publisher q query queue recipient ref region room schema
    section sender server sid source src subject table tag target task team tenant thread title to token topic ua uid
    uri url user username uuid version volume worker zone
    """.split()  # noqa: SIM905
)
"""Keys (their last word) whose values are names. A word after another key says what is: `state=up`, `action=login`."""
_SAYING_KEYS = frozenset(
    "cause description detail details err error event exception message msg reason result status".split()  # noqa: SIM905
)
_HEALTH_KEYS = frozenset(
    "active alive available connected enabled error failed healthy ok online ready success up".split()  # noqa: SIM905
)
_NOTHING = frozenset("null nil none undefined n/a nan - ?".split())  # noqa: SIM905
_MANY_PAIRS = 5  # a line with so many key=value pairs is a dump of parameters, its booleans are values

_PAIR = re.compile(
    r"""(?x)
      ( (?<![\w.-])[A-Za-z_][\w.-]*+ )
      (?: (\s?=\s?)
          ( "(?:[^"\\]|\\.)*" | '[^']*' | <[^<>\s]*> | [A-Za-z]\w*\{[^\s{}]*\}
          | [^\s,;()\[\]{}"'=<>|]++ (?!\s?=|[({])(?<!:) )
        | (:(?=[\w"'-])) ( "(?:[^"\\]|\\.)*" | '[^']*' | [^\s,;()\[\]{}"'=:<>|]++ (?!\s?=|[({]) ) )"""
)
_JSON_PAIR = re.compile(r""""([A-Za-z_][\w.-]*)"(\s?:\s?)("(?:[^"\\]|\\.)*"|[^\s,\]}{\["]+)""")
_LAST_WORD = re.compile(r"[A-Z]?[a-z0-9]+$|[A-Z]+$")
_PLAIN = re.compile(r"[A-Za-z][A-Za-z_-]*", re.ASCII)
_PROPERTY = re.compile(r"(?<=\w:)[a-z]\w*(?:\.\w+)+=.*")
_BOOLEAN = re.compile(r"(?:\b([A-Za-z]+)(?:\W{1,3}|\sis\s))?\b(?i:true|false)\b", re.ASCII)
_JAPANESE_PAIR = re.compile(
    r"""(?x)
      ( [一-龥々ァ-ヶーぁ-ん]\s?=\s?
      | (?:カテゴリー?|ジャンル|媒体|配信元|取得元|送信元|送信先|宛先|著者|記者|ユーザー?|ホスト|サーバー?|ファイル
          |テーブル|キュー|タイトル|見出し|件名|地域|言語|名前|担当者?|部署|端末|対象|キーワード|ID)(?:名|ID)?\s?:\s? )
      ( (?!\d)[^\s、。,;()\[\]「」『』"'=]+ )"""
)


def without_pairs(text: str) -> str:
    """Return a text in which values after `key=` and `key:` are marked, but for words that say what is."""
    if '":' in text or '" :' in text:
        text = _JSON_PAIR.sub(_without_json_value, text)
    pairs = _PAIR.findall(text)
    if pairs:
        dump = len(pairs) >= _MANY_PAIRS
        text = _PAIR.sub(lambda pair: _without_value(pair, dump=dump), _PROPERTY.sub(VALUE, text))
    return text if text.isascii() else _JAPANESE_PAIR.sub(_without_japanese_value, text)


def without_booleans(text: str) -> str:
    """Return a text whose truth values are marked where they do not tell whether something works."""
    return _BOOLEAN.sub(_without_boolean, text)


def _without_value(pair: re.Match[str], *, dump: bool) -> str:
    key, mark, value = pair[1], pair[2] or pair[4], pair[3] or pair[5]
    quote, closing = (value[0], value[-1]) if value[0] in "\"'<" else ("", "")
    bare = value.strip("\"'<>")
    name = _last_word(key)
    if _is_kept(name, bare, quoted=bool(quote), dump=dump) or (quote and REQUEST.fullmatch(value)):
        return pair[0]
    if mark == ":" and not (bare[:1].isdigit() or quote or dump or name in _NAME_KEYS):
        return pair[0]
    end = "." if value.endswith(".") else ""
    return f"{key}{mark}{quote}{VALUE}{closing}{end}"


def _without_json_value(pair: re.Match[str]) -> str:
    key, mark, value = pair.groups()
    quote = '"' if value[0] == '"' else ""
    kept = _is_kept(_last_word(key), value.strip('"'), quoted=bool(quote), dump=True)
    return pair[0] if kept else f'"{key}"{mark}{quote}{VALUE}{quote}'


def _last_word(key: str) -> str:
    """Return the last word of a key such as `remote_addr`, `userName`, `http.host`."""
    found = _LAST_WORD.search(key)
    return found[0].lower() if found else ""


def _is_kept(key: str, value: str, *, quoted: bool, dump: bool) -> bool:
    lower = value.lower()
    if lower in ("true", "false"):
        return key in _HEALTH_KEYS and not dump
    if lower in _NOTHING:
        return False
    if not value or lower in STATE_WORDS or STATE_SIGNS.search(value) or is_hidden(value[-1]):
        return True
    if quoted and key in _SAYING_KEYS:
        return True
    return key not in _NAME_KEYS and _PLAIN.fullmatch(value) is not None


def _without_boolean(match: re.Match[str]) -> str:
    word = match[1] or ""
    return match[0] if word.lower() in _HEALTH_KEYS else re.sub(r"[A-Za-z]+$", VALUE, match[0])


def _without_japanese_value(pair: re.Match[str]) -> str:
    return pair[0] if STATE_SIGNS.search(pair[2]) else pair[1] + VALUE


# --- Names in sentences ---------------------------------------------------------------------------------------------

_A_NAME = rf"(?:[\w.@\\$-]*\w\$?|{MARK})"
_A_COMPOUND = r"[A-Za-z_]\w*(?:[-_.#/:]+\w+)+"
_THINGS = """
    bucket channel class cluster column command consumer container controller database deployment device feed field
    function group handler image index interface job key lease lock master method model module namespace node option
    package param parameter partition plugin pod process program property queue relation schema script secret service
    setting slave stream table task topic unit variable view volume worker
    """.split()  # noqa: SIM905
"""What has names; one of several parts after such a word is a name."""
_THINGS_NAMED = """
    bucket category column container customer database feed group host hostname job plugin pod region table task tenant
    thread topic user worker
    """.split()  # noqa: SIM905
"""What has names that are plain words, where a verb or a preposition follows: `job cleanup failed`."""
_AFTER_NAME = (
    "after|at|because|by|can|cannot|completed|connected|could|created|crashed|deleted|died|disconnected|does|evicted"
    "|exceeded|exited|failed|finished|for|from|had|has|in|into|is|joined|left|loaded|not|on|paused|reached|received"
    "|registered|reported|restarted|resumed|returned|started|starting|stopped|stopping|succeeded|terminated|timed|took"
    "|updated|was|will|with|within"
)
_PARTICLE = "(?=[がはをのにへとでもやか]|から|まで|より)"


def _any(words: str) -> str:
    """Return an expression for any of some words, in lower case or with a capital: quicker than one without case."""
    return "|".join(f"[{word[0].upper()}{word[0]}]{word[1:]}" for word in words.split())


def _named(before: str) -> re.Pattern[str]:
    return re.compile(
        rf"""(?ax) (?P<before> {before} ) (?P<name>[\w.#/:-]*\w(?=\sis\sdeprecated)|{_A_COMPOUND}|{_A_NAME})
        (?: (?!\s?[=:("'`]|\w) | (?=:\s|:\d|:{MARK}|\(uid=|\s:\s(?:TTY|command|user)) )"""
    )


_MANAGED = "creat(?:ed?|ing) delet(?:ed?|ing) remov(?:ed?|ing) add(?:ed|ing)? lock(?:ed|ing)? unlock(?:ed|ing)?"
_ENTERED = r"password passwd publickey auth\w* log-?[io]n logon session access credentials sudo su"
_DONE = (
    "started|created|updated|modified|deleted|removed|requested|submitted|approved|uploaded|edited|published|assigned"
    "|owned|executed|invoked|reviewed"
)
_USER = _named(
    rf"""\b(?: (?:{_any(f"for by as from to of invalid illegal unknown new {_MANAGED}")})
      \s(?:(?:invalid|unknown|illegal|the|new)\s)?(?:{_any("user account host username login")})\s
    | (?:{_any("user account")})\s(?={_A_NAME}\s(?:from|logged|signed|has|is|was|authenticated|connected|requested)\b)
    | (?:{_any(_ENTERED)})
      \s(?:\w+\s)?for\s(?:(?:invalid|unknown|illegal)\s)?(?:user\s)?
    | by\s(?=[\w.@-]+\(uid=)
    | (?:{_DONE})\sby\s(?=[A-Za-z][\w.@-]*(?:[\s.,;)]|$)) )"""
)
_USER_HINTS = ("user", "account", "host", "login", " for ", "by ")
_THING = _named(
    rf"""\b(?: (?:{_any(" ".join(_THINGS))})\s
      (?={_A_COMPOUND})(?!(?:read|write|re|pre|non|self|auto|multi|on|off|in|out|up|time|high|low)[-/])
    | (?:{_any("acls? owner name level mode directory target primary leader")})\s(?:changed\s|set\s)?to:?\s(?=\S+$)
    | (?:{_any("process host file user table class bundle service queue topic thread container image")})\s?name\s
      (?={_A_NAME}\s(?:as|is|was|for|in|on|has|to)\b)
    | (?:{_any("process pid task")})\s\d+\s\((?=\S+\))
    | (?:{_any("to from dial host server broker via upstream tcp udp connect peer")})\s
      (?=[A-Za-z][\w-]*:(?:\d|{MARK})) )"""
)
_AT_START = _named(
    r"""^\((?=\S+\)\s(?:CMD|RELOAD|LIST|REPLACE|STARTUP|(?:BEGIN|END)\sEDIT)\b)
    | ^(?=\S+\s:\s(?:TTY=|command\snot\sallowed|user\sNOT\sin))"""
)
_DEPRECATED = _named(
    r"""(?:^|(?<=:\s))(?=[\w.:\#]+\sis\sdeprecated) | \bdeprecated[.,;]\s(?:[Pp]lease\s)?(?:[Ii]nstead,?\s)?[Uu]se\s"""
)
_NAMED_THING = re.compile(
    rf"(?a)(?P<before>\b(?:{_any(' '.join(_THINGS_NAMED))})\s)(?P<name>[a-z][\w.-]*)(?=\s(?:{_AFTER_NAME})\b)"
    rf"|(?P<before_last>\b(?:to|into|in|from|on|for|of|joined|left)\s(?:the\s)?"
    rf"(?:queue|channel|stream|{'|'.join(_THINGS_NAMED)})\s)(?P<last>[a-z][\w.-]*)(?=[.,;)]?$)"
)
_JAPANESE_NAMED = re.compile(
    rf"""(?ax)
      (?P<before>
        (?:ユーザー?|アカウント|ホスト|サーバー?|ジョブ|タスク|テーブル|キュー|トピック|ファイル|フィード|チャンネル
          |カテゴリー?|サービス|ソース|配信元|取得元|記者|著者|担当者|端末|ノード|インスタンス|コンテナ|モジュール|プロセス|ワーカー|スレッド|バッチ)
        (?:名|ID)?[\s:=]?\s?(?=[A-Za-z])
      | (?<=[^\x00-\x7f])\s(?=\S+\s{_PARTICLE})
      )
      (?P<name>{_A_NAME}(?![=:(]|\w)|[^\s\x00-\x7f、。:()\ue000-\ue00f]{{1,40}}(?=\s))"""
)
_PERSON = re.compile(r"(?:[一-龥々]{1,6}|[ァ-ヶー]{2,12}|(?<![A-Za-z])[A-Za-z]{1,30})(?=さん)(?<![皆客])")
_BEFORE_ADDRESS = re.compile(
    rf"(?P<before>\b(?:{_any('master slave replica sentinel node host server peer client broker upstream')})\s)"
    rf"(?P<name>[A-Za-z][\w-]*)(?=\s{ADDRESS})",
    re.ASCII,
)
_NO_NAMES = frozenset(
    """
    a account action agent all an and any at code count data details each error every from group groups id in input
    interface level mode name of on or preferences profile request requests session settings space that the this to
    users
    """.split()  # noqa: SIM905
)
_NO_NAMES_OF_THINGS = _NO_NAMES | frozenset(
    """
    abort access address array as attempt backup board build but cache call card check client commit config context copy
    core creator deploy directory driver drain dump entry event failover fetch file flush for format function handler
    hash header health hit host image index info is item job join key leader leak leave length limit link list load lock
    lookup map master message metadata method miss move not number object operation option or output owner page
    parameter partition path peer ping policy poll pool port process profile proxy pull purge push query queue read
    reader rebalance record registry reload resource response restore result role rollback rule run scan schema service
    shutdown signal size slot source split spec startup state statistics stats status storage store switch sync system
    table task test thread time timeout token topic tracker transaction type update upgrade usage user value version
    view was write
    """.split()  # noqa: SIM905
)
_OF_ACTION = re.compile(r"(?:ed|ing|ion|ment|ance|ence|ness|ity|al|er|or|ure|age)s?$")
"""What is said of things and is no name: `job queue`, `task submission`, `thread pool`."""


def without_names(text: str) -> str:
    """Return a text in which names are marked that the words around them give away."""
    lower = text.lower()
    if any(hint in lower for hint in _USER_HINTS):
        text = _USER.sub(_without_name, text)
    text = _THING.sub(_without_name, text)
    if text.startswith("(") or " : " in text:
        text = _AT_START.sub(_without_name, text)
    if "deprecated" in lower:
        text = _DEPRECATED.sub(_without_name, text)
    if any(thing in lower for thing in _THINGS_NAMED):
        text = _NAMED_THING.sub(_without_name_of_thing, text)
    if text.isascii():
        return text
    text = _JAPANESE_NAMED.sub(_without_name, text)
    return _PERSON.sub(VALUE, text) if "さん" in text else text


def without_names_of_addresses(text: str) -> str:
    """Return a text in which names that stand before marked addresses are marked too."""
    return _BEFORE_ADDRESS.sub(_without_name, text)


def _without_name(named: re.Match[str]) -> str:
    name = named["name"]
    return named[0] if is_state(name) or name.lower() in _NO_NAMES else f"{named['before']}{VALUE}"


def _without_name_of_thing(named: re.Match[str]) -> str:
    before, name = named["before"] or named["before_last"], named["name"] or named["last"]
    is_said = is_state(name) or name in _NO_NAMES_OF_THINGS or _OF_ACTION.search(name)
    return named[0] if is_said else f"{before}{VALUE}"
