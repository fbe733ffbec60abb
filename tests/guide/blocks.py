"""The code blocks of the guide, found by their heading, and run as they stand there."""

import ast
import inspect
import re
from pathlib import Path
from typing import Any

GUIDE = Path(__file__).parents[2] / "docs/ja/guide.md"
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def block(heading: str, number: int = 0) -> str:
    """Return a block of the section that begins with a heading (without its `#`)."""
    text = GUIDE.read_text(encoding="utf-8")
    sections = re.split(rf"^#+ {re.escape(heading)}$", text, flags=re.MULTILINE)
    assert len(sections) == 2, f"{heading!r} stands {len(sections) - 1} times in the guide"
    _, source = _FENCE.findall(sections[1])[number]
    return str(source)


async def run(source: str, names: dict[str, Any]) -> dict[str, Any]:
    """Run a block, which may await, among some names; return the names after it."""
    code = compile(source, str(GUIDE), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    result = eval(code, names)
    if inspect.iscoroutine(result):
        await result
    return names
