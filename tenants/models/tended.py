"""What staff say of a row that needs a person: who looks after it, and that it may wait."""

from datetime import datetime

from django.conf import settings
from django.db import models


class Owned(models.Model):
    """A row with an owner: the member of staff who looks after it, None for nobody."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        abstract = True


class Tended(Owned):
    """A row without a tenant's connection, which staff own and snooze by itself."""

    snoozed_until = models.DateTimeField(null=True, blank=True)
    snooze_note = models.CharField(max_length=255, blank=True, default="", db_default="")

    class Meta:
        abstract = True

    def is_snoozed(self, now: datetime) -> bool:
        """Whether staff have put it off for now."""
        return self.snoozed_until is not None and self.snoozed_until > now
