"""The OpenAPI document is valid, and real answers are what it says."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest

from tests.api.calls import Calls


@pytest.fixture(scope="module")
def document(calls: Calls) -> dict[str, Any]:
    found: dict[str, Any] = calls.nobody.get("openapi.json").json()
    return found


def test_it_is_valid_openapi_3_1(document: dict[str, Any]) -> None:
    from openapi_spec_validator import OpenAPIV31SpecValidator

    assert document["openapi"].startswith("3.1")
    assert [e.message for e in OpenAPIV31SpecValidator(document).iter_errors()] == []


def test_it_is_the_same_at_both_addresses(calls: Calls) -> None:
    assert calls.nobody.get("/openapi.json").content == calls.nobody.get("openapi.json").content


def test_every_operation_says_what_it_does_and_how_it_fails(document: dict[str, Any]) -> None:
    for methods in document["paths"].values():
        for one in methods.values():
            assert one["summary"] and set(one["responses"]) >= {"4XX", "5XX"} and "x-right" in one


def test_answers_are_what_the_document_says(calls: Calls, document: dict[str, Any]) -> None:
    made = calls.granted()
    seen = {
        "Matter": ("MatterDetail", calls.resident.get(f"matters/{made['id']}")),
        "Events": ("Events", calls.resident.get(f"matters/{made['id']}/events")),
        "Looks": ("Looks", calls.resident.get(f"matters/{made['id']}/readers")),
        "Matters": ("Matters", calls.clerk.get("matters?unit")),
        "Items": ("Items", calls.nobody.get("items")),
        "Item": ("Item", calls.nobody.get("items/HZ-106")),
        "Profiles": ("Profiles", calls.nobody.get("regions/nanhu/profiles")),
        "Guesses": ("Guesses", calls.nobody.post("guide", {"text": "身份证丢了"}, key="")),
        "Me": ("Me", calls.clerk.get("session")),
        "Problem": ("Problem", calls.approver.get(f"matters/{made['id']}")),
        "Invalid": ("Problem", calls.resident.post("matters", {})),
    }
    for name, (schema, answer) in seen.items():
        wanted = {"$ref": f"#/components/schemas/{schema}", "components": document["components"]}
        faults = [e.message for e in jsonschema_rs.validator_for(wanted).iter_errors(answer.json())]
        assert faults == [], name
