from typing import Literal, get_args

import pytest

from alert_bridge.threshold_reasons import Language, Reason, Value, number

VALUES: dict[str, Value] = {
    "threshold": 83.4,
    "base": 80.0,
    "timezone": "Asia/Tokyo",
    "samples": 12,
    "needed": 30,
    "silent_minutes": 47,
    "other": "HIGH",
    "own": 81.0,
    "at": 1_763_944_500.0,
    "min": 60.0,
    "max": 95.0,
    "centre": 70.1,
    "band_sign": "+",
    "factor": 1.2,
    "multiplier": 2.0,
    "spread": 5.5,
    "drift": 0.1,
    "candidate": 83.4,
    "target": 90.0,
    "share": 0.26,
    "hours": 6.2,
    "hourly": 3.5,
    "season": "week",
    "count": 96,
}
ACCEPTED: dict[str, Value] = {
    "accepted_at": 1_763_944_500.0,
    "old_level": 20.1,
    "new_level": 54.0,
    "how": "multiplied",
    "amount": 2.69,
}
Key = Literal[
    "no_values",
    "silent",
    "factor_zero",
    "warming",
    "first_day",
    "partial",
    "learned",
    "at_max",
    "at_min",
    "rising",
    "other_severity",
]


def test_learned_reason_says_the_sum_the_time_and_the_limits() -> None:
    reason = Reason("learned", VALUES)
    assert reason.render() == (
        "83.4 = 70.1 + 1.2 x 2 x 5.5 + 0.1. 70.1 is usual for Monday 09:35 +-60 min (Asia/Tokyo; 96 values of 4 "
        "weeks), 5.5 their spread, 0.1 the share of the trend. Limits 60.0..95.0 not reached."
    )
    assert reason.render("ja") == (
        "83.4 = 70.1 + 1.2 x 2 x 5.5 + 0.1。70.1 は月曜 09:35 前後 60 分の平常値(Asia/Tokyo、4 週間の値 96 個)、"
        "5.5 はそのばらつきです(0.1 は傾向を見込んだ分)。下限 60.0、上限 95.0 には達していません。"
    )


@pytest.mark.parametrize("language", get_args(Language))
@pytest.mark.parametrize("key", get_args(Key))
@pytest.mark.parametrize("season", ["none", "day", "week"])
def test_every_reason_names_its_number_in_every_language(key: str, language: Language, season: str) -> None:
    text = Reason(key, {**VALUES, "season": season}).render(language)
    assert text.startswith("83.4")
    assert "{" not in text


@pytest.mark.parametrize("how", ["added", "multiplied", "dropped"])
def test_accepted_baseline_is_part_of_the_reason(how: str) -> None:
    reason = Reason("learned", {**VALUES, **ACCEPTED, "how": how})
    assert "baseline accepted Monday 09:35: 24 h beyond the threshold, level 20.1 -> 54.0, " in reason.render()
    assert "新しい基準線を受け入れました(baseline accepted、月曜 09:35)" in reason.render("ja")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (0.05, "0.05"),
        (5.5, "5.5"),
        (0.12345, "0.123"),
        (83.44, "83.4"),
        (-12.0, "-12.0"),
        (3000.0, "3,000"),
    ],
)
def test_numbers_are_written_for_people(value: float, text: str) -> None:
    assert number(value) == text
