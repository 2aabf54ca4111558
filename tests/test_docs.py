from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tenfour.causes import CAUSES
from tenfour.errors import FAILURES
from tenfour.settings import load_settings, setting_fields

ROOT = Path(__file__).resolve().parent.parent
PAGES = ["reference/settings.md", "reference/errors.md", "reference/frames.md", "troubleshooting.md"]


def _run(root: Path, *arguments: str, tool: str = "make_docs.py") -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, root / "tools" / tool, *arguments], capture_output=True, text=True, check=False)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The tool and its pages elsewhere, to spoil them."""
    for folder in ("tools", "docs"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    return tmp_path


def test_the_reference_pages_say_what_the_code_says() -> None:
    checked = _run(ROOT, "--check")

    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("page", PAGES)
def test_a_stale_page_is_named_and_left_as_it_is(copy: Path, page: str) -> None:
    stale = copy / "docs" / page
    stale.write_text("something else")

    checked = _run(copy, "--check")

    assert checked.returncode == 1
    assert checked.stdout.splitlines() == [f"docs/{page} is stale: run make docs"]
    assert stale.read_text() == "something else"


def test_the_pages_are_made_where_there_are_none(copy: Path) -> None:
    shutil.rmtree(copy / "docs" / "reference")

    made = _run(copy)

    assert made.returncode == 0, made.stderr
    assert [(copy / "docs" / page).read_text() for page in PAGES] == [(ROOT / "docs" / page).read_text() for page in PAGES]


def test_the_typescript_sdk_has_the_frames_and_errors_of_the_server() -> None:
    checked = _run(ROOT, "--check", tool="make_sdk.py")

    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_a_stale_file_of_the_typescript_sdk_is_named(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "tools", tmp_path / "tools")
    shutil.copytree(ROOT / "clients" / "typescript" / "src" / "generated", tmp_path / "clients" / "typescript" / "src" / "generated")
    (tmp_path / "clients" / "typescript" / "src" / "generated" / "frames.ts").write_text("something else")

    checked = _run(tmp_path, "--check", tool="make_sdk.py")

    assert checked.returncode == 1
    assert checked.stdout.splitlines() == ["clients/typescript/src/generated/frames.ts is stale: run make docs"]


def test_the_debugger_of_browsers_has_the_causes_of_the_catalogue() -> None:
    checked = _run(ROOT, "--check", tool="make_debug.py")

    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_every_setting_and_every_error_has_its_row() -> None:
    settings, errors = ((ROOT / "docs" / page).read_text() for page in PAGES[:2])

    assert [name for name in setting_fields() if f"| `{name}` | `TENFOUR_{name.upper()}` |" not in settings] == []
    assert [code for code, failure in FAILURES.items() if not re.search(rf"^\| \[?`{code}`(?:\]\(\S+\))? \| {failure.status} \| {failure.close} \|", errors, re.MULTILINE)] == []


def test_every_cause_has_its_entry_and_every_link_to_one_leads_there() -> None:
    page, errors = ((ROOT / "docs" / name).read_text() for name in ("troubleshooting.md", "reference/errors.md"))
    entries = re.findall(r"^### (\w+)$", page, re.MULTILINE)
    linked = set(re.findall(r"\]\(#(\w+)\)", page)) | set(re.findall(r"troubleshooting\.md#(\w+)", errors))

    assert entries == list(CAUSES)
    assert linked == set(CAUSES)


def test_the_example_of_an_issuer_works_both_ways() -> None:
    page = (ROOT / "docs" / "reference" / "settings.md").read_text()
    toml = page.partition("```toml\n")[2].partition("```")[0]
    in_the_environment = page.partition("TENFOUR_EXTERNAL='")[2].partition("'\n")[0]

    settings = load_settings({"TENFOUR_EXTERNAL": in_the_environment})

    assert list(settings.external) == tomllib.loads(toml)["external"]
