use super::*;
use crate::lever::account::DAY;
use crate::lever::{Form, Hired, OfferStatus, Opportunity};

fn seeded(seed: u64, count: usize) -> Lever {
    Lever::seeded(Settings { seed, ..unlimited() }, count, NOW)
}

/// Everything a client can read, as text.
fn everything(lever: &mut Lever) -> String {
    let target = "/v1/opportunities?confidentiality=all&expand=applications&expand=contact";
    let mut all: Vec<String> = walk(lever, NOW, target).iter().map(Value::to_string).collect();
    let opportunities: Vec<_> = lever.opportunities().iter().map(|found| found.id.clone()).collect();
    for id in opportunities {
        all.push(text(&ask(lever, NOW, &format!("/v1/opportunities/{id}/offers"))));
        all.push(text(&ask(lever, NOW, &format!("/v1/opportunities/{id}/forms"))));
    }
    for list in ["postings", "requisitions", "users", "stages", "archive_reasons"] {
        all.push(text(&ask(lever, NOW, &format!("/v1/{list}"))));
    }
    all.join("\n")
}

#[test]
fn the_same_seed_and_time_give_the_same_account_to_the_byte() {
    let first = everything(&mut seeded(7, 150));
    assert!(first == everything(&mut seeded(7, 150)), "two accounts of seed 7 differ");
    assert!(first != everything(&mut seeded(8, 150)), "seeds 7 and 8 give the same account");
}

#[test]
fn there_are_as_many_opportunities_as_asked_and_a_third_of_them_is_hired() {
    for count in [0, 1, 2, 50] {
        assert_eq!(seeded(1, count).opportunities().len(), count);
    }
    for seed in 0..5 {
        let hired = seeded(seed, 500).hired().len();
        assert!((140..=200).contains(&hired), "seed {seed}: {hired}");
    }
}

#[test]
fn every_shape_a_sync_has_to_cope_with_is_there() {
    let lever = seeded(1, 500);
    let hired = lever.hired();
    let some = |shape: &str, has: &dyn Fn(&Hired) -> bool| {
        assert!(hired.iter().any(has), "nobody hired: {shape}");
        assert!(!hired.iter().all(has), "everybody hired: {shape}");
    };
    some("without a name", &|person| person.name.is_empty());
    some("with one word for a name", &|person| person.name.split_whitespace().count() == 1);
    some("with a name of five words or more", &|person| person.name.split_whitespace().count() > 4);
    some("outside ASCII", &|person| !person.name.is_ascii());
    some("without address", &|person| person.emails.is_empty());
    some("with two addresses", &|person| person.emails.len() == 2);
    some("without telephone", &|person| person.phones.is_empty());
    some("with many telephones", &|person| person.phones.len() > 3);
    some("without application", &|person| person.posting.is_none());
    some("without department", &|person| person.posting.as_ref().is_some_and(|job| job.department.is_none()));
    some("for an unlisted posting", &|person| {
        person.posting.as_ref().is_some_and(|job| job.state == "internal")
    });
    some("with a signed offer", &|person| person.signed_offer.is_some());
    some("with a signed offer without first day", &|person| {
        person.signed_offer.is_some() && person.start_date.is_none()
    });
    some("at midnight", &|person| person.start_date.is_some_and(|start| start % DAY == 0));
    some("against a requisition", &|person| person.requisition.is_some());
    some("more than 300 days ago", &|person| person.hired_at < NOW - 300 * DAY);
    some("in the last 100 days", &|person| person.hired_at > NOW - 100 * DAY);
    some("with a time of update", &|person| person.updated_at.is_some());
    some("twice", &|person| hired.iter().filter(|other| other.contact == person.contact).count() == 2);
    some("and active again", &|person| {
        let of_contact = lever.opportunities().iter().filter(|other| other.contact == person.contact);
        of_contact.into_iter().any(|other| other.archived.is_none())
    });
    let statuses = |status| {
        lever.opportunities().iter().any(|found| found.offers.iter().any(|offer| offer.status == status))
    };
    assert!([OfferStatus::Draft, OfferStatus::Sent, OfferStatus::Denied].into_iter().all(statuses));
    assert!(lever.opportunities().iter().any(|found| found.offers.len() > 1));
    let null = hired.iter().filter(|person| person.updated_at.is_none()).count();
    assert!(null * 10 > hired.len() * 9, "mostly null: {null} of {}", hired.len());
}

#[test]
fn hires_have_profile_forms_in_every_state_and_nobody_else_has_any() {
    let lever = seeded(1, 500);
    let hired: Vec<_> = lever.hired().into_iter().map(|person| person.opportunity).collect();
    let forms = |id| lever.opportunity(id).unwrap().forms.as_slice();
    let some = |what: &str, has: &dyn Fn(&[Form]) -> bool| {
        assert!(hired.iter().any(|id| has(forms(id))), "nobody hired has {what}");
        assert!(!hired.iter().all(|id| has(forms(id))), "everybody hired has {what}");
    };
    some("none", &|forms| forms.is_empty());
    some("one", &|forms| forms.len() == 1);
    some("two that count", &|forms| forms.iter().filter(|form| form.deleted_at.is_none()).count() == 2);
    some("only a deleted one", &|forms| {
        !forms.is_empty() && forms.iter().all(|form| form.deleted_at.is_some())
    });
    some("one that is only begun", &|forms| forms.iter().any(|form| form.completed_at.is_none()));
    let others = lever.opportunities().iter().filter(|found| !hired.contains(&found.id));
    assert!(others.into_iter().all(|found| found.forms.is_empty()));
    let ends = |form: &Form| form.completed_at.max(form.deleted_at).max(Some(form.created_at)) <= Some(NOW);
    assert!(hired.iter().flat_map(forms).all(ends), "nothing happens after now");
}

#[test]
fn with_and_without_profile_forms_everybody_is_the_same() {
    let mut with = seeded(5, 200);
    let mut without = Lever::without_profile_forms(Settings { seed: 5, ..unlimited() }, 200, NOW);
    assert_eq!(with.contacts(), without.contacts());
    for (one, other) in with.opportunities().iter().zip(without.opportunities()) {
        assert!(other.forms.is_empty());
        assert_eq!(Opportunity { forms: Vec::new(), ..one.clone() }, *other);
    }
    assert_eq!(candidate(&mut with, NOW, "Ada Example"), candidate(&mut without, NOW, "Ada Example"));
}

#[test]
fn addresses_lead_nowhere() {
    let lever = seeded(1, 500);
    let addresses = lever.contacts().iter().flat_map(|contact| &contact.emails);
    for address in addresses {
        let (handle, domain) = address.split_once('@').unwrap();
        assert!(["example.com", "example.org", "example.net"].contains(&domain), "{address}");
        assert!(handle.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '.'), "{address}");
    }
}

#[test]
fn nothing_in_the_account_happens_after_now() {
    for found in seeded(3, 300).opportunities() {
        let times = [
            found.created_at,
            found.last_advanced_at,
            found.last_interaction_at,
            found.updated_at.unwrap_or(0),
        ];
        assert!(times.iter().all(|at| *at <= NOW), "{found:?}");
        assert!(found.created_at <= found.last_advanced_at, "{found:?}");
    }
}

#[test]
fn the_truth_is_what_a_client_can_read() {
    let mut lever = seeded(4, 200);
    let reasons = found(&mut lever, NOW, "/v1/archive_reasons?type=hired");
    let reasons: Vec<String> = reasons.iter().map(|id| format!("archive_reason_id={id}")).collect();
    let target = format!("/v1/opportunities?archived=true&confidentiality=all&{}", reasons.join("&"));
    let read = found(&mut lever, NOW, &target);
    assert_eq!(read, set(lever.hired().iter().map(|person| person.opportunity.to_string())));
}
