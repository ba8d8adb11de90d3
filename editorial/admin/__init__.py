"""The admin of everything publishable, written once: list and form, single steps, looking back, many at once."""

from editorial.admin.accounts import AccountAdmin
from editorial.admin.publishable import PublishableAdmin, PublishableStateFilter

__all__ = ["AccountAdmin", "PublishableAdmin", "PublishableStateFilter"]
