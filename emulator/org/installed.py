"""Which object types an org has, with a package installed or without."""

from collections.abc import Iterable
from dataclasses import replace

from emulator.org.objects import Field, SObject
from emulator.org.package import Package
from emulator.org.standard_objects import ACCOUNT, CONTACT, SYSTEM_FIELDS


def qualified(namespace: str, name: str) -> str:
    """Put the package's namespace before a custom name: `hcmc`, `Tweet__c` -> `hcmc__Tweet__c`."""
    return f"{namespace}__{name}" if namespace and name.endswith("__c") else name


def objects_of(namespace: str, package: Package | None) -> tuple[SObject, ...]:
    """List every object type of an org with this package, or without one."""
    if package is None:
        return (ACCOUNT, CONTACT)
    standard = (_extended(each, namespace, package) for each in (ACCOUNT, CONTACT))
    return (*standard, *package_objects(package, namespace))


def package_objects(package: Package, namespace: str) -> tuple[SObject, ...]:
    """List the package's own objects, named with the namespace when there is one."""
    return tuple(
        replace(
            each,
            name=qualified(namespace, each.name),
            fields=(*SYSTEM_FIELDS, *(_qualified_field(namespace, one) for one in each.fields)),
        )
        for each in package.objects
    )


def without_package(
    objects: Iterable[SObject], namespace: str, package: Package
) -> tuple[SObject, ...]:
    """Return object types without the package's objects and fields."""
    gone = {each.name for each in package_objects(package, namespace)}
    return tuple(_reduced(each, namespace, package) for each in objects if each.name not in gone)


def _extended(sobject: SObject, namespace: str, package: Package) -> SObject:
    added = package.added_fields.get(sobject.name, ())
    fields = (_qualified_field(namespace, each) for each in added)
    return replace(sobject, fields=(*sobject.fields, *fields))


def _reduced(sobject: SObject, namespace: str, package: Package) -> SObject:
    added = package.added_fields.get(sobject.name, ())
    gone = {qualified(namespace, each.name) for each in added}
    return replace(sobject, fields=tuple(each for each in sobject.fields if each.name not in gone))


def _qualified_field(namespace: str, field: Field) -> Field:
    target = qualified(namespace, field.reference_to) if field.reference_to else None
    return replace(field, name=qualified(namespace, field.name), reference_to=target)
