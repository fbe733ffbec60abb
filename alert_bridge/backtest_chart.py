"""The picture of a back-test: value, expected range, both thresholds, and when each of them would have alerted."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from alert_bridge.backtest import Backtest, Outcome, Span
from alert_bridge.pictures import (
    BAND,
    GRAVE,
    INK,
    MARKED,
    META,
    PAPER,
    RULE,
    SECOND,
    WORKED_OUT,
    has_japanese,
    look,
    png,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "title": "{name}, {days:.1f} days. Alerts: dynamic {dynamic}, fixed {static}",
        "value": "value",
        "band": "expected range",
        "dynamic": "dynamic",
        "static": "fixed",
        "incident": "marked incident",
        "missed": "missed",
        "threshold": "dynamic threshold",
        "base": "fixed threshold {base:g}",
        "in_alert": "{share:.1%} of the time",
        "false": ", {false} false, {missed} missed",
    },
    "ja": {
        "title": "{name}、{days:.1f}日間のアラート：動的 {dynamic}件、固定 {static}件",
        "value": "値",
        "band": "通常の範囲",
        "dynamic": "動的",
        "static": "固定",
        "incident": "登録された障害",
        "missed": "見逃し",
        "threshold": "動的しきい値",
        "base": "固定しきい値 {base:g}",
        "in_alert": "期間の {share:.1%}",
        "false": "、誤報 {false}件、見逃し {missed}件",
    },
}
_MISSED: Mapping[str, Any] = {"marker": "o", "markersize": 6, "color": GRAVE, "fillstyle": "none", "linestyle": ""}
_MOST_POINTS = 4_000
_DAY = 86_400.0  # Matplotlib counts days since 1970


def draw_backtest(backtest: Backtest, language: str = "en", timezone: str = "UTC") -> bytes:
    """Return the picture as PNG, 1200 x 560 pixels. language: `ja` needs an installed font, else it is English."""
    from matplotlib.figure import Figure

    japanese = language == "ja" and has_japanese()
    words = _WORDS["ja" if japanese else "en"]
    zone = ZoneInfo(timezone)
    with look(japanese=japanese):
        figure = Figure(figsize=(12, 5.6), dpi=100, facecolor=PAPER)
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=(5, 1))
        figure.subplots_adjust(left=0.075, right=0.975, top=0.84, bottom=0.08, hspace=0.08)
        figure.text(0.02, 0.945, _title(backtest, words), fontsize=13, fontweight="bold")
        _draw_values(above, backtest, words)
        _draw_alerts(below, backtest, zone, words)
        for panel in (above, below):
            for incident in backtest.dynamic.incidents or ():
                panel.axvspan(*_ends(incident), color=MARKED, linewidth=0, zorder=0)
            panel.tick_params(length=0, colors=META, labelsize=8.5)
            panel.spines[["top", "left", "right"]].set_visible(False)
            panel.spines["bottom"].set_color(META)
        return png(figure)


def _title(backtest: Backtest, words: Mapping[str, str]) -> str:
    place = backtest.labels.get("instance", "")
    name = f"{backtest.config.metric_name} ({place})" if place else backtest.config.metric_name
    counts = {"dynamic": len(backtest.dynamic.alerts), "static": len(backtest.static.alerts)}
    return words["title"].format(name=name, days=backtest.dynamic.days, **counts)


def _draw_values(panel: "Axes", backtest: Backtest, words: Mapping[str, str]) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    times = [moment / _DAY for moment in backtest.times]
    every = 1 + len(times) // _MOST_POINTS
    shown = times[::every]
    lower, upper = backtest.expected_lower[::every], backtest.expected_upper[::every]
    band = panel.fill_between(shown, lower, upper, color=BAND, linewidth=0, label=words["band"])
    (value,) = panel.plot(times, backtest.values, color=INK, linewidth=0.8, label=words["value"])
    thresholds = backtest.thresholds[::every]
    (dynamic,) = panel.plot(shown, thresholds, color=WORKED_OUT, linewidth=1.6, label=words["threshold"])
    base = backtest.config.base_threshold
    fixed = panel.axhline(
        base, color=SECOND, linewidth=1.2, linestyle=(0, (5, 3)), label=words["base"].format(base=base)
    )
    handles = [value, band, dynamic, fixed]
    if backtest.dynamic.incidents:
        handles.append(Patch(color=MARKED, label=words["incident"]))
    if backtest.dynamic.missed or backtest.static.missed:
        handles.append(Line2D([], [], label=words["missed"], **_MISSED))
    panel.legend(handles=handles, loc="lower left", bbox_to_anchor=(-0.005, 1.0), ncols=6, frameon=False, fontsize=9)
    panel.grid(axis="y", color=RULE, linewidth=0.8)
    panel.set_axisbelow(True)
    panel.set_ylim(*_height(backtest))


def _height(backtest: Backtest) -> tuple[float, float]:
    """Return the lowest and highest value to show, with some room: outliers are shown whole."""
    finite = [one for one in (*backtest.values, *backtest.thresholds, backtest.config.base_threshold) if one == one]
    low, high = min(0.0, *finite), max(finite)
    return low, high + 0.08 * (high - low or 1)


def _draw_alerts(panel: "Axes", backtest: Backtest, zone: ZoneInfo, words: Mapping[str, str]) -> None:
    """Draw a lane for each kind of threshold, its alerts as bars, and say the figures at its end."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    lanes = ((1, backtest.dynamic, words["dynamic"], WORKED_OUT), (0, backtest.static, words["static"], SECOND))
    for lane, outcome, _, colour in lanes:
        for alert in outcome.alerts:
            wrong = alert in outcome.false
            begin, end = _ends(alert)
            panel.plot([begin, end], [lane, lane], color=GRAVE if wrong else colour, linewidth=7, solid_capstyle="butt")
            panel.plot([begin], [lane], marker="|", markersize=9, color=GRAVE if wrong else colour)
        for incident in outcome.missed:
            panel.plot([sum(_ends(incident)) / 2], [lane], **_MISSED)
        panel.text(
            1, lane + 0.36, _figures(outcome, words), transform=panel.get_yaxis_transform(), ha="right", color=META
        )
    panel.set_yticks([lane for lane, *_ in lanes], [name for _, _, name, _ in lanes])
    panel.set_ylim(-0.6, 1.9)
    locator = AutoDateLocator(tz=zone, minticks=5, maxticks=16)  # type: ignore[no-untyped-call]
    panel.xaxis.set_major_locator(locator)
    panel.xaxis.set_major_formatter(ConciseDateFormatter(locator, tz=zone))  # type: ignore[no-untyped-call]


def _figures(outcome: Outcome, words: Mapping[str, str]) -> str:
    text = words["in_alert"].format(share=outcome.share_in_alert)
    if outcome.incidents is None:
        return text
    return text + words["false"].format(false=len(outcome.false), missed=len(outcome.missed))


def _ends(span: Span) -> tuple[float, float]:
    return span.start / _DAY, span.end / _DAY
