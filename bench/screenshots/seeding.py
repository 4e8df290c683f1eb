"""What is shown: a fleet, its cases, and the addresses of their pages."""

import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.screenshots import rows
from bench.screenshots.addresses import PAGES, lists
from bench.screenshots.capture import PASSWORD

if TYPE_CHECKING:
    from connect.models import Connection

TENANTS = 400


def seed() -> dict[str, str]:
    """Fill the database; return each picture's name with its address."""
    from django.contrib.auth.models import User

    from bench import fleet

    fleet.seed(TENANTS)
    User.objects.create_superuser("olga", password=PASSWORD)
    rows.switch_off("social_job", "X bills every post twice", "olga")
    cases = rows.cases()
    for name in ("waiting", "blocked"):
        rows.sign_in(cases[name])
    rows.begin_grace(cases["grace"])
    rows.keep_schemas()
    incident, rollout = rows.incident(cases["ill"]), rows.rollout()
    return {
        **PAGES,
        **lists(),
        **dict(_of_tenants(cases)),
        "bulk": f"/admin/portal/bulkrun/{rows.bulk_run()}/change/",
        "incident": f"/admin/connect/incident/{incident}/change/",
        "rollout": f"/admin/connect/rollout/{rollout}/change/",
        **dict(_of_subscribers(cases)),
        **dict(_mails(cases)),
    }


def _of_tenants(cases: "dict[str, Connection]") -> Iterator[tuple[str, str]]:
    for name in ("waiting", "blocked", "live", "ill", "stopped", "grace"):
        yield f"tenant-{name}", f"/admin/tenants/tenant/{cases[name].tenant_id}/change/"
    live = f"/admin/tenants/tenant/{cases['live'].tenant_id}/do"
    yield "confirm", f"{live}/offboard/"
    yield "pause", f"{live}/pause_until/"


def _of_subscribers(cases: "dict[str, Connection]") -> Iterator[tuple[str, str]]:
    import time_machine
    from django.utils import timezone

    from connect import links as connect_links
    from tenants import links

    shown = {
        "subscriber-sign-in": "consent",
        "subscriber-authorize": "waiting",
        "subscriber-blocked": "blocked",
        "subscriber-live": "live",
        "subscriber-stopped": "stopped",
        "subscriber-grace": "grace",
    }
    for name, case in shown.items():
        yield name, links.sign_in_url(cases[case].tenant)
    tenant = cases["waiting"].tenant
    authorize = links.url("connect-authorize", connect_links.AUTHORIZE, tenant)
    yield "subscriber-sign-in-first", authorize
    with time_machine.travel(timezone.now() - timedelta(days=31)):
        yield "subscriber-expired", links.sign_in_url(tenant)


def _mails(cases: "dict[str, Connection]") -> Iterator[tuple[str, str]]:
    """Draft a mail of each kind; return its name and the file with it."""
    from tenants import messages
    from tenants.models import MessageKind

    alerts: dict[str, dict[str, Any]] = {
        MessageKind.BLOCKED: {
            "subject": "Fern Media is blocked: Heroku asks for payment",
            "text": "Heroku answers 402: unpaid.",
        },
        MessageKind.INCIDENT: {
            "subject": "Database unavailable: Copper Dental",
            "text": "Heroku Connect cannot reach the tenants’ database: connection refused.",
        },
        MessageKind.PORTAL: {
            "subject": "Unproven registrations cause too many mails",
            "text": "Further mails of unproven registrations are held back.",
        },
    }
    folder = Path(tempfile.mkdtemp())
    for kind in MessageKind:
        case = {MessageKind.LIVE: "live", MessageKind.INCIDENT: "ill"}.get(kind, "consent")
        tenant = None if kind == MessageKind.PORTAL else cases[case].tenant
        letter = folder / f"{kind}.html"
        context = alerts.get(kind, {})
        letter.write_text(messages.queue(tenant, kind, f"picture:{kind}", **context).html)
        name = "mail" if kind == MessageKind.SIGN_IN else f"mail-{kind}".replace("_", "-")
        yield name, letter.as_uri()
