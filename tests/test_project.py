"""The project as a whole: what is in its files, and that what is said twice is said alike."""

import ast
import importlib.metadata
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import rivalry

ROOT = Path(__file__).parents[1]
SMALL_CLIP = Path("checkpoints/picturebook-clip")
# Written apart, so that this file may hold them.
INDEX_HOSTS = [".".join(host) for host in (("pypi", "org"), ("pythonhosted", "org"), ("pytorch", "org/whl"))]
MACHINE_PATHS = re.compile(r"(?<![\w.~}])/(" + "|".join(["work", "root", "home"]) + r")/")
IMPORT_NAMES = {"huggingface-hub": "huggingface_hub", "open-clip-torch": "open_clip", "pillow": "PIL", "pyyaml": "yaml"}
IMPORT_NAMES |= {"scikit-image": "skimage", "scikit-learn": "sklearn", "wandb-workspaces": "wandb_workspaces"}


@pytest.fixture(scope="module")
def tracked() -> list[Path]:
    """Files that git tracks and that are still there."""
    if not (ROOT / ".git").exists():
        pytest.skip("no git checkout")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [Path(name) for name in listed.split("\0") if name and (ROOT / name).is_file()]


@pytest.fixture(scope="module")
def pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


@pytest.fixture(scope="module")
def locked() -> list[Requirement]:
    """What the lock pins; some packages twice, for different versions of Python."""
    pins = re.findall(r"^(\S.*?) \\$", (ROOT / "requirements.lock").read_text(), flags=re.MULTILINE)
    return [Requirement(pin) for pin in pins]


def test_no_file_names_a_package_index_or_a_place_on_a_machine(tracked: list[Path]) -> None:
    found = [
        f"{path}: {line.strip()[:80]}"
        for path in tracked
        if (text := _text(ROOT / path)) is not None
        for line in text.splitlines()
        if MACHINE_PATHS.search(line) or any(host in line for host in INDEX_HOSTS)
    ]
    assert found == []


def test_only_the_small_clip_is_large(tracked: list[Path]) -> None:
    size = {path: (ROOT / path).stat().st_size for path in tracked}
    assert [str(path) for path in tracked if size[path] > 2_000_000 and SMALL_CLIP not in path.parents] == []
    assert sum(size[path] for path in tracked if SMALL_CLIP in path.parents) < 12_000_000


def test_files_and_functions_stay_small(tracked: list[Path]) -> None:
    long = []
    for path in tracked:
        if path.suffix == ".py" and path.parts[0] == "src":
            text = (ROOT / path).read_text()
            if text.count("\n") > 400:
                long.append(str(path))
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.FunctionDef) and (node.end_lineno or 0) - node.lineno >= 50:
                    long.append(f"{path}: {node.name}")
    assert long == []


def test_the_version_is_one(pyproject: dict[str, Any]) -> None:
    assert rivalry.__version__ == pyproject["project"]["version"] == importlib.metadata.version("rivalry")


def test_what_the_package_imports_is_what_it_depends_on(pyproject: dict[str, Any], tracked: list[Path]) -> None:
    imported = set()
    for path in tracked:
        if path.suffix == ".py" and path.parts[0] == "src":
            for node in ast.walk(ast.parse((ROOT / path).read_text())):
                if isinstance(node, ast.Import):
                    imported |= {alias.name.split(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module:
                    imported.add(node.module.split(".")[0])
    extras = pyproject["project"]["optional-dependencies"]
    extra = {IMPORT_NAMES.get(name, name) for name in [*extras["onnx"], *extras["dashboard"]]}
    declared = {canonicalize_name(Requirement(line).name) for line in pyproject["project"]["dependencies"]}
    # torchvision is timm's: it is listed so that it comes from where torch comes from.
    known = {IMPORT_NAMES.get(name, name) for name in declared - {"torchvision"}}
    # Triton comes with torch where there is CUDA, in the version that fits; elsewhere nothing of ours imports it.
    assert imported - sys.stdlib_module_names - {"rivalry", "torchvision", "triton"} - extra == known


def test_conda_gets_what_pip_gets(pyproject: dict[str, Any]) -> None:
    *others, pip = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    assert others == [f"python{pyproject['project']['requires-python']}", "pip"]
    assert pip == {"pip": [*pyproject["project"]["dependencies"], "--editable ."]}


def test_the_lock_pins_all_that_is_asked_for(pyproject: dict[str, Any], locked: list[Requirement]) -> None:
    extras = pyproject["project"]["optional-dependencies"]
    asked = [*pyproject["project"]["dependencies"], *extras["dev"], *extras["notebooks"], *extras["onnx"]]
    asked += extras["dashboard"]
    asked += pyproject["build-system"]["requires"]
    for wanted in map(Requirement, asked):
        pins = [pin for pin in locked if canonicalize_name(pin.name) == canonicalize_name(wanted.name)]
        assert pins, f"the lock lacks {wanted}"
        for pin in pins:
            (version,) = pin.specifier
            assert version.operator == "=="
            assert wanted.specifier.contains(version.version), f"{pin} is not {wanted}"


def test_the_lock_holds_pins_and_hashes_alone(locked: list[Requirement]) -> None:
    lines = [line for line in (ROOT / "requirements.lock").read_text().splitlines() if not line.startswith("#")]
    pins = [line for line in lines if not line.startswith(" ")]
    assert len(pins) == len(locked) > 100
    assert all(re.fullmatch(r"[a-z0-9.-]+==[0-9][0-9a-z.]*( ; .+)? \\", line) for line in pins)
    hashes = [line for line in lines if line.startswith(" ")]
    assert all(re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}( \\)?", line) for line in hashes)


def test_an_old_python_is_refused_in_one_line(tmp_path: Path) -> None:
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        (tmp_path / name).write_text((ROOT / name).read_text())
    old = tmp_path / "python3.10"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo Python 3.10.1 && exit\nexit 1\n')
    old.chmod(0o755)
    made = subprocess.run(["make", "test", f"PYTHON={old}"], cwd=tmp_path, capture_output=True, text=True)
    assert made.returncode != 0
    assert made.stderr.splitlines()[0].startswith("Rivalry needs Python 3.11 or later; ")
    assert "Python 3.10.1" in made.stderr
    assert not (tmp_path / ".venv").exists()


def test_every_command_is_explained() -> None:
    makefile = (ROOT / "Makefile").read_text()
    shown = subprocess.run(
        ["make", "--no-print-directory", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    commands = re.findall(r"^\.PHONY: (.*)$", makefile, flags=re.MULTILINE)
    assert {line.split()[1] for line in shown.splitlines()} == {name for line in commands for name in line.split()}


def _text(path: Path) -> str | None:
    try:
        return path.read_text()
    except UnicodeDecodeError:
        return None
