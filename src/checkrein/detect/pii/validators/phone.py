"""Telephone numbers, by the plans that libphonenumber keeps (the phonenumbers package)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial

import phonenumbers

from checkrein.detect.pii.validators.digits import compact
from checkrein.detect.pii.validators.published import FICTIONAL

REGIONS = (
    *(
        "US",
        "GB",
        "DE",
        "FR",
        "IT",
        "ES",
        "PT",
        "NL",
        "BE",
        "CH",
        "AT",
        "IE",
        "DK",
        "SE",
        "NO",
        "FI",
        "PL",
        "CZ",
        "HU",
        "RO",
        "GR",
    ),
    *("TR", "IL", "UA", "RU", "IN", "PK", "CN", "JP", "KR", "TW", "HK", "SG", "MY", "TH", "PH", "ID", "VN", "AU", "NZ"),
    *("BR", "MX", "AR", "CL", "CO", "ZA", "NG", "KE", "EG", "AE", "SA"),
)
"""Whose plans a number without a country's code is held against."""


_NANP = re.compile(r"(?:1[ .\-])?\(?\d{3}\)?[ .\-]?\d{3}[ .\-]\d{4}")
_OTHER = re.compile(
    r"(?:19|20)\d\d[\-/](?:19|20)\d\d"  # years
    r"|(?:19|20)\d\d[\-/.](?:0[1-9]|1[0-2])[\-/.]\d{1,6}"  # a number within a year and month, as of an invoice
    r"|\d{1,3}\.\d{4,}"  # decimal fractions
)
_PLACE = re.compile(r"\+[0-8]\d[0-5]\d(?:[0-5]\d)?-[01]\d\d[0-5]\d(?:[0-5]\d)?")
"""Latitude and longitude in degrees and minutes, in the signs of ISO 6709: ``+4906-11631``."""
_EXTENSION = re.compile(r" ?(?:x|ext\.?) ?\d+$", re.IGNORECASE)
_FEWEST = 8  # digits of a number without a country's code: shorter ones are most often something else
_FEWEST_BARE = 10  # where nothing divides them, and no 0 stands before


def _valid(value: str, region: str | None) -> bool:
    try:
        number = phonenumbers.parse(value, region)
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.is_valid_number(number)


def is_phone(value: str) -> bool:
    """International, or valid as a national number in one of ``REGIONS``, and somebody's."""
    value = _EXTENSION.sub("", value)
    return _has_form_of_phone(value) and not _is_kept_for_fiction(value)


def is_fictional_phone(value: str) -> bool:
    """A telephone number in all but that it is kept for films and books."""
    value = _EXTENSION.sub("", value)
    return _has_form_of_phone(value) and _is_kept_for_fiction(value)


def _is_kept_for_fiction(value: str) -> bool:
    digits = compact(value)
    for code, numbers in FICTIONAL.items():
        international = value.startswith(("+", "00"))
        before = (str(code), f"{code}0", f"00{code}") if international else ("", "1" if code == 1 else "0")
        if any(digits.startswith(each) and numbers.fullmatch(digits, len(each)) for each in before):
            return True
    return False


def _has_form_of_phone(value: str) -> bool:
    if _PLACE.fullmatch(value):
        return False
    if value.startswith("+"):
        return _valid(value, None)
    if value.startswith("00") and _valid("+" + value[2:], None):
        return True
    if _NANP.fullmatch(value):
        return _valid(value, "US")
    digits = "".join(filter(str.isdigit, value))
    if _OTHER.fullmatch(value) or len(digits) < (_FEWEST if len(digits) < len(value) or digits[0] == "0" else _FEWEST_BARE):
        return False
    return any(plan.fullmatch(digits) and _valid(value, region) for region, plan in _plans())


@cache
def _plans() -> Sequence[tuple[str, re.Pattern[str]]]:
    """For each of ``REGIONS`` the digits that a number there can have. Much faster than to ask for validity everywhere."""
    plans = []
    for region in REGIONS:
        plan = phonenumbers.PhoneMetadata.metadata_for_region(region)
        if plan is None or plan.general_desc is None:
            raise ValueError(f"the phonenumbers package knows no plan of {region}")
        prefix = plan.national_prefix_for_parsing
        before = f"(?:{prefix})?" if prefix else ""
        plans.append((region, re.compile(f"{before}(?:{plan.general_desc.national_number_pattern})")))
    return tuple(plans)


def is_phone_of(region: str, value: str) -> bool:
    """Valid in that country, written nationally or internationally."""
    return _valid(value, region) and phonenumbers.region_code_for_number(phonenumbers.parse(value, region)) == region


def is_like_phone(value: str) -> bool:
    """As many digits as a telephone number has, in groups or after a 0 or +: no more than its form speaks for it."""
    digits = sum(map(str.isdigit, value))
    return 9 <= digits <= 14 and (digits < len(value) or value[0] == "0") and not _OTHER.fullmatch(value)


VALIDATORS: Mapping[str, Callable[[str], bool]] = {
    "phone": is_phone,
    "fictional-phone": is_fictional_phone,
    "phone-like": is_like_phone,
    "phone-ph": partial(is_phone_of, "PH"),
    "phone-tr": partial(is_phone_of, "TR"),
}
