"""What Prometheus, Alertmanager and the services read in one stack: the shipped files with this stack's addresses.

Mappings in, mappings out; nothing is read or written here.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from runtime.security import is_loopback
from runtime.settings import merge

LOOPBACK = "127.0.0.1"
ESCALATION_ALERT = "NewsDelayed"
"""The alert by which a demo shows its escalation."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where each part of the stack listens, as HOST:PORT. The defaults are those of the shipped files."""

    exporter: str = f"{LOOPBACK}:9105"
    analyzer: str = f"{LOOPBACK}:9106"
    alert_bridge: str = f"{LOOPBACK}:9107"
    feed: str = f"{LOOPBACK}:8765"
    dashboard: str = f"{LOOPBACK}:8080"
    prometheus: str = f"{LOOPBACK}:9090"
    alertmanager: str = f"{LOOPBACK}:9093"
    sample: str = f"{LOOPBACK}:9108"
    demo_hooks: str = f"{LOOPBACK}:9110"
    demo_mail: str = f"{LOOPBACK}:9111"

    def shifted(self, offset: int) -> "Addresses":
        """Return the same hosts with every port moved. Raises ValueError for a port beyond 1 to 65535."""
        return replace(self, **{part: _shift(part, address, offset) for part, address in self.items()})

    def items(self) -> Iterable[tuple[str, str]]:
        """Yield each part with its address."""
        return ((field.name, getattr(self, field.name)) for field in fields(self))


DEFAULTS = Addresses()
PARTS = tuple(field.name for field in fields(Addresses))
SERVICES = ("exporter", "analyzer", "alert_bridge")


@dataclass(frozen=True, slots=True)
class Credentials:
    """How Prometheus, Alertmanager and the bridge log in to the services; nothing where the services are open.

    tls: the bridge has a certificate (the exporter and the analyzer are reached from this machine alone, and have
    none). scrape_file, ingest_file: files that hold a bearer token.
    """

    tls: bool = False
    scrape_file: Path | None = None
    ingest_file: Path | None = None

    def client(self, part: str, token_file: Path | None) -> dict[str, Any]:
        """Return the settings of an HTTP client of Prometheus or Alertmanager for one of the services.

        The certificate is the machine's public one and names another host than 127.0.0.1: it is not compared.
        """
        login = {"authorization": {"credentials_file": str(token_file)}} if token_file else {}
        secure = {"tls_config": {"insecure_skip_verify": True}} if self.scheme(part) == "https" else {}
        return {**login, **secure}

    def scheme(self, part: str) -> str:
        """Return `https` for a part that has a certificate."""
        return "https" if self.tls and part == "alert_bridge" else "http"


def prometheus_configuration(
    shipped: Mapping[str, Any],
    folder: Path,
    addresses: Addresses,
    *,
    rules_dir: Path,
    alertmanagers: Sequence[str],
    running: Collection[str] = PARTS,
    credentials: Credentials | None = None,
) -> dict[str, Any]:
    """Return the shipped prometheus.yml for this stack.

    folder: where the shipped file lies; its relative rule files are taken from there. alertmanagers: URLs.
    running: the parts of this stack; what it does not run it does not scrape.
    """
    access = credentials or Credentials()
    jobs = [_job(job, addresses, access, running) for job in shipped.get("scrape_configs", ())]
    rules = [str(folder / name) for name in shipped.get("rule_files", ())]
    generated = str(rules_dir / "*.yml")
    return {
        **shipped,
        "rule_files": [*dict.fromkeys([*rules, generated])],
        "alerting": {"alertmanagers": [_alertmanager(url) for url in alertmanagers]},
        "scrape_configs": [job for job in jobs if job is not None],
    }


def alertmanager_configuration(
    shipped: Mapping[str, Any],
    addresses: Addresses,
    credentials: Credentials | None = None,
    group_interval: str | None = None,
) -> dict[str, Any]:
    """Return the shipped alertmanager.yml for this stack: its webhooks go to this stack's bridge.

    group_interval: how long news of a group wait for each other, instead of the shipped interval.
    """
    access = credentials or Credentials()
    route = {**shipped["route"], **({"group_interval": group_interval} if group_interval else {})}
    receivers = [_receiver(receiver, addresses, access) for receiver in shipped["receivers"]]
    return {**shipped, "route": route, "receivers": receivers}


def service_settings(
    addresses: Addresses,
    *,
    prometheus_url: str | None,
    alertmanager_urls: Sequence[str] | None,
    rules_dir: Path,
    credentials: Credentials | None = None,
    analyzer: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return what the services have to know of this stack, laid over the user's own settings.

    prometheus_url, alertmanager_urls: None where the user's settings name them. analyzer: what the analyzer has to know
    of the sample application, None where that does not run.
    """
    access = credentials or Credentials()
    settings: dict[str, Any] = {
        "prometheus": {"rules_dir": str(rules_dir)},
        "alert_bridge": {
            "feed": {"listen_address": addresses.feed},
            "dashboard": {"listen_address": addresses.dashboard},
            "analyzer_url": f"http://{addresses.analyzer}",
        },
    }
    if access.scrape_file:
        settings["alert_bridge"]["analyzer_token_file"] = str(access.scrape_file)
    if prometheus_url is not None:
        settings = merge(settings, {"prometheus": {"url": prometheus_url}})
    if alertmanager_urls is not None:
        settings = merge(settings, {"alertmanager": {"urls": list(alertmanager_urls)}})
    if analyzer is not None:
        settings = merge(settings, {"analyzer": dict(analyzer)})
    return settings


def demo_settings(addresses: Addresses) -> dict[str, Any]:
    """Return what a demo adds: channels to its own receivers, and timers short enough to watch."""
    host, _, port = addresses.demo_mail.rpartition(":")
    hook = {"type": "webhook", "url": f"http://{addresses.demo_hooks}/hook", "allow_private_addresses": True}
    mail = {
        "type": "email",
        "smtp_server": host,
        "smtp_port": int(port),
        "security": "none",
        "from_address": "newswatch@example.com",
        "to_addresses": ["on-call@example.com"],
    }
    error_rate = {
        "metric_name": "error_rate",
        "base_threshold": 5,
        "min_threshold": 1,
        "max_threshold": 20,
        "severity": "critical",
        "for_seconds": 15,
    }
    at_once = {"after": "0s", "actions": [{"notify": {"channels": "all"}}]}
    everybody = {"name": "everybody at once", "match": {}, "steps": [at_once]}
    return {
        "analyzer": {"learning_seconds": 20},
        "alert_bridge": {"thresholds": [error_rate]},
        "notifications": {"channels": {"hook": hook, "email": mail}, "suppression_window_seconds": 3},
        "escalation": {"policies": [_demo_policy(), everybody]},
    }


def _demo_policy() -> dict[str, Any]:
    """Return what happens to the demo's own alert: the webhook is told, and soon after the mail as well."""
    return {
        "name": "demo",
        "match": {"alertname": ESCALATION_ALERT},
        "steps": [
            {"after": "0s", "actions": [{"notify": {"channels": "hook"}}]},
            {"after": "10s", "actions": [{"severity_increase": "CRITICAL"}, {"notify": {"channels": "email"}}]},
        ],
    }


def _shift(part: str, address: str, offset: int) -> str:
    host, _, port = address.rpartition(":")
    if not 1 <= int(port) + offset <= 65535:
        raise ValueError(f"port {int(port) + offset} ({part}): expected 1 to 65535")
    return f"{host}:{int(port) + offset}"


def _part(address: str) -> str | None:
    """Return which part of a stack an address of the shipped files is: told by its port, on this machine alone."""
    host, _, port = address.rpartition(":")
    ports = {default.rpartition(":")[2]: part for part, default in DEFAULTS.items()}
    return ports.get(port) if is_loopback(host) else None


def _moved(address: str, addresses: Addresses) -> str:
    part = _part(address)
    return getattr(addresses, part) if part else address


def _job(
    job: Mapping[str, Any], addresses: Addresses, access: Credentials, running: Collection[str]
) -> dict[str, Any] | None:
    """Return one scrape job with this stack's targets; None where nothing is left to scrape."""
    parts = {_part(target) for group in job.get("static_configs", ()) for target in group.get("targets", ())}
    groups = [_group(group, addresses, running) for group in job.get("static_configs", ())]
    kept = {**job, "static_configs": [group for group in groups if group["targets"]]}
    if not kept["static_configs"]:
        del kept["static_configs"]
        if not any(key.endswith("_sd_configs") for key in kept):
            return None
    for part in (service for service in SERVICES if service in parts):
        kept = {**kept, "scheme": access.scheme(part), **access.client(part, access.scrape_file)}
    return kept


def _group(group: Mapping[str, Any], addresses: Addresses, running: Collection[str]) -> dict[str, Any]:
    targets = [target for target in group.get("targets", ()) if _part(target) in (None, *running)]
    return {**group, "targets": [_moved(target, addresses) for target in targets]}


def _alertmanager(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    prefix = {"path_prefix": parts.path} if parts.path.strip("/") else {}
    return {"scheme": parts.scheme, **prefix, "static_configs": [{"targets": [parts.netloc]}]}


def _receiver(receiver: Mapping[str, Any], addresses: Addresses, access: Credentials) -> dict[str, Any]:
    if "webhook_configs" not in receiver:
        return dict(receiver)
    return {**receiver, "webhook_configs": [_webhook(hook, addresses, access) for hook in receiver["webhook_configs"]]}


def _webhook(hook: Mapping[str, Any], addresses: Addresses, access: Credentials) -> dict[str, Any]:
    parts = urlsplit(str(hook["url"]))
    part = _part(parts.netloc)
    if part not in SERVICES:
        return dict(hook)
    url = parts._replace(scheme=access.scheme(part), netloc=_moved(parts.netloc, addresses)).geturl()
    client = {**hook.get("http_config", {}), **access.client(part, access.ingest_file)}
    return {**hook, "url": url, **({"http_config": client} if client else {})}
