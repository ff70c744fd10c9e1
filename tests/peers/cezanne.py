"""What is true in the pretend Cezanne, and a way into it, with the standard library."""

import base64
import json
import urllib.request

SETS = ["People", "Communications", "Employments", "Companies", "OrgUnits"]


def root(address):
    return f"{address}/cezanneondemand/v7/dataservice.svc/"


def token(address):
    """A token of the token endpoint."""
    request = urllib.request.Request(
        f"{address}/cezanneondemand/OAuth/Token", data=b"grant_type=client_credentials", method="POST"
    )
    client = base64.b64encode(b"sandbox-client:sandbox-secret").decode()
    request.add_header("Authorization", f"Basic {client}")
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["access_token"]


def state(address):
    """The rows of each set as they are kept."""
    with urllib.request.urlopen(f"{address}/_state") as answer:
        return json.load(answer)["sets"]


def kept(value):
    """A value a client made, as it is kept: moments without their zone, decimal numbers as text of two places."""
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if hasattr(value, "isoformat"):
        return value.strftime("%Y-%m-%dT%H:%M:%S")
    return f"{value:.2f}"
