"""Numbers of persons in Asia and Africa that python-stdnum does not know, or checks in a way that new numbers do not pass."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from stdnum import verhoeff
from stdnum.au import abn, acn
from stdnum.in_ import aadhaar
from stdnum.iso7064 import mod_11_2
from stdnum.th import pin
from stdnum.za import idnr

from checkrein.detect.pii.validators.dates import is_day, six_digits_are_day
from checkrein.detect.pii.validators.digits import compact, luhn, varied, weighted

_RESIDENT_WEIGHTS = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)
_NRIC_WEIGHTS = (2, 7, 6, 5, 4, 3, 2)
_NRIC_SERIES = {
    "S": (0, "JZIHGFEDCBA"),
    "T": (4, "JZIHGFEDCBA"),
    "F": (0, "XWUTRQPNMLK"),
    "G": (4, "XWUTRQPNMLK"),
    "M": (3, "XWUTRQPNJLK"),
}
_TAIWAN_LETTERS = "ABCDEFGHJKLMNPQRSTUVXYWZIO"
_THAI_PROVINCES = {
    *range(10, 28),
    *range(30, 50),
    *range(50, 59),
    *range(60, 68),
    *range(70, 78),
    *range(80, 87),
    *range(90, 97),
}
_CHINESE_PROVINCES = {
    *range(11, 16),
    *range(21, 24),
    *range(31, 38),
    *range(41, 47),
    *range(50, 55),
    *range(61, 66),
    71,
    81,
    82,
    83,
}
_KAZAKH_WEIGHTS = (tuple(range(1, 12)), (*range(3, 12), 1, 2))


def is_resident_number(value: str) -> bool:
    """South Korea: day of birth, then 1 to 4 and a region up to 95. Numbers given out since October 2020 have no check."""
    digits = compact(value)
    return six_digits_are_day(digits) and digits[6] in "1234" and int(digits[7:9]) <= 95 and varied(digits)


def is_foreigner_number(value: str) -> bool:
    """South Korea: as a resident's number, with 5 to 8, and the check that those before October 2020 have."""
    digits = compact(value)
    check = (13 - weighted(digits, _RESIDENT_WEIGHTS) % 11) % 10
    return six_digits_are_day(digits) and digits[6] in "5678" and check == int(digits[12])


def is_singapore_number(value: str) -> bool:
    """Singapore: NRIC and FIN, series S T F G M, the check letter by series."""
    number = value.upper()
    offset, checks = _NRIC_SERIES[number[0]]
    return checks[(weighted(number[1:8], _NRIC_WEIGHTS) + offset) % 11] == number[8]


def is_hong_kong_number(value: str) -> bool:
    """Hong Kong: one or two letters, six digits, the check in brackets."""
    number = compact(value)
    body, check = number[:-1].rjust(8), number[-1]
    total = sum(
        (36 if character == " " else int(character, 36)) * weight
        for character, weight in zip(body, range(9, 1, -1), strict=True)
    )
    return "0123456789A"[-total % 11] == check


def is_taiwan_number(value: str) -> bool:
    """Taiwan: a letter for the place, 1 or 2 (8 or 9 for foreigners), eight digits, of which the last is the check."""
    number = value.upper()
    place = 10 + _TAIWAN_LETTERS.index(number[0])
    return (place // 10 + weighted(f"{place % 10}{number[1:]}", (*range(9, 0, -1), 1))) % 10 == 0


def is_philippine_tax_number(value: str) -> bool:
    """Philippines: eight digits, their sum by weights 9 to 2 modulo 11, and a branch where there is one."""
    digits = compact(value)
    return weighted(digits[:8], range(9, 1, -1)) % 11 == int(digits[8]) and varied(digits[:9])


def is_kazakh_number(value: str) -> bool:
    """Kazakhstan: day of birth, century and sex, serial, and the check with its second set of weights."""
    total = weighted(value, _KAZAKH_WEIGHTS[0]) % 11
    if total == 10:
        total = weighted(value, _KAZAKH_WEIGHTS[1]) % 11
    return six_digits_are_day(value) and value[6] in "123456" and total == int(value[11])


def is_egyptian_number(value: str) -> bool:
    """Egypt: century, day of birth, governorate."""
    born = is_day({"2": 1900, "3": 2000}[value[0]] + int(value[1:3]), int(value[3:5]), int(value[5:7]))
    return born and (1 <= int(value[7:9]) <= 35 or value[7:9] == "88")


def is_emirates_number(value: str) -> bool:
    """United Arab Emirates: 784, year of birth, seven digits, Luhn."""
    digits = compact(value)
    return 1900 <= int(digits[3:7]) <= 2100 and luhn(digits)


def is_saudi_number(value: str) -> bool:
    """Saudi Arabia: 1 for citizens or 2 for residents, ten digits, Luhn."""
    return luhn(value) and varied(value)


def is_permanent_account_number(value: str) -> bool:
    """India: not a row of the same letters or the series that the tax office does not give out."""
    number = value.upper()
    return number[5:9] != "0000" and varied(number, 2)


def is_business_number(value: str) -> bool:
    """Australia: eleven digits modulo 89 (python-stdnum); the first is not 0."""
    return abn.is_valid(value) and value[0] != "0" and varied(compact(value))


def is_company_number(value: str) -> bool:
    """Australia: nine digits with their check (python-stdnum), not all alike."""
    return acn.is_valid(value) and varied(compact(value), 2)


def is_chinese_number(value: str) -> bool:
    """China: province, day of birth, serial, and the check of ISO 7064, modulo 11-2. Districts come and go: none is asked."""
    number = value.upper()
    born = is_day(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    return born and int(number[:2]) in _CHINESE_PROVINCES and mod_11_2.is_valid(number)


def is_medicare_card(value: str) -> bool:
    """Australia: eight digits, their check by weights 1 3 7 9, the issue."""
    digits = compact(value)
    return weighted(digits, (1, 3, 7, 9, 1, 3, 7, 9)) % 10 == int(digits[8]) and varied(digits)


def is_aadhaar(value: str) -> bool:
    """India: twelve digits with Verhoeff's check (python-stdnum), no palindrome."""
    return aadhaar.is_valid(compact(value)) and varied(value)


def is_thai_number(value: str) -> bool:
    """Thailand: thirteen digits with their check (python-stdnum); the second to fifth name a district that exists."""
    digits = compact(value)
    return pin.is_valid(digits) and int(digits[1:3]) in _THAI_PROVINCES and varied(digits)


def is_nigerian_number(value: str) -> bool:
    """Nigeria: eleven digits with Verhoeff's check, as some issuers of NINs use it."""
    return verhoeff.is_valid(value) and varied(value)


def is_south_african_number(value: str) -> bool:
    """South Africa: day of birth, sex, citizenship, Luhn (python-stdnum)."""
    return idnr.is_valid(value) and varied(value)


def is_korean_business(value: str) -> bool:
    """South Korea: ten digits, weights 1 3 7 1 3 7 1 3 5, of the last product the tens as well."""
    digits = compact(value)
    total = weighted(digits, (1, 3, 7, 1, 3, 7, 1, 3, 5)) + int(digits[8]) * 5 // 10
    return -total % 10 == int(digits[9]) and digits[:3] > "100" and digits[3:5] != "00"


VALIDATORS: Mapping[str, Callable[[str], bool]] = {
    "kr-rrn": is_resident_number,
    "kr-frn": is_foreigner_number,
    "sg-nric": is_singapore_number,
    "hk-hkid": is_hong_kong_number,
    "tw-id": is_taiwan_number,
    "ph-tin": is_philippine_tax_number,
    "kz-iin": is_kazakh_number,
    "eg-id": is_egyptian_number,
    "ae-id": is_emirates_number,
    "sa-id": is_saudi_number,
    "au-abn": is_business_number,
    "au-acn": is_company_number,
    "au-medicare": is_medicare_card,
    "cn-resident-id": is_chinese_number,
    "in-aadhaar": is_aadhaar,
    "th-tnin": is_thai_number,
    "ng-nin": is_nigerian_number,
    "za-id": is_south_african_number,
    "kr-brn": is_korean_business,
    "varied": varied,
    "in-pan": is_permanent_account_number,
}
