"""`python manage.py rotate_secret`: encrypt what is stored with the first key of SECRET."""

from typing import Any

from django.core.management.base import BaseCommand

from connect.formats import counted
from tenants import encryption
from tenants.encryption import Rotation

UNREAD = (
    "All that can be read is encrypted with the first key. Keep the old keys until the missing key"
    " is found or given up."
)
KEPT = "Some values changed at the same time. Run it again before you remove an old key."
DONE = "All that can be read is encrypted with the first key. The old keys may go from SECRET."
LOST = (
    "No key of SECRET decrypts {values}. Grants count as lost, and their tenants are asked to"
    " sign in to Salesforce again; second factors of staff have to be removed by a manager. If you"
    " still have the key, add it to SECRET and run this again."
)


class Command(BaseCommand):
    help = "Encrypt every stored token with the first key of SECRET. Safe to interrupt and repeat."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Print a line for each batch, and at the end whether the old keys may go."""
        rotation = encryption.rotate(self._report)
        if rotation.unreadable:
            self.stdout.write(LOST.format(values=counted(rotation.unreadable, "value")))
        self.stdout.write(_verdict(rotation))

    def _report(self, rotation: Rotation, total: int) -> None:
        self.stdout.write(
            f"{rotation.seen} of {counted(total, 'value')}: {rotation.rewritten} encrypted again,"
            f" {rotation.current} already with the first key, {rotation.unreadable} not readable"
        )
        self.stdout.flush()


def _verdict(rotation: Rotation) -> str:
    if rotation.changed:
        return KEPT
    return UNREAD if rotation.unreadable else DONE
