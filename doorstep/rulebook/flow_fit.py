"""Whether a matter could go on in another flow from where it stands. Pure."""

from __future__ import annotations

from doorstep.rulebook.flow_shape import Flow, State, step_of
from doorstep.rulebook.words import Words


def misfits(old: Flow, new: Flow, state: State) -> list[Words]:
    """Why a state of one flow is none of another: each open step has to be there, the same and in the same branches, and
    each open fork with all of its open branches."""
    if old.machine != new.machine:
        return [Words("办理方式不同", "it is moved another way")]
    no = []
    for name in dict.fromkeys(step_of(token) for token in (*state.open, *state.forks)):
        was, now = old.step(name), new.steps.get(name)
        title = was.title
        if now is None:
            no.append(Words(f"新版本没有“{title.zh}”这一步", f"there is no step '{title.en}'"))
        elif (was.kind, was.by, was.outcomes) != (now.kind, now.by, now.outcomes):
            no.append(Words(f"“{title.zh}”由别人办，或者结果不同", f"'{title.en}' is another step"))
        elif _around(old, name) != _around(new, name):
            no.append(Words(f"“{title.zh}”在别的分支里", f"'{title.en}' stands in another branch"))
        elif not set(was.blocks) <= set(now.blocks):
            no.append(Words(f"“{title.zh}”少了分支", f"'{title.en}' has lost a branch"))
    return no


def _around(flow: Flow, name: str) -> tuple[str, ...]:
    """The branches and forks around a step, from the inside out."""
    block, found = flow.blocks[flow.steps[name].block], []
    while block.owner:
        found += [block.id, block.owner]
        block = flow.blocks[flow.steps[block.owner].block]
    return tuple(found)
