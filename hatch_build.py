"""What hatchling does before it packs a wheel: the web client is built into the package.

An editable install has none of it: there ``make`` builds what ``serve`` needs.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

sys.path.insert(0, str(Path(__file__).resolve().parent / "tools"))

import build_web
import node


class WebClient(BuildHookInterface[Any]):
    def dependencies(self) -> list[str]:
        """Node from PyPI for the time of the build, where the machine has none that will do."""
        return [] if node.find_node() is not None else [node.FROM_PYPI]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version != "editable":
            build_web.build()
