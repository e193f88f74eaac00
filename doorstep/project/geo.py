"""`doorstep geo build|fetch|where|way`: its arguments. What it does is in `doorstep/project/map.py`, which no other verb loads."""

from __future__ import annotations

import argparse
import importlib


def add(parser: argparse.ArgumentParser) -> None:
    """Give ``doorstep geo`` its verbs."""
    verbs = parser.add_subparsers(dest="geo_verb", required=True, metavar="VERB")

    def verb(name: str, told: str) -> argparse.ArgumentParser:
        added = verbs.add_parser(name, help=told, description=told)
        told = "regions/ 里的哪个地方 · which folder of regions/; otherwise that of the data directory"
        added.add_argument("--region", default="", metavar="NAME", help=told)
        return added

    verb("build", "建地图：路网、底图、辖区、地名 · streets, base map, areas and names, built once")
    fetch = verb("fetch", "下载路网数据，核对校验值 · get an extract and prove its checksum")
    fetch.add_argument("--url", default="", help="OpenStreetMap .osm.pbf; otherwise `url` of streets.yaml")
    fetch.add_argument("--sha256", default="", help="otherwise `sha256` of streets.yaml")
    where = verb("where", "这个地址在哪、归谁管 · where an address is, and whose ground it is")
    where.add_argument("text", metavar="ADDRESS")
    way = verb("way", "从一处到另一处怎么走、多久 · the way from one place to another, and how long")
    way.add_argument("start", metavar="FROM", help="地址或经纬度 · an address, or longitude,latitude")
    way.add_argument("end", metavar="TO")


def run(args: argparse.Namespace) -> int:
    """Runs the verb: the libraries of the map weigh 36 MB, and no other process carries them."""
    return int(importlib.import_module("doorstep.project.map").run(args))
