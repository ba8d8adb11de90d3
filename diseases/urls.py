from django.urls import path

from diseases.models import Disease
from diseases.views import disease_sheet
from website.kind_pages import kind_urls

app_name = "diseases"
urlpatterns = [*kind_urls(Disease), path("<slug:slug>/sheet/", disease_sheet, name="sheet")]
