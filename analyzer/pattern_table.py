r"""The predefined patterns, one table: what each is called, how grave it is, what to do first, how software words it.

The first pattern that a line holds is its pattern, so the order of the table decides. What names the cause stands
before what names the one that noticed: no memory, no disk, a name, a certificate, a limit, a password or a right is
what a person repairs, whether a database, a web server or a program met it. A dead process comes next. A database comes
before the refused connection and the time-out that it was noticed by ("connection to database refused"), and a client's
mistake, the least that can be said, comes last.

Adding one: write the line as the software prints it, in RE2's syntax, one wording a line (`wordings`). Case does not
count. `…` stands for whatever lies between two words of one sentence. `\b`, `\w` and `\d` know ASCII alone, so `\bDB\b`
is found in `DB接続`; full width is half width here (NFKC). Numbers must not decide, but for those of
`analyzer/codes.py`: of lines that differ in their digits alone only one is looked at. A line is searched twice, as it
stands and without what is harmless in it, such as amounts: an expression must find it both ways. Then add lines to
tests/analyzer/pattern_lines.py, some to be found and some that only look like them; what no wording keeps out belongs
into `analyzer/look_alikes.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from analyzer.events import Severity
from analyzer.wordings import wordings

_BETWEEN = r"(?:[^.;。{}|]|\.\b)*"
_OF_STATUS = r"""(?:[ _-]?code|コード|エラー|ステータス){0,2}["']?(?: is| of| was)?"""
_ENDS = r"(?:$|[^\w.:%/-]|[.:](?:\s|$))"


class Kind(StrEnum):
    """Where a pattern comes from: our table, the user's settings, or the miner."""

    PREDEFINED = "predefined"
    CUSTOM = "custom"
    DYNAMIC = "dynamic"


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern that is known beforehand.

    expressions: in RE2's syntax; a text that holds one of them holds the pattern. vague: the same, but they count only
    where no pattern's expressions are found. runbook: what to do first.
    """

    id: str
    name: str
    name_ja: str
    severity: Severity
    expressions: tuple[str, ...]
    vague: tuple[str, ...] = ()
    runbook: str = ""
    runbook_ja: str = ""
    kind: Kind = Kind.PREDEFINED


def _wordings(table: str) -> tuple[str, ...]:
    return tuple(f"(?i){wording.replace('…', _BETWEEN)}" for wording in wordings(table))


def _answers(status: str) -> str:
    """Return the wordings of an HTTP status, in the places where servers, proxies and clients write one."""
    return rf"""
            # keyed: status=503, "status": 503, HTTP/1.1 503, HTTP 503, returned error: 404, ステータスコード 503
            (?:status|response|(?:\b|_)code|said error|https?(?:/[\d.]+|[ _]error)?|ステータス|レスポンス|応答)
                {_OF_STATUS}[\s:="'(<はが]*{status}{_ENDS}
            \b(?:returned|responded|replied|answered)(?: (?:with|by|an?|http|status|error|code)\b)*:? {status}{_ENDS}
            \b(?:got|received) {status} from\b
            \w(?:Error|Exception|Requests)(?:\$\w+)?:? \[?{status}{_ENDS}
            \b{status}(?: client| server) error\b|\b{status} (?:returned|received)\b
            \b(?:server|api) error:? {status}{_ENDS}
            # access logs: nginx and Apache, gin, IIS, morgan, Kestrel, HAProxy, Squid, Rails
            "[A-Z]+ [^"]*" {status}\b
            (?:^|\| +){status} +\|
            \b(?:GET|POST|PUT|DELETE|HEAD|PATCH|OPTIONS) \S+ \S+ \d+ \S+ \S+ .*{status} \d+ \d+(?: \d+)*$
            \b(?:GET|POST|PUT|DELETE|HEAD|PATCH|OPTIONS) \S+ (?:(?:-|=>|->|→) )?{status}(?:$|\s)
            " from \S+ - {status}\b
            (?:-?\d+/){{4}}\+?\d+ {status} \+?\d+ \S+ \S+
            \bTCP_\w+/{status}\b
            \bcompleted {status}\b
            \bresponse <{status}\b
            (?:^|[^\d.,:-]){status} ?(?:系|番台)?(?:の?エラー(?:を|が|で|と|の|:|$)
                |を返|が返|を受|を応答|で失敗|で応答|応答)
            クライアントエラー:? ?\(?{status}{_ENDS}
            (?:ませ[んぬ]|失敗|エラー|アクセス|タイムアウト|不正)[^。]*\({status}\)"""


PREDEFINED: Sequence[Pattern] = (
    Pattern(
        "out_of_memory",
        "Out of memory",
        "メモリ不足",
        Severity.CRITICAL,
        _wordings(r"""
            \bout[_ ]of[_ ](?:\w+ )?memory\b
            OutOfMemory|NoMemoryError|MemoryError\b|\bbad_alloc\b|\bENOMEM\b
            \boom[-_: ]{0,2}kill|\boom command not allowed
            (?:cannot|could not|can't|couldn't|failed to|unable to|not) (?:allocate|reserve|commit|map)(?: enough
                | more| virtual| shared)? memory
            unable to allocate (?:[\d.]+ ?[kmgt]i?b|/)
            memory allocation \(\w+\) failed|failed to (?:map|allocate) \d+ bytes|unable to allocate \d+ blocks
            \b\w?(?:m|c|re)alloc\w*: (?:cannot|could not|unable to|failed to) allocate
            low on resource: memory\b|insufficient memory\b
            java heap space|gc overhead limit|unable to create (?:new )?native thread|\bheap limit\b…failed
            allowed memory size of …exhausted
            memory (?:is |was )?(?:exhausted|allocation (?:of … )?failed
                |(?:resource )?limit (?:is |was |has been )?(?:exceeded|reached|hit|alarm))
            \bmemory alarm\b|\bmemory resource limit alarm
            (?:exceed\w*|over|hit|reached|above|beyond)(?: \w+){0,3} memory (?:limit|quota)
            (?:not enough|insufficient|no more|low on|lack of|r[au]n(?:ning)? out of) (?:(?:free|system|physical
                |virtual|available|heap|shared|gpu) )*memory\b
            \b(?:m|c|re)alloc\w*(?:\(\))?(?: of \S+(?: bytes)?)? failed|page allocation failure
            killed process \d+ \(…rss|heap (?:is |was )?exhausted|memory quota exceeded
            memory usage…(?:above|over|beyond) (?:the )?limit
            kill\w*…(?:memory usage|memory pressure|using too much memory)
            \boom_reaper: reaped|\b(?:array|buffer|memory) allocation failed
            # 日本語
            メモリー?(?:領域|容量|リソース)?[がはのを]?…(?:不足し|不足の|不足に|不足で|不足エ|不足[^す]|不足$|枯渇
                |足り(?:な|ませ|ず)|使い果た|割り?当て(?:に失敗|でき|られ|エラー)|確保(?:に失敗|でき|エラー))
            メモリー?…(?:上限|制限|限界)(?:値)?(?: ?\([^)]*\))?[をがに]?(?:超|達し)
            ヒープ(?:領域|メモリー?|サイズ)?[がのは]?…(?:不足|枯渇|足り(?:な|ませ)|上限に達|使い果た)
            メモリー?(?:領域|の空き)?(?:が|は)(?:もう)?(?:なくな(?:った|り|って)|あり?ませ|残って(?:い)?(?:ない|ませ))
            \boom ?(?:killer|キラー|が発生|により|で)
            メモリー?(?:を|が)(?:使い(?:切|果た)|食い(?:つぶ|潰))
        """),
        runbook="See which process grows (memory panel), restart it, raise its limit only if the growth is explained.",
        runbook_ja="メモリのパネルで増えているプロセスを確かめ、再起動する。上限を上げるのは増加の理由が分かってから。",
    ),
    Pattern(
        "disk_full",
        "Disk full",
        "ディスクの空き不足",
        Severity.CRITICAL,
        _wordings(r"""
            \bno (?:\w+ )?space left\b|\bENOSPC\b|\bEDQUOT\b
            \bdis[kc](?: [^\s%]+)? (?:is |was |has become |almost |nearly |completely )*full\b
            \b(?:file ?system|volume|partition|drive|storage
                |inode table)(?: [^\s%]+)? (?:is |was |almost |nearly )*full\b
            \btable '?\S+'? is full\b
            \b(?:target|destination|tablespace|partition|volume|disk|drive
                |device)(?: \S+)? (?:is |was )(?:almost |nearly )?full\b
            \b(?:disk|storage|mailbox) quota (?:is |was |has been )?(?:exceeded|reached)
            (?:over|exceed\w*|reached)(?: (?:the|its|your|their))? (?:disk|storage|mailbox) quota
            (?:n[o']t|not) (?:have )?enough (?:(?:free|available|usable|disk|storage) )*space
            (?:insufficient|no more|no free|out of|low on|lack of) (?:(?:free|available|usable|disk|system
                |storage) )*(?:disk|storage|space|inodes)\b
            \b(?:disk|storage)(?: free)?(?: space)? (?:is )?(?:critically |very |too |running )*(?:low\b
                |insufficient|exhausted)
            \b(?:disk|drive|volume|partition|file ?system|storage)\b…(?:near(?:ing)? capacity|at capacity
                |out of (?:free )?space)
            \bdisk (?:free |resource )?(?:limit )?alarm\b|\bdisk (?:critical|warning)\b
            low on resource: (?:ephemeral-storage|nodefs|imagefs|inodes|disk)|\[DiskPressure\]|NodeHasDiskPressure
            \bdisk watermark\b…exceeded
            \bdis[kc](?: free)?(?: space| usage)?(?: is)?(?: below| under)(?: the)?(?: \w+)? (?:threshold|limit
                |minimum)
            no space (?:on|in|available)|\bdisk usage exceeded|(?:flood-stage|disk) watermark\b…exceeded
            exceeded (?:flood-stage|disk) watermark
            insufficient storage\b
            \blow (?:disk|storage|free) space|\bdisk_full\b|\bno_space\w*
            # 日本語
            (?:ディスク|ストレージ|ボリューム|パーティション|デバイス|ファイルシステム|保存(?:先
                |領域))[^、。]*?(?:不足|フル|いっぱい|一杯|満杯|枯渇|逼迫|足り(?:な|ませ))
            (?:ディスク|ストレージ|デバイス|保存先|空き)[^、。]*(?:空き|容量|領域|スペース)(?:容量|領域
                |スペース)?[がはも]?(?:もう|残って|ほとんど|全く)?(?:あり(?:ま)?せん|ない|なく|いません)
            (?:空き|残り|記憶|保存)?(?:容量|領域|スペース)(?:が|は|の)?(?:不足|足り(?:な|ませ)|枯渇)
            (?:ディスク|ストレージ|保存容量|容量)[^、。]*(?:クォータ|クオータ|上限|制限)[をがに]?(?:超|達)
            ディスク(?:の)?使用[率量]が[^、。]*(?:達し|超え|超過|逼迫)
            (?:領域|容量|テーブル ?\S+ ?)(?:は|が)(?:満杯|いっぱい|一杯)|残量(?:が|は)(?:不足|足り(?:な|ませ|ず))
            (?:ディスク|ストレージ)[^、。]*使用量?(?:制限|上限)
            (?:領域|容量|保存先|ボリューム)(?:の|に)空き(?:が|は)(?:なく|ない|なし|なくな|ありませ)
            (?:空き|残り)(?:容量|領域|スペース)?(?:が|は)(?:少な|わずか|僅か|なくな)|容量オーバー
        """),
        runbook="Free space: rotated logs, old database copies; then find out what grew.",
        runbook_ja="古いログやデータベースの複製を消して空きを作り、何が増えたかを調べる。",
    ),
    Pattern(
        "rate_limited",
        "Rate limited",
        "レート制限",
        Severity.MEDIUM,
        _wordings(rf"""
            too ?many ?requests|TooManyRequests|rate[- ]limited\b
            \brate[- _]?limit\w*(?: \w+)?(?: for \S+)?[ :]+(?:was |is |has been |have been )?(?:exceeded|reached|hit
                |error|triggered|applied|active)\b
            RateLimit(?:ed|Error|Exceeded|Exception|Reached)|(?:blocked|dropped|rejected|suppressed)…rate[- ]limit
            due to rate[- ]limit|\brate[- ]limit(?:er|ing)?:? (?:drop|reject|block|throttl|slip|den)\w*
            (?:hit|over|above|exceed\w*|reached)(?: the)? limit of (?:\S+ )?(?:requests|calls|queries)|\bover limit \d+/
            (?:exceed\w*|hit|reached|over|surpassed)(?: \w+){{0,5}} (?:rate[- ]?limits?|quota|(?:request|call
                |usage) limit|request rate)\b
            (?:rate|request|api|call|usage|throughput)s?(?: (?:call|request|usage))? (?:limit|quota)s?…(?:exceeded
                |reached|\bhit\b)
            \bthrottled\b|being throttled|\bthrottling (?:request|client|calls?|connection|traffic)|-side throttling
            Thrott(?:ling|led)\w*Exception|\(Throttling\)
            RequestLimitExceeded|ThroughputExceeded|RequestThrottled|\bSlowDown\b|reduce your request rate
            \brate exceeded\b|rate[_ ]?limit[_ ]?exceeded
            \bquota ?(?:was |has been |is )?exceeded|quotaExceeded|insufficient_quota|pull rate limit
            \blimiting (?:requests|connections)\b|\bdelaying request\b
            too many (?:connections|messages|e?mails?|queries|recipients) from|too much mail|suppressed \d+ messages
            messages suppressed|begins? to drop messages
            exceed\w*(?: \w+){{0,3}} (?:number of|maximum) (?:\w+ )?(?:requests|calls|queries)
            \bquota (?:is |was )?(?:exhausted|used up|reached)
            (?:daily|hourly|monthly|minute|hour) (?:\w+ )?(?:limit|quota)…(?:reached|exceeded|hit)
            {_answers("429")}
            too many (?:login|api|http|recent|concurrent|incoming) requests|too_many_requests|\bratelimited\b
            \bquota\b…(?:exceeded|exhausted|used up)|\brate ?limit…exceeded
            (?:利用|無料|割当|割り当て|送信|呼び出し)枠[^、。]*(?:使い(?:切|果た)|超え|超過|達し|なくな)
            # 日本語
            レート(?:制限|リミット)[^、。]*(?:達|超|かか|受け|され|中です|エラー|適用|違反|抵触)
            (?:利用|呼び?出し?|リクエスト|アクセス|API|要求|流量|回数|頻度|送信(?:数|量|回数))[^、。]*(?:制限|上限
                |リミット)[^、。]*(?:達し|超え|超過|かか|され|適用|オーバー|抵触|しました|中)
            (?:秒|分|時間|日)あたり[^、。]*(?:上限|制限)[^、。]*(?:超|達)
            スロットリング|流量制限を|リクエスト(?:数)?が(?:多|集中し)すぎ|アクセス(?:頻度|数|回数)?が(?:多|高)すぎ
            リクエスト(?:が)?過多|要求(?:が|の)(?:多|過多)
            (?:API|呼び出し|リクエスト)[^、。]*(?:回数|件数|頻度)?(?:の)?(?:制限|上限)に(?:達|到達|かか)
            レート(?:制限|リミット)(?:により|のため|で(?:一時|待機|中断|停止))
        """),
        runbook="Slow down or spread the calls; ask the provider for more.",
        runbook_ja="呼び出しの間隔を広げるか分散させる。必要なら提供元に上限の引き上げを頼む。",
    ),
    Pattern(
        "dns_error",
        "Name resolution error",
        "名前解決エラー",
        Severity.HIGH,
        _wordings(r"""
            name or service not known|nodename nor servname|no address associated with
            name (?:does not|doesn't) resolve
            (?:failure|error|fail\w*|unable) (?:in|during) name resolution
            name resolution (?:failed|failure|error|timed out)
            NameResolution\w*Error|DNSError|\bNXDOMAIN\b|\bSERVFAIL\b|NoNameservers|UnknownHost|\bgaierror\b
            ERR_NAME_NOT_RESOLVED
            getaddrinfo…(?:fail\w*|error|not known)|\bENOTFOUND\b|\bEAI_(?:AGAIN|NONAME|FAIL)\b
            php_network_getaddresses
            (?:could ?n[o']t|can ?not|can't|unable to|fail(?:ed|ure|s)? to|error) (?:resolv(?:e|ing)|translate host
                |look ?up)\b
            could not be resolved|cannot be resolved|no such host|unknown host|\bhost not found
            domain name not found|name service error|maximum number of concurrent dns queries
            error \(…\) resolving '|validation failure <?\S+ (?:\w+ IN|IN \w+)\b|no keys have a DS
            \b(?:A|AAAA|MX|NS|TXT|SRV|PTR|HTTPS): (?:unreachable backend|read udp|dial udp|no next plugin)
            \bno (?:MX|AAAA?|NS|SRV|PTR|TXT|NSEC3?) records?\b|\b(?:MX|AAAA|NS|SRV|PTR|NSEC3?|DNSKEY) (?:records?
                |lookup|query|record lookup)\b…(?:not found|missing|fail\w*|error|bogus)
            no resolver defined|server misbehaving|lame server
            (?:could ?n[o\']t|can ?not|can\'t|unable to) (?:find|get address for) (?:the )?(?:host|\')
            resolv(?:e|ing|er)(?: \w+)? (?:failed|error)|\blookup (?:failed|error)|gethostbyname\b…(?:fail\w*|error)
            NXDOMAIN|unresolvable|no servers could be reached
            \blookup [\w.-]+(?: on [\w.:]+)?:\s
            \bdns\b…(?:error|fail\w*|timed? ?out|not respond\w*|unreachable|unavailable|no answer|degraded)
            (?:error|fail\w*|cannot|unable|could not|timed out|degraded)…\bdns\b
            \b(?:host ?name|domain(?: name)?)\b…(?:not found|does not exist|not resolved)
            error resolving (?:host|name|address|domain)
            failure resolving|resolving timed out|(?:could|can)(?: ?not|n\'t) be resolved|\bnot resolvable
            \bdns_(?:error|fail\w*|timeout)|name_not_resolved
            # 日本語
            名前解決…(?:失敗|エラー|でき|不能|不可|タイムアウト)
            (?:ホスト|ドメイン|アドレス|名前|FQDN)(?:名|サーバー)?[^、。]*(?:解決(?:に失敗|でき|不能)|見つかりませ
                |見つからな|引けな|引けませ|引けず|不明|存在しませ)
            \bdns\b[^、。]*(?:エラー|失敗|応答(?:しませ|しな|が(?:ありま|な))|でき(?:ま|な)|引け|タイムアウト|障害)
            (?:未知|不明)(?:な|の)(?:ホスト|ドメイン)
            \b(?:MX|A|AAAA|NS|SRV|PTR|TXT|SOA|CNAME|NSEC3?|DNSKEY) ?レコード[^、。]*(?:引け|失敗|エラー|でき(?:ま|な|ず)
                |見つから|見つかりませ|ありませ|検証)
            (?:名|ホスト)(?:を|が)?[^、。]{0,6}解決(?:に失敗|でき(?:ま|な|ず))|アドレスが割り当てられて
            名前またはサービスが不明|ホストは不明
        """),
        runbook="Resolve the name by hand on that host; look at its resolver.",
        runbook_ja="そのホストで名前を引いてみて、リゾルバーの設定と応答を確かめる。",
    ),
    Pattern(
        "ssl_error",
        "TLS or certificate error",
        "SSL/TLS・証明書エラー",
        Severity.HIGH,
        _wordings(r"""
            \bcertificate\b…(?:has expired|is expired|\bexpired\b|verif\w+ (?:error|fail\w*)|invalid|revoked
                |not (?:yet )?(?:valid|trusted)|untrusted|unknown|mismatch\w*|self[- ]signed|problem|does(?: not
                |n't) match|reject\w*|unacceptable|could not be|not verified|\berror)
            (?:expired|invalid|untrusted|bad|self[- ]?signed|unknown|revoked|wrong|no) (?:\w+ )?certificate
            (?:unable|failed|failure|cannot|could not|error)\b…\bcertificate\b
            CERTIFICATE_VERIFY_FAILED|\bCERT_(?:HAS_EXPIRED|NOT_YET_VALID|UNTRUSTED)|SELF_SIGNED_CERT
            UNABLE_TO_(?:VERIFY|GET)_\w+|ERR_(?:SSL|TLS|CERT)_\w+
            \bx509:|\bPKIX\b|Cert(?:ificate)?\w*(?:Error|Exception)\b|\bSSL\w*(?:Error|Exception)\b|\bSSL_ERROR_\w+
            \bsslv3 alert\b|\btlsv1 alert\b
            \bunable to verify the first certificate|unknown ca\b|SSL routines|wrong version number|\bPEM_read\w*
            \bPEM routines|BIO_new_file
            peer'?s certificate|SEC_ERROR_\w+|SSL_ERROR
            (?:let's encrypt|acme|certbot|certificate)…(?:renewal|issuance)…(?:fail\w*|error)
            \bSSL_(?:do_)?(?:handshake|connect|read|write|accept|shutdown)\b…(?:fail\w*|error)
            \b(?:ssl|tls)(?:v?[\d.]+)?\b…(?:error|fail(?:ed|ure|s)?\b|\balert\b|refused|not be established|reject\w*
                |mismatch|unsupported|handshake: EOF|violation)
            (?:error|fail(?:ed|ure)|unable|cannot|could not|couldn't|unsupported|no required)…\b(?:ssl
                |tls)(?:v?[\d.]+)?\b
            (?:^|tls|ssl|alert|[^:]) ?handshake[ _]?failure|handshake error|fatal alert|\bocsp\b…(?:fail\w*|error)
            \bVERIFY ERROR\b|\bCRL\b…(?:expired|not (?:yet )?valid|error|fail\w*)|no compatible SSL setup
            \bSNI\b…(?:no matching|mismatch\w*|unrecogni[sz]ed|unknown|does not match|fail\w*|error)
            unrecognized[_ ]name|no cipher match
            \bSTARTTLS\b…(?:fail\w*|error|refused|reject\w*|not (?:offered|supported|available))
            no (?:shared cipher|cipher suites? in common|protocols? in common|suitable cipher)
            host ?name(?: '?[\w.*-]+'?)? (?:mismatch|not verified|does(?: not|n't) match)
            EOF occurred in violation of protocol
            certificate\b…(?:required|not found|not provided|missing)|certificate or crl
            (?:does not|doesn\'t) look like a tls|ssl_stapling…ignored|client sent an http request to an https
            key values mismatch|unable to load (?:\w+ )?(?:key|cert)|private key…(?:mismatch|does not match)
            \b(?:ssl|tls)_error\b
            # 日本語
            証明書…(?:期限切れ|切れ(?:て|ま|た|$)|失敗|無効|エラー|検証(?:でき|されま)|失効|一致し(?:ま|な)|不一致
                |信頼(?:でき|されて)|不正|自己署名|見つかりませ|読み込めま|拒否|確認でき|問題が)
            (?:期限切れ|無効|失効した|不正|信頼できない|自己署名)[なの]?(?:サーバー|SSL|TLS|中間)?証明書
            証明書[^。]*名[^。]*(?:異な(?:り|る|って)|違い|違う)
            (?:\b(?:ssl|tls|https|sni|crl)|starttls)[^、。]*(?:エラー|失敗|確立でき|拒否|切断|不一致|一致しませ|サポートされて(?:い|お))
            ハンドシェ[イー]ク[^、。]*(?:エラー|失敗|でき(?:ま|な))
            暗号化?(?:通信|方式|スイート)[^、。]*(?:エラー|失敗|でき(?:ま|な)|一致しませ)
            証明書の有効期[間限](?:が|は)?(?:終了|切れ|過ぎ)|信頼関係を確立でき
        """),
        runbook="Look at the certificate's dates and names; renew it, or trust its issuer.",
        runbook_ja="証明書の期限と名前を確かめる。更新するか、発行元を信頼する。",
    ),
    Pattern(
        "feed_parse_error",
        "Feed parsing error",
        "フィード解析エラー",
        Severity.MEDIUM,
        _wordings(r"""
            SAXParse|ExpatError|XMLSyntaxError|XmlException|XMLStreamException|JSONDecodeError
            Json(?:Parse|Syntax|Mapping|Processing)?Exception|JSON::ParserError|XML::SyntaxError|REXML::\w+
            \b(?:Parse|Parser)(?:Error|Exception)\b|FeedParse\w*(?:Error|Exception)|ParsingFeed\w*|\bFeedException\b
            \bbozo\b
            CharacterEncodingOverride|NonXMLContentType
            not well[- ]formed|mismatched tag|undefined entity|no element found|junk after document element
            unclosed token|document is empty|start tag expected|ending tag mismatch
            premature end of (?:data|document)
            unbound prefix|JDOMParse\w*|unexpected root element|JSON\.parse|bad (?:feed|rss|xml|json)\b
            content is not allowed in prolog|closed by </|data at the root level is invalid|\bxmlParse\w+
            parser error ?:|is not an xml media type|declared as …parsed as|entity '\w+' not defined
            unexpected token…\bjson\b|unexpected end of json|invalid character…looking for|expecting value: line
            extra data: line|unterminated string starting|expected BEGIN_(?:OBJECT|ARRAY)
            UnicodeDecodeError|codec can't decode|invalid utf-?8|invalid byte sequence in
            \b(?:feed|rss|atom|opml|xml|json|yaml|sitemap)\b…(?:pars(?:e|er|ing)[ _-]?(?:error|fail\w*|exception)
                |malformed|\binvalid\b|not (?:a )?valid\b|unparseable|could not be parsed|cannot be parsed
                |syntax error|truncated)
            \b(?:invalid|malformed|broken|corrupt(?:ed)?|unparseable) (?:\w+ )?(?:feed|rss|atom|xml|json|opml)\b
            (?:fail(?:ed|ure|s)?|could ?n[o']t|can ?not|can't|unable|errors?|exception|problem
                |unexpected EOF)(?: (?:to|while|in|when))?(?: \w+)? (?:pars(?:e|ing)|decod(?:e|ing)|deserializ(?:e
                |ing)|read(?:ing)?|detect|interpret|unmarshal)\b…\b(?:feeds?|rss|atom|xml|json|opml|pubdate)\b
            invalid (?:date|pubdate|guid|link|entry|item|encoding)\b…\b(?:feed|rss|atom|pubdate)\b
            missing…(?:channel|item|entry|guid|pubdate) element
            invalid (?:xml )?character…(?:entity|name|xml)|premature end of (?:file|input|document)
            no json object could be decoded|cannot unmarshal|mapping values are not allowed|invalid yaml
            found character…that cannot start|expected <\w+>
            is not valid json|expecting (?:value|property name|\S+ delimiter)|invalid (?:start|continuation) byte
            error tokenizing|\b(?:xml|rss) error\b
            xml or text declaration not at start|unclosed cdata|duplicate attribute
            reference to (?:undefined|invalid)|namespace prefix \S+ on|entityref: |extra content at the end
            invalid char value|starttag: |cdata section not finished|comment not terminated
            \bparse_error\b|rsspp::Parser|could not parse (?:buffer|body|response|document)
            feed could not be found|(?:could not find|no) (?:an? )?(?:valid )?(?:rss )?feeds? (?:found )?at\b
            not a (?:valid )?(?:(?:rss|atom) )?(?:feed|rss)\b
            \b(?:fail\w*|cannot|could not|unable|error)…pars\w+…(?:date|entry|entries|item|document|response|xml
                |json|feed|rss)\b
            # 日本語
            (?:フィード|RSS|Atom|XML|JSON|YAML|サイトマップ|配信データ|記事データ|電文)[^。]*(?:解析|パース|解釈
                |構文|形式|フォーマット|文法|スキーマ|エンコード|デコード|文字コード|タグ|読み?込|読み?取|取り?込
                |変換|要素)[^。]*(?:失敗|エラー|でき(?:ませ|な|ず)|不正|異常|壊れ|誤り|違反|正しく(?:な|あり)|欠け
                |[めれ]ませ)
            (?:構文|パース|デコード)(?:解析)?エラー
            (?:解析|パース|デコード)(?:処理)?(?:に失敗|エラー|でき(?:ませ|な|ず))
            <[\w:]+> ?(?:要素|タグ)[^、。]*(?:見つかりませ|見つからな|ありませ|な[いく]|欠け|不足|不正)
            (?:日付|日時|時刻|pubDate|updated)[^、。]*(?:解釈|認識|解析|判別|変換)でき(?:ませ|な|ず)
            (?:フィード|RSS|Atom)[^、。]*(?:HTML|テキスト)(?:でした|です|が返)
            文字(?:コード|化け|エンコーディング)[^、。]*(?:不正|判定でき|変換でき|判別でき|検出し|発生|エラー|失敗
                |不明)
            不正な?(?:XML|JSON|RSS|Atom|フィード|文字コード|形式)
            (?:XML|JSON|RSS|Atom|フィード)[^、。]*(?:壊れて|破損|が不正|ではありません)
            (?:ルート要素|閉じタグ|終了タグ|必須要素)[^、。]*(?:あり(?:ま)?せん|な[いく]|見つかりませ|不足)
            (?:フィード|RSS|XML)[^、。]*(?:エンコーディング|文字コード|形式)[^、。]*(?:判定|認識|判別)でき
        """),
        runbook="Open the feed by hand; the source may have changed its format.",
        runbook_ja="フィードを手で開いてみる。配信元の形式が変わっていることがある。",
    ),
    Pattern(
        "authentication_failure",
        "Authentication failure",
        "認証の失敗",
        Severity.MEDIUM,
        _wordings(r"""
            auth(?:entication|orization)?(?: has| was| is)?(?: \w+)? (?:fail\w*|error|denied|rejected|refused
                |unsuccessful)\b
            \bauthentication required\b|\bNOAUTH\b|\bWRONGPASS\b
            (?:fail(?:ed|ure)?|unable|could not|cannot|couldn't|error)(?: to| in| during| while| at)? (?:auth\w*
                |log ?in|login|logon|sign ?in)\b
            \bfailed (?:password|publickey|keyboard-interactive|none for|log-?ins?|logon|sign-?in)
            \b(?:log-?in|log ?on|sign-?in)s?(?: attempts?)?(?: has| was| is)? (?:fail\w*|denied|rejected|incorrect
                |refused|invalid|unsuccessful|error)
            \binvalid (?:user\b|user ?name|password|credentials?|log-?in|(?:(?:access|api|auth\w*|bearer|security
                |session|refresh|id|jwt|csrf|client) )?(?:token|secret)\b|api[- _]?key|access key|signature\b|grant)
            \binvalid_(?:grant|client|token|credentials)
            \bbad (?:credentials|password|username)
            (?:incorrect|wrong) (?:user ?name|password|credentials|api key|passphrase)
            password (?:mismatch|did not match|does not match|(?:is |was )?(?:incorrect|rejected|invalid)
                |verification failed)
            password not accepted
            bad auth|(?:password|token|username|credentials)[^.;]* (?:is|are) (?:incorrect|invalid|wrong)
            permission denied \((?:publickey|password|keyboard|gssapi)|access denied for user…using password
            maximum authentication attempts|incorrect password attempt|no \S+ entry for host
            closed by (?:authenticating|invalid) user
            too many (?:failed |invalid |wrong )*(?:log-?in|auth\w*|password|sign-?in)\w* (?:attempts|failures)
            \baccount\b(?: '?[\w@.-]+'?)? (?:has been |is |was |temporarily )*(?:locked|disabled)
            \b(?:token|session|jwt|credentials?|signature|api key)(?: \w+)? (?:has |have |is |was |been )*(?:expired
                |invalid|revoked|rejected)\b
            (?:expired|revoked) (?:\w+ )?(?:token|credentials?|session)|signature (?:verification failed|does not match)
            Expired\w*Token|ExpiredSignature
            Invalid(?:Signature|Token|ClientTokenId|AccessKeyId|Credentials|Password)|SignatureDoesNotMatch
            UnrecognizedClient|Token(?:Expired|Invalid)|JsonWebTokenError|NoCredentials|unable to locate credentials
            (?:no|missing) (?:valid )?credentials
            \bunauthori[sz]ed\b|\bunauthenticated\b|(?:Authentication|Auth)(?:Error|Exception|Failed|Failure)
            BadCredentials|NotAuthenticated
            login (?:was )?refused|\buser "?\S+"? (?:was )?not found(?: in "\S+"|: /)|preauth\w* failed
            (?:two-factor|2fa|mfa|otp|totp|one-time|verification)(?: code| password)?…(?:rejected|failed|invalid
                |incorrect|wrong)
            invalid (?:authentication |login |user )(?:credentials|token|details)
            (?:api key|token|password|credentials?)(?: \w+)? (?:is |are |was )?not (?:valid|recognized|recognised
                |correct)
            unable to authenticate|sasl\b…(?:fail\w*|error|reject\w*)
            (?:ldap|bind|kinit|kerberos|gss\w*)\b…(?:invalid credentials|preauth\w* failed|fail(?:ed
                |ure) to auth\w*)
            illegal user|\bnot authori[sz]ed\.?$|FAIL LOGIN
            \b(?:invalid|not)_auth\w*|\bauth\w*_(?:failed|failure|error)\b|AUTHENTICATIONFAILED|reject\w* login
            token expired|login_failed
            # 日本語
            不正な?(?:トークン|署名|資格情報|パスワード|API ?キー)
            認証…(?:失敗|エラー|でき(?:ま|な|ず)|拒否|通らな|通りませ|不可|弾かれ)
            (?:ログイン|ログオン|サインイン)…(?:失敗|拒否|エラー|でき(?:ま|な|ず)|ロック)
            不正な?(?:ログイン|アクセス|サインイン|認証)(?:試行|の試み|要求)?[をがの]
            パスワード…(?:違い|違う|違っ|間違|誤り|誤っ|正しく(?:な|あり)|一致し(?:ま|な)|不一致|不正|無効)
            (?:資格情報|認証情報|クレデンシャル|秘密鍵|署名|トークン|API ?キー|セッション
                |アクセスキー)…(?:正しく(?:な|あり)|無効(?:[^化]|$)|不正|違い|誤り|期限(?:が|は)?切れ|失効
                |検証に失敗|拒否)
            アカウント…(?:ロック(?:され|し)|凍結され)|(?:二要素|二段階|ワンタイム)…(?:失敗|エラー|誤り|無効)
            (?:認証|確認|暗証)(?:コード|番号|用コード)[^、。]*(?:一致し(?:ま|な)|違|誤|無効)
            (?:認証|ログイン)NG|認証が通り
        """),
        runbook="See from where and for whom: one source is an attack, one service is a changed secret.",
        runbook_ja="どこから、誰の認証かを見る。一つの発信元なら攻撃、一つのサービスなら秘密情報の変更を疑う。",
    ),
    Pattern(
        "permission_denied",
        "Permission denied",
        "権限の不足",
        Severity.MEDIUM,
        _wordings(r"""
            permission[ _]?denied|\bEACCES\b|\bEPERM\b|PermissionError|operation not permitted
            \baccess_denied\b|\baccess(?: to \S+(?: \S+)?)? (?:is |was |has been )?(?:denied|forbidden|not allowed)
            Access(?:Denied|Control)\w*|UnauthorizedAccess|InsufficientPrivilege|\w*AuthorizationException
            \bNotAuthorized\b
            (?:insufficient|lacks?|lacking|missing|not enough|has no|have no|no)(?: (?:the|required|necessary
                |sufficient))* (?:permissions?|privileges?|access rights)
            (?:does not|do not|doesn't|don't|did not) have(?: (?:the|any|required|necessary
                |sufficient))* (?:permissions?|privileges?|access|rights?)\b
            (?:\bnot|isn't|un)[ -]?(?:authori[sz]ed|allowed|permitted) to\b|must be (?:owner|superuser|a member)
            command denied\b|insufficient_scope|\bmay not (?:delete|read|write|access|edit|publish|execute|create)
            \bis forbidden: |\(forbidden\):
            apparmor="?denied|avc: +denied|selinux is preventing|not in (?:the )?sudoers|\bNOPERM\b|\bORA-01031\b
            denied by server configuration|forbidden by (?:rule|rbac|policy)|directory index of…is forbidden
            AuthorizationError|AuthorizationFailed|forbidden by \w+ rules?
            (?:cannot|may not|can\'t) (?:delete|edit|modify|publish)…(?:role|permission)
            (?:role|user) \S+ cannot (?:delete|edit|read|write|publish|access|create|update)
            requires? (?:root|superuser|admin\w*|elevated) (?:privileges?|permissions?|access|rights)
            must be (?:run as )?root|insufficient (?:access )?rights
            # 日本語
            (?:権限|アクセス権)[^、。]*(?:ありませ|なく|不足|足り(?:な|ませ)|与えられて|エラー|ないため|がない
                |はない)
            (?:アクセス|参照|書き込み|書込|読み取り|読み込み|操作|実行|閲覧|編集|削除|作成)[^、。]*(?:拒否|禁止され
                |許可されて(?:い|お))
            許可(?:が|は|を)?(?:されて)?(?:ありませ|いませ|ない|おらず|得られ)|許可されていない(?:[^メH]|$)
            アクセス(?:が)?(?:禁止|不可)|権限外
        """),
        runbook="Compare the owner and mode of the file with the user of the process.",
        runbook_ja="ファイルの所有者と権限、プロセスの実行ユーザーを見比べる。",
    ),
    Pattern(
        "process_crash",
        "Process crash",
        "プロセスの異常終了",
        Severity.CRITICAL,
        _wordings(r"""
            \bsegfault\b|segmentation (?:fault|violation)|core dump(?:ed| written)|\bdumped core\b|\bcore-dump\b
            \bSIG(?:SEGV|ABRT|BUS|ILL|FPE)\b|/(?:SEGV|ABRT|BUS|ILL|FPE)\b
            (?:killed|terminated|exit(?:ed)?|died|crashed)(?: \w+)? (?:by|on|with|due to) (?:fatal )?'?signal\b
            \bexit signal\b|\bgot (?:fatal )?signal \d+ ?;|fatal signal|was sent SIGKILL|exited prematurely
            kernel panic|kernel bug at|\boops: |unable to handle (?:kernel|page)|general protection fault
            invalid opcode
            (?:^|[\s\]])panic: \S|\bpanicked\b
            fatal error: (?:all goroutines|concurrent map|unexpected signal|stack|sync)
            fatal error has been detected|fatal python error|\bgoroutine \d+ \[running
            terminate called|stack smashing|double free|(?:heap|memory) corruption|buffer overflow detected
            corrupted size vs|\baborted \(|assertion `.*' failed
            main process exited, code=|process terminated$|(?:jvm|vm|interpreter) crashed|uncaughtexception
            failed with result '(?:exit-code|signal|abort|resources|protocol|start-limit-hit)
            start request repeated too quickly|too many start retries|entered fatal state
            exit status \d+; not expected
            CrashLoopBackOff|back-off restarting|WorkerLostError|BrokenProcess|ELIFECYCLE|faulting application
            \b(?:process|worker|service|daemon|server|application|app|program|thread|child|container|job|pod
                |instance|broker|agent|browser|redis|node)\b…\b(?:crashed|crashing|died\b|(?:exited|terminated
                |stopped|quit|ended|shut ?down) (?:abnormally|abruptly|unexpectedly))
            (?:exited|terminated|stopped) (?:abnormally|abruptly|unexpectedly)
            \bexit(?:ed)?(?:(?: with)?(?: exit)?[ _-]?(?:code|status)| with)["']?[ :=(]{1,2}-?[1-9]\d*\b
            non-?zero exit
            (?:unhandled|uncaught) (?:\w+ )?(?:exception|rejection)|uncaught (?:\w+)?error
            exception in thread "main"
            access violation|free\(\): |invalid pointer|\bbus error\b|illegal instruction|crash dump
            stack overflow(?:ed)?\b
            entered failed state|worker failed to boot|too many restarts|restart loop
            restarting crashed|\bcrashed (?:worker|process|container|pod|service|task)
            # 日本語
            (?:プロセス|ワーカー|サービス|デーモン|サーバー?|アプリ(?:ケーション)?|スレッド|コンテナ|ジョブ|システム
                |プログラム|エンジン)[^。]*(?:クラッシュ[しを]|落ち(?:ま|た|て)|異常(?:終了|停止)[^0-9なはも件]
                |ダウンし)
            クラッシュ(?:し|が発生|を検)|異常終了(?:し|で|が|を|と|です|$|[(:、。])|強制終了(?:し|され|と)
            (?:予期(?:せず|しない|せぬ)|突然|不意に|想定外|例外)[^。]*(?:終了|停止|落ち|中断|再起動)
            (?:ハンドル|捕捉|処理|キャッチ)されて?い?ない?(?:かった)?例外|未(?:処理|捕捉)の?例外
            シグナル ?\d+ ?(?:で|により|を受)[^。]*(?:終了|停止)|コアダンプ(?:を|し|が|さ)|セグメンテーション
            バスエラー|浮動小数点例外|不正な命令です|突然死
            カーネルパニック|パニックが発生|終了コード[ :=は]{0,2}[1-9]
        """),
        runbook="Look at the lines just before it and at the exit code; restart, keep the core file.",
        runbook_ja="直前の行と終了コードを見る。再起動し、コアファイルは残しておく。",
    ),
    Pattern(
        "database_error",
        "Database error",
        "データベースエラー",
        Severity.HIGH,
        _wordings(r"""
            # SQL: states, errors and classes of drivers
            \bSQLSTATE|SQL\w*Exception|\bORA-\d+|\bPG::\w|\bpq: |\bE11000\b|ERROR \d{4} \(\w{5}\)
            \b(?:Operational|Integrity|Programming|Database|Interface|SQLAlchemy|Data|NotSupported)Error\b
            pymysql\.err|MySQLdb\.|asyncpg\.\w|pymongo\.errors
            ActiveRecord::\w+(?:Error|Invalid|Deadlocked|Violation|NotUnique)
            (?:Mongo|Sequelize|Prisma|Knex|TypeORM)\w*Error|ConstraintViolation|UniqueViolation|ForeignKeyViolation
            ServerSelectionTimeout|NoHostAvailable|StatementInvalid
            deadlock (?:detected|found)|deadlocked on|too many connections\b|too many clients
            remaining connection slots|lock wait timeout|due to lock timeout|database is locked
            disk image is malformed|server has gone away|lost connection to|server closed the connection
            duplicate (?:key|entry)|violates …constraint|constraint (?:failed|violation)|could not serialize access
            transaction is aborted|terminating connection due to
            invalid input syntax for|database system is (?:starting up|shutting down|in recovery)|marked as crashed
            transaction has been rolled back
            could not (?:open|read|write|extend|access) (?:relation|file "?(?:base|global|pg_))
            could not execute \w+_rows event|can't find record in '|\bError_code: MY-
            \breplica (?:sql|i/o|io)\b…(?:could not|error|fail\w*|cannot)|violates not-null
            replica set…(?:unreachable|no primary|fail\w*)
            \b(?:SQL|INSERT|UPDATE|DELETE|SELECT)(?: ?(?:文|構文))[^。]*(?:失敗|エラー|でき(?:ませ|な|ず))
            (?:relation|column|table|function|schema|role|database) "?'?[\w.]+'?"? (?:of relation \S+ )?does(?: not
                |n't) exist
            no such (?:table|column)|unknown (?:column|database|table)|syntax error at (?:or near|end of input)
            error in your sql syntax
            QueuePool limit|(?:connection )?pool (?:is )?(?:exhausted|empty|timeout|timed out)
            obtain a (?:database )?connection|a connection from the pool|connection is not available
            communications link failure
            \binnodb\b…(?:unable to|error|fatal|corrupt\w*|assert\w*)|semaphore wait has lasted
            (?:slave|replica(?:tion)?|standby)\b…(?:error|broken|stopped|failed|disconnected|terminated)
            invalid page in block|could not locate a valid checkpoint|could not read block
            \bMISCONF\b|ReadOnlyError|read only replica|\bCLUSTERDOWN\b|\bMASTERDOWN\b|\bNOREPLICAS\b
            redis is loading|\bredis\b…(?:connection reset|broken pipe|connection closed|server closed)
            \b(?:database|db|postgres\w*|psql|mysql|mariadb|sqlite3?|mongo(?:db)?|oracle|mssql
                |cassandra)\b…\b(?:errors?|exception|fail(?:ed|ure|s|ing)?|lost|unavailable|not available|locked
                |refused|corrupt\w*|aborted|timed out|timeout|unreachable|could not|cannot|is down|not responding
                |dropped|disconnected)\b
            \b(?:errors?|fail(?:ed|ure)|exception|cannot|can't|could not|couldn't|unable|lost
                |refused)\b…\b(?:database|db|postgres\w*|mysql|mariadb|sqlite3?|mongo(?:db)?)\b
            value too long for type|data too long for column|foreign key constraint|DataIntegrity
            DataAccess\w*Exception|Hikari\w*…(?:exception|fail\w*|not available)|communication packets|DBAL\\
            could not connect to the (?:primary|master|standby)
            \b(?:PDO|Npgsql|Mongo|Mysql|Sqlite|Db|Hibernate|JPA|Persistence|Jdbc|Entity)\w*Exception
            serialization failure
            is the server running|\bSQLCODE\b|could not obtain lock|read-only transaction
            (?:cursor|connection) already closed|(?:query|transaction)(?: \w+)? (?:failed|aborted|rolled back)
            # 日本語
            (?:データベース|\bDB|SQL|クエリー?|トランザクション|テーブル|レプリケーション|レプリカ|スレーブ
                |(?:コネクション|接続)プール|PostgreSQL|MySQL|Oracle|MongoDB)[^。]*(?:失敗|エラー|例外が|でき(?:ませ|な|ず)
                |(?:取|込|得ら|開|書)[めれけ]ませ(?:ん|ず)|切断|切れ|障害|異常|タイムアウト|拒否|ロールバック|ロックされ|破損|枯渇|上限に|存在しませ|停止しま
                |見つかりませ|落ち|応答(?:しませ|が(?:ありませ|な)))
            デッドロック|一意(?:性)?制約|(?:制約|キー)(?:の|に|へ)?(?:違反|重複|反)|重複(?:した)?キー|ロック待ち
            リレーション[^、。]*存在しませ|クライアント数が多すぎ|ロック獲得|接続(?:数)?が多すぎ
            テーブルが(?:あり|見つかり)ませ
            (?:データベース|\bDB|SQL)[^。]*(?:途絶|誤り)|排他(?:制御)?エラー|ロックの?競合
        """),
        vague=_wordings(r"""
            \bredis\b…(?:error|fail(?:ed|ure)|unavailable|timed out|timeout|lost)
            (?:error|fail(?:ed|ure)|cannot|could not|unable)…\bredis\b
        """),
        runbook="Check that the database answers and how many connections it has; look at its own log.",
        runbook_ja="データベースが応答するか、接続数は何本かを確かめ、データベース側のログを見る。",
    ),
    Pattern(
        "queue_backlog",
        "Queue backlog",
        "キューの滞留",
        Severity.MEDIUM,
        _wordings(r"""
            \bqueues?\b…(?:\bfull\b|overflow\w*|\bbacklog|backed up|too (?:long|large|deep)|exceed\w*|\bgrow(?:s|ing
                |n)?\b|(?:over|above) (?:the |its )?(?:\w+ )?(?:limit|threshold|maximum)|saturated|congested
                |piling up|(?:at|over|beyond|reached)(?: \w+)? capacity|no consumers|too (?:big|many)|backing up
                |overloaded|(?:being )?(?:dropped|dropping|rejected|discarded))
            Queue(?:Full|Overflow)|\bqueue\.Full\b|RejectedExecution|rejected execution|queue capacity…exceeded
            (?:exceed\w*|full|growing|overflow\w*|dropp\w+|saturated)\b…\bqueue\b
            \bbacklog\b…(?:exceed\w*|grow\w*|too (?:large|long|high)|\bhigh\b|detected|building|increas\w*|above
                |waiting)
            \blag\b…(?:exceed\w*|grow\w*|\bhigh\b|\btoo\b|above|increas\w*|threshold)
            (?:pending|queued|waiting|unprocessed|undelivered|outstanding) (?:tasks?|jobs?|messages?|requests?
                |items?|events?|articles?)…(?:above|exceed\w*|over the|grow\w*|pil\w+ up|accumulat\w*|increas\w*
                |backlog)
            too many (?:pending|queued|outstanding|waiting|unprocessed|unacked)\b
            (?:jobs?|tasks?|messages?|events?|items?|requests?|mails?)\b…(?:piling up|backed up|accumulating
                |backlogged)
            too many…\bqueue\b|(?:messages?|jobs?|tasks?|mails?)…waiting in…queue
            thread ?pool…(?:exhausted|full|saturated|rejected)|unable to enqueue
            \bactive queue entries|\bqueues?\b…nearly full
            \b(?:alert|alarm|warning|critical)\b…(?:messages_ready|messages_unack\w*|ApproximateNumberOfMessages\w*
                |ApproximateAgeOfOldestMessage|total lag|oldest message age|queue (?:depth|length|size))
            listen queue|syn flooding|max_children setting|MaxRequestWorkers setting
            worker_connections are not enough
            \b(?:ring |channel |send |output |event |log |message )?(?:buffer|channel
                |mailbox)(?: [\w'"-]+)? (?:is |was )?(?:full\b|overflow\w*)
            slow consumer
            (?:fall(?:ing|en)|lagging) behind|(?:can(?:'|no)t|unable to|not) keep(?:ing)? up
            \bqueues?\b…(?:threshold|(?:latency|lag|depth|length|size) (?:is )?(?:too )?(?:high|large|long))
            (?:unacked|unacknowledged) messages…|messages exceed
            back[- ]?pressure
            (?:dropping|dropped) (?:\d+ )?(?:oldest |pending )?(?:messages|events|logs|records|metrics|spans
                |entries)
            \bqueue_full\b
            # 日本語
            (?:キュー|待ち行列)(?:[^イ。]|イ[^ン])*(?:滞留|溢れ|あふれ|満杯|いっぱい|一杯|詰ま|超過|超え|上限|フル
                |増え続|増加|拡大|溜ま|たま(?:っ|り)|遅延|飽和)
            滞留(?:件数|数|量)?(?:が|を|し(?:て|ま|た)|中|$|[:(])|バックログ[^、。]*(?:増|超|溜|発生|拡大)
            (?:キュー|待ち行列)に空きがあり|スレッドプール[^。]*(?:満杯|枯渇|いっぱい|上限)
            (?:未処理|処理待ち|配信待ち|送信待ち|実行待ち|未配信|未送信|待機)[^。]*(?:溜ま|たま(?:っ|り)|増え|増加|超え
                |超過|滞|積み上が|上限|溢れ|あふれ|達し)
            (?:コンシューマー?|配信|処理|レプリケーション|キュー)[^、。]*(?:ラグ|遅延|遅れ)[^、。]*(?:増|拡大|超
                |広が|検出)
            バッファー?[^、。]*(?:溢れ|あふれ|いっぱい|満杯|フル|オーバーフロー)|処理が追いつ(?:い|か)
            処理が間に合(?:わ|って(?:い)?(?:な|ませ))|(?:処理|翻訳|配信|送信|登録|変換|解析|取り?込み)待ちが[^。]*(?:超え|超過|溜ま|増え)
            処理[がは]滞|積み残し
            (?:キュー|待ち行列)[^。]*(?:長くな|長す|多す)
        """),
        runbook="Compare arrivals with what the workers do; add workers or find the slow step.",
        runbook_ja="届く量と処理量を比べる。ワーカーを増やすか、遅い段を見つける。",
    ),
    Pattern(
        "connection_refused",
        "Connection refused",
        "接続拒否",
        Severity.HIGH,
        _wordings(r"""
            connection (?:to \S+ |from \S+ )?(?:was |is |has been )?(?:actively )?refused
            refused (?:the |our |a )?connection|actively refused|refused by (?:the )?(?:peer|server|host|remote)
            \bECONNREFUSED\b|Connection_?Refuse\w*|ERR_CONNECTION_REFUSED|connect call failed
            \bconnect\(\) failed \(111
            could not be established\. broker may not|cannot connect to the docker daemon
            connection to … refused
            # 日本語
            接続[^。]*受け?付け(?:ませ|ない|なかっ|ず|て(?:い)?(?:ませ|な)|られ(?:ませ|な|ず))
            (?:接続|コネクション)[^。]*拒否|拒否(?:された|され)[^。]*接続
        """),
        vague=_wordings(r"""
            (?:fail(?:ed|ure)|unable|could not|cannot|can\'t|couldn\'t|error)(?: to| while
                | when)? (?:connect(?:ing)?|reach|establish (?:an? )?(?:new )?connection)\b
            \bconnection (?:attempt )?failed\b|connection could not be established
            (?:つな|繋)がりませ|(?:接続|通信)(?:先)?[^、。]*(?:でき(?:ませ|な|ず)|に失敗)
        """),
        runbook="Is the other side running, and does it listen on that port?",
        runbook_ja="相手が動いているか、そのポートで待ち受けているかを確かめる。",
    ),
    Pattern(
        "http_server_error",
        "HTTP server error (5xx)",
        "HTTPサーバーエラー（5xx）",
        Severity.HIGH,
        _wordings(rf"""
            {_answers("5[0-9][0-9]")}
            internal server error|bad gateway|service (?:is )?(?:temporarily |currently )?unavailable
            gateway time-?out|HttpServerError
            upstream prematurely closed|no live upstreams|no server is available to handle
            upstream sent (?:invalid|too big|no valid)|upstream connect error|premature end of script headers
            exception occurred processing wsgi
            servlet\.service\(\)…threw exception|no healthy upstream|no available server|has no server available
            backend fetch failed
            # 日本語
            \b5xx\b[^。]*(?:を返|発生|割合|増|多発|超え|検知)|ゲートウェイタイムアウト
            (?:内部サーバー?|サーバー?[内側]部?|サーバー?|内部)エラー|サーバー?(?:が|は)(?:一時的に)?(?:利用|使用)でき
            不正な応答|ゲートウェイ(?:エラー|が不正)
            サーバー? エラー
        """),
        runbook="See which path and which host answers so; look at that service's own log at the same time.",
        runbook_ja="どのパス、どのホストの応答かを確かめ、そのサービスの同じ時刻のログを見る。",
    ),
    Pattern(
        "timeout",
        "Timeout",
        "タイムアウト",
        Severity.MEDIUM,
        _wordings(r"""
            \btimed[- ]?out\b|\bE(?:SOCKET)?TIMEDOUT\b|(?:Timeout|TimedOut)(?:Error|Exception|Expired|Exceeded)\b
            \b(?:Read|Connect|Write|Pool|Open|Request)Timeout\b
            deadline[_ ](?:was |has )?(?:exceeded|passed|expired|elapsed)|DeadlineExceeded|TimeLimitExceeded
            \bWORKER TIMEOUT\b|result 'timeout'
            \btime-?out (?:was |has )?(?:error|exceeded|expired|occurred|reached|elapsed|fired|detected|triggered
                |while|when|waiting|after|during|from|connecting|reading|fetching|writing|talking|calling|sending
                |receiving|on)\b
            \btime-?out (?:in|for) [^\s\d]
            \b(?:read|write|connect(?:ion)?|request|query|statement|response|operation|socket|upstream|network|fetch
                |i/o|task|job|handshake|lookup|client)[. ]time-?out\b
            (?:^|: |\bdue to (?:an? )?|\bfailed…)time-?out\b|\btime-?out[!.]?$
            \btime-?out of \S+(?: \w+)? (?:exceeded|reached|expired|elaps\w+)
            (?:time limit|execution time)\b…(?:exceeded|reached|\bhit\b)
            (?:exceed\w*|reached|hit|over)(?: \w+){0,2} (?:time limit|execution time|deadline|timeout)
            execution expired
            keep-?alive\b…(?:expired|exceeded|elapsed|lost)|\bno (?:pong|pingresp|ping response)\b
            \bno (?:response|reply|answer|heartbeat|ack(?:nowledge?ment)?)s? (?:was |were )?(?:received |)?(?:from
                |within|after|in)\b
            (?:did not|didn't|does not|doesn't|failed to|not) (?:answer|respond|reply)(?:ing)?\b
            did not (?:complete|finish)…(?:within|in time)
            soft lockup|hung_task|blocked for more than|\bexpiring \d+ record|not present in metadata after
            (?:exceed\w*|after|reached|over)(?: \w+){0,3} (?:wait(?:ing)? time|seconds\b…(?:kill|abort|cancel|gave))
            (?:gave|giving) up (?:waiting|after)
            (?:did not|not|never) (?:finish|complete|end|return)\w*…(?:allotted|time|within)
            (?:killed|aborted|cancell?ed) after exceeding|\btimeout \d+ms exceeded
            exceed\w*(?: \w+){0,3} timeout|\bno heartbeat\b|missed heartbeat|lease expired
            \bLock\w*Timeout\b|acquire (?:the |a )?lock within|(?:took|taking|takes) too long|\bunresponsive\b
            stopped responding
            \btimeout_error\b|\btimed_out\b
            # 日本語
            タイムアウト(?:[しがにでとエ例発超検リ、。:()（!」]|\s|$|のため|を(?:検|超|起)|により)
            (?:応答|返答|返信|レスポンス)(?:待ち)?[^、。]*(?:ありませ|なく|なし|がな[いかく]|返(?:り|って)(?:ませ
                |こ)|しませ|しな|超過|超え)
            (?:制限|所定|既定|待ち|待機|規定|処理|実行|応答|許容|最大|所要)時間(?:内に|[^、。]*(?:超過|超え|過ぎ|オーバー|達し))
            (?:応答|返答|返信|完了)?待ち(?:を|は)(?:打ち切|中止|断念|あきらめ)
            時間切れ|無応答|応答が(?:途絶|途切)
            (?:時間|秒|分)以?内に[^、。]*(?:完了|終了|終わ|応答|返|接続)[^、。]*(?:ませ|なかっ|ず|ない)
            一定(?:の)?時間[^。]*応答し(?:な|ま)
            応答なし|ハング(?:アップ)?し
        """),
        runbook="See which peer does not answer; compare with its response time just before.",
        runbook_ja="応答しない相手を特定し、直前の応答時間と比べる。",
    ),
    Pattern(
        "http_client_error",
        "HTTP client error (4xx)",
        "HTTPクライアントエラー（4xx）",
        Severity.LOW,
        _wordings(rf"""
            {_answers("4(?:[0-35-9][0-9]|4[0-24-9])")}
            \b4\d\d[ :,(]+(?:bad request|unauthorized|forbidden|not found|method not|not acceptable|conflict|gone
                |length|precondition|payload|request (?:timeout|entity|header|uri)|uri|unsupported|unprocessable|locked)
            HttpClientError|(?:HttpRequestMethod|HttpMediaType)Not\w+|Missing(?:Servlet)?Request\w+Exception
            HttpMessageNotReadable|MethodArgument(?:NotValid|TypeMismatch)|No(?:Handler|Resource)Found|NotFoundHttp\w+
            Bad(?:Http)?RequestException|(?:MethodNotAllowed|NotAcceptable|Unsupported\w+|Unprocessable\w+)HttpException
            invalid (?:uri|method|host|protocol) in request|クライアントエラー|許可されていない(?:HTTP ?)?メソッド
            (?:^|\d )(?:not found|gone|forbidden): /
            ^(?:\w+\.[\w.]+ )?not found: /|\bbad request\b|method not allowed|unprocessable (?:entity|content)
            (?:entity|payload|content|uri|body|header|cookie) too (?:large|long)|too large (?:body|header)
            unsupported media type|no route matches|RoutingError|client sent (?:invalid|too|plain)
            invalid http request
            # 日本語
            (?:ページ|URL)(?:が|は)(?:見つかりませ|存在しませ)|リクエスト(?:の形式)?(?:が|は)不正|不正なリクエスト
        """),
        runbook="Many at once: a broken link or a changed address; look at the most frequent path.",
        runbook_ja="急に増えたときはリンク切れやアドレスの変更。最も多いパスを確かめる。",
    ),
)
