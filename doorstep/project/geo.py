"""`doorstep geo build|where|way`: its arguments. What it does is in `doorstep/project/map.py`, which no other verb loads."""

from __future__ import annotations

import argparse
import importlib


def add(parser: argparse.ArgumentParser) -> None:
    """Give ``doorstep geo`` its verbs."""
    verbs = parser.add_subparsers(dest="geo_verb", required=True, metavar="VERB")
    told = "建地图：路网、底图、辖区、地名 · streets, base map, areas and names, built once"
    verbs.add_parser("build", help=told, description=told)
    told = "这个地址在哪、归谁管 · where an address is, and whose ground it is"
    where = verbs.add_parser("where", help=told, description=told)
    where.add_argument("text", metavar="ADDRESS")
    told = "从一处到另一处怎么走、多久 · the way from one address to another, and how long"
    way = verbs.add_parser("way", help=told, description=told)
    way.add_argument("start", metavar="FROM")
    way.add_argument("end", metavar="TO")


def run(args: argparse.Namespace) -> int:
    """Runs the verb: the libraries of the map weigh 36 MB, and no other process carries them."""
    return int(importlib.import_module("doorstep.project.map").run(args))
