"""The kill switches: each app declares its own, staff turn them off and on."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import models
from django.db.models import Exists, Q, QuerySet


@dataclass(frozen=True)
class KillSwitch:
    """Work that staff can switch off. `effect` tells them what stops then, and what goes on."""

    name: str
    label: str
    effect: str

    def is_off(self) -> bool:
        """Return whether staff switched it off. One query."""
        return self.off().exists()

    def is_on(self) -> Q:
        """Return what selects all rows while it is on, and none while it is off."""
        return Q(~Exists(self.off()))

    def off(self) -> "QuerySet[Switch]":
        """Return its row while it is off, and nothing while it is on."""
        return Switch.objects.filter(name=self.name, on=False)

    def reason(self) -> str:
        """Return why its work is held up, as the end of a sentence, or "" while it is on."""
        return self.reason_of(self.off())

    def reason_of(self, off: "Iterable[Switch]") -> str:
        """Return the same from the row of `off`."""
        row = next(iter(off), None)
        if row is None:
            return ""
        why = f": {row.why} ({row.who})" if row.why else ""
        return f"the kill switch “{self.label}” is off{why}"


KILL_SWITCHES: dict[str, KillSwitch] = {}


def declare_switch(name: str, label: str, effect: str) -> KillSwitch:
    """Declare a kill switch. An app does it in its module `switches`, imported when it is ready."""
    KILL_SWITCHES[name] = KillSwitch(name, label, effect)
    return KILL_SWITCHES[name]


class Switch(models.Model):
    """The position of a kill switch. No row means on."""

    # No choices: which switches there are depends on the apps that are installed.
    name = models.CharField(max_length=20, primary_key=True)
    on = models.BooleanField(default=True)
    why = models.CharField(max_length=255, blank=True)
    who = models.CharField(max_length=150, blank=True)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = "kill switch"
        verbose_name_plural = "kill switches"

    def __str__(self) -> str:
        return f"{self.label}: {'on' if self.on else 'off'}"

    @property
    def label(self) -> str:
        """The switch's name as staff know it."""
        known = KILL_SWITCHES.get(self.name)
        return known.label if known else self.name
