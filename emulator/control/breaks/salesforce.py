"""What can break at Salesforce: its service, an org's package, its users and its records."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from emulator.control.breaks.kinds import ORG, Break, Target, faulty
from emulator.control.grants import expire_tokens_of, revoke_grants_of
from emulator.control.org_setup import install_package, uninstall_package
from emulator.control.system import reject
from emulator.org.org import Org, User
from emulator.org.refusals import ValidationRule
from emulator.web.call import Call

REFUSAL = "Refused by the emulator's break refuse-rows"


def _org(target: Target) -> Org:
    if not isinstance(target, Org):
        reject(400, "an org is expected")
    return target


def _revoke(call: Call, target: Target, _choice: str) -> None:
    revoke_grants_of(call.world, _org(target))
    call.engine.sync()


def _uninstall(call: Call, target: Target, _choice: str) -> None:
    uninstall_package(call.world, _org(target))
    call.engine.sync()


def _refuse_rows(call: Call, target: Target, choice: str) -> None:
    """Add a rule for each object that every write matches."""
    _take_rows(call, target, choice)
    org = _org(target)
    org.rules += [ValidationRule(each, "Name", "", REFUSAL) for each in org.objects]
    call.world.save_org(org)


def _take_rows(call: Call, target: Target, _choice: str) -> None:
    org = _org(target)
    org.rules[:] = [each for each in org.rules if each.message != REFUSAL]
    call.world.save_org(org)


def _orgs(holds: Callable[[Org], bool]) -> Callable[[Call], list[str]]:
    return lambda call: [each.id for each in list(call.world.orgs.values()) if holds(each)]


def _changed(user: User, change: dict[str, Any]) -> User:
    return replace(user, **change)


def _permission(name: str, permission: str, title: str, text: str) -> Break:
    """A break that takes a permission from every user of an org."""

    def set_to(call: Call, target: Target, *, allowed: bool) -> None:
        org = _org(target)
        org.users[:] = [_changed(each, {permission: allowed}) for each in org.users]
        call.world.save_org(org)

    return Break(
        name,
        title,
        text,
        lambda call, target, _choice: set_to(call, target, allowed=False),
        lambda call, target, _choice: set_to(call, target, allowed=True),
        broken=_orgs(lambda org: not all(getattr(u, permission) for u in org.users)),
        on=ORG,
    )


BREAKS = (
    faulty(
        "salesforce-away",
        "Salesforce is away",
        "Every call to Salesforce is answered with 503: tokens, identity, the package's service.",
        {"system": "salesforce", "status": 503},
    ),
    faulty(
        "salesforce-slow",
        "Salesforce is slow",
        "Every call to Salesforce takes 8 real seconds longer, and works.",
        {"system": "salesforce", "delay": 8},
    ),
    faulty(
        "salesforce-html",
        "Salesforce answers with a page",
        "Every call to Salesforce gets 502 and a page of HTML, as during its maintenance.",
        {"system": "salesforce", "html": True},
    ),
    Break(
        "revoke-grant",
        "An org revokes its grants",
        "Tokens of every app end, and its connection becomes UNAUTHORIZED. A new consent fixes it.",
        _revoke,
        on=ORG,
    ),
    Break(
        "expire-tokens",
        "An org's access tokens expire",
        "The next call with one gets 401 INVALID_SESSION_ID. A refresh fixes it.",
        lambda call, target, _choice: expire_tokens_of(call.world, _org(target)),
        on=ORG,
    ),
    Break(
        "uninstall-package",
        "An org uninstalls the package",
        "Its objects, fields and records are gone: mappings of them become BAD_CONFIG.",
        _uninstall,
        lambda call, target, _choice: install_package(call.world, _org(target)),
        broken=_orgs(lambda org: not org.package_installed),
        on=ORG,
    ),
    Break(
        "refuse-rows",
        "An org refuses every row",
        "Each write from Postgres ends as FAILED, by a validation rule.",
        _refuse_rows,
        _take_rows,
        broken=_orgs(lambda org: any(r.message == REFUSAL for r in org.rules)),
        on=ORG,
    ),
    _permission(
        "api-disabled",
        "api_enabled",
        "The users of an org lose the API",
        "Calls in their name get 403 API_DISABLED_FOR_ORG.",
    ),
    _permission(
        "package-access-lost",
        "package_access",
        "The users of an org lose the package's classes",
        "The package's service answers 403 FORBIDDEN.",
    ),
    _permission(
        "view-all-data-lost",
        "view_all_data",
        "The users of an org lose View All Data",
        "The connection sees a part of the records; the diagnosis says so in red.",
    ),
)
