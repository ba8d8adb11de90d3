from tests.kinds.models import Leaflet
from website.kind_pages import kind_urls

app_name = "kinds"
urlpatterns = kind_urls(Leaflet)
