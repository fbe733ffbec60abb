"""What the miner joins and what it keeps apart."""

import csv
import json
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from analyzer.templates import TemplateMiner

LABELLED = Path(__file__).parents[2].parent / "shared" / "data" / "loghub"


@pytest.fixture
def miner() -> TemplateMiner:
    return TemplateMiner()


def ids(miner: TemplateMiner, *messages: str) -> set[str]:
    return {miner.add(message).template.id for message in messages}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Link ok", "Link error"),
        ("VM Started", "VM Paused"),
        ("request failed with status 404", "request failed with status 500"),
        ("request answered with status 200", "request answered with status 500"),
        ('10.0.0.1 "GET /a HTTP/1.1" 200 12', '10.0.0.1 "GET /b HTTP/1.1" 503 34'),
        ("E101 cannot write", "E102 cannot write"),
        ("error code: 13", "error code: 28"),
        ("job ended with exit code 1", "job ended with exit code 137"),
        ("state=up", "state=down"),
        ("healthy=true", "healthy=false"),
        ("run done, 0 errors", "run done, 5 errors"),
        ("java.lang.OutOfMemoryError: feed", "java.lang.NullPointerException: feed"),
        ("データベース接続に失敗しました", "バッチ処理を開始します"),
        ("ステータスコード500で失敗", "ステータスコード404で失敗"),
        ("エラーは0件でした", "エラーは3件でした"),
    ],
)
def test_messages_that_differ_in_meaning_are_kept_apart(miner: TemplateMiner, one: str, other: str) -> None:
    assert len(ids(miner, one, other)) == 2
    assert len(ids(TemplateMiner(), other, one)) == 2


@pytest.mark.parametrize(
    ("one", "other", "template"),
    [
        ("fetched 120 articles in 35 ms", "fetched 7 articles in 1200 ms", "fetched <*> articles in <*> ms"),
        ("answered with status 200", "answered with status 204", "answered with status <*>"),
        ("connect to 10.0.0.1:80", "connect to 192.168.1.20:8080", "connect to <*>"),
        ("read /var/log/a.log", "read /srv/feeds/b.xml", "read <*>"),
        ("feed https://a.example/rss?x=1: late", "feed http://b.example/atom: late", "feed <*>: late"),
        (
            "article 0b7e6f0a-2b1c-4d5e-8f90-123456789abc stored",
            "article ffffffff-2b1c-4d5e-8f90-123456789abc stored",
            "article <*> stored",
        ),
        ("login user=alice", "login user=bob", "login user=<*>"),
        ("記事を120件配信しました", "記事を１２３件配信しました", "記事を<*>件配信しました"),
        ("「スポーツ」の配信が完了", "「経済」の配信が完了", "「<*>」の配信が完了"),
        ("worker-7 started", "worker-12 started", "<*> started"),
    ],
)
def test_messages_that_differ_in_values_are_one(miner: TemplateMiner, one: str, other: str, template: str) -> None:
    assert len(ids(miner, one, other)) == 1
    assert miner.add(other).template.text == template


def test_a_word_becomes_a_value_only_when_many_are_seen(miner: TemplateMiner) -> None:
    words = ["sports", "economy", "politics", "culture", "tech", "world", "local"]
    found = [miner.add(f"category {word} refreshed soon").template for word in words]
    assert found[0].text == "category sports refreshed soon"
    assert found[-1].text == "category <*> refreshed soon"
    assert {miner.resolve(template.id) for template in found} == {found[-1].id}
    assert miner.add("category error refreshed soon").template.text == "category error refreshed soon"


def test_ids_depend_on_the_text_alone() -> None:
    first, second = TemplateMiner(), TemplateMiner()
    second.add("something else")
    assert first.add("cache miss 12").template.id == second.add("cache miss 99").template.id


def test_state_survives_a_restart(miner: TemplateMiner) -> None:
    for word in ["sports", "economy", "politics", "culture", "tech", "world", "local"]:
        before = miner.add(f"category {word} refreshed soon").template.id
    restarted = TemplateMiner()
    restarted.import_state(json.loads(json.dumps(miner.export_state())))
    assert restarted.add("category science refreshed soon").template.id == before
    assert len(restarted) == len(miner)


def test_memory_is_bounded() -> None:
    miner = TemplateMiner(max_templates=200, max_signatures=100)
    letters = "abcdefghijklmnopqrstuvwxyz"
    for i in range(2_000):
        miner.add(f"{letters[i % 26]}{letters[i // 26 % 26]}{letters[i // 676]} is a lone message")
    assert len(miner) <= 200


def test_what_is_needed_is_not_forgotten() -> None:
    miner = TemplateMiner(max_templates=100, max_signatures=10)
    kept = miner.add("the daily report was delivered").template.id
    for i in range(500):
        miner.add("one-off " + "".join(chr(97 + int(digit)) for digit in str(i)))
        miner.add("the daily report was delivered")
    assert miner.text(kept) == "the daily report was delivered"


def test_classifier_sees_each_message_that_differs_in_more_than_digits() -> None:
    miner = TemplateMiner(classify=lambda text: "timeout" if "timed out" in text else None)
    assert miner.add("「connect timed out」 3").category == "timeout"
    assert miner.add("「all is well」 4").category is None


def test_personal_data_is_masked_before_a_template_is_made() -> None:
    miner = TemplateMiner(mask=lambda text: text.replace("taro@example.jp", "[email]"))
    assert miner.add("mail for taro@example.jp bounced").template.text == "mail for <*> bounced"


def test_a_very_long_token_is_answered_quickly(miner: TemplateMiner) -> None:
    for token in ("a1" * 20_000, "a-" * 20_000, "1." * 20_000, "/x" * 20_000, "f:" * 20_000, "=a" * 20_000):
        assert miner.add(f"token {token}").template.text.startswith("token")


def test_labelled_logs_are_grouped_as_their_labels_say() -> None:
    if not LABELLED.is_dir():
        pytest.skip(f"labelled logs are not at {LABELLED}")
    accuracies = [_grouping_accuracy(path) for path in sorted(LABELLED.glob("*/labels.csv"))]
    assert sum(accuracies) / len(accuracies) > 0.88


def _grouping_accuracy(labels: Path) -> float:
    """Return the share of lines whose group, as given while streaming, holds exactly the lines of their label."""
    miner = TemplateMiner()
    with labels.open(newline="", encoding="utf-8") as file:
        rows = [(row["template"], miner.add(row["content"]).template.id) for row in csv.DictReader(file)]
    groups: dict[str, set[str]] = defaultdict(set)
    for truth, group in rows:
        groups[truth].add(group)
    sizes, truths = Counter(group for _, group in rows), Counter(truth for truth, _ in rows)
    exact = (truth for truth, found in groups.items() if len(found) == 1 and sizes[min(found)] == truths[truth])
    return sum(truths[truth] for truth in exact) / len(rows)
