"""What of a message is a value when it is seen first, and what stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.shapes import shape
from runtime.masking import RULES

VALUES = r"""
Received block blk_-3544583377289625738 of size 67108864 from /10.0.2.15 ⇒ Received block <*> of size <*> from <*>
Accepted password for alice from 192.0.2.7 port 50022 ssh2 ⇒ Accepted password for <*> from <*> port <*> ssh2
Failed password for invalid user user from ::ffff:192.0.2.7 ⇒ Failed password for invalid user <*> from <*>
bob : TTY=pts/0 ; PWD=/home/bob ; USER=root ; COMMAND=/bin/ls ⇒ <*> : TTY=<*> ; PWD=<*> ; USER=<*> ; COMMAND=<*>
(root) CMD (run-parts /etc/cron.hourly) ⇒ (<*>) CMD (run-parts <*>)
Out of memory: Killed process 4711 (nginx) total-vm:12kB ⇒ Out of memory: Killed process <*> (<*>) total-vm:<*>
DHCPACK on 192.0.2.7 to 00:16:3e:5e:6c:0a via eth1 ⇒ DHCPACK on <*> to <*> via <*>
Started nginx.service. ⇒ Started <*>.
node R62-M1-Nf-C:J03-U11 is slow ⇒ node <*> is slow
"GET /a/b?c=1 HTTP/1.1" status: 200 len: 1893 ⇒ "GET <*>" status: <*> len: <*>
duration: 12.5 ms, wrote 3.2 MB in 1m20s at Fri Jun 17 07:07:00 2005 ⇒ duration: <*> ms, wrote <*> in <*> at <*>
a.example:5070 close, 12 bytes sent, lifetime <1 sec ⇒ <*> close, <*> bytes sent, lifetime <*>
Fan speeds ( 3552 3534 **** 3515 ) ⇒ Fan speeds ( <*> )
users with view permissions: Set(spark, root) ⇒ users with view permissions: Set(<*>)
BLOCK* ask 192.0.2.7:50010 to delete blk_1 blk_2 blk_3 ⇒ BLOCK* ask <*> to delete <*>
Task news.cleanup[2284b021-5f06-4c05-9c16-ae694fefc1fd] received ⇒ Task <*>[<*>] received
Processing by ArticlesController#index as HTML ⇒ Processing by <*> as HTML
relation "articles" does not exist ⇒ relation "<*>" does not exist
deadlock detected on table news.articles ⇒ deadlock detected on table <*>
mapred.job.id is deprecated. Instead, use mapreduce.job.id ⇒ <*> is deprecated. Instead, use <*>
+sdown master mymaster 192.0.2.7 6379 ⇒ +sdown master <*> <*> <*>
connect to redis:6379 failed ⇒ connect to <*> failed
Job cleanup failed after 3 retries ⇒ Job <*> failed after <*> retries
{"user":"alice","type":"login","n":5} ⇒ {"user":"<*>","type":"login","n":<*>}
"Probe failed" pod="news/web-1" reason="Unhealthy" ⇒ "Probe failed" pod="<*>" reason="Unhealthy"
err="cannot start \"web\" now" ⇒ err="cannot start \"<*>\" now"
ready=true,policy=3,wake=1,boot=false,mode=false ⇒ ready=<*>,policy=<*>,wake=<*>,boot=<*>,mode=<*>
setLightsOn(true) ⇒ setLightsOn(<*>)
HBM brightnessIn =38 ⇒ HBM brightnessIn =<*>
mail for [email] bounced ⇒ mail for <*> bounced
block blk_[card] is lost ⇒ block <*> is lost
ユーザー taro_y がログインしました ⇒ ユーザー <*> がログインしました
担当者 小林 が記事 12 を承認しました ⇒ 担当者 <*> が記事 <*> を承認しました
田中さんが「円安が進む」を公開しました ⇒ <*>さんが「<*>」を公開しました
宛先:taro 対象=35件 モデル=t5-small ⇒ 宛先:<*> 対象=<*>件 モデル=<*>
120件、前日比104.8%でした ⇒ <*>件、前日比<*>%でした
"""
WORDS = """
Link ok
state=up action=login reason=timeout
job queue is full
task submission failed
the cache miss ratio is high
jk2_init() found no child
uses TLS with sha256 and utf8
status 404
exit code 137
E101: cannot write
0 errors
healthy=true
error: [Errno 2] No such file
Input/output error
session closed by peer
java.io.IOException: Broken pipe
"unhealthy" is the state
「失敗」と表示
外部APIが 404 を返しました
経済と決済の未来
"""


@pytest.mark.parametrize("line", VALUES.strip().split("\n"))
def test_values_are_known_when_they_are_seen_first(line: str) -> None:
    message, expected = line.split(" ⇒ ")
    assert shape(message) == expected


@pytest.mark.parametrize("message", WORDS.strip().split("\n"))
def test_words_and_codes_stay(message: str) -> None:
    assert shape(message) == message


def test_what_masking_leaves_of_personal_data_is_a_value() -> None:
    assert {shape(f"seen x-[{rule.kind}] there") for rule in RULES} == {"seen <*> there"}


@given(st.text(max_size=200))
def test_any_text_has_a_shape_without_white_space_to_spare(text: str) -> None:
    found = shape(text)
    assert found == " ".join(found.split())
    assert not any("\ue000" <= character <= "\ue02f" for character in found)
