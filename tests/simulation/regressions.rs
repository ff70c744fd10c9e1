//! Seeds that failed once. `regressions.txt` has them as the report of a failing seed gives them.

use super::{LINES, caught, minimise::Trim};

const LIST: &str = include_str!("regressions.txt");

#[test]
fn no_seed_that_failed_once_fails_again() {
    let lines = LIST.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    let mut played = 0;
    for line in lines {
        let (variables, what) = line.split_once('#').expect("a line says what it found");
        let asked = |name: &str| {
            let mut said = variables.split_whitespace().filter_map(|word| word.split_once('='));
            said.find(|(variable, _)| *variable == name).map(|(_, value)| value.to_owned())
        };
        let number = |name: &str| asked(name)?.parse::<u64>().ok();
        let seed = number("HIRESYNC_SIM_SEED").expect("a line names its seed");
        let trim = Trim::read(number("HIRESYNC_SIM_DAYS").expect("a line names its days"), asked);
        if let Err(report) = caught(&trim.plan(seed), LINES) {
            panic!("it is back:{what}\n{report}");
        }
        played += 1;
    }
    assert!(played > 0, "there are some");
}
