"""Which page stands in which group of the menu. Each registered model is in exactly one."""

from dataclasses import dataclass

from django.apps import apps
from django.conf import settings
from django.contrib import admin


@dataclass(frozen=True)
class Entry:
    """The list of a model, as "app.Model". `name` is "" where the model's own name fits."""

    label: str
    name: str = ""
    keywords: str = ""  # other words by which staff look for it


@dataclass(frozen=True)
class Place:
    """A page that is not a model's list: its view's name, and the permission to see it."""

    view: str
    name: str
    permission: str = ""
    keywords: str = ""


@dataclass(frozen=True)
class Group:
    """A heading with its entries. `is_folded`: it is closed unless the current page is in it."""

    slug: str
    name: str
    entries: tuple[Entry | Place, ...]
    is_folded: bool = False


_WORK = Group(
    "work",
    "Work",
    (
        Place("admin:index", "Dashboard", keywords="home start overview"),
        Place("worklist", "Attention", "tenants.view_tenant", "worklist to do assigned snoozed"),
        Entry("tenants.Tenant", keywords="subscribers orgs customers"),
        Entry("connect.Incident", keywords="alerts outages"),
        Entry("connect.WriteError", keywords="failed writes trigger log"),
        Entry("connect.Rollout", keywords="rollouts waves canary"),
        Entry("portal.BulkRun", keywords="presses"),
    ),
)
_MAPPINGS = Group(
    "mappings",
    "Mappings",
    (
        Entry("connect.MappingTemplate", "Versions", "mapping templates editor"),
        Entry("connect.DefaultTemplate", "Defaults", "default versions"),
        Entry("connect.Drift", keywords="drifted compare"),
        Entry("connect.Tag", keywords="labels"),
    ),
)
_HISTORY = Group(
    "history",
    "History",
    (
        Entry("tenants.Event", keywords="timeline"),
        Entry("tenants.Message", keywords="e-mails mails"),
        Entry("tenants.Callout", keywords="registrations"),
        Entry("connect.Diagnosis"),
        Entry("connect.Notification", keywords="heroku"),
        Entry("connect.WriteRepair", "Repairs", "write repairs"),
        Entry("connect.HealingAttempt", keywords="remedies"),
        Entry("portal.AuditEntry", keywords="log who did what"),
        Entry("tenants.Erasure", keywords="gdpr privacy deleted"),
    ),
)
_FLEET = Group(
    "fleet",
    "Fleet",
    (
        Place("fleet", "Over time", "tenants.view_tenant", "charts trends conditions statistics"),
        Entry("connect.HostApp", keywords="room placement heroku apps"),
        Entry("connect.Connection", keywords="add-ons"),
        Entry("connect.KeptSchema", keywords="off-boarded postgres drop export size"),
        Entry("connect.Mapping", "Mapped objects", "mappings"),
        Entry("connect.Health", "Health", "sync health"),
        Entry("connect.Discrepancy", keywords="add-ons compared orphans"),
        Entry("connect.Reconciliation", "Comparisons", "reconciliations"),
        Entry("tenants.OrgRule", keywords="block allow"),
        Entry("tenants.Switch", keywords="stop turn off provisioning emergency"),
    ),
)
_MACHINE_ROOM = Group(
    "machine-room",
    "Machine room",
    (
        Entry("tenants.RateBucket", keywords="limits unlock throttle"),
        Entry("tenants.UsedSignature"),
        Entry("tenants.StoppedRecipient", keywords="not me"),
        Entry("tenants.SalesforceGrant", keywords="tokens oauth"),
        Entry("connect.ApiBudget", keywords="heroku calls"),
        Entry("connect.AddonDay", keywords="cap cost"),
        Entry("connect.HealthSample"),
        Entry("connect.WebhookNotice", keywords="alerts slack"),
        Entry("integrations.Webhook", keywords="events life-cycle integrations"),
        Entry("integrations.WebhookDelivery", keywords="delivery log events resend"),
        Entry("integrations.ApiToken", "API tokens", "read api integrations"),
        Entry("connect.RolloutItem", keywords="items"),
        Entry("portal.BulkItem", keywords="items bulk runs presses"),
        Entry("portal.Heartbeat", keywords="worker alive"),
        Entry("django_q.OrmQ", keywords="queue"),
        Entry("django_q.Failure"),
        Entry("django_q.Success"),
        Entry("django_q.Schedule", keywords="cron scheduled tasks"),
    ),
    is_folded=True,
)
_STAFF = Group(
    "staff",
    "Staff",
    (
        Entry("auth.User", keywords="people accounts"),
        Entry("auth.Group", keywords="groups permissions"),
        Entry("mfa.Authenticator", keywords="passkeys totp mfa authenticators"),
        Entry("socialaccount.SocialAccount", "Single sign-on", "sso oidc identities"),
    ),
)
_HELP = Group(
    "help",
    "Help",
    (
        Place("runbook", "Runbook", "tenants.view_tenant", "what to do reasons help"),
        Place("setup", "Setting up", "tenants.view_tenant", "doctor checks installation health"),
    ),
)


def _of_use_case(label: str) -> Group:
    """Make the group of a use case: its pages as it registers them. It declares nothing here."""
    names = [each._meta.label for each in admin.site._registry if each._meta.app_label == label]
    return Group(label, str(apps.get_app_config(label).verbose_name), tuple(map(Entry, names)))


def groups() -> list[Group]:
    """Return all groups in the order of the menu."""
    use_cases = map(_of_use_case, settings.USE_CASES)
    return [_WORK, _MAPPINGS, *use_cases, _HISTORY, _FLEET, _MACHINE_ROOM, _STAFF, _HELP]
