//! CSV as people hand it over: with or without a mark of the encoding, with commas or with a spreadsheet's semicolons.

/// Its lines, the first one too, each with the fault that it has.
pub(crate) fn lines(bytes: &[u8]) -> impl Iterator<Item = Result<csv::StringRecord, String>> + '_ {
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
    lines.map(|line| {
        line.map_err(|error| {
            let at = error.position().map_or(0, csv::Position::line);
            format!("line {at} is no CSV in UTF-8")
        })
    })
}
