//! The list of adapters. A new one is one line here and one in `Cargo.toml`.

use adapter_sdk::Registration;

/// Every adapter there is, in order of their names.
pub const ALL: &[Registration] = &[cezanne::REGISTRATION, file_export::REGISTRATION];

/// The adapter of that kind, if there is one.
pub fn named(kind: &str) -> Option<&'static Registration> {
    ALL.iter().find(|registration| registration.kind == kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_adapter_is_found_by_its_own_name_and_the_list_is_in_order() {
        for registration in ALL {
            assert_eq!(named(registration.kind).map(|found| found.about), Some(registration.about));
        }
        assert!(ALL.is_sorted_by(|a, b| a.kind < b.kind), "in order, each name once");
        assert!(named("nobody").is_none());
    }
}
