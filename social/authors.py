"""Which account is behind a handle. X is asked once: searches then need no expansion, which costs.

X returns posts with their authors' ids. The id of a handle is kept with it, and the name as its
owner spells it.
"""

from collections.abc import Collection, Sequence

from django.utils import timezone

from social import budget, x
from social.models import Handle

UNKNOWN = "X knows no account of this name."


def learn(names: Collection[str]) -> None:
    """Ask X for the accounts of handles that have none yet. Raises RemoteError.

    A handle without an account is refused, and so left out of searches for a while.
    """
    missing = Handle.objects.filter(name__in=names, user_id="", refused_at=None)
    _ask(list(missing.order_by("name").values_list("name", flat=True)))


def learn_again(names: Collection[str]) -> None:
    """Ask for all of them: a name may belong to another account by now. Raises RemoteError."""
    _ask(sorted(names))


def of(names: Collection[str]) -> dict[str, Handle]:
    """Return the handles by the id of their account."""
    known = Handle.objects.filter(name__in=names).exclude(user_id="")
    return {handle.user_id: handle for handle in known}


def _ask(names: Sequence[str]) -> None:
    for first in range(0, len(names), x.MAX_USERS):
        some = names[first : first + x.MAX_USERS]
        found = {user.username.lower(): user for user in x.users(some)}
        budget.count_users(len(found))
        for name in some:
            _keep(name, found.get(name))


def _keep(name: str, user: x.User | None) -> None:
    handle = Handle.objects.filter(pk=name)
    if user:
        handle.update(user_id=user.id, username=user.username)
    else:
        handle.update(user_id="", refused_at=timezone.now(), refusal=UNKNOWN)
