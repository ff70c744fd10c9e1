//! The format: `# HELP`, `# TYPE`, then a line for each sample.

use std::fmt::Write as _;

use people::Timestamp;

/// What the answer says it is.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// One sample: its labels and its number.
pub(super) type Sample<'s> = (Vec<(&'static str, &'s str)>, f64);

/// A page in the making. Families come whole, and each once: the format asks for both.
#[derive(Debug, Default)]
pub(super) struct Page(String);

impl Page {
    /// A number that goes up and down.
    pub fn gauge<'s>(&mut self, name: &str, help: &str, samples: impl IntoIterator<Item = Sample<'s>>) {
        self.family(name, "gauge", help);
        samples.into_iter().for_each(|sample| self.sample(name, &sample));
    }

    /// A number that only goes up, until the process ends. Its name ends in `_total`.
    pub fn counter<'s>(&mut self, name: &str, help: &str, samples: impl IntoIterator<Item = Sample<'s>>) {
        self.family(name, "counter", help);
        samples.into_iter().for_each(|sample| self.sample(name, &sample));
    }

    /// How many there were, and how much they were together.
    pub fn summary(&mut self, name: &str, help: &str, count: u64, sum: f64) {
        self.family(name, "summary", help);
        self.sample(&format!("{name}_sum"), &(Vec::new(), sum));
        self.sample(&format!("{name}_count"), &(Vec::new(), number(count)));
    }

    /// The page, as it is sent.
    pub fn into_text(self) -> String {
        self.0
    }

    fn family(&mut self, name: &str, kind: &str, help: &str) {
        // A help text escapes less than a label: a quote stands for itself in it.
        let help = help.replace('\\', "\\\\").replace('\n', "\\n");
        let _ = write!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
    }

    fn sample(&mut self, name: &str, (labels, value): &Sample<'_>) {
        let labels: Vec<String> =
            labels.iter().map(|(label, value)| format!("{label}=\"{}\"", escaped(value))).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let _ = writeln!(self.0, "{name}{labels} {value}");
    }
}

/// A sample without labels.
pub(super) fn plain<'s>(value: f64) -> Sample<'s> {
    (Vec::new(), value)
}

/// 1 for yes.
pub(super) fn yes(is_so: bool) -> f64 {
    f64::from(u8::from(is_so))
}

/// A count as the format has it. Beyond 2^53 it would lose its last digit.
pub(super) fn number(count: u64) -> f64 {
    count as f64
}

/// Seconds since 1970.
pub(super) fn seconds(at: Timestamp) -> f64 {
    at.timestamp_millis() as f64 / 1_000.0
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_labels_and_numbers_are_written_as_prometheus_reads_them() {
        let mut page = Page::default();
        page.gauge("a", "one \\ two\nlines \"said\"", [plain(1.5)]);
        page.counter("b_total", "b", [(vec![("t", "a\\b\"c\nd"), ("u", "")], number(3))]);
        page.summary("s_seconds", "s", 2, 0.25);
        let expected = "# HELP a one \\\\ two\\nlines \"said\"\n# TYPE a gauge\na 1.5\n\
            # HELP b_total b\n# TYPE b_total counter\nb_total{t=\"a\\\\b\\\"c\\nd\",u=\"\"} 3\n\
            # HELP s_seconds s\n# TYPE s_seconds summary\ns_seconds_sum 0.25\ns_seconds_count 2\n";
        assert_eq!(page.into_text(), expected);
    }

    #[test]
    fn a_moment_is_seconds_and_a_big_number_is_no_power() {
        let at: Timestamp = "2026-05-01T09:00:00.250Z".parse().unwrap();
        assert_eq!(seconds(at).to_string(), "1777626000.25");
        assert_eq!(number(1 << 53).to_string(), "9007199254740992");
        assert_eq!((yes(true), yes(false)), (1.0, 0.0));
    }
}
