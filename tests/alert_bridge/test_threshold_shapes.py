"""One recorded series through both shapes: compared in this process, and by the generated rules in promtool."""

import asyncio
import subprocess
from pathlib import Path

import numpy as np
import yaml

from alert_bridge.threshold_config import WatchedThreshold
from alert_bridge.threshold_rules import render
from tests.alert_bridge.test_threshold_loop import CPU, CPU_LABELS, Stage
from tests.alert_bridge.test_threshold_rules import A, series
from tests.tools import tool

STEP = 30
RECORDED = np.concatenate(
    [
        np.full(15, 50.0),
        np.full(32, 70.0),  # beyond the learned threshold, long enough
        np.full(20, 50.0),
        np.full(8, 70.0),  # not long enough
        np.full(20, 50.0),
        np.full(6, 95.0),  # beyond the hard limit
        np.full(12, 50.0),
    ]
)


async def test_both_shapes_have_equal_thresholds_and_fire_within_one_interval(tmp_path: Path) -> None:
    stage = Stage(CPU)
    stage.reader.put_history("cpu_percent", 50.0, days=2)
    noise = np.random.default_rng(1).normal(0, 0.5, len(RECORDED))
    values = np.round(RECORDED + noise, 3).tolist()
    firing, thresholds, exported, immediate = [], [], [], []
    for value in values:
        stage.reader.put("cpu_percent", value)
        await stage.loop.round()
        (verdict,) = stage.loop.evaluate()
        firing.append(verdict.firing)
        thresholds.append(verdict.threshold)
        exported.append(stage.exported("dynamic_threshold", **CPU_LABELS))
        immediate.append(stage.exported("dynamic_threshold_immediate", **CPU_LABELS))
        stage.clock.advance(STEP)
    assert exported == thresholds
    changes = [place for place in range(1, len(firing)) if firing[place] != firing[place - 1]]
    assert [firing[place] for place in changes] == [True, False, True, False], "two alerts of three rises"
    state = {"alertname": CPU.alert_name, "alertstate": "firing", **CPU_LABELS}
    labels = ",".join(f'{name}="{text}"' for name, text in state.items())
    tests = [
        {
            "expr": f"ALERTS{{{labels}}}",
            "eval_time": f"{place * STEP}s",
            "exp_samples": [{"labels": f"ALERTS{{{labels}}}", "value": 1}] if fires else [],
        }
        for change in changes
        for place, fires in ((change - 2, firing[change - 1]), (change + 1, firing[change]))
    ]
    labels_of_threshold = {name: text for name, text in CPU_LABELS.items() if name not in A}
    inputs = [
        series("cpu_percent", " ".join(map(str, values)), **A),
        series("dynamic_threshold", " ".join(map(str, exported)), **labels_of_threshold, **A),
        series("dynamic_threshold_immediate", " ".join(map(str, immediate)), **labels_of_threshold, **A),
    ]
    (tmp_path / "rules.yml").write_text(render([WatchedThreshold(CPU)], STEP), encoding="utf-8")
    group = {"interval": f"{STEP}s", "input_series": inputs, "promql_expr_test": tests}
    test = {"rule_files": ["rules.yml"], "evaluation_interval": f"{STEP}s", "tests": [group]}
    (tmp_path / "test.yml").write_text(yaml.safe_dump(test), encoding="utf-8")
    command: list[str | Path] = [tool("promtool"), "test", "rules", tmp_path / "test.yml"]
    done = await asyncio.to_thread(lambda: subprocess.run(command, capture_output=True, text=True, check=False))
    assert done.returncode == 0, done.stdout + done.stderr
