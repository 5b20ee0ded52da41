"""Validators against numbers that standards and authorities print as examples, and each of those with one digit changed."""

from __future__ import annotations

import hashlib

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from checkrein.detect.pii.validators import validator
from checkrein.detect.pii.validators.digits import luhn
from checkrein.detect.pii.validators.keccak import keccak_256, sponge
from checkrein.detect.pii.validators.money import ethereum_address
from checkrein.detect.pii.validators.published import NUMBERS

EXAMPLES = [
    ("test-card", "4111 1111 1111 1111"),
    ("test-card", "5555555555554444"),
    ("test-card", "378282246310005"),
    ("test-card", "6011-1111-1111-1117"),
    ("test-card", "4000002500003155"),
    ("test-card", "30123456789019"),
    ("example-iban", "GB29 NWBK 6016 1331 9268 19"),
    ("example-iban", "de89370400440532013000"),
    ("example-iban", "NL02ABNA0123456789"),
    ("aba-routing", "021000021"),
    ("us-npi", "1234567893"),
    ("us-dea", "AB1234563"),
    ("vin", "1M8GDM9AXKP042788"),
    ("vin", "1HGCM82633A004352"),
    ("ca-sin", "130-692-544"),
    ("br-cpf", "390.533.447-05"),
    ("cl-rut", "12.345.678-5"),
    ("mx-clabe", "002010077777777771"),
    ("fi-hetu", "131052-308T"),
    ("fi-hetu", "010594Y9021"),
    ("de-pension", "15070649C103"),
    ("de-health-insurance", "A123456780"),
    ("de-physician", "123456601"),
    ("pl-identity-card", "ABA300000"),
    ("es-nif", "12345678Z"),
    ("gb-nhs", "943 476 5919"),
    ("se-personnummer", "880320-0016"),
    ("lu-number", "1893120105732"),
    ("ru-snils", "112-233-445 95"),
    ("fr-siret", "732829320"),
    ("fr-siret", "73282932000074"),
    ("sg-nric", "S1234567D"),
    ("sg-nric", "M4332674T"),
    ("hk-hkid", "A123456(3)"),
    ("hk-hkid", "AB987654(3)"),
    ("tw-id", "A123456789"),
    ("ph-tin", "000-123-456-000"),
    ("kr-brn", "104-86-56659"),
    ("kr-frn", "900121-5000008"),
    ("au-abn", "51 824 753 556"),
    ("au-acn", "000 000 019"),
    ("au-medicare", "2123 45670 1"),
    ("in-aadhaar", "2341 2341 2346"),
    ("th-tnin", "1234567890121"),
    ("za-id", "7503305044089"),
    ("ae-id", "784-1984-1234567-4"),
    ("sa-id", "1012345672"),
    ("bitcoin", "1BoatSLRHtKNngkdXEeobR76b53LETtpyT"),
    ("bitcoin", "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"),
    ("bitcoin", "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0"),
    ("ethereum", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"),
]

UNCOVERED = {"de-physician", "au-medicare", "ph-tin", "pl-identity-card", "vin"}
"""What stands last is a specialty, an issue, a branch, a serial: not the check."""


@pytest.mark.parametrize(("name", "value"), EXAMPLES)
def test_examples_are_confirmed(name: str, value: str) -> None:
    assert validator(name)(value) == len(value)


@pytest.mark.parametrize(("name", "value"), EXAMPLES)
def test_a_changed_digit_is_seen(name: str, value: str) -> None:
    """Of all ways to change the last digit or letter that the check covers, at most one is confirmed as well."""
    at = max(place for place, sign in enumerate(value) if sign.isdigit())
    others = [value[:at] + digit + value[at + 1 :] for digit in "0123456789" if digit != value[at]]
    confirmed = [other for other in others if validator(name)(other) == len(other)]
    assert len(confirmed) <= (9 if name in UNCOVERED else 1), confirmed


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("card", "4111111111111112"),
        ("card", "4111111111111111"),
        ("card", "6011000990139424"),
        ("card", "4000002500003155"),
        ("card", "4012345678909999"),
        ("test-card", "4111111111111112"),
        ("iban", "DE89 3704 0044 0532 0130 00"),
        ("iban", "NL02ABNA0123456789"),
        ("example-iban", "GB29 NWBK 6016 1331 9268 18"),
        ("card", "4444444444444444"),
        ("card", "1234567812345670"),
        ("iban", "GB29 NWBK 6016 1331 9268 18"),
        ("iban", "GB29 nwbk 6016 1331 9268 19"),
        ("iban", "ZZ29 NWBK 6016 1331 9268 19"),
        ("us-ssn", "078-05-1120"),
        ("us-ssn", "666-12-3456"),
        ("us-ssn", "900-12-3456"),
        ("us-ssn", "123-00-4567"),
        ("us-ssn", "123-45.6789"),
        ("us-itin", "911-89-1234"),
        ("us-npi", "3234567893"),
        ("gb-nino", "BG123612A"),
        ("gb-nino", "DA123456A"),
        ("gb-driving-licence", "MORGA663054SM9IJ"),
        ("gb-driving-licence", "MO9G9657054SM9IJ"),
        ("kr-rrn", "960303-0021413"),
        ("kr-rrn", "001332-1234567"),
        ("dk-cpr", "3102991234"),
        ("th-tnin", "0234567890124"),
        ("au-abn", "00000000560"),
        ("ethereum", "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed"),
        ("bitcoin", "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj1"),
        ("email", "someone@example.org"),
        ("email", "someone@mail.example.co.uk"),
        ("email", "someone@gateway.home.arpa"),
        ("email", "someone@expyuzz4wqqyqhjn.onion"),
        ("email", "test@test.com"),
        ("email", "foo@bar.com"),
        ("email", "you@your-company.com"),
        ("email", "your.name@firma.de"),
        ("email", "sk-ssh-ed25519@openssh.com"),
        ("email", "rijndael-cbc@lysator.liu.se"),
        ("email", "zlib@openssh.com"),
        ("email", "a..b@somewhere.org"),
        ("email", "1234+somebody@users.noreply.github.com"),
        ("ethereum", "0x" + "0" * 40),
        ("ethereum", "0x" + "12" * 20),
        ("email", "git@somewhere.org"),
        ("email", "x" * 65 + "@somewhere.org"),
        ("public-ip", "10.1.2.3"),
        ("public-ip", "1.2.3.4"),
        ("public-ip", "999.1.1.1"),
        ("public-ip", "8.8.8.8"),
        ("public-ip", "2001:db8::1"),
        ("public-ip", "224.0.0.251"),
        ("ip", "12:34:56"),
        ("ip", "::"),
        ("mac", "ff:ff:ff:ff:ff:ff"),
        ("mac", "01:00:5e:00:00:fb"),
        ("mac", "00:11:22:33:44:55:66:77"),
        ("position", "91.123, 10.123"),
        ("date", "2021-02-30"),
        ("date", "1.2"),
        ("date", "12 Foo 2021"),
        ("partial-date", "77/99"),
        ("phone", "123-456-7890"),
        ("phone", "2010-2011"),
        ("phone", "49.183239"),
        ("phone", "+0 12"),
        ("phone-tr", "+49 30 1234567"),
        ("web-address", "http://localhost"),
        ("web-address", "www.microsoft"),
        ("web-address", "1.2.3.4"),
    ],
)
def test_what_is_none_is_not_confirmed(name: str, value: str) -> None:
    assert validator(name)(value) == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("us-ssn", "123-45-6788"),
        ("us-itin", "911-70-1234"),
        ("gb-nino", "AB 12 34 56 C"),
        ("gb-driving-licence", "MORGA657054SM9IJ"),
        ("gb-driving-licence", "FO999512018AA1AB"),
        ("kr-rrn", "960121-1234567"),
        ("gb-vehicle", "AB51 ABC"),
        ("email", "a.b+c@sub.somewhere.co.uk"),
        ("public-ip", "81.2.69.142"),
        ("public-ip", "2a00:1450:4001:81b::200e"),
        ("ip", "fe80::1%eth0"),
        ("ip", "10.0.0.0/8"),
        ("mac", "3c:22:fb:12:34:56"),
        ("position", "52.520008, 13.404954"),
        ("date", "2021-05-20"),
        ("date", "5/20/2021"),
        ("date", "21/05/21"),
        ("date", "21.5.21"),
        ("date", "3. März 1981"),
        ("date", "May 1st, 1977"),
        ("partial-date", "05/2021"),
        ("partial-date", "31/12"),
        ("phone", "+44 (20) 7123 4567"),
        ("phone", "(415) 661-0132"),
        ("phone", "+1 415 555 0232"),
        ("fictional-phone", "(415) 555-0132"),
        ("fictional-phone", "001 415 555 0132"),
        ("fictional-phone", "+44 20 7946 0958"),
        ("fictional-phone", "01632 960123"),
        ("fictional-phone", "+49 (0) 30 23125 123"),
        ("email", "jane.doe@acme.com"),
        ("email", "test@firma.de"),
        ("email", "djm@openssh.com"),
        ("email", "hr-office@example-works.com"),
        ("phone", "030 901820"),
        ("phone-ph", "0917 123 4567"),
        ("web-address", "https://a.example/x"),
        ("web-address", "somewhere.co.uk"),
    ],
)
def test_what_has_no_check_is_confirmed_by_its_form(name: str, value: str) -> None:
    assert validator(name)(value) == len(value)


def test_an_iban_may_be_followed_by_words() -> None:
    assert validator("example-iban")("GB29 NWBK 6016 1331 9268 19 AND MORE") == len("GB29 NWBK 6016 1331 9268 19")
    assert validator("example-iban")("GB29 NWBK 6016 1331 9268 19AND MORE") == 0
    assert validator("iban")("NO47 8601 2117 002 AND MORE") == len("NO47 8601 2117 002")


PUBLISHED = yaml.safe_load(NUMBERS.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("name", "other", "value"),
    [("test-card", "card", card) for card in PUBLISHED["cards"]]
    + [("example-iban", "iban", iban) for iban in PUBLISHED["ibans"]],
)
def test_each_published_number_passes_its_checks_and_is_nobodys(name: str, other: str, value: str) -> None:
    assert (validator(name)(value), validator(other)(value)) == (len(value), 0)


@pytest.mark.parametrize("value", ["(415) 555-0132", "+1 415 555 0132", "+44 20 7946 0958", "0491 570 156", "+46 31-390 06 12"])
def test_a_number_that_is_kept_for_films_is_nobodys(value: str) -> None:
    assert validator("phone")(value) == 0


def test_keccak_is_that_of_the_competition() -> None:
    """Its digest of the empty text is known from everywhere in Ethereum."""
    assert keccak_256(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"


@given(st.binary(max_size=400))
def test_with_the_padding_of_sha3_it_is_sha3(data: bytes) -> None:
    assert sponge(data, 0x06) == hashlib.sha3_256(data).digest()


@given(st.binary(min_size=20, max_size=20))
def test_an_address_is_confirmed_as_it_is_written(data: bytes) -> None:
    address = ethereum_address(data.hex())
    one_case = address[2:] in (address[2:].lower(), address[2:].upper())
    assert validator("ethereum")(address) == (0 if one_case else 42)
    assert validator("ethereum")(address[:2] + address[2:].swapcase()) == 0


@given(st.text("0123456789", min_size=2, max_size=20), st.data())
def test_luhn_sees_any_one_changed_digit(digits: str, data: st.DataObject) -> None:
    check = next(digit for digit in "0123456789" if luhn(digits + digit))
    number = digits + check
    at = data.draw(st.integers(0, len(number) - 1))
    other = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != number[at]]))
    assert not luhn(number[:at] + other + number[at + 1 :])
