"""Logs of many systems in English with labels, made from the statements in systems.txt.

Seeded: a system's lines are the same on every machine. Half of the systems were for tuning (`development`) while the other
half was a final figure. The labels follow the corrected ones of Loghub: a value is `<*>`, what stands around
it is kept.
"""

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from re import compile as regex
from uuid import UUID

from tests.data.labelled_lines import Fields, Half, LabelledLine, filled, occurrences, template

STATEMENTS = Path(__file__).with_name("systems.txt")
LINES_PER_SYSTEM = 600

PROCESS = regex(r"\[(\d{3,})\]")
PAIR = regex(r'(\S+?)=("[^"]*"|\S+)')


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a program that writes log lines: its level and place, its text, and fields beside the text."""

    origin: str
    text: str
    extra: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One statement carried out."""

    at: datetime
    origin: str
    message: str
    extra: str

    @property
    def level(self) -> str:
        return self.origin.partition(" ")[0]

    @property
    def place(self) -> str:
        return self.origin.partition(" ")[2]

    @property
    def milliseconds(self) -> int:
        return self.at.microsecond // 1000


def words(text: str) -> Callable[[random.Random], str]:
    """One of the words; the first come most often, as in real logs."""
    choices = text.split("|")
    weights = [1 / (rank + 1) for rank in range(len(choices))]
    return lambda chance: chance.choices(choices, weights)[0]


def numbers(form: str, *limits: int) -> Callable[[random.Random], str]:
    return lambda chance: form.format(*(chance.randrange(limit) for limit in limits))


def moment(chance: random.Random) -> datetime:
    return datetime(2026, 11, 1, tzinfo=UTC) + timedelta(seconds=chance.randrange(23 * 86_400))


def digits(longest: int) -> Callable[[random.Random], str]:
    return lambda chance: str(chance.randrange(10 ** chance.randint(1, longest)))


def hexadecimal(length: int) -> Callable[[random.Random], str]:
    return lambda chance: f"{chance.getrandbits(4 * length):0{length}x}"


def ip(chance: random.Random) -> str:
    return f"{chance.choice((10, 172, 192, 203))}.{chance.randrange(256)}.{chance.randrange(256)}.{chance.randrange(1, 255)}"


def host(chance: random.Random) -> str:
    return f"rack{chance.randrange(1, 5)}-node{chance.randrange(1, 65):02}"


def domain(chance: random.Random) -> str:
    return f"{chance.choice(('api', 'www', 'cdn', 'img', 'sync'))}{chance.choice(('', '2', '-eu'))}.example.{chance.choice(('com', 'org', 'jp'))}"


def path(chance: random.Random) -> str:
    folders = chance.sample("var lib data tmp srv log cache export img v1 articles".split(" "), chance.randint(1, 4))
    last = chance.choice(
        (f"{chance.randrange(9999)}", f"{chance.getrandbits(32):08x}", "index.html", f"part-{chance.randrange(99):05}")
    )
    return "/" + "/".join([*folders, last])


def attempt(chance: random.Random) -> str:
    return f"attempt_{chance.randrange(10**13):013}_{chance.randrange(99):04}_{chance.choice('mr')}_{chance.randrange(999):06}_{chance.randrange(3)}"


def kb_package(chance: random.Random) -> str:
    number = chance.randrange(2_500_000, 3_200_000)
    return f"Package_for_KB{number}~31bf3856ad364e35~amd64~~6.1.{chance.randrange(9)}.{chance.randrange(9)}"


def endpoint(chance: random.Random) -> str:
    return f"{ip(chance)}:{chance.randrange(1024, 65_535)}"


FIELDS: Fields = {
    "n": lambda chance: str(chance.choice((chance.randrange(10), chance.randrange(100)))),
    "count": digits(6),
    "id": lambda chance: str(chance.randrange(10**6, 10**10)),
    "pid": lambda chance: str(chance.randrange(300, 32_768)),
    "port": lambda chance: str(chance.randrange(80, 65_535)),
    "signed": lambda chance: str(chance.randrange(-900, 900)),
    "decimal": lambda chance: f"{chance.uniform(0, 300):.{chance.randint(1, 3)}f}",
    "decimal1": numbers("{}.{}", 40, 9),
    "size": lambda chance: f"{chance.uniform(1, 900):.1f} {chance.choice(('B', 'KB', 'KB', 'KB', 'KB', 'MB'))}",
    "ip": ip,
    "cidr": lambda chance: f"{ip(chance)}/{chance.choice((16, 24))}",
    "endpoint": endpoint,
    "host": host,
    "domain": domain,
    "mac": lambda chance: ":".join(f"{chance.randrange(256):02x}" for _ in range(6)),
    "hex": hexadecimal(8),
    "address": lambda chance: f"0x{chance.getrandbits(32):08x}",
    "hex64": hexadecimal(64),
    "uuid": lambda chance: str(UUID(int=chance.getrandbits(128), version=4)),
    "bool": words("true|false"),
    "path": path,
    "windows_path": lambda chance: rf"C:\Windows\{chance.choice(('winsxs', 'system32', 'servicing'))}\{chance.getrandbits(40):010x}.dll",
    "file": lambda chance: f"{chance.choice(('ca', 'users', 'orders', 'wl0'))}_{moment(chance):%Y%m%d}",
    "url": lambda chance: f"https://{domain(chance)}{path(chance)}",
    "http_url": lambda chance: f"http://{endpoint(chance)}{path(chance)}",
    "https_url": lambda chance: f"https://{endpoint(chance)}{path(chance)}",
    "target": lambda chance: f"{path(chance)} HTTP/{chance.choice(('1.1', '2.0'))}",
    "method": words("GET|POST|PUT|DELETE|PATCH"),
    "email": lambda chance: f"{chance.choice(('desk', 'nora', 'k.ito', 'info'))}{chance.randrange(99)}@example.org",
    "user": words("root|nora|tanaka|deploy|app|report|backup|svc_news|jenkins|u1042|admin|ito"),
    "users": words("yarn, curi|spark|root, spark|hdfs, yarn"),
    "version": numbers("{}.{}.{}", 20, 30, 40),
    "time": lambda chance: f"{moment(chance):%H:%M:%S.%f}"[:-3],
    "date": lambda chance: f"{moment(chance):%Y%m%d}",
    "timestamp": lambda chance: f"{moment(chance):%Y-%m-%d %H:%M:%S}",
    "clf": lambda chance: f"{moment(chance):%d/%b/%Y:%H:%M:%S}.{chance.randrange(1000):03}",
    "clock": lambda chance: f"{chance.randrange(60):02}:{chance.randrange(60):02}",
    "interval": lambda chance: f"{chance.randrange(3)}:{chance.randrange(60):02}:{chance.randrange(60):02}",
    "go_duration": lambda chance: f"{chance.uniform(1, 900):.3f}{chance.choice(('µs', 'ms', 's'))}",
    "service": words("news-api|fetcher|indexer|mailer|billing|search|gateway|ranker|thumbnailer|auth|sync|web"),
    "zone": words("api|feeds|default|articles|search|login|top|images|overlay|native|mailers"),
    "master": words("mymaster|cache-master|sessions"),
    "topic": lambda chance: f"{chance.choice(('articles', 'clicks', 'feeds', 'audit'))}-{chance.randrange(12)}",
    "database": words("newsdb|reports|users|archive|sessions"),
    "table": words("articles|feeds|users|slug|title|tags|sources|author_id"),
    "relation": lambda chance: f"newsdb.public.{chance.choice(('articles', 'feeds', 'users', 'tags', 'sessions', 'jobs'))}",
    "constraint": words("articles_url_key|users_email_key|feeds_pkey|tags_name_key"),
    "setting": words("work_mem|max_connections|log_level|timeout|shared_buffers|cache_store|retries"),
    "lsn": lambda chance: f"{chance.randrange(9)}/{chance.getrandbits(32):X}",
    "slug": lambda chance: f"{moment(chance):%Y%m%d}-{chance.randrange(999)}",
    "binlog": numbers("binlog.{:06}", 900),
    "celery_task": words("news.tasks.fetch_feed|news.tasks.summarise|news.tasks.rank|users.tasks.send_mail|news.cleanup"),
    "job_class": words("FetchFeedJob|SummariseJob|MailDigestJob|RankingJob|ThumbnailJob"),
    "controller": words("ArticlesController#index|ArticlesController#show|FeedsController#update|SessionsController#create"),
    "pod": lambda chance: f"news/{chance.choice(('api', 'fetcher', 'web', 'ranker'))}-{chance.getrandbits(40):010x}-{chance.getrandbits(20):05x}",
    "volume": lambda chance: f"{chance.choice(('kube-api-access', 'config', 'data', 'secret'))}-{chance.getrandbits(20):05x}",
    "lease": words("kube-system/kube-scheduler|kube-system/kube-controller-manager|news/operator-lock"),
    "dfs_client": numbers("DFSClient_NONMAPREDUCE_{}_{}", 10**10, 9),
    "unit": words("logrotate.service|nginx.service|news-import.service|apt-daily.service|backup.timer|user@1000.service|docker.service|ssh.service"),
    "rdd": numbers("rdd_{}_{}", 90, 40),
    "broadcast": lambda chance: f"broadcast_{chance.randrange(40)}{chance.choice(('', '_piece0'))}",
    "attempt": attempt,
    "task": lambda chance: f"task_{chance.randrange(10**13):013}_{chance.randrange(99):04}_m_{chance.randrange(999):06}",
    "container": lambda chance: f"container_{chance.randrange(10**13):013}_{chance.randrange(99):04}_01_{chance.randrange(999):06}",
    "appattempt": lambda chance: f"appattempt_{chance.randrange(10**13):013}_{chance.randrange(99):04}_{chance.randrange(9):06}",
    "job": lambda chance: f"job_{chance.randrange(10**13):013}_{chance.randrange(99):04}",
    "jvm": lambda chance: f"jvm_{chance.randrange(10**13):013}_{chance.randrange(99):04}_m_{chance.randrange(999):06}",
    "class": words("JobEventType|JobFinishEvent$Type|TaskEventType|TaskAttemptEventType|CommitterEventType|Speculator$EventType"),
    "hdfs_path": lambda chance: f"hdfs://{endpoint(chance)}{path(chance)}",
    "hdfs_split": lambda chance: f"hdfs://{endpoint(chance)}{path(chance)}:{chance.randrange(10**8)}+{chance.randrange(10**6)}",
    "spark_url": lambda chance: f"spark://CoarseGrainedScheduler@{endpoint(chance)}",
    "package": words("com.huawei.health|com.tencent.mm|com.google.android.gms"),
    "android_action": words("android.intent.action.TIME_TICK|android.intent.action.SCREEN_ON|android.intent.action.SCREEN_OFF"),
    "kb_package": kb_package,
    "cbs_state": words("Installed|Absent|Staged|Superseded|Resolved"),
    "csi": lambda chance: f"{chance.randrange(10**8):08x}",
    "interface": lambda chance: f"{chance.choice(('alt', 'ee', 'scip'))}{chance.randrange(4)}",
    "component": lambda chance: f"\\042{chance.choice(('alt0', 'SCSI-WWID:01000010', 'eip0', 'ee0'))}\\042",
    "node_range": lambda chance: ",".join(str(chance.randrange(128)) for _ in range(chance.randint(2, 5))),
    "node_port": numbers("{}T00:{:02}:{}:{}", 2, 16, 8, 8),
    "onoff": words("on|off"),
    "job_id": numbers("{}.sadmin2", 90_000),
    "queue_id": lambda chance: f"j{chance.choice('ABCDEFG')}9K{chance.randrange(10**6):06}",
    "dsn": words("2.0.0|2.1.5|4.7.1"),
    "frontend": words("fe_web|fe_tls|fe_api~|stats"),
    "backend": words("be_app|be_static|be_api|be_search"),
    "server": lambda chance: f"app{chance.randrange(1, 9)}",
    "timers": numbers("{}/{}/{}/{}/{}", 20, 5, 5, 900, 999),
    "counts": numbers("{}/{}/{}/{}/0", 300, 200, 20, 9),
    "invoice": numbers("INV-{:06}", 900_000),
    "title": words("election|ai chips|typhoon 19|yen rate|world cup|battery recall|日銀|python 3.14"),
}  # fmt: skip


def syslog(entry: Entry, machine: str) -> str:
    return f"{entry.at:%b %e %H:%M:%S} {machine} {entry.origin}: {entry.message}"


def thunderbird(entry: Entry, _chance: random.Random) -> str:
    at = entry.at
    return f"- {at:%s} {at:%Y.%m.%d} dn228 {at:%b %e %H:%M:%S} dn228/dn228 {entry.origin}: {entry.message}"


def hpc(entry: Entry, chance: random.Random) -> str:
    return (
        f"{chance.randrange(10**4, 10**6)} node-{chance.randrange(256)} {entry.origin} {entry.at:%s} 1 {entry.message}"
    )


def logfmt(entry: Entry, _chance: random.Random) -> str:
    text = f'time="{entry.at:%Y-%m-%dT%H:%M:%S.%f}789Z" level={entry.level} msg={json.dumps(entry.message)}'
    return f"{text} {entry.extra}".rstrip()


def slog(entry: Entry, _chance: random.Random) -> str:
    message = json.dumps(entry.message, ensure_ascii=False)
    text = f"time={entry.at:%Y-%m-%dT%H:%M:%S}.{entry.milliseconds:03}Z level={entry.level} msg={message} component={entry.place}"
    return f"{text} {entry.extra}".rstrip()


def structlog(entry: Entry, _chance: random.Random) -> str:
    beside = {key: value.strip('"') for key, value in PAIR.findall(entry.extra)}
    fields = {
        "event": entry.message,
        **beside,
        "logger": entry.place,
        "level": entry.level,
        "timestamp": f"{entry.at:%Y-%m-%dT%H:%M:%S.%fZ}",
    }
    return json.dumps(fields, ensure_ascii=False)


HEADERS: dict[str, Callable[[Entry, random.Random], str]] = {
    "spark": lambda e, _: f"{e.at:%y/%m/%d %H:%M:%S} {e.origin}: {e.message}",
    "hadoop": lambda e, _: f"{e.at:%Y-%m-%d %H:%M:%S},{e.milliseconds:03} {e.origin}: {e.message}",
    "nginx_error": lambda e, _: f"{e.at:%Y/%m/%d %H:%M:%S} [{e.origin}] 31#31: {e.message}",
    "postgresql": lambda e, chance: f"{e.at:%Y-%m-%d %H:%M:%S}.{e.milliseconds:03} JST [{chance.randrange(900, 999)}] news@newsdb {e.origin}:  {e.message}",
    "celery": lambda e, _: f"[{e.at:%Y-%m-%d %H:%M:%S},{e.milliseconds:03}: {e.level}/{e.place}] {e.message}",
    "kubernetes": lambda e, _: f"{e.level}{e.at:%m%d %H:%M:%S.%f}    1234 {e.place}] {e.message}",
    "mac": lambda e, _: syslog(e, "calvisitor-10-105-160-95"),
    "health_app": lambda e, _: f"{e.at:%Y%m%d-%H:%M:%S}:{e.milliseconds}|{e.origin}|30002312|{e.message}",
    "rails": lambda e, chance: f"{e.level[0]}, [{e.at:%Y-%m-%dT%H:%M:%S.%f} #{chance.randint(800, 812)}] {e.level:>5} -- : {e.message}",
    "redis": lambda e, _: f"1:M {e.at:%d %b %Y %H:%M:%S}.{e.milliseconds:03} {e.origin} {e.message}",
    "thunderbird": thunderbird,
    "windows_cbs": lambda e, _: f"{e.at:%Y-%m-%d %H:%M:%S}, {e.level:<21} {e.place:<6} {e.message}",
    "hpc": hpc,
    "proxifier": lambda e, _: f"[{e.at:%m.%d %H:%M:%S}] {e.origin} - {e.message}",
    "kafka": lambda e, _: f"[{e.at:%Y-%m-%d %H:%M:%S},{e.milliseconds:03}] {e.level} {e.message} ({e.place})",
    "docker_daemon": logfmt,
    "systemd": lambda e, _: syslog(e, "node1"),
    "go_slog": slog,
    "structlog": structlog,
    "mysql": lambda e, chance: f"{e.at:%Y-%m-%dT%H:%M:%S.%fZ} {chance.randrange(90)} [{e.level}] [{e.place}] [Server] {e.message}",
    "haproxy": lambda e, _: syslog(e, "lb1"),
}  # fmt: skip


def systems(half: Half) -> dict[str, list[Statement]]:
    """The statements of each system of one half."""
    found: dict[str, list[Statement]] = {}
    for section in STATEMENTS.read_text(encoding="utf-8").split("\n== ")[1:]:
        heading, *statements = section.strip().splitlines()
        system, belongs = heading.split()
        if belongs == half:
            found[system] = [statement(line) for line in statements]
    return found


def statement(line: str) -> Statement:
    origin, _, text = line.partition(" | ")
    text, _, extra = text.partition(" || ")
    return Statement(origin, text, extra)


def lines(system: str, half: Half, count: int = LINES_PER_SYSTEM, seed: int = 20261124) -> Iterator[LabelledLine]:
    """The labelled lines of one system, in the order of their time."""
    statements = systems(half)[system]
    chance = random.Random(f"{system} {seed}")
    at = datetime(2026, 11, 24, 0, 0, tzinfo=UTC)
    weights = [1 / (rank + 2) for rank in range(len(statements))]
    for written in occurrences(statements, weights, count, chance):
        at += timedelta(milliseconds=chance.randrange(1, 20_000))
        origin = PROCESS.sub(lambda _: f"[{chance.randrange(2_000, 2_040)}]", written.origin)
        message, extra = filled(written.text, FIELDS, chance), filled(written.extra, FIELDS, chance)
        raw = HEADERS[system](Entry(at, origin, message, extra), chance)
        yield LabelledLine(raw, message, template(written.text), "")
