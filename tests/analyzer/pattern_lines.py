"""Lines of real software, by the predefined pattern that they are, and lines that only look like one."""

KNOWN = {
    "http_server_error": r"""
192.168.1.5 - - [10/Oct/2025:13:55:36 +0000] "GET /index.php HTTP/1.1" 500 2326 "-" "curl/8"
10.0.0.9 - admin [10/Oct/2025:13:55:36 +0900] "POST /api/v1/items HTTP/2.0" 503 0
[GIN] 2025/10/10 - 13:55:36 | 500 |   12.311ms |      10.1.2.3 | GET      "/api/items"
Completed 500 Internal Server Error in 124ms (ActiveRecord: 12.1ms)
POST /api/orders 502 31.442 ms - 120
GET /api/orders/12 500 12ms
django.request ERROR Internal Server Error: /articles/12/
INFO: 10.0.0.3:51234 - "POST /feeds HTTP/1.1" 503 Service Unavailable
requests.exceptions.HTTPError: 500 Server Error: Internal Server Error for url: https://api.example.com/v1
urllib.error.HTTPError: HTTP Error 503: Service Unavailable
aiohttp.client_exceptions.ClientResponseError: 502, message='Bad Gateway', url=URL('https://api.example.com/v1')
httpx.HTTPStatusError: Server error '503 Service Unavailable' for url 'https://api.example.com'
org.springframework.web.client.HttpServerErrorException$BadGateway: 502 Bad Gateway
upstream server returned status 502
{"level":"error","status":500,"path":"/api/items","msg":"request failed"}
level=error msg="request completed" method=GET path=/v1/items status=503 duration=12ms
Request failed with status code 500
AxiosError: Request failed with status code 502
TCP_MISS/503 4012 GET http://example.com/ - HIER_DIRECT/93.184.216.34 text/html
Unexpected response code: 503 from https://hooks.example.com
HTTP/1.1 504 Gateway Time-out
server responded with 500
http status 500 received from translation service
no live upstreams while connecting to upstream, client: 10.0.0.2, server: _, request: "GET / HTTP/1.1"
upstream prematurely closed connection while reading response header from upstream
Feed fetch failed: HTTP 500
サーバー内部エラーが発生しました (HTTP 500)
外部APIが503を返しました
HTTPステータス 502 が返されました
レスポンスコード: 500 URL: https://api.example.jp
ステータスコード 504 を受信
バックエンドから 502 Bad Gateway が返却されました
内部サーバーエラー: /articles/12
サーバーが一時的に利用できません（503）
generated 0 bytes in 12 msecs (HTTP/1.1 500) 4 headers
Request finished HTTP/1.1 GET http://localhost:5000/api - 500 - application/json 12.4ms
mod_wsgi (pid=12): Exception occurred processing WSGI script; client got status: 500
AH01102: error reading status line from remote server app:8080, returned 502
10.1.1.1 - - [01/Jan/2026:00:00:01 +0900] "PUT /v2/x HTTP/1.1" 507 0 "-" "-"
WARN o.s.w.s.m.s.DefaultHandlerExceptionResolver : Resolved [HttpMessageNotWritableException] status=500
Response code 500 (Internal Server Error)
error: unexpected status from POST request to https://ghcr.io/v2/: 503 Service Unavailable
{"time":"2026-01-01T00:00:00Z","remote_ip":"10.0.0.1","method":"GET","uri":"/feeds","status":502,"latency":1200}
ERROR: got 500 from upstream feed-parser
"GET http://api/ HTTP/1.1" from 10.0.0.1:51234 - 500 21B in 42.1ms
level=info ts=2026 caller=main.go method=GET path=/v1 code=503 duration=1s
response: HTTP/2 502
翻訳サーバーが500系エラーを返却
配信APIがHTTP 500を返却したため再送します
APIサーバーから異常な応答を受け取りました (status: 502)
サーバー側でエラーが発生しました（HTTPステータスコード: 500）
ゲートウェイタイムアウト(504)が発生しました
リモート サーバーがエラーを返しました: (500) 内部サーバー エラーです。
リモート サーバーがエラーを返しました: (503) サーバーを使用できません
サーバー エラー 500: 配信APIの応答が不正です
[error] upstream: 10.0.0.2:8000 answered with 502
call to http://summarizer/v1 failed with status code 500
E1124 10:00:00.000000 1 x.go:12] unexpected response code 500 from webhook
Non-2xx response: 503 Service Unavailable
Remote end returned HTTP code 500
Elasticsearch returned 503 for /_bulk
org.apache.http.client.HttpResponseException: status code: 502, reason phrase: Bad Gateway
Faraday::ServerError: the server responded with status 500
Unhandled error in request handler: HTTP 500 returned to client
2026-11-24T10:00:00Z ERR error="Unable to reach the origin service. The service may be down" 502
[proxy:error] [pid 12] AH01114: HTTP: failed to make connection to backend: app, 503 returned
{"@timestamp":"2026-01-01","http.response.status_code":500,"url.path":"/x"}
fetch https://api.example.com/v1/items failed: 500 Internal Server Error
Service returned HTTP/1.1 503 Backend fetch failed
WARN retrying, server returned 502
HTTPステータスコード503のため記事を取得できません
API応答エラー: status=500
10.9.8.7 - bob [24/Nov/2026:10:00:00 +0000] "DELETE /api/v3/item/9 HTTP/2" 500 77 "https://a" "okhttp/4"
ts=2026 level=error method=POST uri=/ingest code=504 msg="gateway timeout"
[error] 12#12: *9 upstream sent no valid HTTP/1.0 header while reading response header from upstream
RuntimeError: summarizer API returned status 503
werkzeug: "POST /login HTTP/1.1" 500 -
HTTPException: 500 Server Error
記事配信APIが502を返しています
HTTP500エラーが発生しました url=/api
サービスが利用できません (503 Service Unavailable)
pusher: delivery to https://hooks.example.com answered HTTP 500
Bad response from upstream: 502 Bad Gateway
status_code=503 url=https://a.example/feed elapsed=1.2
aiohttp.web: Error handling request: 500 Internal Server Error
画像サーバーが503エラーを返しました
HTTP 504: ゲートウェイの応答がありません
[GIN] 2026/02/01 - 08:00:01 | 502 |  102.311ms | 172.16.0.4 | GET      "/feeds/12"
2026-02-01 08:00:01 W3SVC1 10.0.0.4 POST /api/feeds id=3 443 - 203.0.113.80 curl/8.0 - 503 0 64 15
ERROR 2026-02-01 08:00:01,871 log 411 140021 Service Unavailable: /feeds/
haproxy[911]: backend web has no server available!
org.springframework.web.server.ResponseStatusException: 503 SERVICE_UNAVAILABLE "maintenance"
上流が500番台を返したため切り離しました host=web02
5xxエラーの割合が10%を超えました
traefik: 10.0.0.1 - - [01/Feb/2026:08:00:01 +0000] "GET /x HTTP/2.0" 504 15 "-" "-" 12 "web@docker" 30001ms
{"@timestamp":"2026-02-01T08:00:01Z","http.response.status_code":500,"url.path":"/a"}
System.Net.Http.HttpRequestException: Response status code does not indicate success: 503 (Service Unavailable).
feign.FeignException$InternalServerError: [500] during [GET] to [http://users/1]
ActionView::Template::Error (undefined method 'x'): 500 Internal Server Error
Error: Request failed with status code 502 at createError (/app/node_modules/axios)
503 Backend fetch failed
バックエンドが 5xx を返し続けています
配信サーバーから 500 エラーが返ってきました
記事APIがエラー応答(503)を返したため、次回に再取得します
""",
    "http_client_error": r"""
192.168.1.5 - - [10/Oct/2025:13:55:36 +0000] "GET /missing HTTP/1.1" 404 153 "-" "curl/8"
10.0.0.9 - - [10/Oct/2025:13:55:36 +0900] "POST /login HTTP/1.1" 400 0
10.0.0.9 - - [10/Oct/2025:13:55:36 +0900] "GET /admin HTTP/1.1" 403 0
[GIN] 2025/10/10 - 13:55:36 | 404 |   2.311µs |      10.1.2.3 | GET      "/nope"
Not Found: /favicon.ico
Completed 404 Not Found in 3ms
GET /nope 404 1.442 ms - 120
requests.exceptions.HTTPError: 404 Client Error: Not Found for url: https://example.com/feed
urllib.error.HTTPError: HTTP Error 404: Not Found
httpx.HTTPStatusError: Client error '404 Not Found' for url 'https://example.com'
aiohttp.client_exceptions.ClientResponseError: 404, message='Not Found', url=URL('https://example.com/')
org.springframework.web.client.HttpClientErrorException$NotFound: 404 Not Found
feed returned HTTP 410 Gone, disabling
Bad Request: /api/v1/items
request failed with status 422
Request failed with status code 404
{"level":"warn","status":404,"path":"/x"}
level=warn msg="request completed" status=400
curl: (22) The requested URL returned error: 404
client sent invalid header line: "x" while reading client request headers
wget: server returned error: HTTP/1.1 404 Not Found
ActionController::RoutingError (No route matches [GET] "/foo")
unexpected status code 415 from webhook
server responded with a status of 404 (Not Found)
405 Method Not Allowed
HTTP 413 Request Entity Too Large
HTTPステータス 404 が返されました
ページが見つかりません (404): /articles/1
リクエストが不正です（400 Bad Request）
外部APIがステータス 422 を返しました
記事の取得に失敗しました: HTTP 404
ステータスコード=410 フィードは廃止されました
Scrapy: Ignoring response <404 https://example.com/x>: HTTP status code is not handled or not allowed
TCP_MISS/404 1012 GET http://example.com/x - HIER_DIRECT/93.184.216.34 text/html
remote: Repository not found. fatal: repository returned error: 404
GET /wp-admin/setup.php 404 0.4 ms
{"method":"GET","uri":"/x","status":403}
10.0.0.2 - - [01/Jan/2026:00:00:00 +0000] "GET /private HTTP/1.1" 401 12
Fetching https://example.com/feed.xml: 404 Not Found
unexpected HTTP status: 410 Gone
Response status code does not indicate success: 404 (Not Found).
feed moved or deleted (HTTP 404), 5th attempt
Werkzeug 400 Bad Request: The browser (or proxy) sent a request that this server could not understand.
HTTP 409 Conflict while updating article 12
画像URLが404を返しました
要求されたURLが見つかりません（404）
APIリクエストが400エラーで拒否されました
存在しないページへのアクセス: /old (404)
リモート サーバーがエラーを返しました: (404) 見つかりません。
Faraday::ResourceNotFound: the server responded with status 404
feed http://example.com/rss returned HTTP status code 403
HTTP response code said error: 404
GET https://example.com/missing => 404
org.apache.http.client.HttpResponseException: status code: 404, reason phrase: Not Found
Error: Request failed with status code 422
The requested URL returned error: 410 Gone
"HEAD /robots.txt HTTP/1.1" 404 -
WARN request rejected with 400 Bad Request: missing field title
webhook answered 404, removing subscription
HTTP 404 for https://example.com/rss
POST https://api.example.com/items returned 422 Unprocessable Entity
フィードURLが404 Not Foundを返しました
HTTP 400: パラメータが不足しています
10.9.8.7 - - [24/Nov/2026:10:00:00 +0000] "GET /old HTTP/2" 410 77
Fetch failed with HTTP status 404: https://a.example/rss
rest_framework: Bad Request: /api/items/
WARNING:django.request:Method Not Allowed (GET): /api/x
HTTPException: 404 Not Found
feedparser: status 404 for https://a
取得失敗（HTTP 403 Forbidden）: https://a.example/feed
APIリクエストでHTTP 400が返りました
scrapy: Ignoring non-200 response: 404
bot: GET /api/news -> 404
The feed responded with HTTP 410 (Gone)
記事の更新APIが409 Conflictを返却
HTTPエラー404: 画像が存在しません
Resolved [org.springframework.web.HttpMediaTypeNotSupportedException: Content-Type 'text/plain' is not supported]
Resolved [org.springframework.web.bind.MissingServletRequestParameterException: parameter 'id' is not present]
WARNING 2026-02-01 08:00:44,871 basehttp 411 140021 Method Not Allowed (GET): /api/items
[core:error] [client 203.0.113.14:5512] AH00135: Invalid method in request \x16\x03\x01
2026-02-01 08:00:01 10.0.0.4 GET /old/a.aspx - 443 - 203.0.113.80 Mozilla/5.0 - 404 0 2 12
クライアントエラー（413）: リクエスト本文が大きすぎます
存在しないパスへのアクセス /wp-login.php (404)
werkzeug: 10.0.0.4 - - [01/Feb/2026 08:00:01] "GET /nope HTTP/1.1" 404 -
"PUT /api/feed/3 HTTP/1.1" 409 Conflict
RequestError: Response code 410 (Gone)
Started GET "/x" ... Completed 422 Unprocessable Entity in 4ms
werkzeug.exceptions.NotFound: 404 Not Found: The requested URL was not found on the server.
記事が見つかりません（404） url=https://example.jp/a/1
リクエストが不正です: パラメータ id がありません (400)
feed https://old.example.net/rss returned 410 Gone, disabling
""",
    "database_error": r"""
psycopg2.OperationalError: connection to server at "db" (10.0.0.3), port 5432 failed: Connection refused
FATAL:  sorry, too many clients already
FATAL: remaining connection slots are reserved for non-replication superuser connections
ERROR:  duplicate key value violates unique constraint "articles_url_key"
ERROR:  relation "articles" does not exist at character 15
ERROR:  deadlock detected
ERROR:  canceling statement due to lock timeout
ERROR:  could not serialize access due to concurrent update
PANIC:  could not locate a valid checkpoint record
FATAL:  terminating connection due to administrator command
pymysql.err.OperationalError: (2006, "MySQL server has gone away")
(1213, 'Deadlock found when trying to get lock; try restarting transaction')
ERROR 1205 (HY000): Lock wait timeout exceeded; try restarting transaction
ERROR 1040 (HY000): Too many connections
ERROR 1062 (23000): Duplicate entry '12' for key 'PRIMARY'
Lost connection to MySQL server during query
[ERROR] [MY-012592] [InnoDB] Operating system error number 5 in a file operation.
InnoDB: Database page corruption on disk or a failed file read of page
Slave SQL thread: error executing query
sqlite3.OperationalError: database is locked
sqlite3.DatabaseError: database disk image is malformed
sqlite3.IntegrityError: UNIQUE constraint failed: articles.url
ORA-00060: deadlock detected while waiting for resource
SQLSTATE[HY000] [2002] Connection refused
SQLSTATE[42S02]: Base table or view not found: 1146 Table 'x.y' doesn't exist
com.mysql.cj.jdbc.exceptions.CommunicationsException: Communications link failure
org.postgresql.util.PSQLException: ERROR: syntax error at or near "FROM"
django.db.utils.ProgrammingError: relation "x" does not exist
sqlalchemy.exc.TimeoutError: QueuePool limit of size 5 overflow 10 reached, connection timed out, timeout 30.00
ActiveRecord::ConnectionTimeoutError: could not obtain a connection from the pool within 5.000 seconds
ActiveRecord::StatementInvalid: PG::UndefinedColumn: ERROR: column "x" does not exist
PG::UniqueViolation: ERROR: duplicate key value violates unique constraint
pymongo.errors.ServerSelectionTimeoutError: mongo:27017: [Errno 111] Connection refused
MongoServerError: E11000 duplicate key error collection: news.articles
redis.exceptions.ConnectionError: Error while reading from redis:6379 : (104, 'Connection reset by peer')
MISCONF Redis is configured to save RDB snapshots, but it is currently not able to persist on disk
redis.exceptions.ReadOnlyError: You can't write against a read only replica.
pq: deadlock detected
failed to connect to `host=db user=news database=news`: dial error
System.Data.SqlClient.SqlException: Transaction (Process ID 52) was deadlocked on lock resources
Microsoft.Data.SqlClient.SqlException (0x80131904): Invalid object name 'Articles'.
java.sql.SQLException: No suitable driver found
org.hibernate.exception.ConstraintViolationException: could not execute statement
sequelize: SequelizeConnectionError: connect failed
PrismaClientKnownRequestError: Unique constraint failed
com.datastax.driver.core.exceptions.NoHostAvailableException: All host(s) tried for query failed
database connection failed
could not connect to database
データベース接続に失敗しました
データベースへの接続が切断されました
DBエラーが発生しました: articles
SQLの実行に失敗しました
デッドロックが検出されました
トランザクションがロールバックされました: 一意制約違反
クエリの実行中にエラーが発生しました
テーブル articles が存在しません
レプリケーションが停止しました
コネクションプールから接続を取得できません
データベースがロックされています
重複キーエラー: articles.url
ERROR:  invalid input syntax for type integer: "abc"
FATAL:  the database system is starting up
FATAL:  the database system is in recovery mode
ERROR:  null value in column "title" violates not-null constraint
SQL Error [1064] [42000]: You have an error in your SQL syntax
Error 1213: Deadlock found when trying to get lock
java.sql.SQLSyntaxErrorException: Table 'news.x' doesn't exist
mysqld: Table './news/articles' is marked as crashed and should be repaired
InnoDB: Error: log file ./ib_logfile0 is of different size
could not open relation mapping file "global/pg_filenode.map"
Cannot execute query: connection to Postgres lost
Failed to save article 12 to the database
redis.exceptions.ResponseError: MISCONF Errors writing to the AOF file
mongod: replica set member is unreachable
write to DB failed after 3 retries
Query failed: column articles.body does not exist
データベースサーバーに接続できません
INSERT文の実行に失敗しました
DBコネクションを確保できませんでした
トランザクションの開始に失敗しました
マスターDBとの同期が切れました
外部キー制約違反
現在クライアント数が多すぎます
リレーション"articles"は存在しません
重複したキー値は一意性制約"articles_pkey"違反となります
ロック獲得待ちがタイムアウトしました。トランザクションを再試行してください。
デッドロックを検出しました
接続が多すぎます (MySQL)
Table 'news.articles' doesn't exist
ERROR:  column "titel" does not exist
ERROR:  value too long for type character varying(255)
Data too long for column 'title' at row 1
Unknown database 'news'
FATAL:  database "news" does not exist
Cannot add or update a child row: a foreign key constraint fails
org.springframework.dao.DataIntegrityViolationException: could not execute batch
com.zaxxer.hikari.pool.HikariPool - Exception during pool initialization.
Caused by: org.postgresql.util.PSQLException: The connection attempt failed.
Got an error reading communication packets
FATAL: could not connect to the primary server
standby: streaming replication terminated
SQLite error: attempt to write a readonly database
django.db.utils.InterfaceError: connection already closed
psycopg.errors.SerializationFailure: could not serialize access
Doctrine\DBAL\Exception\ConnectionLost
PDOException: SQLSTATE[08006] [7] timeout expired
GORM: record insert failed: UNIQUE constraint failed
ERROR 1146 (42S02): Table 'news.foo' doesn't exist
ERROR:  insert or update on table "a" violates foreign key constraint "fk"
FATAL:  role "news" does not exist
MongoNetworkError: failed to connect to server [mongo:27017] on first connect
com.mongodb.MongoSocketReadException: Prematurely reached end of stream
ERROR: could not connect to server: No such file or directory Is the server running locally
redis.exceptions.BusyLoadingError: Redis is loading the dataset in memory
Sequelize: SequelizeUniqueConstraintError: Validation error
ORA-12514: TNS:listener does not currently know of service requested
データベースサーバーとの通信が途絶しました
SQL文の構文に誤りがあります
DBへの接続数が上限に達しました
peewee.OperationalError: unable to open database file
ERROR:  syntax error at end of input
ERROR:  division by zero in query; transaction rolled back
asyncpg.exceptions.TooManyConnectionsError: remaining connection slots are reserved
asyncpg.exceptions.UndefinedTableError: relation "x" does not exist
mysql.connector.errors.DatabaseError: 2003 (HY000): Can't connect to MySQL server on 'db:3306' (111)
django.db.utils.IntegrityError: NOT NULL constraint failed: news.title
Cassandra timeout during read query at consistency ONE
SQL Server: Transaction was deadlocked on lock resources with another process
DBに接続できません: timeout
SQL実行エラー: INSERT INTO articles
データベースのコネクションが枯渇しました
Database connection lost, reconnecting
ERROR:  current transaction is aborted, commands ignored until end of transaction block
ERROR:  could not obtain lock on row in relation "articles"
mysql: ERROR 2013 (HY000): Lost connection to MySQL server during query
sqlite3.OperationalError: no such table: articles
InnoDB: Unable to lock ./ibdata1 error: 11
MongoDB replica set has no primary
DBコネクションエラー: プールが枯渇しています
SQLエラー: 列が存在しません
Replica I/O for channel '': error connecting to master 'repl@db1:3306' - retry-time: 60
[Repl] Could not execute Write_rows event on table news.tag; Duplicate entry
NOT NULL制約に違反しました 列=title
一意制約に違反するため登録できません
null value in column "title" of relation "article" violates not-null constraint
ERROR: could not extend file "base/16384/2619"
java.sql.SQLTransientConnectionException: HikariPool-1 - Connection is not available, request timed out after 30000ms.
MongoServerError: E11000 duplicate key error collection: news.article
[Warning] Aborted connection 12 to db: 'news' user: 'app' (Got an error reading communication packets)
レプリカの遅延によりDBから読み取れませんでした
SQLの実行中に例外が発生しました
トランザクションがロールバックされました
接続プールから接続を取得できませんでした
""",
    "ssl_error": r"""
requests.exceptions.SSLError: HTTPSConnectionPool(host='a', port=443): Max retries exceeded
SSL_do_handshake() failed (SSL: error:14094416:SSL routines:ssl3_read_bytes:sslv3 alert certificate unknown)
x509: certificate has expired or is not yet valid
tls: handshake failure
http: TLS handshake error from 10.0.0.2:51234: remote error: tls: bad certificate
http: TLS handshake error from 10.0.0.2:51234: EOF
javax.net.ssl.SSLHandshakeException: Received fatal alert: handshake_failure
sun.security.validator.ValidatorException: PKIX path building failed
javax.net.ssl.SSLPeerUnverifiedException: Hostname x not verified
java.security.cert.CertificateExpiredException: NotAfter: Mon Jan 01
curl: (60) SSL certificate problem: certificate has expired
curl: (35) error:0A000410:SSL routines::sslv3 alert handshake failure
aiohttp.client_exceptions.ClientConnectorCertificateError: Cannot connect to host a:443 ssl:True
Error: self signed certificate in certificate chain
Error: unable to verify the first certificate
UNABLE_TO_VERIFY_LEAF_SIGNATURE
CERT_HAS_EXPIRED
ERR_TLS_CERT_ALTNAME_INVALID
DEPTH_ZERO_SELF_SIGNED_CERT
OpenSSL::SSL::SSLError: SSL_connect returned=1 errno=0 state=error: certificate verify failed
certificate for feeds.example.com expired on 2025-01-01
The SSL connection could not be established, see inner exception.
wrong version number (_ssl.c:1129)
ssl.SSLEOFError: EOF occurred in violation of protocol
no cipher suites in common / no shared cipher
unsupported protocol version in TLS ClientHello
stapling: OCSP response verify failed
cannot load certificate "/etc/nginx/cert.pem": BIO_new_file() failed
certificate verify failed (hostname mismatch)
SSL証明書の有効期限が切れています
証明書の検証に失敗しました
TLSハンドシェイクに失敗しました
証明書が失効しています
SSL接続エラー: api.example.jp
自己署名証明書のため接続を中止しました
証明書のホスト名が一致しません
信頼できない証明書です
証明書を検証できませんでした
サーバー証明書が無効です
SSL handshake failed with peer 10.0.0.5
Peer's Certificate issuer is not recognized
certificate verify failed (self-signed certificate)
org.apache.http.conn.ssl: Certificate for <api.example.com> doesn't match any of the subject alternative names
gnutls_handshake() failed: The TLS connection was non-properly terminated.
TLS error: unable to load key pair
Secure connection failed: SEC_ERROR_UNKNOWN_ISSUER
The certificate chain was issued by an authority that is not trusted
ssl3_get_server_certificate:certificate verify failed
Let's Encrypt renewal failed for news.example.com
certificate expired 3 days ago: cdn.example.com
TLS接続を確立できませんでした
証明書チェーンを検証できません
証明書の期限が切れたため配信を停止しました
SSLハンドシェイク失敗
サーバ証明書が信頼されていません
SSL/TLS のセキュリティで保護されているチャネルに対する信頼関係を確立できませんでした
証明書の失効を確認できませんでした
証明書の有効期間が終了しています
certificate is not valid for any names
Certificate has been revoked
error setting certificate verify locations
TLS alert received: handshake failure
Could not verify the server's certificate
ssl_stapling ignored: issuer certificate not found for certificate "/etc/x.pem"
mTLS: client certificate required but not provided
tls: first record does not look like a TLS handshake
remote error: tls: unknown certificate authority
ssl handshake failure while connecting
no certificate or crl found
nginx: [emerg] cannot load certificate "/etc/ssl/a.pem": PEM_read_bio_X509() failed
SSL: error:0B080074:x509 certificate routines:X509_check_private_key:key values mismatch
stunnel: SSL_accept: error:1408F10B:SSL routines:ssl3_get_record:wrong version number
ERR_CERT_DATE_INVALID
the certificate for smtp.example.com could not be validated
SSL_ERROR_SYSCALL, errno 104
証明書エラー: api.example.jp
requests.exceptions.SSLError: EOF occurred in violation of protocol (_ssl.c:2396)
x509: certificate is valid for a.example, not b.example
sslv3 alert bad certificate
SSL error: certificate has expired
urllib3: SSLError(SSLCertVerificationError)
javax.net.ssl.SSLException: Unsupported or unrecognized SSL message
OCSP responder error (trylater)
TLS証明書の検証エラー
SSL通信に失敗しました
certificate verify failed: Hostname mismatch, certificate is not valid for 'a.example'
SSL_connect: certificate has expired
Handshake failed: remote host closed connection during handshake (SSLHandshakeException)
TLS negotiation failed with smtp.example.com
証明書の有効期限切れ: news.example.jp
TLSエラー: 証明書を検証できません
VERIFY ERROR: depth=1, error=unable to get local issuer certificate: CN=ca
TLS Error: cannot locate HMAC in incoming packet from 198.51.100.3:1194
STARTTLS failed: no cipher match
Client requested SNI api.example.com but no matching certificate was found
CRL is not yet valid: check the clock
STARTTLSに失敗したため平文では送信しません
サーバー証明書の名前がホスト名と異なります host=api.example.jp
javax.net.ssl.SSLPeerUnverifiedException: Certificate for <a.example.com> doesn't match any of the subject names
remote error: tls: bad certificate
NET::ERR_CERT_DATE_INVALID
unable to get local issuer certificate
The remote certificate is invalid according to the validation procedure: RemoteCertificateNameMismatch
証明書の検証に失敗しました: 発行者が不明です
TLSのバージョンが古いため通信を拒否しました
""",
    "timeout": r"""
requests.exceptions.ReadTimeout: HTTPSConnectionPool(host='a', port=443): Read timed out. (read timeout=10)
socket.timeout: timed out
asyncio.TimeoutError
TimeoutError: [Errno 110] Connection timed out
upstream timed out (110: Connection timed out) while reading response header from upstream
java.net.SocketTimeoutException: Read timed out
java.net.SocketTimeoutException: connect timed out
java.util.concurrent.TimeoutException: null
context deadline exceeded
context deadline exceeded (Client.Timeout exceeded while awaiting headers)
net/http: request canceled (Client.Timeout exceeded while awaiting headers)
i/o timeout
dial tcp 10.0.0.3:9092: i/o timeout
connect ETIMEDOUT 10.0.0.3:443
Error: ESOCKETTIMEDOUT
timeout of 5000ms exceeded
celery.exceptions.SoftTimeLimitExceeded: SoftTimeLimitExceeded()
Task fetch_feed[1234] hard time limit (300s) exceeded
Task timed out after 3.00 seconds
Job for nginx.service failed because a timeout was exceeded.
app.service: start operation timed out. Terminating.
State 'stop-sigterm' timed out. Killing.
[CRITICAL] WORKER TIMEOUT (pid:1234)
Net::ReadTimeout with #<TCPSocket:(closed)>
Net::OpenTimeout: execution expired
Faraday::TimeoutError: Net::ReadTimeout
Request timed out after 30 seconds
watchdog: BUG: soft lockup - CPU#1 stuck for 22s!
INFO: task kworker:123 blocked for more than 120 seconds.
curl: (28) Operation timed out after 10001 milliseconds with 0 bytes received
curl: (28) Connection timed out after 5001 milliseconds
System.TimeoutException: The operation has timed out.
UpstreamError: timeout while waiting for response
cURL error 28: Operation timed out
kafka: Timed out waiting for a node assignment
org.apache.kafka.common.errors.TimeoutException: Topic not present in metadata after 60000 ms.
Lock acquisition timed out
ReadTimeoutError: read operation timed out
job exceeded its time limit
no response from worker within 30s
The read operation timed out
Maximum execution time of 30 seconds exceeded
script timed out before returning headers: app.fcgi
Timeout, server 10.0.0.2 not responding.
リクエストがタイムアウトしました
応答待ちがタイムアウトしました
フィードの取得が制限時間を超過しました
外部APIからの応答がありません
タイムアウトエラーが発生しました
30秒以内に応答がなかったため中断しました
接続タイムアウト: api.example.jp
処理が時間切れになりました
規定時間内に完了しませんでした
ReadTimeoutError("HTTPSConnectionPool(host='x', port=443): Read timed out.")
kombu.exceptions.OperationalError: timed out
Lock wait exceeded: gave up after 30s
the job did not finish in the allotted time
upstream request timeout
health check timed out for backend web2
TimeoutError: Timed out fetching a new connection from the pool
Exceeded maximum wait time waiting for response
Task killed after exceeding 600 seconds
Gave up waiting for lock after 60 s
no response from feeds.example.com after 20 s
GET https://a/ request timed-out
Playwright: Timeout 30000ms exceeded.
Navigation timeout of 30000 ms exceeded
kafka consumer poll timeout has expired
failed: operation exceeded time limit
応答がタイムアウト
バッチが制限時間内に終わりませんでした
接続がタイムアウトになりました
相手からの応答が途絶えました
60秒待っても応答がないため切断しました
時間内に処理が完了しませんでした
ジョブの実行時間が上限を超えました
操作がタイムアウトになりました。
ステートメントのタイムアウトのためステートメントをキャンセルしています
接続済みの呼び出し先が一定の時間を過ぎても正しく応答しなかったため、接続できませんでした
Connection attempt timed out after 5000 ms
request exceeded the configured timeout
Gateway did not respond in time
awaiting response: timeout
The operation was aborted due to timeout
signal: timed out waiting for child
lease expired: no heartbeat for 30 s
nginx: upstream response is taking too long, timed out
Timeout waiting for connection from pool
com.netflix.hystrix.exception.HystrixRuntimeException: fetch timed-out and fallback failed
Health check for web1 failed: timeout
Task exceeded time limit of 300s
context deadline exceeded (Client.Timeout or context cancellation while reading body)
psycopg2.errors.QueryCanceled: canceling statement due to statement timeout
System.Threading.Tasks.TaskCanceledException: A task was canceled due to timeout
Read timeout while fetching https://example.com
aiohttp.ServerTimeoutError: Timeout on reading data from socket
LockTimeout: could not acquire lock within 10 seconds
ftp: connect: Connection timed out
配信サーバーへの接続がタイムアウトしました（30秒）
バッチ処理が制限時間を超過しました
HTTPSConnectionPool(host='a', port=443): Read timed out.
httpx.ConnectTimeout
httpcore.ReadTimeout
playwright TimeoutError: page.goto: Timeout 30000ms exceeded.
selenium.common.exceptions.TimeoutException: Message:
grpc: DEADLINE_EXCEEDED
Job exceeded maximum running time, cancelled after 600 s timeout
Timed out waiting for lock on feeds
翻訳APIへのリクエストがタイムアウト
応答時間が上限を超えたため中断しました
Request to api.example.com timed out (10s)
Operation timeout: waited 30 s for lock
asyncio.exceptions.TimeoutError
celery task fetch timed out after 300 seconds
接続要求がタイムアウトしました
ジョブが制限時間を超えたため停止しました
mosquitto[8]: Client sensor-4 has exceeded timeout, disconnecting.
missed heartbeats from client, timeout: 60s
no PONG received from server, reconnecting
応答待ちを打ち切りました host=feed.example.jp
処理時間が上限の30秒を超えたため中断します
制限時間に達したため取得を打ち切ります
rpc error: code = DeadlineExceeded desc = context deadline exceeded
task translate(12) exceeded its time limit of 300 seconds
Operation timed out after 10001 milliseconds with 0 bytes received
INFO: task jbd2/sda1-8:402 blocked for more than 120 seconds.
watchdog: BUG: soft lockup - CPU#3 stuck for 22s!
30秒待っても応答がありません host=feed1
所定時間内に処理が終わりませんでした
翻訳APIの応答が遅く、時間切れになりました
""",
    "out_of_memory": r"""
Out of memory: Killed process 1234 (python3) total-vm:8123456kB
oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null)
Memory cgroup out of memory: Killed process 1234 (java)
python3 invoked oom-killer: gfp_mask=0x100cca
java.lang.OutOfMemoryError: Metaspace
java.lang.OutOfMemoryError: unable to create new native thread
MemoryError
MemoryError: Unable to allocate 1.2 GiB for an array
fatal error: runtime: out of memory
FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory
PHP Fatal error:  Allowed memory size of 134217728 bytes exhausted (tried to allocate 20480 bytes)
std::bad_alloc
terminate called after throwing an instance of 'std::bad_alloc'
OSError: [Errno 12] Cannot allocate memory
fork: Cannot allocate memory
ENOMEM: not enough memory, mmap
Container news-app was OOMKilled
Last State: Terminated Reason: OOMKilled Exit Code: 137
redis: OOM command not allowed when used memory > 'maxmemory'.
ERROR:  out of memory DETAIL: Failed on request of size 1024
System.OutOfMemoryException: Exception of type 'System.OutOfMemoryException' was thrown.
NoMemoryError: failed to allocate memory
app.service: A process of this unit has been killed by the OOM killer.
app.service: Failed with result 'oom-kill'.
CUDA out of memory. Tried to allocate 20.00 MiB
Not enough memory resources are available to process this command
insufficient memory for the Java Runtime Environment to continue.
There is insufficient memory for the Java Runtime Environment to continue.
mmap failed: Cannot allocate memory
Container exceeded memory limit, restarting
memory limit exceeded: used 512MB of 512MB
malloc failed: out of memory
kernel: Out of memory (oom_kill_allocating_task): Kill process 42
page allocation failure: order:4, mode:0x40d0
virtual memory exhausted: Cannot allocate memory
vm_memory_high_watermark set. Memory alarm: memory resource limit alarm set on node rabbit@a.
メモリ不足のため処理を中断しました
メモリが不足しています
メモリの割り当てに失敗しました
メモリ使用量が上限を超えたためプロセスを終了しました
ヒープメモリが枯渇しました
OOM Killerによりプロセスが終了されました
メモリを確保できませんでした
Killed process 99 (node) total-vm:1kB, anon-rss:1kB
OOM killer activated for container web
Out of memory error while summarising article 12
RuntimeError: CUDA error: out of memory
[ERR] Can't save in background: fork: Cannot allocate memory
The system ran out of memory
Worker killed: memory usage above limit
JavaScript heap out of memory
exceeded its memory limit of 512MiB
ERROR Java heap exhausted
std::bad_alloc thrown while resizing
Memory quota exceeded (R14)
Error R14 (Memory quota exceeded)
プロセスがメモリ上限に達して停止しました
空きメモリが足りないため起動できません
メモリが足りず処理を継続できません
OOMが発生しました
メモリ確保エラー
メモリを確保できません
メモリ不足です
仮想メモリが不足しています
OutOfMemoryException が発生しました
Container killed due to memory usage
exit code 137 (out of memory)
Cannot allocate buffer: not enough memory
[alert] fork() failed (12: Cannot allocate memory)
worker exceeded the memory limit (512 MiB), killing
swap exhausted, system out of memory
Memory allocation of 4096 bytes failed
Killing process 12 due to memory pressure
Out of memory (Needed 128 bytes)
ERROR 1041 (HY000): Out of memory; check if mysqld or some other process uses all available memory
kernel: oom_reaper: reaped process 12 (java), now anon-rss:0kB
Cannot allocate memory (errno=12)
RangeError: Array buffer allocation failed
java.lang.OutOfMemoryError: Direct buffer memory
メモリ使用率が上限を超えたため処理を打ち切りました
node[12]: FATAL ERROR: CALL_AND_RETRY_LAST Allocation failed - JavaScript heap out of memory
Exit reason: OOMKilled
numpy.core._exceptions._ArrayMemoryError: Unable to allocate 8.00 GiB
Cannot create thread: not enough memory
Java heap space exhausted
メモリ不足エラー: 要約モデルを読み込めません
Worker ran out of memory and was killed
OOM: Kill process 12 (python)
java: Exception in thread "pool-1" java.lang.OutOfMemoryError: Java heap space
container memory limit reached, killed
メモリ不足によりワーカーが終了しました
OpenJDK 64-Bit Server VM warning: INFO: os::commit_memory(0x7f, 715849728, 0) failed; error='Cannot allocate memory'
fork: メモリを確保できません
xrealloc: cannot allocate 8388608 bytes
Pod がメモリ制限を超過し OOMKilled になりました
The node was low on resource: memory. Container app was using 3Gi
Killed process 4121 (java) total-vm:8123412kB, anon-rss:4012312kB
Memory cgroup out of memory: Killed process 812
System.OutOfMemoryException: Insufficient memory to continue the execution of the program.
numpy.core._exceptions._ArrayMemoryError: Unable to allocate 12.0 GiB for an array
CUDA out of memory. Tried to allocate 2.00 GiB
ヒープが足りません。処理を中止します
空きメモリがなくなったため新しいワーカーを起動できません
""",
    "disk_full": r"""
OSError: [Errno 28] No space left on device
write failed: No space left on device
ENOSPC: no space left on device, write
ERROR: could not extend file "base/16384/2619": No space left on device
could not write to file "pg_wal/xlogtemp.1": No space left on device
The table 'articles' is full
Disk is full writing './binlog.000012' (Errcode: 28). Waiting for someone to free space...
disk quota exceeded
OSError: [Errno 122] Disk quota exceeded
java.io.IOException: No space left on device
System.IO.IOException: There is not enough space on the disk.
high disk watermark [90%] exceeded on node, shards will be relocated away from this node
flood stage disk watermark [95%] exceeded, all indices on this node will be marked read-only
Disk free space insufficient: Disk alarm: disk resource limit alarm set on node rabbit@a
disk resource limit alarm set on node rabbit@a
filesystem is full
/dev/sda1: file system full
sqlite3.OperationalError: database or disk is full
Insufficient disk space to complete operation
not enough free disk space
Not enough disk space on /var/lib
Journal: Failed to write entry, no space left
Disk space is critically low: 0 bytes free
running out of disk space on /
You don't have enough free space in /var/cache/apt/archives/.
EDQUOT: disk quota exceeded
Log directory failed: no space left, Kafka broker shutting down
Unable to write: volume full
failed to register layer: write /app/x: no space left on device
inode table full / no free inodes
ディスク容量が不足しています
ディスクの空き容量がありません
ディスクフル: /var/log
ディスクがいっぱいです
ディスク使用率が100%に達しました
空き容量不足のため書き込めません
デバイスに空き領域がありません
ストレージの容量上限に達しました
保存領域が足りません
ディスククォータを超過しました
cannot write: disk full
could not create temporary file: No space left on device
Insufficient free space on volume /data
Backup aborted: target is full
kafka.server.LogDirFailureChannel: No space left on device
MySQL: Got error 28 from storage engine (disk full)
error writing file: ENOSPC
Out of disk space
the disk is almost full
No free space on /dev/sdb
There is no space left in the tablespace
ディスクに空きがありません
容量が足りないためバックアップできません
ディスクの残り容量がなくなりました
書き込み先の空き容量が不足
ストレージが満杯です
ディスク使用量制限を超過しました
ディスクに十分な空き領域がありません。
テーブル 'articles' は満杯です
ファイルを拡張できませんでした: デバイスに空き領域がありません
Backup failed: insufficient disk space on target
Warning: disk space below threshold, refusing writes
Out of space on device /dev/sdb1
archive command failed: no space on device
cannot create temp file for here-document: No space left on device
disk usage exceeded flood-stage watermark
tar: write error: No space left on device
Failed to write to WAL: no space left on device
mysqld: Disk is full writing '/tmp/x' (OS errno 28 - No space left on device)
df: /var 100% used, writes will fail: disk full
cannot save image: insufficient storage
ディスクの空きがなくなりました
pg_basebackup: error: could not write to file: No space left on device
shutil.Error: [Errno 28] No space left on device
Low disk space on /var (2% free)
WARNING: volume /data is nearly full
バックアップ先のディスクが一杯です
No space left on device (os error 28)
Disk full on /var/lib/postgresql
writing failed because the filesystem is full
ストレージの空き容量が不足しています
ディスク容量の上限に達しました
452 4.3.1 Insufficient system storage
DISK CRITICAL - free space: / 102 MB (1% inode=72%):
The D: volume is nearly out of space
write error: デバイスに空き領域がありません
The node had condition: [DiskPressure].
ディスク使用量の制限を超えました（書き込み不可）
バックアップ領域が満杯です
保存先の残量が足りず録画を停止しました
ERROR: could not write to file "pg_wal/xlogtemp.12": No space left on device
[Errno 28] No space left on device: '/var/lib/news/cache'
There is not enough space on the disk.
high disk watermark [90%] exceeded on [node1], shards will be relocated away from this node
/dev/sda1 使用率 99% 空き容量がありません
ディスクがいっぱいで書き込めません
保存領域の空きがないため画像を破棄しました
""",
    "authentication_failure": r"""
Failed password for root from 10.0.0.5 port 51234 ssh2
Failed password for invalid user admin from 10.0.0.5 port 51234 ssh2
Invalid user test from 10.0.0.5 port 51234
error: maximum authentication attempts exceeded for root from 10.0.0.5 port 22 ssh2 [preauth]
pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=10.0.0.5
PAM 2 more authentication failures; logname= uid=0
Connection closed by authenticating user root 10.0.0.5 port 22 [preauth]
sudo: 3 incorrect password attempts ; TTY=pts/0 ; PWD=/home/x
FAILED LOGIN 1 FROM tty1 FOR root, Authentication failure
FATAL:  password authentication failed for user "news"
FATAL:  no pg_hba.conf entry for host "10.0.0.5", user "news", database "news"
Access denied for user 'news'@'10.0.0.5' (using password: YES)
NOAUTH Authentication required.
WRONGPASS invalid username-password pair or user is disabled.
smtplib.SMTPAuthenticationError: (535, b'5.7.8 Error: authentication failed')
535 5.7.8 Username and Password not accepted
warning: unknown[10.0.0.5]: SASL LOGIN authentication failed: UGFzc3dvcmQ6
dovecot: imap-login: Disconnected (auth failed, 3 attempts in 12 secs)
user "admin": password mismatch, client: 10.0.0.2
user "bob" was not found in "/etc/nginx/.htpasswd"
AH01617: user bob: authentication failure for "/admin": Password Mismatch
AH01618: user bob not found: /admin
org.springframework.security.authentication.BadCredentialsException: Bad credentials
pymongo.errors.OperationFailure: Authentication failed.
ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN
PLAIN login refused: user 'guest' - invalid credentials
botocore.exceptions.ClientError: An error occurred (InvalidAccessKeyId) when calling the ListBuckets operation
An error occurred (SignatureDoesNotMatch) when calling the PutObject operation
botocore.exceptions.NoCredentialsError: Unable to locate credentials
ExpiredToken: The security token included in the request is expired
jwt.exceptions.ExpiredSignatureError: Signature has expired
JsonWebTokenError: invalid signature
TokenExpiredError: jwt expired
invalid_grant: Token has been expired or revoked
401 Unauthorized
HTTP 401: invalid API key provided
Invalid API key
Incorrect API key provided: sk-xxx
Login failed for user 'sa'. Reason: Password did not match
ORA-01017: invalid username/password; logon denied
LDAP: error code 49 - Invalid Credentials
Kerberos: Preauthentication failed
invalid credentials for user bob
login attempt failed for user alice
too many failed login attempts, account locked
Account locked after 5 failed attempts
Two-factor code rejected for bob
SASL authentication failed
Unauthenticated: token is invalid
remote: Invalid username or password.
fatal: Authentication failed for 'https://github.com/a/b.git/'
認証に失敗しました: user=tanaka
ログインに失敗しました（パスワード誤り）
パスワードが正しくありません
ユーザー名またはパスワードが違います
アカウントがロックされました: 連続ログイン失敗
APIキーが無効です
トークンの有効期限が切れています
認証エラー: トークンが無効です
不正なログイン試行を検知しました
認証できませんでした
Login incorrect
Failed login for admin from 10.0.0.1
Authentication error: bad password
Authentication attempt failed for user root
Access token is invalid or expired
The provided token has expired.
Rejected connection: bad auth
User bob failed to log in: wrong password
invalid authenticity token
error: PAM: Authentication failure for root from 10.0.0.1
HTTP Basic: Access denied. The provided password or token is incorrect
Credentials rejected by mail server
530 5.7.0 Authentication Required
kex_exchange: Permission denied (publickey,password).
Could not authenticate with the remote broker
LDAP bind failed: Invalid credentials (49)
SAML response signature invalid
ログインできません：パスワードが違います
管理画面へのログイン失敗が10回続きました
アクセストークンが失効しています
ユーザー認証エラー
SMTP認証に失敗
不正なトークンです
ログオン失敗: ユーザー名を認識できないか、またはパスワードが間違っています。
ユーザー"news"のパスワード認証に失敗しました
認証情報が無効です
二段階認証コードが一致しません
login failure for user admin from 10.0.0.5 via ssh
Invalid authentication credentials
The API key provided is not valid
authentication rejected: unknown user
failed to verify token: signature is invalid
token verification failed
Refresh token expired for account news
The username or password is incorrect.
ssh: handshake failed: ssh: unable to authenticate, attempted methods [none publickey]
postfix/smtp: SASL authentication failure: Password verification failed
error: kex protocol error; Received disconnect: Too many authentication failures
Kafka: SASL handshake failed: invalid credentials
GitHub: Bad credentials (HTTP 401)
sshd[12]: Failed publickey for deploy from 10.0.0.5 port 51022 ssh2
sshd[12]: error: PAM: User not known to the underlying authentication module for illegal user x
vsftpd: FAIL LOGIN: Client "10.0.0.5"
mosquitto: Client x disconnected, not authorised.
401 Client Error: Unauthorized for url: https://api.example.com
AuthenticationException: invalid token
Login failed: bad password for user tanaka
ログイン失敗: user=tanaka ip=10.0.0.5
パスワードが間違っています（3回目）
Failed login attempt for admin
imaplib.error: b'[AUTHENTICATIONFAILED] Invalid credentials (Failure)'
rejecting login: invalid password for user 'bob'
google.auth.exceptions.RefreshError: ('invalid_grant: Token has been expired or revoked.')
slack_sdk.errors.SlackApiError: invalid_auth
token expired at 2026-01-01
OAuth認証に失敗しました
管理者ログインに3回失敗
Authentication failed: wrong password
login rejected for user 'guest'
SMTP AUTH failed: 535 authentication credentials invalid
JWT signature does not match
API token revoked
ユーザー認証エラー: パスワード不一致
認証トークンが無効です
キー認証に失敗しました user=deploy
Failed password for invalid user admin from 203.0.113.4 port 5221 ssh2
535 5.7.8 Error: authentication failed
jwt malformed: invalid signature
pam_unix(sudo:auth): authentication failure; logname=app
パスワードが違います user=tanaka
ログインに3回失敗しました
""",
    "rate_limited": r"""
HTTP 429 Too Many Requests
429 Client Error: Too Many Requests for url: https://api.example.com
openai.RateLimitError: Error code: 429 - Rate limit reached for requests
tweepy.errors.TooManyRequests: 429 Too Many Requests
An error occurred (RequestLimitExceeded) when calling the DescribeInstances operation
SlowDown: Please reduce your request rate.
limiting requests, excess: 20.280 by zone "api", client: 10.0.0.1
delaying request, excess: 0.3, by zone "api"
limiting connections by zone "addr"
API rate limit exceeded for user ID 12.
You have exceeded a secondary rate limit
You have exceeded your assigned rate limits
rate limited, retry after 30 seconds
Rate limit hit for api.example.com, sleeping 60s
Throttling request to feeds.example.com
request was throttled. Expected available in 12 seconds.
quotaExceeded: The request cannot be completed because you have exceeded your quota.
Quota exceeded for quota metric 'Queries' and limit 'Queries per minute'
RESOURCE_EXHAUSTED: Quota exceeded
421 4.7.0 Too many connections from your IP, rate limited
450 4.7.1 Error: too much mail from 10.0.0.5
We are being rate limited. Retrying in 2.31 seconds
toomanyrequests: You have reached your pull rate limit
imuxsock begins to drop messages due to rate-limiting
Suppressed 123 messages from app.service
10.0.0.1 - - [10/Oct/2025:13:55:36 +0000] "GET /api HTTP/1.1" 429 17
got status code 429, backing off
Rate limiting triggered for client 10.0.0.5
RateLimitExceeded
too many requests from 10.0.0.5
daily quota exceeded for API key
API call limit reached
Request blocked by rate limiter
レート制限に達しました
APIの呼び出し回数制限を超えました
利用制限を超過しました
リクエスト数の上限に達したため待機します
レートリミットを超過しました
アクセス頻度が高すぎるため制限されました
429エラー: リクエストが多すぎます
1分あたりの上限を超えました
スロットリングされました
Received 429 from api.example.com, retrying in 30s
rate limit of 100 requests per minute exceeded
Rate limit exceeded: retry after 60
Client exceeded the allowed number of requests
API quota exhausted for project news
Request rate is large (TooManyRequests)
You've exceeded your API quota
connection throttled by proxy
requests from 10.0.0.1 throttled
slow down: too many requests
the daily limit of 1000 calls has been reached
403 rateLimitExceeded
ResourceExhausted: 429 Quota exceeded for aiplatform
APIのレート上限に到達しました
1日の呼び出し上限を超えました
アクセスが多すぎるため一時的に制限されています
リクエスト制限中です
外部APIからレート制限の応答(429)を受けました
API レート制限を超えました
呼び出し回数の上限(1000回)に達しました
リクエスト過多のため一時的に拒否されました
HTTP 429: slow down
Too Many Requests, retrying in 10s
rate limit (100/min) exceeded for key abc
You are being rate limited.
Throttled: 120 requests in 60s
exceeded request quota
ThrottlingException: Rate exceeded
limit_req: limiting requests, excess: 5.1 by zone "one"
Hit rate limit at api.example.com; backing off
request quota has been exceeded
API usage limit reached
Request was throttled. Expected available in 5 seconds.
Reddit API: 429 received, sleeping
twitter: Rate limit exceeded. Sleeping for 900 seconds
SMTP 421 4.7.0 Try again later, too many connections from this IP
429エラーのため30秒待機します
レートリミットに到達: news-api
slack_sdk.errors.SlackApiError: ratelimited
API call rate limit hit, waiting 30 seconds
too many login requests from 10.0.0.5, slow down
DeepL: Quota for this billing period has been exceeded
google.api_core.exceptions.ResourceExhausted: 429 Quota exceeded
Twitter APIの制限に達しました
received HTTP 429 from api.example.com
Rate-limited by upstream, backing off 60 s
X API: 429 Too Many Requests
API rate limit reached; next window in 300 s
レート制限により一時停止します
アクセス数の上限を超えました
rate limiter: dropping request from 203.0.113.8, over limit 100/min
client 203.0.113.8 hit the limit of 60 requests per minute
1分あたりの呼び出し上限を超えたため待機します
HTTP 429 from api.example.com, retry after 30s
slowapi: ratelimit 5 per 1 minute (203.0.113.5) exceeded at endpoint: /translate
You exceeded your current quota, please check your plan
limiting requests, excess: 5.230 by zone "api", client: 203.0.113.4
呼び出し回数が上限に達しました。1分後に再試行します
APIの利用枠を使い切りました
""",
    "queue_backlog": r"""
queue is full, dropping message
Queue full, rejecting task
asyncio.queues.QueueFull
queue.Full
queue length 15000 exceeds limit 10000
queue depth 5000 above threshold 1000
Consumer group feeds lag exceeded threshold
replication lag 300s exceeds limit
celery queue backlog: 12000 tasks pending
worker queue is growing: 3000 waiting
mail queue backlog: 5000 deferred messages
possible SYN flooding on port 80. Sending cookies. Check SNMP counters.
listen queue overflow
TCP: request_sock_TCP: Possible SYN flooding
uWSGI listen queue of socket ":8000" (fd: 3) full !!! (101/100)
RejectedExecutionException: Task rejected from ThreadPoolExecutor[Running, pool size = 10, queued tasks = 1000]
[pool www] server reached pm.max_children setting (5), consider raising it
server reached MaxRequestWorkers setting, consider raising the MaxRequestWorkers setting
worker_connections are not enough
EsRejectedExecutionException: rejected execution of coordinating operation
bulk queue capacity 200 exceeded
channel buffer full, events dropped
event queue overflow
netdev backlog exceeded
buffer overflow: dropping oldest events
backpressure: producer blocked, 10000 messages buffered
Dropping 120 spans because the queue is full
BufferError: Local: Queue full
sending queue is full
Too many pending requests: 5000
jobs are piling up in queue default
Sidekiq queue latency 320s above threshold
ring buffer full
task queue saturated
rabbitmq: queue news.feed has 120000 ready messages, no consumers
message backlog is growing
キューが滞留しています（12000件）
キューが満杯です
配信キューの長さが上限を超えました
未処理のジョブが溜まっています
処理待ちが5000件を超えました
キューに12000件のメッセージが滞留
配信待ちの記事が増え続けています
バッファが溢れました
キューイングの遅延が拡大しています
コンシューマーラグが増加しています
Mail queue is too big: 20000
job queue is backing up
Queue 'summaries' exceeded its maximum size
10234 messages are waiting in queue feeds
The task queue has reached its capacity
Too many messages in queue
worker cannot keep up with incoming jobs
event loop queue overloaded
Outbox backlog growing: 9000 unsent
dropping events: queue is full
pending tasks exceed limit
unable to enqueue: queue full
consumer is lagging behind by 50000 messages
キューの長さが閾値を超えました
ジョブキューが詰まっています
未送信メールが5000件溜まっています
キューに空きがありません
スレッドプールが満杯です
処理待ち件数が増加しています
送信キューが上限に達しました
受信キューがあふれました
メール送信キューに 3,200 通が滞留しています
処理待ち行列が上限を超過しました
Task queue is full
Buffer is full; dropping oldest message
Messages are piling up in queue "summaries"
Backlog of 5000 articles exceeds limit
Consumer lag exceeds 100000
QueueFull: cannot add job
work queue overflow
queue size 12000 is above threshold
Kafka consumer lag too high: 50312
celery: task queue length is 8000, threshold 1000
unacked messages exceed limit
Sidekiq: queue default latency too high
Queue is full, dropping event
dropped 120 log messages: output queue full
pipeline blocked: back pressure from output
Kafka producer buffer full: BufferExhaustedException
celery queue length 12034 exceeds threshold 1000
未処理メッセージが滞留しています
queue 'mail' backlog: 12000 waiting
job queue over capacity, rejecting new jobs
Celery queue 'feeds' is growing: 9000 tasks
message queue overflow, discarding
待ち行列が長くなりすぎています
キューの滞留を検知: 12000件
Queue depth 9000 exceeds alarm threshold
Task backlog growing in queue summaries
worker queue full: rejecting task
delivery queue is backed up
記事キューの滞留が増えています
未処理タスクがたまり続けています
active queue is nearly full: 19000 of 20000 messages
ALERT kafka consumer group news: total lag 918221 (limit 10000)
alarm SQS oldest message age 9211 s on queue translate
キューに未処理の記事が8231件残っています。処理が間に合っていません
翻訳待ちが5,000件を超えました
Consumer lag for partition news-3 is 81231, above threshold 10000
celery: queue length 12031 exceeds limit
java.util.concurrent.RejectedExecutionException: Task rejected from ThreadPoolExecutor
TCP: request_sock_TCP: Possible SYN flooding on port 80.
send buffer full, dropping frames
配信キューが詰まっています
未処理のメッセージが積み上がっています (12,031件)
ジョブの滞留を検知
""",
    "dns_error": r"""
socket.gaierror: [Errno -2] Name or service not known
socket.gaierror: [Errno -3] Temporary failure in name resolution
socket.gaierror: [Errno -5] No address associated with hostname
urllib3.exceptions.NameResolutionError: Failed to resolve 'feeds.example.com'
getaddrinfo ENOTFOUND feeds.example.com
getaddrinfo EAI_AGAIN feeds.example.com
dial tcp: lookup feeds.example.com on 10.0.0.2:53: no such host
lookup db on 127.0.0.11:53: server misbehaving
lookup db: i/o timeout
java.net.UnknownHostException: feeds.example.com
java.net.UnknownHostException: feeds.example.com: Temporary failure in name resolution
curl: (6) Could not resolve host: feeds.example.com
wget: unable to resolve host address 'feeds.example.com'
host not found in upstream "app" in /etc/nginx/nginx.conf:12
no resolver defined to resolve app.example.com
app.example.com could not be resolved (3: Host not found)
could not be resolved (110: Operation timed out)
ssh: Could not resolve hostname web1: Name or service not known
Could not translate host name "db" to address: Name or service not known
getaddrinfo failed: nodename nor servname provided, or not known
php_network_getaddresses: getaddrinfo failed: Name does not resolve
SocketError: getaddrinfo: Name or service not known
System.Net.Sockets.SocketException: No such host is known.
named[12]: lame server resolving 'x'
DNS query for example.com failed: SERVFAIL
named: error (unexpected RCODE SERVFAIL) resolving 'example.com/A/IN'
NXDOMAIN for feeds.example.com
dns.resolver.NXDOMAIN: The DNS query name does not exist: x.example.
dns.resolver.NoNameservers: All nameservers failed to answer the query
systemd-resolved: Using degraded feature set UDP instead of TCP for DNS server 10.0.0.2
DNS resolution failed for service: db
DNS lookup failed: address not found
unknown host: db1
Unable to resolve host "x": No address associated with hostname
Host or domain name not found. Name service error for name=x type=MX: Host not found, try again
Temporary DNS failure
net::ERR_NAME_NOT_RESOLVED
getaddrinfo() thread failed: nodename nor servname
名前解決に失敗しました: feeds.example.jp
ホスト名を解決できません
ホストが見つかりません: db1
DNSエラー: api.example.jp
DNSサーバーが応答しません
ドメイン名の解決に失敗
アドレスを解決できませんでした
名前解決エラー
不明なホストです
Failed to resolve hostname api.example.com
DNS resolution error for feeds.example.com
Could not find host feeds.example.com
nslookup: can't resolve 'db'
resolve failed: api.example.com
dig: couldn't get address for 'x': not found
java.net.UnknownHostException: api
hostname lookup failed
unresolvable host name
The remote name could not be resolved: 'api.example.com'
php: gethostbyname failed
DNS_PROBE_FINISHED_NXDOMAIN
no servers could be reached (DNS)
名前を解決できません: api.example.jp
DNS解決に失敗しました
ホスト feeds.example.jp が見つかりません
DNS名前解決がタイムアウト
配信元のホスト名が引けません
名前またはサービスが不明です
名前解決に一時的に失敗しました
リモート名を解決できませんでした。
そのようなホストは不明です。
ホスト名にアドレスが割り当てられていません
Name resolution failure
DNS server returned SERVFAIL for feeds.example.com
Error resolving host feeds.example.com
could not resolve proxy: proxy.internal
Host db01 not found: 3(NXDOMAIN)
Unknown host feeds.example.com
dns: lookup failed: timeout
Hostname could not be resolved
Failed to lookup host: api.example.com
curl: (6) Couldn't resolve host 'feeds.example.com'
Temporary failure resolving 'archive.example.com'
getaddrinfo: Name or service not known
Resolving timed out after 5000 milliseconds
ホスト名の解決に失敗しました
gethostbyname failed: host not found
OSError: [Errno -2] Name or service not known
NameResolutionError: Failed to resolve 'api.x' ([Errno -3])
dial tcp: lookup api.x: Temporary failure in name resolution
DNSエラーのため接続できません
lookup feeds.example.com: no such host
DNS resolution timed out for api.example.com
Could not resolve hostname feeds.example.com
ホスト名が解決できません
DNSサーバーに問い合わせできません
named[2]: error (broken trust chain) resolving 'feeds.example.net/A/IN': 198.51.100.53#53
named[2]: error (connection refused) resolving 'example.net/A/IN': 198.51.100.53#53
unbound: info: validation failure example.net. A IN: signature expired
Host or domain name not found. Name service error for name=mail.example.jp type=MX: Host not found, try again
systemd-resolved: Using degraded feature set UDP instead of UDP+EDNS0 for DNS server 10.0.0.2
Aレコードが引けません: feeds.example.co.jp
java.net.UnknownHostException: feeds.example.com: Name or service not known
dial tcp: lookup api.example.com on 10.0.0.2:53: no such host
curl: (6) Could not resolve host: example.net
getaddrinfo ENOTFOUND feeds.example.org
host not found in upstream "app" in /etc/nginx/conf.d/a.conf:3
DNSサーバーから応答がありません
ホスト名を解決できませんでした: feeds.example.jp
""",
    "feed_parse_error": r"""
xml.etree.ElementTree.ParseError: mismatched tag: line 12, column 4
xml.parsers.expat.ExpatError: not well-formed (invalid token): line 1, column 0
lxml.etree.XMLSyntaxError: Opening and ending tag mismatch: item line 3 and channel
lxml.etree.XMLSyntaxError: Document is empty, line 1, column 1
lxml.etree.ParserError: Document is empty
xml.sax._exceptions.SAXParseException: <unknown>:2:10: not well-formed (invalid token)
feedparser: bozo feed https://a/rss: undefined entity
feedparser.exceptions.CharacterEncodingOverride: document declared as us-ascii, but parsed as utf-8
feedparser.NonXMLContentType: text/html is not an XML media type
json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)
simplejson.errors.JSONDecodeError: Extra data
SyntaxError: Unexpected token < in JSON at position 0
SyntaxError: Unexpected end of JSON input
org.xml.sax.SAXParseException; lineNumber: 1; columnNumber: 1; Content is not allowed in prolog.
com.rometools.rome.io.ParsingFeedException: Invalid document
com.fasterxml.jackson.core.JsonParseException: Unexpected character ('<' (code 60))
com.google.gson.JsonSyntaxException: Expected BEGIN_OBJECT but was STRING
javax.xml.stream.XMLStreamException: ParseError at [row,col]:[1,1]
XML syntax error on line 3: element <item> closed by </channel>
invalid character '<' looking for beginning of value
Nokogiri::XML::SyntaxError: 1:1: FATAL: Start tag expected, '<' not found
JSON::ParserError: unexpected token at '<html>'
REXML::ParseException: Missing end tag for 'item'
PHP Warning:  simplexml_load_string(): Entity: line 1: parser error : Start tag expected
simplepie: This XML document is invalid, likely due to invalid characters
System.Xml.XmlException: Data at the root level is invalid. Line 1, position 1.
failed to parse feed https://a/rss: EOF
Failed to detect feed type
Unable to parse RSS feed
feed https://a/atom.xml is not valid XML
UnicodeDecodeError: 'utf-8' codec can't decode byte 0x83 in position 12: invalid start byte
malformed feed: missing channel element
invalid RSS: no items
Invalid date format in pubDate of feed
parser error : xmlParseEntityRef: no name
entity 'nbsp' not defined in feed
yaml.parser.ParserError: while parsing a block mapping
unexpected EOF while parsing feed
invalid feed document
feed parse failure
RSSフィードの解析に失敗しました
フィードの形式が不正です
XMLの構文エラー: 12行目
フィードをパースできませんでした
JSONのデコードに失敗
XML解析エラー
文字コードを判定できません: feed=毎日
文字化けを検出したためフィードを破棄しました
Atomフィードの読み込みでエラーが発生
不正なXMLです
Could not parse feed: no items found
feed content is not valid RSS
XML parsing error: unclosed token
Error parsing XML document
SyntaxError: JSON.parse: unexpected character at line 1 column 1
Malformed RSS document at https://a/rss
unexpected root element: html
xmlns not declared: unbound prefix
unbound prefix: line 2, column 4
org.jdom2.input.JDOMParseException: Error on line 1
invalid XML character (0x1f) in feed
failed to decode JSON response from feed API
Feed has invalid date: 32 Jan
bad feed: HTML page instead of RSS
cannot deserialize article JSON
配信フィードのXMLが壊れています
RSSが読み込めません
フィードの日付を解釈できません
JSON形式が正しくありません
記事XMLのパースエラー
想定外の要素がありフィードを読み込めません
Error parsing feed: mismatched tag
Error: Invalid character in entity name
feed error: not a valid RSS document
org.xml.sax.SAXException: Premature end of file
XMLSyntaxError: xmlns: URI is not absolute
json: cannot unmarshal string into Go value of type int
Invalid JSON in response body
ValueError: No JSON object could be decoded
RSS parse failed: expected <item>
yaml: line 3: mapping values are not allowed in this context
XML宣言が不正です
フィードのエンコーディングを判定できません
RSS形式として認識できません
パースエラー: feed.xml 12行目
フィード「朝刊」の取り込みに失敗しました: 想定外の要素
ParseError: not well-formed (invalid token): line 1, column 5
Error parsing RSS feed https://a: Invalid XML
feedparser: malformed XML at line 12
Unexpected token '<', "<!DOCTYPE "... is not valid JSON
libxml2: Entity 'nbsp' not defined
XMLの解析中にエラーが発生しました
xml.etree.ElementTree.ParseError: syntax error: line 1, column 0
json.decoder.JSONDecodeError: Extra data: line 2 column 1 (char 12)
Could not parse date in feed entry: '32 Foo'
failed to parse sitemap.xml
フィードの解析エラー: タグが閉じられていません
RSS parse error at line 12
invalid XML: unclosed tag <item>
feed has malformed entry
JSONの形式が不正です
RSSのパースに失敗
could not find a feed at https://example.org/ (content-type text/html)
fetch ok but body is not a feed: text/html
<channel>要素がありません: https://example.jp/rss
更新日時の形式を解釈できないため現在時刻を使います feed=経済
rssの中身がHTMLでした url=https://example.jp/feed
xml.etree.ElementTree.ParseError: not well-formed (invalid token): line 3, column 12
lxml.etree.XMLSyntaxError: Opening and ending tag mismatch: item line 12 and channel
com.rometools.rome.io.ParsingFeedException: Invalid XML: Error on line 1
feed 12: bozo=1 undefined entity at line 4
skipping entry without guid: malformed feed
フィードが壊れています url=https://example.jp/rss
RSSを読み込めませんでした: タグが閉じられていません
""",
    "connection_refused": r"""
ConnectionRefusedError: [Errno 111] Connection refused
connect to 10.0.0.1 port 80 failed: Connection refused
connect() failed (111: Connection refused) while connecting to upstream
connect() to unix:/run/app.sock failed (111: Connection refused)
curl: (7) Failed to connect to localhost port 8080: Connection refused
java.net.ConnectException: Connection refused
Error: connect ECONNREFUSED 127.0.0.1:6000
dial tcp 127.0.0.1:8080: connect: connection refused
ssh: connect to host web1 port 22: Connection refused
ConnectionRefusedError: [Errno 111] Connect call failed ('127.0.0.1', 9200)
urllib3.exceptions.NewConnectionError: Failed to establish a new connection: [Errno 111] Connection refused
No connection could be made because the target machine actively refused it
[WinError 10061] No connection could be made because the target machine actively refused it
Errno::ECONNREFUSED: Connection refused - connect(2) for localhost:3000
AH00957: HTTP: attempt to connect to 127.0.0.1:8080 (app) failed (111)Connection refused
Server app/app1 is DOWN, reason: Layer4 connection problem, info: "Connection refused"
consumer: Cannot connect to amqp://guest:**@rabbit:5672//: [Errno 111] Connection refused.
Connection to node 1 (kafka/10.0.0.5:9092) could not be established. Broker may not be available.
postfix/smtp: connect to mail.example.com[10.0.0.5]:25: Connection refused
net::ERR_CONNECTION_REFUSED
transport: Error while dialing: dial tcp 10.0.0.1:50051: connect: connection refused
SocketException: OS Error: Connection refused, errno = 111
the peer refused the connection
ws connection refused by server
nc: connect to 10.0.0.1 port 25 (tcp) failed: Connection refused
System.Net.Sockets.SocketException (111): Connection refused
Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?
接続が拒否されました
接続を拒否されました: 10.0.0.1:9200
サーバーに接続を拒否されました
ポート8080への接続が拒否されました
接続拒否: localhost:9200
相手先から接続を拒否されました
対象のコンピューターによって拒否されたため、接続できませんでした
検索エンジンへの接続拒否エラー
Could not connect to server: Connection refused
ERROR: connection to 10.0.0.5:5672 was refused
Target refused connection on port 8080
Error: connect ECONNREFUSED ::1:3000
tcp connect error: Connection refused (os error 111)
reqwest::Error: error trying to connect: tcp connect error: Connection refused
dial unix /run/app.sock: connect: connection refused
Failed to connect to broker: connection refused
java.rmi.ConnectException: Connection refused to host: 10.0.0.1
telnet: Unable to connect to remote host: Connection refused
upstream refused the connection
検索サーバーが接続を拒否しています
接続が相手から拒否されたため再試行します
ポート 25 に接続できません（拒否されました）
配信サーバーへの接続が拒否されたため中断
接続を拒否されました
対象のコンピューターによって拒否されたため、接続できませんでした。
ECONNREFUSED 127.0.0.1:6379
connection to server at localhost port 8080 refused
Failed to connect to 10.0.0.5 port 8080: Connection refused
Cannot connect to host search:9200
Unable to connect to search service
Could not reach translation service
Connection could not be established with host smtp.example.com
zmq: connection refused
could not connect to search:9200
検索サーバに接続できませんでした
翻訳サービスとの接続に失敗しました
[Errno 111] Connection refused
Connection refused (os error 111)
connect: connection refused
urlopen error [Errno 111] Connection refused
connect to 127.0.0.1:9000 failed (111: Connection refused)
APIサーバーに接続を拒否されました
kombu.exceptions.OperationalError: [Errno 111] Connection refused
socket.error: [Errno 111] Connection refused
elastic_transport.ConnectionError: Connection refused
接続が拒否された: 10.0.0.5:9200
Connection refused by 10.0.0.5:8983
connect failed: Connection refused
ECONNREFUSED: search:9200
ポート6379で接続が拒否されました
dial tcp 10.0.0.8:9200: connect: 接続を拒否されました
メールサーバ mx1:25 が接続を受け付けていません
No connection could be made because the target machine actively refused it.
dial tcp 127.0.0.1:5000: connect: connection refused
Error: connect ECONNREFUSED 10.0.0.2:8080
翻訳サーバーへの接続が拒否されました
相手ホストが接続を拒否 (10.0.0.8:25)
""",
    "permission_denied": r"""
PermissionError: [Errno 13] Permission denied: '/var/log/x.log'
open() "/var/www/x" failed (13: Permission denied)
bash: /opt/x.sh: Permission denied
EACCES: permission denied, open '/etc/x'
EPERM: operation not permitted, unlink
OSError: [Errno 1] Operation not permitted
java.nio.file.AccessDeniedException: /srv/x
java.io.FileNotFoundException: /var/x (Permission denied)
Errno::EACCES: Permission denied @ rb_sysopen - /x
System.UnauthorizedAccessException: Access to the path '/x' is denied.
open /etc/x: permission denied
ERROR:  permission denied for table articles
ERROR: must be owner of table articles
ERROR 1142 (42000): SELECT command denied to user 'news'@'localhost' for table 'x'
PHP Warning: file_put_contents(/x): Failed to open stream: Permission denied
An error occurred (AccessDenied) when calling the GetObject operation: Access Denied
AccessDeniedException: User: arn:aws:iam::1:user/x is not authorized to perform: s3:GetObject
rpc error: code = PermissionDenied desc = caller lacks permission
pods is forbidden: User "system:serviceaccount:x" cannot list resource "pods"
Error from server (Forbidden): pods is forbidden
audit: type=1400 apparmor="DENIED" operation="open" profile="x"
avc:  denied  { read } for  pid=1234 comm="nginx" name="x"
SELinux is preventing nginx from read access on the file x
bob : user NOT in sudoers ; TTY=pts/0
bob is not in the sudoers file. This incident will be reported.
got permission denied while trying to connect to the Docker daemon socket
django.core.exceptions.PermissionDenied
org.springframework.security.access.AccessDeniedException: Access is denied
insufficient privileges: ORA-01031
ORA-01031: insufficient privileges
rsync: failed to set times on "/x": Operation not permitted (1)
mkdir: cannot create directory '/x': Permission denied
Insufficient permissions for resource
you do not have permission to access this resource
not authorized to access topic articles
Redis: NOPERM this user has no permissions to run the 'flushall' command
client denied by server configuration: /var/www/secret
access forbidden by rule, client: 10.0.0.1
Zugriff: Access is denied.
権限がありません
ファイルへの書き込み権限がありません: /srv/x
アクセスが拒否されました: /admin
この操作は許可されていません
権限不足のため記事を公開できません
許可がありません
アクセス権がありません
書き込みが禁止されています
ファイルを開けません: アクセスが拒否されました
cannot open log file: Permission denied
access to /srv/data denied for user app
User does not have permission to publish article
not permitted to read /etc/shadow
insufficient_scope: token lacks articles:write
chown: changing ownership of 'x': Operation not permitted
EACCES while creating /var/run/app.pid
You are not allowed to access this page
403 Forbidden: missing permission articles.delete
Role 'viewer' may not delete articles
docker: permission denied while trying to connect
write access denied
cannot create /data: read-only, permission denied
編集権限のないユーザーによる操作を拒否しました
ファイルにアクセスできません（権限不足）
書き込みが許可されていません
アクセスを許可されていないフォルダーです
この記事を編集する権限がありません
読み取り権限が不足
許可されていない操作です
テーブル articles への権限がありません
アクセスが拒否されました。
このフォルダーにアクセスする許可がありません
ERROR:  must be superuser to create extension
insufficient privilege for relation articles
Access is denied.
You don't have permission to access /admin on this server.
user bob is not authorized to publish
AuthorizationError: role reader cannot delete
EACCES, mkdir '/srv'
Operation not permitted: chown /srv
The user is not allowed to perform this action
Request forbidden by administrative rules
cannot write to /etc/newswatch: permission denied
mkdir: cannot create directory '/data': Permission denied
[Errno 13] Permission denied: '/var/log/app.log'
open(/var/run/app.sock): Operation not permitted
S3: AccessDenied: Access Denied status code: 403
GRANT required: permission denied for schema public
書き込み権限がないため保存できません
PermissionError: [Errno 1] Operation not permitted: '/etc/x'
AccessDenied: user bob cannot delete article 12
GitHub: Resource not accessible by integration, permission denied
閲覧権限がありません
Permission denied while opening /var/lib/x
access denied: /admin
operation not permitted on /dev/sda
アクセス権限がないためファイルを開けません
bash: /srv/run.sh: 許可がありません
許可されていない操作です: chown
PermissionError: [Errno 13] Permission denied: '/var/log/news.log'
open() "/srv/a" failed (13: Permission denied)
pods is forbidden: User "system:serviceaccount:a" cannot list resource "pods"
AccessDenied: User is not authorized to perform: s3:PutObject
書き込み権限がありません: /var/lib/news
""",
    "process_crash": r"""
news-app[1234]: segfault at 0 ip 00007f sp 00007ffd error 4 in libc.so
Segmentation fault (core dumped)
Main process exited, code=killed, status=11/SEGV
app.service: Main process exited, code=dumped, status=6/ABRT
app.service: Main process exited, code=exited, status=1/FAILURE
app.service: Failed with result 'core-dump'.
app.service: Failed with result 'exit-code'.
app.service: Failed with result 'signal'.
app.service: Start request repeated too quickly.
Process 1234 (app) of user 1000 dumped core.
worker process 1234 exited on signal 11 (core dumped)
panic: runtime error: invalid memory address or nil pointer dereference
fatal error: concurrent map writes
goroutine 1 [running]: panic
thread 'main' panicked at src/main.rs:12:5
Kernel panic - not syncing: Fatal exception
kernel: BUG: unable to handle kernel NULL pointer dereference at 0000000000000008
kernel: Oops: 0002 [#1] SMP
general protection fault ip:7f sp:7f error:0 in libfoo.so
traps: app[123] trap invalid opcode ip:55 sp:7f error:0
# A fatal error has been detected by the Java Runtime Environment:
Aborted (core dumped)
terminate called after throwing an instance of 'std::runtime_error'
double free or corruption (!prev)
*** stack smashing detected ***: terminated
celery.exceptions.WorkerLostError: Worker exited prematurely: signal 9 (SIGKILL)
Process 'ForkPoolWorker-1' pid:123 exited with 'signal 11 (SIGSEGV)'
[ERROR] Worker (pid:12) exited with code 3
child process 1234 exited on signal 9
server process (PID 1234) was terminated by signal 11: Segmentation fault
Child 1234 died
AH00052: child pid 1234 exit signal Segmentation fault (11)
WARNING: [pool www] child 1234 exited on signal 11 (SIGSEGV) after 12.3 seconds from start
DAMN ! worker 1 (pid: 123) died, killed by signal 9 :( trying respawn ...
Back-off restarting failed container
CrashLoopBackOff
npm ERR! code ELIFECYCLE
app crashed - waiting for file changes before starting...
container exited with code 139
process exited unexpectedly with exit code 1
worker exited unexpectedly
exited: app (exit status 1; not expected)
gave up: app entered FATAL state, too many start retries too quickly
Unhandled exception. System.NullReferenceException: Object reference not set
Faulting application name: app.exe, version: 1.0.0.0
The service terminated unexpectedly. It has done this 3 time(s).
Uncaught exception, application will terminate
concurrent.futures.process.BrokenProcessPool: A process in the process pool was terminated abruptly
Fatal Python error: Segmentation fault
mysqld got signal 11 ;
Redis crashed by signal: 11
プロセスが異常終了しました
ワーカーがクラッシュしました
サービスが予期せず停止しました
デーモンが落ちました
セグメンテーション違反 (コアダンプ)
コアダンプを出力しました
プロセスが終了コード139で終了しました
アプリケーションが強制終了されました
カーネルパニックが発生しました
予期しない終了を検知したため再起動します
Application crashed with exit code 134
uncaught exception in worker thread, exiting
The process was killed by signal 9
supervisord: worker exited unexpectedly
Service news-fetcher has crashed
java: fatal error, core dump written
JVM crashed: hs_err_pid12.log written
worker died, restarting
Fatal error: process terminated
child exited with status 255
node:internal/process: triggerUncaughtException
thread panicked while processing panic
docker: container news died (exitCode=139)
Received SIGSEGV, dumping core
Worker terminated unexpectedly
プロセスが突然終了しました
子プロセスがシグナル11で終了しました
サーバーが異常停止しました
ワーカーが落ちたため再起動します
アプリが強制終了しました
異常終了を検知しました
予期せぬエラーでプロセスが終了
異常終了しました。
アプリケーションがクラッシュしました (コード 0xc0000005)
サービスが予期せず終了しました
ワーカーがシグナル 9 で強制終了
The Newswatch service terminated unexpectedly.
Unhandled exception at 0x7FF: Access violation
Access violation reading location 0x0000
*** Error in `python': free(): invalid pointer: 0x01 ***
free(): double free detected in tcache 2
Illegal instruction (core dumped)
Bus error
worker process died unexpectedly
RuntimeError: DataLoader worker (pid 12) is killed by signal: Killed.
thread 'tokio' panicked at 'called `Option::unwrap()` on a `None` value'
beam.smp crash dump written
[1] 12 abort (core dumped) ./app
python3: double free or corruption (out)
Worker failed to boot.
celery worker exited with exitcode 1
Main process exited, code=killed, status=9/KILL
systemd-coredump[12]: Process 12 (python3) of user 0 dumped core.
npm ERR! Exit status 1
ワーカープロセスが停止しました（異常終了）
python: fatal: segmentation fault
Worker (pid:12) was terminated due to signal 9
app crashed: exit code 139
Restarting crashed worker feed-3
サービスが異常終了したため再起動します
process 12 crashed (SIGSEGV)
worker terminated unexpectedly with status 139
Unhandled exception, shutting down
panic: assignment to entry in nil map
プロセスが予期せず終了しました (code=137)
ワーカー3号が突然死しました。再起動します
Segmentation fault (コアダンプ)
app.service: Main process exited, code=killed, status=9/KILL
traps: news[12] general protection fault ip:7f sp:7f error:0
panic: runtime error: index out of range [3] with length 2
Back-off restarting failed container worker
WARN exited: collector (exit status 1; not expected)
uwsgi: DAMN ! worker 2 (pid: 12) died :( trying respawn ...
収集プロセスが異常終了しました (コード 139)
子プロセスがシグナル 11 で終了しました
""",
}
"""One line of a log a line."""

LOOK_ALIKES = r"""
0 errors
timeout set to 30 s
user 404 logged in
エラーは0件でした
retry succeeded
connection restored
connection to database restored
database connection established
connected to database news
Reconnected to redis after 3 attempts
Recovered from timeout, resuming
timeout recovered
no errors found
No timeouts in the last hour
without errors
0 failures, 0 timeouts, 120 ok
errors: 0
timeouts=0 errors=0
timeouts: 12, total: 1200
error_rate=0.0
error_count: 0
failed=0 ok=12 timeout=0
connect_timeout=5 read_timeout=60
read timeout: 30s
Timeout is 30 seconds
setting timeout to 60
request timeout configured as 10s
default timeout 30s
increased the timeout from 10 to 30 seconds
timeout changed: 10 -> 20
--timeout=30 --workers=4
idle_timeout 300
proxy_connect_timeout 5s;
keepalive timeout 65
server.timeout: 30
Connection timeout: 5000ms, read timeout: 10000ms
session timeout in 30 minutes
max_connections=100 statement_timeout=30s
ssl enabled
ssl: true
ssl_certificate /etc/ssl/x.pem;
SSL certificate renewed for example.com
certificate valid until 2026-01-01
certificate verified successfully
certificate verification disabled in settings
TLS handshake completed in 12 ms
Certificate will expire in 60 days
loaded certificate for example.com
queue is empty
queue size: 0
queue size 12 of 1000
queue drained
queue consumer started
backlog cleared
backlog=511
lag=0
consumer lag 0
processed 500 items
processed 404 articles
took 503 ms
imported 429 rows
article 500 published
GET /errors/500 200 3ms
10.0.0.1 - - [10/Oct/2025:13:55:36 +0000] "GET /status/503 HTTP/1.1" 200 404
10.0.0.1 - - [10/Oct/2025:13:55:36 +0000] "GET /timeout HTTP/1.1" 200 500
10.0.0.1 - - [10/Oct/2025:13:55:36 +0000] "GET /a HTTP/1.1" 304 0
10.0.0.1 - - [10/Oct/2025:13:55:36 +0000] "GET /login-failed HTTP/1.1" 200 4021
status=200 path=/errors/404
status code 200
HTTP 200 OK
HTTP/1.1 204 No Content
Completed 200 OK in 404ms
[GIN] 2025/10/10 - 13:55:36 | 200 |   500.311µs |      10.1.2.3 | GET      "/api/items"
port 5000 open
listening on port 4040
exit code 0
process exited with code 0
process exited normally
worker exited gracefully
worker 12 started
terminated process 12 normally
SIGTERM received, shutting down
Received signal 15, stopping
killed by user request
memory usage 40%
memory limit is 512 MB
out_of_memory_score=0
heap size 512m
freed 120 MB of memory
-XX:+HeapDumpOnOutOfMemoryError
oom_score_adj=-900
vm.panic_on_oom = 0
disk usage 40%
disk space ok: 20 GB free
free disk space: 120 GB
disk check passed
cleaned up disk, 12 GB freed
Disk is 20% full
mounted volume /data
login succeeded for bob
user bob logged in
user bob logged out
password changed for user bob
password reset mail sent to bob
authentication succeeded
Accepted publickey for bob from 10.0.0.1 port 22 ssh2
authentication enabled
auth required: false
authenticator loaded
token refreshed
token expires in 3600 s
new API key created
rate limit: 100 per minute
rate limit remaining 4999
X-RateLimit-Remaining: 12
rate limiting enabled
rate limiter configured with 100 req/s
quota used 12%
throttle=10
DNS cache refreshed
resolved example.com to 10.0.0.1
DNS server set to 10.0.0.2
nameserver 10.0.0.2
dns lookup took 12 ms
feed parsed: 30 entries
parsed feed https://a/rss in 12 ms
parsing feed https://a/rss
XML feed updated
json parser initialised
Feed fetched, 0 parse errors
permission granted to bob
permissions updated
checking permissions for /var/log
access allowed
chmod 755 /x
access granted
connection accepted from 10.0.0.1
connection closed
connections: 12
connection pool size 10
database migration complete
database backup finished without errors
database size 12 GB
database vacuum done, no errors
deadlock detector started
deadlock_timeout = 1s
slow query threshold 500 ms
SELECT count(*) FROM errors took 12 ms
inserted 500 rows into table errors
INSERT INTO error_log VALUES
table error_log created
created index on timeouts
error handler registered
error page updated
loading error messages from errors.yml
error reporting enabled
crash reporter initialised
crash reports: 0
panic button tested
test_timeout_error passed
test_database_error PASSED
tests/test_errors.py::test_connection_refused PASSED
running test: handles permission denied
all tests passed, 0 failed
Did you mean timeout?
retries left: 3
retry 1 of 3 scheduled
will retry on timeout
on timeout: retry 3 times
retry_on_timeout=true
if the connection is refused, restart the service
See docs/timeout.md for help
see https://docs.example.com/errors/connection-refused
published article "Bank hit by database failure"
headline: "Server crash leaves passengers stranded"
stored title='Memory shortage drives chip prices'
Article saved: "Out of memory: why phones slow down"
Imported story 'Permission denied: the fight over data'
indexing headline 'Queue full at airport as systems time out'
new post: "Why your SSL certificate expired"
search query "connection refused" returned 12 results
keyword 'timeout' matched 3 articles
translated "認証に失敗しました"
created alert rule "Database error"
rule TimeoutTooHigh loaded
alert resolved: timeout
alert "disk full" resolved
resolved: connection refused on web1
problem fixed: certificate expired
service recovered from out of memory
maintenance: database will be unavailable from 2:00
scheduled downtime for database
エラーはありません
エラーは発生していません
エラーなしで完了しました
エラー件数: 0
エラー数：0、警告数：0
失敗: 0件
タイムアウトは0件でした
タイムアウト時間を30秒に設定しました
タイムアウト値は60秒です
タイムアウト: 30秒
接続タイムアウトの設定を変更しました
再試行に成功しました
接続が復旧しました
データベース接続が回復しました
データベースに接続しました
データベースのバックアップが完了しました
データベースは正常です
ディスク使用率は40%です
ディスクの空き容量: 120GB
ディスク容量は十分です
メモリ使用率は30%です
メモリを解放しました
メモリ上限を1GBに設定しました
証明書を更新しました
証明書の有効期限は2026年1月1日です
証明書を検証しました
認証に成功しました
ログインしました: tanaka
パスワードを変更しました
パスワードの再設定メールを送信しました
認証方式を変更しました
権限を付与しました
権限を確認しました
アクセス許可を設定しました
キューは空です
キューの件数: 0
キューを開始しました
滞留は解消しました
名前解決に成功しました
DNSキャッシュを更新しました
フィードを解析しました（30件）
フィードの解析が完了しました
解析エラーはありませんでした
レート制限の設定を読み込みました
レート制限は1分あたり100回です
プロセスを起動しました
プロセスを正常に終了しました
クラッシュレポートは0件です
異常は検出されませんでした
異常なし
記事「銀行でシステム障害」を公開しました
記事を配信しました: 「データベースエラーで電車が遅延」
見出し『認証に失敗する人たち』を保存
タイトル「タイムアウト」の要約を作成しました
検索語「接続拒否」 12件
「メモリ不足」に関する記事を3件取得しました
通知テンプレート「ディスク不足」を更新しました
速報「大手銀行でシステム障害」を送信しました
障害から復旧しました
エラー画面を更新しました
エラーメッセージを翻訳しました
500件の記事を取得しました
404号室の予約を受け付けました
処理時間: 503ms
Memory check OK
memory limit raised to 4 GB
configured memory limit: 2GB
oom-killer disabled
no OOM events since boot
allocated 20 MB of memory
disk space reclaimed: 12 GB
disk health: good
free space on /data: 120 GB
no space issues detected
DNS record added for news.example.com
resolver started
host web1 resolved in 3 ms
name resolution test passed
DNS failover test completed
TLS enabled on port 443
certificate issued for news.example.com
certificate renewal scheduled
SSL handshake completed
verifying certificate chain
starting TLS listener
rate limit raised to 500
rate limiter initialised
limit: 100 requests per minute
remaining quota: 1200
throttle disabled
parser loaded
parsing 30 feeds
feed validated
XML schema loaded
JSON exported
invalid items skipped: 0
login page updated
authentication service started
authenticated user bob
user bob changed password
logout: bob
token issued
session created
permission check passed
granted access to bob
role editor added to bob
access log rotated
process started with pid 12
process 12 finished with exit code 0
worker 3 stopped gracefully
graceful shutdown complete
crash recovery finished
core count: 8
signal handler installed
panic mode off
segment 12 uploaded
database opened
database schema version 12
connected to postgres
closing database connection
transaction committed
query took 12 ms
pool size 10, idle 4
replica is in sync
queue created
enqueued 12 jobs
queue length is 3
backlog is 0
no backlog
consumer lag within limits
buffer flushed
connection opened to 10.0.0.1
connection idle
connecting to redis
connection refused count: 0
refused connections: 0
listening for connections
read timeout configured: 10 s
timeout for feeds is 15 s
using timeout of 20 s
timeouts are configured per feed
no timeout configured
request completed in 504 ms
response sent: 200
status: 201
status page published
HTTP server started on port 5000
server listening on 4040
http status 200 in 500 ms
500 items imported in 12 s
error count reset
error log rotated
errors fixed: 12
last error: none
error: null
"error": null, "status": "ok"
error tracking enabled
errors.log opened
failed logins today: 0
previous failure cleared
recovered after restart
all checks green
self test: no failures
failover not needed
retry policy: 3 attempts
retry limit is 3
exception list loaded
warnings: none
alert threshold set to 500
alarm cleared
job timeout-check started
task handle_timeout registered
article "How to survive a server crash" published
tagged article 12 with 'disk full'
category "Permission denied" created
search for "ssl error" took 3 ms
Editor note: "the connection was refused by the minister"
comment posted: "this app always says timeout"
メモリの増設が完了しました
メモリ使用量を記録しました
空きメモリ: 2GB
OOM対策を適用しました
ディスクを交換しました
ディスクの点検を開始します
空き容量を確認しました
証明書の更新を予約しました
証明書を発行しました
SSLを有効にしました
TLS接続を確立しました
DNSの設定を反映しました
名前解決の確認を完了しました
レート制限を緩和しました
APIの利用状況を集計しました
呼び出し回数: 120回
フィードの形式を判別しました
XMLを出力しました
JSONを保存しました
文字コードをUTF-8に変換しました
ログイン画面を表示しました
認証サーバーを起動しました
認証が完了しました
パスワードの有効期限は90日です
トークンを更新しました
権限を変更しました
アクセスログを出力しました
アクセスを許可しました
プロセスの監視を開始しました
ワーカーを3台に増やしました
サービスを正常に停止しました
クラッシュ時の自動再起動を有効にしました
終了コード: 0
異常終了したジョブはありません
データベースを最適化しました
データベースへの接続を確認しました
DB接続数: 12
トランザクションを開始しました
クエリが完了しました（12ms）
キューを作成しました
キューに記事を追加しました
未処理: 0件
滞留件数は0件です
遅延はありません
接続を開始します
接続を受け付けました
接続待ち受けを開始しました
接続拒否は0件
タイムアウト設定を読み込みました
タイムアウトなしで完了しました
タイムアウトを無効にしました
応答時間: 503ms
応答を受信しました
HTTPステータス: 200
ステータス: 正常
500エラー画面の文言を修正しました
404ページを作成しました
エラー監視を開始しました
エラー通知先を変更しました
前回のエラーは解消済みです
失敗時の再試行は3回です
例外処理を追加しました
異常検知モデルを更新しました
障害情報ページを更新しました
記事「接続できない？Wi-Fiの直し方」を公開しました
見出し: 「サーバーが落ちた日」
ニュース「証明書の期限切れで通信障害」を受信
タグ「タイムアウト」を追加しました
特集『認証エラー』の連載を開始
要約: 「政府、アクセス権限の見直しへ」
お知らせ「データベース停止のご案内」を掲載しました
Nov 24 09:00:00 web1 kernel: Memory cgroup stats for /docker/12: cache:0KB rss:1024KB
kernel: TCP: request_sock_TCP: cookies enabled
kernel: CPU0: Core temperature/speed normal
kernel: audit: type=1400 apparmor="ALLOWED" operation="open" profile="x"
kernel: oom_reaper: disabled
systemd[1]: Reached target Timers.
systemd[1]: Starting Daily apt upgrade and clean activities...
systemd[1]: Starting Cleanup of Temporary Directories...
systemd[1]: app.service: Scheduled restart job, restart counter is at 1.
systemd[1]: Stopping news-app.service...
systemd[1]: Listening on D-Bus System Message Bus Socket.
systemd-timesyncd[12]: Synchronized to time server 10.0.0.1:123
sshd[12]: Server listening on 0.0.0.0 port 22.
sshd[12]: Connection closed by 10.0.0.5 port 51022
sshd[12]: Received disconnect from 10.0.0.5 port 51022:11: disconnected by user
sudo: tanaka : TTY=pts/0 ; PWD=/home/tanaka ; USER=root ; COMMAND=/usr/bin/systemctl restart nginx
CRON[12]: pam_unix(cron:session): session closed for user root
postfix/qmgr[12]: 4F1: removed
postfix/qmgr[12]: 4F1: from=<a@example.com>, size=500, nrcpt=1 (queue active)
dovecot: imap-login: Login: user=<bob>, method=PLAIN, rip=10.0.0.5, TLS, session=<x>
named[12]: zone example.com/IN: sending notifies (serial 2026010101)
dnsmasq[12]: query[A] feeds.example.com from 10.0.0.5
dnsmasq[12]: reply feeds.example.com is 10.0.0.9
haproxy[1]: Server be/web1 is UP, reason: Layer7 check passed, code: 200, check duration: 5ms
haproxy[1]: Proxy fe started.
nginx: worker process 12 exited with code 0
nginx: [notice] 1#1: start worker process 31
nginx: using the "epoll" event method
LOG:  database system was shut down at 2026-01-01 00:00:00 JST
LOG:  autovacuum launcher started
LOG:  duration: 503.221 ms  statement: SELECT * FROM errors WHERE code = 500
LOG:  checkpoint starting: time
LOG:  connection authorized: user=news database=news
LOG:  disconnection: session time: 0:00:01.2 user=news database=news host=10.0.0.5
mysqld: InnoDB: Buffer pool(s) load completed at 260101
mysqld: InnoDB: 128 rollback segments are active
redis: 1 changes in 900 seconds. Saving...
redis: Background saving started by pid 12
redis: DB loaded from disk: 0.012 seconds
MongoDB: Connection accepted
kafka: [GroupCoordinator 1]: Stabilized group feeds generation 5
kafka: Partition articles-0 loading producer state from offset 500
kafka: Deleted segment file 0000404.log
rabbitmq: accepting AMQP connection <0.12.0> (10.0.0.4:51200 -> 10.0.0.2:5672)
rabbitmq: closing AMQP connection <0.12.0> (10.0.0.4:51200 -> 10.0.0.2:5672)
celery: Task news.fetch[12] received
celery: Task news.fetch[12] retry: Retry in 60s
celery: mingle: all alone
gunicorn: Booting worker with pid: 12
gunicorn: Listening at: http://0.0.0.0:5000 (12)
gunicorn: Worker exiting (pid: 12)
gunicorn: Handling signal: term
uvicorn: Application startup complete.
uvicorn: Waiting for connections to close. (CTRL+C to force quit)
docker: container started
dockerd: API listen on /var/run/docker.sock
kubelet: Container image "news:404" already present on machine
kubelet: Successfully pulled image in 5.03s
scheduler: Successfully assigned news/web to node-500
k8s: Scaled up replica set web to 5
elasticsearch: [gc][500] overhead, spent [200ms] collecting in the last [1s]
elasticsearch: cluster health status changed from [YELLOW] to [GREEN]
java: GC(12) Pause Young (Normal) 500M->120M(1024M) 12.404ms
java: HikariPool-1 - Start completed.
java: HikariPool-1 - Pool stats (total=10, active=0, idle=10, waiting=0)
spring: Tomcat started on port(s): 5000 (http)
spring: Exposing 15 endpoint(s) beneath base path '/actuator'
rails: Started GET "/articles/500" for 10.0.0.1
rails: Processing by ErrorsController#show as HTML
rails: Rendered errors/not_found.html.erb (Duration: 1.2ms)
rails: Completed 304 Not Modified in 404ms
express: GET /errors/timeout 200 12 ms
django: "GET /login/?error=failed HTTP/1.1" 200 500
Watching for file changes with StatReloader
Applying migrations: errors.0001_initial... OK
collected 500 static files
Uploading 429 files
Retrying request in 5 seconds
attempt 2 of 5
fallback to cache
cache miss for key timeout:12
cache hit ratio 0.98
heartbeat ok
lock acquired by worker 3
lock released
lease renewed for 30 s
circuit breaker closed
feature flag error_banner is on
flag connection_refused_banner=false
i18n: loaded key errors.timeout
validating certificate dates: ok
certificate expires in 404 days
issued certificate serial 500
ACME challenge valid
TLS ticket key rotated
authentication method: password
password policy: at least 12 characters
user invited: bob@example.com
user account unlocked: bob
account created: bob
API key created for partner-3
token will expire in 60 minutes
session timeout is 30 minutes
user session ended
login attempt from 10.0.0.5 allowed
access policy reloaded
ACL updated for topic articles
permission model version 3
file mode changed to 0644
disk sdb attached
disk scheduler set to none
memory map initialised
swap enabled: 2 GB
heap dump not requested
process priority set to 5
child 12 started
spawned worker with pid 404
process list refreshed
thread pool size 50
queue worker registered: feeds
message published to queue articles
queue feeds: 12 consumers, 0 messages
drained 503 messages from queue
batch of 500 jobs queued
job 404 queued
rate of articles: 12 per minute
throttle window is 60 s
using limit of 429 requests
parse took 12 ms
parsed 500 items
feed has 404 entries
XML namespace registered
rss2json converter ready
decoder utf-8 selected
encoding detected: shift_jis
connection pool created
connection to search established
connection from 10.0.0.5 accepted
connection keep-alive enabled
refreshing token
Server ready, waiting for connections
waiting for response
waiting for lock
timeout handler attached
backoff 5 s
health check passed
health check ok: status 200
alert rule HighErrorRate added
alert HighErrorRate is inactive
error budget 99.9%
errors: none
error rate is 0.01 %
0 of 12 checks failed
no error
no errors
no failures detected
no warnings
nothing failed
all jobs finished without problems
completed without incident
fixed typo in error message
merged branch fix/timeout-handling
commit 404abc: handle connection refused
deploy of release 5.0.3 finished
news: "Hospital systems down after memory shortage" stored
subject='Servers crash as fans rush for tickets' lang=en
<item><title>Database failure grounds flights</title></item>
push notification: "Court: access denied to reporters"
headline updated: 'Too many requests for help after quake'
rank 1: "Why your password failed you"
keyword trend: timeout, crash, failure
top story "Connection lost: life without phones" opened 500 times
記事ID=404 の校正を開始
記事タイトルに「エラー」を含む記事は3件です
話題の語: 障害, 停止, 復旧
配信済み「通信障害のお詫び」
「不正ログイン」特集ページを公開
『権限なき者たち』の書評を掲載
ランキング1位: 「銀行でデータベース障害」
読者投稿: 「アプリがすぐ落ちる」
天気: 台風で運休、接続バスも運休
通知設定「障害時のみ」を保存
監視項目「タイムアウト数」を追加しました
アラート「ディスク使用率」を解除しました
エラー率: 0.0%
エラー 0、警告 0
失敗 0 件、成功 500 件
タイムアウトの発生はありません
拒否された接続はありません
未送信のメールはありません
キューに溜まっている記事はありません
メモリ不足の兆候はありません
ディスク不足は解消しました
証明書の期限切れはありません
名前解決の失敗は0件です
認証エラーは発生していません
権限エラーは0件
レート制限には達していません
接続は正常です
接続確認OK
応答は正常です
DB接続プールを初期化しました
DBの統計情報を更新
データベース移行が完了しました（エラー0件）
SQLの実行計画を更新しました
トランザクション分離レベルを変更
インデックスを再構築しました
レプリケーションの遅延は0秒です
キューの監視を開始
ワーカーを停止しました（正常）
プロセス一覧を取得しました
シャットダウンが完了しました
再起動が完了しました
サーバーを起動しました（ポート5000）
フィードを500件登録しました
RSSを配信しました
XMLスキーマを読み込みました
文字コード: UTF-8
解析対象は404件です
ログイン通知を送信しました
ログイン回数: 3
パスワードの強度は十分です
認証コードを送信しました
アクセス権を確認
アクセス数: 503
アクセス集計を開始します
許可リストを読み込みました
権限一覧を出力
タイムアウト監視を開始します
タイムアウトまで残り5秒
既定のタイムアウトは10秒
応答待ち: 3件
ディスク清掃を実施
ディスク交換の予定を登録
空き容量 500GB
メモリ診断: 異常なし
メモリ増設のため停止します（計画作業）
SSL設定を確認しました
証明書の期限は3か月後です
自己診断: 問題なし
HTTPヘッダーを追加しました
ステータスページを更新しました
404ページのデザインを変更
500円の寄付を受け付けました
429番の整理券を発行
エラー文言の表記を統一しました
障害報告書を提出しました
障害対応手順を読み込みました
idle timeout for admin sessions is 30 minutes
0 of 1200 probes failed
timeouts: 0 of 50 requests
crash protection enabled for worker pool
OOM protection is enabled for postgres
Quota usage: 3 users near quota, 0 exceeded
feed item: "Five ways to avoid connection refused errors" (blog)
item stored: "Out of memory: a memoir"
skipping duplicate item "Bank timeout leaves customers angry"
user searched for "certificate expired fix"
search term 'permission denied' returned 12 hits
opened help page 'Database errors explained'
docs: chapter 7 explains what happens when authentication fails
see docs/errors "Too many requests"
# when the disk is full, old copies are deleted first
# Permission denied is answered with 403
// if the connection is refused we try the next host
Usage: newsctl queue drain [--if-full] stops when the queue is full
usage: check_dns HOST, prints an error if the name cannot be resolved
running scenario "database down" ... ok
scenario 'queue overflow' passed
Switched to branch 'fix/timeout-handling'
Checked out bugfix/oom-killed-worker
branch feature/rate-limited-api merged
release notes: improved message when authentication fails
changelog 1.9: fix crash when certificate has expired
CHANGELOG - handle 503 service unavailable from upstream
oom_kill 2
oom 0
queue_full=0 rejected=0 timed_out=0
refused_connections=0, auth_failures=0
on_timeout: retry
on_disk_full: stop
on_rate_limited = wait
deprecated setting 'db_error_log' is ignored, use 'log.database'
option 'dns_timeout' is deprecated
レート制限は解除済みです
アカウントロックが解除されました user=sato
接続拒否の状態が解除されました
キューの滞留はすべて処理が完了しました
滞留分の処理が完了しました（残り 0 件）
設定: タイムアウト = 30
設定：認証失敗時の待機 = 5 秒
設定 ディスク不足の警告しきい値 = 90%
認証に失敗した場合は5秒待って再試行します（仕様）
※メモリ不足の場合は自動で再起動します
接続できない場合は管理者に連絡してください
エラーが発生した場合の手順を表示しました
使い方: newsctl feed check URL 解析エラーがあれば表示
ヘルプ「証明書エラーとは」を開きました
ユーザーが「接続 拒否 原因」を検索しました
リリースノート 2.4: ディスク不足時のメッセージを改善
変更履歴: タイムアウト時の再試行を追加
証明書の有効期限まで残り 45 日です
認証失敗 0 件 / 1200 件
200件中0件がタイムアウト
失敗 0/1200
Test case "auth fails with wrong password" finished, expected
What does 'connection refused' mean?
Did you know? Rate limiting protects your API
The process will be killed if it runs out of memory
retries are made when the server returned 503
connection refused errors are now reported as warnings
all timeouts cleared
rabbitmq alarm cleared: queue emails below threshold
disk space is sufficient: 120 GB free
Disk OK - free space: / 10200 MB (61% inode=72%):
Certificate expires in 60 days, no action required
Connection pool stats: active=3 idle=7 timeouts=0
GET /errors/500.html 200 3 ms
GET /docs/timeouts HTTP/1.1 200
"GET /help/404 HTTP/1.1" 200 512
article 503 saved
Fetched 429 articles from 12 feeds in 8 s
listening on port 5000
status=200 retries=0 errors=0
certificate renewed, valid until 2027-01-01
Certificate for example.com issued
authentication succeeded for user sato
session timeout reset to 30 min by admin
login page rendered
password changed for user sato
permission granted to role editor
rate limit headers: remaining 4980 of 5000
rate limiter initialised: 100 req/min
request quota at 12 %
queue depth 3
queue worker started
queues: default=0, translate=2
Backlog is empty
Disk usage: 42% of 100 GB
disk check finished: no problems
memory usage 512 MB of 2 GB
Memory limit for worker set to 512 MB
OOM score adjusted to -500
DNS cache flushed
DNS resolver 10.0.0.2 answered in 3 ms
resolved example.com to 93.184.216.34
parser switched to lenient mode
XML schema version 2.0
worker exited with code 0
process 412 terminated normally
shutting down gracefully on SIGTERM
Crash report upload is disabled
connection accepted from 10.0.0.3
connection closed by client
database migrated to version 12
DB connection pool size: 20
database backup finished in 12 s
slow query log is enabled
error budget remaining: 99.2%
error page template loaded: 500.html
Retry policy: 3 attempts, timeout 10 s
timeout=30 retries=3 backoff=2
read_timeout: 60
Translating: "Storm causes power failure, thousands without heating"
headline: 'Bank denies access to accounts after system crash'
【速報】大規模障害、全国で通信途絶 を配信しました
記事を保存: 「銀行ATM、システム障害で停止」
見出し『クラッシュした株式市場』を登録
タイムアウト値を 60 秒に変更しました
接続プールの上限は 20 です
証明書を更新しました（有効期限 2027-01-01）
認証に成功しました user=sato
ログインしました user=sato
ディスク使用率 42%
メモリ使用量は正常です
未処理件数: 0
失敗: 0 件、成功: 120 件
再試行により正常に取得しました
DNSキャッシュを消去しました
権限を付与しました role=editor
フィードの解析が完了しました 30件
レート制限の残り: 4980
タイムアウト監視を開始しました
障害訓練を実施します
ページ「エラーの直し方」を表示
設定ファイルを読み込みました timeout=30 error_log=on
403 articles archived
HTTP/1.1 200 OK
backup of 500 files done
retry succeeded after 1 timeout
Circuit breaker closed again for translation
Health check passed: database ok, redis ok, disk ok
checking certificate expiry for 12 hosts
subscribed to topic alerts.disk-full
metric http_requests_5xx registered
exporting counter connection_refused_total
loaded 12 alert rules (DiskFull, OutOfMemory, DatabaseDown)
silence created for alert DiskFull by sato
alert DiskFull resolved
[RESOLVED] database down
notification template 'out of memory' saved
unit test test_permission_denied PASSED
simulated crash for chaos experiment, recovery in 3 s
"""
