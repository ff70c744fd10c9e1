//! `[metrics]`.

use super::{Desk, TEN_LINES};

#[test]
fn figures_are_on_a_port_of_this_machine_or_on_none() {
    let desk = Desk::new();
    let read = |section: &str| desk.read(&format!("{TEN_LINES}{section}"), &[]).unwrap().metrics;
    assert_eq!(read(""), None);
    assert_eq!(read("[metrics]\n"), None);
    for ours in ["127.0.0.1:9470", "[::1]:9470", "127.0.0.2:0"] {
        assert_eq!(read(&format!("[metrics]\nlisten = \"{ours}\"\n")), ours.parse().ok());
    }
    for theirs in ["0.0.0.0:9470", "[::]:9470", "192.0.2.1:9470"] {
        let faults = desk.faults(&format!("{TEN_LINES}[metrics]\nlisten = \"{theirs}\"\n"), &[]);
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(
            faults[0].starts_with("hiresync.toml:11:1: metrics.listen: is reachable from other machines"),
            "{faults:?}"
        );
        assert!(faults[0].contains("write \"127.0.0.1:9470\""), "{faults:?}");
    }
}
