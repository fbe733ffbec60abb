"""Words that tell states apart: no values, however many different ones are seen in one place."""

import re

STATE_WORDS = frozenset(
    """
    abort aborted accept accepted active alive allow allowed bad block blocked broken cancel canceled cancelled close
    closed complete completed connect connected corrupt crashed critical dead degraded denied deny disable disabled
    disconnect disconnected down empty enable enabled end ended error errors exceeded exception exhausted exit exited
    expired fail failed failing failure fatal finish finished forbidden found free full good healthy high idle inactive
    invalid killed leader follower locked lost low missing new no none normal not off offline ok okay old on online open
    opened overloaded pass passed pause paused pending permitted primary queued ready recovered refused reject rejected
    replica reset restart restarted resume resumed retry running secondary skipped slow standby start started starting
    stop stopped stopping succeed succeeded success successful successfully suspended terminated timeout unavailable
    unhealthy unknown unlocked unreachable up valid warn warning yes
    """.split()  # noqa: SIM905 - a list of words reads better so
)
STATE_SIGNS = re.compile(
    "成功|失敗|開始|終了|完了|停止|再開|中断|中止|正常|異常|接続|切断|拒否|許可|有効|無効|起動|不可|可能|不足|超過|不明|不正|未(?![来満明])|(?<![経救返決])済|"
    "障害|復旧|回復|遅延|欠損|破損|検知|検出|エラー|警告|タイムアウト|オンライン|オフライン|リトライ|スキップ|キャンセル|クラッシュ"
)
"""The same in Japanese, where words run into each other."""


def is_state(word: str) -> bool:
    """Return whether a word, or a part of a Japanese one, tells a state."""
    return word.lower() in STATE_WORDS if word.isascii() else STATE_SIGNS.search(word) is not None
