"""What each layer may say of data, and what is in force then."""

from __future__ import annotations

from typing import Any

import pytest

from checkrein.core import PolicyError
from checkrein.policy import Attachments, DataClass


def test_the_default(world: Any) -> None:
    privacy = world.load().policy.privacy
    assert privacy.project_class is DataClass.INTERNAL
    assert privacy.class_of(f"{world.project}/a") == (DataClass.INTERNAL, "")
    assert privacy.redaction.enabled
    assert privacy.redaction.generic
    assert "email-private" in privacy.redaction.pii
    assert not privacy.redaction.restore_files.covers(f"{world.project}/.env")
    assert not privacy.gateway.enabled
    assert privacy.gateway.attachments is Attachments.COUNT


def test_a_user_sets_everything(world: Any) -> None:
    user = world.write(
        "user",
        "privacy: {class: public, classes: [{paths: [customers/], class: restricted}]}\n"
        "redaction:\n"
        "  enabled: false\n"
        "  generic: false\n"
        "  pii: [iban]\n"
        "  dictionary: [Osprey, {term: Acme, label: CUSTOMER, class: restricted}]\n"
        "  restore: {files: [deploy/, ~/.netrc], hosts: [API.example, '*.test.example', '::1'], servers: [db]}\n"
        "  expire_days: 7\n"
        "  wrap: false\n"
        "gateway:\n"
        "  {enabled: true, upstream: 'https://a.example/v/', attachments: refuse, store: 'postgresql://h/d', workers: 4,"
        " account: team}\n",
    )
    privacy = world.load().policy.privacy
    redaction, gateway = privacy.redaction, privacy.gateway
    assert privacy.project_class is DataClass.PUBLIC
    assert privacy.class_of(f"{world.project}/customers/a") == (DataClass.RESTRICTED, f"{user}:2")
    assert (redaction.enabled, redaction.generic, redaction.wrap, redaction.expire_days) == (False, False, False, 7)
    assert redaction.pii == frozenset({"iban"})
    assert [(term.text, term.label, term.data_class, term.source) for term in redaction.dictionary] == [
        ("Osprey", "NAME", DataClass.CONFIDENTIAL, f"{user}:7"),
        ("Acme", "CUSTOMER", DataClass.RESTRICTED, f"{user}:7"),
    ]
    assert redaction.restore_files.covers(f"{world.project}/deploy/x")
    assert redaction.restore_files.covers(f"{world.files.home}/.netrc")
    assert redaction.restore_hosts == ("api.example", "*.test.example", "::1")
    assert redaction.restore_servers == ("db",)
    assert (gateway.enabled, gateway.upstream, gateway.attachments) == (True, "https://a.example/v", Attachments.REFUSE)
    assert (gateway.store, gateway.workers, gateway.account) == ("postgresql+psycopg://h/d", 4, "team")
    assert world.notes() == []


def test_the_usual_kinds_of_personal_data_and_more(world: Any) -> None:
    usual = world.load().policy.privacy.redaction.pii
    assert {"card", "email-private", "iban"} <= usual
    assert "person-name" not in usual
    world.write("user", "redaction: {pii: [default, person-name]}")
    assert world.load().policy.privacy.redaction.pii == usual | {"person-name"}


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("redaction: {enabled: false}", "cannot loosen redaction.enabled (a default): ignored"),
        ("redaction: {generic: false}", "cannot loosen redaction.generic (a default): ignored"),
        ("redaction: {wrap: false}", "cannot loosen redaction.wrap (a default): ignored"),
        ("redaction: {pii: []}", "cannot loosen redaction.pii (a default): ignored"),
        ("privacy: {class: public}", "cannot loosen privacy.class (a default): ignored"),
        ("redaction: {restore: {files: ['*']}}", "cannot set redaction.restore.files: ignored"),
        ("redaction: {restore: {hosts: [evil.example]}}", "cannot set redaction.restore.hosts: ignored"),
        ("redaction: {restore: {servers: [evil]}}", "cannot set redaction.restore.servers: ignored"),
        ("redaction: {expire_days: 3650}", "cannot set redaction.expire_days: ignored"),
        ("gateway: {upstream: 'https://evil.example'}", "cannot set gateway.upstream: ignored"),
        ("gateway: {store: 'postgresql://evil.example/x'}", "cannot set gateway.store: ignored"),
        ("gateway: {workers: 64}", "cannot set gateway.workers: ignored"),
        ("gateway: {account: api-zero-retention}", "cannot set gateway.account: ignored"),
    ],
)
def test_a_project_cannot_loosen(world: Any, text: str, note: str) -> None:
    before = world.load().policy.privacy
    world.write("project", text)
    after = world.load().policy.privacy
    assert (after.project_class, after.gateway) == (before.project_class, before.gateway)
    assert after.redaction.restore_files.patterns == ()
    fields = ("enabled", "generic", "wrap", "pii", "restore_hosts", "restore_servers", "expire_days")
    assert [getattr(after.redaction, name) for name in fields] == [getattr(before.redaction, name) for name in fields]
    assert world.notes() == [f"project/checkrein.yaml:2: a project {note}"]


def test_a_project_tightens(world: Any) -> None:
    world.write("user", "redaction: {enabled: false, generic: false, wrap: false, pii: [iban]}")
    world.write(
        "project",
        "privacy: {class: restricted}\n"
        "redaction: {enabled: true, generic: true, wrap: true, pii: [iban, phone], dictionary: [Osprey]}\n"
        "gateway: {enabled: true, attachments: extract}\n",
    )
    privacy = world.load().policy.privacy
    assert privacy.project_class is DataClass.RESTRICTED
    assert (privacy.redaction.enabled, privacy.redaction.generic, privacy.redaction.wrap) == (True, True, True)
    assert privacy.redaction.pii == frozenset({"iban", "phone"})
    assert [term.text for term in privacy.redaction.dictionary] == ["Osprey"]
    assert (privacy.gateway.enabled, privacy.gateway.attachments) == (True, Attachments.EXTRACT)
    assert world.notes() == []


def test_a_project_adds_kinds_of_personal_data_although_it_names_fewer(world: Any) -> None:
    world.write("user", "redaction: {pii: [iban]}")
    world.write("project", "redaction: {pii: [phone]}")
    assert world.load().policy.privacy.redaction.pii == frozenset({"iban", "phone"})
    assert world.notes() == [
        "project/checkrein.yaml:2: a project cannot loosen redaction.pii (set in home/checkrein.yaml:2): ignored"
    ]


class TestClasses:
    def test_the_last_entry_counts(self, world: Any) -> None:
        world.write(
            "user",
            "privacy: {classes: [{paths: [data/], class: restricted}, {paths: [data/samples/], class: public}]}\n",
        )
        privacy = world.load().policy.privacy
        assert privacy.class_of(f"{world.project}/data/a")[0] is DataClass.RESTRICTED
        assert privacy.class_of(f"{world.project}/data/samples/a")[0] is DataClass.PUBLIC

    def test_a_project_only_raises(self, world: Any) -> None:
        world.write("user", "privacy: {classes: [{paths: [data/], class: confidential}]}\n")
        project = world.write(
            "project", "privacy: {classes: [{paths: [data/], class: public}, {paths: [data/x], class: restricted}]}\n"
        )
        privacy = world.load().policy.privacy
        assert privacy.class_of(f"{world.project}/data/a")[0] is DataClass.CONFIDENTIAL
        assert privacy.class_of(f"{world.project}/data/x") == (DataClass.RESTRICTED, f"{project}:2")
        assert privacy.class_of(f"{world.project}/other")[0] is DataClass.INTERNAL

    def test_a_locked_user_only_raises(self, world: Any) -> None:
        world.write("organisation", "locked: [privacy.classes]\nprivacy: {classes: [{paths: [data/], class: restricted}]}\n")
        world.write("user", "privacy: {classes: [{paths: [data/], class: public}]}\n")
        assert world.load().policy.privacy.class_of(f"{world.project}/data/a")[0] is DataClass.RESTRICTED


class TestDictionary:
    def test_every_layer_adds_and_a_later_one_replaces(self, world: Any) -> None:
        world.write("organisation", "redaction: {dictionary: [{term: Acme  Corp, class: restricted}, Osprey]}\n")
        world.write("user", "redaction: {dictionary: [{term: acme corp, label: CUSTOMER}]}\n")
        terms = world.load().policy.privacy.redaction.dictionary
        assert [(term.text, term.label, term.data_class) for term in terms] == [
            ("acme corp", "CUSTOMER", DataClass.CONFIDENTIAL),
            ("Osprey", "NAME", DataClass.CONFIDENTIAL),
        ]

    def test_a_project_raises_the_class_and_changes_nothing_else(self, world: Any) -> None:
        world.write("user", "redaction: {dictionary: [{term: Acme, label: CUSTOMER}]}\n")
        world.write("project", "redaction: {dictionary: [{term: ACME, label: OTHER, class: restricted}]}\n")
        (term,) = world.load().policy.privacy.redaction.dictionary
        assert (term.text, term.label, term.data_class) == ("Acme", "CUSTOMER", DataClass.RESTRICTED)
        assert world.notes() == []

    def test_a_project_cannot_lower_the_class(self, world: Any) -> None:
        world.write("user", "redaction: {dictionary: [Acme]}\n")
        world.write("project", "redaction: {dictionary: [{term: acme, class: public}]}\n")
        (term,) = world.load().policy.privacy.redaction.dictionary
        assert term.data_class is DataClass.CONFIDENTIAL
        assert world.notes() == [
            (
                "project/checkrein.yaml:2: a project cannot loosen the class of a dictionary term"
                " (set in home/checkrein.yaml:2): ignored"
            )
        ]


@pytest.mark.parametrize(
    ("lock", "text", "kept"),
    [
        ("redaction", "redaction: {enabled: false}", "redaction.enabled"),
        ("redaction.restore", "redaction: {restore: {hosts: [evil.example]}}", "redaction.restore.hosts"),
        ("redaction.restore.files", "redaction: {restore: {files: ['*']}}", "redaction.restore.files"),
        ("redaction", "redaction: {expire_days: 400}", "redaction.expire_days"),
        ("gateway", "gateway: {upstream: 'https://evil.example'}", "gateway.upstream"),
        ("gateway.store", "gateway: {store: 'postgresql://evil.example/x'}", "gateway.store"),
        ("gateway.workers", "gateway: {workers: 2}", "gateway.workers"),
        ("privacy", "privacy: {class: public}", "privacy.class"),
    ],
)
def test_locks_hold_for_the_user(world: Any, lock: str, text: str, kept: str) -> None:
    world.write("organisation", f"locked: [{lock}]\n")
    world.write("user", text)
    policy = world.load().policy
    assert policy.sources[kept] == "default"
    assert world.notes() == [f"home/checkrein.yaml:2: the user layer cannot loosen {kept} (a default): ignored"]


def test_a_locked_user_may_still_take_targets_away(world: Any) -> None:
    world.write("organisation", "locked: [redaction]\nredaction: {restore: {files: [a, b], hosts: [x.example, y.example]}}\n")
    world.write("user", "redaction: {restore: {files: [], hosts: [y.example]}, expire_days: 1}\n")
    redaction = world.load().policy.privacy.redaction
    assert redaction.restore_files.patterns == ()
    assert (redaction.restore_hosts, redaction.expire_days) == (("y.example",), 1)
    assert world.notes() == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("redaction: {dictionary: [x]}", 'redaction.dictionary[0] cannot be "x"'),
        ("redaction: {dictionary: [{label: X}]}", "the key 'term' is missing in redaction.dictionary[0]"),
        ("redaction: {dictionary: [{term: Acme, label: lower}]}", 'redaction.dictionary[0].label cannot be "lower"'),
        ("redaction: {pii: ['E-mail']}", 'redaction.pii[0] cannot be "E-mail"'),
        ("redaction: {pii: [iban, emial]}", "there is no kind of personal data 'emial'"),
        ("redaction: {restore: {hosts: ['https://a.example']}}", 'redaction.restore.hosts[0] cannot be "https://a.example"'),
        ("redaction: {expire_days: 0}", "redaction.expire_days cannot be 0"),
        ("privacy: {class: secret}", 'privacy.class cannot be "secret"'),
        ("privacy: {classes: [{paths: [], class: public}]}", "privacy.classes[0].paths is an empty list"),
        ("gateway: {upstream: 'ftp://a'}", 'gateway.upstream cannot be "ftp://a"'),
        ("gateway: {upstream: 'https://user@a'}", 'gateway.upstream cannot be "https://user@a"'),
        ("gateway: {store: mysql}", 'gateway.store cannot be "mysql"'),
        ("gateway: {workers: 0}", "gateway.workers cannot be 0"),
        ("gateway: {acount: team}", 'unknown key "acount" in gateway'),
    ],
)
def test_what_is_wrong_is_told_with_its_line(world: Any, text: str, told: str) -> None:
    file = world.write("user", text)
    with pytest.raises(PolicyError) as caught:
        world.load()
    assert caught.value.what == f"{file}:2: {told}"
    assert caught.value.fix
