"""Accept, as in plain HTTP; errors as TAXII has them."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.edge.taxii.answers import accepts, bad, error


@pytest.mark.parametrize(
    "header",
    [
        "", " ", "application/taxii+json;version=2.1", "application/taxii+json; version=2.1",
        "application/taxii+json", "APPLICATION/TAXII+JSON;VERSION=2.1", "application/taxii+json ; version = 2.1",
        'application/taxii+json;version="2.1"', "application/taxii+json;version=2.1;q=0.5", "*/*", "application/*",
        "text/html, application/taxii+json;version=2.1;q=0.1", "text/html,*/*;q=0.1", "application/taxii+json;q=x",
        "application/taxii+json;version=2.0, application/taxii+json;version=2.1", "*/*;q=0, application/taxii+json",
        "application/taxii+json;charset=utf-8;version=2.1",
    ],
)  # fmt: skip
def test_served(header):
    assert accepts(header)


@pytest.mark.parametrize(
    "header",
    [
        "application/json", "text/html", "application/taxii+json;version=2.0", "application/taxii+json;version=3",
        "application/vnd.oasis.taxii+json; version=2.0", "application/stix+json;version=2.1", "nonsense", ";", ",",
        "application/taxii+json;version=2.1;q=0", "*/*;q=0", "application/taxii+json;q=0, */*", "application/taxii",
        "text/*", "application/taxii+json;version=", "*/*;q=nan",
    ],
)  # fmt: skip
def test_not_acceptable(header):
    assert not accepts(header)


@settings(max_examples=60)
@given(st.text(st.sampled_from('application/taxii+json;version=2.1,*q.0 "é'), max_size=60))
def test_any_header_has_an_answer(header):
    assert accepts(header) in (True, False)


def test_an_error_has_its_status_as_a_string_and_no_empty_keys():
    assert json.loads(bad("why").answer().body) == {
        "title": "Bad request",
        "description": "why",
        "http_status": "400",
    }
    assert json.loads(error(503, "t", code="store.read").body) == {
        "title": "t",
        "error_code": "store.read",
        "http_status": "503",
    }
