"""Secrets are made at run time: none stands in this file."""

import base64
import random
import string
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkrein.core import Action, Decision, Event, EventKind, Finding, Severity, Threat, Verdict
from checkrein.ledger import Ledger
from checkrein.ledger.masking import MASK, mask_command, mask_finding, mask_text, summarize
from checkrein.ledger.masktext import mask_word

LETTERS = string.ascii_letters + string.digits


@pytest.mark.parametrize(
    "command",
    [
        "git push --force origin main",
        "rm -rf build/",
        "npm run test -- --watch",
        "find . -name '*.pyc' -exec rm {} \\;",
        'git commit -m "fix: it\'s done (really)"',
        "dd if=/dev/zero of=/dev/sda bs=1M",
        "for f in *.py; do echo $f; done",
        "sed -i 's/foo/bar/g' src/components/UserProfile/getElementById.test.tsx",
        "awk '{print $1}' file | sort -u > /tmp/out.txt 2>&1",
        "docker run --rm -p 8080:80 docker.io/library/postgres:15-alpine",
        "pip install pkg-1.2.3-cp311-cp311-manylinux_2_17_x86_64.whl",
        "git checkout origin/feature/JIRA-1234-add-login-page",
        "kubectl get pods -n kube-system -o yaml",
        "ls /usr/lib/python3.11/site-packages/authentication",
        "DEBUG=1 NODE_ENV=production TOKEN=$OTHER make",
        "X=rm; $X -rf build",
        "X='rm -rf /'; eval $X",
        "B=a rm -rf $B",
        "PORT=8080 VERSION=v1.2.3-rc.1 IMAGE=postgres:16-alpine LC_ALL=C.UTF-8 make",
        "export A=b C='d e' F+=g",
        'ROOT="$(git rev-parse --show-toplevel)"; rm -rf "$ROOT/build"',
        "BUILD_DIR=./dist/app X=${Y:-/tmp/a} HOSTS=~/.ssh/known_hosts",
        "DATABASE_URL=postgres://localhost/shop_test npx prisma migrate reset",
        "docker build --build-arg=VERSION=1.2 --build-arg NODE=20 .",
        "ssh -i ~/.ssh/key host 'rm -rf ~'",
        "git log --since=2024-01-15T10:30:00Z --author=someone",
        "psql -h localhost -c 'DROP TABLE users'",
        "rm -rf /home/attack2u/un/shop/c14/a",
        "ls ./b2c3d/src/main/x9y8z/out",
        "htpasswd -c f u",
        "echo a:b | tee out",
        "psql -c \"select a from t group by 'b'\"",
    ],
)
def test_useful_commands_stay_as_they_are(command: str) -> None:
    assert mask_command(command) == command


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        ("A=hunter2 cmd", "A=[masked] cmd"),
        ("DBPASS=bar MY_PW=bar cmd", "DBPASS=[masked] MY_PW=[masked] cmd"),
        ("export A=b! C='S3cret' PIN=1234", "export A=[masked] C=[masked] PIN=[masked]"),
        ("A='mysql -ppw' B='curl -u a:b h' C=--token=x", "A=[masked] B=[masked] C=[masked]"),
        ("DATABASE_URL=postgres://u:pw@h/db NUMBER=12345678 x", "DATABASE_URL=[masked] NUMBER=[masked] x"),
        ("mysql -psecret -u root db", "mysql -p[masked] -u root db"),
        ("timeout 5 mysql --password=x --host h", "timeout 5 mysql --password=[masked] --host h"),
        ("cmd --api-key 'a b' --verbose", "cmd --api-key [masked] --verbose"),
        ("curl -sSu me:pw https://u:p@h/x?q=1#f", "curl -sSu[masked] https://[masked]@h/x?[masked]".replace("u[", "u [")),
        ("curl -H 'X-Api-Key: abc' -H \"Accept: text/html\" h", "curl -H 'X-Api-Key: [masked]' -H 'Accept: [masked]' h"),
        ("curl --data-raw 'name=x' h", "curl --data-raw [masked] h"),
        ("sshpass -p hunter2 ssh h", "sshpass -p [masked] ssh h"),
        ("docker login -u me -p zz reg", "docker login -u me -p [masked] reg"),
        ("docker run -e A=b img", "docker run -e [masked] img"),
        ("cat <<EOF > x\na\nEOF\nls", "cat <<EOF > x\n[6 bytes masked]\nls"),
        ("cat <<-'E' <<F\n\tE\nx\nF\nls", "cat <<-'E' <<F\n[7 bytes masked]\nls"),
        ("cat <<< pw", "cat <<< [masked]"),
        ("psql postgres://u:p/w@h/db", "psql postgres://[masked]@h/db"),
        ("aws configure set aws_secret_access_key abc", "aws configure set aws_secret_access_key [masked]"),
        ("npm config set //r.org/:_authToken abc", "npm config set //r.org/:_authToken [masked]"),
        ("bash -c 'A=b!; mysql -px; curl -u b:p h'", "bash -c 'A=[masked]; mysql -p[masked]; curl -u [masked] h'"),
        ("openssl enc -k abc -passin pass:x", "openssl enc -k [masked] -passin [masked]"),
        ("scp f me:pw@host:/x", "scp f [masked]@host:/x"),
        ("htpasswd -b f u pw", "htpasswd -b f u [masked]"),
        ("htpasswd -cB -b f u pw", "htpasswd -cB -b f u [masked]"),
        ("htpasswd -nb u pw", "htpasswd -nb u [masked]"),
        (
            "kubectl create secret generic s --from-literal=k=pw --from-literal j=pw",
            "kubectl create secret generic s --from-literal=k=[masked] --from-literal j=[masked]",
        ),
        ("mysql -e \"create user a identified by 'pw'\"", "mysql -e 'create user a identified by [masked]'"),
        ("psql -c \"alter role a with password 'pw'\"", "psql -c 'alter role a with password [masked]'"),
        ("echo u:pw | sudo chpasswd", "echo [masked] | sudo chpasswd"),
        ("printf '%s' pw | docker login --password-stdin", "printf [masked] [masked] | docker login --password-stdin"),
        ("vault write secret/a k=pw", "vault write secret/a k=[masked]"),
        ("vault kv put secret/a k=pw j=@file", "vault kv put secret/a k=[masked] j=@file"),
        ("sudo docker login -p pw reg", "sudo docker login -p [masked] reg"),
        ("docker exec db mysql -ppw", "docker exec db mysql -p[masked]"),
    ],
)
def test_values_that_could_be_secrets_go(command: str, shown: str) -> None:
    assert mask_command(command) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Authorization: Bearer a b\nnext", "Authorization: [masked]\nnext"),
        ("Cookie: a=b; c=d", "Cookie: [masked]"),
        ("token bearer abc rest", "token bearer [masked] rest"),
        ('{"password": "my pass", "user": "bob"}', '{"password": [masked], "user": "bob"}'),
        ("os.environ['API_KEY'] = 'x'", "os.environ['API_KEY'] = [masked]"),
        ("password: hunter2 rest", "password: [masked] rest"),
        ("Basic usage of the author: me", "Basic usage of the author: me"),
        ("would delete /home/u/x (untracked, 40 files)", "would delete /home/u/x (untracked, 40 files)"),
        ("card 4111111111111111 here", "card [masked] here"),
    ],
)
def test_text(text: str, shown: str) -> None:
    assert mask_text(text) == shown


def test_private_keys_go_whole_also_when_cut_off() -> None:
    begin, end = "-----BEGIN " + "RSA PRIVATE KEY-----", "-----END " + "RSA PRIVATE KEY-----"
    assert mask_text(f"a {begin}\nQUJD\n{end} b") == "a [masked] b"
    assert mask_command(f"echo '{begin}\nQUJD' > k; ls") == "echo '[masked]"


@pytest.mark.parametrize("start", ["gh" + "p_", "AK" + "IA", "xox" + "b-", "gl" + "pat-", "sk-" + "ant-", "ey" + "J"])
def test_known_beginnings_are_masked_at_any_length(start: str) -> None:
    assert mask_word(f"{start}ab") == MASK
    assert mask_command(f"echo {start}ab x") == "echo [masked] x"
    assert mask_word(f"/tmp/{start}ab") == "/tmp/[masked]"


def test_long_commands_are_cut_at_a_whole_word() -> None:
    shown = mask_command("echo " + "word " * 5000)
    assert shown.endswith("more characters]")
    assert len(shown) < 8300
    assert "ABCDEFGH" not in mask_command("x " * 4090 + "ABCDEFGHIJKLMNOPQRSTUVWX")


def _event(kind: EventKind = EventKind.TOOL_CALL, tool: str = "Bash", **fields: object) -> Event:
    return Event(kind, "s", "/p", "/p", "PreToolUse", tool, "c", **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("event", "summary"),
    [
        (_event(tool="Write", input={"file_path": "/p/a.py", "content": "é"}), "/p/a.py (2 bytes)"),
        (_event(tool="Edit", input={"file_path": "/p/a", "old_string": "a", "new_string": "bc"}), "/p/a (1 bytes -> 2 bytes)"),
        (_event(tool="Read", input={"file_path": "/p/a", "limit": 5}), "/p/a"),
        (
            _event(tool="WebFetch", input={"url": "https://h/x?k=v", "prompt": "p"}),
            "url='https://h/x?[masked]' prompt=(1 bytes)",
        ),
        (
            _event(
                tool="mcp__db__query", input={"sql": "select 1", "n": 3, "on": True, "none": None, "l": ["a", {"token": "x"}]}
            ),
            "sql='select 1' n=3 on=true none=null l=['a', {token=[masked]}]",
        ),
        (_event(tool="x", input={"command": "mysql -px"}), "command='mysql -p[masked]'"),
        (_event(EventKind.TOOL_RESULT, input={"command": "ls"}, result={"stdout": "secret"}), "ls → 19 bytes"),
        (_event(EventKind.PROMPT, tool="", text="hello"), "prompt of 5 characters"),
        (_event(EventKind.CONFIG_CHANGE, tool="", text="/p/.claude/settings.json"), "/p/.claude/settings.json"),
        (_event(tool="Write", input={"file_path": 5, "content": "x"}), "file_path=5 content=(1 bytes)"),
    ],
)
def test_summaries(event: Event, summary: str) -> None:
    assert summarize(event, str) == summary


def test_findings_are_masked_in_every_text() -> None:
    secret = "gh" + "p_" + "A1b2C3d4" * 4
    finding = Finding(
        "r", Threat.DATA_LEAKAGE, Severity.HIGH, Action.ASK, secret, secret, secret, secret, secret, (f"/p/{secret}",)
    )
    masked = mask_finding(finding, str)
    assert secret[4:12] not in repr(masked)
    assert masked.paths == ("/p/[masked]",)


# Secrets of many shapes, in the places where commands, prompts and inputs hold them.
_SEEDS = st.integers(0, 2**32)


def _drawn(alphabet: str, low: int, high: int) -> st.SearchStrategy[str]:
    """Strings as a generator of secrets draws them: hypothesis by itself prefers ``000000``, which is no secret."""

    def make(seed: int) -> str:
        chooser = random.Random(seed)
        return "".join(chooser.choice(alphabet) for _ in range(chooser.randint(low, high)))

    return _SEEDS.map(make)


SHAPES = st.one_of(
    _drawn(LETTERS, 18, 48),
    _drawn(LETTERS + "+/", 24, 88),
    _drawn(LETTERS + "-_", 24, 64),
    _drawn("0123456789abcdef", 24, 64),
    _drawn(string.ascii_lowercase + string.digits, 20, 40),
    _drawn(string.ascii_uppercase + "234567", 20, 52),
    _drawn(LETTERS, 16, 36).map(lambda body: "gh" + "p_" + body),
    _drawn(LETTERS, 16, 36).map(lambda body: "xox" + "b-" + body),
    _drawn(string.ascii_uppercase + string.digits, 16, 16).map(lambda body: "AK" + "IA" + body),
    _drawn(LETTERS, 40, 60).map(
        lambda body: ".".join(base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in ('{"alg":1}', body))
    ),
    _SEEDS.map(lambda seed: base64.b64encode(random.Random(seed).randbytes(33)).decode()),
)
ANY_PASSWORD = _drawn(LETTERS + "!#%^*_-+.,:@", 8, 30)

BARE_PLACES = [
    "echo {}",
    "echo '{}' > f",
    'printf "%s" "{}" | sh',
    "cmd /srv/{}/x",
    "python3 -c \"call('{}')\"",
    "node -e 'f(`{}`)'",
    "bash -c 'deploy {} now'",
    "git clone https://github.com/a/b#{}",
    "x=({})",
    "cat f | grep {} # {}",
    "ssh host \"bash -c 'run {}'\"",
    "cmd --flag={} --other",
    "cmd <<EOF\n{}\nEOF",
]
NAMED_PLACES = [
    "TOKEN='{}' cmd",
    "export A='{}'",
    "cmd --password '{}'",
    "cmd --api-key='{}'",
    "curl -u 'me:{}' h",
    "curl -H 'Authorization: Bearer {}' h",
    "curl -H 'Cookie: a={}' h",
    "curl 'https://h/x?k={}'",
    "mysql -p'{}' db",
    "cat <<< '{}'",
    "cmd <<'EOF'\nname={}\nEOF",
    "python3 -c \"password = '{}'\"",
    "bash -c \"export SECRET='{}'; run\"",
    'echo \'{{"password": "{}"}}\' > f',
]


def _windows(secret: str) -> list[bytes]:
    return [secret[start : start + 8].encode() for start in range(len(secret) - 7)]


@settings(max_examples=300, deadline=None, derandomize=True)
@given(secret=SHAPES, place=st.sampled_from(BARE_PLACES + NAMED_PLACES))
def test_no_shape_of_secret_is_left_in_a_command(secret: str, place: str) -> None:
    shown = mask_command(place.format(secret, secret)).encode()
    assert not [window for window in _windows(secret) if window in shown]


@settings(max_examples=200, deadline=None, derandomize=True)
@given(secret=ANY_PASSWORD, place=st.sampled_from(NAMED_PLACES))
def test_no_password_is_left_where_something_says_that_it_is_one(secret: str, place: str) -> None:
    shown = mask_command(place.format(secret)).encode()
    assert not [window for window in _windows(secret) if window in shown]


@settings(max_examples=300)
@given(text=st.text())
def test_masking_never_fails(text: str) -> None:
    mask_command(text)
    mask_text(text)


def test_masking_is_linear() -> None:
    for text in ("'" * 200_000, "$(" * 100_000, "a=" * 100_000, '"\\' * 100_000, "<<A\n" * 50_000, "-----BEGIN " * 20_000):
        assert len(mask_command(text)) < 300_000
        assert summarize(_event(input={"command": text, "x": text[:4000]}), str)
        assert mask_text(text[:50_000])


@settings(max_examples=25, deadline=None, derandomize=True)
@given(secrets=st.lists(SHAPES, min_size=6, max_size=6), data=st.data())
def test_no_secret_reaches_the_disk(tmp_path_factory: pytest.TempPathFactory, secrets: list[str], data: st.DataObject) -> None:
    folder: Path = tmp_path_factory.mktemp("state") / "ledger"
    command = data.draw(st.sampled_from(BARE_PLACES + NAMED_PLACES))
    events = [
        _event(input={"command": command.format(secrets[0], secrets[0])}),
        _event(EventKind.PROMPT, tool="", text=f"use {secrets[1]} please"),
        _event(tool="Write", input={"file_path": f"/p/{secrets[2]}.txt", "content": f"key = {secrets[2]}"}),
        _event(tool="Edit", input={"file_path": "/p/a", "old_string": secrets[3], "new_string": f"x {secrets[3]}"}),
        _event(
            tool="mcp__a__b",
            input={"query": f"find {secrets[4]}", "deep": {"list": [secrets[4]], "token": secrets[4], secrets[4]: 1}},
        ),
        _event(EventKind.TOOL_RESULT, input={"command": "cat .env"}, result={"stdout": f"A={secrets[5]}", "stderr": ""}),
        _event(EventKind.TOOL_FAILURE, input={"command": "cat .env"}, result=f"error: {secrets[5]}"),
    ]
    finding: Callable[[str], Finding] = lambda secret: Finding(  # noqa: E731 -- one use
        "r", Threat.DATA_LEAKAGE, Severity.HIGH, Action.ASK, f"would send {secret}", subject=secret
    )
    with Ledger.open(folder) as ledger:
        for number, event in enumerate(events):
            ledger.append(event, Decision(f"i{number}", Verdict.ASK, (finding(secrets[number % 6]),)), 1, str)
        ledger.note("policy-broken", {"why": f"bad value {secrets[0]}"})
        raw = b"".join(path.read_bytes() for path in folder.iterdir() if path.name.startswith("ledger.db"))
        assert (folder / "ledger.db-wal").stat().st_size > 0
    raw += (folder / "ledger.db").read_bytes()
    assert not [window for secret in secrets for window in _windows(secret) if window in raw]
