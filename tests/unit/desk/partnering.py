"""Bodies as partners' machines send them: made by the libraries of those formats, so that our reading is held against theirs."""

import json
from functools import cache
from importlib import import_module

import stix2

ACME = stix2.Identity(
    id="identity--5a1e8d3c-0000-4000-8000-000000000002", name="Acme CERT", identity_class="organization"
)
ANALYST = stix2.Identity(
    id="identity--5a1e8d3c-0000-4000-8000-000000000003", name="Jane Analyst", identity_class="individual"
)
PROSE = (
    "Ransomware has stopped the container terminal of Piraeus in Greece, and ships wait outside the port.",
    "The malware calls hxxps://gate.crane-tools[.]net/a every hour; see https://vendor.example/blog for more.",
)


@cache
def pymisp():
    """It takes seconds to load: only who wants an event waits for it."""
    return import_module("pymisp")


def indicator(pattern, **more):
    return stix2.Indicator(pattern=pattern, pattern_type="stix", valid_from="2026-01-01T00:00:00Z", **more)


def report(objects, name="Ransomware at the terminal of Piraeus", **more):
    told = {"created_by_ref": ACME.id, "description": "\n".join(PROSE), "published": "2026-11-20T08:00:00Z", **more}
    return stix2.Report(name=name, report_types=["malware"], object_refs=[one.id for one in objects], **told)


def bundle(*objects):
    return stix2.Bundle(objects=list(objects), allow_custom=True).serialize().encode()


def envelope(*objects, onward=""):
    """A page of TAXII 2.1."""
    told = {"objects": [json.loads(one.serialize()) for one in objects]}
    if onward:
        told |= {"more": True, "next": onward}
    return json.dumps(told).encode()


def event(number=1, info="Ransomware at the terminal of Piraeus", tags=("tlp:clear",)):
    """A MISP event, to be added to and told by `told`."""
    made = pymisp().MISPEvent()
    made.from_dict(
        info=info,
        uuid=f"5a1e8d3c-0000-4000-8000-{number:012d}",
        date="2026-11-20",
        Orgc={"name": "Circle of ports", "uuid": "5a1e8d3c-0000-4000-8000-00000000aaaa"},
    )
    for one in tags:
        made.add_tag(one)
    return made


def told(*events):
    """One event as its file, several as the answer of a search."""
    if len(events) == 1:
        return json.dumps({"Event": json.loads(events[0].to_json())}).encode()
    return json.dumps({"response": [{"Event": json.loads(one.to_json())} for one in events]}).encode()


def written(made, name, content):
    """A report that is part of an event."""
    part = pymisp().MISPEventReport()
    part.from_dict(name=name, content=content)
    made.EventReport.append(part)


def file_object(made, sha256):
    part = pymisp().MISPObject("file")
    part.add_attribute("sha256", value=sha256, to_ids=True)
    part.add_attribute("filename", value="invoice.exe", to_ids=True)
    made.add_object(part)
