"""The verbs: the only code that writes editions, events, links and addresses.

Two more modules build on them: `restoring` restores editions and hides comparisons, `trash` moves subjects to the trash
and removes old editions.

Every verb locks the subject's row first, and the public version second if it needs it. Two people who act at the same
time then wait for each other, and neither fails. `by` is a user; where nothing becomes public, it may also be the name
of a command.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, TypedDict, TypeVar, Unpack

from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pydantic import ValidationError

from accounts.models import AnyUser, User
from publishing.models import NAME_LENGTH, Address, Edition, Event, Link, PublicVersion, Publishable, kinds
from publishing.sorting import letter, sort_key
from publishing.values import Page, Reference
from search import index

Author = User | str
"""A user, or the name of a command for what does not become public."""

_LockedSubject = TypeVar("_LockedSubject", bound=Publishable)

READER_SUGGESTION_NOTE = gettext_lazy("Following a reader’s suggestion.")
"""The note of an edition that follows a reader's suggestion. The publisher may show this note to the public."""


_erasers: list[Callable[[Publishable], None]] = []


def when_forgotten(erase: Callable[[Publishable], None]) -> Callable[[Publishable], None]:
    """Makes `forget` call a function that erases what an app above this one stores about a subject. A decorator."""
    _erasers.append(erase)
    return erase


class PublishingError(Exception):
    """A verb was refused. The message tells an editor why, and what to do."""


class PageRefused(PublishingError):
    """The draft holds something that a page must not say. The message names each place."""


class AuthorFields(TypedDict):
    """The fields of an edition or an event that say who made it."""

    by: User | None
    by_name: str


class EditionChanges(TypedDict, total=False):
    """The fields of an edition that a verb may change."""

    is_newest: bool
    is_live: bool
    published_at: datetime | None
    updated_at: datetime | None
    redacted_at: datetime
    title: str
    sort_key: str
    letter: str
    content: dict[str, Any]
    digest: str
    note: str


def lock(kind: type[_LockedSubject], pk: int) -> _LockedSubject:
    """Returns a subject's present row and locks it until the transaction ends. Raises the model's DoesNotExist."""
    return kind._base_manager.select_for_update().get(pk=pk)


def may(user: AnyUser, action: str, kind: type[Publishable]) -> bool:
    """Returns whether a user has a permission on a kind: "change", "delete", "publish" or "view"."""
    return user.is_active and user.has_perm(kind.permission(action))


def require_permission(user: AnyUser | str, action: str, kind: type[Publishable]) -> User:
    """Returns the user where the user has a permission on a kind.

    Raises PermissionDenied where the permission is missing, and TypeError where `user` is not a user.
    """
    if not isinstance(user, User | AnonymousUser):
        raise TypeError("Only a user can do this: a person decides what the public sees.")
    if isinstance(user, AnonymousUser) or not may(user, action, kind):
        raise PermissionDenied(
            _("The account “%(user)s” does not have the permission to %(action)s this kind of page: %(kind)s.")
            % {"user": user, "action": action, "kind": kind._meta.verbose_name}
        )
    return user


def author_name(by: Author) -> str:
    """Returns the name that is saved with what an author does. It stays when the account is deleted."""
    name: str = by if isinstance(by, str) else by.get_full_name() or by.get_username()
    return name[:NAME_LENGTH]


def _author_fields(by: Author) -> AuthorFields:
    return {"by": None if isinstance(by, str) else by, "by_name": author_name(by)}


def record_event(
    subject: Publishable,
    verb: Event.Verb,
    by: Author,
    edition: Edition | None = None,
    note: str = "",
    successor_id: int | None = None,
) -> Event:
    """Saves an event: what was done, by whom and when."""
    return Event.objects.create(
        kind=subject.KIND,
        subject_id=subject.pk,
        verb=verb,
        edition=edition,
        note=note,
        successor_id=successor_id,
        **_author_fields(by),
    )


def _update_editions(editions: Iterable[Edition], **fields: Unpack[EditionChanges]) -> None:
    """Updates editions: their state, and in redact() and forget() their text. This is the only function that does."""
    if pks := [edition.pk for edition in editions]:
        Edition._base_manager.filter(pk__in=pks).update(**fields)


@transaction.atomic
def save_edition(subject: Publishable, by: Author, note: str = "", origin: str = "") -> Edition:
    """Saves and returns an edition of the draft, or returns the newest edition where it says the same.

    Both ways the subject's row says who changed the draft last, since not every change shows on the page.
    `origin` says where the text comes from, if no person wrote it: see `Edition.origin`. Raises PageRefused.
    """
    subject = lock(type(subject), subject.pk)
    return save_editions([(subject, compose_page(subject.compose))], by, note, origin)[0]


def compose_page(compose: Callable[[], Page]) -> Page:
    """Returns the page that `compose` makes. Raises PageRefused, which names each value that a page must not hold."""
    try:
        return compose()
    except ValidationError as error:
        places = [f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}" for problem in error.errors()]
        raise PageRefused(_("The page cannot hold this. %(places)s") % {"places": "; ".join(places)}) from error


def save_editions(
    pages: Sequence[tuple[Publishable, Page]],
    by: Author,
    note: str = "",
    origin: str = "",
    *,
    is_draft_changed: bool = True,
) -> list[Edition]:
    """Does what `save_edition` does, for several subjects of one kind and the given pages. The drafts are not read.

    The caller has opened a transaction, and has locked or created the subjects in it. Where the author did not change
    the drafts, only subjects with a new edition say that the author saved them.
    """
    kinds_ = {subject.KIND for subject, _page in pages}
    editions = Edition.objects.newest().filter(kind__in=kinds_, subject_id__in=[subject.pk for subject, _page in pages])
    newest = {edition.subject_id: edition for edition in editions}
    new_editions = {
        subject.pk: _next_edition(subject, page, newest.get(subject.pk), by, note, origin)
        for subject, page in pages
        if not _has_same_page(newest.get(subject.pk), page)
    }
    saved = [subject for subject, _page in pages if is_draft_changed or subject.pk in new_editions]
    if outdated := [subject for subject in saved if subject.saved_by != author_name(by)]:
        kind = type(outdated[0])
        kind._base_manager.filter(pk__in=[subject.pk for subject in outdated]).update(saved_by=author_name(by))
    Address.objects.reserve(
        {reference for subject, page in pages if subject.pk in new_editions for reference in page.references()}
    )
    _update_editions([newest[pk] for pk in new_editions if pk in newest], is_newest=False)
    Edition.objects.bulk_create(new_editions.values())
    return [new_editions.get(subject.pk) or newest[subject.pk] for subject, _page in pages]


def _has_same_page(edition: Edition | None, page: Page) -> bool:
    """Returns whether an edition holds exactly this page. A redacted edition never does."""
    if edition is None or edition.redacted_at:
        return False
    return edition.schema == page.SCHEMA and edition.digest == page.digest()


def _next_edition(
    subject: Publishable, page: Page, newest: Edition | None, by: Author, note: str, origin: str
) -> Edition:
    """Returns the subject's next edition, not yet saved."""
    edition = Edition(
        kind=subject.KIND,
        subject_id=subject.pk,
        number=newest.number + 1 if newest else 1,
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


def publish(edition: Edition, by: AnyUser | str, note: str = "", minor: bool = False) -> Edition:
    """Makes an edition live in place of the present live edition. Publishing a live edition changes nothing.

    Raises PublishingError where the edition was redacted, where its subject is in the trash or blocks it, or where its
    address belongs to another subject. Raises TypeError where `by` is the name of a command.
    """
    return publish_all([Edition.objects.get(pk=edition.pk)], by, note, minor)[0]


@transaction.atomic
def publish_all(editions: Sequence[Edition], by: AnyUser | str, note: str = "", minor: bool = False) -> list[Edition]:
    """Does what `publish` does, for editions of several subjects of one kind: all of them or none.

    The texts are taken from the given objects, since an edition does not change; its state is read again.
    """
    kind: type[Publishable] = kinds()[editions[0].kind]
    author = _author_fields(require_permission(by, "publish", kind))
    pks = [edition.subject_id for edition in editions]
    subjects = {row.pk: row for row in kind.objects.select_for_update().filter(pk__in=pks).order_by("pk")}
    live = Q(kind=kind.KIND, is_live=True, subject_id__in=pks)
    states = Edition.objects.filter(live | Q(pk__in=[edition.pk for edition in editions]))
    state_of = states.only("subject_id", "slug", "is_live", "redacted_at", "updated_at").in_bulk()
    for edition in editions:
        state = state_of[edition.pk]
        edition.is_live, edition.redacted_at = state.is_live, state.redacted_at
    to_publish = [edition for edition in editions if not edition.is_live]
    if not to_publish:
        return list(editions)
    for edition in to_publish:
        if edition.redacted_at:
            raise PublishingError(
                _("Edition %(number)s was redacted: its text was removed for good. It cannot be published.")
                % {"number": edition.number}
            )
        if (subject := subjects[edition.subject_id]).trashed_at:
            raise PublishingError(
                _("“%(name)s” is in the trash. Restore it from the trash before you publish it.") % {"name": subject}
            )
        if blocker := subject.publish_blocker(edition.page):
            raise PublishingError(blocker)
    PublicVersion.replace()
    now = timezone.now()
    to_replace = {edition.subject_id for edition in to_publish}
    replaced = {old.subject_id: old for old in state_of.values() if old.is_live and old.subject_id in to_replace}
    kept_addresses = {(pk, old.slug) for pk, old in replaced.items()}
    _reserve_live_addresses(
        [edition for edition in to_publish if (edition.subject_id, edition.slug) not in kept_addresses]
    )
    _update_editions(replaced.values(), is_live=False)
    if replaced:
        Link.objects.filter(edition__in=replaced.values()).delete()
    for edition in to_publish:
        old = replaced.get(edition.subject_id)
        edition.is_live, edition.published_at = True, now
        # The first publication is never a minor change.
        edition.updated_at = old.updated_at if old and minor else now
    for updated_at in {edition.updated_at for edition in to_publish}:
        same_date = [edition for edition in to_publish if edition.updated_at == updated_at]
        _update_editions(same_date, is_live=True, published_at=now, updated_at=updated_at)
    _create_links(to_publish)
    if kind.IS_SEARCHED:
        index.put_all([edition.document() for edition in to_publish])
    Event.objects.bulk_create(
        Event(
            kind=kind.KIND,
            subject_id=edition.subject_id,
            verb=Event.Verb.PUBLISHED,
            edition=edition,
            note=note,
            minor=minor and edition.subject_id in replaced,
            **author,
        )
        for edition in to_publish
    )
    return list(editions)


def _create_links(editions: Sequence[Edition]) -> None:
    """Saves which subjects the pages of editions mention. A reference that leads nowhere is left out."""
    references = {reference for edition in editions for reference in edition.page.references()}
    ids = Address.objects.subject_ids(references)
    Link.objects.bulk_create(
        Link(edition=edition, kind=kind, subject_id=pk)
        for edition in editions
        for kind, pk in {(each.kind, ids[each]) for each in edition.page.references() if each in ids}
    )


def _reserve_live_addresses(editions: Sequence[Edition]) -> None:
    """Reserves the addresses of editions. Raises PublishingError where one belongs to another subject."""
    wanted = {Reference(kind=edition.kind, slug=edition.slug): edition.subject_id for edition in editions}
    owners = Address.objects.owners(wanted)
    if new := sorted(wanted.keys() - owners.keys(), key=lambda reference: reference.slug):
        Address.objects.bulk_create(
            [Address(kind=each.kind, slug=each.slug, subject_id=wanted[each]) for each in new], ignore_conflicts=True
        )
        owners = Address.objects.owners(wanted)
    for address, subject_id in wanted.items():
        if owners[address] != subject_id:
            raise PublishingError(
                _("The address “%(slug)s” belonged to another page and stays with it. Choose another address.")
                % {"slug": address.slug}
            )


@transaction.atomic
def publish_with_dates(
    edition: Edition, by: AnyUser, published_at: datetime | None, updated_at: datetime | None
) -> None:
    """Publishes an edition that was live on another site with the dates that it had there, where they are known."""
    edition = publish(edition, by=by)
    _update_editions(
        [edition], published_at=published_at or edition.published_at, updated_at=updated_at or edition.updated_at
    )


@transaction.atomic
def reserve_addresses(subject: Publishable, slugs: tuple[str, ...]) -> None:
    """Saves the addresses that a subject had on another site, in that order. None may belong to another subject."""
    Address.objects.bulk_create(Address(kind=subject.KIND, slug=slug, subject_id=subject.pk) for slug in slugs)


@transaction.atomic
def withdraw(subject: Publishable, by: AnyUser, reason: str, successor: Publishable | None = None) -> None:
    """Withdraws the live edition: its addresses answer 410 with the reason, or redirect to the successor.

    Withdrawing a subject that is not live changes nothing. Raises PublishingError where the successor is not live, or
    is of another kind, or is the subject itself.
    """
    author = require_permission(by, "publish", type(subject))
    subject = lock(type(subject), subject.pk)
    live = Edition.objects.about(subject).live().first()
    if not live:
        return
    if successor and (type(successor) is not type(subject) or successor.pk == subject.pk):
        raise PublishingError(_("The successor must be another page of the same kind."))
    if successor and not Edition.objects.about(successor).live().exists():
        raise PublishingError(
            _("“%(name)s” is not live, so readers cannot be sent to it. Publish it first.") % {"name": successor}
        )
    PublicVersion.replace(is_removal=True)
    _unpublish(subject, live, author, reason, successor)


def _unpublish(
    subject: Publishable, live: Edition, by: User, reason: str, successor: Publishable | None = None
) -> None:
    """Makes the live edition not live, removes its links and its entry in the search index, and saves the event."""
    _update_editions([live], is_live=False)
    live.links.all().delete()
    if subject.IS_SEARCHED:
        index.remove(subject.KIND, subject.pk)
    successor_id = successor.pk if successor else None
    record_event(subject, Event.Verb.WITHDRAWN, by, edition=live, note=reason, successor_id=successor_id)


@transaction.atomic
def submit(edition: Edition, by: AnyUser, note: str = "") -> None:
    """Saves that an edition is ready to publish. Raises PublishingError where there is a newer edition."""
    kind: type[Publishable] = kinds()[edition.kind]
    author = require_permission(by, "change", kind)
    subject = lock(kind, edition.subject_id)
    if edition.number != newest_number(subject):
        raise PublishingError(_("There is a newer edition than the one you want to submit. Preview it first."))
    record_event(subject, Event.Verb.SUBMITTED, author, edition=edition, note=note)


@transaction.atomic
def redact(edition: Edition, by: AnyUser, reason: str) -> None:
    """Removes the text of an edition for good, where it must not be seen even in the history.

    Raises PublishingError where the edition is live.
    """
    kind: type[Publishable] = kinds()[edition.kind]
    author = require_permission(by, "publish", kind)
    subject = lock(kind, edition.subject_id)
    edition = Edition.objects.get(pk=edition.pk)
    if edition.is_live:
        raise PublishingError(
            _("This edition is live. Publish a corrected edition or withdraw the page before you redact it.")
        )
    PublicVersion.replace(is_removal=True)
    _erase_text(subject, edition, author, reason, title=_("Redacted"))


def _erase_text(subject: Publishable, edition: Edition, by: User, reason: str, title: str) -> None:
    """Replaces an edition's page with an empty page that has this title, and saves the event."""
    page = subject.PAGE(title=title, slug=edition.slug)
    _update_editions(
        [edition],
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
def forget(subject: Publishable, by: AnyUser, reason: str) -> None:
    """Withdraws a subject about a person who no longer agrees to it, and removes every word about the person for good.

    This empties the row, the editions, their notes and the files, and moves the subject to the trash. An editor may do
    it, since the person should not have to wait for a publisher.
    """
    author = require_permission(by, "change", type(subject))
    subject = lock(type(subject), subject.pk)
    Event._base_manager.filter(kind=subject.KIND, subject_id=subject.pk).update(note="")
    PublicVersion.replace(is_removal=True)
    live = Edition.objects.about(subject).live().first()
    if live:
        _unpublish(subject, live, author, reason)
    title = capfirst(str(subject._meta.verbose_name))
    for edition in Edition.objects.about(subject).filter(redacted_at=None):
        _erase_text(subject, edition, author, reason, title)
    subject.erase()
    if not subject.trashed_at:
        subject.trashed_at = timezone.now()
        record_event(subject, Event.Verb.TRASHED, author, note=reason)
    subject.save()
    subject.prune_files()
    for erase in _erasers:
        erase(subject)
    meta = subject._meta
    log_entries = LogEntry.objects.filter(content_type__app_label=meta.app_label, content_type__model=meta.model_name)
    log_entries.filter(object_id=str(subject.pk)).update(object_repr=title, change_message="")


def newest_number(subject: Publishable) -> int:
    """Returns the number of the newest edition, or 0 where there is none."""
    return Edition.objects.about(subject).aggregate(newest=Max("number"))["newest"] or 0
