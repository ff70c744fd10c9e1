//! The demo is a promise to whoever tries hiresync first.

use crate::harness::World;

#[test]
fn the_demo_against_cezanne_ends_exact_and_replaces_and_deletes_nothing() {
    let world = World::empty();
    let folder = world.path("demo");
    let demo =
        ["demo", "--target", "cezanne", "--people", "80", "--json", "--keep", folder.to_str().unwrap()];

    let told = world.run(&demo).expect(0).json();

    for nothing in
        ["duplicates", "missing", "unexpected", "stale", "idle_writes", "puts", "deletes", "held", "parked"]
    {
        assert_eq!(told[nothing], 0, "{nothing} of {told}");
    }
    assert!(told["hired"].as_u64().unwrap() > 10, "{told}");
    let count = |name: &str| told[name].as_u64().unwrap();
    assert_eq!(count("employments"), count("hired") + count("taken_back"), "{told}");
    assert!(count("people") <= count("employments") && count("communications") <= count("people"), "{told}");
    let refused = told["refused"].to_string();
    assert!(refused.contains("Error") && refused.contains("company code ACME-UK is not active"), "{refused}");
}
