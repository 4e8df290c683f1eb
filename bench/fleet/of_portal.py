"""What every fleet has as much of: days, staff, tags, mapping versions, webhooks, tokens."""

from datetime import datetime, timedelta

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import User

from bench.fleet.loading import fill
from connect.models import AddonDay, DefaultTemplate, MappingTemplate, Reconciliation, Tag
from portal.integrations import tokens
from portal.integrations.models import ApiToken, Scope, Webhook
from social.models import CollectionRun, RunOutcome, Spend
from tenants.models import Environment

DAYS = 90
STAFF = 12
TAGS = 20
VERSIONS = 20
# No secret: it lives as long as the throw-away database.
TOKEN = SECRET = "mct_bench-only"  # noqa: S105


def of_portal(now: datetime) -> None:
    """Store them; each tenant gets one of the tags."""
    _days()
    _staff(now)
    _integrations(now)
    _versions()
    Tag.objects.bulk_create(Tag(name=f"tag-{number}") for number in range(TAGS))
    tagged = f"connect_tag g, tenants_tenant t WHERE t.id % {TAGS} = g.id % {TAGS}"
    fill(Tag.tenants.through, tagged, tag_id="g.id", tenant_id="t.id")


def _days() -> None:
    days, day = f"generate_series(1, {DAYS}) k", "current_date - k"
    at = "now() - k * interval '1 day'"
    fill(AddonDay, days, day=day, ordered="k")
    fill(Spend, days, day=day, calls="100", posts="10 * k")
    fill(Reconciliation, days, began_at=at, ended_at=at, actor="'portal'")
    ended = {"outcome": f"'{RunOutcome.DONE}'", "started_at": at, "finished_at": at}
    fill(CollectionRun, days, trigger="'schedule'", **ended)


def _staff(now: datetime) -> None:
    names = [f"staff-{number}" for number in range(STAFF)]
    people = User.objects.bulk_create(User(username=name, is_staff=True) for name in names)
    Authenticator.objects.bulk_create(
        Authenticator(user=each, type=Authenticator.Type.TOTP, data={}) for each in people
    )
    SocialAccount.objects.bulk_create(
        SocialAccount(
            user=each, provider="openid_connect", uid=each.username, last_login=now, date_joined=now
        )
        for each in people
    )


def _integrations(now: datetime) -> None:
    Webhook.objects.bulk_create(
        Webhook(name=name, url=f"https://{name}.example", host=f"{name}.example", secret=SECRET)
        for name in ("billing", "crm")
    )
    ApiToken.objects.create(
        name="billing",
        digest=tokens.digest(TOKEN),
        begins=TOKEN[:8],
        scopes=list(Scope.values),
        made_by="mia",
        last_used_at=now,
        expires_at=now + timedelta(days=DAYS),
    )


def _versions() -> None:
    """Store versions after those that are there; the newest is the default in each environment."""
    newest = MappingTemplate.objects.latest("version")
    versions = range(newest.version + 1, VERSIONS + 1)
    MappingTemplate.objects.bulk_create(
        MappingTemplate(version=number, document=newest.document) for number in versions
    )
    template = MappingTemplate.objects.latest("version")
    for environment in Environment.values:
        keys = {"plan": "", "environment": environment}
        DefaultTemplate.objects.get_or_create(**keys, defaults={"template": template})
