"""What looks like trouble in a line and is none: counts of zero, settings, names, addresses, titles, what has passed.

Two tables of regular expressions (Python's `re`, case does not count), see `wordings`. Each begins at a word and is
bounded (`{0,40}`, not `*`, before what may not come): the longest line, 4 KiB, may take a few milliseconds.
"""

import re

from analyzer.wordings import wordings


def _joined(text: str) -> re.Pattern[str]:
    return re.compile("|".join(wordings(text)), re.IGNORECASE)


_CALM = _joined(r"""
    # what has passed
    (?<!not )(?<!be )(?<!not been )\b(?:recovered|restored|reconnected|re-established|cleared|healed)\b
    (?<!not )(?<!be )(?<!not been )(?<!-)\bresolved(?! host| address| \[)
    \b(?:problem|issue|bug|error)s? (?:is |was |has been )?fixed\b|\bback (?:online|up|to normal)\b
    \b(?:succeeded|successful(?:ly)?)\b[^.;]{0,20}$
    (?:復旧|回復|解消|解決|復帰|再接続)(?:し(?:まし)?た|済み|を確認)|(?:再試行|リトライ)に成功
    解除(?:され|し(?:まし)?た|済み)|(?:滞留|溜ま|遅延|停止|中断|切断)(?:し(?:てい)?た|ってい?た|分)?の?[^、。]{0,20}(?:すべて|全て|全件
        |処理が|処理は)[^、。]{0,8}(?:完了|終わり|終了)
    (?:兆候|恐れ|おそれ|心配|形跡|必要)[はも](?:ありません|ない|なし)|(?:には?|を)(?:達して|超えて|超過して)い(?:ません|ない)
    (?:溜ま|たま|滞)[^、。]{0,12}[はも](?:ありません|ない)
    # tests, drills, plans, changes
    \bPASS(?:ED)?\b|\brunning tests?\b|^\s*(?:✓|✔|√)|^ok \d+ |\.\.\. ok$|\b(?:drill|dry[- ]run)\b
    \b(?:scheduled|planned) (?:maintenance|downtime|outage|shutdown|restart)\b|^maintenance:
    計画(?:停止|メンテナンス)|メンテナンスのため|訓練|予定どおり|計画どおり|対策
    ^commit [0-9a-f]{6,}|^merged? (?:branch|pull request)|^(?:keyword|trending|topic)s?\b
    # help, comments, plans and notes of developers
    ^(?:usage|help|docs?|documentation|see|release notes?|changelog|todo|example|e\.g\.|faq|hint|tip)\b[:\s-]
    ^(?:使い方|使用法|使用例|ヘルプ|リリースノート|変更履歴|更新履歴|例|参考|手順書|仕様)(?:[:：\s]|\d)|（仕様）
    ^(?:\#+|//+|;+)\s(?!\s*there is\b).*\b(?:if|when|whenever|unless|is|are|may|can|will|should|must|default)\b
    \b(?:will|would|may|might|should|must) (?!not)(?:be )?\w+[^.;:]{0,60}\b(?:if|when|whenever|unless|in case|once)\b
    \bare (?:made|sent|tried|retried|done|deleted|logged|counted|ignored|skipped) (?:if|when|whenever|unless|once)\b
    \b(?:is|are) now (?:\w+ly )?(?:reported|logged|handled|treated|retried|ignored|shown|counted)\b
    \b(?:as|,) expected\b|\bno (?:action|attention) (?:is )?(?:required|needed)\b
    \bdeprecated (?:option|setting|parameter|key|flag|directive)|\b(?:option|setting|parameter|flag)\b[^.;]{0,40}
        \bdeprecated\b
    # questions
    ^(?:did|do|does|is|are|was|why|how|what|which|can|could|should) .*\?$|か[?？]$
    # settings, and things made
    ^(?:registered|registering|loading|loaded|created|creating|configured|enabled|disabled|installed|set|setting
        |exporting (?:counter|gauge|metric))\b
    \b(?:handler|listener|hook|detector|detection|reporter|reporting|monitoring|tracking|killer|limiter|limiting|checker
        |protection|validator|rule|policy|page|template|plugin|middleware|index|table|test|simulation|alert|notification|template)s?\b[^.;:]{0,40}
        \b(?:registered|completed|loaded|enabled|disabled|configured|installed|initiali[sz]ed|created|updated|added|saved
        |started|ready|tested)\b
    (?:設定|ルール|画面|ページ|文言|機能|テンプレート|メッセージ|マニュアル|通知|メール|しきい値|閾値|上限値?|制限値?|出力先|方式)
        (?:は|を|が|の)[^。]{0,30}(?:設定|変更|更新|修正|有効|無効|追加|登録|作成|読み込み|翻訳|引き[上下]げ)(?:に)?
        (?:し(?:まし)?た|ました|$)
    ^設定\s?[:：]?\s?[^、。=]{1,40}(?:=|[:：])\s?\S+(?:\s?(?:秒|分|回|件|%))?$|^(?:\w+ )?quota (?:report|usage)\b
""")
"""A line with one of these tells of no trouble, whatever words it has."""

_TITLED = (
    r"(?:titles?|headlines?|articles?|stor(?:y|ies)|subject|posts?|news|push|bulletin|caption|summary|quer(?:y|ies)"
    r"|search(?:ed)?|item|duplicate|scenario|case|page|section|opened|keywords?|topic|category|tag|rule|alert|comment|note|published|publishing|saved|stored|inserted|indexed"
    r"|indexing|imported|received|queued|translated|summari[sz]ed|delivered|sent)"
)
"""What a title, a headline or other people's words come after, in quotes."""
_TROUBLES = (
    "(?:errors?|failures?|time-?outs?|exceptions?|warnings?|crash(?:es)?|deadlocks?|conflicts?|problems?|issues?"
    "|denials?|rejections?|alerts?)"
)
_MISHAPS = (
    "(?:エラー|拒否|失敗|タイムアウト|異常|障害|警告|滞留|問題|例外|不具合|クラッシュ"
    "|デッドロック|遅延|違反|期限切れ|ロック)"
)
_DURATION = r"\d[\d.]*+(?:\s?(?:ms|msecs?|s|secs?|seconds?|m|mins?|minutes?|h|hours?)\b)?+"
_NOT_OVER = r"(?!\s*(?:exceeded|reached|expired|elaps(?:ed|ing)))"

_HARMLESS = _joined(rf"""
    # addresses, paths, files, arguments, names of tests
    [a-z][a-z0-9+.-]{{1,20}}+://[!#-&(-;=?-~]*+
    (?<![\w)])~?/[\w.%@~+*:?&=#,/-]++
    (?<![\w.-])[\w.-]+\.(?:py|rb|js|ts|go|rs|java|php|md|log|conf|cfg|ini|toml|ya?ml|html?|txt|csv|pem|crt|sh|sql)\b
        (?!:\s?\D)
    (?<![\w-])--?[a-z][\w:.+-]*(?:=\S*)?|\bssl:(?:default|true|false|none)\b|\btest_\w+
    \bbranch ["']?\S+|\b(?:fix|bugfix|hotfix|feature|feat|chore|refactor)/[\w./-]+|\bon_[a-z_]+\s?[:=]\s?\w+
    \bkombu\.exceptions\.OperationalError
    # titles and other people's words
    (?:記事|タイトル|見出し|ニュース|件名|題名|語)[:：]?\s?[「『][^「」『』]{{0,300}}[」』]
    \b{_TITLED}\b(?:\W{{1,3}}[\w-]{{1,30}}){{0,2}}?\W{{0,4}}(?:"[^"]{{8,}}"|'[^']{{8,}}'|“[^”]{{8,}}”)
    <title>[^<]{{0,300}}</title>|\bstatement: (?:select|insert|update|delete)\b.*
    # counts of zero
    \b(?:no|zero|without(?: any)?|never|free of|(?<![\d.:,-])0)\s(?:[a-z]+\s){{0,2}}?
        (?:{_TROUBLES}|exceeded|failed|timed out|refused|rejected|denied|dropped|lost)\b
    {_MISHAPS}(?:した\w{{0,8}}|件数|数|率|ジョブ|の[^、。]{{1,8}})?
        [はがもを:：=]?\s*(?<![\d.])(?:0|零|ゼロ)(?:\.0+)?\s*(?:%|件|個|回)?(?!\d)
    (?<![\w.,:/-])0 (?:out )?of \d[\d,]*\s[^.;,]{{0,60}}|件中\s?0\s?件[^、。]{{0,20}}
    {_MISHAPS}[^、。:：(（]{{0,12}}?(?:は|が|も|を)?
        (?:あり|なり|(?:発生し|起き|見つか(?:り|って)|検出(?:され|し)|検知(?:され|し))(?:てい|い)?)ませ
    {_MISHAPS}(?:[^、。()]{{1,6}})?(?:は|が|も|:|：)?\s?(?:なし|無し|ゼロ)
    # counters and settings
    (?<![\w.-])[\w.-]*?(?:errors|failures|failed|time-?outs?|exceptions|rejected|dropped|oom|crash\w*|deadlock)
        (?:[_ -](?:count|total|rate|ratio|score\w*|adj|limit|s|ms|sec|secs|seconds|millis))*["']?\s*[=:]\s*["']?
        (?:-?\d[\d.,]*\s?(?:ms|s|sec|secs|seconds|m|min|minutes|h|%)?|true|false|on|off|none|null)\b{_NOT_OVER}
    \b(?:oom|oom_kill) \d+$|\b[a-z]+_(?:full|kills?|out|refused|messages|connections|drops?)\s?=\s?\d+\b(?!\s?(?:of|/))
    (?:refused|failed|rejected|dropped|denied) [a-z]+s(?: [a-z]+)?: ?\d+\s*(?:[,;]|$)
    (?:refused|failed|rejected|denied|time-?out)s? (?:count|total)\b|\btime-?out-[a-z]+|\b[a-z]+_on_[a-z]+\b
    \b(?:error|crash|failure|rejection|drop)[ _-]
        (?:rate|count|ratio|budget|threshold|reports?|codes?|pages?|messages?|handlers?|logs?)\b
    \b[a-z]\w*_(?:total|count|seconds|bytes|bucket)\b(?!:\s?\D)
    \b\w+_(?:timeout|error|errors|failure|failures|log|limit|size|path|file|certificate|key)\b(?!:\s?\D)
    \b(?:[a-z]+ )?time-?outs?(?: for [\w-]+(?: [\w-]+){{0,3}}?)?\s(?:(?:value|is|was|now|has been|are|set|configured
        |changed|increased|reduced|raised|lowered|extended|to|of|at|as|for|in|by|default|from|:|\()\s?)*{_DURATION}{_NOT_OVER}
    (?<!exceeded the )\b(?:set(?:ting)?|configur\w+|chang\w+|default|increas\w+|reduc\w+|rais\w+|update\w*) (?:the )?
        (?:[a-z]+ ){{0,2}}?time-?outs?\b(?! error)
    \btime-?outs? (?:set|configured|changed|disabled|enabled)\b
    \bretry on (?:\w+ )?(?:time-?out|errors?|failure)|\bon time-?out:
    タイムアウト(?:時間|値|秒数|設定)[^、。]{{0,30}}|上限の\d+\s?[%％割]
    タイムアウト[をはがの:：=]?\s?(?:既定値は|設定は)?\d+\s*(?:秒|ミリ秒|分|s|ms)(?:に|と|です|へ|$)
    \btime-?out (?:handl\w+|values?|settings?|options?|policy|parameters?|thresholds?|limits?|windows?|monitor\w*
        |checks?|config\w*)\b
    (?<![\w.-])[\w.-]+\s?=\s?(?:true|false|on|off|none|null|yes|no)\b|\bkeys? [\w-]*[.:][\w.:-]*\w
    # conditions
    (?:{_MISHAPS}|不足|満杯|ない|なかった|できず)[^、。]{{0,12}}(?:場合|とき|際)(?:は|には|の|、)
    (?:^|\.\s)(?:if|when|whenever|unless|in case)\b[^,.;:]{{0,80}}|\bwill retry\b[^.;]{{0,40}}
    # amounts and durations
    (?<![\w.])\d+(?:\.\d+)?\s?(?:ms|msecs?|milliseconds|[µμ]s|us|ns|s|secs?|seconds?|bytes|[kmg]i?b)\b
""")
"""These parts of a line tell of no trouble; what is left may."""

_QUOTED = re.compile(r"[「『][^「」『』]{0,300}[」』]")
_AMISS = re.compile(
    "エラー|失敗|例外|拒否|異常|警告|重大|致命|不正|できま|できな|られませ|いませ|ありませ|見つかりませ|切れ|不明"
    "|fail|error|cannot|could not|unable|invalid",
    re.IGNORECASE,
)


def without_look_alikes(text: str) -> str:
    """Return what is left of a text when all that is harmless is taken out; nothing where it all is."""
    text = _without_titles(text)
    return "" if _CALM.search(text) else _HARMLESS.sub("/", text)


def _without_titles(text: str) -> str:
    """Return a text without what stands in Japanese quotes, unless what stands around it tells of trouble."""
    around = _QUOTED.sub("「」", text)
    return text if _AMISS.search(around) else around
