"""Asks a WSGI application as a web server does, without one."""

from io import BytesIO
from typing import NamedTuple
from wsgiref.util import setup_testing_defaults


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def verdict(self) -> str:
        """What the page cache says of itself: "hit", "miss", "stale", or "" where it did not answer."""
        return self.headers.get("server-timing", "").removeprefix("cache;desc=")


def ask(application, path="/", query="", method="GET", **environ):
    """Returns the answer. Headers are given as in the WSGI environment: HTTP_COOKIE="…"."""
    asked = {"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query, "HTTP_HOST": "testserver"} | environ
    setup_testing_defaults(asked)
    asked["wsgi.input"] = BytesIO()
    said = []
    chunks = application(asked, lambda status, headers, error=None: said.extend([status, headers]))
    try:
        body = b"".join(chunks)
    finally:
        if hasattr(chunks, "close"):
            chunks.close()
    return Answer(int(said[0][:3]), {name.lower(): value for name, value in said[1]}, body)
