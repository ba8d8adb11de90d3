"""Asks a web server as often as it answers, for some seconds: with wrk, or else with a client in Python."""

import json
import random
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from statistics import quantiles

CONNECTIONS = 16
WRK = shutil.which("wrk")

SCRIPT = """\
local requests, number = {}, START
init = function(arguments)
  for path in io.lines("PATHS") do requests[#requests + 1] = wrk.format("GET", path, HEADERS) end
end
request = function()
  number = number % #requests + 1
  return requests[number]
end
done = function(summary, latency)
  local errors = summary.errors
  io.stderr:write(string.format('{"requests": %d, "seconds": %f, "p50": %f, "p99": %f, "failures": %d}',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1000, latency:percentile(99) / 1000,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
"""


@dataclass(frozen=True)
class Load:
    """What a server did: times are milliseconds. A failure is an error of the connection, or a status above 399."""

    requests: int
    seconds: float
    p50: float
    p99: float
    failures: int

    @property
    def rate(self) -> float:
        return self.requests / self.seconds


def load(port: int, paths: Sequence[str], headers: Mapping[str, str], seconds: int) -> Load:
    """Asks for the paths in turn, beginning somewhere, over 16 connections."""
    start = random.randrange(len(paths))  # noqa: S311 # no secret
    if WRK:
        return _load_with_wrk(WRK, port, paths, headers, seconds, start)
    end = time.monotonic() + seconds
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        step = len(paths) // CONNECTIONS + 1
        readers = [pool.submit(_read, port, paths, headers, start + n * step, end) for n in range(CONNECTIONS)]
    times = [each for reader in readers for each in reader.result()[0]]
    percentiles = quantiles(times, n=100)
    return Load(len(times), seconds, percentiles[49], percentiles[98], sum(reader.result()[1] for reader in readers))


def _load_with_wrk(
    wrk: str, port: int, paths: Sequence[str], headers: Mapping[str, str], seconds: int, start: int
) -> Load:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "paths").write_text("\n".join(paths))
        table = ", ".join(f"[{json.dumps(name)}] = {json.dumps(value)}" for name, value in headers.items())
        text = SCRIPT.replace("PATHS", f"{folder}/paths").replace("HEADERS", f"{{{table}}}")
        (Path(folder) / "script.lua").write_text(text.replace("START", str(start)))
        command = [wrk, "--threads=1", f"--connections={CONNECTIONS}", f"--duration={seconds}s", "--timeout=30s"]
        command += [f"--script={folder}/script.lua", f"http://127.0.0.1:{port}"]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=seconds + 60)  # noqa: S603
    return Load(**json.loads(done.stderr))


def _read(
    port: int, paths: Sequence[str], headers: Mapping[str, str], number: int, end: float
) -> tuple[list[float], int]:
    """Returns the time of each answer, and how many of them were failures."""
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    times, failures = [], 0
    while time.monotonic() < end:
        start = time.perf_counter()
        connection.request("GET", paths[number % len(paths)], headers=dict(headers))
        response = connection.getresponse()
        response.read()
        times.append((time.perf_counter() - start) * 1000)
        failures += response.status > 399
        number += 1
    connection.close()
    return times, failures
