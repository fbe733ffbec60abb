"""Which words of a shape are likely names, though nothing is sure until a second one is seen in the same place.

They are no part of what tells two templates apart: `group mailer has failed` and `group ranker has failed` are one from
the first line on, and the name is shown for as long as it is the only one. Words that tell what happened are no names.
"""

import re
from collections.abc import Iterator

from analyzer import japanese_names
from analyzer.marks import NAME, VARIABLE
from analyzer.states import is_state

_SAYING = frozenset(
    """
    add added alert all and any attempt auth call can check code commit config connection create data debug default
    delete dump event exit false fatal find flush full get half info init is last level list load lock lost main
    max min next not notice null only open or out partial per put read remove request response retries retry run
    safe set signal size skip status sync this to total trace true type un update wait warning write
    """.split()  # noqa: SIM905
)
"""Words that say something wherever they stand, besides those that tell states apart."""
_USUAL_NAMES = frozenset(("default", "main", "sync"))
_PREFIXES = frozenset(
    """
    anti auto back built by co cross day down end fail first follow four full half hard high hot in inter intra key
    left load long low mid multi n no non off on one open out over per post pre pro re read real right round run
    self semi short single so soft start sub thread time top two un under up user well work write x
    """.split()  # noqa: SIM905
)
"""What English words with a hyphen begin with: `read-only`, `post-unseal`."""
_TELLING_KEYS = frozenset(
    """
    action cause cmd code command decision desc description detail details err error event exception health kind
    level message method mode msg op operation outcome phase reason result severity signal stage stat state status
    step type verb verdict
    """.split()  # noqa: SIM905
)
_THINGS = """
    backend bucket channel client cluster collection consumer container customer database dataset deployment device
    domain endpoint entity feed frontend group handler host hostname image index instance interface job key
    keyspace listener module mount namespace network node option owner parameter partition peer plugin pod policy
    pool process project property provider proxy queue region repository role rule schema script secret section
    server service setting shard site source stream subscription table task tenant thread topic upstream user vhost
    volume worker zone
    """.split()  # noqa: SIM905
_ACTION = re.compile(r"[a-z]{3}ed$|(?:ing|ion|ment|ance|ence|ness|ity|ure|ly)s?$")
_FUNCTION_WORDS = frozenset(
    """
    a after already am an and are as at be because been before being but by could did do does during for from had
    has have how if in into is it its may might must no of off on onto or over shall should since so than that the
    their then there these they under until upon via was we were what when where which while who will with within
    without would you your
    """.split()  # noqa: SIM905
)
_NO_NAMES_OF_THINGS = frozenset(
    """
    access address array backup board build cache count counter creator cycle deploy directory drain driver entry
    failover fetch file flag format found function handler hash header health hit id ids image info input item job
    join leader leak leave length limit line lines link log logs lookup map master members message metadata miss
    move name names number object output page pair parameter path peer ping poll pool port process profile pull
    purge push query queue rate rebalance record registry reload resource restore role rollback rule scan schema
    server service setup shutdown slot snapshot spec startup state statistics stats storage store string subsystem
    switch system table task test thread time times token topic tracker transaction upgrade usage user users value
    values version view
    """.split()  # noqa: SIM905
)

_ABSTRACT = re.compile(r"[a-z]{3}ed$|(?:ion|ment|ance|ence|ness|ity)s?$")
_NAMED_ALWAYS = re.compile(
    "(?i:group|topic|domain|channel|namespace|bucket|vhost|tenant|zone|region|proxy|backend|frontend)\\s"
)
_BOOLEANS = ("true", "false", "True", "False")
_FAILURES = ("Error", "Exception", "Warning", "Timeout", "Failure")
_SHORTEST_PART = 2
_SEPARATORS = re.compile(r"[_./:#~-]+")
_PARTS_OF_KEY = re.compile(r"[._-]|(?<=[a-z])(?=[A-Z])")

_NAME = r"[a-z][\w.-]*\w"
_TO_A_VERB = "failed|tried|attempted|used|needed|supposed|allowed|required|expected|refused|decided|started"
_LIKELY = re.compile(
    rf"""(?ax)
      # group mailer has failed, key login:<*>
      (?<![\w-])(?:{"|".join(f"[{thing[0].upper()}{thing[0]}]{thing[1:]}" for thing in _THINGS)})\s
        (?P<of_thing>{_NAME}(?::<\*>|[~*$])?)(?![\w(='"/]|:\S)
      # No such image: fetcher
    | \b(?:{"|".join(_THINGS)}):\s(?P<after_colon>{_NAME})(?=[,;)]|\.?$)
      # any [api] datasource
    | (?<!\S)\[(?P<boxed>[a-z][\w./-]*)\](?=[\s:,.]|$)
      # owner=desk, retries=none
    | (?P<key>[A-Za-z_][\w.-]*)=(?P<keyed>"?[A-Za-z][\w.-]*"?)(?![\w(=:.@/<]|\s?=)
      # written into images
    | \b(?:into|onto|via|against|(?!(?:{_TO_A_VERB})\b)[a-z]{{3,}}ed\sto)\s(?P<goal>{_NAME})(?=[\s,;)]|\.?$)
      # fe_web be_app/<*> news.tasks.rank api-gateway feeds-<*>
    | (?<![\w<>*"'=./:@%$-])
      (?P<compound>[A-Za-z][A-Za-z0-9]*~?(?:[_./:\#-]+(?:[A-Za-z0-9]+|<\*>))+~?)
      (?![\w(@-]|\.\w|:[/\\\w]|=(?!\S*\}}))
    """
)


def open_names(shape: str) -> tuple[str, tuple[str, ...]]:
    """Return a shape with a mark in place of each likely name, and the names."""
    spans = sorted(_spans(shape), key=lambda span: (span[0], -span[1]))
    names, pieces, end = [], [], 0
    for start, stop in spans:
        if start >= end:
            pieces.append(shape[end:start])
            names.append(shape[start:stop])
            end = stop
    return NAME.join((*pieces, shape[end:])), tuple(names)


def with_names(opened: str, names: tuple[str | None, ...]) -> str:
    """Return a shape with names in the places of the marks; `<*>` where there is none."""
    pieces = opened.split(NAME)
    filled = (f"{name or VARIABLE}{piece}" for name, piece in zip(names, pieces[1:], strict=True))
    return pieces[0] + "".join(filled)


def _spans(shape: str) -> Iterator[tuple[int, int]]:
    for found in _LIKELY.finditer(shape):
        kind = found.lastgroup or ""
        if _is_likely(kind, found):
            yield found.span(kind)
    if not shape.isascii():
        yield from japanese_names.likely_names(shape)


def _is_likely(kind: str, found: re.Match[str]) -> bool:
    name = found[kind]
    if kind == "compound":
        return _is_compound_name(name)
    bare = name.strip('"~*$').partition(":")[0]
    if kind == "keyed":
        says = bare.isupper() or is_state(bare) or bare in _BOOLEANS
        return not (says or _last_part(found["key"]) in _TELLING_KEYS)
    if kind == "of_thing" and _NAMED_ALWAYS.match(found[0]):
        return not (is_state(bare) or bare in _FUNCTION_WORDS or bare in _NO_NAMES_OF_THINGS or _ABSTRACT.search(bare))
    if _tells(bare) and bare not in _USUAL_NAMES:
        return False
    plain = bare not in _FUNCTION_WORDS and not _ACTION.search(bare)
    return plain and (kind != "of_thing" or bare not in _NO_NAMES_OF_THINGS)


def _is_compound_name(name: str) -> bool:
    parts = [part for part in _SEPARATORS.split(name) if part]
    words = [part for part in parts if part != VARIABLE]
    if not words or any(_tells(word) for word in words) or all(word.isupper() for word in words):
        return False
    if words[-1].endswith(_FAILURES):
        return False
    if "_" in name:
        return True
    if VARIABLE in parts:
        return not any(mark in name for mark in ":#") and len(parts[0]) > 1
    if any(len(word) < _SHORTEST_PART for word in words):
        return False
    if "-" in name:
        return words[0].lower() not in _PREFIXES and not any(map(_ACTION.search, words))
    return "." in name and "/" not in name and name[0].islower()


def _tells(word: str) -> bool:
    return any(is_state(part) or part.lower() in _SAYING for part in re.split("[_-]", word) if part)


def _last_part(key: str) -> str:
    return _PARTS_OF_KEY.split(key)[-1].lower()
