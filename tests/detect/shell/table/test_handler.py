"""The table finds the subcommand behind anything, tells harmless calls, and hands on nested code."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkrein.core import Effect, EffectKind, Flag
from checkrein.core.effect import UNKNOWN
from checkrein.detect.shell.model import Argv, Invocation, Outcome, ShellText
from checkrein.detect.shell.table import programs
from checkrein.detect.shell.table.handler import local_paths, table_handler
from empty_world import EmptyWorld


def outcomes(*argv: str, stdin: str | None = None) -> list[Outcome]:
    return list(table_handler(Invocation(argv, "/srv/shop", EmptyWorld(), stdin=stdin)))


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
        "docker compose -f docker-compose.test.yml down -v",
        "gpg --armor --export me@example.com",
        "goreleaser release --snapshot --clean",
        "heroku config:get NODE_ENV -a shop",
        "rustup target remove wasm32-unknown-unknown",
        "pacman -Rh",
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
        "docker compose -f docker-compose.yml -f docker-compose.test.yml down -v",
        "gpg --export-secret-keys me@example.com",
        "heroku config:get DATABASE_URL -a shop",
        "duplicacy prune -exhaustive",
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


@pytest.mark.parametrize(
    ("command", "program", "target"),
    [
        ("npm publish", "npm publish", ""),
        ("gh api -X DELETE /repos/a/b", "gh api -X DELETE", "/repos/a/b"),
        ("docker rm -f web", "docker rm -f", "web"),
        ("docker system prune -af --volumes", "docker system prune", ""),
        ("acme delete --force", "acme delete", ""),
    ],
)
def test_what_is_acted_on_is_a_thing(command: str, program: str, target: str) -> None:
    effects = [outcome for outcome in outcomes(*command.split()) if isinstance(outcome, Effect)]
    assert [(effect.program, effect.target) for effect in effects][:1] == [(program, target)]


@pytest.mark.parametrize(
    ("command", "stopped"),
    [
        ("awslocal s3 rb s3://shop --force", False),
        ("aws --endpoint-url http://localhost:4566 s3 rb s3://shop", False),
        ("aws --endpoint-url=http://localhost:4566@example.com s3 rb s3://shop", True),
        ("aws --endpoint-url=http://localhost.example.com s3 rb s3://shop", True),
        ("docker push localhost:5000/shop", False),
        ("docker push registry.example.com/shop", True),
        ("docker compose push", True),
    ],
)
def test_what_stays_on_this_machine(command: str, stopped: bool) -> None:
    assert bool(rules(*command.split())) is stopped


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
        ("docker run --rm -v ./a:/a alpine rm -rf /a", Argv(("rm", "-rf", "/a"), Flag.REMOTE | Flag.FRESH, cwd="/\0")),
        ("kubectl exec -it web -n shop -- env", Argv(("env",), Flag.REMOTE)),
        ("heroku run --app shop rails db:drop", Argv(("rails", "db:drop"), Flag.REMOTE)),
        ("tailscale ssh root@db rm -rf /srv", Argv(("rm", "-rf", "/srv"), Flag.REMOTE)),
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
        (("pssh", "-h", "hosts.txt", "-i", "rm -rf /srv"), "rm -rf /srv"),
        (("pdsh", "-w", "web[1-9]", "rm -rf /srv"), "rm -rf /srv"),
        (("clush", "-a", "rm", "-rf", "/srv"), "rm -rf /srv"),
        (("dsh", "-m", "web1", "--", "rm", "-rf", "/srv"), "rm -rf /srv"),
        (("gcloud", "compute", "ssh", "vm", "--command=rm -rf /srv"), "rm -rf /srv"),
        (("ansible", "all", "-a", "rm -rf /srv"), "rm -rf /srv"),
        (("aws", "ssm", "send-command", "--parameters", 'commands=["rm -rf /srv","ls"]'), "rm -rf /srv\nls"),
        (("aws", "ssm", "send-command", "--parameters", '{"commands": ["rm -rf /srv"]}'), "rm -rf /srv"),
        (("aws", "ssm", "send-command", "--parameters", "commands=reboot"), "reboot"),
    ],
)
def test_nested_shell_text_is_handed_on(argv: tuple[str, ...], text: str) -> None:
    assert ShellText(text, flags=Flag.REMOTE) in outcomes(*argv)


def test_a_mark_before_shell_code_is_no_part_of_it() -> None:
    assert ShellText("rm -rf ~") in outcomes("gh", "alias", "set", "x", "!rm -rf ~")


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


@pytest.mark.parametrize(
    ("value", "paths"),
    [
        (".env", [".env"]),
        ("@.env", ["@.env", ".env"]),
        ("key=@.env", ["key=@.env", "key", ".env"]),
        ("id=x,src=.env", ["id=x,src=.env", "id", "x", "src", ".env"]),
        ("file://.env", [".env"]),
        ("fileb://.env", [".env"]),
        ("s3://bucket/.env", []),
        ("pod:/x", []),
        ("-", []),
    ],
)
def test_the_files_that_a_word_names(value: str, paths: list[str]) -> None:
    assert list(local_paths(value)) == paths


DROP = "'DROP TABLE users'"


@pytest.mark.parametrize(
    "command",
    [
        f"aws rds-data execute-statement --resource-arn a --sql {DROP}",
        f"aws redshift-data batch-execute-statement --sqls 'SELECT 1' {DROP}",
        f"gcloud beta spanner databases execute-sql db --instance i --sql={DROP}",
        f"gcloud sql connect db --user root <<< {DROP}",
        f"az postgres flexible-server execute -n s -q {DROP}",
        f"wrangler d1 execute db --remote --command {DROP}",
        f"heroku pg:psql -a shop -c {DROP}",
        f"echo {DROP} | heroku pg:psql -a shop",
        f"snow sql -q {DROP}",
        f"wp db query {DROP}",
        f"drush @prod sql:query {DROP}",
        f"python manage.py dbshell <<< {DROP}",
        f"./manage.py dbshell -- -c {DROP}",
        f"npx prisma db execute --stdin <<< {DROP}",
        "npx prisma db execute --file drop.sql",
    ],
)
def test_sql_that_a_program_hands_on(judge: Any, command: str) -> None:
    assert judge(command, files={"/home/dev/project/drop.sql": "DROP TABLE users;"}).rules == {"sql.drop-table"}


@pytest.mark.parametrize(
    "command",
    [
        """python manage.py shell -c "import os; os.system('rm -rf /etc')" """,
        """./manage.py shell <<< "import shutil; shutil.rmtree('/etc')" """,
        """rails runner -e production 'system("rm -rf /etc")'""",
        """bin/rails console <<< 'FileUtils.rm_rf("/etc")'""",
        "rails runner clean.rb",
        """php artisan tinker --execute 'system("rm -rf /etc");'""",
        """wp eval 'system("rm -rf /etc");'""",
        """drush php:eval 'system("rm -rf /etc");'""",
        """mix run -e 'System.cmd("rm", ["-rf", "/etc"])'""",
        """mix eval 'File.rm_rf!("/etc")'""",
        """sage -c 'import os; os.system("rm -rf /etc")'""",
        """matlab -nodisplay -batch "system('rm -rf /etc')" """,
        """ghci -e 'System.Process.system "rm -rf /etc"'""",
        """crystal eval 'system("rm -rf /etc")'""",
        """irb <<< 'system("rm -rf /etc")'""",
        """hy -c '(os.system "rm -rf /etc")'""",
        "tclsh <<< 'exec rm -rf /etc'",
        "tclsh <<< 'file delete -force /etc'",
        "man -P 'rm -rf /etc' ls",
        "pm2 start 'rm -rf /etc'",
        "heroku local:run rm -rf /etc",
        "just --command rm -rf /etc",
        "guix shell coreutils -- rm -rf /etc",
    ],
)
def test_code_that_a_program_hands_on(judge: Any, command: str) -> None:
    scripts = {"/home/dev/project/clean.rb": "FileUtils.rm_rf('/etc')"}
    assert "/etc" in judge(command, scripts=scripts).of(EffectKind.DELETE)


@pytest.mark.parametrize(
    "command",
    [
        "aws athena start-query-execution --query-string 'SELECT 1'",
        f"wrangler d1 execute db --local --command {DROP}",
        f"wrangler d1 execute db --command {DROP}",
        f"gh pr create --title {DROP}",
        "python manage.py shell -c 'print(1)'",
        "rails runner 'puts User.count'",
        "rails console",
        "php artisan tinker --execute 'echo User::count();'",
        "mix run -e 'IO.puts 1'",
        "matlab -batch 'disp(1)'",
        "tclsh <<< 'puts 1'",
        "man -P 'less -R' ls",
        "pm2 start npm --name web -- start",
    ],
)
def test_harmless_code_that_a_program_hands_on(judge: Any, command: str) -> None:
    judged = judge(command)
    assert not judged.rules
    assert not judged.blind
    assert not judged.of(EffectKind.DELETE)


def test_a_text_that_is_not_there_to_be_read(judge: Any) -> None:
    assert judge("npx prisma db execute --file missing.sql").of(EffectKind.UNRESOLVED) == ["missing.sql"]
    assert judge('rails runner "$CODE"').blind
    assert judge("wp db query < missing.sql").blind


def test_a_whole_line_for_another_machine(judge: Any) -> None:
    assert judge("heroku run 'rails db:drop'").rules == {"db.schema-reset"}
