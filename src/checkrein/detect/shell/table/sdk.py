"""Calls of services' and databases' libraries that delete: the names alone tell, in whatever language they stand."""

from __future__ import annotations

import re
from collections.abc import Collection

from checkrein.core.effect import Effect, EffectKind, Flag
from checkrein.detect.shell.options import listed

_PAYMENT_ROOTS = frozenset(("braintree", "gateway", "stripe", "square", "squareup", "paypal", "adyen"))
_SDK_ROOTS = _PAYMENT_ROOTS.union(
    listed("algolia boto3 aws s3 ec2 rds dynamodb sendgrid postmark mailgun twilio gcs bigquery firestore supabase cloudflare")
)
_SDK_VERBS = ("delete", "cancel", "destroy", "clear", "purge", "terminate", "drop", "remove", "void", "refund")
_SDK_NOUNS = (
    *("index", "indices", "objects", "bucket", "database", "table", "collection", "topic", "queue", "instances", "dbinstance"),
    *("stack", "cluster", "namespace", "project", "repository", "snapshot", "backup", "customer", "subscription", "hostedzone"),
    *("repo", "organization", "loadbalancer", "dbcluster", "volume", "keypair", "secret", "function", "distribution"),
)
_DATABASE_CALLS = {
    **dict.fromkeys(("dropdatabase", "dropschema", "dropallschemas", "dropkeyspace"), "sql.drop-database"),
    **dict.fromkeys(
        ("dropcollection", "droptable", "droptableifexists", "dropifexists", "dropalltables", "dropall"), "sql.drop-table"
    ),
    **dict.fromkeys(("flushall", "flushdb"), "db.redis-flush"),
    "shutdownserver": "db.stop-server",
}
_WITHOUT_CONDITION = {
    **dict.fromkeys(("deletemany", "deleteall", "destroyall"), "sql.delete-all"),
    "updatemany": "sql.update-all",
    "drop": "sql.drop-table",
}
"""Methods that concern everything where no condition is given."""
_EVERY_ROW = ("objects.all.delete", "query.delete")
"""How a query without a condition ends that deletes: Django, SQLAlchemy."""
_CONDITIONS = frozenset(listed("where filter filterby find findby findone eq match limit exclude in notin having"))
"""Calls before the last one that name which rows are meant."""
_WITH_OPTION = {"sync": ("force", "db.schema-reset"), "destroy": ("truncate", "sql.truncate")}
"""Methods that destroy where an option is on: Sequelize."""


def sdk_call(name: str, *, unconditional: bool = False, options: Collection[str] = ()) -> Effect | None:
    """What a call of a service's or database's library deletes, by its dotted name (``client.deleteIndex``).

    ``unconditional`` says that no condition is given, ``options`` which options are on.
    """
    plain = name.lower().replace("_", "")
    *owners, method = plain.split(".")
    if not owners:
        return None
    unconditional = unconditional and _CONDITIONS.isdisjoint(owners)
    if rule := _database_rule(plain, method, options, unconditional=unconditional):
        return Effect(EffectKind.DESTRUCTIVE, name, name, rule)
    words = {word for owner in owners for word in re.split(r"\W+", owner)}
    named = any(method.startswith(verb) and method[len(verb) :].startswith(_SDK_NOUNS) for verb in _SDK_VERBS)
    if not named and not (words & _SDK_ROOTS and method.startswith(_SDK_VERBS)):
        return None
    rule = "payments.change" if words & _PAYMENT_ROOTS else "services.sdk-delete"
    return Effect(EffectKind.DESTRUCTIVE, name, name, rule, Flag.REMOTE)


def _database_rule(plain: str, method: str, options: Collection[str], *, unconditional: bool) -> str:
    option, rule = _WITH_OPTION.get(method, ("", ""))
    if option in options:
        return rule
    if unconditional and plain.endswith(_EVERY_ROW):
        return "sql.delete-all"
    return _DATABASE_CALLS.get(method) or (_WITHOUT_CONDITION.get(method, "") if unconditional else "")
