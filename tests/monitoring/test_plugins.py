import pytest

from monitoring.plugins import Plugins

METRICS = {"cpu_percent": 50.0}


class Recorder:
    def __init__(self, answer: object = None) -> None:
        self.answer = answer
        self.initialized = 0
        self.seen: list[dict[str, float]] = []

    async def initialize(self) -> None:
        self.initialized += 1

    async def process_metrics(self, metrics: dict[str, float]) -> object:
        self.seen.append(dict(metrics))
        return self.answer


class Changing(Recorder):
    async def process_metrics(self, metrics: dict[str, float]) -> object:
        metrics["cpu_percent"] += 1
        return None


class Blocking(Recorder):
    def process_metrics(self, metrics: dict[str, float]) -> object:  # type: ignore[override]
        return {**metrics, "own": 7}


class Failing(Recorder):
    async def process_metrics(self, metrics: dict[str, float]) -> object:
        metrics["cpu_percent"] = -1
        raise RuntimeError("no")


async def processed(*those: Recorder) -> tuple[dict[str, float], int]:
    plugins, failures = Plugins(), []
    for one in those:
        await plugins.add(one)
    return await plugins.process(METRICS, lambda: failures.append(1)), len(failures)


async def test_a_plugin_is_initialized_and_sees_the_metrics() -> None:
    plugin = Recorder()
    assert await processed(plugin) == (METRICS, 0)
    assert plugin.initialized == 1
    assert plugin.seen == [METRICS]


async def test_plugins_change_what_the_next_one_sees() -> None:
    last = Recorder({"only": 1})
    assert await processed(Changing(), Blocking(), last) == ({"only": 1.0}, 0)
    assert last.seen == [{"cpu_percent": 51.0, "own": 7.0}]


async def test_a_plugin_that_fails_is_passed_over_with_its_changes() -> None:
    assert await processed(Failing()) == (METRICS, 1)


@pytest.mark.parametrize("answer", [{"a b": 1}, {"a": "x"}, {1: 2}, 5])
async def test_an_answer_that_is_no_metrics_is_passed_over(answer: object) -> None:
    assert await processed(Recorder(answer)) == (METRICS, 1)


async def test_an_object_without_the_methods_is_refused() -> None:
    with pytest.raises(TypeError, match="process_metrics"):
        await Plugins().add(object())
