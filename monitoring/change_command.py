"""`monitoring change`: tell a running bridge of a deploy or another change, to be shown beside alerts."""

import argparse
import sys
from typing import Any

import requests

_TIMEOUT_SECONDS = 10.0


def run(arguments: argparse.Namespace) -> int:
    """Tell the change, print its id, and return the exit code. Raises ValueError with what to change."""
    body = {name: getattr(arguments, name) for name in ("title", "service", "version", "author", "timestamp")}
    headers = {}
    if arguments.token_file:
        headers["Authorization"] = f"Bearer {arguments.token_file.read_text(encoding='utf-8').strip()}"
    url = f"{arguments.url.rstrip('/')}/api/v1/changes"
    try:
        answer = requests.post(url, json=body, headers=headers, timeout=_TIMEOUT_SECONDS)
        told: dict[str, Any] = answer.json()
    except (requests.RequestException, ValueError) as error:
        raise ValueError(f"change: {arguments.url} does not answer as a bridge: {error}; give --url") from None
    if answer.status_code in (401, 403):
        raise ValueError(
            f"change: {arguments.url} does not let you: {told.get('detail') or told.get('title')}; "
            "give --token-file (monitoring token create --role ingest)"
        )
    if answer.status_code not in (200, 201):
        raise ValueError(f"change: {url} answered {answer.status_code}: {told.get('detail') or told.get('title')}")
    sys.stdout.write(f"{told['id']}\n")
    return 0
