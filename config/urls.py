from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.generic import TemplateView

from diseases.views import home
from publishing.site import forgotten_password
from publishing.views import changes
from suggestions.views import suggest, thanks

urlpatterns = [
    path("", home, name="home"),
    path("diseases/", include("diseases.urls")),
    path("organizations/", include("organizations.urls")),
    path("search/", include("search.urls")),
    path("changes/", changes, name="changes"),
    path("suggest/", suggest, name="suggest"),
    path("suggest/thanks/", thanks, name="suggest-thanks"),
    path("about/", TemplateView.as_view(template_name="pages/about.html"), name="about"),
    path("accessibility/", TemplateView.as_view(template_name="pages/accessibility.html"), name="accessibility"),
    path("privacy/", TemplateView.as_view(template_name="pages/privacy.html"), name="privacy"),
    path(settings.ADMIN_PATH, include(forgotten_password)),
    path(settings.ADMIN_PATH, admin.site.urls),
]
