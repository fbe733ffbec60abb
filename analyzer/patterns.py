"""The patterns known beforehand: the predefined ones in one table, and the user's own beside them."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from analyzer.events import Severity
from analyzer.expressions import Expression


class Kind(StrEnum):
    """Where a pattern comes from: our table, the user's settings, or the miner."""

    PREDEFINED = "predefined"
    CUSTOM = "custom"
    DYNAMIC = "dynamic"


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern that is known beforehand.

    hints: lower-case words; a text without any of them is not searched. expression: searched in the text without what
    is harmless. runbook: what to do first.
    """

    id: str
    name: str
    name_ja: str
    severity: Severity
    hints: tuple[str, ...]
    expression: re.Pattern[str] | Expression
    runbook: str = ""
    runbook_ja: str = ""
    kind: Kind = Kind.PREDEFINED


def _compile(expression: str) -> re.Pattern[str]:
    return re.compile(expression, re.IGNORECASE | re.VERBOSE)


def _hints(words: str) -> tuple[str, ...]:
    return tuple(words.split("|"))


def _status(digits: str) -> str:
    """Return the expression of an HTTP status in the places where one is written."""
    return rf"""
        \b(?:status(?:[ _-]?code)?|response(?:[ _-]code)?|http(?:/[\d.]+)?|returned|code|ステータス(?:コード)?)
            ["']?(?:\ is)?[\s:="']*{digits}(?![\d.]|\s?[mµ]?s\b)
        | "[A-Z]+\ [^"\s]*(?:\ HTTP/[\d.]+)?"\s+{digits}\b
        | (?<![\w.,:-]){digits}\ (?:Client|Server)\ Error\b"""


_SERVER_STATUS = _status(r"5\d\d")
_CLIENT_STATUS = _status(r"4\d\d")
_LIMIT_STATUS = _status("429")
_NEAR = r"(?:[^.;。]|\.(?=\S)){0,60}?"

PREDEFINED: Sequence[Pattern] = (
    Pattern(
        "out_of_memory",
        "Out of memory",
        "メモリ不足",
        Severity.CRITICAL,
        _hints("memory|oom|heap|メモリ"),
        _compile(
            r"""\bout\ of\ memory\b | OutOfMemory | \boom[-_ ]?kill | \bcannot\ allocate\ memory\b | \bMemoryError\b
            | \bjava\ heap\ space\b | \bmemory\ (?:exhausted|limit\ exceeded|allocation\ failed) | \bENOMEM\b
            | メモリ(?:ー)?(?:が|の)?\s*(?:不足|枯渇|足りま|割り当て(?:に)?失敗)"""
        ),
        "See which process grows (memory panel), restart it, raise its limit only when the growth is explained.",
        "メモリのパネルで増えているプロセスを確かめ、再起動する。上限を上げるのは増加の理由が分かってから。",
    ),
    Pattern(
        "disk_full",
        "Disk full",
        "ディスクの空き不足",
        Severity.CRITICAL,
        _hints("space|enospc|disk|quota|ディスク|容量"),
        _compile(
            r"""\bno\ space\ left\b | \bENOSPC\b | \bdis[kc](?:\ \S+)?\ (?:is\ )?full\b
            | \b(?:file\ ?system|volume)\ (?:is\ )?full\b
            | \bdisk\ quota\ exceeded\b | \b(?:not\ enough|insufficient)\ (?:free\ )?(?:disk\ )?space\b
            | ディスク(?:の)?(?:空き)?(?:容量)?(?:が|は)?\s*(?:不足|フル|いっぱい|満杯|足りま|ありません)
            | (?:空き)?容量(?:が|は)?\s*(?:不足|足りま|ありません)"""
        ),
        "Free space: rotated logs, old database copies; then find out what grew.",
        "古いログやデータベースの複製を消して空きを作り、何が増えたかを調べる。",
    ),
    Pattern(
        "process_crash",
        "Process crash",
        "プロセスの異常終了",
        Severity.CRITICAL,
        _hints("seg|core dumped|signal|panic|crash|died|unexpectedly|sigabrt|クラッシュ|終了|落ち"),
        _compile(
            r"""\bsegfault\b | \bsegmentation\ fault\b | \bcore\ dumped\b | \bSIG(?:SEGV|ABRT|BUS|ILL)\b
            | \b(?:killed|terminated|exited)\ (?:by|on|with)\ signal\b | \bkernel\ panic\b | (?:^|\s)panic:\
            | \bfatal\ signal\b
            | \b(?:process|worker|service|daemon|server|application|thread|child)\b[^.;]{0,40}?
                \b(?:crashed|died|(?:exited|terminated|stopped)\ (?:abnormally|unexpectedly))
            | \b(?:exited|terminated)\ (?:abnormally|unexpectedly)\b
            | クラッシュ(?:し|が発生) | 異常終了 | 強制終了(?:し|され) | プロセスが落ち"""
        ),
        "Look at the lines just before it and at the exit code; restart, keep the core file.",
        "直前の行と終了コードを見る。再起動し、コアファイルは残しておく。",
    ),
    Pattern(
        "feed_parse_error",
        "Feed parsing error",
        "フィード解析エラー",
        Severity.MEDIUM,
        _hints("feed|rss|atom|xml|pars|json|well-formed|フィード|解析"),
        _compile(
            rf"""\b(?:feed|rss|atom|xml|json)\b{_NEAR}\b(?:pars(?:e|er|ing)\ (?:error|fail\w*)|not\ well[- ]formed
                |malformed|invalid\ (?:xml|json|token|feed)
                |(?:could\ not|cannot|failed\ to)\ (?:be\ )?pars)
            | \b(?:fail(?:ed|ure)?(?:\ to)?|could\ not|couldn't|cannot|can't|unable\ to|error)\ (?:\w+\ )?pars(?:e
                |ing)\b{_NEAR}\b(?:feed|rss|atom|xml|json)\b
            | \bSAXParseException\b | \bExpatError\b | \bXMLSyntaxError\b | \bJSONDecodeError\b
            | \bFeedParse\w*(?:Error|Exception)\b
            | \bnot\ well[- ]formed\b | \bmalformed\ (?:feed|rss|atom|xml|json)\b
            | (?:フィード|RSS|Atom|XML|JSON){_NEAR}(?:解析|パース|読み込み|取り込み){_NEAR}(?:失敗|エラー
                |でき(?:ませ|な))"""
        ),
        "Open the feed by hand; the source may have changed its format.",
        "フィードを手で開いてみる。配信元の形式が変わっていることがある。",
    ),
    Pattern(
        "authentication_failure",
        "Authentication failure",
        "認証の失敗",
        Severity.MEDIUM,
        _hints("auth|password|login|log-in|credential|invalid user|token|logon|api key|認証|ログイン|パスワード"),
        _compile(
            rf"""\bauth(?:entication|orization)?\ (?:has\ )?(?:fail\w*|error|denied|rejected)
            | \bfailed\ (?:to\ )?auth\w*
            | \bfailed\ (?:password|log-?[io]n) | \b(?:log-?in|logon|sign-?in)\ (?:attempt\ )?(?:fail\w*|denied
                |rejected|incorrect)
            | \binvalid\ (?:user|password|credentials?|(?:access\ |api\ |auth\w*\ )?token|api\ key|log-?in)\b
            | \bbad\ credentials\b
            | \b(?:wrong|incorrect)\ password\b | \baccess\ denied\ for\ user\b | \btoken\ (?:has\
            |is\ )?(?:expired|invalid)
            | \bAuthenticationError\b | \bunauthori[sz]ed\b
            | 認証{_NEAR}(?:失敗|エラー|でき(?:ませ|な)) | ログイン{_NEAR}失敗
            | パスワードが{_NEAR}(?:違い|間違|正しくあり|一致しま)"""
        ),
        "See from where and for whom: one source is an attack, one service is a changed secret.",
        "どこから、誰の認証かを見る。一つの発信元なら攻撃、一つのサービスなら秘密情報の変更を疑う。",
    ),
    Pattern(
        "database_error",
        "Database error",
        "データベースエラー",
        Severity.HIGH,
        _hints(
            "database|db|sql|postgres|ora-|oracle|deadlock|connections|operationalerror|integrityerror"
            "|programmingerror|interfaceerror|lock wait|redis|mongo|データベース|デッドロック"
        ),
        _compile(
            rf"""\b(?:database|db|postgres\w*|psql|mysql|mariadb|sqlite3?|mongo(?:db)?|redis|oracle)\b{_NEAR}
                \b(?:error|exception|fail(?:ed|ure|s)?|lost|unavailable|locked|refused|gone\ away|denied
                    |corrupt\w*|aborted|timed\ out
                |unreachable|not\ available|could\ not)\b
            | \b(?:error|fail(?:ed|ure)|cannot|can't|could\ not|unable|lost)\b{_NEAR}
                \b(?:database|db|postgres\w*|mysql|mariadb|sqlite3?|mongo(?:db)?|redis)\b
            | \b(?:Operational|Integrity|Programming|Database|Interface|SQLAlchemy)Error\b
            | \bSQL(?:STATE|Exception)\b | \bORA-\d+
            | \bdeadlock\ (?:detected|found) | \btoo\ many\ connections\b | \block\ wait\ timeout\b
            | \bpsycopg2?\.\w*Error
            | (?:データベース|DB){_NEAR}(?:失敗|エラー|できませ|切断|障害|異常|タイムアウト|拒否) | デッドロック"""
        ),
        "Check that the database answers and how many connections it has; look at its own log.",
        "データベースが応答するか、接続数は何本かを確かめ、データベース側のログを見る。",
    ),
    Pattern(
        "ssl_error",
        "TLS or certificate error",
        "SSL/TLS・証明書エラー",
        Severity.HIGH,
        _hints("ssl|tls|certificate|handshake|x509|証明書"),
        _compile(
            rf"""\bSSL(?:Error|_ERROR|V3_ALERT)\w* | CERTIFICATE_VERIFY_FAILED | \bx509:
            | \bcertificate\b{_NEAR}\b(?:expired|verif\w+\ fail\w*|invalid|revoked|not\ (?:yet\ )?(?:valid
                |trusted)|unknown|mismatch\w*|self[- ]signed)
            | \bself[- ]signed\ certificate | \b(?:expired|invalid|untrusted)\ certificate
            | \b(?:ssl|tls)\w*\b{_NEAR}\b(?:error|fail\w*|alert|refused) | \bhandshake\ (?:fail\w*|error|timed\ out)
            | \b(?:error|fail\w*)\b{_NEAR}\b(?:ssl|tls|certificate)\b
            | 証明書{_NEAR}(?:期限切れ|切れ|失敗|無効|エラー|検証でき) | (?:SSL|TLS){_NEAR}(?:エラー|失敗)"""
        ),
        "Look at the certificate's dates and names; renew it, or trust its issuer.",
        "証明書の期限と名前を確かめる。更新するか、発行元を信頼する。",
    ),
    Pattern(
        "dns_error",
        "Name resolution error",
        "名前解決エラー",
        Severity.HIGH,
        _hints("name|名前|dns|resolv|host|nxdomain|servfail|getaddrinfo|enotfound|eai_again|ホスト"),
        _compile(
            rf"""\bname\ or\ service\ not\ known\b | \b(?:failure|error|fail\w*)\ in\ name\ resolution\b
            | \bNXDOMAIN\b | \bSERVFAIL\b
            | \bname\ resolution\ (?:failed|error)
            | \bgetaddrinfo\b{_NEAR}\b(?:fail\w*|error|ENOTFOUND|EAI_AGAIN) | \bENOTFOUND\b
            | \bEAI_AGAIN\b | \b(?:could\ not|couldn't|cannot|can't|unable\ to|failed\ to)\ resolve\b
            | \bno\ such\ host\b
            | \bunknown\ ?host(?:exception)?\b | \bNameResolutionError\b | \bdns\b{_NEAR}\b(?:error|fail\w*|timed\ out)
            | 名前解決{_NEAR}(?:失敗|エラー|でき(?:ませ|な)) | ホスト名?を?(?:が)?\s*解決(?:に失敗|でき)
            | DNS{_NEAR}(?:エラー|失敗)"""
        ),
        "Resolve the name by hand on that host; look at its resolver.",
        "そのホストで名前を引いてみて、リゾルバーの設定と応答を確かめる。",
    ),
    Pattern(
        "rate_limited",
        "Rate limited",
        "レート制限",
        Severity.MEDIUM,
        _hints("429|rate|throttl|too many requests|quota|制限|上限"),
        _compile(
            rf"""\btoo\ many\ requests\b | \brate[- ]?limit(?:ed|\ (?:was\ |is\
            |has\ been\ )?(?:exceeded|reached|hit|error)) | \bRateLimitError\b
            | \b(?:exceed\w*|hit|reached|over)\ (?:the\ |our\ |your\ )?(?:api\ )?(?:rate[- ]limit|quota)
            | \bthrottled\b | \bquota\ exceeded\b
            | \bThrottling(?:Exception)?\b | {_LIMIT_STATUS}
            | (?:レート|利用|リクエスト(?:数)?|API)(?:の)?(?:制限|上限)(?:に|を)\s*(?:達|超|かか|受け)
            | レート制限(?:エラー|中|されま)"""
        ),
        "Slow down or spread the calls; ask the provider for more.",
        "呼び出しの間隔を広げるか分散させる。必要なら提供元に上限の引き上げを頼む。",
    ),
    Pattern(
        "http_server_error",
        "HTTP server error (5xx)",
        "HTTPサーバーエラー（5xx）",
        Severity.HIGH,
        _hints("50|51|52|53|5|internal server error|bad gateway|service unavailable|gateway time"),
        _compile(
            rf"""{_SERVER_STATUS} | \binternal\ server\ error\b | \bbad\ gateway\b
            | \bservice\ (?:temporarily\ )?unavailable\b
            | \bgateway\ time-?out\b"""
        ),
        "See which path and which host answers so; look at that service's own log at the same time.",
        "どのパス、どのホストの応答かを確かめ、そのサービスの同じ時刻のログを見る。",
    ),
    Pattern(
        "http_client_error",
        "HTTP client error (4xx)",
        "HTTPクライアントエラー（4xx）",
        Severity.LOW,
        _hints("4|not found for url"),
        _compile(_CLIENT_STATUS),
        "Many at once: a broken link or a changed address; look at the most frequent path.",
        "急に増えたときはリンク切れやアドレスの変更。最も多いパスを確かめる。",
    ),
    Pattern(
        "queue_backlog",
        "Queue backlog",
        "キューの滞留",
        Severity.MEDIUM,
        _hints("queue|backlog|lag|キュー|滞留"),
        _compile(
            rf"""\bqueue\b{_NEAR}\b(?:full|overflow\w*|backlog|too\ long|exceed\w*|growing|over\ (?:the\ )?limit
                |saturated|congested)\b
            | \bQueueFull\b | \bbacklog\b{_NEAR}\b(?:exceed\w*|grow\w*|too\ (?:large|long|high)|high|over)\b
            | \b(?:consumer|replication)\ lag\b{_NEAR}\b(?:exceed\w*|grow\w*|high|too)\b
            | \b(?:exceed\w*|full|growing)\b{_NEAR}\bqueue\b
            | キュー{_NEAR}(?:滞留|溢れ|あふれ|満杯|いっぱい|詰ま|超過|超え|上限)
            | (?:滞留|バックログ)(?:が|を)\s*(?:発生|検出|増)"""
        ),
        "Compare arrivals with what the workers do; add workers or find the slow step.",
        "届く量と処理量を比べる。ワーカーを増やすか、遅い段を見つける。",
    ),
    Pattern(
        "connection_refused",
        "Connection refused",
        "接続拒否",
        Severity.HIGH,
        _hints("refused|econnrefused|接続"),
        _compile(
            r"""\bconnection\ (?:was\ |is\ )?(?:actively\ )?refused\b | \bECONNREFUSED\b
            | \bConnection(?:Refused|Refuse)\w*\b | \brefused\ (?:the\ )?connection
            | \bconnect\(\)\ failed\ \(111 | \bactively\ refused\b | 接続(?:が|は|を)?\s*拒否"""
        ),
        "Is the other side running, and does it listen on that port?",
        "相手が動いているか、そのポートで待ち受けているかを確かめる。",
    ),
    Pattern(
        "permission_denied",
        "Permission denied",
        "権限の不足",
        Severity.MEDIUM,
        _hints("denied|permission|eacces|eperm|not permitted|権限|アクセス|許可"),
        _compile(
            r"""\bpermission\ denied\b | \bEACCES\b | \bEPERM\b | \bPermissionError\b
            | \boperation\ not\ permitted\b | \baccess\ (?:is\ |was\ )?denied\b
            | \b(?:insufficient|lacks?|missing|no)\ (?:the\ )?(?:permissions?|privileges?)\b
            | 権限(?:が|は)?\s*(?:ありませ|ない|不足|足りま) | アクセス(?:が|は|を)?\s*拒否
            | 許可(?:が|は|されて)\s*(?:ありませ|いませ)"""
        ),
        "Compare the owner and mode of the file with the user of the process.",
        "ファイルの所有者と権限、プロセスの実行ユーザーを見比べる。",
    ),
    Pattern(
        "timeout",
        "Timeout",
        "タイムアウト",
        Severity.MEDIUM,
        _hints("time|deadline|タイムアウト|応答が"),
        _compile(
            r"""\btimed[- ]out\b | \bETIMEDOUT\b | \b\w*Time[Oo]ut(?:Error|Exception|Expired)\b | \bdeadline\ exceeded\b
            | \btime-?out\ (?:error|exceeded|expired|occurred|reached|elapsed|while|waiting|after|during|on|in
                |from|for|connecting|reading|fetching)\b
            | \b(?:read|write|connect(?:ion)?|request|gateway|query|response|operation|socket|upstream|idle
                |network|fetch|i/o|task|job)\ time-?out\b
            | (?:^|:\ |\bdue\ to\ (?:a\ )?|\bfailed[^.;]{0,40}\b)time-?out\b
            | \btime-?out\ of\ \S+(?:\ ?m?s)?\ (?:exceeded|reached|expired)
            | \btime-?out[!.]?$ | タイムアウト(?!時間|値|秒数|設定|まで) | 応答がありません"""
        ),
        "See which peer does not answer; compare with its response time just before.",
        "応答しない相手を特定し、直前の応答時間と比べる。",
    ),
)

_HARMLESS = _compile(
    r"""https?://\S+
    | (?:記事|タイトル|見出し|ニュース)[「『][^」』]*[」』]
    | [「『][^」』]*[」』](?=[をが]?(?:配信|公開|保存|取得|登録|更新|投稿))
    | \b(?:no|zero|without(?:\ any)?|never|0)\ (?:[a-z]+\ ){0,2}?(?:errors?|failures?|timeouts?|exceptions?
        |warnings?|crash(?:es)?|deadlocks?)\b
    | \b\w*(?:errors?|failures?|time-?outs?)(?:[_ ](?:count|total|rate|s|ms|sec
        |seconds))?["']?\s*[=:]\s*["']?\d[\d.]*\s?(?:ms|s|sec|seconds|m|min|%)?\b
        (?!\s*(?:exceeded|reached|expired))
    | \b(?:[a-z]+\ )?time-?outs?\s(?:(?:value|is|was|now|has\ been|set|configured|changed|increased|reduced|to|of
        |at|from|\()\s?)*
        \d[\d.]*\s?(?:ms|s|sec|seconds|m|min|minutes|h)?\b(?!\s*(?:exceeded|reached|expired|elapsed))
    | \b(?:set(?:ting)?|configur\w+|chang\w+|default|increas\w+|reduc\w+
        |update\w*)\ (?:the\ )?(?:[a-z]+\ ){0,2}?time-?outs?\b(?!\ error)
    | \btime-?outs?\ (?:set|configured|changed|disabled|enabled)\b
    | \brecovered\ from\b[^.;]{0,60} | \b(?:ssl|tls)[_ ]error_log\b
    | (?:エラー|失敗|タイムアウト|異常|障害|警告|滞留)(?:件数|数)?[はがも:：=]?\s*(?:0|ゼロ)\s*(?:件|個|回)?(?!\d)
    | (?:エラー|異常|障害|問題|失敗|滞留|タイムアウト)(?:は|が|も)?\s*(?:あり|なり|発生し(?:てい)?|見つかり
        |検出され(?:てい)?|起き(?:てい)?)ませ
    | (?:エラー|異常|障害|問題|失敗)(?:は|が)?(?:なし|無し)
    | タイムアウト(?:時間|値|秒数)?(?:を|は|が|:|=)?\s*\d+\s*(?:秒|ミリ秒|分)(?:に|と|です|へ)?"""
)
"""What looks like trouble and is none: counts of zero, settings, addresses, what has passed."""
_HARMLESS_HINTS = _hints(
    "http|error|fail|out|exception|warning|crash|deadlock|recovered|longer"
    "|エラー|失敗|異常|障害|警告|滞留|問題|タイムアウト"
)


class PatternCatalogue:
    """All patterns known beforehand; the first one that a text holds is its pattern.

    own: the user's, looked for before the predefined ones.
    """

    def __init__(self, own: Iterable[Pattern] = (), predefined: Sequence[Pattern] = PREDEFINED) -> None:
        self.own = tuple(own)
        self._predefined = tuple(predefined)
        self._by_id = {pattern.id: pattern for pattern in (*self._predefined, *self.own)}

    def __iter__(self) -> Iterator[Pattern]:
        return iter(self._by_id.values())

    def get(self, pattern_id: str) -> Pattern | None:
        """Return a pattern by its id."""
        return self._by_id.get(pattern_id)

    def match_own(self, text: str) -> str | None:
        """Return the id of the user's first pattern that the text holds."""
        return next((pattern.id for pattern in self.own if pattern.expression.search(text)), None)

    def match(self, text: str) -> str | None:
        """Return the id of the first predefined pattern that the text holds, None if it holds none."""
        lower = text.lower()
        candidates = [pattern for pattern in self._predefined if any(hint in lower for hint in pattern.hints)]
        if not candidates:
            return None
        if any(hint in lower for hint in _HARMLESS_HINTS):
            text = _HARMLESS.sub(" ", text)
        return next((pattern.id for pattern in candidates if pattern.expression.search(text)), None)
