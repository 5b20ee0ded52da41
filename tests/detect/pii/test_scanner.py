"""Where values are found: anywhere, alone, or near a word; with exact places, by either backend."""

from __future__ import annotations

import json
import threading

import pytest
from faker import Faker
from hypothesis import given, settings
from hypothesis import strategies as st

from checkrein.core.sensitive import Certainty
from checkrein.detect.pii import Pii, default_kinds, load
from checkrein.detect.pii.backends import HyperscanBackend, PortableBackend
from checkrein.detect.sensitive import Scanner
from pii_examples import found_in, not_found_in

ALL = Pii({kind.id for kind in load()})
PORTABLE = Pii({kind.id for kind in load()}, PortableBackend)
BY_ID = {kind.id: kind for kind in load()}


def value(kind: str, template: str, seed: int = 0) -> str:
    """A value that the kind's validator confirms."""
    text, ((start, end), *_) = found_in(BY_ID[kind], f"[[{template}]]", seed)
    return text[start:end]


def found(scanner: Pii, text: str) -> list[tuple[str, str]]:
    return [(each.rule, text[each.start : each.end]) for each in scanner.scan(text)]


def test_an_unknown_kind_is_an_error() -> None:
    with pytest.raises(ValueError, match="no such kind of personal data: e-mail, telephone"):
        Pii(["email", "telephone", "e-mail"])


def test_no_kinds_find_nothing() -> None:
    assert Pii([]).scan("someone@somewhere.org") == ()


def test_empty_text_holds_nothing() -> None:
    assert ALL.scan("") == ()


def test_a_checked_number_counts_alone_or_near_its_word() -> None:
    pesel, scanner = value("pl-pesel", "440514{digit:5}"), Pii(["pl-pesel"])
    assert found(scanner, pesel) == found(scanner, f' "{pesel}"\n') == [("pii.pl-pesel", pesel)]
    assert found(scanner, f"{pesel} and {pesel}") == [("pii.pl-pesel", pesel)] * 2
    assert found(scanner, f"customerPesel = {pesel}") == [("pii.pl-pesel", pesel)]
    assert found(scanner, f"{pesel} is my PESEL") == [("pii.pl-pesel", pesel)]
    assert found(scanner, f"pesel:\n  {pesel}") == [("pii.pl-pesel", pesel)]
    assert found(scanner, f"total {pesel}") == []
    assert found(scanner, f"pesel\n\n\n{pesel}") == []
    assert found(scanner, f"pesel{' ' * 100}{pesel}") == []


@pytest.mark.parametrize("far", [1, 20, 60, 79])
def test_the_digits_of_a_value_may_stand_behind_its_begin(far: int) -> None:
    code = "abcdef85t10a562s"
    assert found(Pii(["it-fiscal-code"]), f"Codice fiscale{' ' * far}{code}") == [("pii.it-fiscal-code", code)]


@pytest.mark.parametrize("frame", ["x{}", "{}x", "_{}", "{}_", "1.{}", "{}.5", "{}-1", "7/{}"])
def test_a_part_of_a_longer_word_or_number_is_none(frame: str) -> None:
    text = "card " + frame.format(value("card", "4{digit:15}"))
    assert found(Pii(["card"]), text) == []


@pytest.mark.parametrize("frame", ["({})", "'{}'", "{},", "{}.", "no:{}", "={};", "番号{}です", "{}\n", "{} 12/27", "ü{}"])
def test_signs_and_other_scripts_may_touch_it(frame: str) -> None:
    card = value("card", "4{digit:15}")
    assert found(Pii(["card"]), frame.format(card)) == [("pii.card", card)]


@pytest.mark.parametrize("sign", ["\u00a0", "\u202f", "\u2011", "–"])
def test_other_spaces_and_dashes_divide_as_well(sign: str) -> None:
    card = value("card", "5{digit:3} {digit:4} {digit:4} {digit:4}").replace(" ", sign)
    assert found(Pii(["card"]), f"Karte:{sign}{card}.") == [("pii.card", card)]


@pytest.mark.parametrize(
    ("frame", "is_one"),
    [
        ("51BC 51BE {} 52BC", False),
        ("96FC 5FBE\n{}\n52BC 530A", False),
        ("{} 52BC\n530A", False),
        ("51BC {} 2027", True),
        ("https://status.org/feature/{}", False),
        ("https://shop.org/cards/{}", True),
        ("order_id: {}", False),
    ],
)
def test_a_row_of_a_table_and_an_id_are_no_card(frame: str, is_one: bool) -> None:
    card = value("card", "5235 {digit:4} {digit:4} {digit:4}")
    card = card if frame.count(" ") and "_" not in frame else card.replace(" ", "")
    assert found(Pii(["card"]), frame.format(card)) == ([("pii.card", card)] if is_one else [])


@pytest.mark.parametrize(
    ("text", "mails"),
    [
        ("see https://key0a1b2c@o123.ingest.somewhere.io/4", []),
        ("postgres://john.doe:x@db.somewhere.org/app", []),
        ("ssh://deploy@somewhere.org:2222/app.git", []),
        ("https://somewhere.org/?to=john@somewhere.org", ["john@somewhere.org"]),
        ("mailto:john@somewhere.org", ["john@somewhere.org"]),
        ("rijndael-cbc@lysator.liu.se, your.name@somewhere.org", []),
        ("first.second@somewhere.org", ["first.second@somewhere.org"]),
        ("--john@somewhere.org", ["john@somewhere.org"]),
    ],
)
def test_userinfo_and_parts_of_names_are_no_addresses(text: str, mails: list[str]) -> None:
    assert found(Pii(["email-private"]), text) == [("pii.email-private", mail) for mail in mails]


def test_published_numbers_are_kinds_of_their_own() -> None:
    text = "card 4242 4242 4242 4242, IBAN DE89 3704 0044 0532 0130 00, call +1 212 555 0123"
    assert found(Pii(default_kinds()), text) == []
    assert [rule for rule, _ in found(ALL, text)] == ["pii.card-test", "pii.iban-example", "pii.phone-fictional"]


def test_wide_digits_are_digits() -> None:
    wide = "".join(chr(ord("０") + int(digit)) for digit in value("card", "4{digit:15}"))
    assert found(Pii(["card"]), f"番号{wide}です") == [("pii.card", wide)]


def test_a_row_of_groups_is_no_aadhaar() -> None:
    aadhaar, scanner = value("in-aadhaar", "3{digit:3} {digit:4} {digit:4}"), Pii(["in-aadhaar"])
    assert found(scanner, f"number {aadhaar}, yes") == [("pii.in-aadhaar", aadhaar)]
    assert found(scanner, f"number {aadhaar} 1234") == []
    assert found(scanner, f"number 1234 {aadhaar}") == []


def test_an_iban_ends_where_it_ends() -> None:
    iban = value("iban", "DE{digit:2} {digit:4} {digit:4} {digit:4} {digit:4} {digit:2}")
    assert found(Pii(["iban"]), f"pay {iban} X IN ADVANCE") == [("pii.iban", iban)]


def test_what_a_check_confirms_is_more_certain() -> None:
    assert ALL.scan("pasaporte ABC123456")[0].certainty is Certainty.GENERIC
    assert ALL.scan("info@mail.somewhere.org")[0].certainty is Certainty.SPECIFIC


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Dear Anneliese,\nthank you", "Anneliese"),
        ("they call me Mr. Mayers", "Mayers"),
        ("my name is Dan", "Dan"),
        ("Frau Dr. Müller-Lüdenscheidt kommt", "Müller-Lüdenscheidt"),
        ('"customer": "Żaneta Q. Śliwa"', "Żaneta Q. Śliwa"),
        ('"full_name": "Jane van Doe"', "Jane van Doe"),
        ("Best regards,\n\nPeter Pan\n", "Peter Pan"),
        ("Reviewed-by: Ada B. Lovelace <ada@engine.test>", "Ada B. Lovelace"),
        ("Dear All,", ""),
        ("const name = Value;", ""),
        ("the drive", ""),
        ("name: Value", ""),
        ('{"lastName": "Q. Q."}', ""),
        ("Автор: Иван, name: Иван Петров", "Иван Петров"),
    ],
)
def test_names_are_found_where_something_announces_them(text: str, name: str) -> None:
    assert [found for _, found in found(Pii(["person-name"]), text)] == ([name] if name else [])


CODE = """
__version__ = "1.2.3.4"
pi = 3.14159265358979; e = 2.718281828459045; tiny = 4.111111111111111e-16
sha = "4111111111111111aa4111111111111111bb"
uuid = "123e4567-e89b-12d3-a456-426614174000"
icon = "logo@2x.png"; unit = "getty@tty1.service"; remote = "git@git.somewhere.org:team/app.git"
host = ("127.0.0.1", "10.1.2.3", "192.168.178.1", "203.0.113.7", "::1", "fe80::1", "8.8.8.8")
when = "2021-05-21T10:11:12.123456Z"; stamp = 1610101010; stamp_ms = 1610101010123; stamp_ns = 1610101010123456789
oid = "1.2.840.113549.1.1.11"; other = "2.5.4.65"
mails = ["someone@example.com", "nobody@localhost", "a@b.invalid"]
array = [100000000, 200000000, 300000000]; rows = x[1::2]; phone = None  # 2010-2011
"""


@pytest.mark.parametrize(
    "scanner", [Pii(default_kinds()), Pii(default_kinds(), PortableBackend)], ids=["hyperscan", "portable"]
)
def test_code_holds_no_personal_data(scanner: Pii) -> None:
    assert found(scanner, CODE) == []


def test_the_defaults_find_what_stands_in_a_letter() -> None:
    card, iban = value("card", "4{digit:15}"), value("iban", "DE{digit:20}")
    text = f"Büro 東京: jürgen.x@firma.de… +49 30 1234567 … Karte {card}, Konto {iban}\n"
    expected = [("pii.phone", "+49 30 1234567"), ("pii.card", card), ("pii.iban", iban)]
    assert [each for each in found(Pii(default_kinds()), text) if each[0] != "pii.email-private"] == expected


@pytest.mark.parametrize(
    ("locale", "method", "kind"),
    [
        ("de_CH", "ssn", "ch-ahv"),
        ("el_GR", "ssn", "gr-amka"),
        ("en_CA", "ssn", "ca-sin"),
        ("en_US", "ssn", "us-ssn"),
        ("en_US", "itin", "us-itin"),
        ("en_US", "company_email", "email"),
        ("en_US", "ipv4_public", "ip-public"),
        ("en_US", "ipv6", "ip-address"),
        ("en_US", "mac_address", "mac-address"),
        ("es_ES", "nif", "es-nif"),
        ("es_ES", "nie", "es-nie"),
        ("es_ES", "cif", "es-cif"),
        ("et_EE", "ssn", "ee-isikukood"),
        ("fi_FI", "ssn", "fi-personal-identity-code"),
        ("fr_FR", "ssn", "fr-nir"),
        ("fr_FR", "siret", "fr-siret"),
        ("hr_HR", "ssn", "hr-oib"),
        ("it_IT", "ssn", "it-fiscal-code"),
        ("lv_LV", "ssn", "lv-personal-code"),
        ("mk_MK", "ssn", "si-emso"),
        ("nl_BE", "ssn", "be-national-number"),
        ("no_NO", "ssn", "no-fodselsnummer"),
        ("no_NO", "iban", "iban"),
        ("pl_PL", "pesel", "pl-pesel"),
        ("pl_PL", "iban", "iban"),
        ("pt_BR", "cpf", "br-cpf"),
        ("pt_BR", "cnpj", "br-cnpj"),
        ("ro_RO", "ssn", "ro-cnp"),
        ("sv_SE", "ssn", "se-personnummer"),
        ("sv_SE", "org_id", "se-organisationsnummer"),
        ("tr_TR", "ssn", "tr-national-id"),
        ("zh_CN", "ssn", "cn-resident-id"),
        ("zh_TW", "ssn", "tw-national-id"),
    ],
)
def test_what_another_generator_makes_is_found(locale: str, method: str, kind: str) -> None:
    faker = Faker(locale)
    faker.seed_instance(20)
    scanner = Pii([kind], PortableBackend)
    values = [str(getattr(faker, method)()) for _ in range(25)]
    assert [found(scanner, each) for each in values] == [[(f"pii.{kind}", each)] for each in values]


@pytest.mark.parametrize("locale", ["en_GB", "fr_FR", "it_IT", "es_ES", "pl_PL", "ja_JP", "zh_CN", "en_IN"])
def test_telephone_numbers_are_found_where_they_are_announced(locale: str) -> None:
    faker = Faker(locale)
    faker.seed_instance(20)
    scanner = Pii(["phone", "phone-fictional", "phone-unallocated"])
    texts = [f"Phone: {faker.phone_number()}" for _ in range(40)]
    assert sum(bool(scanner.scan(text)) for text in texts) >= 38


def test_encoded_text_is_scanned_as_it_reads() -> None:
    scanner = Scanner(Pii(["email", "us-ssn"]), generic=False)
    mail, number = "info@firma.de", value("us-ssn", "{digit:3}-{digit:2}-{digit:4}")
    text = json.dumps({"ü": f"to\n{mail}", "ssn": number, "inner": json.dumps({"mail": mail})})
    assert [text[each.start : each.end] for each in scanner.scan(text)] == [mail, number, mail]


PIECES = st.one_of(
    st.sampled_from([kind.id for kind in load()]).flatmap(
        lambda name: st.sampled_from(BY_ID[name].bad).map(lambda template: found_in(BY_ID[name], template)[0])
    ),
    st.sampled_from([kind.id for kind in load()]).flatmap(
        lambda name: st.sampled_from(BY_ID[name].good).map(lambda template: not_found_in(BY_ID[name], template))
    ),
    st.text(alphabet="0123456789 -./+()@:ABXZabxz\nü東", max_size=40),
)


@settings(max_examples=150)
@given(st.lists(PIECES, max_size=6), st.sampled_from(["", " ", "\n", ", ", "é"]))
def test_both_backends_find_the_same(pieces: list[str], joint: str) -> None:
    text = joint.join(pieces)
    assert ALL.scan(text) == PORTABLE.scan(text)


@settings(max_examples=200)
@given(st.text(alphabet="0123456789ABCDEFGXYZabcdxyzſK°٣ -./:()@+%", max_size=60))
def test_any_text_can_be_scanned(text: str) -> None:
    for each in ALL.scan(text):
        assert 0 <= each.start < each.end <= len(text)


def test_any_text_can_be_scanned_that_is_no_unicode() -> None:
    mail = "info@mail.somewhere.org"
    assert found(ALL, f"\udcff {mail}") == [("pii.email", mail)]


def test_many_threads_use_one_scanner() -> None:
    text = f"card {value('card', '4{digit:15}')} " * 50
    expected, results = ALL.scan(text), []
    threads = [threading.Thread(target=lambda: results.append(ALL.scan(text))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [expected] * 4
    assert len(expected) == 50


@pytest.mark.parametrize(
    "text", ["1" * 200_000, "1 " * 100_000, "+1-" * 60_000, "a@" * 100_000, "phone " * 40_000, "DE12 " * 40_000]
)
def test_hostile_repetition_is_scanned(text: str) -> None:
    assert isinstance(ALL.scan(text), tuple)


def test_patterns_none_need_no_database() -> None:
    assert HyperscanBackend([]).ends(b"text") == PortableBackend([]).ends(b"text") == {}
