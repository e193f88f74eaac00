"""The command map 指挥地图: calls and duty units, live, as far as the viewer may see."""
