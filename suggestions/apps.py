from django.apps import AppConfig


class SuggestionsConfig(AppConfig):
    name = "suggestions"
    for_editors = True
