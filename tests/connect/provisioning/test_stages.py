import itertools

import pytest

from connect.models import ENDING, Stage
from connect.provisioning import stages, steps

OTHERS = (Stage.WAITING_FOR_PROOF, Stage.OFFBOARDED)
# An undo goes back to the stage before.
HAS_ADDON = [stage for stage in Stage if stage not in (*ENDING, *OTHERS)]
LEGAL = {
    *stages.NEXT.items(),
    *((stage, Stage.OFFBOARDING) for stage in Stage if stage.value[:8] != "offboard"),
    *((stage, Stage.GRACE) for stage in HAS_ADDON),
    (Stage.RESUMING, Stage.GRACE),
    (Stage.GRACE, Stage.RESUMING),
    *((Stage.RESUMING, stage) for stage in HAS_ADDON),
    (Stage.PUBLISHING_LINK, Stage.WAITING_FOR_CONSENT),
    (Stage.IMPORTING_MAPPINGS, Stage.IMPORTING_MAPPINGS),
    (Stage.LOADING, Stage.IMPORTING_MAPPINGS),
    (Stage.LIVE, Stage.IMPORTING_MAPPINGS),
}


@pytest.mark.parametrize(("now", "then"), list(itertools.product(Stage, Stage)))
def test_exactly_the_moves_of_the_table_are_legal(now: Stage, then: Stage) -> None:
    if (now, then) in LEGAL:
        stages.check_transition(now, then)
    else:
        with pytest.raises(stages.IllegalTransition):
            stages.check_transition(now, then)


def test_every_stage_but_the_two_at_rest_has_a_step() -> None:
    assert set(steps.STEPS) == set(Stage) - {Stage.LIVE, Stage.OFFBOARDED}


def test_the_order_leads_from_the_first_callout_to_live() -> None:
    stage = Stage.WAITING_FOR_PROOF
    passed = [stage]
    while stage in stages.NEXT:
        stage = stages.NEXT[stage]
        passed.append(stage)
    assert passed[-1] == Stage.LIVE
    assert len(passed) == 10
