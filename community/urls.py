from django.urls import path

from community import views

app_name = "community"
urlpatterns = [
    path("", views.portrait_list, name="list"),
    path("<slug:slug>/", views.portrait_detail, name="detail"),
    path("<slug:slug>/changes/", views.portrait_changes, name="changes"),
]
