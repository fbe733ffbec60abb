"""Japanese application logs with labels: what is written, the message without its header, its template and its level.

Seeded: the same half gives the same lines on every machine. The two halves share no message type; rules are tuned on
`development` alone.

A template marks each value with `<*>` and keeps what stands around it: 「<*>」, <*>件, host=<*>.
"""

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from tests.data.labelled_lines import Fields, Half, LabelledLine, filled, occurrences, template

LINES_PER_HALF = 3_000


@dataclass(frozen=True, slots=True)
class MessageType:
    """One statement of a program that writes log lines; `text` has a {field} for each value."""

    style: str
    logger: str
    level: str
    text: str


def words(text: str) -> list[str]:
    return text.split("|")


FAMILY_NAMES = words(
    "佐藤|鈴木|高橋|田中|伊藤|渡辺|山本|中村|小林|加藤|吉田|山田|佐々木|山口|松本|井上|木村|林|斎藤|清水"
)
USERS = words("tanaka|suzuki_k|y.mori|desk01|editor|nora|takahashi|user1042|user77|sato-h|kei88|guest|m_ito|admin2")
PLACES = words("東京|大阪|名古屋|札幌|福岡|仙台|広島|京都|神戸|那覇")
SUBJECTS = words("政府|日銀|与党|新型ロケット|春闘|大手銀行|AI新興企業|台風19号|円相場|EV電池|米大統領|五輪|半導体")
PREDICATES = words("発表へ|方針固める|2年ぶり高値|の開発を中止|過去最高を更新|で障害続く|初の黒字|を再検討|本格始動")
TOPICS = words("政治|経済|国際|社会|スポーツ|科学|文化|地域|IT|医療")
PRODUCTS = words("北の珈琲|水筒500ml|和風だし(10袋)|USB-Cケーブル|防災セットA|今治タオル|折りたたみ傘|玄米5kg")
DEPARTMENTS = words("総務部|経理課|第一営業部|開発グループ|品質保証室|物流センター|広報室|人事部|情報システム課")
COLUMNS = words("price|stock|weight|color|size|maker|jan")
SERVICES = words("fetcher|summariser|ranker|notifier|api-gateway|mailer|indexer")


def title(chance: random.Random) -> str:
    """A headline: with digits, English words, spaces or inner quotes, as they come."""
    subject, predicate = chance.choice(SUBJECTS), chance.choice(PREDICATES)
    form = chance.randrange(5)
    if form == 0:
        return f"{subject}、{predicate}　{chance.choice(PLACES)}で{chance.randrange(2, 90)}人参加"
    if form == 1:
        return f"『{subject}』{predicate}"
    if form == 2:
        return f"{subject} {predicate}（{chance.choice(TOPICS)}）"
    return subject + predicate


def full_width(text: str) -> str:
    return text.translate(str.maketrans("0123456789.,", "０１２３４５６７８９．，"))


def moment(chance: random.Random) -> datetime:
    return datetime(2026, 11, 1, tzinfo=UTC) + timedelta(seconds=chance.randrange(23 * 86_400))


def several(values: list[str], separator: str) -> Callable[[random.Random], str]:
    return lambda chance: separator.join(chance.sample(values, chance.randint(1, 5)))


def small(chance: random.Random) -> str:
    return str(chance.choice((chance.randrange(10), chance.randrange(100))))


def large(chance: random.Random) -> str:
    return str(chance.randrange(10 ** chance.randint(1, 5)))


def sku(chance: random.Random) -> str:
    return f"{chance.choice('ABCDK')}{chance.choice('XYZ')}-{chance.randrange(10_000):04}"


FIELDS: Fields = {
    "n": small,
    "count": large,
    "comma": lambda chance: f"{chance.randrange(10 ** chance.randint(2, 7)):,}",
    "decimal": lambda chance: f"{chance.uniform(0, 90):.{chance.randint(1, 3)}f}",
    "zen": lambda chance: full_width(large(chance)),
    "zen_decimal": lambda chance: full_width(f"{chance.uniform(60, 140):.1f}"),
    "year": lambda chance: str(chance.randint(2024, 2026)),
    "month": lambda chance: str(chance.randint(1, 12)),
    "day": lambda chance: str(chance.randint(1, 28)),
    "date": lambda chance: f"{moment(chance):%Y-%m-%d}",
    "slash_date": lambda chance: f"{moment(chance):%Y/%m/%d}",
    "time": lambda chance: f"{moment(chance):%H:%M}",
    "id": lambda chance: str(chance.randrange(10_000, 9_999_999)),
    "uuid": lambda chance: str(UUID(int=chance.getrandbits(128), version=4)),
    "hex": lambda chance: f"{chance.getrandbits(48):012x}",
    "title": title,
    "query": lambda chance: " ".join(chance.sample([*SUBJECTS, *TOPICS, "python 入門", "2026"], chance.randint(1, 3))),
    "name": lambda chance: chance.choice(FAMILY_NAMES),
    "user": lambda chance: chance.choice(USERS),
    "department": lambda chance: chance.choice(DEPARTMENTS),
    "place": lambda chance: chance.choice(PLACES),
    "topics": several(TOPICS, ", "),
    "topics_ja": several(TOPICS, "、"),
    "columns": several(COLUMNS, ", "),
    "host": lambda chance: f"{chance.choice(('db', 'web', 'cache', 'batch'))}{chance.randint(1, 12):02}",
    "ip": lambda chance: f"10.{chance.randrange(4)}.{chance.randrange(256)}.{chance.randrange(1, 255)}",
    "endpoint": lambda chance: (
        f"10.0.{chance.randrange(4)}.{chance.randrange(1, 40)}:{chance.choice((8000, 8080, 9200))}"
    ),
    "port": lambda chance: str(chance.choice((3306, 5432, 6379, 5672, 9092))),
    "url": lambda chance: (
        f"https://{chance.choice(('news', 'feeds', 'www'))}{chance.randrange(30)}.example.jp/"
        f"{chance.choice(('rss', 'atom.xml', f'articles/{chance.randrange(9999)}', 'top?page=2&lang=ja'))}"
    ),
    "path": lambda chance: (
        f"/{chance.choice(('var/lib', 'srv', 'mnt/nas1'))}/{chance.choice(('news', 'img', 'export'))}/"
        f"{moment(chance):%Y%m%d}/{chance.randrange(9999)}.{chance.choice(('jpg', 'csv', 'json'))}"
    ),
    "windows_path": lambda chance: (
        rf"D:\帳票\{moment(chance):%Y%m}\{chance.choice(DEPARTMENTS)}_{chance.randrange(99)}.pdf"
    ),
    "mount": lambda chance: chance.choice(("/", "/var", "/home", "/srv/news", "/mnt/nas1", "/data02")),
    "file": lambda chance: f"{chance.choice(('orders', 'stock', 'members'))}_{moment(chance):%Y%m%d}.csv",
    "email": lambda chance: f"{chance.choice(USERS)}@{chance.choice(('example.jp', 'mail.example.co.jp'))}",
    "domain": lambda chance: f"{chance.choice(('api', 'www', 'img', 'feeds', 'cms'))}.example{chance.randrange(9)}.jp",
    "cache_key": lambda chance: (
        f"{chance.choice(('article', 'feed', 'rank'))}:{chance.randrange(99_999)}:v{chance.randrange(4)}"
    ),
    "index": lambda chance: f"articles-{moment(chance):%Y.%m.%d}",
    "model": lambda chance: chance.choice(("sum-ja-v2", "sum-ja-v3", "t5-small", "gpt-4o-mini")),
    "service": lambda chance: chance.choice(SERVICES),
    "version": lambda chance: f"v{chance.randrange(5)}.{chance.randrange(20)}.{chance.randrange(9)}",
    "reservation": lambda chance: f"R{moment(chance):%y%m%d}-{chance.randrange(9999):04}",
    "order": lambda chance: f"ORD-{chance.randrange(10**7):07}",
    "sku": sku,
    "product": lambda chance: chance.choice(PRODUCTS),
    "terminal": lambda chance: f"POS-{chance.randrange(40):03}",
    "printer": lambda chance: f"prn-{chance.randint(1, 9)}f-{chance.choice(('east', 'west'))}",
    "sensor": lambda chance: f"S{chance.randrange(300):04}",
    "masked_card": lambda chance: f"****{chance.randrange(10_000):04}",
}

DEVELOPMENT = [
    MessageType("rails", "cms", "INFO", "記事「{title}」を公開しました (id={id})"),
    MessageType("rails", "cms", "INFO", "記事「{title}」を非公開にしました (id={id})"),
    MessageType("rails", "cms", "WARN", "記事「{title}」の画像が見つかりません: {path}"),
    MessageType("rails", "cms", "INFO", "ユーザー {user} がログインしました ip={ip}"),
    MessageType("rails", "cms", "WARN", "ユーザー {user} がログインに失敗しました ip={ip}"),
    MessageType("rails", "cms", "INFO", "ユーザー {user} がログアウトしました"),
    MessageType("rails", "cms", "INFO", "コメントを{count}件承認しました"),
    MessageType("rails", "cms", "WARN", "コメントを{count}件却下しました"),
    MessageType(
        "rails", "cms", "ERROR", "テンプレート {path} の描画に失敗しました: undefined method `title' for nil:NilClass"
    ),
    MessageType("rails", "cms", "INFO", "{path} を {count}ms で処理しました（DB: {decimal}ms、ビュー: {decimal}ms）"),
    MessageType("rails", "cms", "INFO", "担当者 {name} が記事 {id} を承認しました"),
    MessageType("rails", "cms", "WARN", "担当者 {name} が記事 {id} を差し戻しました"),
    MessageType("python", "news.feeds", "INFO", "フィード取得を開始します: {url}"),
    MessageType("python", "news.feeds", "INFO", "フィード取得を終了しました: {url}（新着{count}件、{decimal}秒）"),
    MessageType("python", "news.feeds", "WARN", "フィード取得がタイムアウトしました: {url}（{n}秒経過、{n}回目）"),
    MessageType("python", "news.feeds", "ERROR", "フィードの解析に失敗しました: {url} 行={n} 列={count}"),
    MessageType("python", "news.store", "INFO", "記事を{count}件保存しました"),
    MessageType("python", "news.store", "DEBUG", "キャッシュヒット: キー={cache_key} 残り{n}秒"),
    MessageType("python", "news.store", "DEBUG", "キャッシュミス: キー={cache_key}"),
    MessageType("celery", "", "INFO", "要約を生成しました: 入力{count}文字 → 出力{count}文字 (モデル={model})"),
    MessageType("celery", "", "ERROR", "要約の生成に失敗しました: RuntimeError: 入力が空です (モデル={model})"),
    MessageType("python", "news.translate", "WARN", "翻訳APIの応答が遅延しています ({count}ミリ秒)"),
    MessageType("python", "news.dedup", "INFO", "重複記事を{count}件除外しました（対象{count}件中）"),
    MessageType("python", "news.classify", "INFO", "カテゴリー分類の結果: [{topics}] 確信度={decimal}"),
    MessageType("celery", "", "INFO", "ワーカー{n}号が接続しました"),
    MessageType("celery", "", "WARN", "ワーカー{n}号が切断しました"),
    MessageType("python", "news.db", "INFO", "データベース接続に成功しました: host={host} port={port}"),
    MessageType("python", "news.db", "ERROR", "データベース接続に失敗しました: host={host} port={port}"),
    MessageType(
        "python",
        "news.main",
        "CRITICAL",
        "致命的な例外が発生したため収集を停止します: BrokenPipeError: 接続先との通信が切断されました",
    ),
    MessageType("python", "news.api", "WARN", "APIの呼び出し回数が上限の{n}%に達しました"),
    MessageType("python", "news.api", "WARN", "外部APIが 404 を返しました: {url}"),
    MessageType("python", "news.api", "ERROR", "外部APIが 500 を返しました: {url}"),
    MessageType(
        "java", "jp.co.example.search.Indexer", "INFO", "インデックス {index} の再構築を開始します（シャード数={n}）"
    ),
    MessageType(
        "java",
        "jp.co.example.search.Indexer",
        "INFO",
        "インデックス {index} の再構築が完了しました（{count}文書、所要{n}分{n}秒）",
    ),
    MessageType(
        "java",
        "jp.co.example.search.Indexer",
        "ERROR",
        "インデックス {index} の再構築が異常終了しました（終了コード={n}）",
    ),
    MessageType("java", "jp.co.example.rank.Ranking", "INFO", "ランキング集計: 期間={date}〜{date} 対象={comma}件"),
    MessageType("java", "jp.co.example.search.Query", "INFO", "検索クエリ「{query}」で{count}件ヒット（{decimal}秒）"),
    MessageType("java", "jp.co.example.search.Query", "WARN", "検索クエリ「{query}」に一致する記事がありません"),
    MessageType("java", "jp.co.example.Pool", "INFO", "スレッドプールの状態: 実行中={n} 待機中={n} 最大={n}"),
    MessageType("java", "jp.co.example.Pool", "ERROR", "スレッドプールが満杯です: 待機中={count}"),
    MessageType(
        "java",
        "jp.co.example.Memory",
        "WARN",
        "GCの停止時間が長くなっています: {decimal}秒 (ヒープ {count}MB/{count}MB)",
    ),
    MessageType("java", "jp.co.example.Sync", "INFO", "同期モードを有効にしました"),
    MessageType("java", "jp.co.example.Sync", "WARN", "同期モードを無効にしました"),
    MessageType("java", "jp.co.example.Dao", "ERROR", "java.sql.SQLException: 一意制約に反しています 記事ID={id}"),
    MessageType("nginx", "", "WARN", "上流サーバー {endpoint} の応答が遅れています（{count}ms）"),
    MessageType("nginx", "", "ERROR", "上流サーバー {endpoint} に接続できません"),
    MessageType("nginx", "", "INFO", "上流サーバー {endpoint} が復帰しました"),
    MessageType(
        "nginx", "", "WARN", 'リクエスト本文が大きすぎます: {comma}バイト、クライアント: {ip}、ホスト: "{domain}"'
    ),
    MessageType("syslog", "backupd", "INFO", "定期バックアップを開始します 世代={n}"),
    MessageType("syslog", "backupd", "INFO", "定期バックアップが正常終了しました 世代={n} サイズ={decimal}GB"),
    MessageType("syslog", "backupd", "ERROR", "定期バックアップが異常終了しました 世代={n} サイズ={decimal}GB"),
    MessageType("syslog", "diskwatch", "WARN", "ディスク使用率が{n}%です: {mount}"),
    MessageType("syslog", "newsctl", "INFO", "サービス {service} を再起動しました (PID {count})"),
    MessageType("syslog", "pingd", "INFO", "死活監視: {host} 正常（応答{count}ミリ秒）"),
    MessageType("syslog", "pingd", "ERROR", "死活監視: {host} 異常（応答なし）"),
    MessageType("syslog", "certwatch", "INFO", "証明書の残り日数は{n}日です ({domain})"),
    MessageType("words", "配信", "INFO", "配信完了　宛先：{email}　件名：「{title}」"),
    MessageType("words", "配信", "ERROR", "配信失敗　宛先：{email}　理由：宛先不明"),
    MessageType("words", "集計", "INFO", "本日のアクセス数は{zen}件、前日比{zen_decimal}％でした"),
    MessageType("words", "配信", "WARN", "メール送信の再試行を行います（{zen}回目／最大{zen}回）"),
    MessageType(
        "words",
        "集計",
        "INFO",
        "{slash_date}分の集計が完了、処理{comma}件、スキップ{count}件、エラー{count}件、所要{n}分{n}秒、出力先 {path}",
    ),
    MessageType("json", "push", "INFO", "プッシュ通知を有効にしました: ユーザー={user}"),
    MessageType("json", "push", "INFO", "プッシュ通知を無効にしました: ユーザー={user}"),
    MessageType(
        "json", "deploy", "INFO", "バージョン {version} を{year}年{month}月{day}日に配備しました（リビジョン {hex}）"
    ),
]

HELD_OUT = [
    MessageType("rails", "booking", "INFO", "予約番号 {reservation} を受け付けました（{n}名、{date} {time}）"),
    MessageType("rails", "booking", "INFO", "予約番号 {reservation} を取り消しました（{n}名、{date} {time}）"),
    MessageType("rails", "booking", "WARN", "宿泊プラン『{title}』は{slash_date}に空室がありません"),
    MessageType(
        "rails",
        "booking",
        "ERROR",
        "ActiveRecord::RecordInvalid: バリデーションに失敗しました: メールアドレスはすでに存在します",
    ),
    MessageType("rails", "members", "INFO", "会員登録が完了: {email}"),
    MessageType("rails", "members", "INFO", "会員登録を受付: {email}"),
    MessageType("rails", "members", "WARN", "会員登録を拒否: {email}"),
    MessageType("rails", "members", "INFO", "お客様 {name} 様の住所変更を反映しました"),
    MessageType("rails", "members", "INFO", "クーポン『{product}』を{count}人に付与"),
    MessageType("rails", "members", "INFO", "クーポン『{product}』を{count}人から回収"),
    MessageType("java", "com.example.pay.Gateway", "INFO", "決済成功 注文={order} 金額={comma}円 カード={masked_card}"),
    MessageType(
        "java", "com.example.pay.Gateway", "ERROR", "決済失敗 注文={order} 金額={comma}円 カード={masked_card}"
    ),
    MessageType("java", "com.example.pay.Gateway", "WARN", "与信の照会に{count}ミリ秒かかっています（注文={order}）"),
    MessageType(
        "java", "com.example.pay.Refund", "INFO", "返金処理を受け付けました。注文番号は{order}、返金額は{comma}円です。"
    ),
    MessageType(
        "java",
        "com.example.pay.Refund",
        "ERROR",
        "返金処理を完了できませんでした。注文番号は{order}、返金額は{comma}円です。",
    ),
    MessageType("java", "com.example.hr.Attendance", "INFO", "【{department}】出勤打刻を{n}名分取り込みました"),
    MessageType("java", "com.example.hr.Attendance", "INFO", "【{department}】退勤打刻を{n}名分取り込みました"),
    MessageType("java", "com.example.report.Pdf", "INFO", "帳票出力 終了 → {windows_path} ({comma}バイト)"),
    MessageType("java", "com.example.report.Pdf", "INFO", "帳票出力 開始 → {windows_path}"),
    MessageType(
        "java", "com.example.report.Pdf", "ERROR", "フォント「MS 明朝」が無いため帳票を出力できません: {windows_path}"
    ),
    MessageType(
        "java", "com.example.report.Pdf", "ERROR", "java.lang.IllegalStateException: 帳票定義が読み込まれていません"
    ),
    MessageType("java", "com.example.lock.Lock", "DEBUG", "排他ロックを取得 リソース={sku} 待ち時間={count}ms"),
    MessageType("java", "com.example.lock.Lock", "DEBUG", "排他ロックを解放 リソース={sku} 保持時間={count}ms"),
    MessageType("python", "warehouse.stock", "INFO", "入庫 {sku}「{product}」 {count}個"),
    MessageType("python", "warehouse.stock", "INFO", "出庫 {sku}「{product}」 {count}個"),
    MessageType("python", "warehouse.stock", "WARN", "在庫僅少 {sku}「{product}」 残り{n}個"),
    MessageType("python", "warehouse.stock", "ERROR", "在庫数が負の値になりました: {sku}"),
    MessageType("python", "warehouse.csv", "INFO", "{file} を取り込みました: {comma}行中{comma}行が有効"),
    MessageType("python", "warehouse.csv", "WARN", "{file} の{count}行目を読み飛ばしました: 列数が一致しません"),
    MessageType("python", "warehouse.csv", "INFO", "更新対象の列: {columns}"),
    MessageType("celery", "", "INFO", "夜間バッチ「{query}」を実行中です ({n}/{n})"),
    MessageType("celery", "", "ERROR", "夜間バッチ「{query}」が中断されました: KeyError: '単価'"),
    MessageType("python", "iot.sensor", "INFO", "センサー {sensor} 温度 {decimal}℃ 湿度 {decimal}％"),
    MessageType("python", "iot.sensor", "WARN", "センサー {sensor} 温度 {decimal}℃ 上限超過"),
    MessageType("python", "iot.sensor", "ERROR", "センサー {sensor} からの通信が途絶えました（最終受信 {time}）"),
    MessageType("python", "iot.sensor", "INFO", "センサー {sensor} からの通信が再開しました（最終受信 {time}）"),
    MessageType("nginx", "", "WARN", "{ip} からの接続数が上限（{count}本）に近づいています"),
    MessageType("nginx", "", "ERROR", "{ip} からの接続を遮断しました: 1秒間に{count}リクエスト"),
    MessageType("nginx", "", "INFO", "キャッシュゾーンを消去しました（{decimal}MB解放）"),
    MessageType("nginx", "", "ERROR", "配信元 https://{domain} の証明書を検証できません"),
    MessageType("syslog", "printd", "INFO", "印刷ジョブ#{count}を{printer}に送りました（{n}ページ）"),
    MessageType("syslog", "printd", "ERROR", "印刷ジョブ#{count}は{printer}の紙詰まりのため停止中"),
    MessageType("syslog", "printd", "WARN", "{printer} のトナー残量 {n}％"),
    MessageType("syslog", "vpnd", "INFO", "VPN接続 確立 利用者={user} 割当={ip}"),
    MessageType("syslog", "vpnd", "INFO", "VPN接続 解除 利用者={user} 割当={ip}"),
    MessageType("syslog", "vpnd", "WARN", "VPN接続 拒否 利用者={user} 割当={ip}"),
    MessageType("syslog", "storaged", "INFO", "ボリューム{n}の整合性検査：良好"),
    MessageType("syslog", "storaged", "CRITICAL", "ボリューム{n}の整合性検査：不良"),
    MessageType("syslog", "storaged", "INFO", "スナップショット snap-{hex} を作成（{decimal}GB）"),
    MessageType("syslog", "storaged", "INFO", "スナップショット snap-{hex} を削除（{decimal}GB）"),
    MessageType("words", "店舗", "INFO", "レジ {terminal} が開局しました　担当：{name}"),
    MessageType("words", "店舗", "INFO", "レジ {terminal} が閉局しました　担当：{name}"),
    MessageType("words", "店舗", "ERROR", "レジ {terminal} の釣銭が合いません　差額：{zen}円"),
    MessageType("words", "店舗", "WARN", "{place}店の売上データが{zen}分間届いていません"),
    MessageType("words", "店舗", "INFO", "関連カテゴリー：{topics_ja}（自動判定）"),
    MessageType(
        "words",
        "店舗",
        "INFO",
        "日次締め処理が終わりました。対象日＝{year}年{month}月{day}日、売上＝{comma}円、客数＝{count}人、返品＝{n}件、現金過不足＝{n}円、締め担当＝{user}",
    ),
    MessageType("json", "mailer", "INFO", "Newsletter の配信を開始: 宛先 {comma} 件, batch_id={uuid}"),
    MessageType("json", "mailer", "INFO", "Newsletter の配信を終了: 宛先 {comma} 件, batch_id={uuid}"),
    MessageType("json", "mailer", "WARN", "bounce を検知: {email} (SMTP 550)"),
    MessageType("json", "auth", "INFO", "トークンを発行 client={user} 有効期限={n}時間"),
    MessageType("json", "auth", "WARN", "トークンを失効 client={user} 有効期限={n}時間"),
    MessageType("json", "flags", "INFO", "機能フラグ new-checkout を ON に切り替え（対象{n}％）"),
    MessageType("json", "flags", "WARN", "機能フラグ new-checkout を OFF に切り替え（対象{n}％）"),
]

LEVEL_WORDS = {"DEBUG": "デバッグ", "INFO": "情報", "WARN": "警告", "ERROR": "エラー", "CRITICAL": "致命的"}
RAILS_LEVELS = {"CRITICAL": "FATAL"}
PYTHON_LEVELS = {"WARN": "WARNING"}
NGINX_LEVELS = {"INFO": "notice", "CRITICAL": "crit"}


def with_header(kind: MessageType, message: str, at: datetime, chance: random.Random) -> str:
    """The line as the program's logging writes it. Syslog lines carry no level."""
    level, milliseconds = kind.level, at.microsecond // 1000
    match kind.style:
        case "rails":
            word = RAILS_LEVELS.get(level, level)
            process = chance.randint(800, 812)
            return f"{word[0]}, [{at:%Y-%m-%dT%H:%M:%S.%f} #{process}] {word:>5} -- {kind.logger}: {message}"
        case "python":
            word = PYTHON_LEVELS.get(level, level)
            return f"{at:%Y-%m-%d %H:%M:%S},{milliseconds:03} {word} {kind.logger}: {message}"
        case "celery":
            word = PYTHON_LEVELS.get(level, level)
            worker = chance.randint(1, 8)
            return f"[{at:%Y-%m-%d %H:%M:%S},{milliseconds:03}: {word}/ForkPoolWorker-{worker}] {message}"
        case "java":
            thread = chance.randint(1, 16)
            return f"{at:%Y-%m-%d %H:%M:%S}.{milliseconds:03} [worker-{thread}] {level:<5} {kind.logger} - {message}"
        case "nginx":
            word = NGINX_LEVELS.get(level, level.lower())
            return f"{at:%Y/%m/%d %H:%M:%S} [{word}] 31#31: *{chance.randrange(90_000)} {message}"
        case "syslog":
            return f"{at:%b %e %H:%M:%S} app1 {kind.logger}[{chance.randint(2_000, 2_004)}]: {message}"
        case "words":
            return f"{at:%Y年%m月%d日 %H時%M分%S秒} [{LEVEL_WORDS[level]}] {kind.logger}: {message}"
        case "json":
            fields = {"timestamp": at.isoformat(), "level": level.lower(), "logger": kind.logger, "message": message}
            return json.dumps(fields, ensure_ascii=False)
    raise ValueError(kind.style)


def lines(half: Half, count: int = LINES_PER_HALF, seed: int = 20261124) -> Iterator[LabelledLine]:
    """The labelled lines of one half, in the order of their time."""
    kinds = DEVELOPMENT if half == "development" else HELD_OUT
    chance = random.Random(f"{half} {seed}")
    at = datetime(2026, 11, 24, 0, 0, tzinfo=UTC)
    often = [1 / (rank + 3) for rank in range(len(kinds))]
    chance.shuffle(often)
    for kind in occurrences(kinds, often, count, chance):
        at += timedelta(milliseconds=chance.randrange(1, 9_000))
        message = filled(kind.text, FIELDS, chance)
        yield LabelledLine(with_header(kind, message, at, chance), message, template(kind.text), kind.level)
