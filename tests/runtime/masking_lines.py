"""Lines with personal data in them (marked by ⟦ ⟧), and lines that only look so."""

PERSONAL = r"""
mail to ⟦taro.yamada+news@example.co.jp⟧ failed
宛先：⟦hanako@example.jp⟧に送信できませんでした
from=<⟦bounce-123@mail.example.com⟧>, size=1234, nrcpt=1 (queue active)
550 5.1.1 <⟦no_such.user@example.org⟧>: Recipient address rejected: User unknown
{"user":"⟦alice@corp.example⟧","action":"login"}
ユーザー⟦suzuki_ichiro@example.ne.jp⟧がログインしました
user ⟦bob%40example.com⟧ requested /reset
GET /unsubscribe?email=⟦carol%40example.net⟧&x=1 HTTP/1.1" 200
mailto:⟦info.desk@news.example.com⟧
⟦first.o'brien@example.ie⟧ signed up
メール送信先: ⟦田中@例え.jp⟧
notify ⟦admin@localhost.localdomain⟧
⟦k.sato＠example.jp⟧ 宛のメールが戻りました
[⟦x_y-z@sub.domain.example.museum⟧] subscribed
Invalid login for ⟦dave@EXAMPLE.COM⟧.
会員（⟦mori@example.com⟧）の退会処理
call ⟦03-1234-5678⟧ now
携帯は⟦090-1234-5678⟧です
携帯 ⟦０９０－１２３４－５６７８⟧ に連絡
電話番号：⟦０３（１２３４）５６７８⟧
call ⟦09012345678⟧
tel ⟦+81 3-1234-5678⟧
tel:⟦+81-90-1234-5678⟧
⟦+819012345678⟧ へSMSを送信しました
TEL ⟦0120-123-456⟧
フリーダイヤル ⟦0120-12-3456⟧
連絡先 ⟦06-6123-4567⟧ 内線12
電話:⟦0467-12-3456⟧
電話 ⟦04992-1-2345⟧
support ⟦+1 (555) 123-4567⟧
support ⟦+1-415-555-2671⟧
call ⟦(03) 1234-5678⟧
call ⟦(03)1234-5678⟧
⟦03(1234)5678⟧ にかけてください
phone=⟦08011112222⟧
"phone_number":"⟦070-2345-6789⟧"
mobile: ⟦080 1234 5678⟧
fax ⟦045-123-4567⟧
phone=⟦0312345678⟧
電話番号は⟦0312345678⟧
SMS sent to ⟦+442071838750⟧
+44 number ⟦+44 20 7183 8750⟧ rejected
tel=⟦+33 1 42 68 53 00⟧
お客様の電話番号 ⟦050-1234-5678⟧ を登録
連絡先電話番号「⟦090−1234−5678⟧」
電話 ⟦03ー1234ー5678⟧
⟦090‐1234‐5678⟧から着信
call ⟦(415) 555-2671⟧
phone: ⟦415-555-2671⟧
phone: ⟦415.555.2671⟧
携帯電話：⟦09098765432⟧
Tel.⟦03-9876-5432⟧
msisdn=⟦819012345678⟧
caller ⟦+8613812345678⟧ hung up
マイナンバー: ⟦123456789018⟧
number ⟦1234-5678-9018⟧ given
個人番号は⟦1234 5678 9018⟧です
my_number=⟦123456789018⟧
mynumber: "⟦123456789018⟧"
"individual_number": "⟦123456789018⟧"
マイナンバー（⟦１２３４５６７８９０１８⟧）を確認
個人番号 ⟦１２３４－５６７８－９０１８⟧
kojin_bango=⟦123456789018⟧
My Number ⟦1234-5678-9018⟧ registered
マイナンバーが⟦123456789018⟧の方
申請者番号 ⟦123456789018⟧ を受付
〒⟦100-0001⟧ 東京都千代田区
〒⟦１００－０００１⟧東京都
郵便番号:⟦150-0002⟧
郵便番号は⟦1500002⟧です
postal_code=⟦530-0001⟧
"zip":"⟦5300001⟧"
zipcode: ⟦060-0001⟧
〒 ⟦9800811⟧
郵便番号「⟦812-0011⟧」が見つかりません
postcode=⟦SW1A 1AA⟧
card ⟦4111 1111 1111 1111⟧ refused
card=⟦4111111111111111⟧
card ⟦4111-1111-1111-1111⟧
pan: ⟦5500005555555559⟧
amex ⟦3782 822463 10005⟧ declined
amex ⟦378282246310005⟧ declined
カード番号⟦4012888888881881⟧で決済失敗
カード番号：⟦５１０５１０５１０５１０５１００⟧
JCB ⟦3530 1113 3330 0000⟧
diners ⟦3056 930902 5904⟧
"card_number":"⟦6011111111111117⟧"
クレジットカード ⟦4242-4242-4242-4242⟧ 有効期限 12/29
number=⟦4242424242424242⟧&exp=1229
cc_num=⟦4222222222222⟧
cvv=⟦123⟧ rejected
"cvc":"⟦987⟧"
セキュリティコード：⟦123⟧
charge failed for ⟦4000 0566 5566 5556⟧, retrying
maestro ⟦6759649826438453⟧
Authorization: Bearer ⟦abc.DEF-123456⟧
sent bearer ⟦abcdef123456⟧
authorization: Basic ⟦dXNlcjpwYXNzd29yZA==⟧
header 'Authorization': 'Token ⟦9944b09199c62bcf9418ad846dd0e4bbdfc6ee4b⟧'
Authorization=Bearer ⟦mF_9.B5f-4.1JqM⟧
curl -H "Authorization: Bearer ⟦sk_9aB8c7D6⟧" http://x
Proxy-Authorization: Basic ⟦YWxhZGRpbjpvcGVuc2VzYW1l⟧
X-Api-Key: ⟦a1b2c3d4e5⟧
X-Auth-Token: ⟦gAAAAABh_abcdef⟧
X-Amz-Security-Token=⟦IQoJb3JpZ2luX2VjEJr⟧
"access_token":"⟦ya29.a0AfH6SMBx⟧","expires_in":3600
access_token=⟦2YotnFZFEjr1zCsicMWpAA⟧&token_type=bearer
refresh_token: ⟦tGzv3JOkF0XG5Qx2TlKWIA⟧
id_token=⟦abcdEFGH1234⟧
GET /api?token=⟦d41d8cd98f00⟧ HTTP/1.1
GET /cb?code=ok&api_key=⟦z9y8x7w6⟧&v=2
Using token ⟦3f8a9b7c6d5e4f3a2b1c⟧ for request
csrf_token=⟦Zm9vYmFy⟧
csrfmiddlewaretoken=⟦q1w2e3r4t5⟧
トークン: ⟦abcd1234efgh⟧
アクセストークン=⟦abcd1234efgh⟧
APIキー：⟦k-98765abcdef⟧
https://hooks.slack.com/services/⟦T024BE7LD/B0342JX9Q/a1B2c3D4e5F6g7H8i9J0k1L2⟧
jwt ⟦eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-DEF⟧
none alg ⟦eyJhbGciOiJub25lIn0.eyJzdWIiOiIxMjM0NTY3ODkwIn0.⟧
key ⟦AKIAIOSFODNN7EXAMPLE⟧ leaked
temp key ⟦ASIAIOSFODNN7EXAMPLE⟧
aws_secret_access_key=⟦wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY⟧
AWS_SECRET_ACCESS_KEY: ⟦wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY⟧
pushed with ⟦ghp_16C7e42F292c6912E7710c838347Ae178B4a⟧
pushed with ⟦gho_16C7e42F292c6912E7710c838347Ae178B4a⟧
pushed with ⟦ghs_16C7e42F292c6912E7710c838347Ae178B4a⟧
pushed with ⟦github_pat_11ABCDEFG0aBcDeFgHiJkL_mNoPqRsTuVwXyZ0123456789⟧
gitlab ⟦glpat-abcDEF1234567890xyz_⟧
gitlab runner ⟦glrt-t1_abcDEF1234567890xyz⟧
slack ⟦xoxb-123456789012-1234567890123-abcDEFghiJKL⟧
slack ⟦xapp-1-A0123456789-1234567890123-abcdef0123456789⟧
stripe ⟦sk_live_4eC39HqLyjWDarjtT1zdp7dc⟧
stripe ⟦pk_test_TYooMQauvdEDq54NiTphI7jx⟧
stripe ⟦rk_live_4eC39HqLyjWDarjtT1zdp7dc⟧
stripe hook ⟦whsec_abcdefghijklmnopqrstuvwx123456⟧
openai ⟦sk-proj-abcdefGHIJKL1234567890mnopqrstuvwxyz⟧
openai ⟦sk-abcdefGHIJKL1234567890mnopqrstuvwxyz12345678⟧
anthropic ⟦sk-ant-api03-abcdefGHIJKL1234567890⟧
google ⟦AIzaSyA1234567890abcdefghijklmnopqrstuv⟧
google oauth ⟦ya29.a0AfB_byC1234567890abcdefghij⟧
google secret ⟦GOCSPX-abcdefghijklmnopqrstuvwx1234⟧
sendgrid ⟦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⟧
twilio ⟦SK0123456789abcdef0123456789abcdef⟧
npm ⟦npm_abcdefghijklmnopqrstuvwxyz0123456789⟧
pypi ⟦pypi-AgEIcHlwaS5vcmcCJDEyMzQ1Njc4LTEyMzQtMTIzNC0xMjM0⟧
digitalocean ⟦dop_v1_0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef⟧
huggingface ⟦hf_abcdefghijklmnopqrstuvwxyzABCDEFGH⟧
mailgun ⟦key-3ax6xnjp29jd6fds4gc373sgvjxteol0⟧
shopify ⟦shpat_0123456789abcdef0123456789abcdef⟧
telegram bot ⟦110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw⟧
vault ⟦hvs.CAESIJ1234567890abcdefghijklmnop⟧
dockerhub ⟦dckr_pat_abcdefghijklmnopqrstuvwxyz1⟧
databricks ⟦dapi0123456789abcdef0123456789abcdef⟧
SharedAccessSignature sig=⟦abcDEF123%2Bxyz%3D⟧&se=2026
⟦MIIEpAIBAAKCAQEA0Z3VS5JJcds3xfn/ygWyF8PbnGy0AHB7MaxNvOZtxSXGnQaB⟧
api key: ⟦7f3b9c2e1d4a5b6c7d8e9f0a1b2c3d4e⟧
private_key=⟦abcdef0123⟧
client_secret=⟦8e2b-44aa⟧
"clientSecret": "⟦abc~123⟧"
encryption_key: ⟦0x1f2e3d4c⟧
open postgres://app:⟦s3cr3t⟧@db:5432/news
mysql://root:⟦p%40ss⟧@10.0.0.3/db
amqp://guest:⟦guest1⟧@rabbit:5672//
redis://:⟦hunter2⟧@cache:6379/0
https://user:⟦p:w/d⟧@example.com/x
postgresql+asyncpg://news:⟦pa@ss⟧@db/news
clone https://⟦x-oauth-token1234⟧@github.com/o/r.git
login password=⟦hunter2⟧ ok
login password: ⟦hunter2⟧
db_password: '⟦a b c⟧'
{"password": "⟦abc123⟧"}
{"password":"⟦ab\"c1⟧","x":1}
{\"password\":\"⟦abc123⟧\"}
{'passwd': '⟦tiger⟧'}
user=scott;pwd=⟦tiger⟧;server=x
Server=db;User Id=sa;Password=⟦P@ssw0rd!⟧;
POST /login username=bob&password=⟦qwerty⟧ 401
password%3D⟦qwerty⟧%26x
passphrase="⟦correct horse battery staple⟧"
PGPASSWORD=⟦secret1⟧ psql -h db
MYSQL_ROOT_PASSWORD=⟦toor⟧ started
mysqldump -u root --password=⟦toor99⟧ news
cmd: backup --password ⟦toor99⟧ --host db
cmd: mysql -uroot -p⟦toor99⟧ news
ran sshpass -p ⟦toor99⟧ ssh host
curl -u admin:⟦toor99⟧ http://x
curl --user admin:⟦toor99⟧ http://x
パスワードは⟦ひみつ1234⟧です
パスワード：⟦hunter2⟧
パスワード「⟦hunter2⟧」でログイン失敗
パスワード=⟦hunter2⟧
暗証番号は⟦1234⟧です
暗証番号：⟦９８７６⟧
仮パスワード ⟦Xy12Zw⟧ を発行しました
合言葉: ⟦やまかわ⟧
PINコード ⟦4821⟧ を入力
pin=⟦4821⟧
PIN: ⟦4821⟧
otp=⟦123456⟧
ワンタイムパスワード：⟦123456⟧
認証コードは⟦482913⟧です
verification code ⟦482913⟧ sent
your verification code is ⟦482913⟧
確認コード「⟦482913⟧」
secret=⟦abcdef⟧
secret_key_base: ⟦3b7cd727ee24⟧
DJANGO_SECRET_KEY=⟦django-insecure-abc⟧
new password is ⟦Tr0ub4dor⟧
password is ⟦Tr0ub4dor&3⟧
invalid password '⟦hunter2⟧' for user bob
wrong password "⟦hunter2⟧"
login attempt [root/⟦admin123⟧] failed
yaml dump: password: ⟦hunter2⟧, user: bob
password -> ⟦hunter2⟧
:password=>"⟦hunter2⟧"
Parameters: {"user"=>{"email"=>"⟦a@b.example⟧", "password"=>"⟦hunter2⟧"}}
<password>⟦hunter2⟧</password>
<Password type="plain">⟦hunter2⟧</Password>
password = ⟦hunter2⟧
password := ⟦hunter2⟧
LDAP bind dn=cn=admin,dc=x password=⟦s3p⟧
userPassword: ⟦e1NTSEF9abc⟧
spring.datasource.password=⟦dbpw123⟧
--db-pass=⟦dbpw123⟧
smtp_pass=⟦dbpw123⟧
cookie="⟦JSESSIONID=ABC123DEF⟧"
JSESSIONID=⟦1A530637289A03B07199A44E8D531427⟧ expired
PHPSESSID=⟦298zf09hf012fh2⟧ started
session_id=⟦a3fWa9Kx⟧ closed
sessionId: "⟦a3fWa9Kx⟧"
connect.sid=⟦s%3AabcDEF123⟧
セッションID：⟦a3fWa9Kx⟧
sid=⟦a3fWa9Kx99⟧
laravel_session=⟦eyJpdiI6Ik⟧
_session_id=⟦b7c8d9⟧
氏名：⟦山田太郎⟧ 様
氏名=⟦山田 太郎⟧, 年齢=30
お名前: ⟦佐藤花子⟧
名前は⟦鈴木一郎⟧です
"氏名":"⟦山田太郎⟧"
フリガナ：⟦ヤマダタロウ⟧
ふりがな=⟦やまだたろう⟧
full_name=⟦Taro Yamada⟧
"first_name":"⟦Taro⟧","last_name":"⟦Yamada⟧"
顧客名：⟦高橋健⟧
契約者名「⟦田中美咲⟧」
担当者名=⟦伊藤⟧
customer_name="⟦John Smith⟧"
firstName: '⟦John⟧'
姓：⟦山田⟧ 名：⟦太郎⟧
生年月日：⟦1985年4月1日⟧
生年月日=⟦1985-04-01⟧
date_of_birth=⟦1985-04-01⟧
"birthday":"⟦1985/04/01⟧"
住所：⟦東京都千代田区千代田1-1⟧
住所は⟦大阪府大阪市北区梅田1-2-3⟧です
ご住所: ⟦京都市左京区⟧
address="⟦1-1 Chiyoda, Tokyo⟧"
口座番号：⟦1234567⟧
account_number=⟦1234567⟧
パスポート番号 ⟦TK1234567⟧
passport_no=⟦TK1234567⟧
運転免許証番号：⟦123456789012⟧
免許証番号=⟦123456789012⟧
ssn=⟦123-45-6789⟧
SSN: ⟦123-45-6789⟧
iban=⟦DE89370400440532013000⟧
IBAN ⟦GB82 WEST 1234 5698 7654 32⟧ rejected
保険証番号：⟦12345678⟧
基礎年金番号 ⟦1234-567890⟧
dovecot: imap-login: Login: user=<⟦taro@example.jp⟧>, method=PLAIN, rip=10.0.0.1
GET /reset?email=⟦a.b%40example.com⟧&token=⟦abc123def⟧ HTTP/1.1
メールアドレス：⟦sato@example.co.jp⟧（確認済み）
to: "⟦Sato@Example.Co.Jp⟧"
Recipients=[⟦a@x.example⟧, ⟦b@y.example⟧]
rcpt ⟦foo_bar-9@a-b.example.io⟧: 452 mailbox full
From:⟦noc@isp.example.net⟧\n
"card"=>{"number"=>"⟦4242424242424242⟧", "cvc"=>"⟦314⟧"}
カード番号 ⟦4242 4242 4242 4242⟧ の与信に失敗
PaymentRequest(pan=⟦5555555555554444⟧, exp=12/30, cvv=⟦123⟧)
charge ⟦3566002020360505⟧ failed
card:⟦4000-0000-0000-0002⟧
クレジットカード（⟦３７８２－８２２４６３－１０００５⟧）
track2=;⟦4111111111111111⟧=29121010000000000000?
⟦6011 0009 9013 9424⟧
ccnum="⟦5105 1051 0510 5100⟧"
LoginRequest(username=bob, password=⟦s3cret⟧, remember=true)
UPDATE users SET password='⟦abc⟧' WHERE id=3
CREATE USER 'x'@'%' IDENTIFIED BY '⟦geheim⟧'
ALTER ROLE app WITH ENCRYPTED PASSWORD '⟦geheim1⟧'
SECRET_KEY=⟦abc-def⟧ API_TOKEN=⟦ghi123⟧ DEBUG=1
psk="⟦my wifi key⟧"
wpa_passphrase=⟦mywifikey⟧
AUTH PLAIN ⟦AGFsaWNlAHNlY3JldA==⟧
AUTH LOGIN ⟦ZGF2ZTpzZWNyZXQ=⟧
1700000000.123 [0 127.0.0.1:5000] "AUTH" "⟦hunter2⟧"
SAMLResponse=⟦PHNhbWxwOlJlc3BvbnNlIHhtbG5z⟧
client_assertion=⟦eyJhbGciOiJSUzI1⟧
code_verifier=⟦dBjftJeZ4CVPmB92K27uhbUJU1p1r⟧
パスワードを「⟦Abc123!⟧」に変更しました
新しいパスワードは ⟦Abc123!⟧ です
パスワード ⟦hunter22⟧ でログインに失敗
暗証番号 ⟦1234⟧ で照会
PINは⟦4821⟧です
PIN: "⟦0042⟧"
初期パスワード：⟦Welcome1⟧
passwd=⟦toor⟧ uid=0
pass=⟦tiger99⟧&user=scott
user:bob pass:⟦tiger99⟧
"passwordConfirmation":"⟦tiger99⟧"
"new_password": "⟦tiger99⟧", "old_password": "⟦lion88⟧"
X-Auth-Password: ⟦tiger99⟧
mysql -h db -u root -p⟦tiger99⟧ -e 'select 1'
mongodb+srv://admin:⟦t1g3r⟧@cluster0.example.net/test?retryWrites=true
smtp://mailer:⟦t%21ger⟧@smtp.example.com:587
jdbc:mysql://db/news?user=root&password=⟦tiger99⟧
jdbc:oracle:thin:scott/⟦tiger99⟧@//db:1521/x
--set adminPassword=⟦tiger99⟧
helm upgrade --set db.password=⟦tiger99⟧ x
vault kv put secret/x password=⟦tiger99⟧
LDAP simple bind cn=admin,dc=x with password ⟦tiger99⟧ failed
Enter password: ⟦tiger99⟧
password entered: ⟦tiger99⟧
wrong password entered (⟦tiger99⟧)
one-time password ⟦482913⟧ sent to user 5
認証番号：⟦482913⟧
ワンタイムパスワードは⟦482913⟧です
2FA code ⟦482913⟧ accepted
OTP ⟦482913⟧ is valid for 5 min
your login code: ⟦482913⟧
"otp":"⟦482913⟧"
X-Vault-Token: ⟦hvs.CAESIJabcdef123456⟧
PRIVATE-TOKEN: ⟦glpat-xyz123ABC456def789gh⟧
X-CSRF-Token: ⟦u8Xk29a⟧
Ocp-Apim-Subscription-Key: ⟦0f1e2d3c4b5a69788796a5b4c3d2e1f0⟧
{"token":"⟦abc.def.ghi⟧"}
deviceToken=⟦fcm_abc123XYZ⟧
push token: ⟦APA91bHun4MxP5egoKMwt2KZFBaFUH1RYHDFd⟧
authToken: '⟦ab12cd34⟧'
?access_token=⟦ab12⟧&x=1
sessionToken="⟦r:abc123def456⟧"
signature=⟦9d8c7b6a5f4e3d2c1b0a⟧
X-Amz-Signature=⟦9d8c7b6a5f4e3d2c1b0a⟧&X-Amz-Date=20260224T000000Z
API key ⟦a1b2c3d4e5f6a7b8c9d0⟧ is over its quota
apikey ⟦a1b2c3d4e5f6a7b8c9d0⟧ rejected
invalid api key: ⟦a1b2c3d4e5f6⟧
APIキー「⟦a1b2c3d4e5f6⟧」が無効です
リフレッシュトークン：⟦a1b2c3d4⟧
GitHub webhook secret is ⟦a1b2c3d4e5⟧
NPM_TOKEN=⟦npm_a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6e7f8⟧
docker login -u bot -p ⟦dckr_pat_a1b2c3d4e5f6a7b8c9d0e1f2⟧ registry
Jenkins crumb Jenkins-Crumb: ⟦a1b2c3d4e5f60718⟧
bot token ⟦123456789:AAEhBOweik6ad9r_QXMENQjcrGbqCr4K-bc⟧
cookies={'sid': '⟦abc123def⟧'}
ASP.NET_SessionId=⟦lit3py55t21z5v55vlm25s55⟧
JSESSIONID: ⟦ABCDEF0123456789⟧
session=⟦.eJwNyUEKgCAQAMC_7DnC3c1d5y-yiEIHRdg⟧ user=1
session key ⟦a1b2c3d4e5f6⟧ created
"phone"=>"⟦09012345678⟧"
Customer [firstName=⟦Taro⟧, lastName=⟦Yamada⟧, tel=⟦03-1234-5678⟧]
ご登録の電話番号（⟦090-1234-5678⟧）に発信しました
⟦0312345678⟧ に発信しました
着信 ⟦0451234567⟧
called ⟦0312345678⟧, no answer
SMS to ⟦08098765432⟧ queued
⟦080.1234.5678⟧ へ連絡
Tel: ⟦03 (1234) 5678⟧
TEL：⟦０１２０－４４４－４４４⟧
⟦(０３)１２３４-５６７８⟧
phone no. ⟦+81 (3) 1234 5678⟧
mobile=⟦+81-80-1234-5678⟧
contact: ⟦+1 212 555 0187⟧
whatsapp:⟦+5511987654321⟧
お電話番号　⟦042-123-4567⟧
勤務先電話 ⟦0120-000-111⟧
FAX番号：⟦03-1234-5679⟧
{"telephone":"⟦0661234567⟧"}
お届け先 〒⟦530-8201⟧ 大阪府大阪市北区
郵便番号（⟦５３０－８２０１⟧）
"postalCode": "⟦530-8201⟧"
〒⟦5308201⟧
郵便番号 = ⟦5308201⟧
zip: ⟦94043⟧, city: x
マイナンバーカード番号 ⟦123456789018⟧
個人番号「⟦1234-5678-9018⟧」
"myNumber":"⟦123456789018⟧"
⟦1234 5678 9018⟧ は登録済みです
MY_NUMBER=⟦123456789018⟧
マイナンバー　⟦１２３４　５６７８　９０１８⟧
氏名は ⟦佐藤 花子⟧ です
"お名前" => "⟦鈴木 次郎⟧"
名前=⟦高橋 三郎⟧;
お名前：⟦Suzuki Jiro⟧
受取人：⟦田中　一⟧
"name": "⟦山田 太郎⟧", "age": 3
会員氏名：⟦渡辺 真理⟧
お客様氏名「⟦伊藤 さくら⟧」
氏名（カナ）：⟦イトウ サクラ⟧
patient_name=⟦Doe⟧
lastName: ⟦O'Brien⟧, x
"given_name":"⟦Hanako⟧","family_name":"⟦Sato⟧"
口座番号 普通 ⟦1234567⟧ 名義 x
""".strip().splitlines()

LOOK_ALIKES = r"""
Failed password for root from 10.0.0.1 port 22 ssh2
Failed password for invalid user admin from 10.0.0.1 port 22 ssh2
Accepted password for deploy from 10.0.0.1 port 22 ssh2
Accepted publickey for deploy from 10.0.0.1 port 22 ssh2: RSA SHA256:abcdefGHIJKLmnop
token expired
Token expired at 2026-02-28
token has expired, refreshing
password: required
password changed for user 42
password reset requested
Password updated successfully
password must be at least 8 characters
password authentication failed for user "app"
pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=10.0.0.1
password expired
password=null
password=""
password: ***
password=[FILTERED]
password: <redacted>
"password": null
password not set
password is incorrect
password was wrong
password is required
invalid password
パスワードが違います
パスワードは必須です
パスワードを変更しました
パスワードの有効期限が切れています
パスワード認証に失敗しました
パスワードは8文字以上で入力してください
暗証番号が一致しません
暗証番号を3回間違えました
認証コードの有効期限が切れました
認証コードを送信しました
トークンの有効期限が切れました
トークンを更新しました
セッションが終了しました
セッション数: 120
session closed for user root
session opened for user root by (uid=0)
session timeout=30
session_timeout: 1800
sessions=12
max_tokens=4096
tokens: 1523
token_count=512
total_tokens=1900 prompt_tokens=1200 completion_tokens=700
tokens used: 1234
token bucket empty
unexpected token '<' at position 0
Unexpected token } in JSON at position 42
SyntaxError: Unexpected token u in JSON at position 0
invalid token: unexpected end of file
token type bearer not supported
bearer token missing
bearer token invalid
Basic authentication required
basic auth failed
basic settings loaded
basic understanding of authentication
Authorization header missing
authorization failed
authorization: denied
Authorization required
cookie jar empty
cookie expired
cookies enabled
secret santa started
secret not found: my-secret
secret "db-credentials" not found
secrets loaded: 3
mounting secret volume
key not found
api key missing
api key is invalid
api key expired
APIキーが無効です
primary key violation on table users
Duplicate entry '4711' for key 'PRIMARY'
duplicate key value violates unique constraint "users_pkey"
foreign key constraint fails
key=value
cache key=articles:42 hit
sort_key=created_at
partition key: 12
keyboard interrupt
public_key=loaded
order 4111111111111112 shipped
order_id=4111111111111112
order no. 1234-5678-9012 shipped
注文番号 1234567890123 を受け付けました
注文番号: 20260228-0001
会員番号 12345678
伝票番号：1234-5678-9012
請求書 2026-0228-1234 を発行
2026-02-28 10:20:30.123456 done in 1234567890 ns
2026-02-28T10:20:30+09:00 started
2026/02/28 10:20:30
20260228102030
20260228-102030-001
1767225600000 ms
1767225600.123456
timestamp=1767225600123
duration 0123456 us
block blk_3886504906413966012 of 12345678901234567890 bytes
blk_-1608999687919862906 terminating
GET /articles/2026/02/28/1234567 200
GET /articles/09012345678 200
article 20260228001234 published
article_id=123456789018 published
記事ID 202602281234 を公開
記事ID：09012345678
記事を120件配信しました
記事を１２０件配信しました（３秒）
version 1.2.3-4567-8901
version 10.0.19045.2965
kernel 5.15.0-91-generic #101-Ubuntu
nginx/1.18.0 (Ubuntu)
Python 3.11.4 (main, Jun  7 2026, 10:13:09) [GCC 12.2.0]
connect to 192.168.100.200:8080
connect to 10.0.0.1:5432 timed out
peer 2001:db8::1 closed
mac 00:1a:2b:3c:4d:5e up
0x7f00aa11bb22 and 0b7e6f0a-2b1c-4d5e-8f90-123456789abc
550e8400-e29b-41d4-a716-446655440000
request_id=550e8400-e29b-41d4-a716-446655440000
trace_id=4bf92f3577b34da6a3ce929d0e0e4736 span_id=00f067aa0ba902b7
commit 9fceb02d0ae598e95dc970b74767f19372d61af8
sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
md5 d41d8cd98f00b204e9800998ecf8427e
e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
ETag: "33a64df551425fcc55e4d42a148795d9f25f89d4"
pid=12345 tid=139872345678901
memory 16384000 kB free 1234-5678
port 8080 in use
ports 8000-8100 open
range 100-200 of 3000
bytes 0-1023/146515
bytes=0-499
rows 100-0001
items 1-50 of 1234
postal service unavailable
zip file corrupt: archive.zip
zip: 12 files extracted
gzip: 1234567 bytes
unzip exited with 1
郵便番号データを更新しました
電話番号が不正です
電話番号は必須です
電話サーバーへの接続に失敗
phone number invalid
phone number is required
tel port closed
fax queue length: 12
user@host
root@server:~#
systemd[1]: user@1000.service: Succeeded.
Started Session 12 of user root.
getty@tty1.service started
sshd@12-10.0.0.1:22.service
npm install lodash@4.17.21
react@18.2.0 installed
@angular/core@15.0.0
git@github.com:owner/repo.git
image registry.example.com/app@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
com.example.Foo@1b2c3d4e
java.lang.Object@6d06d69c
[Ljava.lang.String;@1a2b3c
logo@2x.png not found
GET /img/logo@2x.png 404
/path/to/file@v2.txt
http://example.com:8080/path
https://example.com/users/123
http://localhost:9090/api/v1/query
redis://cache:6379/0
postgres://db:5432/news
amqp://rabbit:5672
ftp://files.example.com/pub
file:///etc/passwd
user name already taken
hostname: web-01
hostname=web01 up
filename=report.pdf
file name: report.pdf
service_name=news-api
name=worker-1 state=running
thread_name=main
名前解決に失敗しました
名前解決エラー: example.com
ファイル名：report.pdf
ホスト名：web01
クラス名: ArticleController
サービス名=配信
テーブル名 articles
住所録を読み込みました
氏名が未入力です
氏名は必須項目です
お名前が長すぎます
address already in use
Address already in use: 0.0.0.0:8080
bind address=0.0.0.0:8080
address: 10.0.0.5
memory address 0x7ffd1234
remote address: 10.0.0.1
listen_address=127.0.0.1:9106
mac_address=00:1a:2b:3c:4d:5e
ip_address=10.0.0.1
pin 4 set high
pinned version 1.2.3
GPIO pin: 17
spinning up 4 workers
pinging 10.0.0.1
opinion=42
pass 3 of 5
pass=true
passed=12 failed=0
test passed: 12
compass=north
bypass: enabled
pass rate: 98%
passenger=3
password_policy=strict
password_min_length=8
password_expiry_days: 90
token_ttl=3600
token_expires_in: 3600
token_url=https://example.com/oauth/token
secret_name=db-creds
secretName: db-creds
auth=ok
auth: success
auth_method=password
authorization_url=https://example.com/authorize
session_count=12
cookie_policy=lax
apikey_count=3
key_id=12
exit code 137
error code 482913
code=500
status code 404
zip code invalid
verification code sent
verification code expired
code: ECONNREFUSED
-p 8080:80
docker run -p 8080:80 nginx
ssh -p 2222 host
mkdir -p /var/log/app
cp -p a b
ps -p 1234
nc -p 5000
curl -u http://x
tar -xzpf x.tar
CVE-2021-44228-4567
ISBN 978-4-10-109205-8
ISBN 9784101092058
JAN 4901234567894
IMEI 490154203237518 no
lat=35.681236 lon=139.767125
12:34:56.789 1234-5678
price 1,234,567,890,123 yen
￥１２，３４５
5 0123 4567
temp 0-100-200
A 2147483647 B 4294967295 C 18446744073709551615
seq 000000000000
00000000-0000-0000-0000-000000000000
0000 0000 0000 0000
thread-1234-5678-9012
part 555-1234
job 2026-02-2810
worker 12-345-6789 started
id 100-200-3000
cpu 0-3 1200-3400 MHz
shard 3-of-12
PUT /v1/objects/12345678901234567890
rss=123456789012
offset=123456789018 partition=3
lsn 0/16B3748
GET /_next/static/chunks/0123-4567890abcdef.js
user_id=123456789012
customer 1234567 updated
account locked
account number missing
sk-learn model loaded
skipping sk-1 done
xoxo from the team
AIzawl not found
ghp_ prefix expected
BEGIN TRANSACTION
-----BEGIN CERTIFICATE-----
-----BEGIN PUBLIC KEY-----
eyJ is the start of a JWT
base64 decoding failed
パスワード再設定メールを送信しました
ログイン画面を表示しました
クレジットカード決済が完了しました
カード番号が不正です
カードの有効期限が切れています
マイナンバーカードの読み取りに失敗しました
マイナンバー連携を開始します
個人番号が未登録です
メールアドレスの形式が正しくありません
メール送信: 成功
E-mail: none
Cookie: none
cookies: 3
sid: 12
Password for user bob is valid
password is ok
Password authentication is enabled on port 2222
password auth attempt 12345
password login disabled
key size 2048
token bucket size=1000
token=0
csrf token mismatch
csrf token missing or incorrect
session 42 expired
session_id: null
secret: mounted
credential: none
api_key: not set
API key=None
auth=disabled
/etc/passwd: Permission denied
open /etc/passwd: no such file or directory
sha1 password hashing took 12 ms
pwd=/home/app
PWD: /srv/app
Tokenizer: loaded 50257 tokens
bearer: none
Basic: ok
access code: 403
auth code 401
exit code 4096
response code 2004
HTTP code 5030
Order #4242424242424241
Visa ending in 4242
2026-11-24T10:00:00+09:00 INFO x
delta +1234567890 ns
offset=+123456789
npm_lifecycle_event_prebuild2
npm_config_cache_max_2000000 set
key-value-store-connection-1 opened
pat-generator-service-version-2 up
global-settings-loader-v2 started
glxgears-something-long-name-22
sk-learn-pipeline-runner-1 finished
"address": "10.0.0.1, 10.0.0.2"
"address": "db-1.internal:5432, db-2.internal:5432"
address="0.0.0.0 port 22"
担当者: 未定
契約者: なし
誕生日キャンペーンを開始しました
氏名の入力が必要です
氏名は必須です
名前を付けて保存
名前空間 default
名前付きパイプ
名前が重複しています
名前: api-gateway
住所が見つかりません
住所は未登録です
郵便番号から住所を検索しました
電話番号の形式が不正です
電話対応件数 12345678 件
電話会議を開始 2026-11-24 10:00
携帯端末 12345678 台
携帯サイト配信 1234567890 件
カード発行枚数 1234567890123 枚
口座振替の結果 12345 件
マイナンバー対象者 123456 名
マイナンバー更新件数: 1234
個人番号カード交付 12345 件
認証コードが一致しません (3回目)
確認コード送信: 200
PIN認証に失敗 (残り 2 回)
パスワードは90日ごとに変更してください
パスワードは3回まで入力できます
パスワードはbcryptでハッシュ化されます
パスワードの長さは12文字です
パスワード: 変更なし
パスワード未設定
パスワードなしでログイン
新しいパスワードを設定してください
トークン数: 4096
トークン数は4096です
トークン: 期限切れ
トークン残り 1234
アクセスキーが見つかりません
APIキー未設定
セッションID: なし
セッション 1234 を終了
クッキーを削除しました
Cookie の有効期限が切れました
Set-Cookie header ignored
Cookie “lang” will be soon rejected
Received cookie challenge
session resumption ticket 1234
TLS session ticket keys rotated
TLS 1.3 key share x25519
ssh-rsa key accepted
Accepted key RSA SHA256:AbCdEfGhIjKlMnOpQrStUvWxYz0123456789abcdefg
host key fingerprint SHA256:AbCdEfGhIjKlMnOpQrStUvWxYz0123456789abcdefg
Offering public key: /home/u/.ssh/id_rsa
key_exchange=ecdh
keyspace hit rate 98%
keyboard: us
monkey=1
turkey: 3
hotkey=F1
keys=12 expires=3
keyframe=250
primary_key=id
sort key: created_at
routing key: news.article.published
routing_key=news.article.created
object key: images/2026/11/24/a.jpg
s3 key=images/2026/11/24/photo.jpg
cache key: article:1234:ja
redis key session:1234 not found
tokenize=false
tokenizer=mecab
next_token: null
page_token=2
continuation token: none
lock token held by worker-3
fencing token 42
passive mode
passenger count: 12
passport: office closed
pass 1/2 complete
passed: 12, failed: 0
bypass=true
compass: 12
password_changed_at=2026-11-24T10:00:00Z
password_reset_count: 12
password-less login ok
secretary: absent
secret_version: 12
secrets: 4 loaded
credentials: 3 found
author=taro
authority=example.com
authorized: true
authorization: not required
authentication: success
Authorization code flow started
oauth2: cannot fetch token: 400 Bad Request
oauth2: token expired and refresh token is not set
invalid_grant: token has been revoked
error: token: invalid character
jwt: token is expired by 3m
json: cannot unmarshal string into Go struct field Token.expires_in of type int
auth: user 12345 not found
auth: invalid password
auth: method=PLAIN
sid:1 cport:-1
sid=1 tid=2
sig: 11
signal=9
signature: ok
signature mismatch: expected 12
session: opened
session=new
pin: 7
pinned=12345
otp disabled
totp: enabled
cvv check failed
cvv: match
code=12345 desc=ok
ja: 00-12-3456 検査
12-3456-7890 部品
0123-45 番
1234567 件処理しました
12345678901234 バイト
記事番号 090-123 を配信
第03-1234号
03-12-2026 10:00:00
0800-1200 営業
090 seconds elapsed
0120 items
ip 090.012.003.004
070 permission bits
serial 0901-2345-67
SKU 4902102072618
ASIN B08N5WRWNW
ISBN-13: 9784873119038
vin 1HGCM82633A004352
imei=356938035643809
iccid 8981100005819480000
lat 35.6812362 lng 139.7671248
bbox 139.1234567,35.1234567
md5sum: 0123456789abcdef0123456789abcdef
sha1 2fd4e1c67a2d28fced849ee1bb76e7391b93eb12
etag "686897696a7c876b7e"
x-request-id: 7b3f2a9c4d5e6f708192a3b4c5d6e7f8
traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01
req-1234-5678-9012-3456
span 1234567890123456
uid 1000 gid 1000
uptime 123456789012 ms
ts=1732438800123456789
t=1732438800123
snowflake 1861234567890123456
range 4000000000000-4999999999999
4000 1234 5678 9010 bytes
5200 2048 1024 4096
3782 822 463 10005
10.0.0.1 - - [24/Nov/2026:10:00:00 +0900] "GET / HTTP/1.1" 200 1234
Mon Nov 24 10:00:00 +0900 2026 ok
user@10.0.0.1
user@host:/path
deploy@web-01 connected
root@localhost
x@y
@mention hello
a @ b.com
image@sha256:0123
postgres@13.4
node@18.17.0
package@1.2.3-beta.4
systemd-journald@netdata.service started
dbus-:1.1-org.freedesktop@0.service
file.txt@2024-01-01
icon@3x.webp
http://www.example.com/@taro/status/1
https://medium.com/@taro/title-123
https://example.com:8443/a@b
http://[::1]:8080/x
svn+ssh://host/path
ws://localhost:8765/feed
""".strip().splitlines()
