"""What every page says on paper only: where it was found, and on which day it was printed."""

import pytest
import time_machine
from django.urls import reverse

from tests.factories import make_disease

pytestmark = pytest.mark.django_db


def test_a_page_says_where_and_when_it_was_printed_and_is_new_every_day(client):
    disease = make_disease(slug="iron")
    address = reverse("diseases:detail", args=[disease.slug])

    with time_machine.travel("2026-05-03 12:00Z", tick=False):
        first = client.get(address + "?a=1&b=%22")
        again = client.get(address + "?a=1&b=%22", headers={"If-None-Match": first["ETag"]})
    with time_machine.travel("2026-05-04 12:00Z", tick=False):
        next_day = client.get(address + "?a=1&b=%22", headers={"If-None-Match": first["ETag"]})

    assert "http://testserver/diseases/iron/ · Printed on 3 May 2026" in first.text
    assert again.status_code == 304
    assert next_day.status_code == 200
    assert "Printed on 4 May 2026" in next_day.text


def test_the_day_is_that_of_the_sites_time_zone(client, settings):
    settings.TIME_ZONE = "Pacific/Auckland"
    with time_machine.travel("2026-05-03 20:00Z", tick=False):
        assert "Printed on 4 May 2026" in client.get("/about/").text
