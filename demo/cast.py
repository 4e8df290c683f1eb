"""The orgs of the demo and the smoke run."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Records = dict[str, list[dict[str, Any]]]


class Proof(StrEnum):
    """What shows the portal that the org itself registered."""

    SIGNED = "signed callout"
    STAFF = "approved by staff"
    CONSENT = "Salesforce sign-in"


@dataclass(frozen=True)
class Org:
    """A subscriber's org, as its package would describe it in the callout."""

    org_id: str
    name: str
    email: str
    environment: str = "production"
    my_domain: str = ""
    namespace: str = ""
    proof: Proof = Proof.SIGNED
    records: Records = field(default_factory=dict, compare=False)

    def callout(self) -> dict[str, str]:
        """Return the callout's body."""
        body = {"org_id": self.org_id, "org_name": self.name, "admin_email": self.email}
        optional = {
            "environment": self.environment,
            "login_domain": self.my_domain,
            "namespace": self.namespace,
        }
        return {**body, **{name: value for name, value in optional.items() if value}}

    def field(self, name: str) -> str:
        """Return the API name that an object or field of the package has in this org."""
        return f"{self.namespace}__{name}" if self.namespace else name


def _accounts(*names: str, handle: str = "Twitter__c") -> list[dict[str, Any]]:
    return [{"Name": name, handle: name.split()[0].lower()} for name in names]


ACME = Org(
    org_id="00DB00000002NDmMAM",
    # Quotes, an ampersand and an umlaut show that nothing on the way breaks them.
    name='Acme & Söhne "West"',
    email="ops@acme.example",
    my_domain="acme.my.salesforce.com",
    records={
        "Account": _accounts("Heroku", "Salesforce", "Python Software Foundation", "Django"),
        "Contact": [{"LastName": "Lovelace", "FirstName": "Ada"}, {"LastName": "Hopper"}],
    },
)
BOREALIS = Org(
    org_id="00D3h0000008cPbEAI",
    name="Borealis",
    email="admin@borealis.example",
    environment="sandbox",
    proof=Proof.STAFF,
    records={
        "Account": _accounts("Aurora Optics", "Polar Freight"),
        "Contact": [{"LastName": "Nansen", "FirstName": "Fridtjof"}],
    },
)
CIRRUS = Org(
    org_id="00Dxx0000001gPLEAY",
    name="Cirrus",
    email="it@cirrus.example",
    namespace="hcmc",
    proof=Proof.CONSENT,
    records={
        "Account": _accounts("Stratus Ltd", "Nimbus AG", handle="hcmc__Twitter__c"),
        "Contact": [{"LastName": "Howard", "FirstName": "Luke"}],
    },
)
DUNE = Org(
    org_id="00D5g000004XyZaEAK",
    name="Dune Ltd",
    email="crm@dune.example",
    records={"Account": _accounts("Arrakis Mining")},
)
EMBER = Org(
    org_id="00D7Q000000pQrSUAU",
    name="Ember AG",
    email="sales@ember.example",
    proof=Proof.CONSENT,
    records={"Account": _accounts("Phoenix Forge")},
)
GLACIER = Org(
    org_id="00D1t000000KqLmEAK",
    name="Glacier Water",
    email="it@glacier.example",
    records={"Account": _accounts("Moraine Springs")},
)
HARBOR = Org(
    org_id="00D2w00000AbCdEEAV",
    name="Harbor Lines",
    email="crm@harbor.example",
    records={"Account": _accounts("Pier Logistics", "Lighthouse Insurance")},
)
INDIGO = Org(
    org_id="00D4x000000FgHiEAK",
    name="Indigo Textiles",
    email="admin@indigo.example",
    records={"Account": _accounts("Loom Works"), "Contact": [{"LastName": "Jacquard"}]},
)
JUNIPER = Org(
    org_id="00D6y000000JkLmEAK",
    name="Juniper Health",
    email="ops@juniper.example",
    records={"Account": _accounts("Berry Clinic")},
)
KESTREL = Org(
    org_id="00D8z000000NoPqEAK",
    name="Kestrel Air",
    email="it@kestrel.example",
    records={"Account": _accounts("Hover Charter")},
)

ORGS = (
    *(ACME, BOREALIS, CIRRUS, DUNE, EMBER),
    *(GLACIER, HARBOR, INDIGO, JUNIPER, KESTREL),
)

# What the demo's companies say on X: handle, text, likes.
POSTS = (
    ("heroku", "Heroku Connect for ISVs is here: one portal, every subscriber.", 412),
    ("heroku", "Scheduled maintenance in the EU region is over.", 12),
    ("salesforce", "See you at Dreamforce! 🎉", 2048),
)
MORE_POSTS = (
    ("python", "Python 3.15 alpha 2 is out. Please test it.", 731),
    ("django", "Django 5.2 LTS: “boring” in the best sense.", 503),
    ("aurora", "New lenses: 30 % lighter, just as sharp.", 18),
    ("polar", "Our ice-class fleet has reached Tromsø. ⚓", 44),
)
LATER_POSTS = (
    ("pier", "Berth 7 is open again.", 9),
    ("pier", "New crane, new record: 41 moves an hour.", 67),
    ("lighthouse", "Storm season: check your cover.", 25),
    ("loom", "Our autumn cloth is dyed with real indigo.", 31),
)

# Faster than the real systems, to avoid waiting; links and tokens are valid as long as in reality.
BEHAVIOUR = {
    "provisioning_seconds": 2,
    "configure_seconds": 1,
    "import_lag_seconds": 1,
    "import_seconds": 1,
    "initial_seconds": 1,
    "bulk_wait_seconds": 1,
    "bulk_load_seconds": 2,
    "notify_seconds": 2,
    "recovery_seconds": 10,
    "validation_seconds": 5,
    "pause_seconds": 0,
    "db_poll_seconds": 10,
}
