"""The page in a real browser, against a backend with fixed data."""

import re
import time
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.dashboard.conftest import Visitor

pytestmark = pytest.mark.stack

ALERT = "Error rate above its threshold"
HOSTILE = Path(__file__).with_name("hostile.txt")


def sideways(page: Page) -> int:
    """Return by how many pixels the page is wider than the window."""
    return int(page.evaluate("document.documentElement.scrollWidth - innerWidth"))


def row(page: Page, name: str) -> Locator:
    return page.locator(".row, .card, tbody tr").filter(has=page.get_by_role("link", name=name, exact=True))


def test_overview_says_what_is_wrong_and_shows_alerts_tiles_and_time_line(visitor: Visitor) -> None:
    page = visitor.open()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("2 critical alerts, 1.not.acknowledged"))
    expect(page.locator(".headline .sub")).to_contain_text(f"{ALERT} since")
    expect(row(page, ALERT)).to_contain_text("17.9 %, threshold 5.2 %")
    first = page.locator(".rows > li").first
    expect(first).to_contain_text("Nobody")
    tile = page.locator("[data-tile=error_rate]")
    expect(tile).to_contain_text("Above 5.2 %")
    expect(tile).to_have_class(re.compile("past is-CRITICAL"))
    expect(page.locator("[data-tile=cpu_percent]")).to_contain_text("news-api-2")
    expect(page.locator(".timeline a")).to_have_count(12)
    expect(page.locator("[data-section=patterns]")).to_contain_text("connection pool exhausted")
    expect(page.locator("[data-connection]")).to_have_attribute("data-connection", "live")
    expect(page).to_have_title(re.compile(r"^\(6\) 2 critical, 1 not acknowledged"))


def test_acknowledging_takes_one_tap_and_can_be_undone(visitor: Visitor) -> None:
    page = visitor.open()
    row(page, ALERT).get_by_role("button", name="Acknowledge").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("2 critical alerts, all acknowledged")
    expect(row(page, ALERT)).to_contain_text("Sato Yui")
    assert visitor.posted(page, 1) == [("alerts/a1/acknowledge", {})]
    page.get_by_role("button", name="Undo").click()
    expect(row(page, ALERT)).to_contain_text("Nobody")
    assert visitor.posted(page, 2)[1:] == [("alerts/a1/unacknowledge", {})]


def test_refused_action_is_taken_back_and_the_row_says_why(visitor: Visitor) -> None:
    visitor.running.backend.refuse = "the alert is already resolved"
    page = visitor.open()
    row(page, ALERT).get_by_role("button", name="Acknowledge").click()
    expect(row(page, ALERT)).to_contain_text("Not done: the alert is already resolved")
    expect(row(page, ALERT)).to_contain_text("Nobody")
    visitor.running.backend.refuse = ""
    row(page, ALERT).get_by_role("button", name="Try again").click()
    expect(row(page, ALERT)).to_contain_text("Sato Yui")


def test_drawer_answers_in_order_and_its_chart_says_the_same_number_as_its_sentence(visitor: Visitor) -> None:
    page = visitor.open("alerts/a1")
    drawer = page.get_by_role("dialog", name=ALERT)
    expect(drawer.locator("canvas")).to_be_visible()
    expect(drawer.locator(".near li")).not_to_have_count(0)
    expect(drawer.locator(".story")).to_contain_text("Told Slack: it fires")
    parts = drawer.locator(".part").evaluate_all("(all) => all.map((one) => one.dataset.part)")
    assert parts == ["why", "chart", "same", "todo", "history", "labels"]
    said = re.search(r"is ([\d.]+) %", drawer.locator("[data-part=why]").inner_text())
    drawn = re.search(r"now ([\d.]+) %", drawer.locator("[data-part=chart] h3").inner_text())
    assert said and drawn and said[1] == drawn[1]
    expect(drawer.locator(".near li").first).to_contain_text("first change")
    expect(drawer.locator(".steps li").first).to_contain_text("Roll it back")
    spoken = drawer.locator("nw-chart").get_attribute("aria-label")
    assert spoken is not None and spoken.startswith("Error rate from")


def test_chart_says_mode_and_reason_of_the_threshold_at_the_pointed_moment_and_what_it_was(visitor: Visitor) -> None:
    page = visitor.open("alerts/a1", query="lang=ja")
    drawer = page.locator(".drawer")
    expect(drawer.locator(".basis")).to_contain_text("しきい値は過去の値から算出：now: the median")
    box = drawer.locator("nw-chart canvas").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + 60)  # before the threshold was made anew
    expect(drawer.locator("[data-part=chart] h3")).not_to_contain_text("現在")
    expect(drawer.locator(".basis")).to_have_text(
        "しきい値は過去の値から算出：at_min：この時刻の中央値＋ばらつき3つ分です。"
    )
    drawer.get_by_text("しきい値の履歴（2件）").click()
    rows = drawer.locator(".limits li")
    expect(rows).to_have_count(2)
    expect(rows.last).to_contain_text("4.4%")
    expect(rows.last).to_contain_text("at_min：この時刻の中央値")


def test_story_says_who_was_told_when_with_what_result_and_what_comes_next(visitor: Visitor) -> None:
    page = visitor.open("alerts/a1")
    told = page.locator(".story [data-what=notified]")
    expect(told).to_have_count(2)
    expect(told.first).to_have_text(re.compile(r"\d\d:\d\dTold Slack: it firessent in 1.2 s"))
    expect(told.last).to_contain_text("Told e-mail: escalatedtried again later: 451 try later")
    expect(page.locator(".story .next")).to_contain_text("on call: first, e-mail · becomes Critical")
    expect(page.locator(".story .next")).to_contain_text("policy “default”, step 2")
    expect(page.locator(".story .next .result")).to_contain_text("in ")


def test_story_says_in_words_why_an_alert_fires_again(visitor: Visitor) -> None:
    at = visitor.running.backend.history["a1"][-1]["timestamp"]
    visitor.running.backend.history["a1"] += [
        {"timestamp": at, "who": "", "what": "suppressed", "detail": "muted:nights"},
        {"timestamp": at, "who": "", "what": "firing", "detail": "muted:nights ended"},
    ]
    story = visitor.open("alerts/a1").locator(".story")
    expect(story).to_contain_text("Suppressed: mute time nights of Alertmanager")
    expect(story).to_contain_text("Fires again, no longer suppressed by: mute time nights of Alertmanager")


def test_an_alert_of_no_metric_shows_its_numbers_and_its_summary_in_the_readers_language(visitor: Visitor) -> None:
    own = {"name": "Backlog", "message": "Backlog on news-1", "labels": {}, "value": 42.5, "threshold": 30.0}
    texts = {"summary": "Backlog on news-1", "summary_ja": "news-1 で滞留"}
    visitor.running.backend.alerts["a3"] |= own | {"annotations": texts}
    page = visitor.open("alerts/a3", locale="ja-JP")
    expect(page.locator(".drawer .why")).to_have_text("news-1 で滞留")
    expect(page.locator("tr", has_text="news-1 で滞留")).to_contain_text("42.5、しきい値 30")


def test_drawer_of_an_alert_that_knows_little_is_whole(visitor: Visitor) -> None:
    unknown = {
        "annotations",
        "changes",
        "first_steps",
        "labels",
        "log_patterns",
        "message",
        "reason_texts",
        "threshold",
    }
    visitor.running.backend.alerts["a3"] |= dict.fromkeys(unknown)
    page = visitor.open("alerts/a3")
    expect(page.locator(".drawer h2")).to_have_text("ResponseTimeHigh")
    expect(page.locator(".drawer [data-part=todo]")).to_contain_text("no first steps")
    expect(page.locator(".drawer .story li")).not_to_have_count(0)


def test_comment_snooze_and_assign_reach_the_server(visitor: Visitor) -> None:
    page = visitor.open("alerts/a1")
    drawer = page.get_by_role("dialog", name=ALERT)
    drawer.get_by_role("button", name="Assign").click()
    drawer.get_by_role("button", name="Take it myself").click()
    expect(drawer.locator(".facts")).to_contain_text("Sato Yui")
    drawer.get_by_role("button", name="More").click()
    drawer.get_by_role("button", name="Comment").click()
    drawer.get_by_label("Comment").fill("rolling back")
    drawer.get_by_role("button", name="Save").click()
    expect(drawer.locator(".story")).to_contain_text("rolling back")
    drawer.get_by_role("button", name="Snooze").click()
    drawer.get_by_role("button", name="1 h", exact=True).click()
    expect(drawer.locator(".drawer-head")).to_contain_text("Snoozed")
    assert visitor.posted(page, 3) == [
        ("alerts/a1/assign", {"assignee": "Sato Yui"}),
        ("alerts/a1/comment", {"text": "rolling back"}),
        ("alerts/a1/snooze", {"seconds": 3600}),
    ]


def test_filters_live_in_the_address_and_search_knows_labels_and_both_spellings(visitor: Visitor) -> None:
    page = visitor.open("alerts?severity=CRITICAL")
    expect(page.locator("tbody tr")).to_have_count(2)
    page.get_by_role("combobox", name="Severity").select_option("")
    page.get_by_role("button", name="Nobody has it").click()
    expect(page.locator("tbody tr")).to_have_count(4)
    assert page.url.endswith("#/alerts?status=nobody")
    page.get_by_role("searchbox").fill("job=app")
    expect(page.locator("tbody tr")).to_have_count(4)
    page.get_by_role("searchbox").fill("エラー率が\u95be\u5024")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_role("searchbox").fill("kafka")
    expect(page.locator(".empty")).to_contain_text("The filters hide 7 open alerts.")
    page.get_by_role("button", name="Clear the filters").click()
    expect(page.locator("tbody tr")).to_have_count(7)
    page.get_by_role("button", name="Resolved").click()
    expect(page.locator("tbody tr")).to_have_count(1)


def test_many_alerts_are_acted_on_at_once_and_what_failed_stays_selected(visitor: Visitor) -> None:
    visitor.running.backend.refuse_one = "a4"
    page = visitor.open("alerts")
    page.get_by_role("checkbox", name="Select: Response time").check()
    page.get_by_role("checkbox", name="Select: New log pattern").check()
    bar = page.get_by_role("region", name="Actions on the chosen alerts")
    expect(bar).to_contain_text("2 selected")
    bar.get_by_role("button", name="Acknowledge").click()
    expect(bar).to_contain_text("1 not done: already resolved")
    expect(bar).to_contain_text("1 selected")
    expect(row(page, "Response time above its threshold")).to_contain_text("Sato Yui")
    page.get_by_role("button", name="Undo").click()
    expect(row(page, "Response time above its threshold")).to_contain_text("Nobody")
    assert visitor.posted(page, 2) == [
        ("alerts/actions", {"ids": ["a3", "a4"], "action": "acknowledge"}),
        ("alerts/actions", {"ids": ["a3"], "action": "unacknowledge"}),
    ]


def test_all_that_match_are_acted_on_by_their_filter_after_one_question(visitor: Visitor) -> None:
    page = visitor.open("alerts?severity=HIGH&group=list")
    page.get_by_role("checkbox", name="Select: Response time").check()
    page.get_by_role("button", name="Select all 2 that match").click()
    page.get_by_role("button", name="Assign", exact=True).click()
    page.get_by_role("button", name="Take it myself").click()
    assert visitor.running.backend.posts == []
    expect(page.get_by_role("alertdialog")).to_contain_text("Assign: all 2 alerts?")
    page.get_by_role("button", name="Yes, 2 alerts").click()
    expect(page.get_by_role("status").filter(has_text="Assign: 2 alerts.")).to_be_visible()
    body = {"filter": {"severity": "HIGH"}, "action": "assign", "assignee": "Sato Yui"}
    assert visitor.posted(page, 1) == [("alerts/actions", body)]


def test_list_is_grouped_by_what_the_reader_wants(visitor: Visitor) -> None:
    page = visitor.open("alerts")
    expect(page.locator("tbody tr")).to_have_count(7)
    page.get_by_role("combobox", name="Grouping").select_option("service")
    expect(page.locator("tr.group-head")).to_have_count(6)
    expect(page.locator("tr.group-head").first).to_contain_text("delivery-api · 2")
    page.get_by_role("combobox", name="Service").select_option("database")
    expect(page.locator("tr.group-head")).to_have_count(1)
    assert "service=database" in page.url


def test_flood_is_groups_with_numbers_and_its_list_comes_by_the_page(visitor: Visitor) -> None:
    visitor.running.backend.flood(900)
    page = visitor.open("alerts")
    groups = page.locator(".group")
    expect(groups.filter(has_text="HostDown")).to_contain_text("× 450")
    expect(groups.filter(has_text="HostDown")).to_contain_text("449 of 450 share rack=r3")
    expect(page.locator(".bar .state")).to_contain_text("2 critical, 1 not acknowledged")
    expect(page.locator(".menu .n")).to_contain_text("906")
    groups.filter(has_text="DiskSlow").get_by_role("button").click()
    expect(page.get_by_role("status").filter(has_text="450 alerts")).to_be_visible()
    expect(groups.filter(has_text="DiskSlow")).to_contain_text("all taken")
    page.get_by_role("link", name="HostDown").click()
    expect(page.locator("[data-shown]")).to_contain_text("of 450 shown")
    before = page.locator("tbody[data-piece]").count()
    for _ in range(12):
        page.mouse.wheel(0, 6000)
        page.wait_for_timeout(50)
    expect(page.locator("[data-shown]")).to_have_text("450 of 450 shown")
    assert page.locator("tbody[data-piece]").count() > before
    assert page.locator("tbody tr").count() < 300, "rows far from the screen are not drawn"


def test_keyboard_walks_opens_acts_and_closes(visitor: Visitor) -> None:
    page = visitor.open("alerts")
    expect(page.locator("tbody tr")).to_have_count(7)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("j")
    expect(page.get_by_role("dialog", name=ALERT)).to_be_focused()
    page.keyboard.press("j")
    expect(page.get_by_role("dialog", name="Database connections nearly used up")).to_be_visible()
    page.keyboard.press("k")
    page.keyboard.press("a")
    expect(page.get_by_role("dialog", name=ALERT).locator(".drawer-head")).to_contain_text("Acknowledged")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(page.locator(".drawer")).to_have_count(0)
    expect(page.get_by_role("link", name=ALERT, exact=True)).to_be_focused()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_have_count(0)
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("e")
    expect(page.get_by_role("searchbox")).to_have_value("e")
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("o")
    expect(page.get_by_role("heading", level=1)).to_contain_text("2 critical alerts")
    page.go_back()
    expect(page.get_by_role("searchbox")).to_be_visible()


def test_language_and_theme_follow_the_browser_can_be_switched_and_are_remembered(visitor: Visitor) -> None:
    page = visitor.open(locale="ja-JP", color_scheme="dark")
    expect(page.get_by_role("heading", level=1)).to_have_text("重大アラート 2件、うち1件は未確認")
    expect(page.locator("html")).to_have_attribute("lang", "ja")
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    assert page.evaluate(ground) == "rgb(21, 24, 27)"
    assert not re.search("\u95be\u5024", page.locator("body").inner_text())
    page.get_by_role("button", name="明るい").click()
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("2 critical alerts")
    assert page.evaluate(ground) == "rgb(247, 247, 244)"
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_contain_text("2 critical alerts")
    assert page.evaluate(ground) == "rgb(247, 247, 244)"


def test_nothing_scrolls_sideways_on_the_smallest_phone(visitor: Visitor) -> None:
    page = visitor.open(width=320, height=640, query="lang=ja", has_touch=True)
    expect(page.locator(".card").first).to_be_visible()
    expect(page.locator(".tile")).to_have_count(14)
    assert sideways(page) == 0
    page.get_by_role("link", name="アラート", exact=False).last.click()
    expect(page.locator(".cards .card")).to_have_count(7)
    assert sideways(page) == 0
    page.get_by_role("link", name="エラー率がしきい値を超過", exact=True).click()
    drawer = page.get_by_role("dialog", name="エラー率がしきい値を超過")
    expect(drawer.locator("canvas")).to_be_visible()
    assert drawer.bounding_box() == {"x": 0, "y": 0, "width": 320, "height": 640}
    assert sideways(page) == 0
    page.go_back()
    page.get_by_role("link", name="その他").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("その他")
    assert sideways(page) == 0


def test_hostile_texts_stay_text_and_hostile_links_are_not_offered(visitor: Visitor) -> None:
    page = visitor.open("alerts/a5")
    drawer = page.locator(".drawer")
    expect(drawer.locator("h2")).to_contain_text("<img src=x onerror=")
    expect(drawer.locator(".tags")).to_contain_text("<script>")
    expect(page.locator("img, body script")).to_have_count(0)
    expect(page.locator("a[href^='javascript:']")).to_have_count(0)
    expect(drawer.get_by_role("link", name="Runbook")).to_have_count(0)


def test_new_alert_comes_by_the_feed_and_waits_while_the_list_is_in_hand(visitor: Visitor) -> None:
    page = visitor.open()
    expect(row(page, ALERT)).to_be_visible()
    page.mouse.move(0, 0)
    fresh = visitor.running.backend.alerts["a3"] | {
        "id": "n1",
        "severity": "CRITICAL",
        "annotations": {"summary": "Disk full"},
    }
    visitor.running.push("new_alert", fresh)
    expect(row(page, "Disk full")).to_be_visible()
    row(page, ALERT).hover()
    visitor.running.push("new_alert", fresh | {"id": "n2", "annotations": {"summary": "Disk gone"}})
    expect(page.get_by_role("button", name="1 new, show")).to_be_visible()
    expect(row(page, "Disk gone")).to_have_count(0)
    page.get_by_role("button", name="1 new, show").click()
    expect(row(page, "Disk gone")).to_be_visible()


def test_without_the_feed_the_page_polls_and_says_so(visitor: Visitor) -> None:
    visitor.running.backend.feed = False
    page = visitor.open()
    expect(page.locator("[data-connection]")).to_have_attribute("data-connection", "polling")
    expect(page.get_by_role("heading", level=1)).to_contain_text("2 critical alerts")


def test_disconnected_page_is_unknown_never_well_keeps_its_values_and_comes_back(visitor: Visitor) -> None:
    page = visitor.open()
    page.clock.install()
    page.reload()
    expect(row(page, ALERT)).to_be_visible()
    expect(page.locator("[data-connection]")).to_have_attribute("data-connection", "live")
    visitor.running.backend.down = True
    deadline = time.monotonic() + 8
    while visitor.running.backend.sockets and time.monotonic() < deadline:
        page.wait_for_timeout(20)
    page.clock.run_for(20_000)
    expect(page.get_by_role("heading", level=1)).to_have_text("Unknown: no live values")
    expect(page.locator(".headline")).to_contain_text("2 critical alerts")
    expect(page.locator("[data-connection]")).to_contain_text("Not live")
    expect(page.locator("[data-tile=error_rate]")).to_contain_text("17.")
    expect(row(page, ALERT).get_by_role("button", name="Acknowledge")).to_be_enabled()
    visitor.running.backend.down = False
    page.get_by_role("button", name="Try now").click()
    page.clock.run_for(2000)
    expect(page.get_by_role("heading", level=1)).to_contain_text("2 critical alerts")


def test_all_is_well_only_with_proof(visitor: Visitor) -> None:
    visitor.running.backend.calm = True
    page = visitor.open()
    expect(page.get_by_role("heading", level=1)).to_have_text("All is well")
    expect(page.locator(".headline .sub")).to_contain_text("2 of 2 sources report")
    visitor.running.backend.silent_source = True
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Unknown: 1 of 2 sources do not report")
    expect(page.locator(".headline .sub")).to_contain_text("refuses the connection")


def test_first_run_says_what_it_waits_for(visitor: Visitor) -> None:
    visitor.running.backend.first_run = True
    page = visitor.open()
    expect(page.get_by_role("heading", level=1)).to_have_text("Unknown: no values yet")
    expect(page.locator("[data-section=start] li")).to_have_count(4)


def test_protected_page_asks_for_a_name_and_sends_the_token_with_every_write(visitor: Visitor) -> None:
    visitor.running.backend.protected = True
    page = visitor.open()
    page.get_by_label("Name").fill("sato")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_have_text("The name or the password is wrong.")
    page.get_by_label("Password").fill("right")
    page.get_by_role("button", name="Log in").click()
    row(page, ALERT).get_by_role("button", name="Acknowledge").click()
    expect(row(page, ALERT)).to_contain_text("Acknowledged")
    expect(page.locator(".rail-foot")).to_contain_text("Signed in as Sato Yui.")


def test_viewer_sees_everything_and_is_offered_no_action(visitor: Visitor) -> None:
    visitor.running.backend.role = "viewer"
    visitor.running.backend.protected = visitor.running.backend.logged_in = True
    page = visitor.open("alerts/a1")
    expect(page.locator(".drawer [data-part=history] li")).not_to_have_count(0)
    expect(page.get_by_role("button", name="Acknowledge")).to_have_count(0)
    expect(page.locator(".rail-foot")).to_contain_text("viewer")


def test_tile_opens_its_chart_and_closing_puts_the_focus_back(visitor: Visitor) -> None:
    page = visitor.open()
    page.locator("[data-tile=response_time_ms]").click()
    drawer = page.get_by_role("dialog", name="Response time")
    expect(drawer.locator("canvas")).to_be_visible()
    drawer.get_by_role("button", name="3 h").click()
    expect(drawer.get_by_role("button", name="3 h")).to_have_attribute("aria-pressed", "true")
    drawer.locator("nw-chart").focus()
    page.keyboard.press("ArrowLeft")
    expect(drawer.locator("[data-part=chart] h3")).not_to_contain_text("now")
    page.keyboard.press("Escape")
    expect(page.locator(".drawer")).to_have_count(0)
    expect(page.locator("[data-tile=response_time_ms]")).to_be_focused()


def test_log_pattern_opens_its_examples_with_what_was_masked_named(visitor: Visitor) -> None:
    page = visitor.open()
    page.get_by_role("button", name="connection pool exhausted").click()
    expect(page.locator(".examples .masked")).to_have_text(["e-mail", "IP"])
    assert page.url.endswith("pattern=p1")


def test_logs_show_what_stands_out_first_and_filter_by_kind_family_and_text(visitor: Visitor) -> None:
    page = visitor.open()
    page.get_by_role("link", name="Logs").click()
    rows = page.locator(".patterns > li")
    expect(rows).to_have_count(6)
    kinds = [str(row.get_attribute("data-kind")) for row in rows.all()]
    assert kinds == ["new", "new", "new", "bursting", "rare", "usual"]
    expect(rows.last.locator(".kind")).to_have_text("Known")
    expect(rows.first.locator(".bars")).to_be_visible()
    page.get_by_role("button", name="Bursting 1").click()
    expect(rows).to_have_count(1)
    page.get_by_role("button", name=re.compile("データベース接続")).click()
    expect(page.locator(".opened")).to_contain_text("HIGH: level ERROR.")
    expect(page.locator(".opened")).to_contain_text("322 lines an hour; 2.4 is usual · first seen")
    page.get_by_role("link", name="Same family: database connection").click()
    expect(rows).to_have_count(2)
    assert page.url.endswith("family=f1")
    page.get_by_role("combobox", name="Family").select_option("")
    page.get_by_role("searchbox").fill("replica")
    expect(rows).to_have_count(1)
    page.get_by_role("searchbox").fill("nothing says this")
    page.get_by_role("button", name="Clear the filters").click()
    expect(rows).to_have_count(6)


def test_health_says_who_is_on_call_how_channels_are_and_tests_them(visitor: Visitor) -> None:
    page = visitor.open("health")
    on_call = page.locator("[data-section=oncall]")
    expect(on_call).to_contain_text("Sato Yui first")
    expect(on_call).to_contain_text("then 森 健")
    expect(on_call).to_contain_text("Nobody is on call second")
    email = page.locator("[data-channel=email]")
    expect(email).to_contain_text("535 wrong password <img")
    expect(email).to_contain_text("2 given up")
    email.get_by_role("button", name="Send a test").click()
    expect(email.get_by_role("status")).to_have_text("The test failed: login: 535 · check the password")
    page.locator("[data-channel=slack]").get_by_role("button").click()
    expect(page.locator("[data-channel=slack]").get_by_role("status")).to_contain_text("Test sent")
    expect(page.locator("[data-section=maintenance]")).to_contain_text("weekly next")
    expect(page.locator("[data-section=parts]")).to_contain_text(
        re.compile("Alertmanager http://127.0.0.1:9093.*refuses the connection")
    )
    expect(page.get_by_role("link", name="Open", exact=True)).to_have_attribute("href", "/api/v1/inbox?state=refused")
    page.locator("[data-section=thresholds]").get_by_role("link", name="Error rate").click()
    expect(page.get_by_role("dialog", name="Error rate").locator("canvas")).to_be_visible()
    expect(page.locator(".bar .date")).to_contain_text("on call: Sato Yui")


def test_health_shows_what_the_server_has_and_hides_a_test_that_it_has_not(visitor: Visitor) -> None:
    visitor.running.backend.routes = {"health"}
    page = visitor.open("health")
    page.locator("[data-channel=email]").get_by_role("button").click()
    expect(page.get_by_role("button", name="Send a test")).to_have_count(0)
    expect(page.locator("[data-section=oncall], [data-section=maintenance]")).to_have_count(0)


def test_browser_tells_of_new_grave_alerts_and_of_many_once(visitor: Visitor) -> None:
    page = visitor.open("health")
    page.evaluate("""() => { window.Notification = class {
        constructor(heading, more) {
            document.head.append(Object.assign(document.createElement('meta'), {name: heading, content: more.tag}));
        }
        static permission = 'granted';
        static requestPermission() { return Promise.resolve('granted'); }
    }; }""")
    told = page.locator("meta[content^=newswatch-]")
    page.get_by_role("group", name="Notify of new").get_by_role("button", name="On").click()
    expect(page.locator("[data-connection]")).to_have_attribute("data-connection", "live")
    fresh = visitor.running.backend.alerts["a3"] | {"annotations": {"summary": "Disk full"}}
    visitor.running.push("new_alert", fresh | {"id": "n0", "severity": "LOW"})
    visitor.running.push("new_alert", fresh | {"id": "n1"})
    expect(told).to_have_count(1)
    expect(told).to_have_attribute("name", "High: Disk full")
    for number in range(5):
        visitor.running.push("new_alert", fresh | {"id": f"m{number}"})
    expect(told).to_have_count(2)
    expect(told.last).to_have_attribute("name", "5 new alerts")


def test_acknowledgement_takes_a_comment_and_an_expiry(visitor: Visitor) -> None:
    page = visitor.open("alerts/a1")
    page.locator(".drawer-acts").get_by_role("button", name="Acknowledge").click()
    form = page.locator(".drawer-form")
    form.get_by_label("Comment").fill("rolling back")
    form.get_by_label("Holds for").select_option("3600")
    form.get_by_role("button", name="Save").click()
    expect(page.locator(".drawer .said")).to_have_text("Sato Yui: rolling back")
    body = {"comment": "rolling back", "expires_in_seconds": 3600}
    assert visitor.posted(page, 2)[1:] == [("alerts/a1/acknowledgement", body)]


def test_thirty_hostile_texts_run_nowhere(visitor: Visitor) -> None:
    backend = visitor.running.backend
    payloads = HOSTILE.read_text(encoding="utf-8").splitlines()
    assert len(payloads) == 30
    for number, text in enumerate(payloads):
        labels = {"service": text, "instance": text, "x" + text: text}
        more = {"runbook_url": text, "assignee": text, "comment": text, "suppressed_by": text, "first_steps": [text]}
        backend.alerts[f"x{number}"] = backend._alert(
            f"x{number}", text, "HIGH", 3, (text, text), labels=labels, **more
        )
        backend.history[f"x{number}"] = [{"timestamp": None, "who": text, "what": text, "detail": text, "result": text}]
    page = visitor.open("alerts?group=service")
    expect(page.locator("tr.group-head")).to_have_count(36)
    for number in range(30):
        page.evaluate(f"location.hash = '#/alerts/x{number}'")
        expect(page.locator(".drawer h2")).to_have_text(payloads[number])
        expect(page.locator(".drawer .story li")).to_have_count(2)
    page.evaluate("location.hash = '#/overview'")
    expect(page.locator("[data-section=open] .row")).to_have_count(8)
    assert page.locator("a[href^='javascript:'], a[href^='data:'], iframe, embed, object, main script").count() == 0


def test_logs_say_what_to_set_while_no_line_was_read(visitor: Visitor) -> None:
    visitor.running.backend.first_run = True
    page = visitor.open("logs")
    expect(page.locator(".empty")).to_contain_text("analyzer.sources")
