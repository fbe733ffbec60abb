"""The page's files without a browser: texts in both languages, nothing inline, nothing from elsewhere."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from alert_bridge.dashboard import vendor
from alert_bridge.dashboard.page import PUBLIC_PATHS, STATIC, csp

SCRIPTS = sorted((STATIC / "js").rglob("*.js"))
ENTRY = re.compile(r'^  "?([\w-]+)"?: (\["(?:[^"\\]|\\.)*", "(?:[^"\\]|\\.)*"\]),$')
JAPANESE = re.compile("[\u3040-\u30ff\u3400-\u9fff\uff00-\uffef]")
SPOKEN_ATTRIBUTES = re.compile(r'(?:aria-label|title|placeholder|alt)="([^"$]*[A-Za-z][^"$]*)"')


def table() -> dict[str, tuple[str, str]]:
    found = {}
    text = (STATIC / "js" / "strings.js").read_text(encoding="utf-8")
    body = text[text.index("export const STRINGS = {") : text.index("\n};")]
    for line in body.splitlines()[1:]:
        if line.strip().startswith("//"):
            continue
        entry = ENTRY.match(line)
        assert entry, f"not a key with its two texts: {line}"
        assert entry[1] not in found, f"{entry[1]} is there twice"
        english, japanese = json.loads(entry[2])
        found[entry[1]] = (english, japanese)
    return found


def uncommented(script: Path) -> str:
    text = re.sub(r"/\*.*?\*/", "", script.read_text(encoding="utf-8"), flags=re.DOTALL)
    return re.sub(r"(?m)(^|\s)//.*$", "", text)


def templates(code: str) -> Iterator[str]:
    """Yield the literal text of every html`` and svg`` template, its expressions left out."""
    for start in re.finditer(r"(?<![.\w])(?:html|svg)`", code):
        at, depth, literal = start.end(), 0, []
        while depth or code[at] != "`":
            if code.startswith("${", at) and not depth:
                depth, at = 1, at + 2
            elif depth:
                at = _past_expression(code, at)
                depth = 0
            else:
                literal.append(code[at])
                at += 1
        yield "".join(literal)


def _past_expression(code: str, at: int) -> int:
    """Return the place after the brace that ends an expression; templates inside it may nest."""
    depth = 1
    while depth:
        if code[at] == "`":
            at += 1
            while code[at] != "`":
                at = _past_expression(code, at + 2) if code.startswith("${", at) else at + 1
        elif code[at] == "{":
            depth += 1
        elif code[at] == "}":
            depth -= 1
        at += 1
    return at


def test_every_text_has_both_halves_with_the_same_values() -> None:
    for key, (english, japanese) in table().items():
        assert english.strip() and japanese.strip(), key
        assert sorted(re.findall(r"\{\w+\}", english)) == sorted(re.findall(r"\{\w+\}", japanese)), key
        assert english.count("<b>") == english.count("</b>") and japanese.count("<b>") == japanese.count("</b>"), key


def test_english_texts_are_english_and_threshold_has_one_word() -> None:
    for key, (english, japanese) in table().items():
        assert key == "language_ja" or not JAPANESE.search(english), key
        assert "\u95be\u5024" not in japanese, key
        assert not re.search(r"please|oops|successfully|!", english, re.IGNORECASE), key


def test_no_text_stands_outside_the_table() -> None:
    for script in SCRIPTS:
        code = uncommented(script)
        if script.name != "strings.js":
            left = code.replace("しきい値", "") if script.name == "text.js" else code
            marks = re.sub(r'listed|"[、（）〜]"', "", left)
            assert not JAPANESE.search(marks), f"{script.name}: {JAPANESE.search(marks)}"
        for literal in templates(code):
            shown = re.sub(r"<[^>]*>", " ", literal)
            assert not re.search(r"[A-Za-z]{2,}", re.sub(r"[\w-]+=\S*|&\w+;", "", shown)), (
                f"{script.name}: {shown.strip()}"
            )
            assert not SPOKEN_ATTRIBUTES.search(literal), f"{script.name}: {literal}"


def test_every_text_that_is_asked_for_is_there() -> None:
    known = table()
    for script in SCRIPTS:
        for key in re.findall(r"""\b(?:t|rich)\(["'](\w+)["']""", uncommented(script)):
            assert key in known, f"{script.name} asks for {key}"


def test_every_text_is_used() -> None:
    code = "".join(uncommented(script) for script in SCRIPTS if script.name != "strings.js")
    prefixes = set(re.findall(r"`(\w+_)\$\{", code))
    for key in table():
        composed = any(key.startswith(prefix) for prefix in prefixes)
        assert composed or re.search(rf"\b{key}\b", code), f"{key} is used nowhere"


def test_nothing_is_inline_and_nothing_comes_from_elsewhere() -> None:
    page = (STATIC / "index.html").read_text(encoding="utf-8")
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", page)
    for path in [STATIC / "index.html", *SCRIPTS, *(STATIC / "css").glob("*.css")]:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"(?:src|href|url\(|import|from|fetch\()\s*[=(]?\s*[\"']?(?:https?:)?//\w", text), (
            path.name
        )
    for script in SCRIPTS:
        code = uncommented(script)
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|unsafeHTML|\beval\(|new Function", code), (
            script.name
        )
        assert not any(re.search(r"\sstyle=|\son\w+=", literal) for literal in templates(code)), script.name


def test_every_module_is_asked_for_at_once() -> None:
    page = (STATIC / "index.html").read_text(encoding="utf-8")
    modules = {path.relative_to(STATIC).as_posix() for path in STATIC.rglob("*.js")} - {"js/main.js"}
    assert set(re.findall(r'rel="modulepreload" href="([^"]+)"', page)) == modules


def test_policy_allows_the_feed_and_nothing_inline() -> None:
    policy = csp(8765)
    assert policy.startswith("default-src 'self';")
    assert "ws://*:8765" in policy
    assert "unsafe" not in policy


def test_every_file_of_the_page_is_public() -> None:
    for path in STATIC.rglob("*"):
        if path.is_file():
            address = f"/{path.relative_to(STATIC).as_posix()}"
            folders = tuple(one for one in PUBLIC_PATHS if one.endswith("/") and one != "/")
            assert address in PUBLIC_PATHS or address.startswith(folders), address


@pytest.mark.slow
def test_modules_pass_the_type_checker() -> None:
    settings = STATIC.parent / "jsconfig.json"
    command = [
        "npm",
        "exec",
        "--yes",
        "--package=typescript@5.9",
        "--",
        "tsc",
        "-p",
        str(settings),
        "--pretty",
        "false",
    ]
    try:
        version = subprocess.run([*command[:6], "--version"], capture_output=True, text=True, timeout=120, cwd=STATIC)
        said = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=STATIC).stdout
    except (OSError, subprocess.TimeoutExpired) as error:
        pytest.skip(f"npm cannot run the type checker here: {error}")
    if version.returncode:
        pytest.skip(f"npm cannot fetch the type checker here: {version.stderr[:200]}")
    own = [line for line in said.splitlines() if "error TS" in line and not line.startswith(("vendor/", "../vendor/"))]
    assert own == []


@pytest.mark.parametrize("package", vendor.PACKAGES, ids=lambda package: package.name)
def test_kept_library_is_the_published_one(package: vendor.Package) -> None:
    try:
        files = vendor.fetch(package, timeout_seconds=15)
    except vendor.FetchFailed as error:
        if "digest" in str(error):
            raise
        pytest.skip(f"npm cannot fetch it here: {error}")
    assert vendor.differences(package, files) == []
