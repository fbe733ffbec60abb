"""The Prometheus rules that compare the registered metrics with their dynamic thresholds.

Every metric and direction gets its value as a recording rule; every severity then three recording rules and one alert:

- `dynamic_threshold:in_force`: what the bridge exported last, for up to half an hour (settable) after it went away,
  then the base as a literal: a bridge that dies neither resolves nor silences anything;
- `dynamic_threshold:immediate`: beyond this one value is enough: the base while the base is in force, else the
  loosest limit;
- `dynamic_threshold:exceeded`: 1 while the value is beyond the threshold;
- the alert: beyond the threshold now, and either beyond `immediate` or for 80 % of `for_seconds`. Not `for`, which
  one dip would start again.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import yaml

from alert_bridge.threshold_config import ThresholdConfig, WatchedThreshold

SHARE = 0.8  # of for_seconds that a value has to be beyond a learned threshold
STALE_SECONDS = 1800.0
KEEP_FIRING_SECONDS = 60.0  # at most; no longer than it takes to fire
RUNBOOK = "docs/runbooks/MetricBeyondThreshold.md"

_HEADER = "# Written by the alert bridge from the registered thresholds; changes here are lost.\n"


def keep_firing_seconds(config: ThresholdConfig) -> float:
    """Return how long an alert goes on after the value came back, so that it does not flap."""
    return min(KEEP_FIRING_SECONDS, config.for_seconds)


def selector(config: ThresholdConfig) -> dict[str, str]:
    """Return the labels that tell a threshold from the others."""
    return {"metric": config.metric_name, "direction": config.direction, "severity": config.severity.prometheus}


def annotations(config: ThresholdConfig, instance: str, value: str, threshold: str) -> dict[str, str]:
    """Return the texts of an alert in both languages; the arguments may be templates."""
    metric, upper = config.metric_name, config.direction == "upper"
    above, above_ja = ("above", "上回っています") if upper else ("below", "下回っています")
    return {
        "summary": f"{metric} is {above} its threshold on {instance}",
        "description": f"{metric} on {instance} is {value}, {above} the dynamic threshold of {threshold}.",
        "summary_ja": f"{instance} の {metric} がしきい値を{above_ja}",
        "description_ja": f"{instance} の {metric} は {value} で、動的しきい値 {threshold} を{above_ja}。",
        "value": value,
        "threshold": threshold,
        "runbook_url": RUNBOOK,
    }


def render(
    watched: Sequence[WatchedThreshold], interval_seconds: float = 5.0, stale_seconds: float = STALE_SECONDS
) -> str:
    """Return the text of the rule file; the same input gives the same text.

    interval_seconds: between evaluations. stale_seconds: how long what the bridge exported last holds without it; at
    half of that time an alert says that thresholds are no longer renewed.
    """
    rules: list[dict[str, Any]] = []
    recorded: set[tuple[str, str]] = set()
    for one in watched:
        config = one.config
        if (config.metric_name, config.direction) not in recorded:
            recorded.add((config.metric_name, config.direction))
            rules += [_value_rule(one), _stale_rule(one, stale_seconds)]
        rules += _threshold_rules(one, interval_seconds, stale_seconds)
    rules += [_absent_rule(name, stale_seconds) for name in dict.fromkeys(one.config.metric_name for one in watched)]
    groups = [{"name": "dynamic_thresholds", "interval": _duration(interval_seconds), "rules": rules}] if rules else []
    body = yaml.dump({"groups": groups}, Dumper=_Plain, sort_keys=False, allow_unicode=True, width=1000)
    return _HEADER + body


class _Plain(yaml.SafeDumper):
    """Writes equal values out instead of referring to the first."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - the base class' signature
        return True


def _value_rule(one: WatchedThreshold) -> dict[str, Any]:
    worst = "max" if one.config.direction == "upper" else "min"
    labels = _side(one.config)
    return {
        "record": "dynamic_threshold:value",
        "expr": f"{worst} by (job, instance) ({' or '.join(one.names)})",
        "labels": labels,
    }


def _threshold_rules(one: WatchedThreshold, interval_seconds: float, stale_seconds: float) -> list[dict[str, Any]]:
    config = one.config
    beyond, worst = (">", "max") if config.direction == "upper" else ("<", "min")
    labels = selector(config)
    value = f"dynamic_threshold:value{_match(_side(config))}"
    in_force, immediate, exceeded = (
        f"dynamic_threshold:{name}{_match(labels)}" for name in ("in_force", "immediate", "exceeded")
    )
    per = ", ".join(one.per)
    many = f"on ({per}) group_left ()"
    base = _number(config.base_threshold)

    def with_base(name: str) -> str:
        exported = f"last_over_time({name}{_match(labels)}[{_duration(stale_seconds)}])"
        return f"{worst} by ({per}) ({exported}) or {worst} by ({per}) (clamp({value}, {base}, {base}))"

    now = f"{value} {beyond} {many} {in_force}"
    long = f"[{_duration(config.for_seconds)}]"
    points = max(1, int(config.for_seconds / interval_seconds / 2))
    held = f"avg_over_time({exceeded}{long}) >= {SHARE} and count_over_time({exceeded}{long}) >= {points}"
    at_once = f"{value} {beyond} {many} {immediate}"
    alert: dict[str, Any] = {
        "alert": config.alert_name,
        "expr": f"{now} and on (job, instance) ({at_once} or on (job, instance) ({held}))",
        "keep_firing_for": _duration(keep_firing_seconds(config)),
        "labels": {"severity": labels["severity"]},
        "annotations": annotations(
            config, "{{ $labels.instance }}", '{{ $value | printf "%.4g" }}', _threshold_template(one)
        ),
    }
    if config.for_seconds == 0:
        alert["expr"] = now
    return [
        {"record": "dynamic_threshold:in_force", "expr": with_base("dynamic_threshold"), "labels": labels},
        {"record": "dynamic_threshold:immediate", "expr": with_base("dynamic_threshold_immediate"), "labels": labels},
        {
            "record": "dynamic_threshold:exceeded",
            "expr": f"{value} {beyond} bool {many} {in_force}",
            "labels": labels,
        },
        alert,
    ]


def _threshold_template(one: WatchedThreshold) -> str:
    """Return a template that reads the threshold in force of the alert's own series."""
    fixed = _match(selector(one.config))[:-1]
    own = "".join(f",{name}=%q" for name in one.per)
    arguments = "".join(f" $labels.{name}" for name in one.per)
    query = f"printf `dynamic_threshold:in_force{fixed}{own}}}`{arguments} | query"
    return f'{{{{ with {query} }}}}{{{{ . | first | value | printf "%.4g" }}}}{{{{ end }}}}'


def _stale_rule(one: WatchedThreshold, stale_seconds: float) -> dict[str, Any]:
    """Tell of a threshold whose values are there and that the bridge does not renew: it hangs, or cannot read."""
    side, limit = _side(one.config), stale_seconds / 2
    metric, per = one.config.metric_name, ", ".join(one.per)
    renewed = f"max by ({per}) (last_over_time(dynamic_threshold_updated_timestamp_seconds{_match(side)}[1d]))"
    return {
        "alert": "ThresholdsStale",
        "expr": f"time() - {renewed} > {limit:g} and on ({per}) dynamic_threshold:value{_match(side)}",
        "labels": {"severity": "warning", **side},
        "annotations": {
            "summary": f"The dynamic threshold of {metric} is no longer renewed",
            "description": f"It was renewed {{{{ $value | humanizeDuration }}}} ago; "
            f"after {stale_seconds:g} s its base is in force.",
            "summary_ja": f"{metric} の動的しきい値が更新されていません",
            "description_ja": f"最後の更新から {{{{ $value | humanizeDuration }}}} が経過しました。"
            f"{stale_seconds:g} 秒を過ぎると基準値で判定します。",
            "value": "{{ $value }}",
            "threshold": f"{limit:g}",
            "runbook_url": "docs/runbooks/ThresholdsStale.md",
        },
    }


def _absent_rule(metric_name: str, stale_seconds: float) -> dict[str, Any]:
    exported = f"dynamic_threshold{_match({'metric': metric_name})}"
    return {
        "alert": "ThresholdMissing",
        "expr": f"absent(last_over_time({exported}[{_duration(stale_seconds)}]))",
        "for": "5m",
        "labels": {"severity": "warning", "metric": metric_name},
        "annotations": {
            "summary": f"{metric_name} has no dynamic threshold",
            "description": f"The alert bridge exports no threshold for {metric_name}; its base is in force.",
            "summary_ja": f"{metric_name} の動的しきい値がありません",
            "description_ja": f"{metric_name} のしきい値が出力されていないため、基準値で判定しています。",
            "runbook_url": "docs/runbooks/ThresholdsStale.md",
        },
    }


def _side(config: ThresholdConfig) -> dict[str, str]:
    return {"metric": config.metric_name, "direction": config.direction}


def _match(labels: Mapping[str, str]) -> str:
    return "{" + ",".join(f"{name}={_quoted(text)}" for name, text in labels.items()) + "}"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def _number(value: float) -> str:
    return repr(float(value))


def _duration(seconds: float) -> str:
    milliseconds = max(1, round(seconds * 1000))
    unit: Literal["s", "ms"] = "ms" if milliseconds % 1000 else "s"
    return f"{milliseconds if unit == 'ms' else milliseconds // 1000}{unit}"
