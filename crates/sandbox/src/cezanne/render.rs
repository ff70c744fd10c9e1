//! Rows as answers write them.

use serde_json::{Map, Value, json};

use super::dialect::Format;
use super::edmx::{NAMESPACE, xml};
use super::schema::{Edm, Schema, Table};
use super::settings::Version;
use super::tenant::Fields;
use super::values::show;
use crate::message::{Reply, percent_encode};

/// A row as a reader sees it: all that was asked for, its own address, its ETag.
pub(super) struct Shown {
    pub(super) fields: Fields,
    pub(super) address: String,
    pub(super) etag: Option<String>,
}

/// A page of rows.
pub(super) struct Page {
    pub(super) rows: Vec<Shown>,
    pub(super) count: Option<usize>,
    pub(super) next: Option<String>,
}

/// Who writes an answer: for which set, in which format, under which root.
pub(super) struct Pen<'a> {
    pub(super) schema: &'a Schema,
    pub(super) format: Format,
    pub(super) root: &'a str,
    pub(super) table: Table,
}

/// The address of a row below the root, as a key is written in a path.
pub(super) fn address(schema: &Schema, table: Table, fields: &Fields) -> String {
    let literal = |name: &str| {
        let text = fields.get(name).and_then(Value::as_str).unwrap_or_default();
        match schema.column(table, name).map(|column| column.edm) {
            Some(Edm::DateTime) => format!("datetime'{}'", percent_encode(text)),
            Some(Edm::DateTimeOffset) => percent_encode(&format!("{text}Z")),
            _ => format!("'{}'", percent_encode(&text.replace('\'', "''"))),
        }
    };
    let key = match table.key() {
        [name] => literal(name),
        names => {
            let mut pairs: Vec<String> =
                names.iter().map(|name| format!("{name}={}", literal(name))).collect();
            pairs.sort();
            pairs.join(",")
        }
    };
    format!("{}({key})", table.name())
}

impl Pen<'_> {
    pub(super) fn one(&self, status: u16, row: &Shown) -> Reply {
        let (set, root) = (self.table.name(), self.root);
        let body = match self.format {
            Format::Light { is_bare } => {
                let mut object = Map::new();
                if !is_bare {
                    object.insert(
                        "odata.metadata".to_owned(),
                        json!(format!("{root}/$metadata#{set}/@Element")),
                    );
                }
                object.extend(self.entity(row));
                Value::Object(object)
            }
            Format::V4 { is_bare } => {
                let mut object = Map::new();
                if !is_bare {
                    object.insert(
                        "@odata.context".to_owned(),
                        json!(format!("{root}/$metadata#{set}/$entity")),
                    );
                }
                object.extend(self.entity(row));
                Value::Object(object)
            }
            Format::Verbose { .. } => json!({"d": self.entity(row)}),
            Format::Atom => return self.with_etag(self.atom(status, &self.entry(row)), row),
        };
        self.with_etag(Reply::text(status, self.format.content_type(), body.to_string()), row)
    }

    fn with_etag(&self, reply: Reply, row: &Shown) -> Reply {
        match &row.etag {
            Some(etag) => reply.with("etag", etag.clone()),
            None => reply,
        }
    }

    pub(super) fn many(&self, page: &Page) -> Reply {
        let (set, root) = (self.table.name(), self.root);
        let rows: Vec<Value> = page.rows.iter().map(|row| Value::Object(self.entity(row))).collect();
        let mut object = Map::new();
        let mut put = |name: &str, value: Value| drop(object.insert(name.to_owned(), value));
        match self.format {
            Format::Light { is_bare } => {
                if !is_bare {
                    put("odata.metadata", json!(format!("{root}/$metadata#{set}")));
                }
                // A count is a text before v4.
                page.count.into_iter().for_each(|count| put("odata.count", json!(count.to_string())));
                put("value", json!(rows));
                page.next.iter().for_each(|next| put("odata.nextLink", json!(next)));
            }
            Format::V4 { is_bare } => {
                if !is_bare {
                    put("@odata.context", json!(format!("{root}/$metadata#{set}")));
                }
                page.count.into_iter().for_each(|count| put("@odata.count", json!(count)));
                put("value", json!(rows));
                page.next.iter().for_each(|next| put("@odata.nextLink", json!(next)));
            }
            Format::Verbose { .. } => {
                put("results", json!(rows));
                page.count.into_iter().for_each(|count| put("__count", json!(count.to_string())));
                page.next.iter().for_each(|next| put("__next", json!(next)));
                return Reply::text(200, self.format.content_type(), json!({"d": object}).to_string());
            }
            Format::Atom => {
                let entries: String = page.rows.iter().map(|row| self.entry(row)).collect();
                let next =
                    page.next.iter().map(|next| format!("<link rel=\"next\" href=\"{}\"/>", xml(next)));
                let inner = format!("<title>{set}</title>{entries}{}", next.collect::<String>());
                return self.atom(200, &format!("<feed {ATOM_NAMES}>{inner}</feed>"));
            }
        }
        Reply::text(200, self.format.content_type(), Value::Object(object).to_string())
    }

    fn entity(&self, row: &Shown) -> Map<String, Value> {
        let mut object = Map::new();
        let uri = format!("{}/{}", self.root, row.address);
        match (self.format, &row.etag) {
            (Format::Verbose { .. }, etag) => {
                let kind = format!("{NAMESPACE}.{}", self.table.kind());
                let mut about = json!({"id": uri, "uri": uri, "type": kind});
                if let Some(etag) = etag {
                    about["etag"] = json!(etag);
                }
                object.insert("__metadata".to_owned(), about);
            }
            (Format::Light { is_bare: false }, Some(etag)) => {
                drop(object.insert("odata.etag".to_owned(), json!(etag)))
            }
            (Format::V4 { .. }, Some(etag)) => drop(object.insert("@odata.etag".to_owned(), json!(etag))),
            _ => {}
        }
        for (name, value) in &row.fields {
            object.insert(name.clone(), self.value(name, value));
        }
        if matches!(self.format, Format::Verbose { .. }) && self.table == Table::People {
            for name in Table::ALL.into_iter().filter_map(Table::navigation) {
                object.insert(name.to_owned(), json!({"__deferred": {"uri": format!("{uri}/{name}")}}));
            }
        }
        object
    }

    fn value(&self, name: &str, value: &Value) -> Value {
        let edm = self.schema.column(self.table, name).map_or(Edm::String, |column| column.edm);
        show(self.format, edm, value)
    }

    fn entry(&self, row: &Shown) -> String {
        let property = |(name, value): (&String, &Value)| match self.value(name, value) {
            Value::Null => format!("<d:{name} m:null=\"true\"/>"),
            Value::String(text) => format!("<d:{name}>{}</d:{name}>", xml(&text)),
            other => format!("<d:{name}>{other}</d:{name}>"),
        };
        let properties: String = row.fields.iter().map(property).collect();
        format!(
            "<entry {ATOM_NAMES}><id>{}/{}</id><category term=\"{NAMESPACE}.{}\"/><content type=\"application/xml\">\
             <m:properties>{properties}</m:properties></content></entry>",
            xml(self.root),
            xml(&row.address),
            self.table.kind(),
        )
    }

    fn atom(&self, status: u16, document: &str) -> Reply {
        let document = format!("<?xml version=\"1.0\" encoding=\"utf-8\"?>{document}");
        Reply::text(status, Format::Atom.content_type(), document)
    }
}

const ATOM_NAMES: &str = "xmlns=\"http://www.w3.org/2005/Atom\" \
    xmlns:d=\"http://schemas.microsoft.com/ado/2007/08/dataservices\" \
    xmlns:m=\"http://schemas.microsoft.com/ado/2007/08/dataservices/metadata\"";

/// The header that says which version an answer is in.
pub(super) fn version_header(version: Version, takes_v3: bool) -> (&'static str, &'static str) {
    match version {
        Version::V3 if !takes_v3 => ("dataserviceversion", "2.0;"),
        Version::V2 => ("dataserviceversion", "2.0;"),
        Version::V3 => ("dataserviceversion", "3.0;"),
        Version::V4 => ("odata-version", "4.0"),
    }
}
