"""Finds what a public address leads to."""

from dataclasses import dataclass

from publishing.models import Address, Edition, Event, Publishable


@dataclass(frozen=True)
class Gone:
    """A page was live at this address and was withdrawn."""

    title: str
    reason: str


def look_up(kind: type[Publishable], slug: str) -> Edition | Gone | None:
    """Returns the live edition that an address leads to.

    The edition may have another slug: the page has a new address, or a successor replaced it.
    Only the first successor is followed: if that one was withdrawn too, the answer is `Gone`.

    Returns `Gone` where the page was withdrawn, and None where no page was ever live.
    """
    live = Edition.objects.of(kind).live()
    for at_this_address in live.filter(slug=slug):  # at most one; `first()` would sort
        return at_this_address
    address = Address.objects.filter(kind=kind.KIND, slug=slug).first()
    if not address:
        return None
    if edition := live.filter(subject_id=address.subject_id).first():
        return edition
    withdrawn = (
        Event.objects.filter(kind=kind.KIND, subject_id=address.subject_id, verb=Event.Verb.WITHDRAWN)
        .select_related("edition")
        .order_by("-pk")
        .first()
    )
    if not withdrawn or not withdrawn.edition:
        return None
    successor = live.filter(subject_id=withdrawn.successor_id).first() if withdrawn.successor_id else None
    return successor or Gone(title=withdrawn.edition.title, reason=withdrawn.note)
