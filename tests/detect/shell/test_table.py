"""The table finds the subcommand behind anything, tells harmless calls, and hands on nested code."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkrein.core import Effect, EffectKind, Flag
from checkrein.core.effect import UNKNOWN
from checkrein.detect.shell import programs, table
from checkrein.detect.shell.model import Argv, Invocation, Outcome, ShellText


@dataclass(frozen=True)
class EmptyWorld:
    home: str = "/home/dev"

    def variable(self, name: str) -> str | None:
        return None

    def read_text(self, path: str) -> str | None:
        return None

    def is_dir(self, path: str) -> bool:
        return False

    def glob(self, pattern: str) -> tuple[str, ...]:
        return ()

    def script(self, path: str) -> str | None:
        return None

    def git_config(self, cwd: str, key: str) -> str | None:
        return None


def outcomes(*argv: str, stdin: str | None = None) -> list[Outcome]:
    return list(table.table_handler(Invocation(argv, "/srv/shop", EmptyWorld(), stdin=stdin)))


def rules(*argv: str, stdin: str | None = None) -> set[str]:
    return {outcome.rule for outcome in outcomes(*argv, stdin=stdin) if isinstance(outcome, Effect)}


@pytest.mark.parametrize(
    "command",
    [
        "aws elbv2 delete-rule --rule-arn r",
        "aws --profile prod --region=eu-west-1 elbv2 delete-rule",
        "aws --no-cli-pager elbv2 delete-rule",
        "aws elbv2 --profile prod delete-rule",
        "aws elbv2 --some-new-option value delete-rule",
    ],
)
def test_a_subcommand_is_found_behind_global_options(command: str) -> None:
    assert rules(*command.split()) == {"cloud.delete"}


@pytest.mark.parametrize(
    "command",
    [
        "kubectl delete ns shop --dry-run=client",
        "kubectl delete ns shop --dry-run",
        "kubectl delete ns --help",
        "kubectl help delete",
        "aws s3api delete-bucket help",
        "terraform destroy -help",
        "restic forget --keep-last 1 -n",
        "kubectl get pods -l app=delete",
        "gh issue create --title delete --body destroy",
        "docker run --name rm alpine",
    ],
)
def test_harmless_calls_have_no_effect(command: str) -> None:
    assert rules(*command.split()) == set()


@pytest.mark.parametrize(
    "command",
    [
        "kubectl delete ns shop --dry-run=none",
        "kubectl delete ns shop --dry-run=false",
        "kubectl delete ns shop --help=false",
        "shutdown -h now",
        "docker rm -vf web",
        "docker rm web --force",
        "terraform apply --destroy",
        "aws s3 sync . s3://shop --del",
        "scale-down delete everything",
    ],
)
def test_what_only_looks_harmless_is_not(command: str) -> None:
    assert rules(*command.split()) != set()


def test_an_option_switched_off_does_not_count() -> None:
    assert rules("az", "storage", "blob", "sync", "--delete-destination", "true") == {"storage.delete"}
    assert rules("az", "storage", "blob", "sync", "--delete-destination=false") == set()


def test_an_effect_tells_program_and_target() -> None:
    (effect,) = outcomes("kubectl", "-n", "shop", "delete", "deployment", "web")
    assert effect == Effect(EffectKind.DESTRUCTIVE, "web", "kubectl delete deployment", "kubernetes.delete")


def test_a_printed_credential_is_a_read_that_comes_out() -> None:
    (effect,) = outcomes("op", "read", "op://shop/db/password")
    assert isinstance(effect, Effect)
    assert effect.kind is EffectKind.READ
    assert effect.flags == Flag.REMOTE | Flag.CONTENT_OUT


@pytest.mark.parametrize(
    "argv",
    [
        ("kubectl", UNKNOWN, "pod", "web"),
        ("aws", "s3", UNKNOWN, "s3://shop", "--force"),
        ("gh", "api", "-X", UNKNOWN, "repos/acme/shop"),
    ],
)
def test_an_unknown_word_that_may_destroy_is_unresolved(argv: tuple[str, ...]) -> None:
    (effect,) = outcomes(*argv)
    assert isinstance(effect, Effect)
    assert effect.kind is EffectKind.UNRESOLVED


@pytest.mark.parametrize(
    "argv",
    [
        ("kubectl", "get", UNKNOWN),
        ("docker", "rm", UNKNOWN),
        ("gh", "pr", "view", UNKNOWN),
        ("aws", "s3", "cp", UNKNOWN, "s3://shop"),
    ],
)
def test_an_unknown_word_elsewhere_is_nothing(argv: tuple[str, ...]) -> None:
    assert outcomes(*argv) == []


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("docker exec -it web rm -rf /data", Argv(("rm", "-rf", "/data"), Flag.REMOTE)),
        ("docker exec -u root web rm --help", Argv(("rm", "--help"), Flag.REMOTE)),
        ("docker compose -f a.yml exec db dropdb shop", Argv(("dropdb", "shop"), Flag.REMOTE)),
        ("docker run --rm -v ./a:/a alpine rm -rf /a", Argv(("rm", "-rf", "/a"), Flag.REMOTE)),
        ("kubectl exec -it web -n shop -- env", Argv(("env",), Flag.REMOTE)),
        ("heroku run --app shop rails db:drop", Argv(("rails", "db:drop"), Flag.REMOTE)),
        ("doppler run -- npm test", Argv(("npm", "test"))),
        ("java -Xmx1g -jar jenkins-cli.jar delete-job x", Argv(("jenkins-cli.jar", "delete-job", "x"))),
        ("docker-compose down -v", Argv(("docker", "compose", "down", "-v"))),
    ],
)
def test_nested_commands_are_handed_on(command: str, expected: Argv) -> None:
    assert expected in outcomes(*command.split())


@pytest.mark.parametrize(
    ("argv", "text"),
    [
        (("vagrant", "ssh", "-c", "rm -rf /srv"), "rm -rf /srv"),
        (("gcloud", "compute", "ssh", "vm", "--command=rm -rf /srv"), "rm -rf /srv"),
        (("ansible", "all", "-a", "rm -rf /srv"), "rm -rf /srv"),
        (("aws", "ssm", "send-command", "--parameters", 'commands=["rm -rf /srv","ls"]'), "rm -rf /srv\nls"),
        (("aws", "ssm", "send-command", "--parameters", '{"commands": ["rm -rf /srv"]}'), "rm -rf /srv"),
        (("aws", "ssm", "send-command", "--parameters", "commands=reboot"), "reboot"),
    ],
)
def test_nested_shell_text_is_handed_on(argv: tuple[str, ...], text: str) -> None:
    assert ShellText(text, flags=Flag.REMOTE) in outcomes(*argv)


def test_a_registry_that_cannot_be_known_is_another_registry() -> None:
    assert rules("pip", "install", "--index-url", UNKNOWN, "requests") == {"packages.other-registry"}


@pytest.mark.parametrize(
    "command",
    [
        "docker run -v /:/host alpine",
        "docker run --volume=/etc:/x alpine",
        "docker run --mount type=bind,source=/,target=/host alpine",
        "docker run -v /var/run/docker.sock:/s alpine",
        "podman run --privileged alpine",
        "docker run --pid host alpine",
    ],
)
def test_a_container_with_the_host_in_it(command: str) -> None:
    assert "containers.host-access" in rules(*command.split())


@pytest.mark.parametrize("command", ["acme db destroy prod", "acme delete-user 7", "acme volumes:purge x"])
def test_unknown_programs_with_an_unmistakable_verb(command: str) -> None:
    assert rules(*command.split()) == {"services.unknown-delete"}


@pytest.mark.parametrize(
    "command",
    [
        "acme delete",
        "acme ./delete x",
        "acme show delete-me.txt drop",
        "echo delete x",
        "acme db destroy x --dry-run",
        "make delete x",
    ],
)
def test_unknown_programs_otherwise_stay_quiet(command: str) -> None:
    assert rules(*command.split()) == set()


def test_standard_input_can_be_asked_for() -> None:
    assert rules("zookeeper-shell", "localhost:2181", stdin="deleteall /brokers\n") == {"messaging.delete"}
    assert rules("zookeeper-shell", "localhost:2181", stdin="ls /\n") == set()


WORDS = st.lists(
    st.one_of(st.sampled_from(["delete", "--", "-x", "--force", "-", "", UNKNOWN, "a=b", "--x=y"]), st.text(max_size=6))
)


@given(st.sampled_from(sorted(programs.KNOWN)), WORDS)
def test_no_command_line_crashes_the_table(name: str, words: list[str]) -> None:
    for outcome in outcomes(name, *words):
        assert isinstance(outcome, Effect | Argv | ShellText)


@given(st.lists(st.sampled_from(["--profile", "prod", "--region=x", "--debug", "-v"]), max_size=6))
def test_options_before_the_subcommand_never_hide_it(options: list[str]) -> None:
    # A value may be taken for an operand, and an operand for a value, but the words that name the action stay found.
    given_options: list[str] = list(_paired(options))
    assert "storage.delete" in rules("aws", *given_options, "s3", "rb", "s3://shop")


def _paired(options: list[str]) -> Iterator[str]:
    for word in options:
        if word == "prod":
            continue
        yield word
        if word == "--profile":
            yield "prod"
