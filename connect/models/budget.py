"""How many calls a peer still allows."""

from django.db import models
from django.utils import timezone
from django.utils.timezone import localtime


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
