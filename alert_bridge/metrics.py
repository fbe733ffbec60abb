"""The bridge's own metrics."""

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from alert_bridge.alerts import Severity, Status

SOURCES = ("alertmanager", "grafana", "posted", "reconcile", "rules", "thresholds", "events")
RESULTS = ("sent", "retry", "dead", "cancelled")


class BridgeMetrics:
    """What the bridge counts about its work.

    registry: where the families are made.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self.alerts_open = Gauge(
            "alert_bridge_alerts_open",
            "Alerts that are not resolved, by severity and status.",
            ["severity", "status"],
            registry=registry,
        )
        self.episodes = Counter(
            "alert_bridge_episodes_total", "Alerts that began, by severity.", ["severity"], registry=registry
        )
        self.observations = Counter(
            "alert_bridge_observations_total",
            "Alerts received, repeats included, by where they came from.",
            ["source"],
            registry=registry,
        )
        self.refused = Counter(
            "alert_bridge_refused_total",
            "Notifications, or alerts in them, that could not be used and were kept aside.",
            ["source"],
            registry=registry,
        )
        self.dead_letters = Gauge(
            "alert_bridge_inbox_refused",
            "Notifications, or alerts in them, that are kept aside and wait to be replayed.",
            registry=registry,
        )
        self.last_commit = Gauge(
            "alert_bridge_last_commit_timestamp_seconds",
            "When the bridge last stored something, seconds since the epoch; it does so every 30 s at least.",
            registry=registry,
        )
        self.missed = Counter(
            "alert_bridge_alerts_missed_total",
            "Alerts that no notification brought: found in Alertmanager by the poll, or in the history of Prometheus.",
            ["how"],
            registry=registry,
        )
        self.alertmanager_up = Gauge(
            "alert_bridge_alertmanager_up",
            "1 where an Alertmanager answered the last poll, 0 where it did not.",
            ["peer"],
            registry=registry,
        )
        self.reconciled = Gauge(
            "alert_bridge_reconcile_timestamp_seconds",
            "When the open alerts were last compared with Alertmanager, seconds since the epoch.",
            registry=registry,
        )
        self.watchdog = Gauge(
            "alert_bridge_watchdog_timestamp_seconds",
            "When the Watchdog alert last came through Alertmanager, seconds since the epoch.",
            registry=registry,
        )
        self.ingest_seconds = Histogram(
            "alert_bridge_ingest_duration_seconds",
            "Time from a notification's arrival until it is stored, seconds.",
            registry=registry,
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
        )
        self.notifications = Counter(
            "alert_bridge_notifications_total",
            "Attempts to tell somebody, by channel and result.",
            ["channel", "result"],
            registry=registry,
        )
        self.pending = Gauge(
            "alert_bridge_notifications_pending",
            "Notifications that wait to be sent, by channel.",
            ["channel"],
            registry=registry,
        )
        self.held = Gauge(
            "alert_bridge_notifications_held",
            "Notifications kept back by the suppression window, flapping or quiet hours, by channel.",
            ["channel"],
            registry=registry,
        )
        self.dead = Gauge(
            "alert_bridge_notifications_dead",
            "Notifications that could not be sent and wait for an operator, by channel.",
            ["channel"],
            registry=registry,
        )
        self.errors = Counter(
            "alert_bridge_errors_total",
            "Failures of a part that did not stop the others, by part.",
            ["part"],
            registry=registry,
        )
        for how in ("poll", "backfill"):
            self.missed.labels(how)
        for severity in Severity:
            self.episodes.labels(severity.prometheus)
        for source in SOURCES:
            self.observations.labels(source)
            self.refused.labels(source)

    def show_open(self, counts: Mapping[tuple[str, str], int]) -> None:
        """Take over how many alerts are open, by severity and status."""
        for severity in Severity:
            for status in Status:
                if status is not Status.RESOLVED:
                    count = counts.get((severity.value, status.value), 0)
                    self.alerts_open.labels(severity.prometheus, status.value).set(count)

    def show_waiting(self, channel: str, counts: Mapping[str, int]) -> None:
        """Take over how many notifications of a channel there are, by state."""
        self.pending.labels(channel).set(sum(counts.get(state, 0) for state in ("pending", "sending", "retry")))
        self.held.labels(channel).set(counts.get("held", 0))
        self.dead.labels(channel).set(counts.get("dead", 0))

    def show_channel(self, channel: str) -> None:
        """Let a channel's series begin at 0, so that a rate exists before its first failure."""
        self.show_waiting(channel, {})
        for result in RESULTS:
            self.notifications.labels(channel, result)
