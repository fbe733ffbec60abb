"""Digits that say what happened: status and error codes, counts of zero, and digits that belong to a word (`ssh2`)."""

import re

from analyzer.marks import hidden

_STATUS = r"""
    (?i: \b(?:status(?:[ _-]?code)?|response(?:[ _-]code)?|http(?:/[\d.]+)?|returned|responded|replied|answered|code
           |ステータス(?:コード)?)
         ["']?(?:\ (?:is|with|by))?[\s:="']* ({status}) (?![\d.]|\s?[mµμ]?s\b) )
    | (?<![A-Za-z0-9_.,:-])({status})(?=\s?(?:を返|が返|エラー|で応答|で失敗
        |(?:Bad|Unauthorized|Forbidden|Not\ Found|Too\ Many|Internal|Service|Gateway|Client\ Error|Server\ Error)\b))
    | "[A-Z]+\ [^"\s]*(?:\ HTTP/[\d.]+)?"\s+({status})\b
    """
_OTHERS = r"""
    (?i: \b(?:err(?:or)?|errno|exit|sqlstate|エラー)[ _-]?(?:code|status|no|number|コード)?
         [\s:=\#\[(]* (-?{short}) (?![\d.:,]|[A-Za-z%]|\s?件|\s(?:[nuµμm]?s|secs?|seconds?|times?|of|bytes)\b) )
    | (?: ^ | [\[(] | \b(?i:error|code|errno|reason|status|エラー|コード)[\s:=\#]{1,3} )
      ([A-Z]{1,5}-?{code}) (?![\w.-])
    | (?<![\w.-]) ([A-Z]{1,5}-?{code}) (?=:(?:\s|$))
    | (?i: (?<![\w.,:-])({zero}) (?=\s*(?:errors?|fail\w*|timeouts?|warnings?|exceptions?)\b) )
    | (?:エラー|失敗|警告|タイムアウト)[はが:\s]*({zero})\s*件
    | (?<![\w.-])(?:(?:(?i:ssh|ipv|sha|md|utf-?|base|oauth|ext|mp)|L)({word})|[Ss]({three}))(?![\w.-])
    | \b[Xx]({x509})\b | (?<![\w.-])[A-Za-z_]+({word})[A-Za-z_]*+(?=\()
    """
_OF_CATEGORIES = r"""
    (?i: (?:status|response|\bcode|http|error|exception|requests|returned|ステータス|レスポンス|応答)
         (?:[ _-]?(?:code|status|error|exception|of|a|an|with)\b|コード|エラー|ステータス|\$\w+){0,4}
         ["']?[\s:="'(<はが]*({status})(?!\d) )
    | (?:^|\|\ +)({status})\ +\|
    | \b(?:GET|POST|PUT|DELETE|HEAD|PATCH|OPTIONS)\ \S+\ \S+\ \d+\ \S+\ \S+\ [^|"]*\ ({status})\ \d+\ \d+(?:\ \d+)*$
    | \b(?:GET|POST|PUT|DELETE|HEAD|PATCH|OPTIONS)\ \S+\ (?:(?:-|=>|->|→)\ )?({status})(?=\s|$)
    | (?:-?\d+/){4}\+?\d+\ ({status})\ | \bTCP_\w+/({status})\b | "\ from\ \S+\ -\ ({status})\s
    | (?i: \b(?:got|received)\ ({status})\ from\b | \b({status})\ (?:returned|received)\b )
    | (?<![A-Za-z0-9_.,:-])({status})(?=\s?(?:系|番台)?(?:の?エラー|を返|が返|を受|を応答|で失敗|で応答|応答))
    | クライアントエラー:?\ ?\(?({status})
    | (?:ませ[んぬ]|失敗|エラー|アクセス|タイムアウト|不正)[^。\d]{0,20}\(({status})\)
    | (?i: (?<![\w.,:-])({zero})(?=\ [a-z]+\ (?:errors?|fail\w*|timeouts?|exceptions?)\b) )
    | 拒否[はが]({zero})件 | 件中\s?({zero})\s?件
    | (?i: (?<![\w.,:/-])({zero})(?=\ (?:out\ )?of\ \d[\d,]*\ [a-z\ ]{0,40}
        (?:errors?|fail|timed|timeouts?|refused|rejected|dropped|denied|exceed|over)) )
    | (?i: (?:\bexit(?:ed)?(?:\ with)?(?:\ exit)?[ _-]?(?:code|status)?|終了コード)["']?[\s:=(は]{1,2}({zero})(?!\d) )
    """


_CATEGORY_BEGINS = r"""(?=[SsRrHhCcEeGgPDOTX"|\d-]|[^\x00-\x7f])"""
"""A cheap look at the first character before all the forms of a category's code are tried."""


def _expression(form: str, begins: str = "", **digits: str) -> re.Pattern[str]:
    for name, expression in digits.items():
        form = form.replace(f"{{{name}}}", expression)
    return re.compile(f"(?x){begins}(?:{form})")


_WORDS = {"short": r"\d{1,5}", "code": r"\d{3,5}", "word": r"\d{1,3}", "zero": "0", "three": "3", "x509": "509"}
_ANY = dict.fromkeys(("status", *_WORDS), r"\d+")
_CODE = _expression(f"{_STATUS}|{_OTHERS}", status=r"[45]\d\d", **_WORDS)
_REQUEST_CODE = _expression(f"{_STATUS}|{_OTHERS}", status=r"5\d\d", **_WORDS)
"""In the record of a request a client's mistake is traffic like a success; its category is its own all the same."""
_CATEGORY_CODE = _expression(f"{_STATUS}|{_OF_CATEGORIES}", _CATEGORY_BEGINS, status=r"[45]\d\d", **_WORDS)
"""Those on which a predefined pattern hangs; all digits that `pattern_table` asks for are among them."""
_PLACES = (_expression(f"{_STATUS}|{_OTHERS}", **_ANY), _expression(_OF_CATEGORIES, _CATEGORY_BEGINS, **_ANY))
"""Where codes may stand, whatever they are: lines that differ only in digits agree on this."""
REQUEST = re.compile(r'"(GET|POST|PUT|DELETE|HEAD|PATCH|OPTIONS|CONNECT|PROPFIND|TRACE)\s[^"]*"')
"""The request as a web server records it; the group is its method."""

_HINTS = (
    *("status", "respon", "replied", "answered", "http", "returned", "code", "err", "exit", "sqlstate", "fail"),
    *("timeout", "warning", "exception", "bad", "unauth", "forbid", "not found", "too many", "internal", "gateway"),
    *("service", "client", '" ', "ステータス", "エラー", "失敗", "警告", "タイムアウト", "を返", "が返", "応答"),
    *("get ", "post ", "put ", "delete ", "head ", "patch ", "options ", "tcp_", "| ", "requests", "got ", "received"),
    *("レスポンス", "終了", "ません", "アクセス", "不正", "拒否", "件中", "番台", "系", " of ", " | "),
)
"""One of these, lower case, stands beside every code that is no word."""
_GLUED = re.compile(r"[A-Za-z]-?\d", re.ASCII)
_DIGIT = re.compile(r"\d", re.ASCII)
_NUMBER = re.compile(r"\d+", re.ASCII)
_NUMBER_BYTES = re.compile(rb"\d+")


def hide_codes(text: str) -> str:
    """Return a text whose codes nothing takes for numbers any more."""
    return _expression_for(text).sub(_with_hidden, text) if _may_hold_codes(text) else text


def hide_deciding_codes(text: str) -> str:
    """Return a text in which, besides its codes, the digits are hidden on which its predefined pattern hangs."""
    return _CATEGORY_CODE.sub(_with_hidden, hide_codes(text))


def code_places(skeleton: bytes) -> tuple[int, ...]:
    """Return which of the numbers of a message, counted from 0, stand where codes do."""
    text = skeleton.decode("utf-8", "replace")
    if not _may_hold_codes(text):
        return ()
    spans = [match.span(match.lastindex or 0) for search in _PLACES for match in search.finditer(text)]
    inside = {at for span in spans for at in range(*span)}
    found = enumerate(_NUMBER.finditer(text)) if inside else ()
    return tuple([place for place, number in found if number.start() in inside])


def numbers_at(skeleton: bytes, places: tuple[int, ...]) -> tuple[bytes, ...]:
    """Return the numbers of a message that stand in certain places."""
    found = _NUMBER_BYTES.findall(skeleton)
    return tuple([found[place] for place in places if place < len(found)])


def _may_hold_codes(text: str) -> bool:
    """Return False where there surely are none; a cheap look before the search."""
    if not _DIGIT.search(text):
        return False
    lower = text.lower()
    return any(hint in lower for hint in _HINTS) or _GLUED.search(text) is not None


def _expression_for(text: str) -> re.Pattern[str]:
    return _REQUEST_CODE if '"' in text and REQUEST.search(text) else _CODE


def _with_hidden(match: re.Match[str]) -> str:
    start, end = (edge - match.start() for edge in match.span(match.lastindex or 0))
    return match[0][:start] + hidden(match[0][start:end]) + match[0][end:]
