"""What a managed package brings into an org."""

from collections.abc import Mapping
from dataclasses import dataclass

from emulator.org.objects import Field, SObject


@dataclass(frozen=True)
class Package:
    """A package; its names are without a namespace. `keeps` maps parameters of its Apex REST
    service to fields of Connection__c. With `checks_link` it takes links to its portal only."""

    objects: tuple[SObject, ...]
    added_fields: Mapping[str, tuple[Field, ...]]
    service: str
    parameters: frozenset[str]
    keeps: Mapping[str, str]
    checks_link: bool
