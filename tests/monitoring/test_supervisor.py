import os
import socket
from pathlib import Path

import pytest
import yaml

from monitoring import supervisor, tools
from monitoring.ownership import Unable
from monitoring.rendering import DEFAULTS
from monitoring.supervisor import Options, Stack, decide
from runtime.security import Role, create_token
from runtime.settings import SettingsError


def settings_file(folder: Path, text: str) -> Path:
    file = folder / "settings.yml"
    file.write_text(text)
    return file


def written(stack: Stack) -> Stack:
    supervisor.prepare_folders(stack.data)
    supervisor.write_files(stack)
    return Stack(stack.options, stack.settings, stack.addresses, stack.access, {"prometheus": Path("/p/prometheus")})


def test_the_defaults_are_the_documented_ports_with_the_sample(tmp_path: Path) -> None:
    stack = decide(Options(data_dir=tmp_path))
    assert stack.addresses == DEFAULTS
    assert stack.parts == [part for part, _ in DEFAULTS.items() if not part.startswith("demo_")]


def test_with_settings_of_ones_own_the_sample_stays_out(tmp_path: Path) -> None:
    config = settings_file(tmp_path, "web: {language: ja}\n")
    assert "sample" not in decide(Options(config=(config,), data_dir=tmp_path)).parts
    assert "sample" in decide(Options(config=(config,), data_dir=tmp_path, sample=True)).parts


def test_the_sample_is_followed_beside_the_sources_of_ones_own(tmp_path: Path) -> None:
    config = settings_file(tmp_path, "analyzer: {sources: [{name: app, path: /var/log/app.log}]}\n")
    stack = written(decide(Options(config=(config,), data_dir=tmp_path, sample=True)))
    sources = yaml.safe_load((stack.run / "stack.yml").read_text())["analyzer"]["sources"]
    assert [source["name"] for source in sources] == ["app", "news_app"]


def test_the_stack_listens_where_the_settings_say_shifted_by_the_offset(tmp_path: Path) -> None:
    config = settings_file(tmp_path, "alert_bridge: {feed: {listen_address: 127.0.0.1:7000}}\n")
    stack = decide(Options(config=(config,), data_dir=tmp_path, port_offset=100))
    assert stack.addresses.feed == "127.0.0.1:7100"
    assert stack.addresses.dashboard == "127.0.0.1:8180"


def test_a_prometheus_that_the_settings_name_is_used_and_none_is_started(tmp_path: Path) -> None:
    text = "prometheus: {url: http://127.0.0.1:19090}\nalertmanager: {urls: [http://127.0.0.1:19093]}\n"
    stack = written(decide(Options(config=(settings_file(tmp_path, text),), data_dir=tmp_path / "var")))
    assert [program.name for program in supervisor.programs(stack)] == ["exporter", "analyzer", "alert_bridge"]
    assert "url" not in yaml.safe_load((stack.run / "stack.yml").read_text())["prometheus"]
    assert "http://127.0.0.1:19090" in supervisor.summary(stack)


def test_the_environment_cannot_contradict_what_the_stack_decided(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEWSWATCH_ALERT_BRIDGE__FEED__LISTEN_ADDRESS", "127.0.0.1:7000")
    monkeypatch.setenv("NEWSWATCH_WEB__LANGUAGE", "ja")
    stack = written(decide(Options(data_dir=tmp_path, port_offset=1, sample=False)))
    environment = supervisor._environment(stack)
    assert "NEWSWATCH_ALERT_BRIDGE__FEED__LISTEN_ADDRESS" not in environment
    assert environment["NEWSWATCH_WEB__LANGUAGE"] == "ja"
    assert environment["TMPDIR"] == str(tmp_path / "tmp")
    assert stack.addresses.feed == "127.0.0.1:7001"


def test_open_services_need_no_tokens(tmp_path: Path) -> None:
    stack = written(decide(Options(data_dir=tmp_path)))
    assert not list(stack.run.glob("*.token"))
    assert not (tmp_path / "tokens.yml").exists()


def test_where_a_token_is_required_prometheus_and_alertmanager_get_theirs_once(tmp_path: Path) -> None:
    create_token(tmp_path / "tokens.yml", Role.VIEWER, "grafana")
    stack = written(decide(Options(data_dir=tmp_path)))
    token = (stack.run / "scrape.token").read_text()
    assert (stack.run / "scrape.token").stat().st_mode & 0o077 == 0
    written(decide(Options(data_dir=tmp_path)))
    assert (stack.run / "scrape.token").read_text() == token
    assert (tmp_path / "tokens.yml").read_text().count("stack-prometheus") == 1
    jobs = yaml.safe_load((stack.run / "prometheus.yml").read_text())["scrape_configs"]
    assert any(job.get("authorization") == {"credentials_file": str(stack.run / "scrape.token")} for job in jobs)


def test_a_port_in_use_is_named_with_its_holder_and_what_to_do(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        offset = port - 9105
        with pytest.raises(Unable) as refusal:
            supervisor.check_ports(decide(Options(data_dir=tmp_path, port_offset=offset)))
    assert f"exporter cannot listen on 127.0.0.1:{port}: it is in use by process {os.getpid()}" in str(refusal.value)
    assert f"--port-offset {offset + 100}" in str(refusal.value)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Unable, match=f"cannot write to {tmp_path}/file/var.*give another --data-dir"):
        supervisor.prepare_folders(tmp_path / "file/var")


def test_a_tool_that_is_not_to_be_had_is_named_with_its_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tools, "ensure", lambda names, talk: {})
    with pytest.raises(Unable, match=r"prometheus is not to be had: install it .* PROMETHEUS_BIN=PATH"):
        supervisor.need_tools(decide(Options(data_dir=tmp_path)), print)


def test_an_unknown_setting_is_refused_before_anything_starts(tmp_path: Path) -> None:
    config = settings_file(tmp_path, "alert_bridge: {retention_day: 30}\n")
    with pytest.raises(SettingsError, match=r"alert_bridge\.retention_day: unknown key; did you mean 'retention_days'"):
        decide(Options(config=(config,), data_dir=tmp_path))
