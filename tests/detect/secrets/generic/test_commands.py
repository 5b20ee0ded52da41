"""Passwords on command lines."""

from __future__ import annotations

import pytest

from checkrein.detect.secrets.generic import scan
from marked import SEEDS, lines, written

# «» stand around what has to be found.
SECRETS = lines(r"""
curl -u admin:«{alnum:12}» https://example.org
curl -u 'admin:«{alnum:6}!{alnum:6}»' https://example.org
curl --user admin:«{alnum:12}» -X POST
curl -s -X POST \\n  -u "admin:«{alnum:12}»" https://example.org
curl -u «{alnum:32}»: https://api.example.org
wget --user me --password «{alnum:12}» https://example.org
mysql -uroot -p«{alnum:12}» app
mysqldump -u root -p'«{alnum:12}»' app
docker login -u me -p «{alnum:20}» registry.example.org
sshpass -p «{alnum:12}» ssh me@host
sshpass -p '«{alnum:12}»' ssh me@host
redis-cli -h cache -a «{alnum:20}» ping
ldapsearch -x -D cn=admin -w «{alnum:12}»
plink -ssh me@host -pw «{alnum:12}»
openssl enc -pass pass:«{alnum:16}»
echo "root:«{alnum:16}»" | chpasswd
echo «{alnum:16}» | sudo -S ls
echo "«{alnum:16}»" | docker login -u me --password-stdin
vault kv put a password=«{alnum:16}»
openssl rsa -in key.pem -passin pass:«{alnum:12}»
""")

HARMLESS = lines(r"""
mysql -u root -p app1
docker run -p 8080:80 -p 127.0.0.1:5432:5432 image1
echo $PASSWORD_1 | docker login --password-stdin
echo "done1" | tee log2 && chpasswd
cat file1 | docker login --password-stdin
mkdir -p build/output1/x86_64
curl -u user:password https://example.org
curl -u "$USER1:$TOKEN2" https://example.org
ssh -p 2222 user1@host2
""")


@pytest.mark.parametrize("template", SECRETS)
def test_exactly_the_secret_is_found(template: str) -> None:
    for seed in SEEDS:
        text, value = written(template, seed)
        assert [text[each.start : each.end] for each in scan(text)] == [value]


@pytest.mark.parametrize("template", HARMLESS)
def test_what_is_no_secret_is_left_alone(template: str) -> None:
    for seed in SEEDS:
        text, _ = written(template, seed)
        assert [text[each.start : each.end] for each in scan(text)] == []
