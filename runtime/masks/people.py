"""Who somebody is and where to find them: e-mail, names, birthdays, addresses; addresses of machines if asked for."""

import ipaddress
import re
from collections.abc import Iterable

from runtime.masks.rule import MASKED, PREFECTURE, Rule, Span, compiled, key

_TO_VALUE = r"""(?>\\{0,3}["'`」』\]]{0,2}\s{0,3}(?:=>|:=|->|={1,2}|:(?![:/])|%3[AaDd])\s{0,3})"""
_KANJI = "々一-龥ぁ-ゖァ-ヺーｦ-ﾟ"
_FILES = frozenset(
    """
    css gif htm html ico jar jpeg jpg js json jsx log map mjs pdf png svg ts tsx txt webp woff woff2 xml yaml yml
    service socket timer target mount device slice scope swap automount internal-unit
    """.split()  # noqa: SIM905 - a list of words reads better so
)
"""What follows the last dot of files and systemd's units, which have an @ too."""
_NO_NAME = re.compile(
    r"""(?ix)名前|必須|未|不正|無効|空|長すぎ|短すぎ|入力|登録|変更|更新|エラー|失敗|成功|なし|無し|ありま|検索|確認|一覧|重複|取得|設定|不明|項目|解決
    |です|ます|する|した|(?:null|none|nil|undefined|empty|required|invalid|missing|unknown|true|false|n/?a|anonymous|too|is|must|not
    |should|cannot|has|was|field)$"""
)


def _email(match: re.Match[str]) -> Iterable[Span]:
    domain = match["domain"]
    if domain.rpartition(".")[2].lower() in _FILES or match["local"] == "git":
        return ()
    return (match.span(),)


def _whole(match: re.Match[str]) -> Iterable[Span]:
    return (match.span(),)


def _name(match: re.Match[str]) -> Iterable[Span]:
    value = match[match.lastindex or 0]
    if not value or MASKED.fullmatch(value) or _NO_NAME.search(value) or "/" in value or "." in value.strip("."):
        return ()
    return (match.span(match.lastindex or 0),)


def _street(match: re.Match[str]) -> Iterable[Span]:
    value = match[match.lastindex or 0]
    parts = value.replace(",", " ").split()
    machine = parts and (_MACHINE.fullmatch(parts[0]) or all(map(_MACHINE.fullmatch, parts)))
    return () if machine or MASKED.search(value) else (match.span(match.lastindex or 0),)


_MACHINE = re.compile(
    r"(?:0x)?[0-9A-Fa-f]*[.:%*][0-9A-Fa-f.:%*/-]*|\[.*\](?::\d+)?|[\w-]+(?:\.[\w-]+)+(?::\d+)?|\w+:\d+", re.ASCII
)


def _ip(match: re.Match[str]) -> Iterable[Span]:
    try:
        ipaddress.ip_address(match[0])
    except ValueError:
        return ()
    return (match.span(),)


_PERSON = key(
    """ご?氏名(?:カナ)? お名前 御名前 姓名 フルネーム 本名 フリガナ ふりがな ﾌﾘｶﾞﾅ 宛名 世帯主
    口座名義人? 名義人 契約者 申込者 受取人 担当者 (?:届け?先|送付先|代表者|口座名義人?)(?:氏?名|の名前)
    (?:顧客|お客様|会員|契約者|申込者|購入者|受取人|担当者|患者|従業員|社員|保護者|利用者|予約者)(?:氏?名|の名前)""",
    """(?:first|last|full|family|given|middle|sur|maiden|real|legal)~name(?:[_-](?:kana|kanji|ja|en))?
    (?:customer|contact|card~holder|patient|recipient|billing|shipping|subscriber|buyer|applicant|employee)~name
    (?:passenger|student|guest)~name surname card~holder (?:sei|mei|shimei|furigana|name)[_-]?kana""",
)
_BIRTHDAY = key("生年月日 誕生日", "birth~(?:day|date) date~of~birth dob")
_ADDRESS = key(
    "住所 居住地",
    "(?:(?:home|street|billing|shipping|postal|mailing|delivery|residential)~)?address(?:[_-]?(?:line)?[12])?",
)
_POLITE = "です|でした|さん|様|さま|殿|氏"
_JAPANESE_NAME = rf"[{_KANJI}]{{1,10}}?(?:[ ・](?!{_POLITE})[{_KANJI}]{{1,10}}?)?"
_LATIN_NAME = r"[A-Z][A-Za-z'’-]*(?:\ [A-Z][A-Za-z'’.-]*){0,3}"
_NAME_END = rf"(?=\s?(?:{_POLITE})|[^{_KANJI}]|$)"
_QUOTED = r"""\\{0,3}"([^"\\]{1,80}) | '([^']{1,80}) | 「([^」]{1,80}) | 『([^』]{1,80})"""
_WIDE_PART = r"[^\x00-\x7f\s「」『』【】、。（）]"

RULES = (
    Rule(
        "email",
        "@|%40",
        compiled(
            rf"""(?<![A-Za-z0-9_.+'%-])(?P<local>(?:[A-Za-z0-9_.+'-]|%2[bB]){{1,64}}|{_WIDE_PART}{{1,20}})(?:@|%40)
            (?P<domain>(?:(?:[A-Za-z0-9-]|{_WIDE_PART}){{1,63}}\.){{1,8}}(?:[A-Za-z]{{2,24}}|{_WIDE_PART}{{1,12}}))
            (?![A-Za-z0-9])"""
        ),
        _email,
    ),
    Rule(
        "email",
        r'"@|@\[',
        compiled(
            r"""(?:"[^"\s@]{1,64}(?:\x20[^"\s@]{1,64}){0,4}"@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}"""
            r"""|(?:"[^"@]{1,64}"|[A-Za-z0-9_.+'-]{1,64})@\[(?:IPv6:)?[0-9A-Fa-f.:]{3,45}\])"""
        ),
        _whole,
    ),
    Rule(
        "password",
        r"\[email\]:",
        compiled(r"\[email\]:(?=[^\s/]{0,60}[0-9])(?=[0-9]{0,60}[^0-9\s])([^\s/:,;\"']{6,64})(?![^\s,;\"')\]}])"),
    ),
    Rule(
        "name",
        "名|者|人|がな|ガナ|ﾌﾘ|世帯主|kana|holder|surname"
        "|(?:first|last|full|family|given|middle|maiden|real|legal|customer|contact|patient|recipient|billing|shipping"
        "|subscriber|buyer|applicant|employee|passenger|student|guest)[ _-]?name",
        compiled(
            rf"""{_PERSON}(?:\((?:カナ|かな|漢字|フリガナ|ローマ字)\))?
            (?: {_TO_VALUE}
                (?: {_QUOTED} | ({_JAPANESE_NAME}){_NAME_END} | ({_LATIN_NAME})(?![\w(])
                  | ([^\s,;&"'<>(){{}}\[\]|]{{1,60}}) )
              | [はがを]?\s?(?:「([^」]{{1,60}})|『([^』]{{1,60}}))
              | [はが]\s?({_JAPANESE_NAME})(?=\s?(?:{_POLITE})|、|。) )"""
        ),
        _name,
    ),
    Rule(
        "name",
        "名前",
        compiled(
            rf"""(?<![A-Za-z一-龥ァ-ヺーの])名前(?:{_TO_VALUE}|[はが]\s?)["'「『]?
            (?:((?=[一-龥ァ-ヺ]){_JAPANESE_NAME}){_NAME_END}|([A-Z][a-z]+\ [A-Z][a-z]+))"""
        ),
        _name,
    ),
    Rule(
        "name",
        "name",
        compiled(
            rf"""(?<![A-Za-z])name{_TO_VALUE}["']?([一-龥々]{{1,4}}[ ][一-龥々ぁ-ゖァ-ヺー]{{1,6}})(?![{_KANJI}])"""
        ),
        _name,
    ),
    Rule("name", "姓|名", compiled(rf"(?<![{_KANJI}])[姓名][:=]\s?([一-龥ァ-ヺ]{{1,8}})(?![{_KANJI}])"), _name),
    Rule(
        "birthday",
        "誕生日|生年月日|birth|dob",
        compiled(
            rf"""{_BIRTHDAY}(?:{_TO_VALUE}|\s?[はが]\s?|\s)\\{{0,3}}["'「『]?
            ( (?:[0-9]{{4}}|(?:昭和|平成|令和|大正|[SHRT])(?:[0-9]{{1,2}}|元))[-/.年][0-9]{{1,2}}[-/.月][0-9]{{1,2}}日?
            | [0-9]{{8}} | [0-9]{{1,2}}[-/.][0-9]{{1,2}}[-/.][0-9]{{4}} )"""
        ),
    ),
    Rule(
        "address",
        "住所|居住地|address",
        compiled(
            rf"""{_ADDRESS}(?:{_TO_VALUE}|\s?は\s?)
            (?: (?=\\{{0,3}}["'「『][^"'」』]*[\s,一-龥])(?:{_QUOTED})
              | ((?=[{_KANJI}]*[都道府県市区町村郡])[{_KANJI}0-9A-Za-z-]{{3,60}}?)
                (?=です|に|を|へ|[^{_KANJI}0-9A-Za-z-]|$) )"""
        ),
        _street,
    ),
    Rule(
        "address",
        "(?:北海道|都|府|県).+[0-9]",
        compiled(
            rf"""({PREFECTURE}[一-龥ぁ-んァ-ヶー]{{1,12}}?[市区町村郡][一-龥ぁ-んァ-ヶー]{{0,15}}?
            [0-9]+(?:丁目|番地?|-[0-9]+)(?:[0-9]+(?:番地?|号)|-?[0-9]+){{0,3}}号?)"""
        ),
    ),
)

ADDRESSES_OF_MACHINES = Rule(
    "ip",
    r"\.|:",
    compiled(
        r"""(?<![\w.])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![\w]|\.[0-9])
        | (?<![\w:.])(?:[0-9a-fA-F]{0,4}:){2,7}(?:[0-9a-fA-F]{1,4}|(?:[0-9]{1,3}\.){3}[0-9]{1,3})?(?![\w:])"""
    ),
    _ip,
)
