"""One tenant on the way to live: the emulated org, its admin, and the reconciler let go by hand."""

from datetime import timedelta
from typing import Any

import requests
from django.conf import settings
from django.db.models import F
from django.utils import timezone

import emulator as emulated
from connect.clients import heroku
from connect.mappings import templates
from connect.models import Connection, Stage
from connect.operations import connection as operations
from connect.provisioning import reconciler
from tenants.models import Message, MessageKind, Proof
from tests import cast
from tests.subscriber import Admin, new_org

ROUNDS = 60
MAILS = {
    Stage.WAITING_FOR_CONSENT: [MessageKind.SIGN_IN],
    Stage.WAITING_FOR_AUTHORIZATION: [MessageKind.SIGN_IN, MessageKind.AUTHORIZE],
    Stage.LIVE: [MessageKind.SIGN_IN, MessageKind.AUTHORIZE, MessageKind.LIVE],
}


class Journey:
    """One tenant on the way to live, its org, and its admin."""

    aging = timedelta(seconds=10)  # how much older an import seems at each look

    def __init__(
        self,
        running: emulated.Running,
        who: dict[str, str],
        proof: Proof,
        package: str = "current",
        **org: object,
    ) -> None:
        templates.ensure_first()
        self.running = running
        records = {"Account": [{"Name": "Northwind"}]}
        self.org_id = new_org(running, who, records=records, package=package, **org)
        self.admin = Admin(running, self.org_id)
        self.tenant = cast.enrol(who, proof=proof)
        self.connection = cast.connect(self.tenant)

    def advance(self) -> Connection:
        """Let the reconciler do what is due, as if the time for it had come."""
        waiting = Connection.objects.filter(pk=self.connection.pk, blocked_at=None)
        waiting.update(next_attempt_at=timezone.now())
        waiting.update(import_sent_at=F("import_sent_at") - self.aging)
        reconciler.advance(self.connection.pk)
        self.connection.refresh_from_db()
        return self.connection

    def reach(self, stage: Stage) -> Connection:
        """Advance until a stage is reached, with the admin doing their part."""
        for _ in range(ROUNDS):
            if self.connection.stage == stage or self.connection.blocked_at:
                break
            self.do_the_admins_part()
            self.advance()
        assert self.connection.stage == stage, self.connection.blocked_reason or self.connection
        return self.connection

    def do_the_admins_part(self) -> None:
        """Sign in or authorize, if that is what is waited for."""
        if self.connection.stage == Stage.WAITING_FOR_CONSENT:
            self.admin.sign_in(self.tenant)
        if self.connection.stage == Stage.WAITING_FOR_AUTHORIZATION:
            self.admin.authorize(self.tenant)

    def offboard(self, fate: str = "keep") -> None:
        """Off-board it as a manager does who does not want to wait for the end of the grace."""
        operations.operate("offboard", self.connection.pk, "mia", {"schema_fate": fate})
        operations.operate("end_grace", self.connection.pk, "mia", {})
        self.connection.refresh_from_db()

    def press(self, name: str, **options: Any) -> str:
        """Run an operation as the worker does after a press of staff; return what it says."""
        said = operations.operate(name, self.connection.pk, "olga", options).text
        self.connection.refresh_from_db()
        return said

    def set_config_var(self, name: str, value: str) -> None:
        """Set a config var of the portal's app at Heroku by hand."""
        url = f"{self.running.url}/heroku/apps/{settings.APP_NAME}/config-vars"
        headers = {
            "Authorization": f"Bearer {settings.HEROKU_API_TOKEN}",
            "Accept": heroku.VERSION,
        }
        requests.patch(url, json={name: value}, headers=headers, timeout=10).raise_for_status()

    def fault(self, system: str, method: str, path: str, **fault: Any) -> None:
        """Let the emulator fail, once by default."""
        self.running.fail(system, **{"method": method, "path": path, "times": 1, **fault})

    def assert_made_once(self) -> None:
        """One add-on, one connection with its schema, each mail once, each mapping once."""
        seen = self.connection
        assert [addon["name"] for addon in self.running.addons()] == [seen.addon_name]
        assert [(each["id"], each["schema_name"]) for each in self.running.connections()] == [
            (seen.connection_id, seen.schema_name)
        ]
        mails = Message.objects.exclude(kind=MessageKind.BLOCKED).order_by("pk")
        assert list(mails.values_list("kind", flat=True)) == MAILS[Stage(seen.stage)]
        assert seen.mappings.count() == (4 if seen.stage == Stage.LIVE else 0)

    def calls(self, method: str, path: str) -> int:
        """Count the calls of one kind, with any result."""
        log = self.running.calls()
        return sum(c["method"] == method and path in c["path"] for c in log)
