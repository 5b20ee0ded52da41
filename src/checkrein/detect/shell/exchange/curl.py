"""curl: what a command line fetches, sends, writes and deletes.

The options are those of https://curl.se/docs/manpage.html (8.x).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from checkrein.core.effect import UNKNOWN, Effect, EffectKind, Flag
from checkrein.detect.shell.exchange.requests import Request, destructive_effects, exchange, file_of, written
from checkrein.detect.shell.model import Invocation, Outcome, absolute
from checkrein.detect.shell.options import Options, listed, parse_options

# Short options of curl that take a value; all long ones that do follow.
_CURL_SHORT = tuple(f"-{letter}" for letter in "AbcCdDeEFhHKmoPQrtTuUwxXyYz")
_LONG_NAMES = """
abstract-unix-socket alt-svc aws-sigv4 cacert capath cert cert-type ciphers config connect-timeout connect-to
continue-at cookie cookie-jar create-file-mode crlfile curves data data-ascii data-binary data-raw data-urlencode
delegation dns-interface dns-ipv4-addr dns-ipv6-addr dns-servers doh-url dump-header ech egd-file engine etag-compare
etag-save expect100-timeout form form-string ftp-account ftp-alternative-to-user ftp-method ftp-port ftp-ssl-ccc-mode
happy-eyeballs-timeout-ms haproxy-clientip header help hostpubmd5 hostpubsha256 hsts interface ip-tos ipfs-gateway
json keepalive-cnt keepalive-time key key-type krb libcurl limit-rate local-port login-options mail-auth mail-from
mail-rcpt max-filesize max-redirs max-time netrc-file noproxy oauth2-bearer output output-dir parallel-max pass
pinnedpubkey preproxy proto proto-default proto-redir proxy proxy-cacert proxy-capath proxy-cert proxy-cert-type
proxy-ciphers proxy-crlfile proxy-header proxy-key proxy-key-type proxy-pass proxy-pinnedpubkey proxy-service-name
proxy-tls13-ciphers proxy-tlsauthtype proxy-tlspassword proxy-tlsuser proxy-user proxy1.0 pubkey quote random-file
range rate referer request request-target resolve retry retry-delay retry-max-time sasl-authzid service-name socks4
socks4a socks5 socks5-gssapi-service socks5-hostname speed-limit speed-time stderr telnet-option tftp-blksize
time-cond tls-max tls13-ciphers tlsauthtype tlspassword tlsuser trace trace-ascii trace-config unix-socket upload-file
url url-query user user-agent variable vlan-priority write-out
"""
_CURL_LONG = tuple(f"--{name}" for name in _LONG_NAMES.split())
_CURL_FLAGS = listed("--get --head --remote-name --remote-name-all --fail --silent --location --insecure --include")
_LONG_OF = {
    "-d": "--data",
    "-F": "--form",
    "-H": "--header",
    "-T": "--upload-file",
    "-o": "--output",
    "-X": "--request",
    "-K": "--config",
    "-c": "--cookie-jar",
    "-D": "--dump-header",
    "-Q": "--quote",
    "-G": "--get",
    "-I": "--head",
    "-O": "--remote-name",
    "-b": "--cookie",
}
_BODY_OPTIONS = ("--data", "--data-ascii", "--data-binary", "--data-raw", "--data-urlencode", "--json")
_WRITES = listed("--cookie-jar --dump-header --trace --trace-ascii --stderr --libcurl --etag-save --hsts --alt-svc")


@dataclass(slots=True)
class _Curl:
    """One transfer of a curl command line, as far as it has been read."""

    options: Options
    urls: list[str] = field(default_factory=list)
    body: list[str] = field(default_factory=list)
    reads: list[str] = field(default_factory=list)
    stdin: bool = False


def curl(invocation: Invocation) -> Iterator[Outcome]:
    """curl: each part between ``--next`` is a request of its own. ``-K`` files are read where they can be."""
    parts: list[list[str]] = [[]]
    for word in invocation.args:
        if word in ("--next", "-:"):
            parts.append([])
        else:
            parts[-1].append(word)
    for part in parts:
        yield from _curl_part(invocation, part)


def _curl_part(invocation: Invocation, words: list[str]) -> Iterator[Outcome]:
    parsed = _curl_options(words)
    extra: list[str] = []
    for name in parsed.given.get("--config", ()):
        if name != "-":  # what is no option in it is sent to a host of that name, and told
            yield Effect(EffectKind.READ, absolute(name, invocation.cwd), "curl --config", flags=Flag.CONTENT_OUT)
        text = invocation.stdin if name == "-" else invocation.world.read_text(absolute(name, invocation.cwd))
        if text is None:
            yield Effect(EffectKind.UNRESOLVED, name, "curl --config", detail="the options in this file cannot be seen")
        else:
            extra += _config_words(text)
    if extra:
        parsed = _curl_options([*words, *extra])
    if parsed.has("--help", "-h", "--version", "-V", "--manual", "-M"):
        return
    transfer = _Curl(parsed, [*parsed.words, *parsed.given.get("--url", ())])
    _curl_body(transfer, invocation)
    yield from _curl_requests(transfer)
    yield from _curl_writes(transfer, invocation)


def _curl_options(words: list[str]) -> Options:
    parsed = parse_options(words, values=(*_CURL_SHORT, *_CURL_LONG), flags=_CURL_FLAGS)
    given: dict[str, list[str]] = {}
    for name, values in parsed.given.items():
        given.setdefault(_LONG_OF.get(name, name), []).extend(values)
    return replace(parsed, given=given)


def _config_words(text: str) -> list[str]:
    """The options of a configuration file: ``name = "value"``, ``name: value``, ``--name value`` or ``-n value`` each."""
    words: list[str] = []
    for row in text.splitlines():
        line = row.strip()
        if not line or line.startswith("#"):
            continue
        name, value = line, ""
        for at, char in enumerate(line):
            if char.isspace() or char in "=:":
                name, value = line[:at], line[at:].lstrip(" \t=:").strip()
                break
        if value.startswith('"'):
            value = value[1:].partition('"')[0]
        words.append(name if name.startswith("-") else f"--{name}")
        if value:
            words.append(value)
    return words


def _curl_body(transfer: _Curl, invocation: Invocation) -> None:
    """Collect what is sent: text given outright, and the files that it is read from."""
    given = transfer.options.given
    for name in _BODY_OPTIONS:
        for value in given.get(name, ()):
            if name == "--data-urlencode":
                _add_urlencoded(transfer, value, invocation)
            elif value.startswith("@") and name != "--data-raw":
                _add_file(transfer, value[1:], invocation)
            else:
                transfer.body.append(value)
    for value in given.get("--form", ()):
        key, _, content = value.partition("=")
        if content[:1] in ("@", "<"):
            for path in content[1:].split(";")[0].split(","):
                _add_file(transfer, path.strip('"'), invocation)
        else:
            transfer.body.append(f"{key}={content}")
    transfer.body += given.get("--form-string", ())
    for value in given.get("--upload-file", ()):
        names = value[1:-1].split(",") if value.startswith("{") and value.endswith("}") else [value]
        for path in names:
            _add_file(transfer, path, invocation)
    for path in _other_files(given):
        _add_file(transfer, path, invocation)


def _other_files(given: Mapping[str, list[str]]) -> Iterator[str]:
    """Files whose content goes out as headers, as part of the address or as cookies."""
    for name in ("--header", "--proxy-header", "--url-query"):
        yield from (value[1:] for value in given.get(name, ()) if value.startswith("@"))
    yield from (value for value in given.get("--cookie", ()) if "=" not in value)
    yield from (value.partition("@")[2] for value in given.get("--variable", ()) if "@" in value)


def _add_urlencoded(transfer: _Curl, value: str, invocation: Invocation) -> None:
    """``content``, ``=content``, ``name=content``, ``@file`` or ``name@file``."""
    equals, at = value.find("="), value.find("@")
    if at >= 0 and (equals < 0 or at < equals):
        _add_file(transfer, value[at + 1 :], invocation)
    else:
        transfer.body.append(value.removeprefix("="))


def _add_file(transfer: _Curl, path: str, invocation: Invocation) -> None:
    if path in ("-", ".", "/dev/stdin"):
        transfer.stdin = True
        if invocation.stdin is not None:
            transfer.body.append(invocation.stdin)
        return
    if not path:
        return
    full = absolute(path, invocation.cwd)
    transfer.reads.append(full)
    text = invocation.world.read_text(full) if UNKNOWN not in full else None
    if text is not None:
        transfer.body.append(text)


def _curl_method(transfer: _Curl) -> str:
    options = transfer.options
    explicit = options.last("--request")
    if explicit:
        return explicit.upper()
    if options.has("--head"):
        return "HEAD"
    if options.has("--get"):
        return "GET"
    if options.has("--upload-file"):
        return "PUT"
    return "POST" if options.has(*_BODY_OPTIONS, "--form", "--form-string") else "GET"


def _curl_requests(transfer: _Curl) -> Iterator[Outcome]:
    method = _curl_method(transfer)
    options = transfer.options
    socket = options.last("--unix-socket", "--abstract-unix-socket") or ""
    headers = tuple(options.given.get("--header", ()))
    for url in transfer.urls:
        if url.lower().startswith("file:"):
            path = url.partition(":")[2].lstrip("/")
            yield Effect(EffectKind.READ, absolute("/" + path.removeprefix("localhost/"), "/"), "curl", flags=Flag.CONTENT_OUT)
            continue
        query = "&".join((*options.given.get("--url-query", ()), *(transfer.body if options.has("--get") else ())))
        request = Request("curl", method, url, tuple(transfer.body), headers, query=query, socket=socket)
        sends = bool(transfer.body or transfer.reads or transfer.stdin)
        yield exchange(request, transfer.reads, sends=sends, stdin=transfer.stdin)
        yield from destructive_effects(request)
        for command in options.given.get("--quote", ()):
            if command.lstrip("-+*").upper().split(" ")[0] in ("DELE", "RMD", "RM", "RMDIR", "RENAME", "RNFR"):
                yield Effect(EffectKind.DESTRUCTIVE, f"{url} {command}", "curl --quote", "http.delete", Flag.REMOTE)


def _curl_writes(transfer: _Curl, invocation: Invocation) -> Iterator[Effect]:
    options = transfer.options
    folder = absolute(options.last("--output-dir") or ".", invocation.cwd)
    url = next(iter(transfer.urls), UNKNOWN)
    for name in options.given.get("--output", ()):
        yield from written(name, folder, "curl --output", url=url)
    if options.has("--remote-name", "--remote-name-all", "-J", "--remote-header-name"):
        for url in transfer.urls:
            yield from written(file_of(url), folder, "curl --remote-name", url=url)
    for option in _WRITES:
        for name in options.given.get(option, ()):
            yield from written(name, invocation.cwd, f"curl {option}")
