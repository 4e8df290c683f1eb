"""Connections, their mappings and health, and the roll-outs that change them.

Import every model from here; the modules inside only divide them by what they describe.
"""

from connect.models.addon_day import WAITS_FOR_CAP, AddonDay
from connect.models.blocked import BlockedKind
from connect.models.budget import ApiBudget, BudgetHour
from connect.models.connection import Connection
from connect.models.diagnosis import Diagnosis, Notification
from connect.models.discrepancy import Discrepancy, DiscrepancyKind, Reconciliation
from connect.models.health import Condition, FleetCondition, Health, HealthSample
from connect.models.host_app import WAITS_FOR_ROOM, HostApp
from connect.models.incident import (
    COMMON,
    REGIONAL,
    HealingAttempt,
    Incident,
    IncidentKind,
    IncidentStatus,
    WebhookNotice,
)
from connect.models.kept_schema import KeptSchema
from connect.models.mapping import (
    DefaultTemplate,
    Drift,
    DriftState,
    Mapping,
    MappingTemplate,
    Package,
)
from connect.models.rollout import (
    Prune,
    Rollout,
    RolloutEvent,
    RolloutKind,
    RolloutStatus,
    Tag,
)
from connect.models.rollout_item import (
    OPEN_STATUSES,
    RolloutItem,
    RolloutItemStatus,
    RolloutStep,
)
from connect.models.stage import ENDING, WAITS_FOR_END, SchemaFate, Stage, WaitingOn
from connect.models.write_error import RepairResult, SkipReason, WriteError, WriteRepair

__all__ = [
    "COMMON",
    "ENDING",
    "OPEN_STATUSES",
    "REGIONAL",
    "WAITS_FOR_CAP",
    "WAITS_FOR_END",
    "WAITS_FOR_ROOM",
    "AddonDay",
    "ApiBudget",
    "BlockedKind",
    "BudgetHour",
    "Condition",
    "Connection",
    "DefaultTemplate",
    "Diagnosis",
    "Discrepancy",
    "DiscrepancyKind",
    "Drift",
    "DriftState",
    "FleetCondition",
    "HealingAttempt",
    "Health",
    "HealthSample",
    "HostApp",
    "Incident",
    "IncidentKind",
    "IncidentStatus",
    "KeptSchema",
    "Mapping",
    "MappingTemplate",
    "Notification",
    "Package",
    "Prune",
    "Reconciliation",
    "RepairResult",
    "Rollout",
    "RolloutEvent",
    "RolloutItem",
    "RolloutItemStatus",
    "RolloutKind",
    "RolloutStatus",
    "RolloutStep",
    "SchemaFate",
    "SkipReason",
    "Stage",
    "Tag",
    "WaitingOn",
    "WebhookNotice",
    "WriteError",
    "WriteRepair",
]
