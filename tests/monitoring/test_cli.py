from pathlib import Path

import pytest

from monitoring import tools
from monitoring.cli import main
from tests.stack.ports import free_offset


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["--help"])
    assert end.value.code == 0
    out = capsys.readouterr().out
    listed = {line.split()[0] for line in out.splitlines() if line.startswith("    ")}
    assert {"up", "down", "doctor", "check-config", "token"} <= listed
    assert "exit codes: 0 done, 1 failed, 2 wrong use" in out


@pytest.mark.parametrize("arguments", [[], ["upp"], ["up", "--port-offset", "x"], ["token", "create"]])
def test_wrong_use_is_exit_code_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2


def test_valid_settings_are_exit_code_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check-config"]) == 0
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "settings are valid: the defaults\n")


def test_each_problem_of_the_settings_is_one_line_with_its_path(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.yml").write_text("webb: {}\nprometheus: {urll: http://x}\n")
    assert main(["check-config", "--config", str(tmp_path / "a.yml")]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert "monitoring: webb: unknown key; did you mean 'web'?" in lines
    assert "monitoring: prometheus.urll: unknown key; did you mean 'url'?" in lines


def test_a_settings_file_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check-config", "--config", "/nowhere/a.yml"]) == 1
    assert capsys.readouterr().err == "monitoring: /nowhere/a.yml: cannot be read: No such file or directory\n"


def test_what_belongs_into_a_prometheus_of_ones_own_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check-config", "--print", "prometheus", "--port-offset", "100"]) == 0
    out = capsys.readouterr().out
    assert "127.0.0.1:9205" in out
    assert out.startswith("rule_files:")


def test_a_made_token_is_printed_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["token", "create", "--role", "viewer", "--data-dir", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert out.startswith("nw_")
    assert len(out.split()) == 1
    assert out.strip() not in (tmp_path / "tokens.yml").read_text()


def test_stopping_where_nothing_runs_is_said_and_harmless(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["down", "--data-dir", str(tmp_path)]) == 0
    assert capsys.readouterr().err == f"no stack runs on {tmp_path}\n"


def test_a_stack_that_cannot_start_says_so_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    assert main(["up", "--data-dir", str(tmp_path / "file/var")]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("stack: cannot write to ")
    assert len(captured.err.splitlines()) == 1


def test_the_doctor_names_what_is_broken_and_its_remedy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.yml").write_text("webb: {}\n")
    assert main(["doctor", "--config", str(tmp_path / "a.yml"), "--data-dir", str(tmp_path)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("ok       python") for line in lines)
    assert any(line.startswith("broken   settings") and "-> correct it" in line for line in lines)


def test_the_doctor_looks_for_the_log_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "app.log").write_text("")
    sources = [f"{{name: {name}, path: {tmp_path}/{name}.log}}" for name in ("app", "absent")]
    (tmp_path / "a.yml").write_text(f"analyzer: {{sources: [{', '.join(sources)}]}}\n")
    main(["doctor", "--config", str(tmp_path / "a.yml"), "--data-dir", str(tmp_path)])
    out = capsys.readouterr().out
    assert "ok       log source app       1 files can be read" in out
    assert f"warning  log source absent    no file matches {tmp_path}/absent.log" in out


def test_without_prometheus_the_stack_goes_on_embedded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tools, "ensure", lambda names, talk: {})
    assert main(["up", "--once", "--data-dir", str(tmp_path), "--port-offset", str(free_offset())]) == 0
    captured = capsys.readouterr()
    assert "prometheus is not to be had" in captured.err
    assert "Going on embedded" in captured.err
    assert captured.out.startswith("Newswatch is up, embedded in one process.")
    assert (tmp_path / "alerts.db").exists()
