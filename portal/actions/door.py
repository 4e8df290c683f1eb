"""Actions on what the door keeps: unlock after too many attempts, remove a lost second factor."""

from collections.abc import Sequence

from allauth.mfa.models import Authenticator

from portal.actions.action import Action, Options
from portal.actions.log import log
from portal.actions.result import Result, done
from tenants.models import RateBucket

UNLOCK = "unlock"
SIGN_IN = "sign-in:"  # the beginning of the keys that portal/door/throttle.py makes


def _unlock(targets: Sequence[RateBucket], actor: str, options: Options) -> Result:
    log(actor, targets, "Unlocked.")
    RateBucket.objects.filter(pk__in=[each.pk for each in targets]).delete()
    return done(", ".join(map(str, targets)))


def _not_a_sign_in(bucket: RateBucket) -> str:
    return "" if bucket.key.startswith(SIGN_IN) else "it limits callouts and not sign-ins"


def _remove(targets: Sequence[Authenticator], actor: str, options: Options) -> Result:
    log(actor, [each.user for each in targets], "Removed a second factor.")
    Authenticator.objects.filter(pk__in=[each.pk for each in targets]).delete()
    return done(", ".join(map(_whose, targets)))


def _whose(factor: Authenticator) -> str:
    return f"{factor.user.get_username()}, {factor.get_type_display()}"


ACTIONS = (
    Action(
        UNLOCK,
        "Unlock",
        "Forgets the wrong attempts, so that the account or the address may sign in again.",
        (RateBucket,),
        "tenants.delete_ratebucket",
        _unlock,
        _not_a_sign_in,
        in_bulk=True,
        moves_on=True,
    ),
    Action(
        "remove",
        "Remove",
        "For a device that was lost. The person signs in without it, and must add another one.",
        (Authenticator,),
        "mfa.delete_authenticator",
        _remove,
        destructive=True,
        naming=_whose,
    ),
)
