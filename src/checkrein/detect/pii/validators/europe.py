"""Numbers of persons in Europe that python-stdnum does not know, or knows in an older form."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from stdnum import luhn, verhoeff
from stdnum.es import nif
from stdnum.fr import nif as fr_nif
from stdnum.fr import siren, siret
from stdnum.gb import nhs
from stdnum.pt import cc
from stdnum.se import personnummer
from stdnum.si import emso

from checkrein.detect.pii.validators.dates import is_day
from checkrein.detect.pii.validators.digits import compact, varied, weighted

_HETU_CENTURIES = {"+": 1800, **dict.fromkeys("-YXWVU", 1900), **dict.fromkeys("ABCDEF", 2000)}
_HETU_CHECKS = "0123456789ABCDEFHJKLMNPRSTUVWXY"
_PENSION_WEIGHTS = (2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1)
_DOCUMENT_WEIGHTS = (7, 3, 1)


def is_personal_identity_code(value: str) -> bool:
    """Finland: day of birth, century sign (those of 2023 as well), number, and the remainder by 31 as a letter or digit."""
    code = value.upper()
    born = is_day(_HETU_CENTURIES[code[6]] + int(code[4:6]), int(code[2:4]), int(code[:2]))
    return born and code[10] == _HETU_CHECKS[int(code[:6] + code[7:10]) % 31]


def is_pension_number(value: str) -> bool:
    """Germany: Versicherungsnummer of the pension insurance, VKVV section 2: area, day of birth, initial, serial, check.

    Where a day's serial numbers are used up, 32 is added to the day.
    """
    number = compact(value)
    digits = f"{number[:8]}{ord(number[8]) - 64:02}{number[9:11]}"
    products = [int(digit) * weight for digit, weight in zip(digits, _PENSION_WEIGHTS, strict=True)]
    day = int(number[2:4])
    born = is_day(2000, int(number[4:6]), day - 32 if day > 32 else day)
    return born and sum(product // 10 + product % 10 for product in products) % 10 == int(number[11])


def is_health_insurance_number(value: str) -> bool:
    """Germany: the constant part of the Krankenversichertennummer: initial, eight digits, check as in Luhn's from the left."""
    number = compact(value)
    digits = f"{ord(number[0]) - 64:02}{number[1:9]}"
    products = [int(digit) * (1 + at % 2) for at, digit in enumerate(digits)]
    return sum(product // 10 + product % 10 for product in products) % 10 == int(number[9])


def is_physician_number(value: str) -> bool:
    """Germany: lebenslange Arztnummer: six digits, their check by weights 4 and 9, two digits of the specialty."""
    return (10 - weighted(value[:6], (4, 9) * 3) % 10) % 10 == int(value[6]) and value[7:] != "00"


def is_postal_code(value: str) -> bool:
    """Germany: five digits, 01001 to 99998."""
    return 1001 <= int(value) <= 99998


def is_machine_readable(value: str) -> bool:
    """A document's number with its check digit behind it, by ICAO 9303: weights 7 3 1, letters from A = 10."""
    number = compact(value)
    return number[-1].isdigit() and _icao(number[:-1]) == int(number[-1])


def _icao(number: str) -> int:
    return sum(int(character, 36) * _DOCUMENT_WEIGHTS[at % 3] for at, character in enumerate(number)) % 10


def is_german_document(value: str) -> bool:
    """Nine letters and digits, or ten of which the last is the check."""
    return sum(map(str.isdigit, value)) > 1 and (len(value) == 9 or is_machine_readable(value))


def is_polish_identity_card(value: str) -> bool:
    """Poland: three letters, then the check, then five digits: weights 7 3 1 over all others."""
    number = compact(value)
    return _icao(number[:3] + number[4:]) == int(number[3])


def is_spanish_tax_number(value: str) -> bool:
    """Spain: a person's NIF (python-stdnum), which may lack the leading zeros of its eight digits."""
    number = compact(value)
    return nif.is_valid(number if number[0].isalpha() else number.zfill(9)) and number.strip("0") != "T"


def is_establishment(value: str) -> bool:
    """France: a SIRET, or the SIREN that it begins with (python-stdnum)."""
    number = compact(value)
    return siret.is_valid(number) if len(number) == 14 else siren.is_valid(number)


def is_french_tax_number(value: str) -> bool:
    """France: thirteen digits modulo 511 (python-stdnum)."""
    return fr_nif.is_valid(value) and varied(compact(value))


def is_citizen_number(value: str) -> bool:
    """Slovenia and its neighbours: day of birth, region, serial, check (python-stdnum), not all alike."""
    return emso.is_valid(value) and varied(value)


def is_health_service_number(value: str) -> bool:
    """England and Wales: ten digits with their check modulo 11 (python-stdnum), not all alike."""
    return nhs.is_valid(value) and varied(compact(value))


def is_swedish_number(value: str) -> bool:
    """Sweden: day of birth, number, Luhn (python-stdnum), with or without the sign between them and the century."""
    digits = compact(value)
    return personnummer.is_valid(value if "-" in value or "+" in value else f"{digits[:-4]}-{digits[-4:]}")


def is_citizen_card(value: str) -> bool:
    """Portugal: the number of a citizen's card with letters in its version (python-stdnum): digits alone are too common."""
    return cc.is_valid(value) and not compact(value).isdigit()


_PLATES = re.compile(
    r"[A-Z]{2}(?:0[2-9]|1\d|2[0-6]|5[1-9]|6\d|7[0-6]) ?[A-HJ-PR-Z]{3}"  # since 2001
    r"|[A-HJ-NPR-TV-Y]\d{1,3} ?[A-Z]{3}"  # since 1983
    r"|[A-Z]{3} ?\d{1,3} ?[A-HJ-NPR-TV-Y]"  # since 1963
)


def is_british_plate(value: str) -> bool:
    """United Kingdom: age identifiers and letters that were given out since 1963."""
    return bool(_PLATES.fullmatch(value.upper()))


def is_driving_licence(value: str) -> bool:
    """Great Britain: five letters of the name filled up by nines, then digits of the day of birth, months of women from 51."""
    number = value.upper()
    month, day = int(number[6:8]) % 50, int(number[8:10])
    named = re.fullmatch(r"[A-Z]+9*", number[:5]) and re.fullmatch(r"[A-Z]{2}|[A-Z]9|99", number[11:13])
    return bool(named) and int(number[6:8]) // 50 <= 1 and is_day(2000, month, day)


def is_national_insurance_number(value: str) -> bool:
    """United Kingdom: the prefixes that HM Revenue and Customs gives out, six digits, and a suffix from A to D."""
    prefix = compact(value)[:2]
    kept_back = {"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"}
    return prefix not in kept_back and not set(prefix) & set("DFIQUV") and prefix[1] != "O" and varied(compact(value)[2:8], 2)


def is_snils(value: str) -> bool:
    """Russia: insurance account, nine digits and their weighted sum, modulo 101 and 100."""
    digits = compact(value)
    return weighted(digits, range(9, 0, -1)) % 101 % 100 == int(digits[9:]) and varied(digits[:9], 2)


def is_birth_number(value: str) -> bool:
    """Denmark: the day of birth before four digits. Numbers given out since 2007 have no check."""
    digits = compact(value)
    return is_day(2000, int(digits[2:4]), int(digits[:2])) and varied(digits)


def is_latvian_code(value: str) -> bool:
    """Latvia: day of birth before the dash, or a code from 32 upwards that says nothing."""
    digits = compact(value)
    return digits.startswith(("32", "33", "34", "35")) or is_day(2000, int(digits[2:4]), int(digits[:2]))


def is_luxembourg_number(value: str) -> bool:
    """Luxembourg: the day of birth, a serial, then the checks of Luhn and Verhoeff over these eleven digits."""
    digits = compact(value)
    born = is_day(int(digits[:4]), int(digits[4:6]), int(digits[6:8])) if digits[:2] in ("18", "19", "20") else False
    return born and luhn.is_valid(digits[:12]) and verhoeff.is_valid(digits[:11] + digits[12])


VALIDATORS: Mapping[str, Callable[[str], bool]] = {
    "fi-hetu": is_personal_identity_code,
    "de-pension": is_pension_number,
    "de-health-insurance": is_health_insurance_number,
    "de-physician": is_physician_number,
    "de-postal-code": is_postal_code,
    "de-document": is_german_document,
    "pl-identity-card": is_polish_identity_card,
    "es-nif": is_spanish_tax_number,
    "si-emso": is_citizen_number,
    "fr-nif": is_french_tax_number,
    "fr-siret": is_establishment,
    "gb-nhs": is_health_service_number,
    "gb-vehicle": is_british_plate,
    "se-personnummer": is_swedish_number,
    "pt-cc": is_citizen_card,
    "gb-driving-licence": is_driving_licence,
    "gb-nino": is_national_insurance_number,
    "ru-snils": is_snils,
    "dk-cpr": is_birth_number,
    "lv-code": is_latvian_code,
    "lu-number": is_luxembourg_number,
}
