"""How well log lines are read: templates, categories, personal data and headers, on labelled lines.

Everything goes through the commands that people use, `monitoring patterns --format csv -` and `monitoring mask`; only
times and levels, which no command prints, come from the parser of headers itself.

    uv run python benchmarks/log_scores.py [PART ...] [--half development|held_out] [--loghub DIR] [--misses]

Parts: loghub (where --loghub names a folder with <System>/labels.csv and raw.log), japanese, systems, categories,
personal, headers, japanese_second, and japanese_blind, systems_blind, categories_blind. The blind ones were written
without sight of what the rules make of them; the misses of both Japanese sets have been looked at since.
"""

import argparse
import csv
import os
import subprocess
import sys
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from pathlib import Path

from analyzer.reading.headers import HeaderParser
from tests.data import blind_japanese, blind_logs, japanese_logs, system_logs
from tests.data.labelled_lines import Half, LabelledLine

DATA = Path(japanese_logs.__file__).parent
WRITTEN = datetime(2026, 11, 24, 23, tzinfo=UTC)
"""When the lines of headers.csv were written: some leave out the year."""
PROGRAM = (sys.executable, "-m", "monitoring")
csv.field_size_limit(2**31 - 1)


@dataclass(frozen=True, slots=True)
class Options:
    half: Half
    loghub: Path | None
    misses: bool


@dataclass(frozen=True, slots=True)
class Read:
    """What the program made of one line."""

    pattern_id: str
    template: str
    predefined: str


@dataclass(frozen=True, slots=True)
class Templates:
    """Scores of template mining, from 0 to 1, as the Loghub-2.0 benchmark defines them.

    grouping: share of lines whose group holds exactly the lines of their true template. groups: F1 over groups.
    parsing: share of lines whose template text is the label. texts: F1 over templates, group and text exact.
    new: F1 of new-pattern alarms, a line that opens a group against the first line of each true template.
    """

    grouping: float
    groups: float
    parsing: float
    texts: float
    new: float


def run(command: Sequence[str], lines: Sequence[str]) -> list[str]:
    text = "".join(line.replace("\n", " ") + "\n" for line in lines)
    environment = os.environ | {"TZ": "UTC"}
    done = subprocess.run(
        [*PROGRAM, *command], input=text.encode(), capture_output=True, env=environment, timeout=600, check=False
    )
    if done.returncode:
        sys.exit(f"{' '.join(command)}: exit {done.returncode}: {done.stderr.decode()[-500:]}")
    return done.stdout.decode().splitlines(keepends=True)


def patterns(lines: Sequence[str]) -> list[Read]:
    rows = csv.DictReader(run(("patterns", "--format", "csv", "-"), lines))
    found = [Read(row["pattern_id"], row["template"], row["predefined"]) for row in rows]
    if len(found) != len(lines):
        sys.exit(f"monitoring patterns: {len(found)} rows for {len(lines)} lines")
    return found


def labelled(name: str, half: Half | None) -> list[dict[str, str]]:
    """The rows of a half; None: all of a corpus without halves."""
    with (DATA / name).open(newline="", encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if half is None or row["half"] == half]


def harmonic(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def openings(values: Sequence[str]) -> set[int]:
    return {values.index(value) for value in set(values)}


def score(truth: Sequence[str], read: Sequence[Read]) -> Templates:
    """Compare the true template of each line with what was read."""
    groups = [line.pattern_id for line in read]
    size = Counter(groups)
    members: dict[str, list[str]] = defaultdict(list)
    labels_of: dict[str, set[str]] = defaultdict(set)
    for label, line in zip(truth, read, strict=True):
        members[label].append(line.pattern_id)
        labels_of[line.template].add(label)
    exact = [label for label, ids in members.items() if len(set(ids)) == 1 and size[ids[0]] == len(ids)]
    right = sum(labels == {text} for text, labels in labels_of.items())
    alarms, due = openings(groups), openings(truth)
    return Templates(
        grouping=sum(len(members[label]) for label in exact) / len(truth),
        groups=harmonic(len(exact) / len(size), len(exact) / len(members)),
        parsing=sum(label == line.template for label, line in zip(truth, read, strict=True)) / len(truth),
        texts=harmonic(right / len(labels_of), right / len(members)),
        new=harmonic(len(alarms & due) / len(alarms), len(alarms & due) / len(due)),
    )


def wrong_groups(truth: Sequence[str], read: Sequence[Read]) -> Iterable[str]:
    """Each true template whose lines are not one group of their own, with what was made of it."""
    made: dict[str, Counter[str]] = defaultdict(Counter)
    owners: dict[str, set[str]] = defaultdict(set)
    for label, line in zip(truth, read, strict=True):
        made[label][f"{line.pattern_id} {line.template}"] += 1
        owners[line.pattern_id].add(label)
    for label, groups in made.items():
        merged = any(len(owners[group.partition(" ")[0]]) > 1 for group in groups)
        if merged or len({group.partition(" ")[0] for group in groups}) > 1:
            what = f"{'merged' if merged else 'split'} in {len(groups)}"
            yield f"    {what}: {label}\n" + "\n".join(f"      {n:5} {group}" for group, n in groups.most_common(4))


def print_templates(name: str, scores: Templates) -> None:
    figures = zip(("GA", "FGA", "PA", "FTA", "NEW"), astuple(scores), strict=True)
    print(f"  {name:28}" + "  ".join(f"{label} {figure:.3f}" for label, figure in figures))


def print_mean(name: str, scores: Sequence[Templates]) -> None:
    columns = zip(*(astuple(one) for one in scores), strict=True)
    print_templates(name, Templates(*(sum(column) / len(scores) for column in columns)))


def compare(name: str, lines: Sequence[str], truth: Sequence[str], options: Options) -> Templates:
    read = patterns(lines)
    scores = score(truth, read)
    print_templates(name, scores)
    if options.misses:
        print("\n".join(wrong_groups(truth, read)))
    return scores


def loghub(options: Options) -> None:
    if options.loghub is None:
        return
    print("Loghub")
    contents, raws = [], []
    for labels in sorted(options.loghub.glob("*/labels.csv")):
        with labels.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        truth = [row["template"] for row in rows]
        raw = (labels.parent / "raw.log").read_text(encoding="utf-8").rstrip("\n").split("\n")
        system = labels.parent.name
        contents.append(compare(f"{system} message", [row["content"] for row in rows], truth, options))
        raws.append(compare(f"{system} raw", raw, truth, options))
    print_mean("mean, message", contents)
    print_mean("mean, raw", raws)


def systems(options: Options) -> None:
    halves = {name: list(system_logs.lines(name, options.half)) for name in system_logs.systems(options.half)}
    compare_systems("Own systems", halves, options)


def systems_blind(options: Options) -> None:
    compare_systems("Systems, blind", {name: list(blind_logs.lines(name)) for name in blind_logs.systems()}, options)


def compare_systems(name: str, logs: Mapping[str, Sequence[LabelledLine]], options: Options) -> None:
    print(name)
    contents, raws = [], []
    for system, lines in logs.items():
        truth = [line.template for line in lines]
        contents.append(compare(f"{system} message", [line.message for line in lines], truth, options))
        raws.append(compare(f"{system} raw", [line.raw for line in lines], truth, options))
    print_mean("mean, message", contents)
    print_mean("mean, raw", raws)


def one_width(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


def japanese(options: Options) -> None:
    compare_japanese("Japanese", list(japanese_logs.lines(options.half)), options)


def japanese_blind(options: Options) -> None:
    compare_japanese("Japanese, blind", list(blind_logs.japanese_lines()), options)


def japanese_second(options: Options) -> None:
    compare_japanese("Japanese, second set", list(blind_japanese.lines()), options)


def compare_japanese(name: str, lines: Sequence[LabelledLine], options: Options) -> None:
    """Templates are compared without regard to full and half width."""
    print(name)
    truth = [one_width(line.template) for line in lines]
    for form, texts in (("message", [line.message for line in lines]), ("raw", [line.raw for line in lines])):
        read = [Read(line.pattern_id, one_width(line.template), line.predefined) for line in patterns(texts)]
        levels: dict[str, set[str]] = defaultdict(set)
        for line, found in zip(lines, read, strict=True):
            levels[found.pattern_id].add(line.level)
        mixed = sum(len(levels[found.pattern_id]) > 1 for found in read) / len(read)
        print_templates(form, score(truth, read))
        print(f"  {form}: {mixed:.3%} of the lines in groups that mix severities")
        if options.misses:
            print("\n".join(wrong_groups(truth, read)))


def categories(options: Options) -> None:
    compare_categories("Categories", labelled("categories.csv", options.half), options)


def categories_blind(options: Options) -> None:
    compare_categories("Categories, blind", labelled("categories_blind.csv", None), options)


def compare_categories(name: str, rows: Sequence[dict[str, str]], options: Options) -> None:
    read = patterns([row["line"] for row in rows])
    pairs = [(row["category"], line.predefined) for row, line in zip(rows, read, strict=True)]
    print(name)
    recalls = []
    for category in dict.fromkeys(label for label, _ in pairs if label):
        due = sum(label == category for label, _ in pairs)
        named = sum(found == category for _, found in pairs)
        right = sum(label == found == category for label, found in pairs)
        recalls.append(right / due)
        print(f"  {category:28}recall {right / due:.3f}  precision {right / named if named else 0:.3f}  ({due} lines)")
    named, right = sum(bool(found) for _, found in pairs), sum(label == found != "" for label, found in pairs)
    quiet = [not found for label, found in pairs if not label]
    print(f"  macro recall {sum(recalls) / len(recalls):.3f}  micro precision {right / named if named else 0:.3f}")
    print(f"  look-alikes left alone {sum(quiet)}/{len(quiet)}")
    if options.misses:
        for row, (label, found) in zip(rows, pairs, strict=True):
            if label != found:
                print(f"    {label or '-'} read as {found or '-'}: {row['line'][:160]}")


def personal(options: Options) -> None:
    rows = labelled("personal_data.csv", options.half)
    masked = [line.rstrip("\n") for line in run(("mask",), [row["line"] for row in rows])]
    if len(masked) != len(rows):
        sys.exit(f"monitoring mask: {len(masked)} lines for {len(rows)}")
    print("Personal data")
    kinds: dict[str, list[bool]] = defaultdict(list)
    misses = []
    for row, text in zip(rows, masked, strict=True):
        for secret in filter(None, row["secrets"].split("|")):
            kinds[row["kind"]].append(secret not in text)
            if secret in text:
                misses.append(f"    {row['kind']} {secret} is left: {text[:160]}")
        if not row["secrets"] and text != row["line"]:
            misses.append(f"    changed: {row['line'][:120]} -> {text[:120]}")
    for kind, hidden in kinds.items():
        print(f"  {kind:28}{sum(hidden)}/{len(hidden)}")
    everything = [one for hidden in kinds.values() for one in hidden]
    alike = [text == row["line"] for row, text in zip(rows, masked, strict=True) if not row["secrets"]]
    print(f"  masked {sum(everything) / len(everything):.3f}  look-alikes unchanged {sum(alike)}/{len(alike)}")
    if options.misses:
        print("\n".join(misses))


def same_time(expected: str, found: datetime | None) -> bool:
    """Compare to the microsecond; expected: RFC 3339 in UTC, empty for none."""
    if not expected or found is None:
        return not expected and found is None
    return datetime.fromisoformat(expected[:26].rstrip("Z") + "+00:00") == found


def headers(options: Options) -> None:
    """A message is right when the line has the template that its message alone has."""
    rows = labelled("headers.csv", options.half)
    parser = HeaderParser(lambda: WRITTEN, UTC)
    whole, bare = patterns([row["line"] for row in rows]), patterns([row["message"] for row in rows])
    right: dict[str, list[bool]] = {"time": [], "level": [], "message": []}
    misses = []
    for row, line, message in zip(rows, whole, bare, strict=True):
        record, _ = parser.parse(row["line"])
        results = {
            "time": same_time(row["timestamp"], record.timestamp),
            "level": row["level"] in ("any", "" if record.level == "UNKNOWN" else record.level),
            "message": not row["message"] or line.template == message.template,
        }
        for name, result in results.items():
            right[name].append(result)
        if wrong := [name for name, result in results.items() if not result]:
            misses.append(f"    {', '.join(wrong)}: {row['line'][:140]}\n      {record}")
    print("Headers")
    print("  " + "  ".join(f"{name} {sum(results)}/{len(results)}" for name, results in right.items()))
    if options.misses:
        print("\n".join(misses))


PARTS: dict[str, Callable[[Options], None]] = {
    "loghub": loghub,
    "japanese": japanese,
    "japanese_blind": japanese_blind,
    "japanese_second": japanese_second,
    "systems": systems,
    "systems_blind": systems_blind,
    "categories": categories,
    "categories_blind": categories_blind,
    "personal": personal,
    "headers": headers,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", choices=[[], *PARTS], help="default: all")
    parser.add_argument("--half", choices=("development", "held_out"), default="development")
    parser.add_argument("--loghub", type=Path, metavar="DIR")
    parser.add_argument("--misses", action="store_true", help="print each line or template that is wrong")
    given = parser.parse_args()
    for part in given.parts or PARTS:
        PARTS[part](Options(given.half, given.loghub, given.misses))
    return 0


if __name__ == "__main__":
    sys.exit(main())
