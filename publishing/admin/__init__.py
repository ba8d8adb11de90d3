"""The admin of everything publishable, written once: list and form, single steps, looking back, many at once."""

from publishing.admin.publishable import PublishableAdmin, StateFilter

__all__ = ["PublishableAdmin", "StateFilter"]
