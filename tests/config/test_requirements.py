"""What is installed is what requirements*.in name: `make update` writes requirements*.txt from them."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


def pins(name):
    """The version of each package that a file names."""
    text = (ROOT / name).read_text(encoding="utf-8")
    found = re.findall(r"^([\w.-]+)(?:\[\w+\])?==([\w.]+)", text, re.MULTILINE)
    return {package.lower(): version for package, version in found}


@pytest.mark.parametrize("name", ["requirements", "requirements-dev"])
def test_the_compiled_file_has_what_we_ask_for(name):
    assert pins(f"{name}.in").items() <= pins(f"{name}.txt").items()


def test_the_tests_run_on_the_packages_of_the_site():
    assert pins("requirements.txt").items() <= pins("requirements-dev.txt").items()


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_package_has_a_hash_and_no_address(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    entries = re.findall(r"^\w.*==.*\\\n    --hash=sha256:[0-9a-f]{64}", text, re.MULTILINE)

    assert len(entries) == len(pins(name))
    assert "://" not in text
