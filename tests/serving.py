"""Starts web servers on loopback, for tests and benchmarks."""

import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path

ROOT = Path(__file__).parent.parent
SERVE = [sys.executable, "manage.py", "serve"]
SECONDS_TO_START = 60


@dataclass
class RunningServer:
    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def workers(self) -> dict[int, int]:
        """Returns the process ID of each worker, by the worker's number."""
        spawned = re.findall(r"Spawning worker-(\d+) with PID: (\d+)", self.log.read_text())
        return {int(number): int(pid) for number, pid in spawned}

    def answers(self) -> bool:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", "/")
            connection.getresponse().read()
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()
        return True


@contextmanager
def running(command: Sequence[str], environment: Mapping[str, str], folder: Path = ROOT) -> Iterator[RunningServer]:
    """Starts a server that takes --port, waits until it answers, and ends it afterwards."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.NamedTemporaryFile(suffix=".log") as log:
        process = subprocess.Popen(  # noqa: S603 # our own
            [*command, "--port", str(port)], env=environment, cwd=folder, stdout=log, stderr=subprocess.STDOUT
        )
        server = RunningServer(process, port, Path(log.name))
        try:
            give_up = time.monotonic() + SECONDS_TO_START
            while not server.answers():
                if process.poll() is not None or time.monotonic() > give_up:
                    raise RuntimeError(f"The server did not start:\n{server.log.read_text()}")
                time.sleep(0.1)
            yield server
        finally:
            process.terminate()
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
