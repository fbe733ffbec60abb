"""The command line: `monitoring COMMAND`, also `python -m monitoring`.

Data goes to stdout, talk to stderr. Exit codes: 0 done, 1 failed, 2 wrong use.
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from monitoring import mask_command, patterns_command, token_command
from monitoring.ownership import Unable
from runtime.security import AccessError
from runtime.service import add_common_arguments, version
from runtime.settings import SettingsError

if TYPE_CHECKING:
    from monitoring.supervisor import Options

Command = Callable[[argparse.Namespace], int]

_EPILOG = """\
exit codes: 0 done, 1 failed, 2 wrong use
environment: NEWSWATCH_<SECTION>__<KEY> sets one setting, for example NEWSWATCH_WEB__LANGUAGE=ja
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; what fails is said in one line on stderr."""
    arguments = _parser().parse_args(argv)
    command: Command = arguments.command
    try:
        code = command(arguments)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader went away, as `head` does: nothing is left to say, also at the exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130
    except Unable as error:
        _talk(f"stack: {error}")
        return 1
    except (SettingsError, AccessError, OSError, ValueError) as error:
        for line in str(error).splitlines():
            _talk(f"monitoring: {line}")
        return 1
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="monitoring",
        description="Newswatch: monitoring of a news delivery system.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"newswatch {version()}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    _add_up(_add(commands, "up", _up, "start the whole stack on this machine and watch it"))
    _add(commands, "down", _down, "stop the stack of a data folder")
    _add_stack(_add(commands, "doctor", _doctor, "find what keeps the stack from working, and say what to do"))
    check = _add_stack(_add(commands, "check-config", _check_config, "check settings without starting anything"))
    check.add_argument(
        "--print",
        dest="shown",
        choices=("prometheus", "alertmanager"),
        help="print what belongs into the configuration of a Prometheus or Alertmanager of your own",
    )
    patterns = _add(
        commands, "patterns", patterns_command.run, "find the patterns in log lines, once, and keep nothing"
    )
    patterns_command.add_arguments(_described(patterns, patterns_command.HELP, patterns_command.EPILOG))
    mask = _add(commands, "mask", mask_command.run, "copy standard input without personal data and secrets")
    mask_command.add_arguments(_described(mask, mask_command.HELP, mask_command.EPILOG))
    _add_escalate(
        _add(commands, "escalate", _escalate, "tell who would be told of an alert, when and by what; nothing is sent")
    )
    _add_backtest(_add(commands, "backtest", _backtest, "replay a metric under its dynamic and a fixed threshold"))
    _add_thresholds(_add(commands, "thresholds", _thresholds, "show a running bridge's thresholds, or export rules"))
    change = _add(commands, "change", _change, "tell a running bridge of a deploy or another change")
    _add_change(change)
    _add_notify_test(_add(commands, "notify-test", _notify_test, "send a test message, and say what failed"))
    token_command.add_arguments(_add(commands, "token", token_command.run, "make, list and revoke tokens for machines"))
    return parser


def _add(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, command: Command, purpose: str
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=purpose, description=f"{purpose[:1].upper()}{purpose[1:]}.")
    add_common_arguments(parser)
    parser.set_defaults(command=command)
    return parser


def _described(parser: argparse.ArgumentParser, description: str, epilog: str) -> argparse.ArgumentParser:
    parser.description, parser.epilog = description, epilog
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    return parser


def _add_stack(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    add = parser.add_argument
    add("--port-offset", metavar="N", type=int, default=0, help="shift every port, for a second stack on one machine")
    add(
        "--sample",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="run the sample news application (default: only where no --config is given)",
    )
    add(
        "--web.config.file",
        dest="web_config_file",
        metavar="FILE",
        type=Path,
        help="TLS and basic authentication, in the format of the Prometheus exporters",
    )
    return parser


def _add_up(parser: argparse.ArgumentParser) -> None:
    _add_stack(parser)
    levels = ("debug", "info", "warning", "error")
    parser.add_argument("--log.level", dest="log_level", choices=levels, default="info", help="what is logged")
    parser.add_argument("--once", action="store_true", help="start, wait until all is ready, and stop again")
    demo = "break the sample application and follow it from its log to the alert; exit code 1 if that is not seen"
    embedded = "run everything in one process, without Prometheus, Alertmanager and the sample application"
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--embedded", action="store_true", help=embedded)
    mode.add_argument("--demo", action="store_true", help=demo)


def _add_backtest(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("metric", metavar="METRIC", help="a metric of alert_bridge.thresholds, or any other with --base")
    add("--days", type=_positive, default=14.0, help="how many days are replayed; the 28 before them are learned from")
    add("--step", type=_positive, default=60.0, metavar="SECONDS", help="between two values (default: %(default)g)")
    add("--csv", type=Path, metavar="FILE", help="replay this series (timestamp,value) instead of asking Prometheus")
    add(
        "--incidents",
        type=Path,
        metavar="FILE",
        help="marked incidents (start,end,name): tells missed and false",
    )
    add("--png", type=Path, metavar="FILE", help="draw it; with several series, the one with the most alerts")
    add("--format", choices=("text", "json"), default="text")
    add("--instance", help="only the series of this instance")
    group = parser.add_argument_group("a threshold other than that of the settings")
    group.add_argument("--base", type=float, help="base_threshold")
    group.add_argument("--min", type=float, help="min_threshold")
    group.add_argument("--max", type=float, help="max_threshold")
    group.add_argument("--factor", type=float, help="adaptive_factor")
    group.add_argument("--multiplier", type=float, help="std_multiplier")
    group.add_argument("--trend", type=float, help="trend_sensitivity")
    group.add_argument("--direction", choices=("upper", "lower"))
    group.add_argument("--for", dest="for_seconds", type=float, metavar="SECONDS", help="for_seconds")


def _add_thresholds(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    actions = ("list", "explain", "history", "export-rules")
    add("action", choices=actions, nargs="?", default="list", help="(default: %(default)s)")
    add("metric", metavar="METRIC", nargs="?", help="only this one; needed for explain and history")
    add("--format", choices=("text", "json", "csv"), default="text")
    add("--url", default="http://127.0.0.1:9107", help="where the bridge listens (default: %(default)s)")
    add("--token-file", type=Path, metavar="FILE", help="holds a token of `monitoring token create --role viewer`")
    add("--language", choices=("en", "ja"), help="of the reasons (default: web.language)")
    add("--limit", type=int, default=50, metavar="N", help="most rows of a history (default: %(default)s)")
    on = "export-rules: labels by which values of different metrics belong together (default: %(default)s)"
    add("--on", default="job,instance", metavar="LABELS", help=on)


def _add_change(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("title", metavar="TITLE", help="what was changed, in a few words")
    add("--service", help="which service")
    add("--version", help="which version it has now")
    add("--author", help="who changed it")
    add("--timestamp", metavar="TIME", help="when, as 2026-01-31T12:00:00Z (default: now)")
    add("--url", default="http://127.0.0.1:9107", help="where the bridge listens (default: %(default)s)")
    add("--token-file", type=Path, metavar="FILE", help="holds a token of `monitoring token create --role ingest`")


def _add_escalate(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--dry-run", action="store_true", required=True, help="the only way: nothing is sent, nothing is stored")
    alert = (
        "the id of an alert in the database of --data-dir, or labels of one that might be, or these as a JSON object"
    )
    add("alert", metavar="ALERT", nargs="+", help=f"{alert}: severity=critical service=feeds")
    add("--at", metavar="TIME", help="from when on, RFC 3339 (default: now)")
    add("--format", choices=("text", "json"), default="text")


def _positive(text: str) -> float:
    number = float(text)
    if not 0 < number < 1e6:
        raise argparse.ArgumentTypeError(f"got {text}, expected a number above 0")
    return number


def _up(arguments: argparse.Namespace) -> int:
    from monitoring import single_process, supervisor
    from monitoring.demo import Demo
    from monitoring.processes import Signals

    def announce(stack: supervisor.Stack, signals: Signals) -> bool:
        _write(supervisor.summary(stack))
        return not arguments.demo or Demo(stack, signals, _write).prove()

    try:
        if not arguments.embedded:
            return supervisor.up(_options(arguments), _talk, announce)
    except supervisor.ToolMissing as error:
        if arguments.demo:
            raise
        _talk(f"stack: {error}. Going on embedded: everything in one process, without it.")
    return single_process.up(_options(arguments), _write)


def _down(arguments: argparse.Namespace) -> int:
    from monitoring.ownership import stop

    stopped = stop(arguments.data_dir)
    _talk(f"stopped the stack on {arguments.data_dir}" if stopped else f"no stack runs on {arguments.data_dir}")
    return 0


def _add_notify_test(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("channel", metavar="CHANNEL", help="a name below notifications.channels")
    add("--format", choices=("text", "json"), default="text", help="how the result is printed")
    add("--no-send", action="store_true", help="look up, connect and log in, but send nothing")


def _notify_test(arguments: argparse.Namespace) -> int:
    from monitoring.notify_test_command import run

    return run(arguments)


def _doctor(arguments: argparse.Namespace) -> int:
    from monitoring.doctor import diagnose

    return diagnose(_options(arguments), _write)


def _check_config(arguments: argparse.Namespace) -> int:
    from monitoring import supervisor

    stack = supervisor.decide(_options(arguments))
    if arguments.shown:
        _write(supervisor.to_paste(stack, arguments.shown))
        return 0
    _talk(f"settings are valid: {', '.join(str(file) for file in arguments.config) or 'the defaults'}")
    return 0


def _change(arguments: argparse.Namespace) -> int:
    from monitoring.change_command import run

    return run(arguments)


def _thresholds(arguments: argparse.Namespace) -> int:
    from monitoring.thresholds_command import run

    return run(arguments)


def _escalate(arguments: argparse.Namespace) -> int:
    from monitoring.escalate_command import run

    return run(arguments)


def _backtest(arguments: argparse.Namespace) -> int:
    from monitoring.backtest_command import run

    return run(arguments)


def _options(arguments: argparse.Namespace) -> "Options":
    from monitoring.supervisor import Options

    return Options(
        config=tuple(arguments.config),
        data_dir=arguments.data_dir,
        port_offset=arguments.port_offset,
        sample=arguments.sample,
        web_config_file=arguments.web_config_file,
        log_level=getattr(arguments, "log_level", "info"),
        once=getattr(arguments, "once", False),
        demo=getattr(arguments, "demo", False),
    )


def _talk(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def _write(text: str) -> None:
    sys.stdout.write(f"{text.rstrip()}\n")
    sys.stdout.flush()
