"""Makes a site of some size in the database of DATABASE_URL, and times its pages: see timed_pages.py."""

import sys
import time

import django

django.setup()

from django.conf import settings  # noqa: E402 # models can be imported only now
from django.core.management import call_command  # noqa: E402
from django.test import RequestFactory  # noqa: E402

from accounts.models import User  # noqa: E402
from config.wsgi import application  # noqa: E402
from diseases.models import Disease  # noqa: E402
from publishing.models import PublicVersion  # noqa: E402
from publishing.verbs import publish, save_edition  # noqa: E402
from tests.bench.measure import Site, count_statements, server_time  # noqa: E402
from tests.bench.timed_pages import Figures, answer_lines, time_page  # noqa: E402

HITS = 300


def time_after_publication(path: str) -> Figures:
    """Times a page that was rendered before, after something else was published."""
    PublicVersion.replace()
    return time_page(path)


def time_hit(path: str) -> Figures:
    """Returns the processor time of the whole application for a page that was asked for before, without the server."""
    headers = {"host": settings.ALLOWED_HOSTS[0], "accept-encoding": "br"}
    environ = RequestFactory().get(path, secure=True, headers=headers).environ

    def ask() -> None:
        answer: list[str] = []
        chunks = application(dict(environ), lambda status, headers, error=None: answer.append(status))
        size = len(b"".join(chunks))
        if hasattr(chunks, "close"):
            chunks.close()
        if answer != ["200 OK"] or not size:
            raise AssertionError(f"{path}: {answer}, {size} bytes")

    ask()
    start = time.process_time()
    for _ in range(HITS):
        ask()
    return [(time.process_time() - start) * 1000 / HITS]


def time_publication(slug: str) -> Figures:
    """Returns the processor time of publishing a changed word, with PostgreSQL's, and the number of statements."""
    disease = Disease.objects.get(slug=slug)
    question = disease.questions.first()
    if question is None:
        raise AssertionError(f"{slug} has no question.")
    question.answer = question.answer.replace("</strong> ", "</strong> changed ", 1)
    question.save()
    user = User.objects.earliest("pk")
    edition = save_edition(disease, user)
    start, server = time.process_time(), server_time()
    _edition, statements = count_statements(lambda: publish(edition, user, "One word"))
    elapsed = time.process_time() - start + max(0, server_time() - server)
    edition.refresh_from_db()
    if not edition.is_live:
        raise AssertionError(f"{slug} was not published.")
    return [elapsed * 1000, statements]


if __name__ == "__main__":
    site = Site(str(settings.DATABASES["default"]["NAME"]), int(sys.argv[1]))
    call_command("reindex", verbosity=0, stdout=sys.stderr)
    answer_lines(
        {
            "page": time_page,
            "page-after-publication": time_after_publication,
            "hit": time_hit,
            "publication": time_publication,
        },
        [slug for _pk, slug in site.diseases],
    )
