"""A handful of credential kinds that stand for all: a prefix, bounds, words nearby, several lines, a sign at the end."""

from __future__ import annotations

from checkrein.detect.secrets import catalogue

_ENTRIES = r"""
- {id: acme-token, label: ACME_TOKEN, title: Acme token, provider: Acme, rotate: "https://acme.example/",
   pattern: '\b(acme_[A-Za-z0-9]{30})\b', keywords: [acme_], bad: ["k={acme}"], good: [none]}
- {id: acme-long, label: ACME_LONG, title: Acme long token, provider: Acme, rotate: "https://acme.example/",
   pattern: 'acme_pat_[A-Za-z0-9_-]{20,60}', keywords: [acme_pat_], bad: [x], good: [none]}
- {id: nova-key, label: NOVA_KEY, title: Nova key, provider: Nova, rotate: "https://nova.example/", near: [nova], entropy: 2.5,
   pattern: '\b([0-9a-f]{32})\b', keywords: ["0","1","2","3","4","5","6","7","8","9",a,b,c,d,e,f], bad: [x], good: [none]}
- {id: any-private-key, label: PRIVATE_KEY, title: Private key, provider: any, rotate: "https://keys.example/", checks: [pem],
   pattern: '-----BEGIN (?:[A-Z]{2,10} )?PRIVATE KEY-----[\s\S]{40,4000}?-----END (?:[A-Z]{2,10} )?PRIVATE KEY-----',
   keywords: [private key], bad: [x], good: [none]}
- {id: any-db-url, label: DB_URL, title: Database address, provider: any, rotate: "https://db.example/",
   pattern: '(?i)\bpg://[^\s:@/"]{1,40}:([^\s@/"]{6,80})@', keywords: ["pg://"], bad: [x], good: [none]}
- {id: cut-key, label: CUT_KEY, title: Cut key, provider: Cut, rotate: "https://cut.example/",
   pattern: '\bcut-([a-z0-9]{20})(?:[^a-z0-9]|$)', keywords: [cut-], bad: [x], good: [none]}
"""

KINDS = tuple(catalogue.read(_ENTRIES, "some_kinds.yaml"))

TEMPLATES = (
    "acme_{alnum:30}",
    "acme_pat_{b64url:20-60}",
    "nova: {hex:32}",
    "-----BEGIN RSA PRIVATE KEY-----\n{b64:64}\n{b64:64}\n{b64:20}==\n-----END RSA PRIVATE KEY-----",
    "pg://user:{b64url:12}@host",
    "cut-{lowernum:20}",
)
