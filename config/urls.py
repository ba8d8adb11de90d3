from django.conf import settings
from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("diseases.urls")),
    path("organizations/", include("organizations.urls")),
    path(settings.ADMIN_PATH, admin.site.urls),
]
