"""The admin of everything publishable, written once: list and form, workflow steps, history, bulk actions."""

from editorial.admin.accounts import AccountAdmin
from editorial.admin.jobs import JobAdmin
from editorial.admin.publishable import PublishableAdmin, PublishableStateFilter

__all__ = ["AccountAdmin", "JobAdmin", "PublishableAdmin", "PublishableStateFilter"]
