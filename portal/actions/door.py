"""Actions on what the door keeps: unlock, remove a lost factor, forget an identity."""

from collections.abc import Sequence

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import User

from portal.actions.action import Action, Options
from portal.actions.log import log
from portal.actions.result import Result, Row, of_some
from tenants.models import RateBucket

UNLOCK = "unlock"
GONE = "it has gone"
SIGN_IN = "sign-in:"  # the beginning of the keys that portal/door/throttle.py makes


def _of_a_superuser(row: Authenticator | SocialAccount, actor: str) -> str:
    """Return why only superusers may do it: a role must not weaken those who have more rights."""
    if not row.user.is_superuser or User.objects.filter(username=actor, is_superuser=True).exists():
        return ""
    return "it is a superuser's, so only a superuser can do it"


def _unlock(targets: Sequence[RateBucket], actor: str, options: Options) -> Result:
    deleted = _delete(targets)
    log(actor, deleted, "Unlocked.")
    return of_some(targets, deleted, GONE)


def _not_a_sign_in(bucket: RateBucket) -> str:
    return "" if bucket.key.startswith(SIGN_IN) else "it limits callouts and not sign-ins"


def _remove(targets: Sequence[Authenticator], actor: str, options: Options) -> Result:
    deleted = _delete(targets)
    log(actor, [each.user for each in deleted], "Removed a second factor.")
    return of_some(targets, deleted, GONE, naming=_whose)


def _whose(factor: Authenticator) -> str:
    return f"{factor.user.get_username()}, {factor.get_type_display()}"


def _forget(targets: Sequence[SocialAccount], actor: str, options: Options) -> Result:
    deleted = _delete(targets)
    log(actor, [each.user for each in deleted], "Forgot an identity of single sign-on.")
    return of_some(targets, deleted, GONE, naming=_whose_identity)


def _whose_identity(identity: SocialAccount) -> str:
    return f"{identity.user.get_username()}, {identity.uid}"


def _delete(targets: Sequence[Row]) -> list[Row]:
    """Delete rows; return those that nobody else had deleted before."""
    return [each for each in targets if type(each)._default_manager.filter(pk=each.pk).delete()[0]]


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
        not_by=_of_a_superuser,
    ),
    Action(
        "forget",
        "Forget the identity",
        "For a person who has another identity now. The next sign-in with the person's address "
        "binds the new one.",
        (SocialAccount,),
        "socialaccount.delete_socialaccount",
        _forget,
        destructive=True,
        naming=_whose_identity,
        not_by=_of_a_superuser,
    ),
)
