"""The verbs: the only code that writes editions, events, links and addresses, and so the only way to the public.

What is built on them stands in two modules beside: `restoring` for the past, `binning` for what leaves the lists or is
pruned.

Every verb locks the subject's row first and the stamp, if at all, after it: in this order two people at once wait for
each other instead of failing. `by` is a user, or the name of a command for what does not go public.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pydantic import ValidationError

from accounts.models import AnyUser, User
from publishing.models import Address, Edition, Event, Link, PublicVersion, Publishable, kinds
from publishing.sorting import letter, sort_key
from publishing.values import Page
from search import index

Author = User | str
"""A user, or the name of a command for what does not go public."""

READER_SUGGESTION_NOTE = gettext_lazy("Following a reader’s suggestion.")
"""The note of an edition that a reader's words led to. Whoever publishes it may tell the public so."""


class PublishingError(Exception):
    """A verb was refused; the message tells an editor why and what to do."""


class PageRefused(PublishingError):
    """The working copy holds what no page may say; the message names each place."""


def lock(kind: type[Publishable], pk: Any) -> Publishable:
    """A subject's row as it is now, held until the transaction ends. Raises the model's DoesNotExist."""
    return kind.objects.select_for_update().get(pk=pk)


def may(user: AnyUser, action: str, kind: type[Publishable]) -> bool:
    return user.is_active and user.has_perm(kind.permission(action))


def require_permission(user: AnyUser, action: str, kind: type[Publishable]) -> None:
    """Raises PermissionDenied where a user may not do something with a kind, TypeError where it is no user."""
    if not isinstance(user, User | AnonymousUser):
        raise TypeError("Only a user can do this: what the public sees is always someone's decision.")
    if not may(user, action, kind):
        raise PermissionDenied(
            _("%(user)s may not %(action)s a %(kind)s.")
            % {"user": user, "action": action, "kind": kind._meta.verbose_name}
        )


def _author_fields(by: Author) -> dict[str, Any]:
    """The author as a record keeps it: the account, and the name as text, which outlives the account."""
    if isinstance(by, str):
        return {"by": None, "by_name": by}
    return {"by": by, "by_name": getattr(by, "get_full_name", str)() or by.get_username()}


def record_event(subject: Publishable, verb: Event.Verb, by: Author, **fields: Any) -> Event:
    """Notes that something was done, by whom and when."""
    return Event.objects.create(kind=subject.KIND, subject_id=subject.pk, verb=verb, **_author_fields(by), **fields)


def _update_edition(edition: Edition, **fields: Any) -> None:
    """The one way past the seal on editions: where it stands, and in redact() its words."""
    _update_editions([edition], **fields)


def _update_editions(editions: Iterable[Edition], **fields: Any) -> None:
    if pks := [edition.pk for edition in editions]:
        Edition._base_manager.filter(pk__in=pks).update(**fields)


@transaction.atomic
def save_edition(subject: Publishable, by: Author, note: str = "", origin: str = "") -> Edition:
    """An edition of the working copy as it is now; the latest one again where it says the same. Raises PageRefused.

    `origin` says what brought the words, where no person wrote them: see `Edition.origin`.
    """
    subject = lock(type(subject), subject.pk)
    return _save_edition(subject, compose_page(subject.compose), by, note, origin)


def compose_page(compose: Callable[[], Page]) -> Page:
    """The page that a working copy makes. Raises PageRefused, which names each place that no page may hold."""
    try:
        return compose()
    except ValidationError as error:
        places = [f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()]
        raise PageRefused(_("The page cannot hold this. %(places)s") % {"places": "; ".join(places)}) from error


@transaction.atomic
def save_page_edition(subject: Publishable, page: Page, by: Author, note: str = "", origin: str = "") -> Edition:
    """An edition of a page as it is given, word for word; the latest one again where it says the same.

    The working copy is neither read nor changed: the page is from another site, or is what the caller just wrote.
    """
    return _save_edition(lock(type(subject), subject.pk), page, by, note, origin)


def _save_edition(subject: Publishable, page: Page, by: Author, note: str, origin: str) -> Edition:
    return save_editions([(subject, page)], by, note, origin)[0]


@transaction.atomic
def save_editions(
    pages: Sequence[tuple[Publishable, Page]], by: Author, note: str = "", origin: str = ""
) -> list[Edition]:
    """What `keep_page` does, for several subjects of one kind. The caller holds their locks, or has just made them."""
    kinds_ = {subject.KIND for subject, _page in pages}
    newest = Edition.objects.newest().filter(kind__in=kinds_, subject_id__in=[subject.pk for subject, _page in pages])
    latest = {edition.subject_id: edition for edition in newest}
    fresh = {
        subject.pk: _next_edition(subject, page, latest.get(subject.pk), by, note, origin)
        for subject, page in pages
        if not _is_page(latest.get(subject.pk), page)
    }
    # A reference goes on leading where it leads now, even to a draft that is renamed before it is first published.
    references = {name for subject, page in pages if subject.pk in fresh for name in page.references()}
    named = Address.objects.subjects(tuple(references))
    Address.objects.bulk_create(
        [
            Address(kind=name.kind, slug=name.slug, subject_id=named[name].pk)
            for name in sorted(named, key=lambda name: (name.kind, name.slug))  # two at once wait in the same order
        ],
        ignore_conflicts=True,
    )
    _update_editions([latest[pk] for pk in fresh if pk in latest], is_newest=False)
    Edition.objects.bulk_create(fresh.values())
    return [fresh.get(subject.pk) or latest[subject.pk] for subject, _page in pages]


def _is_page(edition: Edition | None, page: Page) -> bool:
    """Whether an edition is just this page."""
    if edition is None or edition.redacted_at:
        return False
    return edition.schema == page.SCHEMA and edition.digest == page.digest()


def _next_edition(
    subject: Publishable, page: Page, latest: Edition | None, by: Author, note: str, origin: str
) -> Edition:
    """The page as the subject's next edition."""
    edition = Edition(
        kind=subject.KIND,
        subject_id=subject.pk,
        number=latest.number + 1 if latest else 1,
        title=page.title,
        slug=page.slug,
        sort_key=sort_key(page.title),
        letter=letter(page.title),
        content=page.content(),
        schema=page.SCHEMA,
        digest=page.digest(),
        note=note,
        origin=origin,
        is_newest=True,
        **_author_fields(by),
    )
    edition.page = page
    return edition


@transaction.atomic
def publish(edition: Edition, by: Any, note: str = "", minor: bool = False) -> Edition:
    """Makes an edition live, in place of the one that was. Publishing what is live already changes nothing.

    Raises PublishingError where the edition was redacted, its subject is in the trash or refuses, or its address is
    another's.
    """
    return publish_all([Edition.objects.get(pk=edition.pk)], by, note, minor)[0]


@transaction.atomic
def publish_all(editions: Sequence[Edition], by: Any, note: str = "", minor: bool = False) -> list[Edition]:
    """What `publish` does, for editions of several subjects of one kind, all of them or none.

    Their words are taken as they are given: editions do not change. Where they stand is read anew.
    """
    kind: type[Publishable] = kinds()[editions[0].kind]
    require_permission(by, "publish", kind)
    pks = [edition.subject_id for edition in editions]
    subjects = {row.pk: row for row in kind.objects.select_for_update().filter(pk__in=pks).order_by("pk")}
    states = Edition.objects.filter(pk__in=[edition.pk for edition in editions])
    standing = {pk: (is_live, redacted) for pk, is_live, redacted in states.values_list("pk", "is_live", "redacted_at")}
    for edition in editions:
        edition.is_live, edition.redacted_at = standing[edition.pk]
    going = [edition for edition in editions if not edition.is_live]
    if not going:
        return list(editions)
    for edition in going:
        if edition.redacted_at:
            raise PublishingError(_("Edition %(number)s was redacted and cannot go live.") % {"number": edition.number})
        if (subject := subjects[edition.subject_id]).trashed_at:
            raise PublishingError(_("%(name)s is in the trash. Restore it before you publish it.") % {"name": subject})
        if blocker := subject.publish_blocker(edition.page):
            raise PublishingError(blocker)
    PublicVersion.replace()
    _reserve_live_addresses(going)
    now = timezone.now()
    live = Edition.objects.of(kind).live().filter(subject_id__in=[edition.subject_id for edition in going])
    before = {edition.subject_id: edition for edition in live}
    _update_editions(before.values(), is_live=False)
    if before:
        Link.objects.filter(edition__in=before.values()).delete()
    for edition in going:
        old = before.get(edition.subject_id)
        edition.is_live, edition.published_at = True, now
        # What readers have not seen before is no small change.
        edition.updated_at = old.updated_at if old and minor else now
    for updated_at in {edition.updated_at for edition in going}:
        same = [edition for edition in going if edition.updated_at == updated_at]
        _update_editions(same, is_live=True, published_at=now, updated_at=updated_at)
    named = Address.objects.subjects(tuple({name for edition in going for name in edition.page.references()}))
    mentioned = {
        edition.pk: {(named[name].KIND, named[name].pk) for name in edition.page.references() if name in named}
        for edition in going
    }
    Link.objects.bulk_create(
        Link(edition=edition, kind=kind_, subject_id=pk) for edition in going for kind_, pk in mentioned[edition.pk]
    )
    if kind.IS_SEARCHED:
        index.put_all([edition.document() for edition in going])
    fields = {"kind": kind.KIND, "verb": Event.Verb.PUBLISHED, "note": note, **_author_fields(by)}
    Event.objects.bulk_create(
        Event(subject_id=edition.subject_id, edition=edition, minor=minor and edition.subject_id in before, **fields)
        for edition in going
    )
    return list(editions)


def _reserve_live_addresses(editions: Sequence[Edition]) -> None:
    """Makes the addresses of editions that go live their subjects' own for good."""
    own = [Address(kind=edition.kind, slug=edition.slug, subject_id=edition.subject_id) for edition in editions]
    Address.objects.bulk_create(sorted(own, key=lambda address: address.slug), ignore_conflicts=True)
    theirs = Address.objects.filter(kind__in={address.kind for address in own}, slug__in=[each.slug for each in own])
    owners = {(kind, slug): pk for kind, slug, pk in theirs.values_list("kind", "slug", "subject_id")}
    for address in own:
        if owners[address.kind, address.slug] != address.subject_id:
            raise PublishingError(
                _("The address “%(slug)s” belonged to another page and stays with it. Choose another address.")
                % {"slug": address.slug}
            )


@transaction.atomic
def publish_with_dates(
    edition: Edition, by: Any, published_at: datetime | None, updated_at: datetime | None
) -> Edition:
    """Publishes what was live on another site, with the dates that its readers saw there as far as they are known."""
    edition = publish(edition, by=by)
    _update_edition(
        edition, published_at=published_at or edition.published_at, updated_at=updated_at or edition.updated_at
    )
    return Edition.objects.get(pk=edition.pk)


@transaction.atomic
def reserve_addresses(subject: Publishable, slugs: tuple[str, ...]) -> None:
    """Makes addresses that a subject had on another site its own here, in that order. None may be another's."""
    Address.objects.bulk_create(Address(kind=subject.KIND, slug=slug, subject_id=subject.pk) for slug in slugs)


@transaction.atomic
def withdraw(subject: Publishable, by: Any, reason: str, successor: Publishable | None = None) -> None:
    """Takes the live edition away; its addresses answer 410 with the reason, or lead to the successor.

    Withdrawing what is not live changes nothing. Raises PublishingError where the successor would lead nowhere.
    """
    require_permission(by, "publish", type(subject))
    subject = lock(type(subject), subject.pk)
    live = Edition.objects.about(subject).live().first()
    if not live:
        return
    if successor and (type(successor) is not type(subject) or successor.pk == subject.pk):
        raise PublishingError(_("The successor must be another page of the same kind."))
    if successor and not Edition.objects.about(successor).live().exists():
        raise PublishingError(
            _("“%(name)s” is not live, so readers cannot be led there. Publish it first.") % {"name": successor}
        )
    PublicVersion.replace()
    _unpublish(subject, live, by, reason, successor)


def _unpublish(subject: Publishable, live: Edition, by: Any, reason: str, successor: Publishable | None = None) -> None:
    _update_edition(live, is_live=False)
    live.links.all().delete()
    if subject.IS_SEARCHED:
        index.remove(subject.KIND, subject.pk)
    successor_id = successor.pk if successor else None
    record_event(subject, Event.Verb.WITHDRAWN, by, edition=live, note=reason, successor_id=successor_id)


@transaction.atomic
def submit(edition: Edition, by: Any, note: str = "") -> None:
    """Tells the publishers that an edition is ready. Raises PublishingError where there is a newer one."""
    kind: type[Publishable] = kinds()[edition.kind]
    require_permission(by, "change", kind)
    subject = lock(kind, edition.subject_id)
    if edition.number != latest_number(subject):
        raise PublishingError(_("There is a newer edition than the one you submitted. Look at it first."))
    record_event(subject, Event.Verb.SUBMITTED, by, edition=edition, note=note)


@transaction.atomic
def redact(edition: Edition, by: Any, reason: str) -> None:
    """Blanks the words of an edition that must not be seen even in the history.

    A live edition is refused: publish a corrected one or withdraw it first.
    """
    kind: type[Publishable] = kinds()[edition.kind]
    require_permission(by, "publish", kind)
    subject = lock(kind, edition.subject_id)
    edition = Edition.objects.get(pk=edition.pk)
    if edition.is_live:
        raise PublishingError(_("This edition is live. Publish a corrected one, or withdraw it, before you redact it."))
    PublicVersion.replace()
    _blank(subject, edition, by, reason, title=_("Redacted"))


def _blank(subject: Publishable, edition: Edition, by: Any, reason: str, title: str) -> None:
    page = subject.PAGE(title=title, slug=edition.slug)
    _update_edition(
        edition,
        title=title,
        sort_key=sort_key(title),
        letter=letter(title),
        content=page.content(),
        digest=page.digest(),
        note="",
        redacted_at=timezone.now(),
    )
    record_event(subject, Event.Verb.REDACTED, by, edition=edition, note=reason)


@transaction.atomic
def forget(subject: Publishable, by: Any, reason: str) -> None:
    """Takes away a subject that is about a person who no longer agrees to it, and every word of it that we hold.

    Nothing of it is live any more; its row, its editions, the notes on them and its files are blanked for good, and
    what is left goes to the trash. It takes no publisher, since the person should not wait for one.
    """
    require_permission(by, "change", type(subject))
    subject = lock(type(subject), subject.pk)
    own = {"kind": subject.KIND, "subject_id": subject.pk}
    Event._base_manager.filter(**own).update(note="")
    PublicVersion.replace()
    live = Edition.objects.about(subject).live().first()
    if live:
        _unpublish(subject, live, by, reason)
    title = capfirst(str(subject._meta.verbose_name))
    for edition in Edition.objects.about(subject).filter(redacted_at=None):
        _blank(subject, edition, by, reason, title)
    subject.erase()
    if not subject.trashed_at:
        subject.trashed_at = timezone.now()
        record_event(subject, Event.Verb.TRASHED, by, note=reason)
    subject.save()
    subject.prune_files()
    options = subject._meta
    logged = LogEntry.objects.filter(content_type__app_label=options.app_label, content_type__model=options.model_name)
    logged.filter(object_id=str(subject.pk)).update(object_repr=title, change_message="")


def latest_number(subject: Publishable) -> int:
    """The number of the newest edition, 0 where there is none."""
    return Edition.objects.about(subject).aggregate(newest=Max("number"))["newest"] or 0
