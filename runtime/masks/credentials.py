"""Keys, tokens, passwords and cookies: what opens doors."""

import re
from collections.abc import Callable, Iterable
from itertools import pairwise

from runtime.masks.rule import MASKED, WORD_START, Rule, Span, compiled

_NOTHING = frozenset(
    """
    null none nil undefined true false empty blank n/a na yes no redacted filtered masked hidden removed secret omitted
    protected private sensitive xxx なし 無し 空
    """.split()  # noqa: SIM905 - a list of words reads better so
)
"""Values that say that there is none, or that somebody has masked it already."""
_PROSE = frozenset(
    """
    a about accepted access after again allowed already an and any are as at attempt authentication bad be been before
    but by can cannot change changed characters check checked confirmation contains could created deleted denied did
    disabled does empty enabled error errors exceeded expected expired expires expiry fail failed failure fails field
    for format found from generated given has have header if in incorrect input invalid is issued it its length less
    leaked malformed match matches maximum may minimum mismatch missing more must need needed needs never new no
    nonexistent not of off ok old on only or out parameter parsing permission please policy prompt provided received
    refresh refreshed rejected removed request requested required requires reset retry revoked rotated rotation sent
    service set should signature skipped specified stale still stored success successful successfully supplied the this
    timed timeout to too type unable unauthorized unexpected unknown unset unsupported until update updated use used
    user using valid validated validation validity value verification verified via was weak were when while will with
    without wrong you your
    absent attached bound cached compared decrypted default defined detected encrypted exists fetched hashed ignored
    initialized installed loaded loading lost mounted optional present propagated queued ready regenerated registered
    renewed resolved saved synced uploaded written
    """.split()  # noqa: SIM905
)
"""Words that go on a sentence where a value might stand."""
_JAPANESE_PROSE = re.compile(
    r"必須|未|不正|無効|有効|期限|エラー|失敗|成功|変更|更新|設定|入力|確認|再発行|発行|送信|認証|一致|間違|違い|忘れ|正し"
    r"|あり?ませ|です|ます|した|して|する|され|文字|回|分|秒|件|桁|以上|以内|長|短"
)
_ALGORITHM = re.compile(
    r"(?i)(?:sha|md|aes|rsa|utf|base|oauth|ldap|argon|tls|v)-?\d[\d.]*\w?|bcrypt|pbkdf2|\d+(?:st|nd|rd|th)"
)

_HANDLE = re.compile(r"0x[0-9a-f]+$|[A-Z]\w*[{(\[]|(?:[A-Za-z]\w*\.)+\w+@[0-9a-f]{4,8}$", re.ASCII)
"""How programs print an object or a handle: `Token{a64f992`, `android.os.BinderProxy@2bd79ce`, `0x14ede63a5a70002`."""

_NAME_END = r"""
    (?:[_-]?(?i:hash|digest|base64|base|b64|confirmation|confirm|repeat|again|old|new|current|value|plain|text|hint|\d{1,3})
    |\s(?i:entered|given|provided|supplied|received|attempted|tried)|コード|番号)?"""
_CLOSE = r"""(?:\\{0,3}["'`])?\]?"""
_IS = r"(?>\s{0,3}(?:=>|:=|->|={1,2}|:(?![:/])|%3[aAdD])\s{0,3})"
_END = r"[\w.\[\]%-]{1,40}[\"']?[=:]"
_VALUE = rf"""
    (?: \\{{1,3}}"((?:[^\\"]|\\(?!\\{{0,2}}"))*)
      | "((?:[^"\\]|\\.)*)
      | '((?:[^'\\]|\\.)*)
      | 「([^」]*) | 『([^』]*)
      | (?!{MASKED.pattern}) ((?:(?!%26)[^\s,;&"'<>、。「」『』)\]}}]
            |[,;&](?!\s|$|{_END})|[)\]}}](?![\s,;&)\]}}、。]|$))+(?<![.,:])) )"""
"""A value after its key; the group that takes part holds it without its quotes."""

_STRONG = r"""
    (?i: password | passwd | passphrase | passcode | passwort | secret
      | api[ _-]?key
      | (?:access|private|secret|encrypt(?:ion)?|decrypt(?:ion)?|signing|shared|account|master|licen[cs]e|subscription
          |functions|auth|consumer|client|app(?:lication)?|service|storage|hmac|webhook|deploy|ssh|host|aes|cipher
          |session|server|admin|security|integration|write|instrumentation)[ _-]?key
      | token | credentials? | saml(?:request|response) | (?:client|code)[_-](?:assertion|verifier) )
    | パスワード | パスコード | パスフレーズ | 合言葉 | 秘密鍵 | シークレット(?:キー)? | トークン | (?i:API)\s?キー
    | (?:アクセス|認証|暗号|秘密|ライセンス)キー | 秘密の(?:質問の)?(?:答え|回答)"""
_SESSION = r"""
    (?i: sess(?:ion)?[ _-]?(?:id|token) | connect\.sid | (?<=[A-Za-z]_)session | session[_-]cookie )
    | セッション(?i:ID|キー)"""
_WEAK = rf"{WORD_START}(?i:pass|pwd|psw|psk|pw|auth|sid|sig|signature|session|crumb)(?![A-Za-z])"
_CODE = rf"""
    (?: {WORD_START}(?i:pin(?:[ _-]?(?:code|number))?|t?otp|cvv2?|cvc2?|csc)(?![A-Za-z])
      | (?i:(?:verification|security|auth(?:entication)?|one[ _-]?time|2fa|mfa|sms|log-?in|access)[ _-]?(?:pass)?code)
      | (?i:one[ _-]?time[ _-]?password)
      | 暗証番号 | (?:認証|確認|検証|セキュリティ|(?i:PIN)|(?i:SMS))\s?コード | 認証番号 | (?i:PIN)\s?番号
      | ワンタイムパスワード | ワンタイムコード )"""
_DIGIT_AND_MORE = r"""(?=[^\s,;"'<>、。「」)]{0,63}\d)(?=\d{0,63}[^\s\d,;)])"""
_SPOKEN = r"(?:(?i:password|passcode|passphrase)|パスワード|パスコード|パスフレーズ|合言葉)"


def _value(match: re.Match[str]) -> tuple[str, Span]:
    group = match.lastindex or 0
    return match[group], match.span(group)


def _is_nothing(value: str) -> bool:
    return (
        value.lower().strip("<>()[]{}*.-_ ") in _NOTHING
        or not value.strip("*x•●＊.-_ ")
        or MASKED.fullmatch(value) is not None
    )


def _is_random(value: str) -> bool:
    """Return whether a value looks made by a machine: letters and digits, or letters large and small in a mix."""
    digits = any(sign.isdigit() for sign in value)
    letters = any(sign.isalpha() for sign in value)
    return (digits and letters) or len(re.findall("[a-z][A-Z]", value)) > 1


def _goes_on(match: re.Match[str], value: str) -> bool:
    """Return whether the value is a word of a sentence about the key, such as `token: signature has expired`."""
    start, end = match.span(match.lastindex or 0)
    quoted = match.string[start - 1 : start] in ('"', "'", "「", "『")
    if not value.isascii():
        return not any(sign.isdigit() and sign.isascii() for sign in value) and bool(_JAPANESE_PROSE.search(value))
    if quoted or not value.replace("-", "").replace("'", "").isalpha():
        return False
    if value.lower() in _PROSE:
        return True
    spoken = match.string[start - 1 : start] == " " and match.string[end : end + 2][:1] in (" ", "")
    return spoken and value.islower() and re.match(r" [a-z]+(?![\w=:])", match.string[end : end + 40]) is not None


def _after_strong_key(match: re.Match[str]) -> Iterable[Span]:
    value, span = _value(match)
    if not value or _is_nothing(value) or _goes_on(match, value):
        return ()
    if "pass" in match[0].lower() or "パス" in match[0]:
        return (span,)
    counts = value.isdigit() and len(value) < 6
    handle = "key" not in match[0].lower() and _HANDLE.match(value)
    return () if counts or handle else (span,)


def _after_weak_key(match: re.Match[str]) -> Iterable[Span]:
    value, span = _value(match)
    if _is_nothing(value) or _goes_on(match, value) or value.startswith("/"):
        return ()
    if match[0][:2].lower() in ("pa", "pw", "ps") and "=" in match.string[match.start() : span[0]]:
        return (span,) if len(value) >= 4 and not value.isdigit() else ()
    return (span,) if len(value) >= 6 and any(map(str.isdigit, value)) and _is_random(value) else ()


def _code_after_key(match: re.Match[str]) -> Iterable[Span]:
    status = len(match[1]) < 4 and re.match(r"(?i)pin|cv|csc|セキュリティ|暗証", match[0]) is None
    return () if status or _ALGORITHM.fullmatch(match[1]) else (match.span(1),)


def _unless_nothing(match: re.Match[str]) -> Iterable[Span]:
    value, span = _value(match)
    return () if _is_nothing(value) else (span,)


def _spoken(match: re.Match[str]) -> Iterable[Span]:
    value, span = _value(match)
    return () if _is_nothing(value) or _goes_on(match, value) or _ALGORITHM.fullmatch(value) else (span,)


def _random_value(shortest: int) -> Callable[[re.Match[str]], Iterable[Span]]:
    def taken(match: re.Match[str]) -> Iterable[Span]:
        value, span = _value(match)
        return (span,) if len(value) >= shortest and (_is_random(value) or len(value) >= 20) else ()

    return taken


def _key_body(match: re.Match[str]) -> Iterable[Span]:
    """Give a line of a key in base64: letters large and small and digits change places often."""
    body = match[0]
    turns = sum(one.isdigit() != other.isdigit() for one, other in pairwise(body))
    mixed = any(map(str.isupper, body)) and any(map(str.islower, body))
    return (match.span(),) if mixed and turns >= 4 else ()


_PRIVATE = r"[A-Z0-9\ ]{0,30}PRIVATE\ KEY(?:\ BLOCK)?-----"

RULES = (
    Rule(
        "key",
        "-----begin",
        compiled(rf"-----BEGIN\ {_PRIVATE}(?:.*?-----END\ {_PRIVATE}|.*)", re.DOTALL),
    ),
    Rule(
        "key",
        r"[a-z0-9+/]{24}",
        compiled(
            r"""(?<![^\s"'])[A-Za-z0-9+/]{60,76}={0,2}(?![^\s"'\\])
            | (?:^|(?<=\n))[A-Za-z0-9+/]{24,76}={0,2}(?=\r?\n|\r?$)"""
        ),
        _key_body,
    ),
    Rule(
        "key",
        "mii|b3blbnnzac1r",
        compiled(r"(?<![A-Za-z0-9+/])(?:MII|b3BlbnNzaC1r)[A-Za-z0-9+/]{24,}={0,2}"),
    ),
    Rule(
        "key",
        r"(?:akia|asia|abia|acca)[a-z0-9]{8}|gh[a-z]_[a-z0-9]{8}|github_pat_|xox[a-z]|xapp-|whsec_|aiza|ya29\.|gocspx-"
        r"|1//0|gl(?:pat|rt|cbt|ptt|dt|oas|ft|agent|imt|soat|ffct)-|sk-[a-z0-9-]{10}|sg\.[\w-]{8}|eaa[a-z]"
        r"|(?:sk|ac|dapi)[0-9a-f]{12}|_(?:live|test|prod|pat|api|secret|key|token|sk|v1)_|key-[a-z0-9]{12}|age-secret"
        r"|(?:pypi|tskey|swmtkn|nrak|pmak|atatt\w{0,6})-|[0-9]:aa[\w-]{12}|hv[sbr]\.[\w-]{8}"
        r"|(?:shp[a-z]{2}|lin|npm|hf|sq0[a-z]{3}|r8|gsk|sbp|ph[cx]|rubygems|figd|glc|glsa|sntrys|[spr]k)[_-][a-z0-9]{8}",
        compiled(
            r"""(?<![A-Za-z0-9])(?:
              (?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Za-z0-9])
            | gh[a-z]_[A-Za-z0-9]{20,} | github_pat_\w{20,}
            | gl(?:pat|rt|cbt|ptt|dt|oas|ft|agent|imt|soat|ffct)-(?=[\w-]{0,60}\d)[\w.-]{16,}
            | xox[a-z](?:\.xox[a-z])?-[A-Za-z0-9-]{10,} | xapp-\d-[A-Za-z0-9-]{10,}
            | [a-z]{2,10}_(?:live|test|prod|pat|api|secret|key|token|sk|v1)_(?=[A-Za-z]*\d)[A-Za-z0-9]{12,}
            | whsec_[A-Za-z0-9+/=]{16,}
            | sk-(?:proj-|ant-|svcacct-|admin-|or-)?(?:[a-z]{2,6}\d\d-)?(?=[A-Za-z]{0,60}\d)[A-Za-z0-9]{10,}[\w-]*
            | AIza[\w-]{30,} | ya29\.[\w-]{10,} | GOCSPX-[\w-]{16,} | 1//0[\w-]{20,}
            | SG\.[\w-]{16,}\.[\w-]{16,}
            | (?:SK|AC)[0-9a-f]{32}(?![A-Za-z0-9])
            | key-(?=[a-z]{0,31}\d)[0-9a-z]{32} | AGE-SECRET-KEY-[0-9A-Z]{20,}
            | (?:pypi|tskey|SWMTKN|NRAK|PMAK|ATATT\w{2,6})-(?=[\w-]{0,60}\d)(?=[\w-]{0,60}[A-Z])[\w-]{20,}
            | (?:shp[a-z]{2}|lin|npm|hf|sq0[a-z]{3}|r8|gsk|sbp|ph[cx]|rubygems|figd|glc|glsa|sntrys|sk|pk|rk)[_-]
              (?=[A-Za-z]{0,60}\d|[a-z]{0,60}[A-Z])[A-Za-z0-9]{20,}[\w-]*
            | \d{8,10}:AA[\w-]{32,}
            | hv[sbr]\.[\w-]{20,}
            | dapi[0-9a-f]{32}
            | EAA[A-Za-z0-9]{60,}
            )"""
        ),
    ),
    Rule(
        "key",
        r"_[a-z0-9]{12}",
        compiled(r"(?<![\w./-])[a-z]{2,12}_(?=[A-Za-z]*\d)(?=[a-z0-9]*[A-Z])(?=[A-Z0-9]*[a-z])[A-Za-z0-9]{30,}(?!\w)"),
    ),
    Rule("token", "eyj", compiled(r"\beyJ[\w-]{8,}\.[\w-]{4,}(?:\.[\w-]*){0,3}")),
    Rule(
        "key",
        "hook|/bot",
        compiled(
            r"""hooks\.slack\.com/(?:services|workflows|triggers)/([\w/-]{8,})
            | discord(?:app)?\.com/api/webhooks/\d+/([\w-]{16,})
            | webhook\.office\.com/webhookb2/([\w@/-]{16,})
            | /bot(\d{8,10}:[\w-]{30,})"""
        ),
    ),
    Rule(
        "password",
        "://",
        compiled(
            r"""://[^\s:/@"'<>]{0,100}:(?!\d{1,5}(?:[/?\#,;)\s]|$))
                (?!\[password\]@)([^\s/@"'<>]{1,200}(?:[@/][^\s/@"'<>]{1,200}){0,3})@(?=[\w\[])
            | ://(?=[A-Za-z_-]{0,60}\d)([\w-]{16,200})@"""
        ),
        _unless_nothing,
    ),
    Rule(
        "token",
        "authorization",
        compiled(
            rf"""(?i:authorization){_CLOSE}{_IS}(?:\\{{0,3}}["'])?
            (?: (?i:digest|aws4-hmac-sha256|oauth|hawk|signature)\s+([^\r\n]+)
              | (?i:bearer|basic|token|api-?key|negotiate|ntlm|jwt|key|splunk|genie-?key|bot)\s+
                (?!{MASKED.pattern})([^\s"',;\\]+) )"""
        ),
        _after_strong_key,
    ),
    Rule(
        "token",
        "authorization",
        compiled(rf"(?i:authorization){_CLOSE}{_IS}{_VALUE}"),
        _random_value(8),
    ),
    Rule("token", "bearer|basic", compiled(r"\b(?i:bearer|basic)\s{1,3}([\w.~+/-]{8,}=*)"), _random_value(8)),
    Rule("token", "token ", compiled(r"\b(?i:token)\s([\w.~+/-]{16,}=*)"), _random_value(16)),
    Rule(
        "cookie",
        "cookie",
        compiled(
            rf"""(?i:cookie2?){_CLOSE}{_IS}
            (?: \\{{1,3}}"(?=[^\s=;"]{{1,64}}=)([^"\\]+) | "(?=[^\s=;"]{{1,64}}=)([^"]+) | '(?=[^\s=;']{{1,64}}=)([^']+)
              | ((?:[^\s=;,"']{{1,64}}=[^\s;]*)(?:;\s*[^\s=;"']{{1,64}}(?:=[^\s;]*)?)*) )"""
        ),
    ),
    Rule(
        "cookie",
        "sess|sid|セッション",
        compiled(rf"(?:{_SESSION}){_NAME_END}{_CLOSE}(?:{_IS}|は){_VALUE}"),
        _after_strong_key,
    ),
    Rule(
        "password",
        "pass|secret|key|token|credential|パス|合言葉|鍵|キー|シークレット|トークン|秘密|saml|assertion|verifier",
        compiled(rf"(?:{_STRONG}){_NAME_END}{_CLOSE}(?:{_IS}){_VALUE}"),
        _after_strong_key,
    ),
    Rule(
        "password",
        r"(?:pass|pwd|psw|psk|pw|auth|sid|sig|signature|session|crumb)[a-z0-9_-]*[\"'`\]\\ ]*(?:[=:]|->|%3d)",
        compiled(rf"{_WEAK}{_NAME_END}{_CLOSE}{_IS}{_VALUE}"),
        _after_weak_key,
    ),
    Rule(
        "password",
        "pin|otp|cvv|cvc|csc|code|password|コード|番号|ワンタイム",
        compiled(
            rf"""{_CODE}{_CLOSE}
            (?: (?:{_IS}|\s?[はがを]\s?|\s(?i:is|was)\s|\s|\()[\\"'「『(]{{0,3}} | ["'「『] )
            (?=[A-Za-z]{{0,6}}\d)([A-Za-z0-9]{{3,10}})(?![A-Za-z0-9]|\s?(?:桁|文字|回|分|秒|件|digits|char|min|sec))"""
        ),
        _code_after_key,
    ),
    Rule(
        "password",
        "pass|パス|合言葉",
        compiled(
            rf"""{_SPOKEN}(?:\s{{1,2}}(?:(?i:is|was|to)\s)?(?:"([^"]+)"|'([^']+)'|`([^`]+)`)|\s?「([^」]+)|\s?『([^』]+))
            | {_SPOKEN}\s(?:(?i:is|was|to)\s)?
              {_DIGIT_AND_MORE}((?![(\[<])[^\s,;"'<>、。「」]{{4,64}}(?<![.):\]]))
            | {_SPOKEN}(?:\s(?i:entered|given|provided|supplied))?\s?\({_DIGIT_AND_MORE}([^)\s]{{4,64}})\)"""
        ),
        _spoken,
    ),
    Rule(
        "password",
        "パス|合言葉",
        compiled(
            r"""(?:パスワード|パスコード|パスフレーズ|合言葉)\s?[はがを]\s?
            (?: 「([^」]+) | 『([^』]+) | ([!-~]{4,64})(?=です|でした|だ|に|と|、|。|\s|$)
              | ([^\s、。「」]{1,30}?\d)(?=です|でした|。|\s|$) )"""
        ),
        _spoken,
    ),
    Rule(
        "password",
        "pass|key|secret|token|credential|パス|合言葉|キー|トークン|シークレット|鍵|秘密",
        compiled(
            rf"""(?:{_STRONG})
            (?: \s(?:(?i:is|was)\s)?(?=[A-Za-z]{{0,60}}\d[A-Za-z]{{0,60}}\d)(?=\d{{0,60}}[A-Za-z])
                ([A-Za-z0-9]{{10,}})(?![\w.-])
              | \s?「([!-~]{{4,200}})」 | \s?『([!-~]{{4,200}})』 )"""
        ),
        _spoken,
    ),
    Rule(
        "password",
        "auth|identified by|jdbc:oracle",
        compiled(
            r"""\bAUTH\s(?i:plain|login|xoauth2|oauthbearer)\s([A-Za-z0-9+/]{8,}={0,2})
            | "(?i:auth)"\s(?:"[^"]{1,64}"\s)?"(?!\[password\])([^"]{1,200})"
            | (?i:identified\s(?:with\s\S{1,40}\s)?by)\s(?:(?i:password)\s)?'(?!\[password\])([^']{1,200})'
            | jdbc:oracle:\w{1,10}:\w{1,40}/(?!\[password\])([^@\s]{1,100})@"""
        ),
    ),
    Rule(
        "password",
        "login attempt",
        compiled(r"login\ attempt\ \[[^/\]]{1,64}/(?!\[)([^\]]{1,64})\]"),
    ),
    Rule(
        "password",
        "</|&lt;/",
        compiled(
            r"""(?:<|&lt;)[\w:.-]{0,40}?(?i:password|passwd|pwd|secret|token|api-?key|credential)s?
            (?:\s[^<>]{0,100})?(?:>|&gt;)(?!\[[a-z-]+\])([^<&]{1,500})(?=<|&lt;)"""
        ),
    ),
    Rule(
        "password",
        r"-[a-z0-9-]*(?:pass|pwd|token|secret|key)",
        compiled(
            rf"""(?<![^\s"'\[,(])--?[A-Za-z0-9-]{{0,30}}?
            (?i:password|passwd|passphrase|pass|pwd|token|secret|api-?key|access-?key|auth-?key|private-?key)
            (?:["']?,?\s{{1,3}}|["'],)(?!-){_VALUE}"""
        ),
        _spoken,
    ),
    Rule(
        "password",
        "mysql|mariadb|sshpass|curl|wget|redis-cli|ldap|smbclient|docker|7z|zip",
        compiled(
            r"""\b(?:mysql(?:dump|admin|import|sh|check)?|mariadb(?:-\w+)?|7za?)\b[^|;\n\[]{0,200}?\s-p["']?(?!\[password)([^\s"']+)
            | \bsshpass\s-p\s?["']?(?!\[password)([^\s"']+)
            | \bdocker\slogin\b[^|;\n\[]{0,200}?\s-p\s["']?(?!\[password)([^\s"']+)
            | \bunzip\b[^|;\n\[]{0,200}?\s-P\s?["']?(?!\[password)([^\s"']+)
            | \bredis-cli\b[^|;\n\[]{0,200}?\s-a\s["']?(?!\[password)([^\s"']+)
            | \bldap(?:search|modify|add|delete|whoami|passwd)\b[^|;\n\[]{0,200}?\s-w\s["']?(?!\[password)([^\s"']+)
            | \bsmbclient\b[^|;\n\[]{0,200}?\s-U\s["']?[^\s%]{1,64}%(?!\[password)([^\s"']+)
            | \b(?:curl|wget)\b[^|;\n\[]{0,200}?\s(?:-u\s?|--(?:proxy-)?user[\s=])["']?
              [^\s:"']{1,64}:(?!//|\[password)([^\s"']+)"""
        ),
    ),
)
