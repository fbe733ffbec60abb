"""How fast the predefined patterns are looked for: one scan of RE2 against one expression after another.

    uv run python benchmarks/log_patterns.py [FILE ...]

Without files: the lines that the tests know, trouble and look-alikes apart. Prints lines a second, median of five runs.
"""

import re
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from analyzer.patterns import PREDEFINED, PatternCatalogue
from tests.analyzer.pattern_lines import KNOWN, LOOK_ALIKES

RUNS = 5


def one_after_another() -> Callable[[str], str | None]:
    """The same wordings, one Python expression for each pattern, look-alikes left in."""
    compiled = [
        (pattern.id, re.compile("|".join(text[4:] for text in pattern.expressions), re.I)) for pattern in PREDEFINED
    ]
    return lambda line: next((pattern_id for pattern_id, expression in compiled if expression.search(line)), None)


def lines_a_second(match: Callable[[str], str | None], lines: Sequence[str]) -> float:
    def once() -> float:
        begin = time.process_time()
        for line in lines:
            match(line)
        return len(lines) / (time.process_time() - begin)

    return statistics.median(once() for _ in range(RUNS))


def main() -> None:
    files = [Path(name) for name in sys.argv[1:]]
    kinds = {file.name: file.read_text(encoding="utf-8", errors="replace").splitlines() for file in files} or {
        "trouble": [line for text in KNOWN.values() for line in text.strip().split("\n")],
        "look-alikes": LOOK_ALIKES.strip().split("\n"),
    }
    ways = {"one scan": PatternCatalogue().match, "one after another": one_after_another()}
    for name, lines in kinds.items():
        figures = "  ".join(f"{way} {lines_a_second(match, lines):,.0f} lines/s" for way, match in ways.items())
        print(f"{name:24} {len(lines):8,} lines  {figures}")


if __name__ == "__main__":
    main()
