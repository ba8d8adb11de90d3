from django.urls import path

from diseases import views

app_name = "diseases"
urlpatterns = [
    path("", views.disease_list, name="list"),
    path("<slug:slug>/", views.disease_detail, name="detail"),
    path("<slug:slug>/changes/", views.disease_changes, name="changes"),
    path("<slug:slug>/sheet/", views.disease_sheet, name="sheet"),
    path("<slug:slug>/changes.atom", views.disease_feed, name="feed"),
]
