"""`monitoring thresholds`: what a running bridge says of its thresholds, and the user's rules for Prometheus."""

import argparse
import csv
import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import requests

from monitoring.settings import Configuration
from monitoring.text_tables import table
from runtime.settings import load

_TIMEOUT_SECONDS = 10.0
_COLUMNS = ("metric_name", "labels", "severity", "direction", "value", "base", "mode", "reason")
_HISTORY = ("calculated_at", "labels", "threshold_value", "reason")


def run(arguments: argparse.Namespace) -> int:
    """Do what was asked for and return the exit code. Raises ValueError and SettingsError with what to change."""
    settings = load(Configuration, arguments.config)
    if arguments.action == "export-rules":
        from alert_bridge.rule_export import render_rules

        rules = [one.to_rule() for one in settings.alert_bridge.rules]
        if not rules:
            raise ValueError("thresholds: the settings name no rule under alert_bridge.rules")
        sys.stdout.write(render_rules(rules, [one for one in arguments.on.split(",") if one]))
        return 0
    if arguments.action != "list" and not arguments.metric:
        raise ValueError(f"thresholds {arguments.action}: name the metric")
    language = arguments.language or settings.web.language
    if arguments.action == "history":
        found = _ask(arguments, f"thresholds/{arguments.metric}/history", {"limit": arguments.limit})
        return _print(found, _HISTORY, arguments)
    found = _ask(arguments, "thresholds", {"language": language})
    if arguments.metric:
        found = [one for one in found if one["metric_name"] == arguments.metric] or _unknown(arguments.metric, found)
    return _print(found, _COLUMNS, arguments)


def _ask(arguments: argparse.Namespace, path: str, query: Mapping[str, Any]) -> list[dict[str, Any]]:
    headers = {}
    if arguments.token_file:
        headers["Authorization"] = f"Bearer {arguments.token_file.read_text(encoding='utf-8').strip()}"
    url = f"{arguments.url.rstrip('/')}/api/v1/{path}"
    try:
        answer = requests.get(url, params=query, headers=headers, timeout=_TIMEOUT_SECONDS)
        body = answer.json()
    except (requests.RequestException, ValueError) as error:
        raise ValueError(f"thresholds: {arguments.url} does not answer as a bridge: {error}; give --url") from None
    if answer.status_code == 401:
        raise ValueError(
            f"thresholds: {arguments.url} wants to know who asks; give --token-file (monitoring token create)"
        )
    if answer.status_code != 200:
        raise ValueError(f"thresholds: {url} answered {answer.status_code}: {body.get('detail') or body.get('title')}")
    items: list[dict[str, Any]] = body["items"]
    return items


def _unknown(metric: str, found: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    names = ", ".join(sorted({str(one["metric_name"]) for one in found})) or "none yet"
    raise ValueError(f"thresholds: no threshold of {metric!r} has had a value; there is {names}")


def _print(found: Sequence[Mapping[str, Any]], columns: Sequence[str], arguments: argparse.Namespace) -> int:
    if arguments.format == "json":
        sys.stdout.write(json.dumps(found, ensure_ascii=False, indent=1) + "\n")
        return 0
    rows = [{name: _word(one.get(name)) for name in columns} for one in found]
    if arguments.format == "csv":
        written = csv.DictWriter(sys.stdout, columns, lineterminator="\n")
        written.writeheader()
        written.writerows(rows)
    elif rows:
        *short, reason = columns
        head, *lines = table(short, [[row[name] for name in short] for row in rows], right=(), columns=None).split("\n")
        said = (f"{line}\n    {row[reason]}" if row[reason] else line for line, row in zip(lines, rows, strict=True))
        sys.stdout.write("\n".join((head, *said)) + "\n")
    return 0


def _word(value: object) -> str:
    if isinstance(value, dict):
        return ",".join(f"{name}={text}" for name, text in value.items() if name in ("job", "instance")) or "-"
    if isinstance(value, float):
        return f"{value:.6g}"
    return "-" if value is None else str(value)
