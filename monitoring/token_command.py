"""`monitoring token`: bearer tokens for machines. Two may hold at once, so that one takes over from the other."""

import argparse
import sys

from runtime.clock import SystemClock, format_utc, parse_utc
from runtime.security import Role, create_token, list_tokens, revoke_tokens
from runtime.service import TOKENS_FILE


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add = parser.add_argument
    add("action", choices=("create", "list", "revoke"))
    add("--role", choices=[role.value for role in Role], help="create: what it may do")
    add("--name", help="create: what it is called (default: token); revoke: which ones")
    add("--expires", metavar="TIME", help="create: until when, as 2027-01-31T12:00:00Z or 90d (default: no end)")


def run(arguments: argparse.Namespace) -> int:
    """Do what was asked for and return the exit code. Raises ValueError with what to give, AccessError, OSError."""
    file = arguments.data_dir / TOKENS_FILE
    if arguments.action == "create":
        if arguments.role is None:
            raise _wrong_use("token create: give --role viewer, operator or ingest")
        expires = _moment(arguments.expires) if arguments.expires else None
        first = not file.exists()
        sys.stdout.write(create_token(file, Role(arguments.role), arguments.name or "token", expires) + "\n")
        if first:
            sys.stderr.write("the first token: a stack that runs without users stays open until it is started again\n")
        return 0
    if arguments.action == "list":
        for name, role, until in list_tokens(file):
            sys.stdout.write(f"{name}\t{role}\t{until or '-'}\n")
        return 0
    if arguments.name is None:
        raise _wrong_use("token revoke: give --name (monitoring token list shows the names)")
    gone = revoke_tokens(file, arguments.name)
    sys.stderr.write(f"revoked {gone} token(s) {arguments.name!r}; they are refused from now on\n")
    return 0 if gone else 1


def _wrong_use(problem: str) -> SystemExit:
    sys.stderr.write(f"monitoring: {problem}\n")
    return SystemExit(2)


def _moment(text: str) -> str:
    """Return a moment or a number of days from now as RFC 3339."""
    if text.endswith("d") and text[:-1].isdigit():
        return format_utc(SystemClock().time() + int(text[:-1]) * 86400.0)
    return format_utc(parse_utc(text))
