use std::collections::BTreeSet;

use mapping::{Decisions, Rule, Rules, Scope};
use people::Withheld;

use crate::people_of_the_tests::{amara, compiled, holds, person};

fn when(text: &str) -> Rules {
    Rules { when: Some(text.to_owned()), ..person(Rule::new("contact")) }
}

#[test]
fn a_target_is_told_about_the_hires_that_meet_its_when() {
    let (about, opportunity) = amara();
    for (text, scope) in [
        ("posting.country == 'GB'", Scope::In),
        ("posting.country in ['IE', 'FR']", Scope::Out),
        ("not 'contractor' in tags", Scope::In),
        ("posting.commitment == 'Permanent'", Scope::Out),
        ("offer.salary_amount > 60000 and posting.country == 'GB'", Scope::In),
        ("answer('Contractor?') == 'yes'", Scope::Out),
    ] {
        assert_eq!(compiled(&when(text)).scope(&about, &opportunity, None), scope, "{text}");
    }
    assert_eq!(compiled(&person(Rule::new("contact"))).scope(&about, &opportunity, None), Scope::In);
}

#[test]
fn a_when_that_cannot_be_decided_leaves_nobody_out_and_holds() {
    let (mut about, opportunity) = amara();
    let mapping = compiled(&when("posting.country == 'GB'"));
    about.hires.get_mut(&opportunity).unwrap().withheld = Withheld { posting: true, ..Withheld::default() };
    assert_eq!(mapping.scope(&about, &opportunity, None), Scope::Unclear);
    let wanted = mapping.apply(&about, &BTreeSet::from([&opportunity]), &Decisions::new());
    assert_eq!(holds(&wanted), ["hire[o1].`when` Withheld"]);
}
