"""Valhalla's own programs, as its wheel carries them: building tiles, and the command that serves them.

The wheel is for Python 3.12 and later, the programs in it for any machine of its kind: set-up puts it into a folder of its
own (``sys.prefix``/valhalla) and nothing of it is ever imported.
"""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

HOME = Path(sys.prefix) / "valhalla"
"""Where set-up puts the wheel."""
THREADS = 2


class NotHere(Exception):
    """The programs are not on this machine: times are estimated until set-up has fetched them."""


def program(name: str, home: Path = HOME) -> Path:
    """The path of a program such as ``valhalla_service``. Raises NotHere."""
    found = home / "valhalla" / "bin" / name
    if not found.exists():
        raise NotHere(f"{name} is not in {home}")
    found.chmod(found.stat().st_mode | 0o111)
    return found


def build_tiles(extract: Path, out: Path, home: Path = HOME) -> None:
    """Streets of ``extract`` (.osm.pbf) as tiles in ``out``. Raises NotHere, or ValueError with what Valhalla said."""
    builder = program("valhalla_build_tiles", home)
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    settings = out / "build.json"
    settings.write_text(json.dumps(config(out, home=home)))
    ran = subprocess.run(
        [str(builder), "-c", str(settings), str(extract)], capture_output=True, text=True, check=False
    )
    if ran.returncode or not any(out.rglob("*.gph")):
        raise ValueError(f"{extract.name}: {(ran.stderr or ran.stdout)[-2000:]}")


def service(tiles: Path, port: int, settings: Path, home: Path = HOME) -> list[str]:
    """The command that serves ``tiles`` on 127.0.0.1:``port``; its settings are written to ``settings``. Raises NotHere."""
    settings.write_text(json.dumps(config(tiles, port, home)))
    return [str(program("valhalla_service", home)), str(settings), str(THREADS)]


def config(tiles: Path, port: int = 0, home: Path = HOME) -> dict[str, Any]:
    """Valhalla's defaults with what we need otherwise: the fast matrix, room for 500 units, closures, quick restarts.

    ``timedistancematrix`` finds the nearest of 500 units 39 times faster than the default and in a tenth of the memory.
    """
    found = _defaults(home)
    found["mjolnir"] |= dict.fromkeys(
        ("tile_extract", "traffic_extract", "admin", "timezone", "landmarks"), ""
    )
    found["mjolnir"] |= {"tile_dir": str(tiles), "concurrency": THREADS, "max_cache_size": 256 * 2**20}
    found["mjolnir"]["logging"] = {"type": "std_err"}
    found["thor"]["source_to_target_algorithm"] = "timedistancematrix"
    found["httpd"]["service"] |= {
        "listen": f"tcp://127.0.0.1:{port}",
        "drain_seconds": 1,
        "shutdown_seconds": 1,
    }
    for part in ("loki", "thor"):
        # Sockets of their own for each service: two of them on one machine must not answer each other's questions.
        found[part]["service"]["proxy"] = f"ipc://{tiles}/{part}-{port}"
    found["odin"]["service"]["proxy"] = f"ipc://{tiles}/odin-{port}"
    found["httpd"]["service"] |= {
        "loopback": f"ipc://{tiles}/loopback-{port}",
        "interrupt": f"ipc://{tiles}/interrupt-{port}",
    }
    limits = found["service_limits"]
    for mode in ("auto", "pedestrian", "bicycle"):
        limits[mode] |= {
            "max_locations": 1000,
            "max_matrix_location_pairs": 1_000_000,
            "max_matrix_distance": 400_000.0,
        }
    limits["trace"] |= {"max_shape": 32_000, "max_distance": 400_000.0}
    limits["isochrone"] |= {"max_contours": 8}
    limits["max_exclude_polygons_length"] = 100_000
    return found


def _defaults(home: Path) -> dict[str, Any]:
    path = home / "valhalla" / "valhalla_build_config.py"
    spec = importlib.util.spec_from_file_location("valhalla_defaults", path)
    if spec is None or spec.loader is None or not path.exists():
        raise NotHere(f"{path} is missing")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return _plain(module.config, module.Optional)


def _plain(told: dict[str, Any], optional: type) -> dict[str, Any]:
    return {
        key: _plain(value, optional) if isinstance(value, dict) else value
        for key, value in told.items()
        if not isinstance(value, optional)
    }
