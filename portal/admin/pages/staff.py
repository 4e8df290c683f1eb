"""The staff themselves. Superusers only, because a person who gives permissions has all of them."""

from typing import TYPE_CHECKING, Any

import allauth.account.admin
import allauth.mfa.admin
import allauth.socialaccount.admin
import allauth.usersessions.admin  # noqa: F401
import social_django.admin  # noqa: F401
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.http import HttpRequest, HttpResponse
from social_django.models import Association, Nonce, UserSocialAuth

from portal.admin.kit.actions import ActionsAdmin
from portal.admin.kit.base import ReadOnlyAdmin
from portal.admin.kit.names import call
from portal.admin.kit.proven import Proven
from portal.models import AuditKind

if TYPE_CHECKING:
    StockUserAdmin = UserAdmin[User]
else:
    StockUserAdmin = UserAdmin

admin.site.unregister((User, Group, Association, Nonce, UserSocialAuth))
admin.site.unregister((EmailAddress, Authenticator, UserSession))
admin.site.unregister((SocialAccount, SocialApp, SocialToken))
call(Group, "role", "roles")
call(Authenticator, "second factor", "second factors")
call(SocialAccount, "single sign-on identity", "single sign-on identities")
User._meta.get_field("groups").verbose_name = "roles"


@admin.register(User)
class StaffAdmin(Proven, StockUserAdmin):
    audit_kind = AuditKind.STAFF_CHANGED
    noted_fields = ("username", "is_active", "is_staff", "is_superuser", "groups")
    list_display = ("username", "email", "is_active", "is_staff", "is_superuser", "last_login")
    filter_horizontal = ()  # Django's two-box widget has serious accessibility faults (axe-core)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "groups":
            kwargs["help_text"] = "A person may do what any of these roles may."
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def user_change_password(
        self, request: HttpRequest, id: str, form_url: str = ""
    ) -> HttpResponse:
        self.ask_for_proof(request)
        return super().user_change_password(request, id, form_url)

    def audited(self, obj: User) -> str:
        """Return a person's rights as they are now."""
        roles = ", ".join(obj.groups.order_by("name").values_list("name", flat=True)) or "none"
        flags = f"active: {obj.is_active}, staff: {obj.is_staff}, superuser: {obj.is_superuser}"
        return f"Roles: {roles}; {flags}."


@admin.register(Group)
class RoleAdmin(Proven, GroupAdmin):
    audit_kind = AuditKind.STAFF_CHANGED
    filter_horizontal = ()


@admin.register(Authenticator)
class FactorAdmin(ReadOnlyAdmin, ActionsAdmin):
    """Who has which second factor. Its secret is not shown."""

    empty = "Each member of staff adds a second factor under “Your account”, at the top."
    list_display = ("user", "type", "created_at", "last_used_at")
    list_filter = ("type",)
    list_select_related = ("user",)
    ordering = ("-pk",)
    search_fields = ("user__username",)
    fields = ("user", "type", "created_at", "last_used_at")


@admin.register(SocialAccount)
class IdentityAdmin(ReadOnlyAdmin, ActionsAdmin):
    """Whose account is bound to which identity. What the identity provider said is not shown."""

    empty = "An identity is bound when somebody signs in with single sign-on for the first time."
    list_display = ("user", "uid", "date_joined", "last_login")
    list_select_related = ("user",)
    ordering = ("-pk",)
    search_fields = ("user__username", "uid")
    fields = ("user", "uid", "date_joined", "last_login")
