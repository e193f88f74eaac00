"""BPMN 2.0 XML with a diagram, of a compiled flow: for display and interchange, never read back.

Conditions are plain expressions over decided values (``complete_route in ['look']``), limits nominal durations: a
calendar of working days cannot be said in BPMN.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree as Xml

from doorstep.domains.studio.show.graph import Arrow, Graph, Node, graph_of
from doorstep.rulebook.clock import Limit
from doorstep.rulebook.flow import Flow
from doorstep.rulebook.words import Words

_NS = {
    "bpmn": "http://www.omg.org/spec/BPMN/20100524/MODEL",
    "bpmndi": "http://www.omg.org/spec/BPMN/20100524/DI",
    "dc": "http://www.omg.org/spec/DD/20100524/DC",
    "di": "http://www.omg.org/spec/DD/20100524/DI",
    "xsi": "http://www.w3.org/2001/XMLSchema-instance",
}
_HOURS = {"workday": 24, "day": 24, "workhour": 1, "hour": 1}


def bpmn(flow: Flow, name: str, title: Words, lang: str = "zh") -> str:
    """The flow as a BPMN document: process ``name``, titles in ``lang``."""
    return _Writer(graph_of(flow), name, title, lang).text()


def duration(limit: Limit) -> str:
    """A limit as an ISO 8601 duration; a working day counts as a day."""
    if limit.unit in _HOURS:
        hours = limit.value * _HOURS[limit.unit]
        return f"P{hours // 24}D" if hours % 24 == 0 and hours else f"PT{hours}H"
    return f"PT{limit.value}{'M' if limit.unit == 'minute' else 'S'}"


def _q(name: str) -> str:
    prefix, _, local = name.partition(":")
    return f"{{{_NS[prefix]}}}{local}"


class _Writer:
    def __init__(self, graph: Graph, name: str, title: Words, lang: str) -> None:
        self.graph, self.name, self.lang = graph, name, lang
        self.title = title.in_(lang)
        self.root = Xml.Element(
            _q("bpmn:definitions"), id=f"{name}_file", targetNamespace="urn:doorstep:flow"
        )
        self.flows = 0
        self.shapes: list[tuple[Node, int, int]] = []
        self.edges: list[tuple[str, list[tuple[int, int]]]] = []

    def text(self) -> str:
        for prefix, uri in _NS.items():
            Xml.register_namespace(prefix, uri)
        for code in sorted(set(_events(self.graph, "error"))):
            Xml.SubElement(self.root, _q("bpmn:error"), id=f"error_{code}", name=code, errorCode=code)
        for name in sorted({*_events(self.graph, "message"), *_messages(self.graph)}):
            Xml.SubElement(self.root, _q("bpmn:message"), id=f"message_{name}", name=name)
        process = Xml.SubElement(
            self.root, _q("bpmn:process"), id=self.name, name=self.title, isExecutable="true"
        )
        self.fill(process, self.graph, 60, 60)
        self.diagram()
        Xml.indent(self.root)
        return '<?xml version="1.0" encoding="UTF-8"?>\n' + Xml.tostring(self.root, encoding="unicode") + "\n"

    def fill(self, parent: Xml.Element, graph: Graph, left: int, top: int) -> None:
        """Nodes and arrows of one process into its element; ``left``, ``top``: where it is drawn."""
        flows = [(f"flow_{self.flows + at}", arrow) for at, arrow in enumerate(graph.arrows)]
        self.flows += len(flows)
        for node in graph.nodes.values():
            self.shapes.append((node, left + node.x, top + node.y))
            element = self.element(parent, node, flows)
            if node.inside is not None:
                self.fill(element, node.inside, left + node.x, top + node.y)
        for name, arrow in flows:
            self.arrow(parent, name, arrow)
            self.edges.append((name, _points(graph, arrow, left, top)))

    def element(self, parent: Xml.Element, node: Node, flows: list[tuple[str, Arrow]]) -> Xml.Element:
        element = Xml.SubElement(parent, _q(f"bpmn:{node.shape}"), self.attributes(node))
        for name, arrow in flows:
            if arrow.source == node.id and arrow.default:
                element.set("default", name)
        for way, key in (("incoming", "target"), ("outgoing", "source")):
            for name, arrow in flows:
                if getattr(arrow, key) == node.id:
                    Xml.SubElement(element, _q(f"bpmn:{way}")).text = name
        self.event(element, node)
        if node.times:
            many = Xml.SubElement(element, _q("bpmn:multiInstanceLoopCharacteristics"), isSequential="false")
            self.expression(many, "bpmn:loopCardinality", node.times)
        return element

    def attributes(self, node: Node) -> dict[str, str]:
        found = {"id": node.id}
        if node.title:
            found["name"] = node.title.in_(self.lang)
        if node.on:
            found |= {"attachedToRef": node.on, "cancelActivity": str(node.interrupts).lower()}
        if node.added:
            found["triggeredByEvent"] = "true"
        if node.shape == "startEvent" and node.event:
            found["isInterrupting"] = "false"
        if node.step and node.step.kind == "sub":
            found["calledElement"] = node.step.asks
        if node.step and node.step.kind == "wait":
            found["messageRef"] = f"message_{_name(node.step.asks)}"
        return found

    def event(self, element: Xml.Element, node: Node) -> None:
        kind, _, name = node.event.partition(":")
        if kind == "timer" and node.limit:
            timer = Xml.SubElement(element, _q("bpmn:timerEventDefinition"))
            self.expression(timer, "bpmn:timeDuration", duration(node.limit))
        elif kind == "terminate":
            Xml.SubElement(element, _q("bpmn:terminateEventDefinition"))
        elif kind == "error":
            Xml.SubElement(element, _q("bpmn:errorEventDefinition"), errorRef=f"error_{name}")
        elif kind == "message":
            Xml.SubElement(element, _q("bpmn:messageEventDefinition"), messageRef=f"message_{name}")

    def expression(self, parent: Xml.Element, tag: str, text: str) -> None:
        element = Xml.SubElement(parent, _q(tag))
        element.set(_q("xsi:type"), "bpmn:tFormalExpression")
        element.text = text

    def arrow(self, parent: Xml.Element, name: str, arrow: Arrow) -> None:
        element = Xml.SubElement(
            parent, _q("bpmn:sequenceFlow"), id=name, sourceRef=arrow.source, targetRef=arrow.target
        )
        if arrow.when:
            self.expression(element, "bpmn:conditionExpression", arrow.when)

    def diagram(self) -> None:
        diagram = Xml.SubElement(self.root, _q("bpmndi:BPMNDiagram"), id=f"{self.name}_picture")
        plane = Xml.SubElement(
            diagram, _q("bpmndi:BPMNPlane"), id=f"{self.name}_plane", bpmnElement=self.name
        )
        for node, x, y in self.shapes:
            shape = Xml.SubElement(plane, _q("bpmndi:BPMNShape"), id=f"{node.id}_shape", bpmnElement=node.id)
            if node.inside is not None:
                shape.set("isExpanded", "true")
            Xml.SubElement(shape, _q("dc:Bounds"), x=str(x), y=str(y), width=str(node.w), height=str(node.h))
        for name, points in self.edges:
            edge = Xml.SubElement(plane, _q("bpmndi:BPMNEdge"), id=f"{name}_edge", bpmnElement=name)
            for x, y in points:
                Xml.SubElement(edge, _q("di:waypoint"), x=str(x), y=str(y))


def _name(asked: str) -> str:
    return asked.replace(".", "_")


def _events(graph: Graph, kind: str) -> Iterator[str]:
    """The names of all errors or messages of a process."""
    for node in graph.nodes.values():
        found, _, name = node.event.partition(":")
        if found == kind:
            yield name
        if node.inside is not None:
            yield from _events(node.inside, kind)


def _messages(graph: Graph) -> Iterator[str]:
    for node in graph.nodes.values():
        if node.step and node.step.kind == "wait" and node.shape == "receiveTask":
            yield _name(node.step.asks)
        if node.inside is not None:
            yield from _messages(node.inside)


def _points(graph: Graph, arrow: Arrow, left: int, top: int) -> list[tuple[int, int]]:
    """An arrow: straight ahead if nothing stands in between, else around it; never through a box on the same row."""
    a, b = graph.nodes[arrow.source], graph.nodes[arrow.target]
    return [(left + x, top + y) for x, y in _way(graph, a, b)]


def _way(graph: Graph, a: Node, b: Node) -> list[tuple[int, int]]:
    right, middle = a.x + a.w, (a.x + a.w // 2, a.y + a.h // 2)
    goal = (b.x + b.w // 2, b.y + b.h // 2)
    if a.on:
        return _from_border(a, graph.nodes[a.on], b)
    if b.x > right and middle[1] != goal[1]:
        return [(right, middle[1]), (right + 15, middle[1]), (right + 15, goal[1]), (b.x, goal[1])]
    if b.x > right and not _between(graph, a, b):
        return [(right, middle[1]), (b.x, goal[1])]
    if b.y >= a.y + a.h:  # below, and not ahead: down, then across
        return [(middle[0], a.y + a.h), (middle[0], goal[1]), (b.x + b.w, goal[1])]
    if a.y >= b.y + b.h and a.x == b.x:  # back up to the box above
        return [(right - 20, a.y), (right - 20, b.y + b.h)]
    over = min(n.y for n in (a, b, *_between(graph, a, b))) - 20
    return [(middle[0], a.y), (middle[0], over), (goal[0], over), (goal[0], b.y)]


def _from_border(a: Node, host: Node, b: Node) -> list[tuple[int, int]]:
    """From a timer on a box's border: straight down and across, or around the box's right side."""
    x, low, goal = a.x + a.w // 2, a.y + a.h, b.y + b.h // 2
    if goal >= low:
        return [(x, low), (x, goal), (b.x if b.x > x else b.x + b.w, goal)]
    beside = host.x + host.w + 10
    return [
        (x, low),
        (x, low + 10),
        (beside, low + 10),
        (beside, goal),
        (b.x if b.x > beside else b.x + b.w, goal),
    ]


def _between(graph: Graph, a: Node, b: Node) -> list[Node]:
    """The boxes that stand on the straight line from one to the other."""
    line = a.y + a.h // 2
    on_it = (n for n in graph.nodes.values() if not n.on and n.y <= line <= n.y + n.h)
    return [n for n in on_it if a.x + a.w <= n.x and n.x + n.w <= b.x]
