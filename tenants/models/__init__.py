"""The rows of this app, one file for each subject. Import them from here."""

from tenants.models.callout import Callout, RateBucket, UsedSignature
from tenants.models.event import Event, EventKind
from tenants.models.grant import LOST, GrantStatus, SalesforceGrant
from tenants.models.message import Message, MessageKind, MessageStatus
from tenants.models.switch import KILL_SWITCHES, KillSwitch, Switch, declare_switch
from tenants.models.tenant import Environment, Proof, Tenant

__all__ = [
    "KILL_SWITCHES",
    "LOST",
    "Callout",
    "Environment",
    "Event",
    "EventKind",
    "GrantStatus",
    "KillSwitch",
    "Message",
    "MessageKind",
    "MessageStatus",
    "Proof",
    "RateBucket",
    "SalesforceGrant",
    "Switch",
    "Tenant",
    "UsedSignature",
    "declare_switch",
]
