"""Serves the site with granian, the web server in production."""

import argparse
import multiprocessing
import os
import socket
import time
from collections.abc import Callable
from functools import partial
from multiprocessing.synchronize import Semaphore

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.servers.basehttp import get_internal_wsgi_application
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from granian.constants import Interfaces
from granian.log import logger
from granian.server.mp import MPServer, WorkerProcess

# Of one process, chosen by trying one slow request among many quick ones: with one thread, the slow request holds half
# of all readers; with 16, every request waits for the others.
THREADS = 4
SECONDS_TO_START = 60
SECONDS_TO_FINISH = 20  # for the requests of a process that is told to end

Spawn = Callable[..., None]
Load = Callable[[], WSGIHandler]


def load_application(loaded: Semaphore) -> WSGIHandler:
    """Returns the site's application, after it told the parent process that it could be loaded."""
    application = get_internal_wsgi_application()
    loaded.release()
    return application


class Server(MPServer):
    """Granian with another main loop.

    Granian's own ends the site when a process dies twice within seconds. On SIGHUP it ends a process that works before
    it knows whether the next one does.
    """

    def _serve_loop(self, spawn_target: Spawn, target_loader: Load) -> None:
        while not self.interrupt_signal:
            self.main_loop_interrupt.wait(timeout=1)
            self.main_loop_interrupt.clear()
            self.interrupt_children.clear()
            dead = [number for number, worker in enumerate(self.wrks) if not worker.is_alive()]
            if any((self.wrks[number].inner.exitcode or 0) > 0 for number in dead):
                time.sleep(1)  # It was not killed: it cannot start. Trying all the time would use up a core.
            if dead:
                self._respawn_workers(dead, spawn_target, target_loader)
            if self.reload_signal:
                self._reload(spawn_target, target_loader)

    def _reload(self, spawn_target: Spawn, target_loader: Load) -> None:
        self.reload_signal = False
        for number, old in enumerate(list(self.wrks)):
            if self.interrupt_signal:
                return
            loaded = multiprocessing.Semaphore(0)
            new = self._spawn_worker(number, spawn_target, partial(load_application, loaded))
            new.start()
            if not has_loaded(new, loaded):
                logger.error("The new code does not start. The site goes on with the old code.")
                new.kill()
                return
            time.sleep(0.5)  # until it listens
            self.wrks[number] = new
            old.terminate()
            old.join(SECONDS_TO_FINISH)
            old.kill()


def has_loaded(worker: WorkerProcess, loaded: Semaphore) -> bool:
    give_up = time.monotonic() + SECONDS_TO_START
    while worker.is_alive() and time.monotonic() < give_up:
        if loaded.acquire(timeout=0.1):
            return True
    return False


def natural_number(text: str) -> int:
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


class Command(BaseCommand):
    help = "Serve the site until SIGTERM. SIGHUP loads new code, while the site goes on answering."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (%(default)s)")
        parser.add_argument("--port", type=int, default=8000, help="the port to listen on (%(default)s)")
        parser.add_argument(
            "--workers", type=natural_number, default=os.cpu_count(), help="processes (one for each core: %(default)s)"
        )
        parser.add_argument(
            "--threads", type=natural_number, default=THREADS, help="requests at a time in a process (%(default)s)"
        )
        parser.add_argument("--access-log", action="store_true", help="write a line for each request")

    def handle(self, *, host: str, port: int, workers: int, threads: int, access_log: bool, **_options: object) -> None:
        require_migrated_database()
        require_free_port(host, port)
        # Each new process loads the code that is there then. A fork would have what this process has loaded.
        multiprocessing.set_start_method("spawn")
        server = Server(
            settings.WSGI_APPLICATION,
            address=host,
            port=port,
            interface=Interfaces.WSGI,
            workers=workers,
            blocking_threads=threads,
            websockets=False,
            log_access=access_log,
            workers_kill_timeout=SECONDS_TO_FINISH,
        )
        server.serve(target_loader=get_internal_wsgi_application, wrap_loader=False)


def require_migrated_database() -> None:
    """Raises CommandError where the database does not answer, or lacks migrations."""
    try:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            raise CommandError("The database is older than the code. Run: manage.py migrate")
    except DatabaseError as error:
        raise CommandError(f"The database does not answer: {error}") from error
    finally:
        connection.close()


def require_free_port(host: str, port: int) -> None:
    """Raises CommandError where the address cannot be used. Granian would share it with a server that is there."""
    try:
        socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET).close()
    except OSError as error:
        raise CommandError(f"Cannot listen on {host}, port {port}: {error.strerror}.") from error
