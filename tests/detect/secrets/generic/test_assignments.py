"""Secrets by the names that they are assigned to, in many formats and languages."""

from __future__ import annotations

import pytest

from marked import check_found, check_quiet, lines

# «» stand around what has to be found.
SECRETS = lines(r"""
password = "«{alnum:14}»"
password='«{alnum:12}»'
password := "«{alnum:12}»"
password: «{alnum:12}»
password: "«{alnum:4}#{alnum:6}»"
password => "«{alnum:12}»"
"password": "«{alnum:12}»",
'password': '«{alnum:12}»',
{"user":"root","password":"«{alnum:12}»"}
{\"user\":\"root\",\"password\":\"«{alnum:12}»\"}
DB_PASSWORD=«{alnum:12}»
export DB_PASSWORD=«{alnum:12}»
export MYSQL_ROOT_PASSWORD="«{alnum:12}»"
set DB_PASSWORD=«{alnum:12}»
setenv DB_PASSWORD «{alnum:12}»
$env:DB_PASSWORD = "«{alnum:12}»"
ENV DB_PASSWORD «{alnum:12}»
ENV DB_PASSWORD=«{alnum:12}»
ARG API_TOKEN="«{alnum:30}»"
spring.datasource.password=«{alnum:12}»
spring.datasource.password = «{alnum:12}»
smtp_passwd: '«{alnum:12}»'
dbPassword = '«{alnum:12}»';
const dbPassword = "«{alnum:12}»";
let apiKey: string = '«{alnum:32}»';
private static final String API_KEY = "«{alnum:32}»";
String password = "«{alnum:12}»";
var password string = "«{alnum:12}»"
val password: String = "«{alnum:12}»"
password: str = "«{alnum:12}»"
char *password = "«{alnum:12}»";
char password[] = "«{alnum:12}»";
char password[32] = "«{alnum:12}»";
#define WIFI_PASSWORD "«{alnum:12}»"
let password: &str = "«{alnum:12}»";
$config['db_password'] = '«{alnum:12}»';
$config["db"]["password"] = "«{alnum:12}»";
os.environ["DB_PASSWORD"] = "«{alnum:12}»"
settings.password = "«{alnum:12}»"
self.password = u'«{alnum:12}»'
self._auth_token = b"«{hex:40}»"
:password => "«{alnum:12}»",
password: "«{alnum:12}»", # ruby
define('DB_PASSWORD', '«{alnum:12}»');
define("AUTH_KEY", "«{alnum:48}»");
System.setProperty("DB_PASSWORD", "«{alnum:12}»")
client.setPassword("«{alnum:12}»");
user.set_password('«{alnum:12}»')
.password("«{alnum:12}»")
“DB_PASSWORD=«{alnum:14}»”
口令 db_password=«{alnum:14}»。
stringData: {password: «{alnum:16}»}，
# DB_PASSWORD	«{alnum:14}»
app    DB_PASSWORD    «{alnum:14}»    prod
send it as Bearer «{alnum:40}» with each request
- "Bearer «{b64url:43}»"
.withToken("«{alnum:30}»")
connect(host="db", password="«{alnum:12}»", port=5432)
connect(user='root',password='«{alnum:12}»')
auth=("password", "«{alnum:12}»")
password = os.getenv("DB_PASSWORD", "«{alnum:12}»")
password = os.environ.get('DB_PASSWORD') or '«{alnum:12}»'
const token = process.env.TOKEN || "«{alnum:32}»";
password = ENV.fetch("DB_PASSWORD", "«{alnum:12}»")
PASSWORD=${DB_PASSWORD:-«{alnum:12}»}
password = SecretStr("«{alnum:12}»")
api_key = new String("«{alnum:32}»")
token = String::from("«{alnum:32}»");
token = base64.b64decode("«{b64:39}=»")
if password == "«{alnum:12}»":
if (token !== '«{alnum:24}») {
variable "db_password" { default = "«{alnum:12}»" }
  password = "«{alnum:12}»" # terraform
  master_password      = "«{alnum:12}»"
<password>«{alnum:12}»</password>
<db:password>«{alnum:12}»</db:password>
<token>\n    «{alnum:32}»\n</token>
<add key="DbPassword" value="«{alnum:12}»" />
<property name="password" value="«{alnum:12}»"/>
<entry key="db.password">«{alnum:12}»</entry>
<user name="root" password="«{alnum:12}»"/>
<input type="hidden" name="auth_token" value="«{hex:40}»">
- name: DB_PASSWORD\n  value: "«{alnum:12}»"
{"name": "DB_PASSWORD", "value": "«{alnum:12}»"}
password: |\n  «{alnum:12}»\nuser: root
token: >-\n  «{alnum:32}»
secret:\n    «{alnum:32}»
| user | password |\n| Password | «{alnum:12}» |
**Password:** `«{alnum:12}»`
- Password: `«{alnum:12}»`
The password is «{alnum:12}».
the password for admin is «{alnum:12}»
password for admin: «{alnum:12}»
Username: admin Password: «{alnum:12}»
login: admin / pw: «{alnum:12}»
machine example.org\n  login me\n  password «{alnum:16}»
requirepass «{alnum:30}»
bindpw «{alnum:16}»
psk="«{alnum:16}»"
user/password: admin/«{alnum:12}»
Das Passwort lautet «{alnum:12}»
machine example.org login me password «{alnum:12}»
Data Source=db;User Id=sa;Password=«{alnum:12}»;Encrypt=yes
Server=tcp:db,1433;Uid=sa;Pwd=«{alnum:12}»;
jdbc:mysql://db/app?user=root&password=«{alnum:12}»&ssl=true
https://api.example.org/v1?api_key=«{alnum:32}»&page=2
https://api.example.org/v1?access_token=«{hex:40}»
DefaultEndpointsProtocol=https;AccountKey=«{b64:86}==»;EndpointSuffix=core
Endpoint=sb://x/;SharedAccessKeyName=Root;SharedAccessKey=«{b64:43}=»
mysql --user=root --password=«{alnum:12}» app
mysql --user root --password «{alnum:12}» app
tool --api-key «{alnum:32}» run
tool --token=«{hex:40}»
Connect-Thing -User 'x' -Password '«{alnum:12}»'
CREATE USER app WITH PASSWORD '«{alnum:12}»';
CREATE USER 'app'@'%' IDENTIFIED BY '«{alnum:12}»';
ALTER LOGIN sa WITH PASSWORD = '«{alnum:12}»';
curl -H "Authorization: Bearer «{alnum:40}»" https://api
curl -H 'X-Api-Key: «{alnum:32}»' https://api
curl -H "Authorization: token «{hex:40}»" https://api
headers = {"Authorization": "Bearer «{b64url:43}»"}
"Authorization: Bearer «{alnum:40}»"
X-Auth-Token: «{hex:32}»
Private-Token: «{alnum:20}»
//registry.example.org/:_authToken=«{uuid}»
_auth = «{b64:31}=»
aws_secret_access_key = «{b64:40}»
SECRET_KEY = '«django-insecure-{alnum:50}»'
secret_key_base: «{hex:128}»
client_secret: «{b64url:40}»
"clientSecret": "«{b64url:40}»"
"refresh_token" : "«1//{b64url:60}»"
session_secret: "«{hex:64}»"
jwt_secret="«{alnum:32}»"
encryption_key: «{hex:64}»
salt = "«{hex:32}»"
AES_KEY = {«0x1f, 0x8b, 0x77, 0x02, 0xa4, 0xd0, 0x5e, 0x31»}
key := []byte{«31, 139, 119, 2, 164, 208, 94, 49»}
token = "«{alnum:20}" + "{alnum:20}»"
token = ("«{alnum:20}"\n         "{alnum:20}»")
api_key="«acme_live_{hex:40}»"
senha = "«{alnum:12}»"
contraseña: «{alnum:12}»
Kennwort: «{alnum:12}»
пароль — password: «{alnum:12}»
""")

HARMLESS = lines(r"""
password = "changeme"
password = "xxxxxxxxxxxx1"
password: <your-password-1>
password: "<PASSWORD1>"
password = "${DB_PASSWORD_1}"
password = "{{ vault_password1 }}"
password = "%(db_password1)s"
password=$DB_PASSWORD1
password=%DB_PASSWORD1%
password=${DB_PASSWORD_1}
password = "your-password-here-123"
password = "Password123!"
password = "test1234test"
password = "********12"
password = config.database.password1
password = get_password(user1)
password = getpass.getpass("Password 1: ")
password = os.environ["DB_PASSWORD_1"]
password = os.getenv("DB_PASSWORD_1")
password = request.form["password1"]
password = secrets.token_hex(16)
password = user2.password
password: str = field(default=None, metadata={"a1": 2})
password = None  # 12345678a
def login(user1, password1, token2):
self.assertEqual(password, other.password2)
"password": "string1",
"password": {"type": "string", "minLength": 12}
password_hash = "sha256:{hex:64}"
password_field = "id_password_1"
password_url = "https://example.org/reset/{alnum:12}"
passwordResetPath: "/users/password/{alnum:12}"
password_updated_at = "2024-01-05T10:11:12Z"
token = "ID_TOKEN_2"
token = Token.String.Double1
token_type = "Bearer2Type3"
token_url = "https://login.example.org/oauth2/v2.0/token"
tokenizer = "cl100k_base_{alnum:12}"
next_token = "{b64:40}"
csrf_token = "{alnum:32}"
ClientRequestToken: {uuid}
pad_token_id: 50256
max_tokens = 128000
secret_name = "prod/db/{alnum:20}"
secretKeyRef: {name: db-secret-1, key: password1}
secret: projects/123456/secrets/db-password1/versions/2
secret: arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-1aB2cD
client_secret = vault.read("secret/app1")
client_secret: op://vault1/item2/field3
api_key = "YOUR_API_KEY_1"
api_key: "insert_your_api_key_2_here"
api_key = settings.API_KEY_2
api_key="KEY...{alnum:4}"
api_key = "abcdefgh12345678"
api_key = "0123456789abcdef0123456789abcdef"
api_key = "deadbeefdeadbeef"
api_key = "a1a1a1a1a1a1a1a1"
api_key_header = "X-Api-Key-1"
key = "user:1234:profile"
key = "some_cache_key_v2"
key = lambda item1: item1.name2
key: value1
keys = ["id1", "id2", "id3"]
sorted(items, key=itemgetter(1))
cache_key = "{hex:64}"
public_key = "{b64:88}"
primary_key = "{uuid}"
"integrity": "sha512-{b64:86}=="
"resolved": "https://registry.example.org/a/-/a-1.2.3.tgz#{hex:40}"
etag: "{hex:32}"
commit: {hex:40}
sha256 = "{hex:64}"
id: {uuid}
author = "somebody1 <somebody1@example.org>"
authors: ["Jane Roe1"]
authorization: required1
Authorization: Bearer $TOKEN_1
Authorization: Bearer <token1>
Authorization: Basic dXNlcjpwYXNzd29yZA==
"Authorization": f"Bearer {token1}"
headers["Authorization"] = "Bearer " + token1
auth = HTTPBasicAuth("user1", "pass1")
pass = 3 of 12 tests
pass  # 12345abcde67
tests pass: 1234, fail: 5678abc
The password a1b2c3d4 was entered.
The password is required1 for all users.
The password must have 8-20 characters.
Reset your password: https://example.org/u/{alnum:24}
Forgot password? Call 0800-123-4567.
keyboard = "de-latin1-nodeadkeys"
monkey = "{alnum:20}"
compass: 359.5north2
const passRegex = /^(?=.*[a-z])(?=.*\d).{8,}$/;
password_pattern = "^[A-Za-z0-9]{8,20}$"
<input type="password" name="password1" id="password1">
<label for="password1">Password 1</label>
"passwordLabel": "Passwort1",
DB_PASSWORD	secretKeyRef	true
password    string    required1
token       The access token, see RFC6750
Bearer authentication is described in RFC6750
use Bearer tokens1 only
PASSWORD	********	me1
#define TLS1_CK_PSK_WITH_AES_128_GCM_SHA256             0x030000A8
#define TLS1_TXT_PSK_WITH_CHACHA20_POLY1305             "TLS_PSK_WITH_CHACHA20_POLY1305_SHA256"
#define TLS1_TXT_PSK_WITH_AES_128_CBC_SHA               "PSK-AES128-CBC-SHA"
key_sha = "{hex:40}"
 s390x/fat/aes192-set-encrypt-key\n s390x/fat/aes256-decrypt-2.asm
cache key: page_{hex:40}
public key: {b64:43}=
gpg --keyserver hkps://keys.example.org --recv-keys {HEX:40}
<trusted-key id="{HEX:40}" group="org.x"/>
password.too_short=Das Passwort ist zu kurz (mindestens 8 Zeichen)
""")


@pytest.mark.parametrize("template", SECRETS)
def test_exactly_the_secret_is_found(template: str) -> None:
    check_found(template)


@pytest.mark.parametrize("template", HARMLESS)
def test_what_is_no_secret_is_left_alone(template: str) -> None:
    check_quiet(template)
