"""Which words of a Japanese shape are likely names.

Japanese says at the end what happened, and marks with a particle what it happened to. So a noun before a particle is
likely a name, unless it is a general thing (`general_nouns.py`), tells a state or is itself what happened: 更新に失敗.
"""

import re
from collections.abc import Iterator

from analyzer.general_nouns import is_general
from analyzer.marks import VARIABLE
from analyzer.states import STATE_SIGNS, STATE_WORDS

_LETTER = "[一-龥々〆ァ-ヶー・A-Za-z0-9_.&+/★☆<>*-]"
_CHUNK = rf"{_LETTER}{{2,30}}"
_BEGINS = r"(?:^|(?<=[\s、。:()「」\[\]]))"
_COUNTERS = (
    "名|人|件|個|枚|本|台|回|回目|番|号|号車|号機|号室|号店|番線|番地|階|円|秒|秒間|分|分間|時|時間|日|日間|月|年|ミリ秒|文字"
    "|行|列|行目|ページ|バイト|文書|世代|度|割|倍|歳|点|冊|通|社|店|便|箱|袋|面|版|期|次|周|週|週間|か月|カ月|ヶ月|%|℃"
)
_PLACES = (
    "支店|店舗|店|駅|支社|営業所|工場|倉庫|病棟|会議室|教室|ホール|学部|学科|課|県|市|町|村|線|方面|支局|放送局|"
    "センター"
)
_BESIDE = "付近|行き|行|発|着|宛て|宛|周辺|方面"
_LAND = "丘原浜谷台島崎森浦沢岡池"
_OF_PERSON = r"(?:<\*>|[^\s、。:()「」はがをに\x00-\x40])"
_PARTICLE = "(?:[をへはがのもや]|に(?!な[りっ]|し)|で(?!す|し|はあり|はな|あ)|と(?!な[りっ]|し|み)|から|まで|より)"
"""Not before what makes a noun the predicate: 満室になりました, 不安定です."""
_PATTERNS = tuple(
    re.compile(rf"(?x){pattern}")
    for pattern in (
        # 佐藤 様の, (有)青空商事様宛, 高橋 健太さんが
        rf"""{_BEGINS} (?P<person> (?:\([株有合財社]\))? {_OF_PERSON}{{1,20}}? (?:\s{_OF_PERSON}{{1,10}}?)? )
            (?=\s?(?:様|氏|殿|さん|記者|選手|先生|教授|医師|議員)(?:[のへがをにはもよと宛、\s(]|$))""",
        # 【経理課】 [受注明細]
        r"""(?<![一-龥]) 【(?P<black>[^【】\s]{1,30})】""",
        rf"""\[(?P<square>(?=[^\]]*[^\x00-\x7f]){_LETTER}{{1,30}})\]""",
        # (経済)
        rf"""\((?P<bracketed>(?=[^)]*[^\x00-\x7f])(?![^)]*<){_LETTER}{{2,30}})\)""",
        # 担当=経理課, 列:重さ、色
        rf"""(?P<about>[一-龥々ァ-ヶー]+) \s?[:=]\s?
            (?P<value>{_LETTER}+(?:[、,]\s?{_LETTER}+)*(?:\s{_LETTER}+(?=\)))?) (?=[\s、,;()。]|$)""",
        # 御堂筋線:渋谷駅で
        rf"""^(?:[\w.]+:\s)?(?P<head>{_CHUNK}):(?={_LETTER})""",
        # 第一会議室を, 渋谷から, あおば銀行の, 緑が丘に
        rf"""(?: {_BEGINS} (?P<soft> [ぁ-ん]{{2,8}}{_CHUNK} | [一-龥]{{1,2}}[がの][{_LAND}] )
              | (?<!{_LETTER}) (?P<noun>{_CHUNK}) ) (?={_PARTICLE} | (?:行き|宛て))""",
        # 札幌店発, 渋谷駅付近
        rf"""(?<!{_LETTER}) (?P<place>{_LETTER}{{1,12}}?(?:{_PLACES}))
            (?=[のにをはがでへとも:、]|から|まで|より|{_BESIDE})""",
        # DragonSlayer が
        rf"""^(?P<first>[^\s\x00-\x29:=「『【。、]{{1,20}})(?=\s{_PARTICLE}(?:\s|[^\x00-\x7fぁ-ん]))""",
        # 利用者 <*> が 渋谷 支所に
        rf"""(?<=[がをにへでとの]\s)(?P<apart>{_CHUNK})(?=\s)""",
        # <*>/検索
        rf"""(?P<path><\*>(?:[/_.-]{_LETTER}*[^\x00-\x7f]{_LETTER}*))""",
        # 第二
        r"""(?P<ordinal>第[一二三四五六七八九十百]+)""",
        # 午後<*>時, 月曜
        r"""(?P<time>午前|午後)(?=<\*>時) | (?P<weekday>[月火水木金土日](?=曜))""",
        # 三台
        r"""(?<![一-龥])(?P<number>[一二三四五六七八九十百千]+)(?=(?:名|人|件|個|枚|台|回|号|階|円|秒|日間|時間)(?![一-龥]))""",
    )
)
_SURE = ("path", "ordinal", "number", "time", "weekday")
_TELLING = re.compile(
    "理由|原因|状態|結果|内容|詳細|種別|レベル|判定|監視|操作|処理|動作|イベント|メッセージ|エラー|警告|検査|診断|点検"
    "|対応|状況|ステータス|モード|例外"
)
_HAPPENED = re.compile(
    "に(?:失敗|成功|より|よって|よる)|の(?:ため|恐れ|おそれ|疑い|可能性)|を(?:検出|検知|発見)"
    "|が(?:発生|検出|検知|見つか|起き|起こ|生じ|あり|ない|無い|なく)"
    "|[がを](?:異常|正常|再|強制)?(?:開始|終了|完了|実行|実施|中止|中断|再開|試行|失敗|成功|スキップ)"
)
"""What follows a noun that tells what happened, or why."""
_CODE = re.compile(r"\d")
"""Digits that are left in a shape are a code: ステータスコード500."""
_COUNT = re.compile(rf"(?P<counted>.*?)<\*>(?:{_COUNTERS})?(?:目|間|分|毎|中|前|後|以上|以下|未満)?$")
_END = re.compile("(?:[様氏殿](?:宛て?)?|付近|行き|宛て?|周辺|方面)$")
_TITLE = re.compile("(?:記者|デスク|[部課係室店社院校駅]長|先生|選手|議員|教授|医師|看護師|主任|専務|常務)$")
_NO_PLACE = re.compile(
    "^(?:[当各全本同他空新閉開来無有直点配内外幹]|該当|対象|回|接続|通信|専用)(?:店|駅|線|課|市|町|村)|^<"
)
_NO_PERSONS = frozenset(
    "お客 客 皆 各 神 仕 王 多 模 同 一 有 奥 若 外 人 会員 利用者 担当者 関係者 ご本人".split()  # noqa: SIM905
)


def likely_names(shape: str) -> Iterator[tuple[int, int]]:
    """Yield where likely names stand in a shape; they may overlap: the first counts, and the longest of those."""
    for pattern in _PATTERNS:
        for found in pattern.finditer(shape):
            kind = found.lastgroup or ""
            span = _noun(found, kind) if kind in ("noun", "soft") else found.span(kind)
            if span[0] < span[1] and _is_name(kind, found, shape[slice(*span)]):
                yield span


def _noun(found: re.Match[str], kind: str) -> tuple[int, int]:
    """Return where the name in a noun stands: before a number with its counter, before 様, before 付近."""
    start, noun = found.start(kind), found[kind]
    count = _COUNT.match(noun)
    if count:
        is_numbered = noun.endswith(VARIABLE)  # スタジオ2, not 画像3枚
        return (start, start + len(noun)) if is_numbered and count["counted"] else (start, start + count.end("counted"))
    beside = _TITLE.search(noun) or _END.search(noun)
    return start, start + (beside.start() if beside else len(noun))


def _is_name(kind: str, found: re.Match[str], name: str) -> bool:
    if kind in _SURE:
        return True
    if STATE_SIGNS.search(name) or name.lower() in STATE_WORDS or name == VARIABLE or _CODE.search(name):
        return False
    match kind:
        case "value":
            return not (_TELLING.search(found["about"]) or _COUNT.match(name) or (name.isascii() and name.isupper()))
        case "person":
            first = name.split(maxsplit=1)[0]
            return not (first in _NO_PERSONS or is_general(first, shortest=2))
        case "place":
            return not _NO_PLACE.match(name)
        case "noun" | "soft":
            return not (name in _NO_PERSONS or is_general(name) or _HAPPENED.match(found.string, found.end()))
        case "head" | "first" | "bracketed" | "apart":
            return not is_general(name)
    return not (name.isascii() and name.isupper())
