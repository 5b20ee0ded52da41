"""Passwords on command lines."""

from __future__ import annotations

import re

import pytest

from checkrein.detect.secrets.generic import commands
from marked import check_found, check_quiet, lines, written

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
zip -r -P «{alnum:12}» all.zip src
unzip -P'«{alnum:12}»' all.zip
sqlcmd -S db -U sa -P "«{alnum:6}&{alnum:6}»" -Q "select 1"
bcp app.dbo.t out t.dat -S db -U sa -P«{alnum:12}»
mosquitto_pub -h broker -u me -P «{alnum:12}» -t a -m b
ipmitool -I lanplus -H bmc -U admin -P «{alnum:12}» power status
7z a -p«{alnum:12}» -mhe=on all.7z src
rar a -hp«{alnum:12}» all.rar src
unrar x -p«{alnum:12}» all.rar
useradd -m -p '«{alnum:13}»' ann
cqlsh db 9042 -u cassandra -p «{alnum:12}»
hydra -l root -p «{alnum:12}» ssh://host
evil-winrm -i host -u admin -p '«{alnum:12}»'
schtasks /create /tn job /ru me /rp «{alnum:12}» /tr run.exe
mysqladmin -u root password '«{alnum:12}»'
security unlock-keychain -p «{alnum:12}» build.keychain
security add-generic-password -a me -s app -w «{alnum:12}»
ssh-keygen -t ed25519 -N '«{alnum:12}»' -f id
openssl enc -aes-256-cbc -pbkdf2 -in a -out b -k «{alnum:12}»
openssl enc -d -aes-128-cbc -K «{hex:32}» -iv 0
ccrypt -e -K «{alnum:12}» file
snmpwalk -v 2c -c «{alnum:12}» switch 1.3.6
snmpget -v3 -u me -a SHA -A «{alnum:12}» switch 1.3.6
keytool -list -keystore a.jks -storepass «{alnum:12}»
keytool -storepasswd -keystore a.jks -new «{alnum:12}»
jarsigner -keystore a.jks -keypass «{alnum:12}» a.jar app
xfreerdp /u:ann /v:host /p:«{alnum:12}» /cert:ignore
xfreerdp /u:ann '/p:«{alnum:12}»' /v:host
qpdf --encrypt «{alnum:12}» owner 256 -- a.pdf b.pdf
qpdf --encrypt "" «{alnum:12}» 256 -- a.pdf b.pdf
pdftk a.pdf output b.pdf user_pw «{alnum:12}»
pdftk A=a.pdf input_pw A=«{alnum:12}» cat output b.pdf
htpasswd -bc /etc/nginx/htpasswd ann «{alnum:12}»
htpasswd -nbB ann «{alnum:12}» > htpasswd
htpasswd -b -C 10 "/srv/my files/htpasswd" ann '«{alnum:12}»'
mosquitto_passwd -b passwd ann «{alnum:12}»
nmcli dev wifi connect home password «{alnum:12}»
nmcli con modify home wifi-sec.psk "«{alnum:12}»"
vault login «{alnum:26}»
vault login -no-print «{alnum:26}»
vault operator unseal «{alnum:44}»
rabbitmqctl add_user ann «{alnum:12}»
htpasswd -p -b file ann «{alnum:12}»
net user ann «{alnum:12}» /add
net use Z: \\srv\share «{alnum:12}» /user:ann
net use \\srv\share /user:CORP\ann «{alnum:12}»
sudo -S apt update <<< «{alnum:12}»
chpasswd <<< "ann:«{alnum:16}»"
sudo -kS true <<<'«{alnum:12}»'
smbclient //srv/share -U ann%«{alnum:12}»
rpcclient -U 'CORP\ann%«{alnum:12}» srv'
sqlplus -S app/«{alnum:12}»@//db:1521/x
sqlldr userid=app/«{alnum:12}» control=a.ctl
expdp app/«{alnum:12}»@db directory=d
http -a ann:«{alnum:12}» GET example.org/x
https --auth 'ann:«{alnum:6};{alnum:6}»' example.org/x
lftp -u ann,«{alnum:12}» sftp://host
impacket-secretsdump CORP/ann:«{alnum:12}»@10.0.0.1
psexec.py 'ann:«{alnum:12}»@host'
zip \\n  -P «{alnum:12}» \\n  all.zip src
curl.exe -u ann:«{alnum:12}» https://example.org
subprocess.run("7z x -p«{alnum:12}» all.7z", shell=True)
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
zip -P
zip -P all1.zip src2
zip -P "$ZIP_PASS1" all.zip src
zip -P changeme all.zip src
zip -P <your-pass1> all.zip src
unzip -p all1.zip docs/a1.txt
mkdir -p a1b2c3d4/e5f6
7z x -p archive1.7z
7z a -p -mhe=on backup-2026x1.7z src
rar a -hp all1.rar src
cp -p src1/a2b3.c dst4
grep -P a1b2c3d4 x
curl -k https://a1b2c3.example.org/x9y8
openssl enc -k "$KEY1" -in a1.txt
openssl x509 -in cert1.pem -noout
snmpwalk -v2c -c public host1
keytool -list -storepass changeit -keystore a1.jks
htpasswd -c /etc/htpasswd1 user2
htpasswd -b file1 user2 "$PASS3"
htpasswd -b file1 user2 password
vault login -method=userpass username=ann1
vault login
vault read a1b2c3d4e5/x1y2z3w4
nmcli dev wifi connect home1 password
mysqladmin -u root password "$NEW1"
qpdf --decrypt a1b2c3d4.pdf e5f6g7h8.pdf
qpdf --encrypt user owner 256 -- a1b2c3d4.pdf e5.pdf
pdftk a1b2.pdf b3c4.pdf cat output c5d6.pdf
sudo -S ls <<< "$PASS1"
rabbitmqctl -p a1b2c3d4 list_queues
htpasswd -p a1b2c3d4 user2
cat <<< a1b2c3d4e5f6
smbclient //srv1/a1b2c3 -U ann
smbclient //srv1/a1 -U ann%password
sqlplus scott/tiger@db1
sqlplus /nolog @a1b2c3d4.sql
sqlplus app@//db1:1521/a1b2c3d4
http -a ann example.org/a1b2c3d4
http GET example.org/a1:b2c3d4e5
lftp -u ann sftp://host1
lftp -u ann,$PASS1 sftp://host1
psexec.py ann@host1 a1b2c3d4:e5f6
xfreerdp /u:ann1 /v:a1b2c3d4:3389 /port:3390
xfreerdp /u:ann1 /p:password /v:host2
useradd -m -p
usermod -aG group1a2 user3b4
az login -p $PASSWORD1
The zip -P option of version 2a3b4c takes one.
net user ann1 /add
net use Z: \\srv1\a1b2c3d4
""")


@pytest.mark.parametrize("template", SECRETS)
def test_exactly_the_secret_is_found(template: str) -> None:
    check_found(template)


@pytest.mark.parametrize("template", HARMLESS)
def test_what_is_no_secret_is_left_alone(template: str) -> None:
    check_quiet(template)


def test_each_way_to_take_a_password_has_an_example() -> None:
    texts = [written(template, 0)[0] for template in SECRETS]
    for number, (names, takes) in enumerate(commands.entries()):
        of_entry = [text for text in texts if re.search(rf"\b(?:{names})(?:\.exe)?[\"']? ", text)]
        assert of_entry, names
        for pattern, compiled in zip(takes, commands.table().takes[number], strict=True):
            assert any(compiled.search(text) for text in of_entry), pattern
