"""Every test that the page of guarantees names exists, and every guarantee names one."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "guarantees.md").read_text(encoding="utf-8")
DESIGN_GUARANTEES = ("Accepted means answered", "Once", "In order", "Apart", "In place", "Constant", "Quiet")

_NAMED = re.compile(r"`([\w/]+\.py)(?:::(\w+))?`")


def named_tests():
    return sorted(set(_NAMED.findall(PAGE)))


def rows(title):
    section = PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    return [line for line in section.splitlines() if line.startswith("| ") and not line.startswith("| what holds")]


def functions_of(file):
    tree = ast.parse(file.read_text(encoding="utf-8"))
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name for node in ast.walk(tree) if isinstance(node, functions)}


@pytest.mark.parametrize("file", sorted({file for file, _ in named_tests()}))
def test_every_named_test_exists(file):
    names = {name for path, name in named_tests() if path == file and name}
    path = ROOT / "tests" / file
    assert path.is_file(), f"docs/guarantees.md names tests/{file}"
    assert names <= functions_of(path)
    assert all(name.startswith("test_") for name in names)


@pytest.mark.parametrize("title", DESIGN_GUARANTEES)
def test_every_guarantee_names_its_tests(title):
    found = rows(title)
    assert found, f"docs/guarantees.md has no section {title}"
    for row in found:
        assert _NAMED.search(row), row


def test_nothing_that_is_named_is_skipped():
    for file in {file for file, _ in named_tests()}:
        text = (ROOT / "tests" / file).read_text(encoding="utf-8")
        assert not re.search(r"pytest\.(mark\.)?(skip|xfail)", text), file
