"""The picture of a flow: ours, calm, from top to bottom, branches side by side. One file, no script, colours by class.

Give a state and its steps are marked: done, here, late. The words of the picture stand in its description, too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import escape
from unicodedata import east_asian_width

from doorstep.rulebook.flow import CORRECT, Flow, State, Step, step_of
from doorstep.rulebook.words import Words

_W, _H, _LINE, _GAP, _PAD = 300, 54, 18, 26, 18
BY = {
    "received": Words("受理点", "point of intake"), "competent": Words("承办单位", "competent unit"),
    "county": Words("上级分局", "district bureau above"), "city": Words("市局", "city bureau"),
    "hand_out": Words("领取点", "point of hand-out"), "branch": Words("本分支单位", "the branch's unit"),
    "applicant": Words("申请人", "applicant"), "system": Words("系统", "system"),
}  # fmt: skip
_KINDS = {
    "decide": Words("按表判断", "by table"), "call": Words("询问系统", "asks a system"), "sub": Words("子办件", "child matter"),
    "wait": Words("等消息", "waits for a message"),
}  # fmt: skip
_MAY_ADD = Words("可加办", "May be added")
_ONLY = Words("仅当“{name}”答 {values}", "only if “{name}” says {values}")
_BACK = Words("可退回 {n} 次", "back up to {n} times")
_STYLE = """
svg{font-family:"Noto Sans SC",system-ui,sans-serif;font-size:14px;color:#1d2b3a}
.node{fill:#fff;stroke:#9fb0c0}.soft .node{fill:#f4f7fa;stroke-dasharray:none}.beside .node{fill:none;stroke-dasharray:5 4}
.fork>.frame{fill:#f8fafc;stroke:#d5dee7}.edge{fill:none;stroke:#9fb0c0;stroke-width:1.5}.edge.back{stroke-dasharray:4 4}
text{fill:currentColor}.note{font-size:12px;fill:#5a6b7b}
.done .node{fill:#e8f3ec;stroke:#4f9a6c}.here .node{fill:#fff6de;stroke:#c98a12}
.late .node{fill:#fdeaea;stroke:#c0392b}
"""


def svg(
    flow: Flow, title: Words, lang: str = "zh", state: State | None = None, *, dressed: bool = True
) -> str:
    """The flow as an SVG document in one language. ``state`` marks where a matter stands. Inside a page it is not
    ``dressed``: it has no colours of its own, the page's style sheet gives them.
    """
    drawing = _Drawing(flow, lang, state or State())
    way = drawing.block("")
    width, height = way.w + 2 * _PAD, way.h + 2 * _PAD + 34
    told = escape("；".join(drawing.told) if lang == "zh" else "; ".join(drawing.told))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" lang="{"zh-Hans" if lang == "zh" else "en"}"><title>{escape(title.in_(lang))}</title>'
        f"<desc>{told}</desc>{f'<style>{_STYLE}</style>' if dressed else ''}"
        f'<text x="{_PAD}" y="26" font-weight="600">{escape(title.in_(lang))}</text>{way.draw(_PAD, 34 + _PAD)}</svg>\n'
    )


@dataclass(frozen=True, slots=True)
class _Part:
    """A piece of the picture: its size, and how it is drawn at a place."""

    w: int
    h: int
    draw: Callable[[int, int], str]


class _Drawing:
    def __init__(self, flow: Flow, lang: str, state: State) -> None:
        self.flow, self.lang, self.told = flow, lang, list[str]()
        self.open = {step_of(token) for token in state.open} | {step_of(token) for token in state.forks}
        self.seen, self.late = {step_of(t) for t in state.visits}, {step_of(t) for t in state.late}

    def say(self, words: Words) -> str:
        return words.in_(self.lang)

    def block(self, name: str) -> _Part:
        """The steps of a block, one under the other, then what may be added."""
        parts = [self.part(self.flow.steps[step]) for step in self.flow.blocks[name].order]
        after = len(parts)
        parts += [self.step(s, "beside") for s in self.flow.steps.values() if s.adhoc and s.block == name]
        width = max(part.w for part in parts)
        height = sum(part.h for part in parts) + _GAP * (len(parts) - 1)

        def draw(x: int, y: int) -> str:
            return "".join(self._under(parts, after, width, x, y))

        return _Part(width, height, draw)

    @staticmethod
    def _under(parts: list[_Part], after: int, width: int, x: int, y: int) -> Iterator[str]:
        """One under the other, joined by lines; from ``after`` on they stand beside the way and nothing leads to them."""
        middle = x + width // 2
        for at, part in enumerate(parts):
            if 0 < at < after:
                yield f'<path class="edge" d="M{middle} {y - _GAP}V{y}"/>'
            yield part.draw(x + (width - part.w) // 2, y)
            y += part.h + _GAP

    def part(self, step: Step) -> _Part:
        return self.fork(step) if step.kind == "each" else self.step(step, "soft" if not step.waits else "")

    def fork(self, step: Step) -> _Part:
        """Branches side by side in a frame, each under its name."""
        title = self.say(step.title)
        self.told.append(title)
        named = [(self.flow.blocks[name].title or step.title, name) for name in step.blocks]
        names = ("、" if self.lang == "zh" else ", ").join(
            self.say(words) for words in step.names.values()
        ) or step.of
        branches = [(self.say(words), self.block(name)) for words, name in named] or [
            (names, self.block(step.id))
        ]
        width = sum(part.w for _, part in branches) + _PAD * (len(branches) + 1)
        height = max(part.h for _, part in branches) + 2 * _PAD + 44

        def draw(x: int, y: int) -> str:
            inner, left = "", x + _PAD
            for name, part in branches:
                inner += f'<text class="note" x="{left}" y="{y + 46}">{escape(name)}</text>'
                inner += part.draw(left, y + 44 + _PAD)
                left += part.w + _PAD
            frame = f'<rect class="frame" x="{x}" y="{y}" width="{width}" height="{height}" rx="10"/>'
            head = f'<text x="{x + _PAD}" y="{y + 24}">{escape(title)}</text>'
            return f'<g class="fork {self.status(step)}">{frame}{head}{inner}</g>'

        return _Part(width, height, draw)

    def step(self, step: Step, style: str) -> _Part:
        between, either = ("，", "、") if self.lang == "zh" else (", ", " or ")
        title, note = self.say(step.title), between.join(self.notes(step))
        only = between.join(self.say(self.guard(name, values, either)) for name, values in step.when.items())
        names, small = (
            _lines(title, 19),
            [line for text in (note, only) if text for line in _lines(text, 22.5)],
        )
        height = _H + _LINE * (len(names) + len(small) - 2)
        self.told.append(f"{title}（{note}）" if self.lang == "zh" else f"{title} ({note})")

        def draw(x: int, y: int) -> str:
            texts = f'<rect class="node" x="{x}" y="{y}" width="{_W}" height="{height}" rx="8"/>'
            for at, line in enumerate((*names, *small)):
                look = "" if at < len(names) else 'class="note" '
                low = y + 23 + _LINE * at + (0 if at < len(names) else 1)
                texts += f'<text {look}x="{x + 12}" y="{low}">{escape(line)}</text>'
            return f'<g class="{style} {self.status(step)}" data-step="{step.id}">{texts}</g>'

        return _Part(_W, height, draw)

    def guard(self, name: str, values: tuple[object, ...], either: str) -> Words:
        """When a step happens, by the title of the step that answers; an answer that has words is said in them."""
        asked = name.partition(".")[0]
        by = next((s for s in self.flow.steps.values() if asked in (s.id, s.table)), None)
        told = [
            self.say(by.labels[v]) if by and isinstance(v, str) and v in by.labels else str(v) for v in values
        ]
        return _ONLY.format(name=by.title if by else asked, values=either.join(told))

    def notes(self, step: Step) -> Iterator[str]:
        """Who does it, what it is, by when, how often it may go back."""
        if step.adhoc:
            yield self.say(_MAY_ADD)
        yield self.say(_KINDS.get(step.kind) or BY[step.by])
        if step.limit:
            yield self.say(step.limit.words)
        if step.returns:
            yield self.say(_BACK.format(n=step.returns.at_most))

    def status(self, step: Step) -> str:
        if step.id in self.late:
            return "late"
        if step.id in self.open or CORRECT + step.id in self.open:
            return "here"
        return "done" if step.id in self.seen else ""


def _lines(text: str, room: float) -> list[str]:
    """``text`` in lines that fit; a Chinese character is as wide as two others, and Latin words stay whole."""
    lines, line, used = [], "", 0.0
    for piece in re.findall(r"[!-~]+ ?|.", text):
        wide = sum(1.0 if east_asian_width(char) in "WF" else 0.52 for char in piece.rstrip())
        if line and used + wide > room:
            lines.append(line.rstrip())
            line, used = "", 0.0
        line, used = line + piece, used + wide + 0.52 * piece.endswith(" ")
    return [*lines, line.rstrip()]
