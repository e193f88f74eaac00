"""What is wrong with something an author wrote (a table, a flow, a form, a pack), and where in it."""

from __future__ import annotations

from dataclasses import dataclass

from doorstep.rulebook.words import Words

Where = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Flaw:
    """``where`` is the way of keys and indexes to the place, ``rule`` a stable name of what was broken."""

    where: Where
    rule: str
    words: Words

    def under(self, *prefix: str | int) -> Flaw:
        """The same flaw seen from the whole of which this is a part."""
        return Flaw(prefix + self.where, self.rule, self.words)


class Flawed(Exception):
    """An author's text cannot be used; ``flaws`` holds every reason found, never only the first."""

    def __init__(self, flaws: list[Flaw]) -> None:
        super().__init__("; ".join(f"{'/'.join(map(str, f.where))}: {f.words.en}" for f in flaws))
        self.flaws = flaws
