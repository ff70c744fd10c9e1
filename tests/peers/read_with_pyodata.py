"""Runs pyodata against a pretend Cezanne and compares. Usage: read_with_pyodata.py ADDRESS FOLDER"""

import datetime
import sys

import pyodata
import requests

import cezanne
import plain


def connect(address):
    """The client reads $metadata and speaks v2, which it has to say: its answers are verbose then."""
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {cezanne.token(address)}"
    session.headers["MaxDataServiceVersion"] = "2.0"
    # Else it makes an empty text, 1753 or a no of nothing.
    config = pyodata.v2.model.Config(retain_null=True)
    return pyodata.Client(cezanne.root(address), session, config=config)


def everything(entity_set):
    """All entities, page by page."""
    page = entity_set.get_entities().execute()
    found = list(page)
    while page.next_url:
        page = entity_set.get_entities().next_url(page.next_url).execute()
        found += page
    return found


def record(entity, names):
    return {name: cezanne.kept(getattr(entity, name)) for name in names}


def hire(service, gender):
    """The client makes somebody and changes them, with a quote, a plus and a day."""
    sets = service.entity_sets
    day = datetime.datetime(1990, 1, 31, tzinfo=datetime.timezone.utc)
    end = datetime.datetime(9999, 12, 31, tzinfo=datetime.timezone.utc)
    person = {"PERSONID": "PY-1", "GIVENNAME": "Pia", "FAMILYNAME": "O'Neil", "BIRTHDATE": day, **gender}
    sets.People.create_entity().set(**person).execute()
    mail = {"PERSONID": "PY-1", "EXTERNALEMAILADDRESS": "pia+x@example.org"}
    sets.Communications.create_entity().set(**mail).execute()
    job = {"PERSONID": "PY-1", "EMPLOYMENTID": "PY-1", "COMPANYCODE": "ACME-UK"}
    begin = day + datetime.timedelta(9999)
    sets.Employments.create_entity().set(**job, EFFECTIVEFROM=begin, EFFECTIVETO=end).execute()
    sets.People.update_entity("PY-1").set(COMMENTS="50% O'Neil").execute()
    sets.Employments.update_entity(key=None, PERSONID="PY-1", EMPLOYMENTID="PY-1").set(HIRINGCOMMENT="x").execute()
    asked = [
        (sets.People, "FAMILYNAME eq 'O''Neil' and BIRTHDATE eq datetime'1990-01-31T00:00:00'"),
        (sets.Communications, "EXTERNALEMAILADDRESS eq 'pia+x@example.org'"),
        (sets.People, "substringof('50%',COMMENTS)"),
    ]
    counts = [len(entity_set.get_entities().filter(text).execute()) for entity_set, text in asked]
    if counts != [1, 1, 1]:
        print("filters find", counts)
        sys.exit(1)


def main(address):
    service = connect(address)
    names = {each.name: [prop.name for prop in each.entity_type.proprties()] for each in service.schema.entity_sets}
    has_code = "GENDERCODE" in names["People"]
    hire(service, {"GENDERCODE": "F"} if has_code else {"GENDERDESCRIPTION": "Female"})
    rows = {each: everything(getattr(service.entity_sets, each)) for each in names}
    found = {each: [record(row, names[each]) for row in rows[each]] for each in names}
    if not plain.same(found, cezanne.state(address)):
        sys.exit(1)


main(sys.argv[1])
