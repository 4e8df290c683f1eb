"""How many calls a peer still allows."""

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.timezone import localtime


class BudgetHour(models.Model):
    """The fewest calls that were left at a peer in one hour. `peer` is as in ApiBudget."""

    peer = models.CharField(max_length=80)
    hour = models.DateTimeField(help_text="Its beginning.")
    fewest = models.IntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["hour", "peer"], name="one_budget_an_hour")
        ]

    def __str__(self) -> str:
        return f"{self.peer}: {self.fewest} calls left at {localtime(self.hour):%-d %b, %H:%M}"


class ApiBudget(models.Model):
    """The calls left at a peer, one row for each API and Heroku account.

    `peer` is "heroku" or "connect", and with an account of its own "heroku:<account>".
    """

    peer = models.CharField(max_length=80, primary_key=True)
    remaining = models.IntegerField("left at its last answer")
    seen_at = models.DateTimeField("last answer", default=timezone.now)

    class Meta:
        verbose_name = "API budget"

    def __str__(self) -> str:
        return f"{self.peer}: {self.remaining} calls left at {localtime(self.seen_at):%H:%M:%S}"
