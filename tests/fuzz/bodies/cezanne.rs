//! Everything that comes from Cezanne, at the reader that meets it first; and every text of ours that goes into a filter.

/// The doors. Each is the name of a fuzz target, and of the folder of its seeds.
pub const DOORS: [&str; 5] =
    ["cezanne_metadata", "cezanne_answer", "cezanne_error", "cezanne_filter", "cezanne_token"];

/// The bytes are understood or refused. Says which.
pub fn door(name: &str, data: &[u8]) -> bool {
    match name {
        "cezanne_metadata" => cezanne::fuzz::metadata(data),
        "cezanne_answer" => cezanne::fuzz::answer(data),
        "cezanne_error" => cezanne::fuzz::error_body(data),
        "cezanne_filter" => cezanne::fuzz::filter(data),
        "cezanne_token" => cezanne::fuzz::token(data),
        other => panic!("{other} is no door"),
    }
}
