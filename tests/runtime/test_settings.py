from pathlib import Path

import pytest

from runtime.settings import Duration, Secret, Section, Settings, SettingsError, load, parse_duration


class Door(Section):
    password: Secret | None = None
    open_seconds: Duration = 30.0
    names: tuple[str, ...] = ()


class Example(Settings):
    exporter: Door = Door()


def test_later_sources_win_over_earlier_ones(tmp_path: Path) -> None:
    first = tmp_path / "first.yml"
    first.write_text("exporter: {open_seconds: 1m, names: [a]}\nweb: {language: ja}\n", encoding="utf-8")
    second = tmp_path / "second.json"
    second.write_text('{"exporter": {"names": ["b"]}}', encoding="utf-8")
    settings = load(
        Example,
        [first, second],
        environ={"NEWSWATCH_EXPORTER__OPEN_SECONDS": "2m", "NEWSWATCH_WEB__VIEWERS": "[x, y]", "OTHER__THING": "1"},
        overrides={"web": {"timezone": "Asia/Tokyo"}},
    )
    assert settings.exporter.names == ("b",)
    assert settings.exporter.open_seconds == 120.0
    assert settings.web.language == "ja"
    assert settings.web.viewers == ("x", "y")
    assert settings.web.timezone == "Asia/Tokyo"


def test_unknown_keys_are_named_with_the_nearest_known_one() -> None:
    with pytest.raises(SettingsError) as caught:
        load(Example, data={"exporter": {"open_second": 1}, "exprter": {}, "web": {"langage": "ja"}}, environ={})
    problems = dict(caught.value.problems)
    assert "'open_seconds'" in problems["exporter.open_second"]
    assert "'exporter'" in problems["exprter"]
    assert "'language'" in problems["web.langage"]


@pytest.mark.parametrize(
    ("value", "problem"),
    [("door", "expected a list"), ([3], "expected text"), ({"a": 1}, "expected a list")],
)
def test_a_value_of_another_type_is_named_in_words_of_the_file(value: object, problem: str) -> None:
    with pytest.raises(SettingsError, match=problem):
        load(Example, data={"exporter": {"names": value}}, environ={})


def test_sections_of_other_services_are_passed_over() -> None:
    assert load(Example, data={"analyzer": {"whatever": 1}}, environ={}) == Example()


def test_a_secret_may_come_from_a_file_beside_the_settings_and_is_never_shown(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("canary-4711\n", encoding="utf-8")
    file = tmp_path / "settings.yml"
    file.write_text("exporter: {password_file: secret}", encoding="utf-8")
    settings = load(Example, [file], environ={})
    assert settings.exporter.password is not None
    assert settings.exporter.password.get_secret_value() == "canary-4711"
    assert "canary" not in repr(settings)


def test_a_secret_given_twice_or_unreadable_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot read"):
        load(Example, data={"exporter": {"password_file": str(tmp_path / "absent")}}, environ={})
    (tmp_path / "secret").write_text("x", encoding="utf-8")
    with pytest.raises(SettingsError, match="keep one"):
        load(Example, data={"exporter": {"password": "y", "password_file": str(tmp_path / "secret")}}, environ={})


@pytest.mark.parametrize(("text", "seconds"), [("30s", 30), ("1h30m", 5400), (5, 5), ("0.5", 0.5), ("2d", 172800)])
def test_durations_are_numbers_or_text(text: object, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "5 parsecs", "-1", -1, True, float("nan"), float("inf"), None])
def test_other_durations_are_refused(text: object) -> None:
    with pytest.raises(ValueError, match="30s"):
        parse_duration(text)


def test_a_broken_file_is_named_with_the_place(tmp_path: Path) -> None:
    file = tmp_path / "broken.yml"
    file.write_text("web: {language: ja\nexporter: x", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"broken\.yml: is not valid YAML or JSON at line 2"):
        load(Example, [file], environ={})


def test_the_guides_file_is_translated() -> None:
    from runtime import guide_json

    translated = guide_json.translate(
        {
            "performance_monitoring": {
                "collection_interval_seconds": 30,
                "thresholds": {"cpu_percent": {"warning": 70, "critical": 90}},
            },
            "log_analysis": {"analysis_interval_minutes": 0.5, "pattern_detection": {"min_frequency": 3}},
            "alert_system": {
                "enable_dynamic_thresholds": False,
                "suppression_window_seconds": 300,
                "notification_channels": {"email": {"enabled": True}},
            },
        }
    )
    assert translated == {
        "exporter": {"collection_interval_seconds": 30},
        "analyzer": {"analysis_interval_seconds": 30.0, "min_frequency": 3},
        "notifications": {"suppression_window_seconds": 300, "channels": {"email": {"enabled": True}}},
        "alert_bridge": {
            "thresholds": [
                {"metric_name": "cpu_percent", "base_threshold": 70, "severity": "MEDIUM", "adaptive_factor": 0.0},
                {"metric_name": "cpu_percent", "base_threshold": 90, "severity": "CRITICAL", "adaptive_factor": 0.0},
            ]
        },
    }
