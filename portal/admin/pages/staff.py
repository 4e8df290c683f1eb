"""The staff themselves. Superusers only, because a person who gives permissions has all of them."""

from typing import TYPE_CHECKING

import social_django.admin  # noqa: F401  (registers what is unregistered below)
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from social_django.models import Association, Nonce, UserSocialAuth

from portal.admin.kit.base import NoDelete

if TYPE_CHECKING:
    StockUserAdmin = UserAdmin[User]
else:
    StockUserAdmin = UserAdmin

admin.site.unregister((User, Group, Association, Nonce, UserSocialAuth))


@admin.register(User)
class StaffAdmin(NoDelete, StockUserAdmin):
    list_display = ("username", "email", "is_active", "is_staff", "is_superuser", "last_login")
    filter_horizontal = ()  # Django's two-box widget has serious accessibility faults (axe-core)


@admin.register(Group)
class RoleAdmin(NoDelete, GroupAdmin):
    filter_horizontal = ()
