"""A plain reading of the pretend Lever with the standard library, to compare a peer's with."""

import base64
import json
import time
import urllib.parse
import urllib.request

KEY = "sandbox-key"


def ask(address, path, order=None, **query):
    """The answer to a GET, or to a POST of `order`, as JSON."""
    url = f"{address}/v1{path}?{urllib.parse.urlencode(query)}"
    body = None if order is None else json.dumps(order).encode()
    request = urllib.request.Request(url, data=body)
    request.add_header("Authorization", "Basic " + base64.b64encode(f"{KEY}:".encode()).decode())
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def walk(address, path, **query):
    """All records of a list, page by page; pages are small, so that there are many."""
    records, more = [], {}
    while True:
        page = ask(address, path, limit=30, **query, **more)
        records += page["data"]
        if not page.get("hasNext"):
            return records
        more = {"offset": page["next"]}


def touch(address):
    """Gives every candidacy a tag and every tenth a note.

    Most have no `updatedAt`, as in real accounts, and are invisible to clients that sweep by it. A write sets it. Such
    clients sweep up to the last whole second, so that one is waited for.
    """
    for nth, found in enumerate(walk(address, "/opportunities")):
        ask(address, f"/opportunities/{found['id']}/addTags", {"tags": ["seen by a peer"]})
        if nth % 10 == 0:
            ask(address, f"/opportunities/{found['id']}/notes", {"value": f"Note {nth}"})
    time.sleep(2)


def children(address, opportunities, path):
    """The children of each candidacy, with the candidacy they were found at."""
    for opportunity in opportunities:
        for child in walk(address, f"/opportunities/{opportunity['id']}/{path}"):
            yield opportunity["id"], child


def same(emitted, expected):
    """Prints a line for each stream and says whether all are the same.

    Both are lists of records by stream. Order and repetition are no difference: windows of time share a millisecond, and
    what was written in it comes twice.
    """
    is_same = True
    for stream in sorted(set(emitted) | set(expected)):
        theirs, ours = (
            {json.dumps(record, sort_keys=True) for record in side.get(stream, [])} for side in (emitted, expected)
        )
        count = len(emitted.get(stream, []))
        print(f"{stream:28} {count:5} emitted {len(theirs):5} distinct {len(ours):5} expected", end="  ")
        print("same" if theirs == ours else "DIFFERENT")
        for side, records in (("theirs", theirs - ours), ("ours", ours - theirs)):
            for record in sorted(records)[:2]:
                print(f"  only {side}: {record}")
        is_same &= theirs == ours
    return is_same
