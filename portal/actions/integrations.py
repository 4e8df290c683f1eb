"""Actions for the ISV's own systems: send a webhook's event again, revoke a token of the API."""

from collections.abc import Sequence

from django.conf import settings

from portal.actions.action import Action, Options
from portal.actions.log import log
from portal.actions.result import Result, of_some, queued
from portal.integrations import sending, tokens
from portal.integrations.models import ApiToken, WebhookDelivery, WebhookDeliveryStatus

_WAITS = "it waits to be sent anyway"
_REVOKED = "it was revoked before"


def _resend(targets: Sequence[WebhookDelivery], actor: str, options: Options) -> Result:
    again = [each for each in targets if sending.send_again(each)]
    # Of the webhook: a tenant's name here would outlive its erasure.
    log(actor, {each.webhook for each in again}, "Sent events again.")
    return of_some(targets, again, _WAITS, said=queued)


def _unmet(delivery: WebhookDelivery) -> str:
    if not settings.LIFECYCLE_WEBHOOKS:
        return "LIFECYCLE_WEBHOOKS is off, so nothing is sent"
    if not delivery.webhook.is_on:
        return "its webhook is off"
    return _WAITS if delivery.status == WebhookDeliveryStatus.WAITING else ""


def _revoke(targets: Sequence[ApiToken], actor: str, options: Options) -> Result:
    revoked = [each for each in targets if tokens.revoke(each)]
    log(actor, revoked, "Revoked.")
    return of_some(targets, revoked, _REVOKED)


def _is_revoked(token: ApiToken) -> str:
    return _REVOKED if token.revoked_at else ""


ACTIONS = (
    Action(
        "resend_event",
        "Resend",
        "Sends the same event with the same id again, with a new signature. Your own system "
        "can tell by the id that it is the same one.",
        (WebhookDelivery,),
        "integrations.resend_webhookdelivery",
        _resend,
        _unmet,
        in_bulk=True,
    ),
    Action(
        "revoke",
        "Revoke",
        "From now on the API refuses the token. This cannot be undone.",
        (ApiToken,),
        "integrations.revoke_apitoken",
        _revoke,
        _is_revoked,
        destructive=True,
    ),
)
