"""Cards, bank accounts and wallets."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache

from stdnum import bitcoin, iban, numdb

from checkrein.detect.pii.validators.digits import compact, luhn, varied, weighted
from checkrein.detect.pii.validators.keccak import keccak_256
from checkrein.detect.pii.validators.published import is_example_account, is_test_card

_ISSUERS = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})"  # Visa
    r"|(?:5[1-5]\d{4}|222[1-9]\d\d|22[3-9]\d{3}|2[3-6]\d{4}|27[01]\d{3}|2720\d\d)\d{10}"  # Mastercard
    r"|3[47]\d{13}"  # American Express
    r"|3(?:0[0-5]|095|[689]\d)\d{11,16}"  # Diners Club
    r"|6(?:011|4[4-9]\d|5\d\d)\d{12,15}"  # Discover
    r"|62\d{14,17}"  # UnionPay
    r"|35(?:2[89]|[3-8]\d)\d{12,15}"  # JCB
    r"|(?:50[0-9]{2}|5[6-9]\d\d|6[37]\d\d)\d{9,15}"  # Maestro
    r"|220[0-4]\d{12,15}"  # Mir
    r"|9792\d{12}"  # Troy
    r"|1\d{14}"  # UATP
    r"|(?:508[5-9]|60[678]\d|652[12]|817[2-9]|81[89]\d|820[01])\d{12}"  # RuPay
)
_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_BECH32M = 0x2BC830A3


def is_card(value: str) -> bool:
    """A payment card that somebody may have: prefix and length of an issuer, the Luhn check, not one for tests."""
    return _has_form_of_card(value) and not is_test_card(compact(value))


def is_published_card(value: str) -> bool:
    """A card in all but that its number is one for tests."""
    return _has_form_of_card(value) and is_test_card(compact(value))


def _has_form_of_card(value: str) -> bool:
    digits = compact(value)
    return bool(_ISSUERS.fullmatch(digits)) and luhn(digits) and varied(digits, 2)


def iban_length(value: str) -> int:
    """How many characters of ``value`` are an IBAN that somebody may have: none of the examples that are printed everywhere."""
    length = _length_of_iban(value)
    return 0 if is_example_account(compact(value[:length])) else length


def published_iban_length(value: str) -> int:
    """How many characters of ``value`` are an IBAN that is printed as an example."""
    length = _length_of_iban(value)
    return length if is_example_account(compact(value[:length])) else 0


def _length_of_iban(value: str) -> int:
    """How many characters of ``value`` are an IBAN, by ISO 13616: length and structure of its country, mod 97 (python-stdnum).

    Words may follow it. It is in one case.
    """
    other_case = re.search("[a-z]" if value[0].isupper() else "[A-Z]", value)
    value = value[: other_case.start()] if other_case else value
    places = [at for at, sign in enumerate(value, 1) if sign.isalnum()]
    length = _iban_characters(value[:2].upper())
    if not length or len(places) < length:
        return 0
    end = places[length - 1]
    whole = end == len(value) or not value[end].isalnum()
    return end if whole and iban.is_valid(value[:end], check_country=False) else 0


@cache
def _iban_characters(country: str) -> int:
    """How many letters and digits an IBAN of ``country`` has; 0 where there are none. From the register in python-stdnum."""
    (_, plan), *_ = numdb.get("iban").info(country)
    return 4 + sum(map(int, re.findall(r"(\d+)!", plan["bban"]))) if "bban" in plan else 0


def is_routing_number(value: str) -> bool:
    """A US bank's routing number: prefixes of the American Bankers Association, weights 3 7 1."""
    digits = compact(value)
    prefix = int(digits[:2])
    known = 1 <= prefix <= 12 or 21 <= prefix <= 32 or 61 <= prefix <= 72 or prefix == 80
    return known and weighted(digits, (3, 7, 1) * 3) % 10 == 0 and varied(digits)


def is_bitcoin(value: str) -> bool:
    """An address with the check of Base58Check or Bech32 (python-stdnum), or Bech32m (BIP 350: taproot)."""
    return bitcoin.is_valid(value) or (value.lower().startswith("bc1p") and _is_bech32m(value.lower()))


def _is_bech32m(value: str) -> bool:
    if any(character not in _BECH32 for character in value[3:]):
        return False
    check = 1
    for number in (3, 3, 0, 2, 3, *(_BECH32.index(character) for character in value[3:])):
        top, check = check >> 25, (check & 0x1FFFFFF) << 5 ^ number
        for bit, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            check ^= generator if top >> bit & 1 else 0
    return check == _BECH32M


def is_ethereum(value: str) -> bool:
    """An address whose upper and lower case are the check of EIP-55. One in a single case has none, and is not confirmed."""
    digits = value[2:]
    return digits not in (digits.lower(), digits.upper()) and value == ethereum_address(digits)


def ethereum_address(digits: str) -> str:
    """40 hexadecimal digits as EIP-55 writes them."""
    lowered = digits.lower()
    marks = keccak_256(lowered.encode()).hex()
    return "0x" + "".join(digit.upper() if mark >= "8" else digit for digit, mark in zip(lowered, marks, strict=False))


VALIDATORS: Mapping[str, Callable[[str], bool]] = {
    "card": is_card,
    "test-card": is_published_card,
    "aba-routing": is_routing_number,
    "bitcoin": is_bitcoin,
    "ethereum": is_ethereum,
}
