"""Calls of services' libraries that delete: the names alone tell, in whatever language they stand."""

from __future__ import annotations

from checkrein.core.effect import Effect, EffectKind, Flag

_PAYMENT_ROOTS = frozenset(("braintree", "gateway", "stripe", "square", "squareup", "paypal", "adyen"))
_SDK_ROOTS = _PAYMENT_ROOTS | {"algolia", "boto3", "s3", "ec2", "rds", "dynamodb", "sendgrid", "postmark", "mailgun", "twilio"}
_SDK_VERBS = ("delete", "cancel", "destroy", "clear", "purge", "terminate", "drop", "remove", "void", "refund")
_SDK_NOUNS = (
    *("index", "indices", "objects", "bucket", "database", "table", "collection", "topic", "queue", "instances", "dbinstance"),
    *("stack", "cluster", "namespace", "project", "repository", "snapshot", "backup", "customer", "subscription", "hostedzone"),
    *("repo", "organization", "loadbalancer", "dbcluster", "volume", "keypair", "secret", "function", "distribution"),
)


def sdk_call(name: str) -> Effect | None:
    """What a call of a service's library deletes, by its dotted name (``client.deleteIndex``)."""
    *owners, method = name.lower().replace("_", "").split(".")
    service = next((owner for owner in owners if owner in _SDK_ROOTS), "")
    if not owners or not (
        (service and method.startswith(_SDK_VERBS))
        or any(method.startswith(verb) and method[len(verb) :].startswith(_SDK_NOUNS) for verb in _SDK_VERBS)
    ):
        return None
    rule = "payments.change" if service in _PAYMENT_ROOTS else "services.sdk-delete"
    return Effect(EffectKind.DESTRUCTIVE, name, name, rule, Flag.REMOTE)
