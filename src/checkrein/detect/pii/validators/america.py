"""Numbers of persons in North and South America that python-stdnum does not know, or knows in an older form."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from stdnum.br import cpf
from stdnum.ca import sin
from stdnum.cl import rut
from stdnum.mx import rfc

from checkrein.detect.pii.validators.digits import compact, luhn, varied, weighted

_PRINTED = {"078051120", "111223333", "219099999", *(f"98765432{digit}" for digit in range(10)), "123456789"}
"""Social security numbers that stood on cards in wallets, in advertisements and examples."""

_ITIN_GROUPS = {*range(50, 66), *range(70, 89), *range(90, 93), *range(94, 100)}
_VIN_VALUES = dict(
    zip("0123456789ABCDEFGHJKLMNPRSTUVWXYZ", (*range(10), *range(1, 9), *range(1, 6), 7, 9, *range(2, 10)), strict=True)
)
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_LICENCE_PROVIDER = "80840"


def is_social_security_number(value: str) -> bool:
    """US: areas, groups and serials that the Social Security Administration gives out; one kind of separator."""
    digits = compact(value)
    area, group, serial = digits[:3], digits[3:5], digits[5:]
    separators = {character for character in value if not character.isdigit()}
    given = area not in ("000", "666") and area < "900" and group != "00" and serial != "0000"
    return given and len(separators) <= 1 and digits not in _PRINTED and varied(digits, 2)


def is_taxpayer_number(value: str) -> bool:
    """US: individual taxpayer identification number, 9xx with the groups that the IRS gives out since 2022."""
    digits = compact(value)
    return digits[0] == "9" and int(digits[3:5]) in _ITIN_GROUPS and varied(digits)


def is_provider_identifier(value: str) -> bool:
    """US: national provider identifier of health care: begins with 1 or 2, Luhn with the prefix 80840."""
    digits = compact(value)
    return digits[0] in "12" and luhn(_LICENCE_PROVIDER + digits) and varied(digits)


def is_prescriber(value: str) -> bool:
    """US: number of the Drug Enforcement Administration: two letters, six digits, check."""
    digits = value[2:]
    return (weighted(digits, (1, 2) * 3)) % 10 == int(digits[6]) and varied(digits)


def is_vehicle(value: str) -> bool:
    """Vehicle identification number, with the check of ISO 3779 as North America and China require it."""
    number = value.upper()
    total = sum(_VIN_VALUES[character] * weight for character, weight in zip(number, _VIN_WEIGHTS, strict=True))
    return "0123456789X"[total % 11] == number[8] and any(map(str.isdigit, number)) and any(map(str.isalpha, number))


def is_social_insurance_number(value: str) -> bool:
    """Canada: nine digits in three groups with one kind of separator, Luhn (python-stdnum)."""
    return sin.is_valid(value) and len({sign for sign in value if not sign.isdigit()}) <= 1 and varied(compact(value))


def is_brazilian_tax_number(value: str) -> bool:
    """Brazil: eleven digits with two checks (python-stdnum), not all alike."""
    return cpf.is_valid(value) and varied(compact(value), 2)


def is_mexican_tax_number(value: str) -> bool:
    """Mexico: letters of the name, and a day of birth or founding that exists (python-stdnum). The check is often made up."""
    return rfc.is_valid(value)


def is_chilean_number(value: str) -> bool:
    """Chile: seven or eight digits and the check modulo 11 (python-stdnum), not all alike."""
    return rut.is_valid(value) and varied(compact(value))


def is_mexican_account(value: str) -> bool:
    """Mexico: 18 digits, each product of the weights 3 7 1 modulo 10."""
    total = sum(int(digit) * weight % 10 for digit, weight in zip(value[:17], (3, 7, 1) * 6, strict=False))
    return -total % 10 == int(value[17]) and varied(value)


def has_luhn(value: str) -> bool:
    """Luhn's check over all digits, which are not all alike."""
    return luhn(compact(value)) and varied(compact(value))


VALIDATORS: Mapping[str, Callable[[str], bool]] = {
    "us-ssn": is_social_security_number,
    "us-itin": is_taxpayer_number,
    "us-npi": is_provider_identifier,
    "us-dea": is_prescriber,
    "vin": is_vehicle,
    "ca-sin": is_social_insurance_number,
    "br-cpf": is_brazilian_tax_number,
    "cl-rut": is_chilean_number,
    "luhn": has_luhn,
    "mx-rfc": is_mexican_tax_number,
    "mx-clabe": is_mexican_account,
}
