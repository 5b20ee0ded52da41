"""Which options of language interpreters take code, and which take other values."""

from __future__ import annotations

from dataclasses import dataclass

from checkrein.detect.shell.options import listed


@dataclass(frozen=True, slots=True)
class Options:
    """Options of an interpreter: those that take ``codes`` and other ``values``, and letters whose value ends the same word."""

    codes: tuple[str, ...]
    values: tuple[str, ...]
    attached: str = ""

    def of(self, word: str) -> tuple[str, str | None]:
        """The option of a word that takes a value, "" where none does, and the value where it stands in the word."""
        valued = (*self.codes, *self.values)
        if word.startswith("--") or word in valued:
            name, equals, text = word.partition("=")
            return (name, text if equals else None) if name in valued else ("", None)
        for at, letter in enumerate(word[1:], 2):
            if f"-{letter}" in valued or letter in self.attached:
                return f"-{letter}", word[at:] or None
        return "", None


INTERPRETER_OPTIONS = {
    "python": Options(("-c",), listed("-m -W -X -Q --check-hash-based-pycs")),
    "javascript": Options(
        listed("-e --eval -p --print -pe"),
        listed(
            "-r --require --import --loader --experimental-loader -C --conditions --env-file --env-file-if-exists --title"
            " --allow-fs-read --allow-fs-write --build-snapshot-config --cpu-prof-dir --cpu-prof-interval --cpu-prof-name"
            " --diagnostic-dir --disable-proto --disable-warning --dns-result-order --experimental-config-file"
            " --experimental-default-type --experimental-policy --experimental-sea-config --heap-prof-dir --heap-prof-interval"
            " --heap-prof-name --heapsnapshot-near-heap-limit --heapsnapshot-signal --icu-data-dir --input-type --inspect-port"
            " --inspect-publish-uid --localstorage-file --max-http-header-size --network-family-autoselection-attempt-timeout"
            " --openssl-config --policy-integrity --redirect-warnings --report-dir --report-directory --report-filename"
            " --report-signal --run --secure-heap --secure-heap-min --snapshot-blob --test-concurrency --test-isolation"
            " --test-name-pattern --test-reporter --test-reporter-destination --test-shard --test-skip-pattern --test-timeout"
            " --tls-cipher-list --tls-keylog --trace-event-categories --trace-event-file-pattern --trace-require-module"
            " --unhandled-rejections --use-largepages --v8-pool-size --watch-kill-signal --watch-path"
            " -P --project -O --compiler-options --tsconfig --preload --ext --import-map --location"
        ),
    ),
    "ruby": Options(
        ("-e",),
        listed("-r -I -C -X -E --encoding --external-encoding --internal-encoding --disable --enable --dump --backtrace-limit"),
        "FKTWx",
    ),
    "perl": Options(("-e", "-E"), ("-I",), "DFMVmx:="),
    "php": Options(
        listed("-r -B -R -E --run --process-begin --process-code --process-end"),
        listed(
            "-d -c -f -F -z -S -t --define --php-ini --file --process-file --zend-extension --server --docroot"
            " --rf --rfunction --rc --rclass --re --rextension --rz --rzendextension --ri --rextinfo"
        ),
    ),
}
"""As each program's manual has them. What is not named here is taken for a flag, see ``code_behind``."""


def code_behind(args: list[str], at: int, known: Options) -> bool:
    """True where ``args[at]`` follows a long option that we do not know, and code is given behind it."""
    before = args[at - 1] if at else ""
    if not before.startswith("--") or before == "--" or "=" in before or args[at] in ("-", "--") or known.of(before)[0]:
        return False
    return any(known.of(word)[0] in known.codes for word in args[at + 1 :] if word.startswith("-"))
