"""`python manage.py unlock NAME`: for a member of staff who is locked out."""

from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal import audit
from portal.door import throttle
from portal.models import AuditKind

ACTOR = "manage.py unlock"


class Command(BaseCommand):
    help = "Forget the wrong attempts at signing in as NAME. For managers: the pages can do it too."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", metavar="NAME")
        parser.add_argument(
            "--remove-factors",
            action="store_true",
            help="also remove the app, the passkeys and the recovery codes of NAME",
        )

    def handle(self, *_args: Any, name: str, remove_factors: bool, **_options: Any) -> None:
        """Unlock, note it in the audit trail, and print what was done."""
        user = User.objects.filter(username=name).first()
        if user is None:
            raise CommandError(f"No member of staff is named “{name}”. Nothing was changed.")
        done = [f"{throttle.unlock(name)} limits on attempts forgotten"]
        if remove_factors:
            done.append(f"{_remove_factors(user)} second factors removed")
        result = f"{' and '.join(done)}."
        audit.note(
            AuditKind.STAFF_CHANGED, "Unlocked", actor=ACTOR, about=name, result=result.capitalize()
        )
        self.stdout.write(f"{name}: {result}")


def _remove_factors(user: User) -> int:
    return int(Authenticator.objects.filter(user=user).delete()[0])
