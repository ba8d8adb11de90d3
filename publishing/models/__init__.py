"""The base models of every kind that has a public page, and the models that store what was published."""

from publishing.models.editions import (
    NAME_LENGTH,
    SLUG_LENGTH,
    Address,
    Edition,
    EditionQuerySet,
    Event,
    Immutable,
    ImmutableError,
    ImmutableQuerySet,
    Link,
)
from publishing.models.kinds import kinds
from publishing.models.public_version import PublicVersion
from publishing.models.publishable import (
    ChildRow,
    ChildRowQuerySet,
    Publishable,
    PublishableQuerySet,
    State,
    is_email_address,
    is_web_address,
)
from publishing.models.rows import replace_rows

__all__ = [
    "NAME_LENGTH",
    "SLUG_LENGTH",
    "Address",
    "ChildRow",
    "ChildRowQuerySet",
    "Edition",
    "EditionQuerySet",
    "Event",
    "Immutable",
    "ImmutableError",
    "ImmutableQuerySet",
    "Link",
    "PublicVersion",
    "Publishable",
    "PublishableQuerySet",
    "State",
    "is_email_address",
    "is_web_address",
    "kinds",
    "replace_rows",
]
