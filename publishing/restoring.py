"""Restores old editions, and hides their comparisons from readers or shows them again."""

from collections.abc import Iterable

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import AnyUser
from publishing.models import Address, Edition, Event, PublicVersion, Publishable, kinds
from publishing.verbs import (
    Author,
    PublishingError,
    compose_page,
    lock,
    record_event,
    require_permission,
    save_editions,
)


@transaction.atomic
def restore(edition: Edition, by: Author) -> Edition:
    """Sets the draft to an edition's page, saves a new edition and returns it. Nothing is published.

    Rows are found by key. What is on no page, such as staff notes and questions without an answer, stays. Raises
    PublishingError where the edition was redacted, where it mentions a subject that no longer exists, or where another
    subject now has its name or its address.
    """
    kind: type[Publishable] = kinds()[edition.kind]
    subject = lock(kind, edition.subject_id)
    edition = Edition.objects.get(pk=edition.pk)
    if edition.redacted_at:
        raise PublishingError(
            _("Edition %(number)s was redacted: its text was removed for good. It cannot be restored.")
            % {"number": edition.number}
        )
    references = edition.page.references()
    lost = set(references) - set(Address.objects.subjects(references))
    if lost:
        slugs = ", ".join(sorted(reference.slug for reference in lost))
        raise PublishingError(_("This edition mentions pages that no longer exist: %(slugs)s.") % {"slugs": slugs})
    try:
        subject.apply_page(edition.page)
    except IntegrityError as error:
        raise PublishingError(_("Another page now has the name or the address of this edition.")) from error
    record_event(subject, Event.Verb.RESTORED, by, edition=edition)
    note = _("Restored from edition %(number)s") % {"number": edition.number}
    return save_editions([(subject, compose_page(subject.compose))], by, note)[0]


@transaction.atomic
def hide_comparison(edition: Edition, by: AnyUser, reason: str) -> None:
    """Hides from readers what a publication changed. The page's history still says that there was a change.

    Hiding a hidden comparison changes nothing. Raises PublishingError where the edition was never published.
    """
    _set_hidden(edition, by, reason, is_hidden=True)


@transaction.atomic
def show_comparison(edition: Edition, by: AnyUser, reason: str = "") -> None:
    """Shows a hidden comparison to readers again. Showing a visible comparison changes nothing."""
    _set_hidden(edition, by, reason, is_hidden=False)


def hidden_comparisons(editions: Iterable[int | None]) -> set[int | None]:
    """Returns those of the given editions whose comparison with the edition before is hidden from readers."""
    verbs = [Event.Verb.COMPARISON_HIDDEN, Event.Verb.COMPARISON_SHOWN]
    events = Event.objects.filter(edition__in=list(editions), verb__in=verbs).order_by("pk")
    last_verbs = dict(events.values_list("edition_id", "verb"))
    return {edition for edition, verb in last_verbs.items() if verb == Event.Verb.COMPARISON_HIDDEN}


def _set_hidden(edition: Edition, by: AnyUser, reason: str, *, is_hidden: bool) -> None:
    kind: type[Publishable] = kinds()[edition.kind]
    author = require_permission(by, "publish", kind)
    subject = lock(kind, edition.subject_id)
    if not edition.events.filter(verb=Event.Verb.PUBLISHED).exists():
        raise PublishingError(_("Edition %(number)s was never published.") % {"number": edition.number})
    if is_hidden == (edition.pk in hidden_comparisons([edition.pk])):
        return
    PublicVersion.replace(is_removal=is_hidden)
    verb = Event.Verb.COMPARISON_HIDDEN if is_hidden else Event.Verb.COMPARISON_SHOWN
    record_event(subject, verb, author, edition=edition, note=reason)
