"""Rows of digits that belong to a person: telephones, cards, My Numbers, postal codes, accounts and documents."""

import re
from collections.abc import Iterable

from runtime.masks.rule import PREFECTURE, Rule, Span, compiled, key

_TO_VALUE = (
    r"""\\{0,3}["'`」』\])]{0,2}\s{0,3}(?:=>|:=|->|={1,2}|[:\#はがをのに]|%3[AaDd])?\s{0,3}\\{0,3}["'「『(\[]?"""
)
"""What may stand between a key and a value that has digits."""
_OTHER_KEY = re.compile(
    r"""(?ix)
      (?: \bid | [_-]id | (?<=[a-z])Id | \bno\.? | order | invoice | tracking | article | seq(?:uence)?
        | offset | serial | sku | isbn | jan | imei | uid | pid | tid | gid | size | bytes | count | time(?:stamp)?
        | version | build | block | job | ticket | lsn | epoch | date
        | (?:注文|伝票|追跡|記事|商品|受注|予約|請求|管理|会員|整理|問い?合わ?せ|配信|処理|シリアル)(?:番号|ID|No\.?)
        | 記事 )
      ["'」』]?\s{0,2}[=:は：#]?\s{0,2}["'「『]?$"""
)
"""A key just before digits that says that they are something else."""
_UNIT = re.compile(
    r"(?i)\s?(?:bytes?|[kmgt]i?b|[mµnu]?s|sec(?:onds)?|rows?|items?|件|円|個|行|バイト|秒|ミリ秒)(?![a-z])"
)
_NEAR = 24


def _digits(text: str) -> str:
    return "".join(sign for sign in text if "0" <= sign <= "9")


def _is_something_else(match: re.Match[str], start: int, end: int) -> bool:
    text = match.string
    return bool(_OTHER_KEY.search(text[max(0, start - _NEAR) : start]) or _UNIT.match(text[end : end + _NEAR]))


def passes_luhn(digits: str) -> bool:
    """Return whether a row of digits has the check digit of a payment card."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


_ISSUERS = re.compile(
    r"""(?x) 4(?:\d{15}|\d{18}) | (?:5[1-5]\d\d|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}
    | 3[47]\d{13} | 35(?:2[89]|[3-8]\d)\d{12,15} | 3(?:0[0-5]|095|[689]\d)\d{11,16}
    | (?:6011|64[4-9]\d|65\d\d)\d{12,15} | 62\d{14,17} | 220[0-4]\d{12,15} | (?:508\d|60\d\d|8[12]\d\d)\d{12}
    | (?:5018|5020|5038|5893|6304|6759|676[1-7])\d{8,15}""",
    re.ASCII,
)
"""Numbers that card schemes give out: Visa, Mastercard, American Express, JCB, Diners, Discover, UnionPay, Mir, RuPay,
Maestro."""


def is_card(digits: str) -> bool:
    """Return whether digits are the number of a payment card: a scheme's beginning and length, and the check digit."""
    return _ISSUERS.fullmatch(digits) is not None and passes_luhn(digits)


def is_my_number(digits: str) -> bool:
    """Return whether 12 digits have the check digit of a Japanese individual number.

    Source: Ordinance of the Ministry of Internal Affairs and Communications No. 85 of 2014, article 5.
    """
    if len(digits) != 12:
        return False
    weights = (6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)
    rest = sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False)) % 11
    return int(digits[11]) == (0 if rest <= 1 else 11 - rest)


_GROUP = re.compile(r"[0-9]+")
_MOST_GROUPS = 6


def _cards(match: re.Match[str]) -> Iterable[Span]:
    """Give the cards among groups of digits that stand side by side, such as a card and its CVC."""
    groups = [group.span() for group in _GROUP.finditer(match.string, *match.span())]
    first = 0
    while first < len(groups):
        last = _card_end(match, groups[first : first + _MOST_GROUPS])
        if last:
            yield groups[first][0], groups[first + last - 1][1]
        first += max(1, last)


def _card_end(match: re.Match[str], groups: list[Span]) -> int:
    """Return how many of the groups, from the first on, are one card; 0 if none are."""
    digits = match.string[slice(*groups[0])]
    if len(digits) > 4:
        surely = len(digits) <= 16 or digits.startswith("62")
        return int(surely and is_card(digits) and not _is_something_else(match, *groups[0]))
    sizes = [4]
    for count, (start, end) in enumerate(groups[1:], 2):
        digits += match.string[start:end]
        sizes.append(end - start)
        if match.string[start - 1] != match.string[groups[0][1]] or sizes[-1] < 2:
            return 0
        if is_card(digits) and len(set(digits)) > 1:
            usual = (set(sizes[:-1]) == {4} and sizes[-1] <= 4) or sizes in ([4, 6, 5], [4, 6, 4])
            return count if usual or _PAYMENT.search(match.string[: groups[0][0]][-_NEAR:]) else 0
    return 0


_PAYMENT = re.compile(r"(?i)card|カード|\bpan\b|visa|master|amex|jcb|diners|payment|charge|決済|支払")


def _my_number(match: re.Match[str]) -> Iterable[Span]:
    span = match.span()
    digits = _digits(match[0])
    if not is_my_number(digits) or len(set(digits)) == 1 or _is_something_else(match, *span):
        return ()
    if match[0].isdigit() and (_MOMENT.match(digits) or _KEY_BEFORE.search(match.string[: span[0]][-_NEAR:])):
        return ()
    return (span,)


_MOMENT = re.compile(r"(?:19|20)?\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:[01]\d|2[0-3])[0-5]\d")
_KEY_BEFORE = re.compile(r"""[A-Za-z_\]/#]["']?\s?[=:/#]\s?["']?$|/$""")


def _phone(match: re.Match[str]) -> Iterable[Span]:
    """Give a number in a form that telephones have; the form decides how many digits there are."""
    digits = _digits(match[0])
    japanese = match[0][0] in "0("
    if japanese and len(digits) not in (10, 11):
        return ()
    if japanese and len(digits) == 11 and not re.match(r"0(?:[5-9]0|800|120|570|99)", digits):
        return ()
    if digits[1:2] == "0" and japanese and len(digits) == 10:
        return ()
    if match[0].isdigit() and _is_something_else(match, *match.span()):
        return ()
    return (match.span(),)


def _international(match: re.Match[str]) -> Iterable[Span]:
    count = len(_digits(match[0]))
    zone_and_year = re.match(r"\+1[0-4][03]0 (?:19|20)\d\d", match[0])
    if zone_and_year or (match[0][1:].isdigit() and (count < 10 or _is_something_else(match, *match.span()))):
        return ()
    return (match.span(),) if 9 <= count <= 15 else ()


def _named_phone(match: re.Match[str]) -> Iterable[Span]:
    digits = _digits(match[1])
    moment = re.match(r"(?:19|20)\d\d[-/.]?\d\d[-/.]?\d\d", match[1])
    return (match.span(1),) if 8 <= len(digits) <= 15 and not moment else ()


def _iban(match: re.Match[str]) -> Iterable[Span]:
    """Give an international account number (ISO 13616): the rest of its number by 97 is 1."""
    sign = "".join(match[0].split())
    number = "".join(str(int(one, 36)) for one in sign[4:] + sign[:4])
    return (match.span(),) if 15 <= len(sign) <= 34 and int(number) % 97 == 1 else ()


def _with_digits(match: re.Match[str]) -> Iterable[Span]:
    return (match.span(1),) if len(_digits(match[1])) >= 4 else ()


_PHONE = key(
    "電話(?:番号)? 携帯(?:電話)?(?:番号)? 連絡先(?:電話)?(?:番号)? ファック?ス(?:番号)? フリーダイヤル",
    "(?:(?:tele|mobile|cell|home|work)?~phone|mobile|cell|fax|tel|msisdn|sms|whatsapp)(?:~(?:number|num|no|nr|to))?",
)
_CALL = key(
    "発信(?:者|先|元)? 着信 通話(?:先)? 架電(?:先)?", "(?:call(?:ed|er|ing)?|dial(?:ed|ing|led|ling)?)(?:~(?:from|to))?"
)
_MY_NUMBER = key(
    "マイナンバー(?:カード)?(?:番号)? 個人番号(?:カード)?",
    "(?:my~number|individual~number|kojin~bang?o)(?:~card|~no)?",
)
_CARD = key("(?:クレジット)?カード(?:番号)?", "(?:credit~|debit~)?card~(?:number|num|no) cc~(?:number|num|no) pan")
_DOCUMENT = key(
    """口座番号 (?:旅券|パスポート|免許証?|運転免許証|保険証|被保険者証?|基礎年金|年金(?:手帳)?)の?番号
    (?:在留カード|社会保障|住民票)の?(?:番号|コード)""",
    """(?:bank~)?(?:account|acct)~(?:number|num|no) passport(?:~(?:number|num|no))? ssn
    (?:driver'?s?~)licen[cs]e(?:~(?:number|num|no))? social~security(?:~(?:number|num|no))? tax~id national~id
    insurance~(?:number|no)""",
)
_POSTAL_CODE = key("〒 郵便番号", "postal(?:~(?:code|number))? post~code zip(?:~code)?")
_NOT_PART = r"(?![A-Za-z0-9_-]|[.,:]?[0-9])"

RULES = (
    Rule(
        "phone",
        "電話|携帯|連絡先|ファ|ダイヤル|phone|mobile|cell|fax|tel|msisdn|sms|whatsapp",
        compiled(
            rf"""{_PHONE}\.?{_TO_VALUE}\s?
            (\(?\+?\(?[0-9](?:[0-9]|[ ().ー/-](?=[0-9(]|[ )][0-9(-])){{6,20}}[0-9])(?![A-Za-z0-9])"""
        ),
        _named_phone,
    ),
    Rule(
        "phone",
        "発信|着信|通話|架電|call|dial",
        compiled(rf"{_CALL}{_TO_VALUE}(0[1-9][0-9]{{8,9}})(?![A-Za-z0-9])"),
    ),
    Rule(
        "phone",
        r"\+[1-9]",
        compiled(r"(?<![A-Za-z0-9+])\+[1-9][0-9]{0,3}(?:[ .-]?\(?[0-9]{1,5}\)?){1,8}(?![A-Za-z0-9:])"),
        _international,
    ),
    Rule(
        "my-number",
        "マイナンバー|個人番号|number|kojin",
        compiled(rf"{_MY_NUMBER}{_TO_VALUE}([0-9]{{4}}[ .ー-]?[0-9]{{4}}[ .ー-]?[0-9]{{4}})(?![0-9])"),
    ),
    Rule(
        "id-number",
        "番号|コード|account|acct|passport|licen|ssn|social|tax|national|insurance",
        compiled(
            rf"""{_DOCUMENT}\.?{_TO_VALUE}(?:(?:普通|当座|総合)\s?)?
            ([A-Za-z]{{0,3}}[0-9][0-9A-Za-z]*(?:[ -][0-9]+){{0,5}})(?![A-Za-z0-9])"""
        ),
        _with_digits,
    ),
    Rule(
        "id-number",
        r"[a-z]{2}[0-9]{2} ?[a-z0-9]{4} ?[a-z0-9]{4} ?[a-z0-9]{3}",
        compiled(r"\b[A-Z]{2}[0-9]{2}(?:\ ?[A-Z0-9]{4}){2,7}(?:\ ?[A-Z0-9]{1,4})?\b"),
        _iban,
    ),
    Rule(
        "card",
        r"[0-9]{4}(?:[ .-]?[0-9]){9}",
        compiled(
            r"""(?<![A-Za-z0-9._/-])(?<![0-9][,:])[0-9]{4,19}(?:[ .-][0-9]{2,19}){0,9}(?![A-Za-z0-9_]|[.,:-][0-9])"""
        ),
        _cards,
    ),
    Rule(
        "card",
        "カード|card|cc|pan",
        compiled(rf"{_CARD}{_TO_VALUE}([0-9]{{4}}(?:[ .-]?[0-9]{{3,6}}){{2,4}})(?![0-9])"),
    ),
    Rule(
        "my-number",
        r"[0-9]{4}[ -]?[0-9]{4}[ -]?[0-9]{4}",
        compiled(
            rf"""(?<![A-Za-z0-9.,_-])(?<![0-9][ :/])
            [0-9]{{4}}([ -]?)[0-9]{{4}}\1[0-9]{{4}}{_NOT_PART}(?![ ][0-9]{{4}})"""
        ),
        _my_number,
    ),
    Rule(
        "phone",
        r"0[0-9]{1,4} ?[-ー(). ] ?[0-9]{1,4} ?[-ー). ]? ?[0-9]{3,4}|0[0-9]{9}",
        compiled(
            r"""(?<![A-Za-z0-9_.-])(?<![0-9]:)
            (?: 0[0-9]{1,4}[-ー][0-9]{1,4}[-ー][0-9]{3,4}
              | \(0[0-9]{1,4}\)\ ?[0-9]{1,4}[- ]?[0-9]{3,4}
              | 0[0-9]{1,4}\ ?\([0-9]{1,4}\)\ ?[0-9]{3,4}
              | 0[5-9]0([ .])[0-9]{4}\1[0-9]{4}
              | 0[1-9][0-9]{8}(?=\s?[にへ](?:発信|電話|架電|連絡|送信)|\s?から(?:着信|電話|入電))
              | (?<!/)(?:0[5-9]0[0-9]{8}|0120[0-9]{6}|0800[0-9]{7}) )
            (?![A-Za-z0-9_]|[.-][A-Za-z0-9])"""
        ),
        _phone,
    ),
    Rule(
        "phone",
        r"[2-9][0-9]{2}[)-] ?[2-9][0-9]{2}-[0-9]{4}",
        compiled(
            rf"""(?<![A-Za-z0-9_./-])(?:1[- ])?
            (?:\([2-9][0-9]{{2}}\)\ ?|[2-9][0-9]{{2}}-)[2-9][0-9]{{2}}-[0-9]{{4}}{_NOT_PART}"""
        ),
    ),
    Rule(
        "postal-code",
        "〒|郵便|post|zip",
        compiled(
            rf"""{_POSTAL_CODE}{_TO_VALUE}
            ( [0-9]{{3}}[ー-]?[0-9]{{4}} | [0-9]{{5}}(?:-[0-9]{{4}})?
            | [A-Z]{{1,2}}[0-9][0-9A-Z]?\ ?[0-9][A-Z]{{2}} | [A-Z][0-9][A-Z]\ ?[0-9][A-Z][0-9] )
            (?![A-Za-z0-9]|\s?(?:files?|bytes|entries|件|個))"""
        ),
    ),
    Rule(
        "postal-code",
        r"[0-9]{3}-[0-9]{4}\s?(?:北海道|東京都|京都府|大阪府|\p{Han}{2,3}県)",
        compiled(rf"(?<![A-Za-z0-9_.-])([0-9]{{3}}-[0-9]{{4}})(?=\s?{PREFECTURE})"),
    ),
)
