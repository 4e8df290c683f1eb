"""Who writes which block. Needs Django set up, and the repository's root as working directory."""

from scripts.documents import (
    apex,
    commands,
    conditions,
    decisions,
    figures,
    findings,
    roles,
    rooms,
    runbook,
    stages,
    states,
    switches,
)
from scripts.documents.blocks import Writer

WRITERS: dict[str, Writer] = {
    "floors": rooms.floors,
    "rooms": rooms.rooms,
    "contents": rooms.contents,
    "machine": stages.machine,
    "steps": stages.steps,
    "roles": roles.matrix,
    "actions": roles.actions,
    "switches": switches.effects,
    "decisions": decisions.index,
    "conditions": conditions.of_states,
    "commands": commands.targets,
    "states": states.write,
    "runbook": runbook.write,
    "lint": findings.rules,
    "apex": apex.source,
    "figures": figures.write,
}
