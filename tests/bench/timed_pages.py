"""Times pages of a Django site in a process of its own, which a benchmark asks line by line.

Run as a program it is for any Django site: the settings are in DJANGO_SETTINGS_MODULE. It knows nothing of this one.
"""

import json
import sys
import time
from collections.abc import Callable, Mapping

import django
from django.db import close_old_connections
from django.test import Client

Figures = list[float]


def time_page(path: str) -> Figures:
    """Returns the processor time of a page in milliseconds. Connections are kept or closed around it as on a server."""
    start = time.process_time()
    close_old_connections()
    response = client.get(path, secure=True)
    close_old_connections()
    elapsed = time.process_time() - start
    if response.status_code != 200:
        raise AssertionError(f"{path}: status {response.status_code}")
    return [elapsed * 1000]


def answer_lines(commands: Mapping[str, Callable[[str], Figures]], first: object) -> None:
    """Says that the process is ready, then reads a command and its argument on each line and writes the figures."""
    print(json.dumps(first), flush=True)
    for line in sys.stdin:
        name, _space, argument = line.rstrip("\n").partition(" ")
        print(json.dumps(commands[name](argument)), flush=True)


client = Client()

if __name__ == "__main__":
    django.setup()
    answer_lines({"page": time_page}, [])
