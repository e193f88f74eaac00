"""The pack studio: every item as those who answer for it read it, and a live preview for those who write it."""

from __future__ import annotations

from doorstep.domains.studio import difference, item, laying, listing, timetabling, trial, used
from doorstep.domains.studio.frame import STAFF
from doorstep.kernel.plug import Domain, Tile
from doorstep.rulebook.words import Words
from doorstep.web.routes import Route, View

_BOTH = ("GET", "POST")
_ITEM = "studio/<str:item>"
_LAYER = "studio/layers/<str:place>"


def _route(
    path: str, view: View, name: str, methods: tuple[str, ...] = ("GET",), right: str = "design"
) -> Route:
    """A page for staff who may design, or lay. No page of the studio has a person on it."""
    return Route(path, view, name, right, "staff", methods, STAFF, tier="public")


DOMAIN = Domain(
    name="studio",
    title=Words("事项工作室", "Pack studio"),
    tiles=(
        Tile(
            Words("事项工作室", "Pack studio"), Words("每个事项怎么写的", "How each item is made"), "/studio/", "design",
            "layout-list", "public",
        ),
        Tile(
            Words("本级的规定", "Our own layer"),
            Words("承诺、材料、渠道，本单位怎么定", "What this unit sets: promises, papers, channels"),
            "/studio/layers", "lay", "stack-2", "public",
        ),
    ),
    routes=(
        _route("studio/", listing.listing, "studio", _BOTH),
        _route("studio/try", trial.start, "studio_try", _BOTH),
        _route("studio/try/<str:item>", trial.watch, "studio_watch"),
        _route("studio/try/<str:item>/now", trial.now, "studio_now"),
        _route("studio/layers", laying.layers, "studio_all_layers"),
        _route(_LAYER, laying.layer, "studio_layer"),
        _route(f"{_LAYER}/file", laying.file, "studio_layer_file"),
        _route(f"{_LAYER}/set/<str:item>", laying.set_one, "studio_layer_item", _BOTH, "lay"),
        _route(f"{_LAYER}/set/<str:item>/<path:do>", laying.set_one, "studio_layer_set", _BOTH, "lay"),
        _route(f"{_LAYER}/beside", laying.beside, "studio_layer_beside"),
        _route(f"{_LAYER}/points", timetabling.points, "studio_layer_points"),
        _route(f"{_LAYER}/point/<str:point>", timetabling.point, "studio_layer_point"),
        _route(f"{_LAYER}/point/<str:point>/<slug:rows>", timetabling.set_row, "studio_layer_hours", _BOTH, "lay"),
        _route(f"{_LAYER}/publish", laying.publish, "studio_layer_publish", _BOTH, "lay"),
        _route(f"{_LAYER}/back", laying.back, "studio_layer_back", ("POST",), "lay"),
        _route("studio/used", used.used, "studio_used"),
        _route(_ITEM, item.plain, "studio_item_plain"),
        _route(f"{_ITEM}/", item.one, "studio_item"),
        _route(f"{_ITEM}/examples", item.examples, "studio_examples", _BOTH),
        _route(f"{_ITEM}/difference", difference.compared, "studio_difference"),
        _route(f"{_ITEM}/<slug:part>", item.one, "studio_part"),
        _route(f"{_ITEM}/file/<slug:form>", item.download, "studio_file"),
        _route(f"{_ITEM}/paper/<slug:template>.<slug:kind>", item.paper, "studio_paper"),
    ),
)  # fmt: skip
