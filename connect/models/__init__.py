"""How each tenant's data flows: its connection, its mappings, and what was seen of both.

Import every model from here; the modules inside only divide them by what they describe.
"""

from connect.models.budget import ApiBudget
from connect.models.connection import Connection, SchemaFate, Stage, WaitingOn
from connect.models.diagnosis import Diagnosis, Notification
from connect.models.health import Condition, FleetCondition, Health, HealthSample
from connect.models.incident import (
    HealingAttempt,
    Incident,
    IncidentKind,
    IncidentStatus,
    WebhookNotice,
)
from connect.models.mapping import DefaultTemplate, Drift, DriftState, Mapping, MappingTemplate
from connect.models.rollout import (
    OPEN,
    ItemStatus,
    Prune,
    Rollout,
    RolloutEvent,
    RolloutItem,
    RolloutKind,
    RolloutStatus,
    Step,
    Tag,
)
from connect.models.write_error import WriteError, WriteRepair

__all__ = [
    "OPEN",
    "ApiBudget",
    "Condition",
    "Connection",
    "DefaultTemplate",
    "Diagnosis",
    "Drift",
    "DriftState",
    "FleetCondition",
    "HealingAttempt",
    "Health",
    "HealthSample",
    "Incident",
    "IncidentKind",
    "IncidentStatus",
    "ItemStatus",
    "Mapping",
    "MappingTemplate",
    "Notification",
    "Prune",
    "Rollout",
    "RolloutEvent",
    "RolloutItem",
    "RolloutKind",
    "RolloutStatus",
    "SchemaFate",
    "Stage",
    "Step",
    "Tag",
    "WaitingOn",
    "WebhookNotice",
    "WriteError",
    "WriteRepair",
]
