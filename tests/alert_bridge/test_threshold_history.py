"""The history of thresholds in the API: newest first, by labels, with the reason in both languages."""

from functools import partial
from pathlib import Path
from unittest.mock import Mock

from alert_bridge.dashboard.views import Views
from alert_bridge.store import threshold_rows
from alert_bridge.threshold_manager import ThresholdChange
from runtime.security import Access
from runtime.settings import WebSettings
from tests.alert_bridge.parts import parts, served


async def test_history_is_filtered_by_labels_and_says_why_in_both_languages(tmp_path: Path) -> None:
    accepted = {"accepted_at": 1_763_944_500.0, "old_level": 50.0, "new_level": 75.0, "how": "added", "amount": 25.0}
    async with parts(tmp_path) as one:
        for value, severity, instance in (
            (80.0, "warning", "a:1"),
            (81.0, "warning", "b:1"),
            (95.0, "critical", "a:1"),
        ):
            change = ThresholdChange(
                metric_name="cpu_percent",
                value=value,
                calculated_at=one.clock.now(),
                reason="as stored",
                labels={"metric": "cpu_percent", "direction": "upper", "severity": severity, "instance": instance},
                reason_key="factor_zero",
                reason_values={"threshold": value, "base": value, "timezone": "UTC"} | accepted,
            )
            await one.database.run(partial(threshold_rows.record, change=change))
        unused = Mock()
        access = Access()
        views = Views(
            reader=unused,
            figures=unused,
            manager=unused,
            analyzer=unused,
            notifications=unused,
            database=one.database,
            access=access,
            web=WebSettings(),
            clock=one.clock,
            feed_port=unused,
            health=None,  # type: ignore[arg-type]  # not asked here
            on_call=lambda _: [],
            maintenance=lambda _: [],
            channels=unused,
            make_ticket=unused,
        )
        async with served(views.routes(), access=access) as http:
            values = {}
            for query in ("", "?severity=warning", "?severity=MEDIUM&instance=a:1", "?job=web"):
                answer = await http.get(f"/api/v1/thresholds/cpu_percent/history{query}")
                values[query] = [item["threshold_value"] for item in answer.json["items"]]
            assert (await http.get("/api/v1/thresholds/cpu_percent/history?severity=huge")).status == 400
            item = (await http.get("/api/v1/thresholds/cpu_percent/history?severity=critical")).json["items"][0]
    assert values == {
        "": [95.0, 81.0, 80.0],
        "?severity=warning": [81.0, 80.0],
        "?severity=MEDIUM&instance=a:1": [80.0],
        "?job=web": [],
    }
    assert item["reason_en"].startswith("95.0: base")
    assert item["reason_ja"].startswith("95.0")
    assert item["reason_en"].endswith(
        "baseline accepted Monday 00:35: 24 h beyond the threshold, level 50.0 -> 75.0, earlier history moved by 25.0."
    )
    assert item["reason_ja"].endswith(
        "新しい基準線を受け入れました(baseline accepted、月曜 00:35): 24 時間しきい値を超え続けたため、"
        "水準 50.0 → 75.0 を新しい平常とし、以前の履歴を 25.0 ずらしました。"
    )
