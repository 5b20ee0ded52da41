"""Where programs keep their files when the variable that would say so is not set."""

from __future__ import annotations

from types import MappingProxyType

DEFAULT_PLACES = MappingProxyType({
    "XDG_CONFIG_HOME": ".config",
    "XDG_DATA_HOME": ".local/share",
    "XDG_STATE_HOME": ".local/state",
    "XDG_CACHE_HOME": ".cache",
    "AWS_CONFIG_FILE": ".aws/config",
    "AWS_SHARED_CREDENTIALS_FILE": ".aws/credentials",
    "AZURE_CONFIG_DIR": ".azure",
    "BOTO_CONFIG": ".boto",
    "CARGO_HOME": ".cargo",
    "CLAUDE_CONFIG_DIR": ".claude",
    "CLOUDSDK_CONFIG": ".config/gcloud",
    "CODEX_HOME": ".codex",
    "COMPOSER_HOME": ".config/composer",
    "DOCKER_CONFIG": ".docker",
    "GH_CONFIG_DIR": ".config/gh",
    "GIT_CONFIG_GLOBAL": ".gitconfig",
    "GNUPGHOME": ".gnupg",
    "GOOGLE_APPLICATION_CREDENTIALS": ".config/gcloud/application_default_credentials.json",
    "GRADLE_USER_HOME": ".gradle",
    "HELM_REGISTRY_CONFIG": ".config/helm/registry/config.json",
    "HISTFILE": ".bash_history",
    "KUBECONFIG": ".kube/config",
    "LESSHISTFILE": ".lesshst",
    "NETRC": ".netrc",
    "NPM_CONFIG_USERCONFIG": ".npmrc",
    "npm_config_userconfig": ".npmrc",
    "PASSWORD_STORE_DIR": ".password-store",
    "PGPASSFILE": ".pgpass",
    "PIP_CONFIG_FILE": ".config/pip/pip.conf",
    "RCLONE_CONFIG": ".config/rclone/rclone.conf",
    "SOPS_AGE_KEY_FILE": ".config/sops/age/keys.txt",
    "TF_CLI_CONFIG_FILE": ".terraformrc",
    "ZDOTDIR": "",
})  # fmt: skip
"""The variable and the place below the home folder, as each program's manual names it."""
