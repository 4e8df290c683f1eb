"""The action on posts: collect them now."""

from collections.abc import Sequence

from portal.actions.action import Action, Options, Target, register
from portal.actions.result import Result, queued
from social import collection, tasks
from social.models import CollectionRun, Trigger
from tenants.queue import enqueue_as


def _refusal(target: Target) -> str:
    return collection.refusal()


def _collect(targets: Sequence[Target], actor: str, options: Options) -> Result:
    enqueue_as("collect posts", tasks.collect, Trigger.STAFF.value, actor=actor)
    return queued("all tenants")


register(
    Action(
        "collect",
        "Collect now",
        "Collects posts for all tenants at once, and does not wait for the schedule.",
        (CollectionRun,),
        "social.run_collection",
        _collect,
        _refusal,
        of_rows=False,
    ),
)
