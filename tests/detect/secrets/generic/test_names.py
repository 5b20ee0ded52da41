"""What names say of the values under them."""

from __future__ import annotations

import pytest
import yaml

from checkrein.detect.offsets import Encoded
from checkrein.detect.secrets.generic.landmarks import Landmark, places
from checkrein.detect.secrets.generic.names import Kind, kind_of
from checkrein.detect.secrets.generic.tables import TABLES

OTHERS = """
password_hash password_field passwordResetUrl hashed_secret secret_name secretRef secretary
token_type token_url tokenizer max_tokens tokens token_ids next_token csrf_token changeToken
key_id public_key primary_key foreignKey cache_key sort_key keyboard keyword monkey
NEXT_PUBLIC_RECAPTCHA_SITE_KEY data-sitekey ALGOLIA_SEARCH_API_KEY algoliaSearchOnlyKey searchOnlyApiKey authenticity_token
tokenHash secret_hash token_address tokenAddresses
author authors passed compass bypass credit salted name id x
"""


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        (
            Kind.PASSWORD,
            "password Password DB_PASSWORD dbPassword user.password password1 password_2 passwd pwd userpwd PW dbpass Kennwort",
        ),
        (Kind.TOKEN, "token accessToken ACCESS_TOKEN X-Auth-Token _authToken refresh_token githubtoken"),
        (Kind.API_KEY, "api_key apiKey APIKEY x-api-key ApiKey1 stripe_api_keys AZURE_SEARCH_API_KEY"),
        (
            Kind.SECRET,
            "secret clientSecret AWS_SECRET_ACCESS_KEY SECRET_KEY_BASE encryptionKey signing-key accountkey license_key",
        ),
        (Kind.PRIVATE_KEY, "private_key PRIVATE_KEY sshPrivateKey"),
        (Kind.KEY, "key KEY my_key s3_key"),
        (Kind.CREDENTIAL, "auth Authorization credentials user_creds bearer BASIC_AUTH"),
        (Kind.SALT, "salt nonce hash_nonce"),
    ],
)
def test_telling_names(kind: Kind, names: str) -> None:
    assert {name: kind_of(name) for name in names.split()} == dict.fromkeys(names.split(), kind)


@pytest.mark.parametrize("name", OTHERS.split())
def test_names_of_other_things(name: str) -> None:
    assert kind_of(name) is None


def test_whatever_tells_in_the_table_is_a_landmark() -> None:
    table = yaml.safe_load(TABLES.joinpath("names.yaml").read_text(encoding="utf-8"))
    told = [
        *table["password"]["parts"],
        *table["password"]["words"],
        *table["password"]["endings"],
        *table["key_of"]["endings"],
        *table["salt"],
    ]
    # The landmark of mot_de_passe, whose words are joined in the table, is that before its end.
    missed = [
        name
        for name in told
        if Landmark.ASSIGNMENT not in places(Encoded(f"my_{name.replace('motdepasse', 'mot_de_passe')} = 'a1b2c3d4'"))
    ]
    assert missed == []


@pytest.mark.parametrize("table", ["about", "harmless"])
def test_tables_are_sorted_words_without_doubles(table: str) -> None:
    words = yaml.safe_load(TABLES.joinpath("names.yaml").read_text(encoding="utf-8"))[table]
    assert len(set(words)) == len(words)
    assert all(word == word.lower() for word in words)
