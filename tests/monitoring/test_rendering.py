from pathlib import Path
from typing import Any

import pytest

from monitoring.rendering import (
    Addresses,
    Credentials,
    alertmanager_configuration,
    prometheus_configuration,
    service_settings,
)

SHIPPED: dict[str, Any] = {
    "global": {"scrape_interval": "5s"},
    "rule_files": ["rules/*.yml"],
    "scrape_configs": [
        {"job_name": "exporter", "static_configs": [{"targets": ["127.0.0.1:9105"], "labels": {"instance": "a"}}]},
        {"job_name": "bridge", "static_configs": [{"targets": ["127.0.0.1:9107"]}]},
        {"job_name": "app", "static_configs": [{"targets": ["127.0.0.1:9108"]}]},
        {"job_name": "prometheus", "static_configs": [{"targets": ["127.0.0.1:9090"]}]},
        {"job_name": "other", "static_configs": [{"targets": ["db.example:9105"]}]},
    ],
}


def render(**options: Any) -> dict[str, Any]:
    given = {"rules_dir": Path("/data/rules"), "alertmanagers": ["http://127.0.0.1:9193"], **options}
    return prometheus_configuration(SHIPPED, Path("/shipped"), Addresses().shifted(100), **given)


def targets(configuration: dict[str, Any]) -> dict[str, list[str]]:
    return {job["job_name"]: job["static_configs"][0]["targets"] for job in configuration["scrape_configs"]}


def test_targets_of_this_machine_move_with_the_stack_and_others_stay() -> None:
    assert targets(render()) == {
        "exporter": ["127.0.0.1:9205"],
        "bridge": ["127.0.0.1:9207"],
        "app": ["127.0.0.1:9208"],
        "prometheus": ["127.0.0.1:9190"],
        "other": ["db.example:9105"],
    }
    assert render()["scrape_configs"][0]["static_configs"][0]["labels"] == {"instance": "a"}


def test_without_the_sample_nothing_scrapes_it() -> None:
    assert "app" not in targets(render(running=("exporter", "prometheus")))


def test_rule_files_are_the_shipped_ones_and_the_generated_ones() -> None:
    assert render()["rule_files"] == ["/shipped/rules/*.yml", "/data/rules/*.yml"]


def test_alerts_go_to_each_alertmanager_under_its_own_path() -> None:
    alerting = render(alertmanagers=["https://am.example:9093/alerts", "http://127.0.0.1:9193"])["alerting"]
    assert alerting["alertmanagers"] == [
        {"scheme": "https", "path_prefix": "/alerts", "static_configs": [{"targets": ["am.example:9093"]}]},
        {"scheme": "http", "static_configs": [{"targets": ["127.0.0.1:9193"]}]},
    ]


def test_only_the_services_are_scraped_with_their_token_and_only_the_bridge_by_tls() -> None:
    jobs = render(credentials=Credentials(tls=True, scrape_file=Path("/run/scrape")))["scrape_configs"]
    exporter, bridge, *others = jobs
    assert exporter["authorization"] == bridge["authorization"] == {"credentials_file": "/run/scrape"}
    assert (bridge["scheme"], bridge["tls_config"]) == ("https", {"insecure_skip_verify": True})
    assert (exporter["scheme"], "tls_config" in exporter) == ("http", False)
    assert all("authorization" not in job and "scheme" not in job for job in others)


def test_the_webhook_of_the_bridge_moves_with_the_stack() -> None:
    shipped = {
        "route": {"receiver": "bridge"},
        "receivers": [
            {
                "name": "bridge",
                "webhook_configs": [{"url": "http://127.0.0.1:9107/api/v1/ingest/alertmanager", "send_resolved": True}],
            },
            {"name": "other", "webhook_configs": [{"url": "http://hooks.example/x"}]},
            {"name": "nobody"},
        ],
    }
    rendered = alertmanager_configuration(shipped, Addresses().shifted(100), Credentials(ingest_file=Path("/run/in")))
    assert rendered["receivers"] == [
        {
            "name": "bridge",
            "webhook_configs": [
                {
                    "url": "http://127.0.0.1:9207/api/v1/ingest/alertmanager",
                    "send_resolved": True,
                    "http_config": {"authorization": {"credentials_file": "/run/in"}},
                }
            ],
        },
        {"name": "other", "webhook_configs": [{"url": "http://hooks.example/x"}]},
        {"name": "nobody"},
    ]


def test_the_services_are_told_only_what_the_user_has_not_said() -> None:
    settings = service_settings(
        Addresses().shifted(1), prometheus_url=None, alertmanager_urls=["http://a:1"], rules_dir=Path("/data/rules")
    )
    assert settings["prometheus"] == {"rules_dir": "/data/rules"}
    assert settings["alertmanager"] == {"urls": ["http://a:1"]}
    assert settings["alert_bridge"]["feed"] == {"listen_address": "127.0.0.1:8766"}
    assert "analyzer" not in settings


def test_an_offset_beyond_the_last_port_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"port 65536 \(sample\): expected 1 to 65535"):
        Addresses().shifted(65536 - 9108)
