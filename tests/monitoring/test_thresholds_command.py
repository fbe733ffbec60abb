"""`monitoring thresholds` without a bridge; with one it is in the story of the whole stack."""

from pathlib import Path

import pytest
import yaml

from monitoring.cli import main
from tests.stack.ports import free_offset


def test_rules_of_the_settings_are_written_for_prometheus(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rule = {"rule_id": "SlowArticles", "condition": "article_processing_rate < 100 and error_rate > 2.0"}
    (tmp_path / "a.yml").write_text(yaml.safe_dump({"alert_bridge": {"rules": [rule]}}), encoding="utf-8")
    assert main(["thresholds", "export-rules", "--config", str(tmp_path / "a.yml"), "--on", ""]) == 0
    (written,) = yaml.safe_load(capsys.readouterr().out)["groups"][0]["rules"]
    assert written["alert"] == "SlowArticles"
    assert "and on ()" in written["expr"]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["export-rules"], "the settings name no rule under alert_bridge.rules"),
        (["explain"], "name the metric"),
        (["list", "--url", f"http://127.0.0.1:{9107 + free_offset()}"], "does not answer as a bridge"),
    ],
)
def test_what_is_missing_is_said(arguments: list[str], problem: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["thresholds", *arguments]) == 1
    assert problem in capsys.readouterr().err
