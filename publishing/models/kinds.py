"""What the records need to know of publishable things, which themselves build on the records."""

from functools import cache
from typing import Any, ClassVar, Protocol

from django.apps import apps


class HasKind(Protocol):
    """A publishable thing, as far as the records of it go."""

    KIND: ClassVar[str]

    @property
    def pk(self) -> Any: ...


@cache
def kinds() -> dict[str, Any]:
    """Every kind of publishable thing, a class each, by the word that editions, addresses and references use for it."""
    return {model.KIND: model for model in apps.get_models() if hasattr(model, "KIND")}
