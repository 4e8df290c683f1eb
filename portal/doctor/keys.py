"""The keys of SECRET: strength, age, old ones that are left, and whether they decrypt."""

from django.conf import settings
from django.utils import timezone

from connect.formats import counted
from portal.doctor.checks import check
from portal.doctor.findings import Finding, Problem, failed, ok, problem
from portal.project import probes
from tenants import encryption

MAX_DAYS = 730  # of a key that encrypts
ROTATE = "python manage.py rotate_secret"
NEW_KEY = "python manage.py generate_secret"


@check("keys", "Keys", "E001", "E002", "E010", "W071", "E052")
def keys() -> Finding:
    """Decrypt the newest values, and count those that wait for the first key."""
    use = encryption.use()
    some = [probes.WRONG_KEY.format(counted(use.unreadable, "stored value"))]
    if unreadable := probes.of_keys() or (some if use.unreadable else []):
        return failed(*map(problem, unreadable))
    if use.older:
        text = f"An older key of SECRET is still needed for {counted(use.older, 'value')}."
        return failed(Problem(text, ROTATE))
    if len(settings.FERNET_KEYS) > 1:
        text = "SECRET still holds an old key, which nothing needs any more: remove it."
        return failed(Problem(text, "heroku config:set SECRET=<the first key alone>"))
    if use.oldest and (days := (timezone.now() - use.oldest).days) > MAX_DAYS:
        text = f"The key of SECRET has encrypted for {days} days: put a new one before it."
        return failed(Problem(text, NEW_KEY))
    since = f", the oldest of {use.oldest:%-d %b %Y}" if use.oldest else ""
    seen = counted(use.current, "value")
    return ok(f"One key of SECRET. It decrypts all that was looked at: {seen}{since}.")
