"""What is done with the past: its words put back, and its comparisons hidden from readers or shown again."""

from collections.abc import Iterable
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from publishing.models import Address, Edition, Event, PublicVersion, Publishable, kinds
from publishing.verbs import Author, PublishingError, lock, record_event, require_permission, save_edition


@transaction.atomic
def restore(edition: Edition, by: Author) -> Edition:
    """Puts an edition's page back into the working copy, row by row by key, and keeps that.

    What is not on a page (staff notes, questions without an answer) is left alone. Nothing goes live. Raises
    PublishingError where the edition was redacted, or its name or address is another's by now.
    """
    kind: type[Publishable] = kinds()[edition.kind]
    subject = lock(kind, edition.subject_id)
    edition = Edition.objects.get(pk=edition.pk)
    if edition.redacted_at:
        raise PublishingError(_("Edition %(number)s was redacted; its words are gone.") % {"number": edition.number})
    references = edition.page.references()
    lost = set(references) - set(Address.objects.subjects(references))
    if lost:
        slugs = ", ".join(sorted(reference.slug for reference in lost))
        raise PublishingError(_("The edition names what is no longer here: %(slugs)s.") % {"slugs": slugs})
    try:
        with transaction.atomic():
            subject.apply_page(edition.page)
    except IntegrityError as error:
        raise PublishingError(_("Another page has the name or the address of this edition by now.")) from error
    record_event(subject, Event.Verb.RESTORED, by, edition=edition)
    return save_edition(subject, by, note=_("Restored from edition %(number)s") % {"number": edition.number})


@transaction.atomic
def hide_comparison(edition: Edition, by: Any, reason: str) -> None:
    """Keeps from readers what a publication changed; that there was one stays in the page's history.

    Hiding what is hidden changes nothing. Raises PublishingError where the edition was never published.
    """
    _show_comparison(edition, by, reason, hidden=True)


@transaction.atomic
def show_comparison(edition: Edition, by: Any, reason: str = "") -> None:
    """Takes `hide_comparison` back. Showing what is shown changes nothing."""
    _show_comparison(edition, by, reason, hidden=False)


def hidden_comparisons(editions: Iterable[int | None]) -> set[int | None]:
    """Those of some editions whose comparison with what was before is hidden from readers."""
    verbs = [Event.Verb.COMPARISON_HIDDEN, Event.Verb.COMPARISON_SHOWN]
    steps = Event.objects.filter(edition__in=list(editions), verb__in=verbs).order_by("pk")
    last = dict(steps.values_list("edition_id", "verb"))
    return {edition for edition, verb in last.items() if verb == Event.Verb.COMPARISON_HIDDEN}


def _show_comparison(edition: Edition, by: Any, reason: str, *, hidden: bool) -> None:
    kind: type[Publishable] = kinds()[edition.kind]
    require_permission(by, "publish", kind)
    subject = lock(kind, edition.subject_id)
    if not edition.events.filter(verb=Event.Verb.PUBLISHED).exists():
        raise PublishingError(_("Edition %(number)s was never published.") % {"number": edition.number})
    if hidden == (edition.pk in hidden_comparisons([edition.pk])):
        return
    PublicVersion.replace()
    verb = Event.Verb.COMPARISON_HIDDEN if hidden else Event.Verb.COMPARISON_SHOWN
    record_event(subject, verb, by, edition=edition, note=reason)
