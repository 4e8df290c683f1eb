"""Heroku Connect's own notifications."""

from django.contrib import admin

from connect.models import Notification
from portal.admin.pages.health.base import OfAConnection


@admin.register(Notification)
class NotificationAdmin(OfAConnection):
    """What Heroku Connect notified us of, over all tenants."""

    list_display = ("at", "tenant", "event_type", "message", "acknowledged_at", "acknowledged_by")
    list_filter = (("acknowledged_at", admin.EmptyFieldListFilter), "event_type")
    date_hierarchy = "at"
    search_fields = ("message",)
    fields = ("tenant", "at", "event_type", "message", "acknowledged_at", "acknowledged_by")
