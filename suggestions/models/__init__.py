from suggestions.models.portraits import Picture, Portrait

__all__ = ["Picture", "Portrait"]
