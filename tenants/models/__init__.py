"""The rows of this app, one file for each subject. Import them from here."""

from tenants.models.callout import Callout, RateBucket, UsedSignature
from tenants.models.erasure import Erasure, digest_of, erasures_of
from tenants.models.event import Event, EventKind
from tenants.models.grant import LOST, GrantStatus, SalesforceGrant
from tenants.models.message import Message, MessageKind, MessageStatus, StoppedRecipient
from tenants.models.org_rule import OrgRule, OrgVerdict
from tenants.models.switch import KILL_SWITCHES, KillSwitch, Switch, declare_switch
from tenants.models.tenant import Environment, LookEvery, Proof, Source, Tenant
from tenants.models.tended import Owned, Tended

__all__ = [
    "KILL_SWITCHES",
    "LOST",
    "Callout",
    "Environment",
    "Erasure",
    "Event",
    "EventKind",
    "GrantStatus",
    "KillSwitch",
    "LookEvery",
    "Message",
    "MessageKind",
    "MessageStatus",
    "OrgRule",
    "OrgVerdict",
    "Owned",
    "Proof",
    "RateBucket",
    "SalesforceGrant",
    "Source",
    "StoppedRecipient",
    "Switch",
    "Tenant",
    "Tended",
    "UsedSignature",
    "declare_switch",
    "digest_of",
    "erasures_of",
]
