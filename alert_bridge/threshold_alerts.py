"""When a value beyond its threshold is an alert, for a process without Prometheus: the generated rules' semantics."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from alert_bridge.alerts import Observation, fingerprint
from alert_bridge.threshold_config import ThresholdConfig
from alert_bridge.threshold_manager import Explanation
from alert_bridge.threshold_reasons import number, render
from alert_bridge.threshold_rules import SHARE, annotations, keep_firing_seconds, selector


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a series stands against a threshold.

    labels: job and instance of the series. since: epoch seconds from which it has been beyond, where it fires.
    """

    config: ThresholdConfig
    labels: Mapping[str, str]
    value: float
    explanation: Explanation
    firing: bool
    since: float | None

    @property
    def threshold(self) -> float:
        """The threshold in force."""
        return self.explanation.threshold

    @property
    def reason(self) -> str:
        """Why the threshold is what it is, in the manager's language."""
        return self.explanation.reason

    def to_observation(self, now: float) -> Observation:
        """Return the alert as a source would report it, with the labels and texts of the generated rule."""
        labels = {**selector(self.config), **self.labels, "alertname": self.config.alert_name}
        known = self.explanation
        texts = annotations(self.config, self.labels.get("instance", ""), number(self.value), number(self.threshold))
        texts["reason"] = render(known.reason_key, known.reason_values, "en")
        texts["reason_ja"] = render(known.reason_key, known.reason_values, "ja")
        return Observation(
            fingerprint=fingerprint(labels),
            labels=labels,
            annotations=texts,
            starts_at=datetime.fromtimestamp(now if self.since is None else self.since, UTC),
            ends_at=None if self.firing else datetime.fromtimestamp(now, UTC),
        )


class BeyondState:
    """Whether a series has been beyond its threshold long enough.

    Beyond the immediate limit it fires at once, otherwise when 80 % of the evaluations of the last `for_seconds` were
    beyond, over at least half of that time. It goes on firing for up to a minute after it came back, so that it does
    not flap.
    """

    def __init__(self, config: ThresholdConfig) -> None:
        self._sign = 1.0 if config.direction == "upper" else -1.0
        self._for_seconds = config.for_seconds
        self._keep_firing_seconds = keep_firing_seconds(config)
        self._window: deque[tuple[float, bool]] = deque()
        self._last_beyond = 0.0
        self.since: float | None = None
        self.updated = 0.0

    def update(self, now: float, value: float, threshold: float, immediate: float) -> bool:
        """Take the value of a moment; return whether it fires. Without a value do not call: the state holds."""
        beyond = self._sign * value > self._sign * threshold
        self._remember(now, beyond)
        if beyond and (self._sign * value > self._sign * immediate or self._is_held(now)):
            if self.since is None:
                self.since = next(moment for moment, was_beyond in self._window if was_beyond)
            self._last_beyond = now
        elif self.since is not None and now - self._last_beyond >= self._keep_firing_seconds:
            self.since = None
        return self.since is not None

    def _remember(self, now: float, beyond: bool) -> None:
        if now < self.updated:
            self._window.clear()
            self._last_beyond = min(self._last_beyond, now)
        self.updated = now
        self._window.append((now, beyond))
        while self._window[0][0] < now - self._for_seconds:
            self._window.popleft()

    def _is_held(self, now: float) -> bool:
        if self._for_seconds == 0:
            return True
        share = sum(beyond for _, beyond in self._window) / len(self._window)
        return share >= SHARE and now - self._window[0][0] >= self._for_seconds / 2
