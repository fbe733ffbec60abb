"""What the miner joins and what it keeps apart; ids over time, restarts and the order of lines; bounds."""

import json
import random
from collections import Counter, defaultdict
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.templates import Template, TemplateMiner
from tests.data import japanese_logs, system_logs
from tests.data.labelled_lines import LabelledLine

CATEGORIES = "sports economy politics culture tech world local".split()  # noqa: SIM905


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
        ("接続に成功しました", "接続に失敗しました"),
        ("「配信」処理を開始します", "「配信」処理を終了します"),
        ("外部APIが 404 を返しました", "外部APIが 500 を返しました"),
        ("sha1 is used", "sha256 is used"),
        ("node is up", "node12 is up"),
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
        ("[logs-2026.11.24/Xk2pQ] created", "[audit/Zz9] created", "[<*>] created"),
    ],
)
def test_messages_that_differ_in_values_are_one(miner: TemplateMiner, one: str, other: str, template: str) -> None:
    assert len(ids(miner, one, other)) == 1
    assert miner.add(other).template.text == template


def test_a_word_becomes_a_value_only_when_many_are_seen(miner: TemplateMiner) -> None:
    found = [miner.add(f"category was {word} just now").template for word in CATEGORIES]
    assert found[0].text == "category was sports just now"
    assert found[-1].text == "category was <*> just now"
    assert {miner.resolve(template.id) for template in found} == {found[-1].id}
    assert miner.add("category was error just now").template.text == "category was error just now"


def test_two_values_in_one_text_are_found_when_very_many_are_seen(miner: TemplateMiner) -> None:
    letters = "abcdefghijklmnopqrstuvwxyz"
    for one, other in zip(letters, letters[::-1], strict=True):
        for half in ("left", "right"):
            last = miner.add(f"moved {one}{half} of the shelf to {other}{half} by hand")
    assert last.template.text == "moved <*> of the shelf to <*> by hand"


@pytest.mark.parametrize(
    "frame",
    ["the request was {} by the peer", "記事の{}しました", "the node {} now said so", "処理が{}となった件について"],
)
def test_words_that_tell_what_happened_are_never_joined(frame: str) -> None:
    miner = TemplateMiner()
    english = ["accepted", "refused", "failed", "closed", "parsed", "indexed", "shipped", "merged", "polling"]
    japanese = ["成功", "失敗", "開始", "終了", "接続失敗", "異常終了", "再開", "未完了", "処理済"]
    words = japanese if not frame.isascii() else english
    assert len(ids(miner, *(frame.format(word) for word in words))) == len(words)


def test_an_id_is_fixed_when_the_line_is_seen_and_a_merge_is_told() -> None:
    told: list[tuple[str, Template]] = []
    miner = TemplateMiner(on_merge=lambda old, into: told.append((old, into)))
    emitted = [miner.add(f"category was {word} just now").template.id for word in CATEGORIES]
    general = emitted[-1]
    assert set(emitted[:5]) <= {old for old, _ in told}
    assert {into.id for _, into in told} == {general}
    assert {miner.resolve(old) for old in emitted} == {general}
    assert miner.add("category was sports just now").template.id == general


def test_templates_have_one_id_whatever_the_order_in_which_lines_came() -> None:
    lines = [f"category was {word} just now" for word in CATEGORIES] + ["cache miss 12", "Link ok", "Link error"]
    orders = [lines, lines[::-1], random.Random(1).sample(lines, len(lines))]
    miners = [TemplateMiner() for _ in orders]
    for miner, order in zip(miners, orders, strict=True):
        ids(miner, *order)
    first, *others = [[miner.resolve(miner.add(line).template.id) for line in lines] for miner in miners]
    assert all(other == first for other in others)


TOKENS = (
    *("node", "node{n}", "{n}", "{h}", "{h}-{h}", "E{n}", "status {n}", "ssh{n}", "user=x{n}", "worker-{n}", "a_{n}"),
    *("{n}ms", "{n} KB", "error {n}", "{n} errors", "10.0.0.{n}:{n}", "id[{n}]", "f({n})", "jk{n}_init()", "v{n}.{n}"),
    *("エラー{n}件", "{n}件", "「経済」", "code={n}", '"GET /a/{n} HTTP/1.1" {n}', "0x{h}", "(x)", "ok", "failed"),
)


@given(st.lists(st.sampled_from(TOKENS), min_size=1, max_size=3), st.randoms(use_true_random=False))
def test_what_a_look_up_answers_is_what_a_fresh_miner_says(tokens: list[str], chance: random.Random) -> None:
    miner = TemplateMiner(many_values=1_000)
    for _ in range(4):
        message = " ".join(token.replace("{n}", number(chance)).replace("{h}", hexadecimal(chance)) for token in tokens)
        assert miner.add(message).template.text == TemplateMiner().add(message).template.text


def number(chance: random.Random) -> str:
    return str(chance.choice((0, 3, 200, 404, 500, chance.randrange(10**9))))


def hexadecimal(chance: random.Random) -> str:
    return f"{chance.getrandbits(48):012x}"[: chance.choice((4, 8, 12))] + "0f"


def test_state_survives_a_restart(miner: TemplateMiner) -> None:
    lines = [f"category was {word} just now" for word in CATEGORIES]
    lines += ["cache miss 12", "login user=bob", "request failed with status 500", "E101 cannot write"]
    ids(miner, *lines)
    before = [miner.add(line).template.id for line in lines]
    restarted = TemplateMiner()
    restarted.import_state(json.loads(json.dumps(miner.export_state())))
    assert len(restarted) == len(miner)
    assert [restarted.add(line).template.id for line in lines] == before
    assert restarted.add("category was science just now").template.id == before[0]
    assert len(restarted) == len(miner)


def hostile(chance: random.Random) -> Iterable[str]:
    """Lines without end of which no two are alike: words, codes, frames, Japanese, long lines."""

    def word() -> str:
        return "".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=chance.randint(3, 9)))

    while True:
        yield " ".join(word() for _ in range(8))
        yield f"{word()} failed with status {chance.randrange(1000)} and exit code {chance.randrange(100_000)}"
        yield f"article {word()} of category {word()} was stored by {word()}"
        yield "".join(chance.choices("あいう亜唖娃アイウ「」", k=40))
        yield word() * 50


def test_memory_and_state_are_bounded() -> None:
    miner = TemplateMiner(max_templates=100, max_signatures=200)
    sizes = []
    for count, line in enumerate(hostile(random.Random(7)), 1):
        miner.add(line)
        if count in (3_000, 6_000):
            sizes.append(len(json.dumps(miner.export_state())))
        if count == 6_000:
            break
    assert len(miner) <= 100
    assert max(miner.sizes().values()) <= 2_000
    assert sizes[1] < 1.5 * sizes[0]


def test_what_is_needed_is_not_forgotten() -> None:
    miner = TemplateMiner(max_templates=100, max_signatures=10)
    kept = miner.add("the daily report was delivered").template.id
    for i in range(500):
        miner.add("one-off " + "".join(chr(97 + int(digit)) for digit in str(i)))
        miner.add("the daily report was delivered")
    assert miner.text(kept) == "the daily report was delivered"


def test_what_was_forgotten_comes_back_under_its_id() -> None:
    miner = TemplateMiner(max_templates=2)
    for word in CATEGORIES:
        general = miner.add(f"category was {word} just now").template
    ids(miner, "Link ok", "Link error", "VM Started")
    assert miner.text(general.id) is None
    assert miner.add("category was local just now").template.id == general.id


def test_classifier_sees_each_message_that_differs_in_more_than_digits() -> None:
    miner = TemplateMiner(classify=lambda text: "timeout" if "timed out" in text else None)
    assert miner.add("「connect timed out」 3").category == "timeout"
    assert miner.add("「all is well」 4").category is None


def test_personal_data_is_masked_before_a_template_is_made() -> None:
    miner = TemplateMiner(mask=lambda text: text.replace("taro@example.jp", "[email]"))
    assert miner.add("mail for taro@example.jp bounced").template.text == "mail for <*> bounced"


REPEATED = (
    *(
        "a",
        "1",
        "a1",
        "a-",
        "1.",
        "/x",
        "f:",
        "=a",
        "a=1 ",
        "a:",
        "1:",
        "ff:",
        "ffff-",
        "a_1",
        "[a, ",
        "Set(",
        "「",
        "『a",
        "亜 ",
    ),
    *(
        '"',
        '"a" ',
        "'a' ",
        '\\"',
        "for user ",
        "error 5 ",
        "status: 5",
        '"GET /a HTTP/1.1" 5 ',
        "a.b.",
        "a@",
        "x[1]",
        "Jan 1 ",
    ),
    *(
        "亜=",
        "亜さん ",
        "ユーザー ",
        "**** ",
        "1 1 ",
        '{"a":',
        "table a-",
        "node a-",
        "job a ",
        "is true ",
        "::a",
        "\x00",
        "ﷺ",
    ),
)


@pytest.mark.parametrize("repeated", REPEATED)
def test_a_long_line_of_one_thing_is_answered(miner: TemplateMiner, repeated: str) -> None:
    assert miner.add((repeated * 4_096)[:4_096]).template.id


def test_labelled_systems_are_grouped_as_their_labels_say() -> None:
    systems = system_logs.systems("development")
    found = [grouping_accuracy(system_logs.lines(system, "development", 400)) for system in systems]
    assert sum(found) / len(found) > 0.95


def test_labelled_japanese_logs_are_grouped_as_their_labels_say_and_severities_stay_apart() -> None:
    lines = list(japanese_logs.lines("development", 1_000))
    assert grouping_accuracy(lines) > 0.95
    miner = TemplateMiner()
    levels = defaultdict(set)
    for line in lines:
        levels[miner.add(line.message).template.id].add(line.level)
    assert all(len(found) == 1 for found in levels.values())


def grouping_accuracy(lines: Iterable[LabelledLine]) -> float:
    """Return the share of lines whose group, as given while streaming, holds exactly the lines of their label."""
    miner = TemplateMiner()
    rows = [(line.template, miner.add(line.message).template.id) for line in lines]
    groups: dict[str, set[str]] = defaultdict(set)
    for truth, group in rows:
        groups[truth].add(group)
    sizes, truths = Counter(group for _, group in rows), Counter(truth for truth, _ in rows)
    exact = (truth for truth, found in groups.items() if len(found) == 1 and sizes[min(found)] == truths[truth])
    return sum(truths[truth] for truth in exact) / len(rows)


@pytest.mark.parametrize(
    ("one", "other", "template"),
    [
        ("group mailer has failed", "group default has failed", "group <*> has failed"),
        ("any [api] datasource", "any [overlay] datasource", "any [<*>] datasource"),
        ("drop owner=desk now", "drop owner=night now", "drop owner=<*> now"),
        ("indexed 5 documents into images", "indexed 5 documents into feeds", "indexed <*> documents into <*>"),
        ("Proxy fe_web started", "Proxy fe_api~ started", "Proxy <*> started"),
        ("took 12µs in all", "took 12ms in all", "took <*> in all"),
        ("channel 'api': no answer", "channel 'top': no answer", "channel '<*>': no answer"),
        (
            "【経理課】打刻を3名分取り込みました",
            "【人事部】打刻を9名分取り込みました",
            "【<*>】打刻を<*>名分取り込みました",
        ),
        ("お客様 小林 様の住所を変更", "お客様 井上 様の住所を変更", "お客様 <*> 様の住所を変更"),
        ("那覇店の売上が届きません", "札幌店の売上が届きません", "<*>の売上が届きません"),
        ("分類:経済、国際(自動)", "分類:政治(自動)", "分類:<*>(自動)"),
        ("和室を解放しました", "第一会議室を解放しました", "<*>を解放しました"),
        ("スタジオ2へ案内しました", "ICUへ案内しました", "<*>へ案内しました"),
        ("みなと工房との契約を更新", "青空物産との契約を更新", "<*>との契約を更新"),
        ("高橋 健太さんが退会しました", "ジョンさんが退会しました", "<*>さんが退会しました"),
        ("(有)山川製作所様宛てに発送", "東都商事様宛てに発送", "<*>様宛てに発送"),
        ("御堂筋線:梅田駅で5分遅れ", "中央線快速:渋谷駅で9分遅れ", "<*>:<*>で<*>分遅れ"),
        ("【氷の女王】が現れました", "【火竜】が現れました", "【<*>】が現れました"),
        ("緑が丘に放送しました", "港町に放送しました", "<*>に放送しました"),
        ("あおば銀行へ送りました", "東西信用金庫へ送りました", "<*>へ送りました"),
        ("山岡記者の校了を待つ", "ケビン記者の校了を待つ", "<*>記者の校了を待つ"),
        ("7 が 大阪 支所に移りました", "7 が 台北 支所に移りました", "<*> が <*> 支所に移りました"),
        ("表[請求]を整えました", "表[顧客]を整えました", "表[<*>]を整えました"),
        ("枝 topic/検索 を統合", "枝 main/7 を統合", "枝 <*> を統合"),
        ("第一系統へ切り替えました", "第二系統へ切り替えました", "<*>系統へ切り替えました"),
        ("午前9時に閉めました", "午後5時に閉めました", "<*><*>時に閉めました"),
        ("案内『『円相場』が急落』を配信", "案内『春闘』を配信", "案内『<*>』を配信"),
    ],
)
def test_a_likely_name_is_shown_until_another_is_seen_under_the_same_id(one: str, other: str, template: str) -> None:
    miner = TemplateMiner()
    first = miner.add(one).template.id
    assert miner.add(other).template.id == first == TemplateMiner().add(other).template.id
    assert miner.add(one).template.text == template
    restarted = TemplateMiner()
    restarted.import_state(json.loads(json.dumps(miner.export_state())))
    assert restarted.text(first) == template


def test_a_name_that_stays_the_only_one_is_shown() -> None:
    miner = TemplateMiner()
    miner.add("group mailer lost 3 members")
    assert miner.add("group mailer lost 99 members").template.text == "group mailer lost <*> members"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("group rebalance failed", "group mailer failed"),
        ("mode=read", "mode=write"),
        ("the read-only mount", "the read-write mount"),
        ("Failed with result 'exit-code'.", "Failed with result 'core-dump'."),
        ("connection_closed by peer", "connection_lost by peer"),
        ("検査:良好", "検査:不良"),
        ("【警告】残量が減っています", "【情報】残量が減っています"),
        ("証明書を更新しました", "設定を更新しました"),
        ("回線が不安定です", "回線が良好です"),
        ("大部屋は満室になりました", "大部屋は空室になりました"),
        ("荷崩れが発生しました", "停電が発生しました"),
        ("紙切れのため止まりました", "過熱のため止まりました"),
        ("打刻に失敗しました", "採番に失敗しました"),
        ("画像3枚を送りました", "請求書3枚を送りました"),
        ("ステータスコード500で戻りました", "ステータスコード404で戻りました"),
    ],
)
def test_words_that_tell_are_no_likely_names(miner: TemplateMiner, one: str, other: str) -> None:
    assert len(ids(miner, one, other)) == 2
