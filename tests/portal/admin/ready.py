"""A row for every action of the registry on which the action is possible now."""

from collections.abc import Callable, Hashable, Iterator
from datetime import timedelta
from itertools import count
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import User
from django.db import connection as database
from django.db.models import Model
from django.utils import timezone
from django_q.models import Failure, Success
from psycopg import sql

from connect import addons
from connect.mappings.org_changes import OrgChange, OrgChangeKind
from connect.models import (
    AddonDay,
    BlockedKind,
    Connection,
    Diagnosis,
    Discrepancy,
    DiscrepancyKind,
    Drift,
    DriftState,
    Health,
    HostApp,
    Incident,
    IncidentKind,
    IncidentStatus,
    KeptSchema,
    Mapping,
    MappingTemplate,
    Notification,
    Rollout,
    RolloutItem,
    SchemaFate,
    Stage,
    Tag,
    WaitingOn,
    WriteError,
)
from connect.write_errors import scan
from portal.actions import action as registry
from portal.actions import door, subject
from portal.actions.action import Action
from portal.integrations.models import ApiToken, Webhook, WebhookDelivery, WebhookEvent
from portal.models import BulkItem, BulkItemStatus, BulkRun
from tenants import orgid
from tenants.models import OrgRule, OrgVerdict, Proof, RateBucket, Switch, Tenant, Tended
from tests.connect.write_errors import schemas
from tests.kinds import one_of_each
from tests.portal.admin import rows, strangers

TAG = "pilots"
LIVE = {"stage": Stage.LIVE, "state": "IDLE"}
LEAVING = {
    "stage": Stage.GRACE,
    "stage_before": Stage.LIVE,
    "ends_at": timezone.now() + timedelta(days=7),
    "schema_fate": SchemaFate.KEEP,
}
# A state in which each action on a tenant is possible, as fields of the connection.
STATES: dict[str, dict[str, Any]] = {
    "approve": {"stage": Stage.WAITING_FOR_PROOF},
    "resend": {"stage": Stage.WAITING_FOR_CONSENT, "waiting_on": WaitingOn.SUBSCRIBER},
    "retry": {"stage": Stage.LINKING},
    "overwrite": {
        "stage": Stage.CREATING_ADDON,
        "blocked_at": timezone.now(),
        "blocked_kind": BlockedKind.OVERWRITES,
        "blocked_reason": "The app has a config var of that name.",
    },
    "erase": {"stage": Stage.WAITING_FOR_PROOF},
    "resume": {"stage": Stage.LIVE, "state": "PAUSED"},
    "unsnooze": {"stage": Stage.LIVE, "snoozed_until": timezone.now() + timedelta(days=1)},
    "undo_offboarding": LEAVING,
    "end_grace": LEAVING,
    "link": {"stage": Stage.LIVE, "state": "HEROKU_UNAUTH"},
    "reauthorize": {"stage": Stage.LIVE, "state": "UNAUTHORIZED"},
}
ROLLOUT_STATUS = {
    "start": "ready",
    "pause": "running",
    "resume": "paused",
    "retry": "ended",
    "cancel": "running",
    "roll_back": "done",
}
CONFIG = rows.DOCUMENT["mappings"][0]["config"]  # type: ignore[index]
CHANGE = {"object_name": "Account", "name": "Phone", "kind": "field_added"}
_numbers = count(5000)


def _tenant(name: str = "") -> Connection:
    (made,) = strangers.connected([next(_numbers)])
    Connection.objects.filter(pk=made.pk).update(**STATES.get(name, LIVE))
    prepare(name, made.tenant)
    prepare_connection(name, made)
    return Connection.objects.select_related("tenant").get(pk=made.pk)


def prepare(name: str, tenant: Tenant) -> None:
    """Make an action possible that depends on the tenant and not on its connection."""
    row = Tenant.objects.filter(pk=tenant.pk)
    if name == "approve":
        row.update(proof=Proof.NONE, proven_at=None)
    if name == "admit":
        returned = {"signed": True, "values": {"name": tenant.name, "admin_email": "it@a.example"}}
        now = timezone.now()
        row.update(offboarded_at=now, returned_at=now, returned_with=returned)
    if name == "unblock_org":
        _rule(tenant.org_id)
        row.update(is_blocked=True)
    if name in ("unassign", "hand_over"):
        row.update(owner=_owner())
    if name == "tag":
        Tag.objects.get_or_create(name=TAG)
    if name == "untag":
        Tag.objects.get_or_create(name=TAG)[0].tenants.add(tenant)


def prepare_connection(name: str, connection: Connection) -> None:
    """The same for what depends on rows of the connection."""
    if name == "acknowledge":
        notification(connection)


def notification(connection: Connection) -> Notification:
    made, _ = Notification.objects.get_or_create(
        connection=connection,
        remote_id="n",
        defaults={"at": timezone.now(), "event_type": "e", "message": "m"},
    )
    return made


def _owner() -> User:
    return User.objects.get_or_create(username="otto", is_staff=True)[0]


def _tended(row: Tended, name: str) -> Tended:
    """Make what staff do with any row that needs them possible on a row without a tenant."""
    if name in ("unassign", "hand_over"):
        row.owner = _owner()
    if name == "unsnooze":
        row.snoozed_until = timezone.now() + timedelta(days=1)
    row.save()
    return row


def _incident(name: str) -> Incident:
    number = next(_numbers)
    region = f"https://connect-{number}.heroku.com/api/v3"
    row = Incident(kind=IncidentKind.REGION, region_url=region, text="It does not answer.")
    if name == "post_mortem":
        row.status = IncidentStatus.OPEN
    _tended(row, name)
    return row


def _org_rule(name: str) -> OrgRule:
    return _rule(orgid.normalize(f"00D7x{next(_numbers):010d}"))


def _rule(org_id: str) -> OrgRule:
    return OrgRule.objects.create(org_id=org_id, verdict=OrgVerdict.BLOCKED, why="Spam")


def _host_app(name: str) -> HostApp:
    return HostApp.objects.create(name=f"isv-connect-{next(_numbers)}")


def _version() -> MappingTemplate:
    return MappingTemplate.objects.create(version=next(_numbers), document=rows.DOCUMENT)


def _mapping(name: str) -> Mapping:
    facts = {"mapping_id": "m1", "state": "DATA_SYNCED", "config": {**CONFIG, "revision": 1}}
    return Mapping.objects.create(connection=_tenant(), object_name="Account", **facts)


def _rollout(name: str) -> Rollout:
    status = ROLLOUT_STATUS.get(name, "paused")
    reason = "Paused by mia." if status == "paused" else ""
    rollout = Rollout.objects.create(
        template=_version(), author="mia", status=status, pause_reason=reason
    )
    ended = {"retry": "failed", "roll_back": "done"}.get(name, "ready")
    connection = _tenant()
    Connection.objects.filter(pk=connection.pk).update(template=rollout.template)
    RolloutItem.objects.create(
        rollout=rollout,
        connection=connection,
        wave=0,
        target=rollout.template,
        came_from=_version(),
        status=ended,
    )
    _tended(rollout, name)
    return rollout


def _drift(name: str) -> Drift:
    connection, version = _tenant(), _version()
    Connection.objects.filter(pk=connection.pk).update(template=version)
    return Drift.objects.create(
        connection=connection,
        template=version,
        state=DriftState.DRIFTED,
        changes=[{**CHANGE, "before": None, "after": {}}],
        org_changes=[OrgChange(OrgChangeKind.FIELD_GONE, "Account", "Name").as_json()],
        fingerprint="f" * 64,
    )


def _discrepancy(name: str) -> Discrepancy:
    org_id = orgid.normalize(f"00D7x{next(_numbers):010d}")
    # A tenant without a connection, as after a restore.
    Tenant.objects.create(org_id=org_id, name="Acme", admin_email="it@acme.example")
    addon = {"addon_name": addons.name_for(org_id, 1), "addon_id": f"addon-{org_id}"}
    facts = {"kind": DiscrepancyKind.ORPHAN, "key": addon["addon_id"], "text": "No row uses it."}
    row = Discrepancy(**addon, **facts)
    _tended(row, name)
    return row


def _write_error(name: str) -> WriteError:
    connection = schemas.live(next(_numbers))
    schemas.write(connection, "BAD_VALUE: $ is bad", times=2)
    scan.scan([connection.pk])
    return WriteError.objects.get(connection=connection)


def _kept_schema(name: str) -> KeptSchema:
    row = _tenant()
    name = f"sf_{row.tenant.org_id.lower()}_1"
    facts = {"stage": Stage.OFFBOARDED, "schema_fate": SchemaFate.KEEP, "schema_name": name}
    Connection.objects.filter(pk=row.pk).update(**facts, offboarded_at=timezone.now())
    return KeptSchema.objects.get(pk=row.pk)


def _bulk_run(name: str) -> BulkRun:
    connection = _tenant("resume" if name == "undo" else "")
    run = BulkRun.objects.create(action="pause", label="Pause", actor="olga", total=1)
    if name == "approve":
        run.approval_by = timezone.now() + timedelta(days=1)
        run.save()
    item = BulkItem.objects.create(run=run, tenant=connection.tenant, connection=connection)
    if name in ("again", "undo"):
        now, undone = timezone.now(), name == "undo"
        BulkRun.objects.filter(pk=run.pk).update(finished_at=now)
        status = BulkItemStatus.DONE if undone else BulkItemStatus.FAILED
        BulkItem.objects.filter(pk=item.pk).update(status=status, ended_at=now)
    return run


def _task(model: type[Success | Failure]) -> Success | Failure:
    if not model.objects.exists():
        strangers.tasks([next(_numbers)])
    row: Success | Failure = model.objects.get()
    return row


def _switch(name: str) -> Switch:
    switch, _ = Switch.objects.get_or_create(name="registrations")
    Switch.objects.update(on=name == "turn_off", why="An incident")
    return switch


def _bucket(name: str) -> RateBucket:
    key = f"{door.SIGN_IN}{next(_numbers)}"
    return RateBucket.objects.create(key=key, tokens=0, filled_at=timezone.now())


def _factor(name: str) -> Authenticator:
    user = User.objects.create(username=f"user {next(_numbers)}")
    return Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={})


def _identity(name: str) -> SocialAccount:
    user = User.objects.create(username=f"user {next(_numbers)}")
    uid = f"https://id.isv.example {user.pk}"
    return SocialAccount.objects.create(user=user, provider="sso", uid=uid)


def _delivery(name: str) -> WebhookDelivery:
    url = "https://isv.example"
    hook = Webhook.objects.create(name=f"hook {next(_numbers)}", url=url, secret="whsec_x")
    event = WebhookEvent.objects.create(
        tenant=_tenant().tenant, kind="tenant.live", sequence=1, body="{}"
    )
    return WebhookDelivery.objects.create(webhook=hook, event=event, status="failed")


def _token(name: str) -> ApiToken:
    number = next(_numbers)
    end = timezone.now() + timedelta(days=1)
    return ApiToken.objects.create(name=f"token {number}", digest=str(number), expires_at=end)


_MAKERS: dict[type[Model], Callable[[str], Model]] = {
    Tenant: lambda name: _tenant(name).tenant,
    Connection: _tenant,
    Health: lambda name: Health.objects.create(connection=_tenant(name)),
    Diagnosis: lambda name: Diagnosis.objects.create(
        connection=_tenant(name), ended_at=timezone.now()
    ),
    Notification: lambda name: notification(_tenant(name)),
    Mapping: _mapping,
    Rollout: _rollout,
    Drift: _drift,
    WriteError: _write_error,
    Discrepancy: _discrepancy,
    HostApp: _host_app,
    KeptSchema: _kept_schema,
    Incident: _incident,
    BulkRun: _bulk_run,
    Success: lambda name: _task(Success),
    Failure: lambda name: _task(Failure),
    Switch: _switch,
    RateBucket: _bucket,
    Authenticator: _factor,
    SocialAccount: _identity,
    OrgRule: _org_rule,
    WebhookDelivery: _delivery,
    ApiToken: _token,
    AddonDay: lambda name: AddonDay.objects.create(day=timezone.now().date()),
}


def cases(*, every: bool) -> Iterator[tuple[type[Model], Action]]:
    """Yield every action with a model on whose pages it is offered, or with `every` with all those.

    The pages about a tenant are of one making: without `every`, those that are not the tenant's own
    get one action that asks and one that does not.
    """
    for model in registry.models():
        for action in registry.of(model).values():
            sibling = model in subject.MODELS and model is not Tenant
            wanted = every or not sibling or action.name in ("snooze", "refresh")
            if wanted and _has_page(model, action):
                yield model, action


def of_each_kind() -> Iterator[tuple[type[Model], Action]]:
    """Return the first action of each model's pages, and the first for each way to be asked."""

    def kinds(case: tuple[type[Model], Action]) -> set[Hashable]:
        model, action = case
        return {model, (action.form, action.asks)}

    return one_of_each(cases(every=True), kinds)


def _has_page(model: type[Model], action: Action) -> bool:
    """Return whether the action's row has a page: those of health are for live connections."""
    return model is not Health or STATES.get(action.name, LIVE)["stage"] == Stage.LIVE


def row_for(model: type[Model], action: Action) -> Model:
    """Make a row on which an action is possible. One that needs no row gets an unsaved one."""
    return _MAKERS[model](action.name) if action.of_rows else model()


def drop_schemas() -> None:
    """Remove the tenants' schemas, which outlive a test that commits."""
    names = Connection.objects.exclude(schema_name="").values_list("schema_name", flat=True)
    with database.cursor() as cursor:
        for name in names:
            statement = sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(name))
            cursor.execute(statement)
