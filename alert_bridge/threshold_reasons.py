"""Why a threshold is what it is: the reason as key and values, and the sentences they make in a language."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

from alert_bridge.threshold_baseline import BaselineAccepted
from alert_bridge.threshold_config import ThresholdConfig, zone
from alert_bridge.threshold_course import WARM_SAMPLES, Computation
from alert_bridge.threshold_history import INTERVAL_SECONDS
from alert_bridge.thresholds import SeriesThreshold

Language = Literal["en", "ja"]
Value = float | int | str

BASELINE_ACCEPTED: Final = "baseline accepted"
_TOLD_SECONDS = 7 * 86400.0  # how long an accepted baseline is part of the reason


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason as it is stored: which sentence, and the numbers in it.

    key: `no_values`, `silent`, `factor_zero`, `warming`, `first_day`, `partial`, `learned`, `at_max`, `at_min`,
        `rising` or `other_severity`.
    values: always `threshold` and `base`; with an estimate also what the sentence about the usual level needs;
        within 7 days of an accepted baseline also `accepted_at`, `old_level`, `new_level`, `how`, `amount`.
    """

    key: str
    values: Mapping[str, Value]

    def render(self, language: Language = "en") -> str:
        """Return the sentences in a language. Raises KeyError for an unknown key."""
        return render(self.key, self.values, language)


def reason_for(config: ThresholdConfig, series: SeriesThreshold, index: int, at: float, other: str | None) -> Reason:
    """Return why the threshold of a series is what it is at a moment.

    index: of the config among the series' severities; other: the severity whose threshold is in force instead of
    its own, None where it is its own.
    """
    sign = 1.0 if config.direction == "upper" else -1.0
    computed = series.computation(index)
    values: dict[str, Value] = {
        "threshold": sign * series.threshold(index, at),
        "base": config.base_threshold,
        "timezone": config.timezone or "UTC",
    }
    values |= _accepted(series.events[-1], sign, at) if series.events else {}
    if other is not None:
        return Reason("other_severity", values | {"other": other, "own": sign * series.own_threshold(index, at)})
    if config.adaptive_factor == 0:
        return Reason("factor_zero", values)
    if computed is None:
        return Reason("no_values", values)
    silent = series.silent_seconds(at)
    if silent > series.hold_seconds:
        return Reason("silent", values | {"silent_minutes": int(silent // 60)})
    if computed.estimate is None:
        return Reason("warming", values | {"samples": series.samples, "needed": WARM_SAMPLES})
    values |= _numbers(config, computed, sign)
    return Reason(_key(config, computed, sign), values)


def _accepted(event: BaselineAccepted, sign: float, at: float) -> dict[str, Value]:
    if at - event.at > _TOLD_SECONDS:
        return {}
    amount = event.amount if event.how == "multiplied" else sign * event.amount
    return {
        "accepted_at": event.at,
        "old_level": sign * event.old_level,
        "new_level": sign * event.new_level,
        "how": event.how,
        "amount": amount,
    }


def _numbers(config: ThresholdConfig, computed: Computation, sign: float) -> dict[str, Value]:
    estimate = computed.estimate
    assert estimate is not None  # noqa: S101 - asked for computations with an estimate alone
    lowest, highest = config.limits
    width = max(1.0, config.adaptive_factor) * config.std_multiplier
    return {
        "at": float(computed.number * INTERVAL_SECONDS),
        "min": lowest,
        "max": highest,
        "centre": sign * estimate.centre,
        "band_sign": "+" if sign > 0 else "-",
        "factor": max(1.0, config.adaptive_factor),
        "multiplier": config.std_multiplier,
        "spread": computed.band / width,
        "widened": round(100 * (estimate.widening - 1)),
        "drift": sign * computed.drift,
        "level": sign * computed.level,
        "candidate": sign * computed.candidate,
        "target": sign * computed.target,
        "share": computed.blend * min(1.0, config.adaptive_factor),
        "hours": min(24.0, 24 * estimate.learned_days),
        "hourly": 0.1 * (highest - lowest),
        "season": estimate.season,
        "count": estimate.count,
    }


def _key(config: ThresholdConfig, computed: Computation, sign: float) -> str:
    threshold = sign * computed.threshold
    if computed.threshold < computed.target:
        return "rising"
    if threshold == config.limits[1]:
        return "at_max"
    if threshold == config.limits[0]:
        return "at_min"
    if computed.blend < 1:
        return "first_day"
    return "partial" if config.adaptive_factor < 1 else "learned"


def render(key: str, values: Mapping[str, Value], language: Language = "en") -> str:
    """Return the sentences of a stored reason in a language. Raises KeyError for an unknown key."""
    texts = _TEXTS[language]
    parts = [texts[key]]
    if key in ("at_max", "at_min"):
        parts += [texts["never_above"]] if (key, values["band_sign"]) == ("at_max", "+") else []
        parts += [texts["never_below"]] if (key, values["band_sign"]) == ("at_min", "-") else []
    if "centre" in values:
        parts += [texts[f"usual_{values['season']}"]]
    if key in ("learned", "first_day", "partial"):
        parts += [texts["limits"]]
    if "accepted_at" in values:
        parts += [texts["accepted"] + texts[f"accepted_{values['how']}"]]
    return ("" if language == "ja" else " ").join(parts).format_map(_words(values, language))


def _words(values: Mapping[str, Value], language: Language) -> dict[str, str]:
    """Return the values of a reason as words of a sentence."""
    words = {name: number(value) if isinstance(value, float) else str(value) for name, value in values.items()}
    for name in ("at", "accepted_at"):
        if name in values:
            local = datetime.fromtimestamp(float(values[name]), UTC).astimezone(zone(str(values["timezone"])))
            words |= {f"{name}_day": _DAYS[language][local.weekday()], f"{name}_time": f"{local:%H:%M}"}
    if "centre" in values:
        words["share"] = f"{100 * float(values['share']):.0f}"
        words["formula"] = _formula(values)
        widened = values.get("widened", 0)
        words["widened_part"] = _TEXTS[language]["widened_part"].format_map(words) if widened else ""
        for name, part in (("drift", "trend_part"), ("level", "level_part")):
            words[part] = _TEXTS[language][part].format_map(words) if values.get(name) else ""
    return words


def number(value: float) -> str:
    """Return a number as a person reads it: one decimal from 10 on, three figures below, large ones in full."""
    size = abs(value)
    if size >= 1e15:
        return f"{value:.4g}"
    if size >= 1000:
        return f"{value:,.0f}"
    if size >= 10:
        return f"{value:.1f}"
    if size < 1e-9:
        return f"{value:.3g}"
    text = f"{value:.{2 - math.floor(math.log10(size))}f}"
    return text.rstrip("0").rstrip(".")


def _formula(values: Mapping[str, Value]) -> str:
    centre, factor, multiplier, spread, drift = (
        float(values[name]) for name in ("centre", "factor", "multiplier", "spread", "drift")
    )
    text = f"{number(centre)} {values['band_sign']} {number(factor)} x {number(multiplier)} x {number(spread)}"
    for moved in (drift, float(values.get("level", 0.0))):
        text += f" {'-' if moved < 0 else '+'} {number(abs(moved))}" if moved else ""
    return text


_DAYS: Final[dict[str, tuple[str, ...]]] = {
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "ja": ("月曜", "火曜", "水曜", "木曜", "金曜", "土曜", "日曜"),
}

_TEXTS: Final[dict[str, dict[str, str]]] = {
    "en": {
        "no_values": "{threshold}: base. No value has come yet (mode warming).",
        "silent": "{threshold}: base. No value for {silent_minutes} min (mode static).",
        "factor_zero": "{threshold}: base. adaptive_factor is 0, so nothing is followed (mode static).",
        "warming": "{threshold}: base. Too little is known yet: {samples} values; it takes {needed}, over an hour, "
        "and not beyond the base (mode warming).",
        "first_day": "{threshold}: warming up for the first day: {hours} h of 24 h, so {share} % of the way "
        "from base {base} to {candidate} = {formula}.",
        "partial": "{threshold}: {share} % of the way from base {base} to {candidate} = {formula}.",
        "learned": "{threshold} = {formula}.",
        "at_max": "{threshold}: held at max_threshold; the data alone would give {candidate} = {formula}.",
        "at_min": "{threshold}: held at min_threshold; the data alone would give {candidate} = {formula}.",
        "never_above": "Values above {max} are never learned.",
        "never_below": "Values below {min} are never learned.",
        "rising": "{threshold}: on the way to {target}; it may loosen by at most {hourly} an hour. "
        "The data give {candidate} = {formula}.",
        "other_severity": "{threshold}: that of severity {other}; its own would be {own}, which is stricter.",
        "usual_week": "{centre} is usual for {at_day} {at_time} +-60 min ({timezone}; {count} values of 4 weeks), "
        "{spread} their spread{widened_part}{trend_part}{level_part}.",
        "usual_day": "{centre} is usual for {at_time} +-60 min ({timezone}; {count} values of 7 days), "
        "{spread} their spread{widened_part}{trend_part}{level_part}.",
        "usual_none": "{centre} is usual so far ({count} values), {spread} their spread{widened_part}.",
        "limits": "Limits {min}..{max} not reached.",
        "accepted": BASELINE_ACCEPTED
        + " {accepted_at_day} {accepted_at_time}: 24 h beyond the threshold, level {old_level} -> {new_level}, ",
        "accepted_added": "earlier history moved by {amount}.",
        "accepted_multiplied": "earlier history multiplied by {amount}.",
        "accepted_dropped": "earlier history dropped.",
        "widened_part": " ({widened} % wider, because deviations last)",
        "trend_part": ", {drift} the share of the trend",
        "level_part": ", {level} follows the level of the last day",
    },
    "ja": {
        "no_values": "{threshold}: 基準値です。まだ値が届いていません(warming)。",
        "silent": "{threshold}: 基準値です。{silent_minutes} 分間、値が届いていません(static)。",
        "factor_zero": "{threshold}: 基準値です。adaptive_factor が 0 のため、データには追従しません(static)。",
        "warming": "{threshold}: 基準値です。まだデータが足りません(現在 {samples} 個。基準値の内側の値が "
        "1 時間以上にわたって {needed} 個必要です)(warming)。",
        "first_day": "{threshold}: 初日の慣らし期間です。24 時間のうち {hours} 時間が過ぎたので、基準値 {base} から "
        "{candidate} = {formula} へ {share} % 進んだ値です。",
        "partial": "{threshold}: 基準値 {base} から {candidate} = {formula} へ {share} % 進んだ値です。",
        "learned": "{threshold} = {formula}。",
        "at_max": "{threshold}: max_threshold で止めています。データだけなら {candidate} = {formula} になります。",
        "at_min": "{threshold}: min_threshold で止めています。データだけなら {candidate} = {formula} になります。",
        "never_above": "{max} を超える値は学習しません。",
        "never_below": "{min} を下回る値は学習しません。",
        "rising": "{threshold}: {target} へ向かう途中です。緩める幅は 1 時間に {hourly} までです。"
        "データからは {candidate} = {formula} になります。",
        "other_severity": "{threshold}: 重大度 {other} のしきい値に合わせています。"
        "単独では {own} となり、そちらのほうが厳しくなるためです。",
        "usual_week": "{centre} は{at_day} {at_time} 前後 60 分の平常値({timezone}、4 週間の値 {count} 個)、"
        "{spread} はそのばらつきです{widened_part}{trend_part}{level_part}。",
        "usual_day": "{centre} は {at_time} 前後 60 分の平常値({timezone}、7 日間の値 {count} 個)、"
        "{spread} はそのばらつきです{widened_part}{trend_part}{level_part}。",
        "usual_none": "{centre} はこれまでの平常値(値 {count} 個)、{spread} はそのばらつきです{widened_part}。",
        "limits": "下限 {min}、上限 {max} には達していません。",
        "accepted": "新しい基準線を受け入れました(" + BASELINE_ACCEPTED + "、{accepted_at_day} {accepted_at_time}): "
        "24 時間しきい値を超え続けたため、水準 {old_level} → {new_level} を新しい平常とし、",
        "accepted_added": "以前の履歴を {amount} ずらしました。",
        "accepted_multiplied": "以前の履歴を {amount} 倍しました。",
        "accepted_dropped": "以前の履歴は捨てました。",
        "widened_part": "(ずれが長引くため {widened} % 広げています)",
        "trend_part": "({drift} は傾向を見込んだ分)",
        "level_part": "({level} は直近 1 日の水準に合わせた分)",
    },
}
