"""The requirements*.txt files have the packages of requirements*.in; `make update` writes them."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


def pins(name):
    """Returns the version of each package in a file."""
    text = (ROOT / name).read_text(encoding="utf-8")
    found = re.findall(r"^([\w.-]+)(?:\[\w+\])?==([\w.]+)", text, re.MULTILINE)
    return {package.lower(): version for package, version in found}


@pytest.mark.parametrize("name", ["requirements", "requirements-dev"])
def test_the_compiled_file_has_the_packages_that_are_asked_for(name):
    assert pins(f"{name}.in").items() <= pins(f"{name}.txt").items()


def test_the_tests_use_the_same_versions_as_the_site():
    assert pins("requirements.txt").items() <= pins("requirements-dev.txt").items()


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_package_has_a_hash_and_no_address(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    entries = re.findall(r"^\w.*==.*\\\n    --hash=sha256:[0-9a-f]{64}", text, re.MULTILINE)

    assert len(entries) == len(pins(name))
    assert "://" not in text
