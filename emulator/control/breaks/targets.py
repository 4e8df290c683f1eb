"""What a break can be done to: an org, a connection or a mapping that there is."""

from emulator.control.breaks.kinds import CONNECTION, EVERYTHING, MAPPING, ORG, Break, Target
from emulator.control.system import reject
from emulator.state.entities import Connection, Mapping
from emulator.web.call import Call


def targets(call: Call, on: str) -> dict[str, str]:
    """Name the targets there are: a label for each id, oldest first."""
    world = call.world
    if on == ORG:
        return {each.id: f"{each.name} ({each.id})" for each in list(world.orgs.values())}
    if on == CONNECTION:
        return {each.id: _label(call, each) for each in world.all(Connection)}
    if on == MAPPING:
        return {each.id: _mapping_label(call, each) for each in world.all(Mapping)}
    return {}


def target_of(call: Call, wanted: Break, key: str) -> Target:
    """Find the target of a call; without a key it is the only one there is. Else 400 or 404."""
    if wanted.on == EVERYTHING:
        return None
    known = targets(call, wanted.on)
    if not key and len(known) == 1:
        (key,) = known
    if not key:
        reject(400, f"name the {wanted.on} by its id in `{wanted.on}`; there are {len(known)}")
    if key not in known:
        reject(404, f"no such {wanted.on}: {key}")
    return _found(call, wanted.on, key)


def choice_of(wanted: Break, choice: str) -> str:
    """Check a choice; any text is one where there are choices, since states can be unknown."""
    if wanted.choices and not choice:
        reject(400, f"`choice` is one of {', '.join(wanted.choices)}, or any other text")
    return choice


def _found(call: Call, on: str, key: str) -> Target:
    if on == ORG:
        return call.world.orgs[key]
    if on == CONNECTION:
        return call.world.connections[key]
    return call.world.get(Mapping, key)


def _label(call: Call, connection: Connection) -> str:
    return f"{call.world.addons[connection.addon_id].name}: {connection.state}"


def _mapping_label(call: Call, mapping: Mapping) -> str:
    connection = call.world.connections[mapping.connection_id]
    name = call.world.addons[connection.addon_id].name
    return f"{name}, {mapping.object_name}: {mapping.state}"
