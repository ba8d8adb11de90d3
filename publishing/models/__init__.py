"""The base models of every kind that has a public page, and the models that store what was published."""

from publishing.models.child_rows import ChildRow
from publishing.models.composed import ComposedRow, NamedRows, References, columns_of
from publishing.models.editions import (
    NAME_LENGTH,
    SLUG_LENGTH,
    Address,
    Edition,
    EditionQuerySet,
    Event,
    ImmutableError,
    Link,
)
from publishing.models.kinds import kinds
from publishing.models.public_version import PublicVersion
from publishing.models.publishable import (
    Publishable,
    PublishableQuerySet,
    State,
    child_models_of,
    is_email_address,
    is_web_address,
)

__all__ = [
    "NAME_LENGTH",
    "SLUG_LENGTH",
    "Address",
    "ChildRow",
    "ComposedRow",
    "Edition",
    "EditionQuerySet",
    "Event",
    "ImmutableError",
    "Link",
    "NamedRows",
    "PublicVersion",
    "Publishable",
    "PublishableQuerySet",
    "References",
    "State",
    "child_models_of",
    "columns_of",
    "is_email_address",
    "is_web_address",
    "kinds",
]
