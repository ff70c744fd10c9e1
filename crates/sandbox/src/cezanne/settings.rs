//! How the pretend tenant is set up. What is unknown about Cezanne is a setting here, so that a client meets both.

use std::collections::BTreeMap;

use crate::message::Millis;

/// How the pretend tenant is set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Which OData, and how gender is written.
    pub variant: Variant,
    /// Who is let in, and for how long.
    pub access: Access,
    /// Scheme and host of the addresses in answers; without it they come from the `Host` header.
    pub origin: Option<String>,
    /// Decides the staff, the tokens, and which request a fault with a percentage meets.
    pub seed: u64,
    /// People to begin with, coded from `1001`.
    pub staff: usize,
    /// Codes of the companies; the first is the receiver's default.
    pub companies: Vec<String>,
    /// Codes of the units.
    pub org_units: Vec<String>,
    /// The picklist of genders: code and text.
    pub genders: Vec<(String, String)>,
    /// More properties of People: name and `MaxLength`, all of them optional texts.
    pub custom_fields: Vec<(String, usize)>,
    /// Whether there is a set Deployments. Its columns are unknown; these are a guess.
    pub deployments: bool,
    /// How an employment without an end is kept.
    pub open_ended: OpenEnded,
    /// Whether the row of Communications appears by itself with the person. Unknown.
    pub communications_appear: bool,
    /// Status for a key that is taken: 400 or 409. Unknown.
    pub duplicate_status: u16,
    /// Status for what breaks a rule of the business: 400, or 500 as WCF Data Services answers an exception nobody
    /// handled. Unknown.
    pub rule_status: u16,
    /// Whether rows have ETags; then an update without one is refused ([MS-ODATA] 2.2.5.4).
    pub etags: bool,
    /// Whether the application may write (scope *API write access*); without it, writes are answered with 403.
    pub may_write: bool,
    /// Rows on a page of a list.
    pub page_size: usize,
    /// Whether `$format` is understood; older builds refuse it.
    pub format_option: bool,
    /// Which shape errors have.
    pub errors: ErrorShape,
    /// A read by key sees a row or a change only so long after its write.
    pub lag_by_key_ms: Millis,
    /// The same for lists.
    pub lag_by_filter_ms: Millis,
    /// How long an answer takes behind the server. Without it no two requests are ever under way at once.
    pub think_ms: Millis,
    /// The native integration with Lever, if it is switched on.
    pub receiver: Option<Receiver>,
}

/// Which `$metadata` the tenant has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variant {
    /// OData v3, gender by its text.
    Description,
    /// OData v3, gender by its code; the text is derived.
    Code,
    /// OData v4, gender by its code.
    V4,
    /// OData v2, gender by its text: verbose JSON only, `/Date(ms)/`.
    V2,
}

/// A version of OData.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    V2,
    V3,
    V4,
}

impl Variant {
    pub(super) fn version(self) -> Version {
        match self {
            Variant::V2 => Version::V2,
            Variant::Description | Variant::Code => Version::V3,
            Variant::V4 => Version::V4,
        }
    }

    pub(super) fn has_gender_code(self) -> bool {
        matches!(self, Variant::Code | Variant::V4)
    }
}

/// The registered application and its tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// The only client.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
    /// How the client has to say who it is.
    pub client_auth: ClientAuth,
    /// How a token's lifetime is told.
    pub expires_in: ExpiresIn,
    /// How long a token lives.
    pub lifetime_ms: Millis,
    /// After so many calls a token is refused, whatever was told.
    pub calls_max: Option<u32>,
    /// Scopes that have to be asked for, separated by blanks; the order is no matter.
    pub scope: Option<String>,
}

/// Where ID and secret are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientAuth {
    /// Only in the `Authorization` header.
    Basic,
    /// Only in the form.
    Form,
    /// In either.
    Either,
}

/// How `expires_in` looks. Cezanne's own client is ready for all three.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpiresIn {
    /// A JSON number.
    Number,
    /// A string of digits.
    Text,
    /// It is not there.
    Absent,
}

/// How "no end" is stored. Unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenEnded {
    /// `EFFECTIVETO` is mandatory, and 9999-12-31 means none.
    Sentinel,
    /// `EFFECTIVETO` may be null.
    Null,
}

/// Which shape errors have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorShape {
    /// What fits the format that was asked for.
    Negotiated,
    /// `{"odata.error": {"message": {"value": …}}}`
    Light,
    /// `{"error": {"message": {"value": …}}}`
    Verbose,
    /// `{"error": {"message": …}}`
    Flat,
    /// `<m:error>`
    Xml,
    /// A page.
    Html,
    /// Nothing.
    Empty,
}

/// The native integration with Lever: Integrations > Lever > Details.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receiver {
    /// The last part of the webhook's address: a routing key, no host name.
    pub subdomain: String,
    /// The signature token.
    pub token: String,
    /// New Hire Administrator.
    pub administrator: String,
    /// New Hire Default Company.
    pub company: String,
    /// What Lever would say of a contact: first name and surname by contact id.
    pub directory: BTreeMap<String, (String, String)>,
}

impl Default for Settings {
    fn default() -> Settings {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let genders = [("F", "Female"), ("M", "Male"), ("U", "Not Known"), ("X", "Non-binary")];
        Settings {
            variant: Variant::Description,
            access: Access::default(),
            origin: None,
            seed: 1,
            staff: 0,
            companies: texts(&["ACME-UK", "ACME-IE"]),
            org_units: texts(&["ENG", "OPS", "PEOPLE"]),
            genders: genders.map(|(code, text)| (code.to_owned(), text.to_owned())).to_vec(),
            custom_fields: Vec::new(),
            deployments: false,
            open_ended: OpenEnded::Sentinel,
            communications_appear: false,
            duplicate_status: 400,
            rule_status: 400,
            etags: false,
            may_write: true,
            page_size: 100,
            format_option: true,
            errors: ErrorShape::Negotiated,
            lag_by_key_ms: 0,
            lag_by_filter_ms: 0,
            think_ms: 0,
            receiver: None,
        }
    }
}

impl Default for Access {
    fn default() -> Access {
        Access {
            client_id: "sandbox-client".to_owned(),
            client_secret: "sandbox-secret".to_owned(),
            client_auth: ClientAuth::Either,
            expires_in: ExpiresIn::Text,
            lifetime_ms: 1_200_000,
            calls_max: None,
            scope: None,
        }
    }
}
