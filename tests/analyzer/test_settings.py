"""What the section `analyzer` takes and what it refuses."""

import re
from typing import Any

import pytest

from analyzer.events import Severity
from analyzer.levels import Level
from analyzer.settings import Configuration
from runtime.settings import SettingsError, load


def analyzer(**section: Any) -> Any:
    return load(Configuration, data={"analyzer": section}, environ={}).analyzer


def test_guide_settings_are_taken() -> None:
    guide = {
        "log_analysis": {
            "analysis_interval_minutes": 30,
            "log_levels": ["ERROR", "WARNING", "CRITICAL"],
            "pattern_detection": {"min_frequency": 4, "enable_ml_detection": False},
        }
    }
    settings = load(Configuration, data=guide, environ={}).analyzer
    assert settings.analysis_interval_seconds == 1800
    assert settings.log_levels == (Level.ERROR, Level.WARNING, Level.CRITICAL)
    assert (settings.min_frequency, settings.enable_ml_detection) == (4, False)


def test_own_patterns_and_masks_are_taken() -> None:
    settings = analyzer(
        sources=[{"name": "app", "path": "/var/log/newssystem/*.log"}],
        patterns=[{"id": "paywall", "expression": "paywall (hit|miss)", "severity": "high"}],
        masks={"subscriber": r"SUB-\d+"},
    )
    assert settings.patterns[0].pattern().severity is Severity.HIGH
    assert settings.sources[0].format == "auto"


@pytest.mark.parametrize(
    ("section", "problem"),
    [
        ({"patterns": [{"id": "x", "expression": "(?=a)"}]}, "expression 'x': look-around is not supported"),
        ({"patterns": [{"id": "timeout", "expression": "a"}]}, "predefined pattern"),
        ({"patterns": [{"id": "other", "expression": "a"}]}, "lines without a pattern"),
        ({"patterns": [{"id": "x", "expression": "a*"}]}, "expression 'x': matches empty text, and so every line"),
        (
            {"patterns": [{"id": "x", "expression": "a"}, {"id": "x", "expression": "b"}]},
            "two patterns have the id 'x'",
        ),
        ({"formats": {"f": "no fields"}}, "has no field message"),
        ({"masks": {"mine": "("}}, "not a regular expression"),
        ({"log_levels": ["LOUD"]}, "level 'LOUD'"),
        ({"sources": [{"name": "a", "path": "/a"}, {"name": "a", "path": "/b"}]}, "two sources are named 'a'"),
        ({"sources": [{"name": "a", "path": "/a", "timezone": "Mars"}]}, "IANA time zone"),
        ({"sources": [{"name": "a", "path": "/a"}, {"name": "A ", "path": "/b"}]}, "two sources are named 'a'"),
        ({"sources": [{"name": 'a"b', "path": "/a"}]}, "sources"),
        ({"masks": {"e mail": "x+"}}, "mask 'e mail': expected letters"),
        ({"masks": {"email": "x+"}}, "mask 'email' is the name of a built-in kind"),
        ({"series": [{"name": "cpu"}, {"name": "cpu"}]}, "two series are named 'cpu'"),
        ({"learning_second": 3}, "did you mean 'learning_seconds'"),
    ],
)
def test_wrong_settings_are_named(section: dict[str, Any], problem: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(problem)):
        analyzer(**section)
