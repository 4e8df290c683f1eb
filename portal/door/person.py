"""The person of a request, read with what every page asks of a person. One statement."""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Permission, User
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Concat, JSONObject

from portal.models import Preferences

SECOND_FACTORS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]


class StaffBackend(AuthenticationBackend):  # type: ignore[misc]  # allauth carries no types
    """Signs staff in as django-allauth does, and reads a signed-in person for each request."""

    def get_user(self, user_id: Any) -> User | None:
        person: Any = _people().filter(pk=user_id).first()
        if person is None or not self.user_can_authenticate(person):
            return None
        person.permissions_read = frozenset([*person.of_roles, *person.own])
        found: User = person
        return found

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """Return what was read with the person; of somebody who was read in another way, ask."""
        known: set[str] | None = getattr(user_obj, "permissions_read", None)
        if obj is None and known is not None and not user_obj.is_superuser:
            return known
        found: set[str] = super().get_all_permissions(user_obj, obj)
        return found


def _people() -> QuerySet[User]:
    """Return users with permissions, preferences and whether they have a second factor."""
    factors = Authenticator.objects.filter(user=OuterRef("pk"), type__in=SECOND_FACTORS)
    preferences = Preferences.objects.filter(user=OuterRef("pk")).values(
        known=JSONObject(time_zone="time_zone", single_keys="single_keys")
    )
    return User.objects.annotate(
        of_roles=_names("group__user"),
        own=_names("user"),
        preferred=Subquery(preferences),
        has_factor=Exists(factors),
    )


def _names(path: str) -> ArraySubquery:
    """Return the names of permissions as has_perm() takes them; `path` leads to their user."""
    name = Concat("content_type__app_label", Value("."), "codename")
    found = Permission.objects.filter(**{path: OuterRef("pk")}).order_by()
    return ArraySubquery(found.values(whole=name))
