"""Runs tap-lever against a pretend Lever and compares. Usage: read_with_tap_lever.py ADDRESS FOLDER"""

import contextlib
import datetime
import io
import json
import pathlib
import sys

import tap_lever
from tap_lever.client import LeverClient

import plain

LEVER = "https://api.lever.co"

OF_OPPORTUNITIES = ["applications", "offers", "referrals", "resumes"]


def lead_to(address):
    """The tap writes Lever's address into every URL; the package stays as it is, and only its client is led elsewhere."""
    make_request = LeverClient.make_request

    def elsewhere(self, url, *rest, **more):
        return make_request(self, url.replace(LEVER, address), *rest, **more)

    LeverClient.make_request = elsewhere


def run(*arguments):
    """What the tap writes to its standard output."""
    sys.argv = ["tap-lever", *map(str, arguments)]
    with contextlib.redirect_stdout(io.StringIO()) as said:
        tap_lever.main()
    return said.getvalue()


def emitted(folder):
    """Every record of every stream, by stream, and the schemas the tap announces."""
    config, catalog = folder / "config.json", folder / "catalog.json"
    config.write_text(json.dumps({"token": plain.KEY, "start_date": "2018-01-01T00:00:00Z"}))
    discovered = json.loads(run("--config", config, "--discover"))
    for stream in discovered["streams"]:
        for entry in stream["metadata"]:
            entry["metadata"]["selected"] = True
    catalog.write_text(json.dumps(discovered))
    records = {stream["stream"]: [] for stream in discovered["streams"]}
    for line in run("--config", config, "--catalog", catalog).splitlines():
        message = json.loads(line)
        if message["type"] == "RECORD":
            records[message["stream"]].append(message["record"])
    return records, {stream["stream"]: stream["schema"] for stream in discovered["streams"]}


def read(address):
    """The same streams from a plain reading."""
    opportunities = plain.walk(address, "/opportunities")
    lists = ["archive_reasons", "postings", "requisitions", "sources", "stages", "users"]
    records = {path: plain.walk(address, f"/{path}") for path in lists}
    records["opportunities"] = opportunities
    records["candidates"] = plain.walk(address, "/candidates")
    for path in OF_OPPORTUNITIES:
        found = list(plain.children(address, opportunities, path))
        records[f"candidate_{path}"] = [child for _, child in found]
        records[f"opportunity_{path}"] = [
            # The tap says in an offer whose it is, because Lever does not.
            child | {"opportunityId": parent} if path == "offers" else child
            for parent, child in found
        ]
    return records


class Mismatch(Exception):
    """A value is of none of the types of its schema."""


def typed(value, schema):
    """The value as its JSON schema says it: keys that are not in it left out, times as text, null for yes or no as no."""
    if "type" not in schema:
        return value
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if value is None and "boolean" in types:
        return False
    if value is None or (value == "" and "string" not in types):
        return None
    if schema.get("format") == "date-time":
        if value == "":
            return None
        at = datetime.datetime(1970, 1, 1) + datetime.timedelta(milliseconds=int(value))
        return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    for name in types:
        if name == "object" and isinstance(value, dict):
            known = schema.get("properties") or dict.fromkeys(value, {})
            return {key: typed(found, known[key]) for key, found in value.items() if key in known}
        if name == "array" and isinstance(value, list):
            return [typed(found, schema["items"]) for found in value]
        if name == "string":
            return str(value)
        if name == "integer" and str(value).lstrip("-").isdigit():
            return int(value)
        if name == "number" and isinstance(value, (int, float)):
            return float(value)
        if name == "boolean" and isinstance(value, bool):
            return value
    raise Mismatch(schema["type"])


def main(address, folder):
    lead_to(address)
    plain.touch(address)
    records, schemas = emitted(pathlib.Path(folder))
    expected = {
        stream: [typed(record, schemas[stream]) for record in found] for stream, found in read(address).items()
    }
    if not plain.same(records, expected):
        sys.exit(1)


main(*sys.argv[1:])
