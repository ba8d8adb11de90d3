from functools import cache
from typing import TYPE_CHECKING, Any

from django.apps import apps

if TYPE_CHECKING:
    from publishing.models.publishable import Publishable


@cache
def kinds() -> "dict[str, type[Publishable]]":
    """Every kind of publishable thing, by the word that editions, addresses and references use for it."""
    models: Any = apps.get_models()
    return {model.KIND: model for model in models if hasattr(model, "KIND")}
