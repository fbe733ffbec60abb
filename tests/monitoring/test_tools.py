from pathlib import Path

import pytest

from monitoring import tools


def program(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_the_variable_wins_over_the_path_and_the_path_over_the_tools_folder(tmp_path: Path) -> None:
    unpacked = program(tmp_path / "tools/usr/bin/prometheus")
    on_path = program(tmp_path / "bin/prometheus")
    named = program(tmp_path / "named/prometheus-2")
    environ = {"PATH": str(tmp_path / "bin"), "PROMETHEUS_BIN": str(named)}
    folder = tmp_path / "tools"
    assert tools.find("prometheus", environ=environ, folder=folder) == named
    assert tools.find("prometheus", environ={"PATH": environ["PATH"]}, folder=folder) == on_path
    assert tools.find("prometheus", environ={"PATH": ""}, folder=folder) == unpacked


def test_alertmanager_is_found_under_the_name_that_debian_gives_it(tmp_path: Path) -> None:
    debian = program(tmp_path / "prometheus-alertmanager")
    assert tools.find("alertmanager", environ={"PATH": str(tmp_path)}, folder=tmp_path) == debian


def test_a_tool_that_is_nowhere_is_none(tmp_path: Path) -> None:
    assert tools.find("amtool", environ={"PATH": str(tmp_path)}, folder=tmp_path) is None


def test_a_variable_that_names_no_program_is_an_error(tmp_path: Path) -> None:
    environ = {"PATH": "", "PROMTOOL_BIN": str(tmp_path / "absent")}
    with pytest.raises(FileNotFoundError, match=f"PROMTOOL_BIN={tmp_path}/absent: no program there"):
        tools.find("promtool", environ=environ, folder=tmp_path)


def test_only_an_unpacked_tool_has_to_be_started_in_its_folder(tmp_path: Path) -> None:
    assert tools.working_folder(tmp_path / "usr/bin/prometheus-alertmanager", tmp_path) == tmp_path
    assert tools.working_folder(Path("/usr/bin/prometheus-alertmanager"), tmp_path) is None


def test_an_unpacked_alertmanager_looks_for_its_templates_below_its_folder(tmp_path: Path) -> None:
    unpacked = tmp_path / "prometheus-alertmanager"
    unpacked.write_bytes(b"\x00/usr/share/prometheus/alertmanager\x00/usr/share/prometheus/alertmanager/ui/\x00")
    tools._find_templates_here(unpacked)
    assert (
        unpacked.read_bytes() == b"\x00usr//share/prometheus/alertmanager\x00usr//share/prometheus/alertmanager/ui/\x00"
    )


def test_the_policy_about_services_is_put_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    policy = tmp_path / "policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 0\n")
    monkeypatch.setattr(tools, "POLICY", policy)
    with tools._no_service_starts():
        assert "exit 101" in policy.read_text()
    assert policy.read_text() == "#!/bin/sh\nexit 0\n"
    policy.unlink()
    with tools._no_service_starts():
        assert policy.stat().st_mode & 0o111
    assert list(tmp_path.iterdir()) == []


def test_found_tools_are_fetched_from_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = program(tmp_path / "amtool")
    monkeypatch.setenv("AMTOOL_BIN", str(found))
    said: list[str] = []
    assert tools.ensure(["amtool"], said.append) == {"amtool": found}
    assert said == []
