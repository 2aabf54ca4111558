"""What ``pip install`` brings: the wheel, built once, has everything that the command needs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

HERE = Path(__file__).resolve().parent.parent
CLIENT = "tenfour/web/"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    directory = tmp_path_factory.mktemp("wheel")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", directory], cwd=HERE, check=True, capture_output=True)
    (built,) = directory.glob("tenfour-*.whl")
    return zipfile.ZipFile(built)


def test_it_has_every_file_of_the_package_and_nothing_else(wheel):
    tracked = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", "src/tenfour"], cwd=HERE, check=True, capture_output=True, text=True).stdout.split()

    names = {name for name in wheel.namelist() if ".dist-info/" not in name and not name.startswith(CLIENT)}

    assert names == {name.removeprefix("src/") for name in tracked if (HERE / name).exists()}
    assert {"tenfour/py.typed", "tenfour/cli/tail.py", "tenfour/storage/migrations/env.py", "tenfour/storage/migrations/versions/m0001_first.py"} <= names


def test_it_has_the_built_web_client_also_compressed(wheel):
    files = {name.removeprefix(CLIENT) for name in wheel.namelist() if name.startswith(CLIENT)}

    page = wheel.read(CLIENT + "index.html").decode()
    loaded = re.findall(r'(?:src|href)="/(assets/[^"]+)"', page)
    assert any(each.endswith(".js") for each in loaded)
    assert any(each.endswith(".css") for each in loaded)
    assert set(loaded) <= files
    assert {f"{each}{ending}" for each in loaded if each.endswith(".js") for ending in (".br", ".gz")} <= files
    assert not any(part.startswith(".") for each in files for part in each.split("/"))


def test_it_has_the_debugger_the_test_page_and_the_test_script_in_one_file_each(wheel):
    pages = [wheel.read(f"{CLIENT}debug/{name}").decode() for name in ("websocket-debug.html", "websocket-test.html")]
    script = wheel.read(f"{CLIENT}debug/websocket-test.js").decode()

    for page in pages:
        assert not re.findall(r"<(?:script|link|img)[^>]+(?:src|href)=[\"'](?!data:)", page.partition("<script")[0])
        assert "unsafe" not in page.partition("<script")[0]
    assert not re.search(r"\brequire\(|^import\b", script, re.MULTILINE)


def test_it_has_the_licence_and_names_the_command(wheel):
    files = {name.partition(".dist-info/")[2]: name for name in wheel.namelist() if ".dist-info/" in name}

    assert {"licenses/LICENSE", "licenses/NOTICE"} <= files.keys()
    assert "tenfour = tenfour.cli.main:main" in wheel.read(files["entry_points.txt"]).decode()


def test_the_command_works_from_it(wheel, tmp_path):
    wheel.extractall(tmp_path / "installed")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TENFOUR_")} | {"PYTHONPATH": str(tmp_path / "installed")}

    def command(*arguments: str) -> str:
        return subprocess.run([sys.executable, *arguments], env=environment, cwd=tmp_path, check=True, capture_output=True, text=True, input="correct horse\n").stdout

    where = command("-c", "import tenfour; print(tenfour.__file__)")
    made = command("-m", "tenfour", "migrate")
    added = command("-m", "tenfour", "user", "add", "ann")

    assert where.startswith(str(tmp_path / "installed"))
    assert re.fullmatch(r"data/tenfour\.db was brought to schema \d{4}\.\n", made)
    assert added.startswith("ann was added (")


@pytest.mark.timeout(300)
def test_a_source_distribution_is_enough_to_build_it_from(tmp_path):
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", tmp_path], cwd=HERE, check=True, capture_output=True)
    (packed,) = tmp_path.glob("tenfour-*.tar.gz")
    with tarfile.open(packed) as archive:
        archive.extractall(tmp_path, filter="data")
    source = tmp_path / packed.name.removesuffix(".tar.gz")
    assert not (source / "src" / "tenfour" / "web").exists()

    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path], cwd=source, check=True, capture_output=True)

    (built,) = tmp_path.glob("tenfour-*.whl")
    assert CLIENT + "index.html" in zipfile.ZipFile(built).namelist()
