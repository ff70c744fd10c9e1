//! CSV as people hand it over: with or without a mark of the encoding, with commas or with a spreadsheet's semicolons.

/// Its lines, the first one too, each with its number, or the fault that it has. Blank ones are left out.
pub(crate) fn lines(bytes: &[u8]) -> impl Iterator<Item = Result<(u64, csv::StringRecord), String>> + '_ {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    // A spreadsheet writes semicolons where a comma is for decimals.
    let first = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let delimiter = if first.contains(&b';') && !first.contains(&b',') { b';' } else { b',' };
    let lines = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(bytes)
        .into_records();
    let mut numbers = Numbers { bytes, at: 0, line: 1 };
    lines.map(move |line| match line {
        Ok(line) => Ok((numbers.of(line.position()), line)),
        Err(error) => Err(format!("line {} is no CSV in UTF-8", numbers.of(error.position()))),
    })
}

/// Counts lines as an editor does. The reader counts one too few after a carriage return.
struct Numbers<'b> {
    bytes: &'b [u8],
    at: usize,
    line: u64,
}

impl Numbers<'_> {
    /// The number of the line in which the record there begins; positions only grow.
    fn of(&mut self, position: Option<&csv::Position>) -> u64 {
        let from = position.and_then(|position| usize::try_from(position.byte()).ok()).unwrap_or(self.at);
        let from = from.clamp(self.at, self.bytes.len());
        let ends = self.bytes[from..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let passed = &self.bytes[self.at..from + ends];
        self.line += passed.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.at = from + ends;
        self.line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_numbered_as_an_editor_numbers_them() {
        for (text, numbers) in [
            ("a\nb\nc", vec![1, 2, 3]),
            ("a\r\nb\r\n\r\nc\r\n", vec![1, 2, 4]),
            ("\u{feff}a\n\n\"b\nb\"\nc\n", vec![1, 3, 5]),
            ("", vec![]),
        ] {
            let found: Vec<u64> = lines(text.as_bytes()).map(|line| line.unwrap().0).collect();
            assert_eq!(found, numbers, "{text:?}");
        }
        let faulty: Vec<_> = lines(b"a\r\n\xff\r\nb\r\n").collect();
        assert_eq!(faulty[1].as_ref().unwrap_err(), "line 2 is no CSV in UTF-8");
        assert_eq!(faulty[2].as_ref().unwrap().0, 3);
    }
}
