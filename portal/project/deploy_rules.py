"""What `check --deploy` warns of: settings that work, but leave a door open."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from django.conf import settings

from portal.project.checks import rule
from portal.project.environment import LOOPBACK

MIN_DISTINCT = 10  # characters; a random hex key has about 16, "aaaa…" has one
PLACEHOLDERS = ("changeme", "change-me", "insecure", "password", "your-")
# Anybody gets a name under these.
SHARED_DOMAINS = ("herokuapp.com", "herokussl.com", "amazonaws.com", "azurewebsites.net")
PEERS = {
    "SALESFORCE_HOSTS": ("salesforce.com", "force.com", "salesforce.mil", "sfcrmproducts.cn"),
    "HEROKU_CONNECT_HOSTS": ("heroku.com",),
}
# How a weak key is replaced where a new value alone would lock somebody out.
REPLACED = {
    "SECRET": (
        "put a new one before it, which encrypts what is stored again: "
        "python manage.py generate_secret"
    ),
    "REGISTRATION_SECRETS": (
        "put a new one beside it, ship the package with that, then remove the weak one: "
        "heroku config:set REGISTRATION_SECRETS="
        "$(openssl rand -hex 32),$(heroku config:get REGISTRATION_SECRETS)"
    ),
    "WEBHOOK_SECRET": (
        "set a new one, there and at the mail provider: "
        "heroku config:set WEBHOOK_SECRET=multiconnect:$(openssl rand -hex 32)"
    ),
}


@rule("W070", deploy=True)
def policy_is_not_open() -> Iterator[str]:
    if settings.REGISTRATION_POLICY == "open":
        yield (
            "REGISTRATION_POLICY is open: anybody who knows the address makes the portal order"
            " add-ons. heroku config:set REGISTRATION_POLICY=signed"
        )


@rule("W071", deploy=True)
def keys_are_strong() -> Iterator[str]:
    keys = _keys()
    for name, key in keys:
        if len(set(key)) < MIN_DISTINCT or any(word in key.lower() for word in PLACEHOLDERS):
            usual = f"heroku config:set {name}=$(openssl rand -hex 32)"
            yield f"{name} holds a weak key: {REPLACED.get(name, usual)}"
    values = [key for _, key in keys]
    for name, key in keys:
        if values.count(key) > 1:
            yield f"{name} holds a key that is used twice: give each purpose a key of its own"


@rule("W072", deploy=True)
def own_hosts_are_narrow() -> Iterator[str]:
    for host in settings.ALLOWED_HOSTS:
        if host == "*" or _is_wide(host):
            yield (
                f"ALLOWED_HOSTS holds {host!r}, under which others have hosts too:"
                f" heroku config:set ALLOWED_HOSTS={urlsplit(settings.PORTAL_URL).hostname}"
            )


@rule("W073", deploy=True)
def peers_hosts_are_narrow() -> Iterator[str]:
    for name, known in PEERS.items():
        for host in getattr(settings, name):
            if not any(f".{host}".endswith(f".{domain}") for domain in known):
                yield (
                    f"{name} holds {host!r}, which is not one of {', '.join(known)}: the portal"
                    f" sends tokens there. heroku config:unset {name}"
                )


@rule("W074", deploy=True)
def redis_is_encrypted() -> Iterator[str]:
    parts = urlsplit(settings.REDIS_URL)
    if parts.scheme == "redis" and parts.hostname not in LOOPBACK:
        yield "REDIS_URL is redis://, so the queue travels in the clear: use a rediss:// address"


@rule("W076", deploy=True)
def host_app_is_not_the_portal() -> Iterator[str]:
    if settings.HEROKU_CONNECT_APP == settings.HEROKU_APP_NAME:
        yield (
            f"HEROKU_CONNECT_APP is {settings.HEROKU_CONNECT_APP}, which runs the portal: each new"
            " add-on restarts it. Make an app without code by `heroku create your-connect"
            " --no-remote` and name it here: heroku config:set HEROKU_CONNECT_APP=your-connect"
        )


def _keys() -> list[tuple[str, str]]:
    found = [
        ("SECRET_KEY", settings.SECRET_KEY),
        *(("SECRET", key) for key in settings.FERNET_KEYS),
        *(("REGISTRATION_SECRETS", key) for key in settings.REGISTRATION_SECRETS),
        ("METRICS_TOKEN", settings.METRICS_TOKEN),
        ("WEBHOOK_SECRET", settings.ANYMAIL.get("WEBHOOK_SECRET", "")),
    ]
    return [(name, key) for name, key in found if key]


def _is_wide(host: str) -> bool:
    bare = host.removeprefix(".")
    return host.startswith(".") and ("." not in bare or bare in SHARED_DOMAINS)
