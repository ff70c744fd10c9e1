"""Runs python-odata against a pretend Cezanne and compares. Usage: read_with_python_odata.py ADDRESS FOLDER"""

import datetime
import sys

import requests
from odata import ODataService

import cezanne
import plain

# The client has no type for a day and hands its text on.
DAYS = ["BIRTHDATE", "DEATHDATE"]

# And it takes nothing for a no.
FLAGS = ["DECEASED", "STUDENT", "TOBACCOUSER"]


def connect(address):
    """The client makes its classes out of $metadata."""
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {cezanne.token(address)}"
    return ODataService(cezanne.root(address), session=session, reflect_entities=True, quiet_progress=True)


def record(entity, names):
    record = {name: cezanne.kept(getattr(entity, name)) for name in names}
    return record | {name: f"{record[name]}T00:00:00" for name in DAYS if record.get(name)}


def save(service, name, **values):
    """Makes a row and hands it back."""
    row = service.entities[name]()
    for field, value in values.items():
        setattr(row, field, value)
    service.save(row)
    return row


def hire(service):
    """The client makes somebody and changes them, with a quote, a plus and a day."""
    utc = datetime.timezone.utc
    person = {"PERSONID": "PY-1", "GIVENNAME": "Pia", "FAMILYNAME": "O'Neil", "GENDERCODE": "F", "BIRTHDATE": "1990-01-31"}
    pia = save(service, "People", **person)
    save(service, "Communications", PERSONID="PY-1", EXTERNALEMAILADDRESS="pia+x@example.org")
    job = {"PERSONID": "PY-1", "EMPLOYMENTID": "PY-1", "COMPANYCODE": "ACME-UK"}
    begin, end = datetime.datetime(2020, 2, 29, tzinfo=utc), datetime.datetime(9999, 12, 31, tzinfo=utc)
    save(service, "Employments", **job, EFFECTIVEFROM=begin, EFFECTIVETO=end)
    pia.COMMENTS = "50% O'Neil"
    service.save(pia)
    people, lines = service.entities["People"], service.entities["Communications"]
    counts = [
        len(list(service.query(people).filter(people.FAMILYNAME == "O'Neil").all())),
        len(list(service.query(lines).filter(lines.EXTERNALEMAILADDRESS == "pia+x@example.org").all())),
        len(list(service.query(people).filter(people.COMMENTS.contains("50%")).all())),
    ]
    if counts != [1, 1, 1]:
        print("filters find", counts)
        sys.exit(1)


def main(address):
    service = connect(address)
    hire(service)
    true = cezanne.state(address)
    found = {
        each: [record(row, true[each][0]) for row in service.query(service.entities[each]).all()] for each in cezanne.SETS
    }
    expected = {
        each: [row | {name: bool(row[name]) for name in FLAGS if name in row} for row in rows]
        for each, rows in true.items()
    }
    if not plain.same(found, expected):
        sys.exit(1)


main(sys.argv[1])
