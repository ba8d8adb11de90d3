"""A site on which everything is broken."""

from django.urls import path


def fail(request):
    raise RuntimeError("broken on purpose")


urlpatterns = [path("broken/", fail)]
