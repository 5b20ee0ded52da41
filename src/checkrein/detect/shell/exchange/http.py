"""HTTP clients of the command line: what is fetched, what leaves, what is written, and which requests destroy.

Options of wget: https://www.gnu.org/software/wget/manual (1.24); of HTTPie and xh: https://httpie.io/docs/cli.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from checkrein.core.effect import UNKNOWN, Effect, EffectKind, Flag
from checkrein.detect.shell.exchange.curl import curl
from checkrein.detect.shell.exchange.requests import Request, destructive_effects, exchange, file_of, written
from checkrein.detect.shell.model import Handler, Invocation, Outcome, absolute
from checkrein.detect.shell.options import Options, parse_options

_WGET_OPTIONS = """
-o -a -i -B -t -O -T -w -Q -P -U -l -A -R -D -I -X -e --output-file --append-output --input-file --base --tries
--output-document --timeout --wait --quota --directory-prefix --user-agent --level --accept --reject --domains
--include-directories --exclude-directories --execute --method --body-data --body-file --post-data --post-file
--header --user --password --http-user --http-password --load-cookies --save-cookies --referer --config
--ca-certificate --certificate --private-key --limit-rate --dns-timeout --connect-timeout --read-timeout --waitretry
--default-page --start-pos --progress --bind-address --restrict-file-names --cut-dirs --secure-protocol --accept-regex
--reject-regex --exclude-domains
"""
_WGET_VALUES = tuple(_WGET_OPTIONS.split())
_HTTPIE_OPTIONS = """
-o --output -a --auth -A --auth-type --session --session-read-only --proxy --verify --cert --cert-key --timeout
--max-redirects -p --print --pretty -s --style --format-options --raw --boundary --ssl --ciphers --response-charset
--response-mime --path-as-is --default-scheme --bearer --http-version --resolve --interface --unix-socket
"""
_HTTPIE_VALUES = tuple(_HTTPIE_OPTIONS.split())
_METHODS = frozenset(
    ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "PURGE", "TRACE", "CONNECT", "COPY", "MOVE", "LINK", "UNLINK")
)
_FILE_MARKS = (":=@", "==@", "=@", ":@", "@")


def wget(invocation: Invocation) -> Iterator[Outcome]:
    """wget, wget2: downloads to files unless told otherwise; ``--post-file`` and ``--body-file`` send."""
    flags = ("--spider", "--delete-after", "--recursive", "--mirror")
    options = parse_options(invocation.args, values=_WGET_VALUES, flags=flags)
    if options.has("--help", "-h", "--version", "-V"):
        return
    body = [*options.given.get("--post-data", ()), *options.given.get("--body-data", ())]
    files = (*options.given.get("--post-file", ()), *options.given.get("--body-file", ()))
    reads = [absolute(path, invocation.cwd) for path in files]
    sends = bool(body or reads)
    method = (options.last("--method") or ("POST" if sends else "GET")).upper()
    urls = list(options.words)
    for name in (*options.given.get("-i", ()), *options.given.get("--input-file", ())):
        if name != "-":
            yield Effect(EffectKind.READ, absolute(name, invocation.cwd), "wget --input-file", flags=Flag.CONTENT_OUT)
        text = invocation.stdin if name == "-" else invocation.world.read_text(absolute(name, invocation.cwd))
        urls += (text or UNKNOWN).split()
    headers = tuple(options.given.get("--header", ()))
    for url in urls:
        request = Request(invocation.name, method, url, tuple(body), headers)
        yield exchange(request, reads, sends=sends)
        yield from destructive_effects(request)
    if options.has("--use-askpass"):
        yield Effect(EffectKind.EXECUTE, options.last("--use-askpass") or UNKNOWN, "wget --use-askpass")
    yield from _wget_writes(options, urls, invocation)


def _wget_writes(options: Options, urls: list[str], invocation: Invocation) -> Iterator[Effect]:
    for name in ("-o", "--output-file", "--save-cookies"):
        for path in options.given.get(name, ()):
            yield from written(path, invocation.cwd, f"wget {name}")
    for name in ("-a", "--append-output"):
        for path in options.given.get(name, ()):
            yield from written(path, invocation.cwd, f"wget {name}", Flag.APPEND)
    outputs = [*options.given.get("-O", ()), *options.given.get("--output-document", ())]
    if outputs:
        yield from written(outputs[-1], invocation.cwd, "wget --output-document", url=next(iter(urls), UNKNOWN))
        return
    if options.has("--spider", "--delete-after"):
        return
    folder = absolute(options.last("-P", "--directory-prefix") or ".", invocation.cwd)
    # Without -O and with a file of that name in the way, wget picks another name (x.1): nothing is replaced.
    replaces = options.has("-N", "--timestamping", "-c", "--continue", "-r", "--recursive", "-m", "--mirror")
    flags = Flag.NONE if replaces else Flag.CREATE
    for url in urls:
        name = file_of(url)
        yield from written("index.html" if name == UNKNOWN else name, folder, "wget", flags, url=url)


def httpie(invocation: Invocation) -> Iterator[Outcome]:
    """http, https, xh, xhs: ``[METHOD] URL [ITEM ...]``."""
    options = parse_options(
        invocation.args, values=_HTTPIE_VALUES, flags=("--json", "--form", "--multipart", "--download", "--offline")
    )
    words = [word for word in options.words if word]
    if options.has("--help", "--version", "--offline", "--manual") or not words or words[0] in ("plugins", "cli", "sessions"):
        return
    explicit = words[0].upper() if words[0].upper() in _METHODS and len(words) > 1 else ""
    url, items = (words[1], words[2:]) if explicit else (words[0], words[1:])
    headers = tuple(item for item in items if _separator(item) == ":")
    body = [item for item in items if _separator(item) in ("=", ":=")] + options.given.get("--raw", [])
    reads = [absolute(_file_item(item), invocation.cwd) for item in items if _separator(item) in _FILE_MARKS]
    if invocation.stdin:
        body.append(invocation.stdin)
    query = "&".join(item.replace("==", "=", 1) for item in items if _separator(item) == "==")
    sends = bool(body or reads)
    method = explicit or ("POST" if sends else "GET")
    full = f"http://localhost{url}" if url.startswith((":", "/")) else url
    request = Request(invocation.name, method, full, (_as_json(body), *body), headers, query=query)
    yield exchange(request, reads, sends=sends)
    yield from destructive_effects(request)
    output = options.last("-o", "--output")
    if output:
        yield from written(output, invocation.cwd, f"{invocation.name} --output", url=full)
    elif options.has("-d", "--download"):
        yield from written(file_of(full), invocation.cwd, f"{invocation.name} --download", url=full)


def _separator(item: str) -> str:
    """The operator of a request item: the earliest, and of those the longest."""
    found = [(item.find(mark), -len(mark), mark) for mark in (*_FILE_MARKS, ":=", "==", "=", ":") if mark in item]
    return min(found)[2] if found else ""


def _file_item(item: str) -> str:
    return item.partition(_separator(item))[2].split(";")[0]


def _as_json(items: list[str]) -> str:
    """``query=text`` items as the JSON text that is sent, so that a GraphQL body is seen as one."""
    pairs = (item.partition("=") for item in items)
    return "".join(f"{value}\n" for key, _, value in pairs if key.rstrip(":") == "query")


_POWERSHELL_VALUES = (
    *("-uri", "-method", "-body", "-infile", "-outfile", "-headers", "-contenttype", "-credential", "-useragent", "-form"),
)


def powershell(invocation: Invocation) -> Iterator[Outcome]:
    """Invoke-RestMethod, Invoke-WebRequest (irm, iwr): parameter names have no case and may be shortened."""
    given: dict[str, str] = {}
    operands: list[str] = []
    words = list(invocation.args)
    while words:
        word = words.pop(0)
        name = word.lower().rstrip(":")
        full = next((option for option in _POWERSHELL_VALUES if name.startswith("-") and option.startswith(name)), None)
        if full is not None and words:
            given[full] = words.pop(0)
        elif not word.startswith("-"):
            operands.append(word)
    url = given.get("-uri") or (operands[0] if operands else "")
    if not url:
        return
    reads = [absolute(given["-infile"], invocation.cwd)] if "-infile" in given else []
    body = [given["-body"]] if "-body" in given else []
    method = given.get("-method", "GET").upper()
    request = Request(invocation.name, method, url, tuple(body))
    yield exchange(request, reads, sends=bool(body or reads))
    yield from destructive_effects(request)
    if "-outfile" in given:
        yield from written(given["-outfile"], invocation.cwd, f"{invocation.name} -OutFile", url=url)


def grpcurl(invocation: Invocation) -> Iterator[Outcome]:
    """grpcurl: a method whose name deletes."""
    words = parse_options(
        invocation.args,
        values=("-d", "-H", "-rpc-header", "-proto", "-import-path", "-cert", "-key", "-cacert", "-authority", "-max-time"),
        single_dash_long=True,
    ).words
    for word in words[1:]:
        name = word.replace("/", ".").rsplit(".", 1)[-1].lower()
        if name.startswith(("delete", "remove", "destroy", "drop", "purge", "truncate", "terminate")):
            yield Effect(EffectKind.DESTRUCTIVE, word, f"{invocation.name} {word}", "http.delete", Flag.REMOTE)


HANDLERS: Mapping[str, Handler] = {
    **dict.fromkeys(("curl", "curlie", "curl.exe"), curl),
    **dict.fromkeys(("wget", "wget2"), wget),
    **dict.fromkeys(("http", "https", "xh", "xhs"), httpie),
    **dict.fromkeys(("Invoke-RestMethod", "Invoke-WebRequest", "irm", "iwr"), powershell),
    **dict.fromkeys(("invoke-restmethod", "invoke-webrequest"), powershell),
    **dict.fromkeys(("grpcurl", "grpcurl.exe"), grpcurl),
}
"""The programs that are HTTP clients."""
