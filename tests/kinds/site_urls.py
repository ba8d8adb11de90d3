from django.urls import include, path

from config import urls

urlpatterns = [path("leaflets/", include("tests.kinds.urls")), *urls.urlpatterns]
