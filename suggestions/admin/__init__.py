"""The admin of portraits."""

from suggestions.admin.portraits import PortraitAdmin

__all__ = ["PortraitAdmin"]
