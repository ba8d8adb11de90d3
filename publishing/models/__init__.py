"""The working copy that every publishable thing has, and the record of what was approved, when and by whom."""

from publishing.models.editions import (
    SLUG_LENGTH,
    Address,
    Edition,
    EditionQuerySet,
    Event,
    Link,
    Record,
    RecordError,
    RecordQuerySet,
)
from publishing.models.kinds import kinds
from publishing.models.publishable import (
    Part,
    PartQuerySet,
    Publishable,
    PublishableQuerySet,
    State,
    is_email_address,
    is_web_address,
)
from publishing.models.stamps import Stamp

__all__ = [
    "SLUG_LENGTH",
    "Address",
    "Edition",
    "EditionQuerySet",
    "Event",
    "Link",
    "Part",
    "PartQuerySet",
    "Publishable",
    "PublishableQuerySet",
    "Record",
    "RecordError",
    "RecordQuerySet",
    "Stamp",
    "State",
    "is_email_address",
    "is_web_address",
    "kinds",
]
