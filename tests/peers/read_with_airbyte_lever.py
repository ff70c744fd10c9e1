"""Runs Airbyte's source for Lever against a pretend one and compares. Usage: read_with_airbyte_lever.py ADDRESS FOLDER"""

import importlib.resources
import logging
import sys

import yaml
from airbyte_cdk.models import ConfiguredAirbyteCatalogSerializer
from airbyte_cdk.sources.declarative.concurrent_declarative_source import ConcurrentDeclarativeSource

import plain

CONFIG = {
    "credentials": {"auth_type": "Api Key", "api_key": plain.KEY},
    "start_date": "2018-01-01T00:00:00Z",
    "environment": "Production",
}

OF_OPPORTUNITIES = ["applications", "interviews", "notes", "offers", "referrals"]


def manifest(address):
    """The released manifest, from the installed package, with another address and nothing else changed."""
    text = importlib.resources.files("source_lever_hiring").joinpath("manifest.yaml").read_text()
    released = yaml.safe_load(text)
    released["definitions"]["requester"]["url_base"] = f"{address}/v1"
    return released


def emitted(address):
    """Every record of every stream, by stream."""
    logger = logging.getLogger("airbyte")
    logging.disable(logging.WARNING)

    def source(catalog=None):
        return ConcurrentDeclarativeSource(catalog, CONFIG, None, source_config=manifest(address))

    streams = source().discover(logger, CONFIG).streams
    chosen = [
        {
            "stream": {"name": stream.name, "json_schema": {}, "supported_sync_modes": ["full_refresh", "incremental"]},
            "sync_mode": stream.supported_sync_modes[-1].value,
            "destination_sync_mode": "append",
        }
        for stream in streams
    ]
    catalog = ConfiguredAirbyteCatalogSerializer.load({"streams": chosen})
    records = {stream.name: [] for stream in streams}
    for message in source(catalog).read(logger, CONFIG, catalog):
        if message.record:
            records[message.record.stream].append(message.record.data)
    return records


def read(address):
    """The same streams from a plain reading."""
    opportunities = plain.walk(address, "/opportunities")
    records = {"opportunities": opportunities, "users": plain.walk(address, "/users", includeDeactivated="true")}
    for path in OF_OPPORTUNITIES:
        records[path] = [child for _, child in plain.children(address, opportunities, path)]
    return records


def main(address, _folder):
    plain.touch(address)
    if not plain.same(emitted(address), read(address)):
        sys.exit(1)


main(*sys.argv[1:])
