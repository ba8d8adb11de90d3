"""What editions, events and addresses need to know about the kinds. The models of the kinds are defined later."""

from functools import cache
from typing import Any, ClassVar, Protocol

from django.apps import apps


class HasKind(Protocol):
    """A publishable class or one of its rows, as editions, events and addresses see it."""

    KIND: ClassVar[str]

    @property
    def pk(self) -> int: ...


class HasSlug(Protocol):
    """A row that has an address."""

    slug: str

    @property
    def pk(self) -> int: ...


@cache
def kinds() -> dict[str, Any]:
    """Returns the model of every kind by its `KIND`, the word that editions, addresses and references store."""
    return {model.KIND: model for model in apps.get_models() if hasattr(model, "KIND")}
