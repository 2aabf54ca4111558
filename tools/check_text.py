"""Checks what no other tool does: links between the documents lead somewhere, and every change has its fragment's form.

Exit code 1 with one line for each fault.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
LINK = re.compile(r"\[[^\]]*\]\((?!https?:|mailto:|#)([^)\s#]+)(?:#[^)\s]*)?\)")
FRAGMENT = re.compile(r"[\w+-]+\.(added|changed|fixed|removed|security)(\.\d+)?\.md")


def main() -> int:
    tracked = subprocess.run(["git", "ls-files"], cwd=HERE, check=True, capture_output=True, text=True).stdout.split("\n")
    faults = [fault for name in tracked if name.endswith(".md") and (HERE / name).is_file() for fault in dead_links(name)]
    faults += [
        f"{name}: a fragment is called name.added.md, .changed.md, .fixed.md, .removed.md or .security.md"
        for name in tracked
        if name.startswith("changes/") and not FRAGMENT.fullmatch(name.removeprefix("changes/")) and name != "changes/README.md"
    ]
    print("\n".join(faults) or "documents: no dead links")
    return 1 if faults else 0


def dead_links(name: str) -> list[str]:
    """Each link of a document to a file that is not there."""
    text = re.sub(r"```.*?```", "", (HERE / name).read_text(encoding="utf-8"), flags=re.DOTALL)
    folder = (HERE / name).parent
    return [f"{name}: {target} is not there" for target in LINK.findall(text) if not (folder / target).exists()]


sys.exit(main())
