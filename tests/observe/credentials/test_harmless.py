"""Variables that every developer's machine has are no secrets; those beside them are."""

from __future__ import annotations

from pathlib import Path

import pytest

from checkrein.detect.secrets.examples import expand
from checkrein.observe.credentials import Credentials
from checkrein.observe.credentials.formats import secret_pairs
from checkrein.observe.credentials.harmless import is_identifier, is_place, of_environment

_UUID = "8b2c1d94-3e5f-4a67-9c01-d2e3f4a5b6c7"
_SHA = "9c1f0e2d3b4a5968778695a4b3c2d1e0f1a2b3c4"
_HOME = "/home/annabelle"
_MAC = "/Users/annabelle"

LINUX = {
    "PWD": f"{_HOME}/work/shop",
    "OLDPWD": f"{_HOME}/work",
    "HOME": _HOME,
    "USER": "annabelle",
    "LOGNAME": "annabelle",
    "SHELL": "/usr/bin/zsh",
    "LANG": "en_GB.UTF-8",
    "LANGUAGE": "en_GB:en",
    "LC_ALL": "C.UTF-8",
    "LC_CTYPE": "en_GB.UTF-8",
    "LC_KEYBOARD": "de_DE.UTF-8",
    "EDITOR": "nvim",
    "VISUAL": "code --wait",
    "PAGER": "less -R",
    "LESS": "-FRX",
    "LESSOPEN": "| /usr/bin/lesspipe %s",
    "LS_COLORS": "rs=0:di=01;34:ln=01;36:mh=00:pi=40;33:so=01;35:do=01;35:bd=40;33;01:*.tar=01;31:*.tgz=01;31",
    "PATH": f"{_HOME}/.local/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "MANPATH": "/usr/share/man:/usr/local/share/man",
    "TERM": "xterm-256color",
    "COLORTERM": "truecolor",
    "TERM_PROGRAM": "gnome-terminal",
    "DISPLAY": ":0",
    "WAYLAND_DISPLAY": "wayland-0",
    "XAUTHORITY": "/run/user/1000/.mutter-Xwaylandauth.K3P2Z1",
    "ICEAUTHORITY": "/run/user/1000/ICEauthority",
    "XDG_RUNTIME_DIR": "/run/user/1000",
    "XDG_SESSION_ID": "c2",
    "XDG_SESSION_PATH": "/org/freedesktop/DisplayManager/Session0",
    "XDG_SEAT_PATH": "/org/freedesktop/DisplayManager/Seat0",
    "XDG_SESSION_TYPE": "wayland",
    "XDG_CONFIG_DIRS": "/etc/xdg/xdg-ubuntu:/etc/xdg",
    "XDG_DATA_DIRS": "/usr/share/ubuntu:/usr/local/share/:/usr/share/:/var/lib/snapd/desktop",
    "XDG_CURRENT_DESKTOP": "ubuntu:GNOME",
    "DESKTOP_SESSION": "ubuntu",
    "SESSION_MANAGER": "local/workstation:@/tmp/.ICE-unix/2345,unix/workstation:/tmp/.ICE-unix/2345",
    "DBUS_SESSION_BUS_ADDRESS": f"unix:path=/run/user/1000/bus,guid={_SHA[:32]}",
    "GNOME_TERMINAL_SCREEN": f"/org/gnome/Terminal/screen/{_UUID.replace('-', '_')}",
    "GNOME_TERMINAL_SERVICE": ":1.142",
    "KONSOLE_DBUS_SESSION": "/Sessions/3",
    "INVOCATION_ID": _SHA[:32],
    "JOURNAL_STREAM": "8:5923481",
    "SYSTEMD_EXEC_PID": "23481",
    "MANAGERPID": "1823",
    "WINDOWID": "109051910",
    "VTE_VERSION": "7603",
    "SHLVL": "2",
    "MAIL": "/var/mail/annabelle",
    "HISTCONTROL": "ignoreboth",
    "HISTFILE": f"{_HOME}/.zsh_history",
    "HISTSIZE": "100000",
    "KEYTIMEOUT": "1",
    "QT_IM_MODULE": "ibus",
    "GTK_MODULES": "gail:atk-bridge",
    "SSH_AUTH_SOCK": "/run/user/1000/keyring/ssh",
    "SSH_AGENT_PID": "2290",
    "SSH_CONNECTION": "10.0.0.7 52144 10.0.0.9 22",
    "SSH_CLIENT": "10.0.0.7 52144 22",
    "SSH_TTY": "/dev/pts/3",
    "SSH_ASKPASS": "/usr/bin/ksshaskpass",
    "SUDO_ASKPASS": "/usr/bin/ssh-askpass",
    "SUDO_USER": "annabelle",
    "GIT_ASKPASS": "/usr/share/code/resources/app/extensions/git/dist/askpass.sh",
    "GPG_TTY": "/dev/pts/3",
    "GPG_AGENT_INFO": "/run/user/1000/gnupg/S.gpg-agent:0:1",
    "GNOME_KEYRING_CONTROL": "/run/user/1000/keyring",
    "GNOME_KEYRING_PID": "2201",
    "PASSWORD_STORE_DIR": f"{_HOME}/.password-store",
    "PASSWORD_STORE_KEY": "0x9C1F0E2D3B4A5968",
    "DEBUGINFOD_URLS": "https://debuginfod.ubuntu.com",
    "WSL_DISTRO_NAME": "Ubuntu-24.04",
    "WSL_INTEROP": "/run/WSL/11_interop",
    "WSLENV": "WT_SESSION:WT_PROFILE_ID:",
    "WT_SESSION": _UUID,
    "WT_PROFILE_ID": f"{{{_UUID}}}",
    "NIX_PROFILES": f"/nix/var/nix/profiles/default {_HOME}/.nix-profile",
    "NIX_SSL_CERT_FILE": "/etc/ssl/certs/ca-certificates.crt",
}
MAC = {
    "TMPDIR": "/var/folders/zz/zyxvpxvq6csfxvn_n0000000000000/T/",
    "SSH_AUTH_SOCK": "/private/tmp/com.apple.launchd.Xa8Kd2Qz7P/Listeners",
    "Apple_PubSub_Socket_Render": "/private/tmp/com.apple.launchd.tR4wP9Lm2Z/Render",
    "SECURITYSESSIONID": "186a6",
    "LaunchInstanceID": _UUID.upper(),
    "__CF_USER_TEXT_ENCODING": "0x1F5:0x0:0x2",
    "__CFBundleIdentifier": "com.googlecode.iterm2",
    "XPC_FLAGS": "0x0",
    "XPC_SERVICE_NAME": "0",
    "TERM_SESSION_ID": f"w0t1p0:{_UUID.upper()}",
    "ITERM_SESSION_ID": f"w0t1p0:{_UUID.upper()}",
    "ITERM_PROFILE": "Default",
    "LC_TERMINAL": "iTerm2",
    "LC_TERMINAL_VERSION": "3.5.4",
    "COMMAND_MODE": "unix2003",
    "HOMEBREW_PREFIX": "/opt/homebrew",
    "HOMEBREW_CELLAR": "/opt/homebrew/Cellar",
    "HOMEBREW_REPOSITORY": "/opt/homebrew",
    "INFOPATH": "/opt/homebrew/share/info:",
    "SHELL_SESSION_ID": _UUID.upper(),
    "PYENV_ROOT": f"{_MAC}/.pyenv",
    "JAVA_HOME": "/Library/Java/JavaVirtualMachines/temurin-21.jdk/Contents/Home",
    "ANDROID_HOME": f"{_MAC}/Library/Android/sdk",
    "KITTY_PUBLIC_KEY": "1:i=Zk4b!9yGq2Xw7LmPd0RtVn6Hs3Jc8",
    "KITTY_LISTEN_ON": "unix:/tmp/kitty-2345",
    "PWD": f"{_MAC}/Developer/shop",
}
TOOLS = {
    "TMUX": "/tmp/tmux-1000/default,3456,0",
    "TMUX_PANE": "%3",
    "STY": "2345.pts-0.workstation",
    "CONDA_PREFIX": f"{_HOME}/miniconda3/envs/shop",
    "CONDA_DEFAULT_ENV": "shop",
    "CONDA_EXE": f"{_HOME}/miniconda3/bin/conda",
    "CONDA_PROMPT_MODIFIER": "(shop) ",
    "CONDA_SHLVL": "1",
    "CONDA_PYTHON_EXE": f"{_HOME}/miniconda3/bin/python",
    "VIRTUAL_ENV": f"{_HOME}/work/shop/.venv",
    "VIRTUAL_ENV_PROMPT": "shop",
    "PYTHONPATH": f"{_HOME}/work/shop/src",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PIP_CACHE_DIR": f"{_HOME}/.cache/pip",
    "PIP_CONFIG_FILE": f"{_HOME}/.config/pip/pip.conf",
    "TOKENIZERS_PARALLELISM": "false",
    "HF_HOME": f"{_HOME}/.cache/huggingface",
    "HF_TOKEN_PATH": f"{_HOME}/.cache/huggingface/token",
    "NVM_DIR": f"{_HOME}/.nvm",
    "NVM_BIN": f"{_HOME}/.nvm/versions/node/v22.11.0/bin",
    "NVM_INC": f"{_HOME}/.nvm/versions/node/v22.11.0/include/node",
    "NVM_CD_FLAGS": "-q",
    "NODE_OPTIONS": "--max-old-space-size=4096",
    "npm_config_userconfig": f"{_HOME}/.npmrc",
    "npm_config_user_agent": "npm/10.9.0 node/v22.11.0 linux x64 workspaces/false",
    "npm_config_keyfile": f"{_HOME}/.config/npm/key.pem",
    "npm_lifecycle_event": "test",
    "INIT_CWD": f"{_HOME}/work/shop",
    "CARGO_HOME": f"{_HOME}/.cargo",
    "RUSTUP_HOME": f"{_HOME}/.rustup",
    "GOPATH": f"{_HOME}/go",
    "GOPROXY": "https://proxy.golang.org,direct",
    "GOPRIVATE": "github.com/acme/*",
    "SDKMAN_DIR": f"{_HOME}/.sdkman",
    "KUBECONFIG": f"{_HOME}/.kube/config:{_HOME}/.kube/staging",
    "DOCKER_HOST": "unix:///run/user/1000/docker.sock",
    "DOCKER_CERT_PATH": f"{_HOME}/.docker/certs",
    "GOOGLE_APPLICATION_CREDENTIALS": f"{_HOME}/.config/gcloud/legacy.json",
    "AWS_PROFILE": "shop-staging",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_SHARED_CREDENTIALS_FILE": f"{_HOME}/.aws/credentials",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "/var/run/secrets/eks.amazonaws.com/serviceaccount/token",
    "ANSIBLE_VAULT_PASSWORD_FILE": f"{_HOME}/.vault_pass",
    "ANSIBLE_PRIVATE_KEY_FILE": f"{_HOME}/.ssh/id_ed25519",
    "GIT_SSH_COMMAND": f"ssh -i {_HOME}/.ssh/work_key",
    "SSL_KEY_PATH": f"{_HOME}/certs/key.pem",
    "TLS_KEY": "./certs/server.key",
    "DEPLOY_KEY": f"~/.ssh/{_SHA}",
    "SOPS_AGE_KEY_FILE": f"{_HOME}/.config/sops/age/keys.txt",
    "SSL_CERT_FILE": "/etc/ssl/cert.pem",
    "NODE_EXTRA_CA_CERTS": f"{_HOME}/.config/checkrein/ca.pem",
    "PGPASSFILE": f"{_HOME}/.pgpass",
    "PGSSLKEY": f"{_HOME}/.postgresql/postgresql.key",
    "PGUSER": "annabelle",
    "PGHOST": "localhost",
    "DB_PASSWORD": "false",
    "REQUIRE_PASSWORD": "true",
    "USE_TOKEN_AUTH": "1",
    "ADMIN_PASSWORD": "annabelle",
    "KEYCHAIN_CREDENTIALS": "localhost",
    "DIRENV_DIR": f"-{_HOME}/work/shop",
    "DIRENV_FILE": f"{_HOME}/work/shop/.envrc",
    "ZSH": f"{_HOME}/.oh-my-zsh",
    "FZF_DEFAULT_OPTS": "--height 40% --layout=reverse",
    "STARSHIP_SESSION_KEY": "1834927650183746",
    "STARSHIP_SHELL": "zsh",
    "VSCODE_GIT_IPC_HANDLE": "/run/user/1000/vscode-git-9c1f0e2d3b.sock",
    "VSCODE_GIT_ASKPASS_NODE": "/usr/share/code/code",
    "VSCODE_GIT_ASKPASS_MAIN": "/usr/share/code/resources/app/extensions/git/dist/askpass-main.js",
    "VSCODE_GIT_ASKPASS_EXTRA_ARGS": "--ms-enable-electron-run-as-node",
    "VSCODE_IPC_HOOK_CLI": f"/run/user/1000/vscode-ipc-{_UUID}.sock",
    "VSCODE_INJECTION": "1",
    "TERM_PROGRAM_VERSION": "1.95.3",
    "JETBRAINS_INTELLIJ_COMMAND_END_MARKER": "",
    "TERMINAL_EMULATOR": "JetBrains-JediTerm",
    "CLAUDECODE": "1",
    "CLAUDE_CODE_SESSION_ID": _UUID,
    "CLAUDE_CODE_ENTRYPOINT": "cli",
    "CLAUDE_PROJECT_DIR": f"{_HOME}/work/shop",
    "SOURCE_DATE_EPOCH": "1732147200",
}
CI = {
    "CI": "true",
    "GITHUB_ACTIONS": "true",
    "GITHUB_SHA": _SHA,
    "GITHUB_WORKFLOW_SHA": _SHA,
    "GITHUB_REF": "refs/heads/main",
    "GITHUB_RUN_ID": "12012345678",
    "GITHUB_REPOSITORY_OWNER_ID": "98765432",
    "GITHUB_WORKSPACE": "/home/runner/work/shop/shop",
    "GITHUB_ENV": f"/home/runner/work/_temp/_runner_file_commands/set_env_{_UUID}",
    "GITHUB_PATH": f"/home/runner/work/_temp/_runner_file_commands/add_path_{_UUID}",
    "GITHUB_OUTPUT": f"/home/runner/work/_temp/_runner_file_commands/set_output_{_UUID}",
    "GITHUB_SERVER_URL": "https://github.com",
    "RUNNER_TRACKING_ID": f"github_{_UUID}",
    "RUNNER_TEMP": "/home/runner/work/_temp",
    "RUNNER_TOOL_CACHE": "/opt/hostedtoolcache",
    "CI_COMMIT_SHA": _SHA,
    "CI_COMMIT_BEFORE_SHA": _SHA[::-1],
    "CI_PIPELINE_ID": "1550012345",
    "CI_RUNNER_ID": "12270840",
    "CI_PROJECT_PATH": "acme/shop",
    "BUILD_ID": "3f2b6c1e-58a7-4d09-8e41-7a6b5c4d3e2f",
    "BUILDKITE_BUILD_ID": _UUID,
    "BUILDKITE_COMMIT": _SHA,
    "CIRCLE_SHA1": _SHA,
    "CIRCLE_WORKFLOW_ID": _UUID,
    "TRAVIS_COMMIT": _SHA,
    "KUBERNETES_SERVICE_HOST": "10.96.0.1",
    "POD_UID": _UUID,
}


def taken(variables: dict[str, str]) -> list[str]:
    """What becomes a known value, by its name."""
    found = Credentials("/nowhere", variables).of("/nowhere").values
    return [
        known.source for known in found if known.value not in ("true", "false", "1", "localhost")
    ]  # too common to be looked for


def test_the_tables_are_long_enough() -> None:
    assert sum(map(len, (LINUX, MAC, TOOLS, CI))) >= 200


@pytest.mark.parametrize("variables", [LINUX, MAC, {**TOOLS, "USER": "annabelle"}, CI], ids=["linux", "mac", "tools", "ci"])
def test_what_machines_tell_is_no_secret(variables: dict[str, str]) -> None:
    assert taken(variables) == []


def test_a_path_that_is_there_is_no_secret(tmp_path: Path) -> None:
    folder = tmp_path / expand("{alnum:24}")
    folder.mkdir()
    assert taken({"SHOP_TOKEN": str(folder), "SHOP_KEY": str(folder / "new.sock")}) == []


@pytest.mark.parametrize(
    ("name", "template"),
    [
        ("GITHUB_TOKEN", "ghp_{alnum:36}"),
        ("PGPASSWORD", "Winter-{alnum:6}!"),
        ("DB_PWD", "{alnum:18}"),
        ("SSH_PASSWORD", "{alnum:14}"),
        ("AWS_SECRET_ACCESS_KEY", "/{alnum:18}/{alnum:20}"),
        ("SESSION_SECRET", "{hex:64}"),
        ("AOC_SESSION", "{hex:96}"),
        ("SOMETHING", "{alnum:40}"),
        ("CLIENT_ID", "{alnum:40}"),
        ("API_KEY", "{hex:32}"),
        ("TENANT_SECRET", _UUID),
    ],
)
def test_secrets_beside_them_are(name: str, template: str) -> None:
    value = expand(template) if "{" in template else template
    assert [known.value for known in Credentials("/nowhere", {**LINUX, name: value}).of("/nowhere").values] == [value]


def test_a_password_under_the_name_of_the_folder_counts_in_a_file() -> None:
    secret = expand("{alnum:18}")
    assert list(secret_pairs(iter([("PWD", secret), ("PWD", _HOME)]))) == [("PWD", secret)]
    assert list(of_environment({"PWD": secret, "HOME": _HOME, "DB_PASSWORD": _HOME})) == []


@pytest.mark.parametrize(
    "value", ["/", "~", "~/.ssh/id", "./key.pem", "../key.pem", "C:\\keys\\a.pem", "/etc/x:/usr/y", "file:///etc/x"]
)
def test_places(value: str) -> None:
    assert is_place(value)


@pytest.mark.parametrize(
    "value", ["", "hunter", "~hunter2", "..hunter2", "/hunter2x", "/Zx8Qw2/Lm4Kp9", "/etc/x:hunter2", "/homestead9"]
)
def test_no_places(value: str) -> None:
    assert not is_place(value)


def test_identifiers() -> None:
    assert is_identifier("BUILD_ID", _UUID)
    assert is_identifier("commit", _SHA)
    assert not is_identifier("BUILD_TOKEN", _UUID)
    assert not is_identifier("VALID", _UUID)
    assert not is_identifier("BUILD_ID", expand("{alnum:40}"))
