"""/control/: one readable page about everything, for people."""

from collections.abc import Iterable

from markupsafe import Markup
from werkzeug.wrappers import Response

from emulator.control.breaks.panel import break_panel
from emulator.control.system import SYSTEM
from emulator.org.installed import qualified
from emulator.org.org import Org
from emulator.state.entities import AddOn, Connection
from emulator.web import pages
from emulator.web.call import Call

MAX_CALLS_SHOWN = 40
BRAND = ("Emulator", "#334155")


@SYSTEM.route("/")
def overview(call: Call) -> Response:
    """Show orgs, connections, faults and the latest calls."""
    call.engine.settle_addons()
    body = Markup("").join(
        [
            Markup("<p>{}</p>").format(_mode(call)),
            _titled("Break it", break_panel(call)),
            _titled("Orgs", _org_table(call)),
            _titled("Add-ons and connections", _connection_table(call)),
            _titled("Faults in force", _fault_table(call)),
            _titled("Latest calls", _call_table(call)),
        ]
    )
    return pages.page("overview", "Heroku, Connect and Salesforce", body, BRAND, width="72rem")


def _titled(title: str, body: Markup) -> Markup:
    return Markup("<h2>{}</h2>{}").format(title, body)


def _mode(call: Call) -> str:
    clock = call.world.clock
    merged = " Merged-writes mode: this Postgres has no hstore." if call.world.merged_writes else ""
    return f"Durations run {clock.speed:g} times as fast as real time.{merged}"


def _org_table(call: Call) -> Markup:
    rows = [
        (
            Markup('<a href="/control/orgs/{}">{}</a>').format(org.id, org.name),
            org.id,
            org.environment,
            org.my_domain,
            org.namespace or "none",
            "yes" if org.package_installed else "no",
            _record_links(org),
            _published_link(org),
        )
        for org in list(call.world.orgs.values())
    ]
    head = ("Name", "Id", "Environment", "My Domain", "Namespace", "Package", "Records", "Link")
    return pages.table(head, rows)


def _record_links(org: Org) -> Markup:
    return Markup(" ").join(
        Markup('<a href="/control/orgs/{0}/records/{1}">{1}</a> {2}').format(
            org.id, each.name, org.count(each.name)
        )
        for each in org.objects.values()
    )


def _published_link(org: Org) -> Markup:
    """The link that the portal published to the org, as the package's page would show it."""
    name = qualified(org.namespace, "Connection__c")
    if org.describe(name) is None:
        return Markup("")
    links = (each.get(qualified(org.namespace, "Auth_URL__c")) for each in org.query(name))
    found = next((link for link in links if link), None)
    return Markup('<a href="{}">Authorize</a>').format(found) if found else Markup("")


def _connection_table(call: Call) -> Markup:
    world = call.world
    rows: list[Iterable[object]] = []
    for addon in world.all(AddOn):
        connection = world.connection_of(addon)
        rows.append(
            (
                addon.name,
                addon.plan,
                addon.state,
                "yes" if addon.linked else "no",
                connection.state if connection else "",
                (connection.schema_name if connection else None) or "",
                _mappings(call, connection) if connection else "",
                _login_form(connection) if connection else "",
            )
        )
    head = ("Add-on", "Plan", "State", "Linked", "Connection", "Schema", "Mappings", "Log in")
    return pages.table(head, rows)


def _mappings(call: Call, connection: Connection) -> str:
    found = call.world.mappings_of(connection)
    return ", ".join(f"{each.object_name} {each.state}" for each in found)


def _login_form(connection: Connection) -> Markup:
    """Buttons to authorize the connection without the portal."""
    if connection.state == "NEW":
        return Markup("")
    return Markup(
        '<form method="post" action="/control/connections/{}/authorize">'
        '<button name="environment" value="production">production</button> '
        '<button name="environment" value="sandbox">sandbox</button></form>'
    ).format(connection.id)


def _fault_table(call: Call) -> Markup:
    keys = ("system", "method", "path", "status", "drop", "delay", "times", "share", "met")
    rows = [[each[key] for key in keys] for each in call.world.faults.list()]
    return pages.table(keys, rows) if rows else Markup("<p>None.</p>")


def _call_table(call: Call) -> Markup:
    keys = ("system", "method", "path", "status", "request_id")
    # Copied, because other threads append while this page is made.
    latest = list(call.world.calls)[-MAX_CALLS_SHOWN:]
    rows = [[each["at"][11:19], *(each[key] for key in keys)] for each in reversed(latest)]
    return pages.table(("at", *keys), rows)
