"""Two people for a roll-out that deletes mapped objects from many tenants."""

from django.conf import settings
from django.db.models import Count, OuterRef, QuerySet, Subquery

from connect.formats import counted
from connect.models import Prune, Rollout, RolloutItem, RolloutKind, RolloutStatus
from connect.rollouts.status import TransitionRefused


def is_needed(rollout: Rollout, tenants: int) -> bool:
    """Return whether somebody else than the author must start a roll-out to so many tenants."""
    deletes = rollout.kind == RolloutKind.MAPPINGS and rollout.prune != Prune.KEEP
    return bool(settings.TWO_PERSON_APPROVAL and deletes and tenants > 1)


def waiting() -> QuerySet[Rollout]:
    """Return the roll-outs that only somebody else than their author may start."""
    ready = Rollout.objects.filter(status=RolloutStatus.READY, kind=RolloutKind.MAPPINGS)
    many = RolloutItem.objects.filter(rollout=OuterRef("pk")).order_by().values("rollout")
    sizes = many.annotate(size=Count("pk")).values("size")
    found = ready.exclude(prune=Prune.KEEP).annotate(size=Subquery(sizes)).filter(size__gt=1)
    return found if settings.TWO_PERSON_APPROVAL else found.none()


def refusal(rollout: Rollout, actor: str) -> str:
    """Return why this person may not start a roll-out: it is theirs, and needs a second one."""
    if actor != rollout.author:
        return ""
    count = rollout.items.count()
    if not is_needed(rollout, count):
        return ""
    return (
        f"you made it, and it deletes mapped objects from {counted(count, 'tenant')}: a second "
        "person must start it"
    )


def require(rollout: Rollout, actor: str) -> None:
    """Raise TransitionRefused if `actor` is the author and a second person is needed."""
    reason = refusal(rollout, actor)
    if reason:
        raise TransitionRefused(reason[0].upper() + reason[1:])
