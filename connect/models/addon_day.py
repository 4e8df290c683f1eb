"""How many add-ons were ordered on a day: each costs money."""

from typing import ClassVar

from django.conf import settings
from django.db import models

# What a connection waits for when no more add-on may be ordered today.
WAITS_FOR_CAP = "tomorrow, or a manager: the daily cap of new add-ons is reached"


class AddonDay(models.Model):
    """The new add-ons of one day (UTC), and how many more a manager allowed."""

    day = models.DateField(primary_key=True)
    ordered = models.PositiveIntegerField(default=0)
    extra = models.PositiveIntegerField("allowed in addition", default=0)
    allowed_by = models.CharField(max_length=150, blank=True)

    class Meta:
        verbose_name = "day of new add-ons"
        verbose_name_plural = "new add-ons a day"
        ordering: ClassVar = ["-day"]
        permissions: ClassVar = [("raise_addonday", "Can allow more new add-ons on a day")]

    def __str__(self) -> str:
        return f"{self.day}: {self.ordered} of {self.limit}"

    @property
    def limit(self) -> int:
        """How many may be ordered on this day."""
        return settings.NEW_ADDONS_PER_DAY + self.extra
