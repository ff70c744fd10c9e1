//! `$metadata` and the service document.

use std::fmt::Write;

use serde_json::json;

use super::dialect::Format;
use super::schema::{Column, Edm, Rule, STARTER_FUNCTION, Schema, Table};
use super::settings::Version;
use crate::message::Reply;

/// The namespace of all entity types.
pub(super) const NAMESPACE: &str = "CezanneModel";

const METADATA_NS: &str = "http://schemas.microsoft.com/ado/2007/08/dataservices/metadata";

impl Edm {
    pub(super) fn name(self) -> &'static str {
        match self {
            Edm::String => "Edm.String",
            Edm::Binary => "Edm.Binary",
            Edm::DateTime => "Edm.DateTime",
            Edm::DateTimeOffset => "Edm.DateTimeOffset",
            Edm::Date => "Edm.Date",
            Edm::Int16 => "Edm.Int16",
            Edm::Int64 => "Edm.Int64",
            Edm::Decimal => "Edm.Decimal",
            Edm::Boolean => "Edm.Boolean",
        }
    }
}

/// The whole of `$metadata`. The shell differs by version ([MC-CSDL] 2.1, [MS-ODATA] 2.2.3.7; OData v4 CSDL 3).
pub(super) fn metadata(schema: &Schema) -> Reply {
    let types: String = schema.tables().map(|(table, columns)| entity_type(schema, table, columns)).collect();
    let sets = container(schema);
    let document = match schema.version {
        Version::V4 => format!(
            "<edmx:Edmx Version=\"4.0\" xmlns:edmx=\"http://docs.oasis-open.org/odata/ns/edmx\">\
             <edmx:DataServices><Schema Namespace=\"{NAMESPACE}\" xmlns=\"http://docs.oasis-open.org/odata/ns/edm\">\
             {types}<Action Name=\"{STARTER_FUNCTION}\"><Parameter Name=\"PERSONID\" Type=\"Edm.String\"/></Action>\
             {sets}</Schema></edmx:DataServices></edmx:Edmx>"
        ),
        Version::V2 | Version::V3 => {
            let (number, edm) =
                if schema.version == Version::V2 { ("2.0", "2008/09") } else { ("3.0", "2009/11") };
            let associations: String =
                navigations(schema).map(|(table, name)| association(table, name)).collect();
            format!(
                "<edmx:Edmx Version=\"1.0\" xmlns:edmx=\"http://schemas.microsoft.com/ado/2007/06/edmx\">\
                 <edmx:DataServices m:DataServiceVersion=\"{number}\" m:MaxDataServiceVersion=\"{number}\" \
                 xmlns:m=\"{METADATA_NS}\"><Schema Namespace=\"{NAMESPACE}\" \
                 xmlns=\"http://schemas.microsoft.com/ado/{edm}/edm\" \
                 xmlns:annotation=\"http://schemas.microsoft.com/ado/2009/02/edm/annotation\">\
                 {types}{associations}{sets}</Schema></edmx:DataServices></edmx:Edmx>"
            )
        }
    };
    let document = format!("<?xml version=\"1.0\" encoding=\"utf-8\"?>{document}");
    Reply::text(200, "application/xml;charset=utf-8", document)
}

fn navigations(schema: &Schema) -> impl Iterator<Item = (Table, &'static str)> {
    schema.tables().filter_map(|(table, _)| Some((table, table.navigation()?)))
}

fn entity_type(schema: &Schema, table: Table, columns: &[Column]) -> String {
    // Employments' key is published with the employment first.
    let mut keys = table.key().to_vec();
    if table == Table::Employments {
        keys.reverse();
    }
    let keys: String = keys.iter().map(|name| format!("<PropertyRef Name=\"{name}\"/>")).collect();
    let properties: String = columns.iter().map(|column| property(schema.version, column)).collect();
    let links: String = if table == Table::People {
        navigations(schema).map(|(table, name)| navigation(schema.version, table, name)).collect()
    } else {
        String::new()
    };
    format!("<EntityType Name=\"{}\"><Key>{keys}</Key>{properties}{links}</EntityType>", table.kind())
}

fn property(version: Version, column: &Column) -> String {
    let mut text = format!("<Property Name=\"{}\" Type=\"{}\"", xml(&column.name), column.edm.name());
    if matches!(column.rule, Rule::Needed | Rule::Version) {
        text.push_str(" Nullable=\"false\"");
    }
    if let Some(length) = column.length {
        let _ = write!(text, " MaxLength=\"{length}\"");
    }
    if column.edm == Edm::Decimal {
        text.push_str(" Precision=\"10\" Scale=\"2\"");
    }
    let is_computed = matches!(column.rule, Rule::Computed | Rule::Version);
    if version == Version::V4 {
        let computed = "><Annotation Term=\"Org.OData.Core.V1.Computed\" Bool=\"true\"/></Property>";
        text.push_str(if is_computed { computed } else { "/>" });
        return text;
    }
    if column.rule == Rule::Version {
        text.push_str(" ConcurrencyMode=\"Fixed\"");
    }
    text.push_str(if is_computed { " annotation:StoreGeneratedPattern=\"Computed\"/>" } else { "/>" });
    text
}

fn navigation(version: Version, table: Table, name: &str) -> String {
    let kind = table.kind();
    let many = table == Table::Employments;
    match version {
        Version::V4 if many => {
            format!("<NavigationProperty Name=\"{name}\" Type=\"Collection({NAMESPACE}.{kind})\"/>")
        }
        Version::V4 => format!("<NavigationProperty Name=\"{name}\" Type=\"{NAMESPACE}.{kind}\"/>"),
        Version::V2 | Version::V3 => format!(
            "<NavigationProperty Name=\"{name}\" Relationship=\"{NAMESPACE}.{name}\" FromRole=\"Person\" \
             ToRole=\"{kind}\"/>"
        ),
    }
}

fn multiplicity(table: Table) -> &'static str {
    if table == Table::Employments { "*" } else { "0..1" }
}

fn association(table: Table, name: &str) -> String {
    format!(
        "<Association Name=\"{name}\"><End Role=\"Person\" Type=\"{NAMESPACE}.Person\" Multiplicity=\"1\"/>\
         <End Role=\"{kind}\" Type=\"{NAMESPACE}.{kind}\" Multiplicity=\"{many}\"/></Association>",
        kind = table.kind(),
        many = multiplicity(table),
    )
}

fn container(schema: &Schema) -> String {
    let is_v4 = schema.version == Version::V4;
    let mut text = if is_v4 {
        "<EntityContainer Name=\"CezanneEntities\">".to_owned()
    } else {
        "<EntityContainer Name=\"CezanneEntities\" m:IsDefaultEntityContainer=\"true\">".to_owned()
    };
    for (table, _) in schema.tables() {
        let _ = write!(
            text,
            "<EntitySet Name=\"{}\" EntityType=\"{NAMESPACE}.{}\"{}>",
            table.name(),
            table.kind(),
            if is_v4 && table == Table::People { "" } else { "/" },
        );
        if is_v4 && table == Table::People {
            for (to, name) in navigations(schema) {
                let _ = write!(text, "<NavigationPropertyBinding Path=\"{name}\" Target=\"{}\"/>", to.name());
            }
            text.push_str("</EntitySet>");
        }
    }
    if is_v4 {
        let _ = write!(
            text,
            "<ActionImport Name=\"{STARTER_FUNCTION}\" Action=\"{NAMESPACE}.{STARTER_FUNCTION}\"/>"
        );
    } else {
        for (table, name) in navigations(schema) {
            let (kind, set) = (table.kind(), table.name());
            let _ = write!(
                text,
                "<AssociationSet Name=\"{name}Set\" Association=\"{NAMESPACE}.{name}\"><End Role=\"Person\" \
                 EntitySet=\"People\"/><End Role=\"{kind}\" EntitySet=\"{set}\"/></AssociationSet>"
            );
        }
        let _ = write!(
            text,
            "<FunctionImport Name=\"{STARTER_FUNCTION}\" m:HttpMethod=\"POST\"><Parameter Name=\"PERSONID\" \
             Type=\"Edm.String\" Mode=\"In\"/></FunctionImport>"
        );
    }
    text + "</EntityContainer>"
}

/// The service document in the format asked for.
pub(super) fn service_document(schema: &Schema, format: Format, root: &str) -> Reply {
    let names: Vec<&str> = schema.tables().map(|(table, _)| table.name()).collect();
    let listed = || -> Vec<_> { names.iter().map(|name| json!({"name": name, "url": name})).collect() };
    let body = match format {
        Format::Light { .. } => json!({"odata.metadata": format!("{root}/$metadata"), "value": listed()}),
        Format::V4 { .. } => json!({"@odata.context": format!("{root}/$metadata"), "value": listed()}),
        Format::Verbose { .. } => json!({"d": {"EntitySets": names}}),
        Format::Atom => {
            let sets: String = names
                .iter()
                .map(|name| {
                    format!("<collection href=\"{name}\"><atom:title>{name}</atom:title></collection>")
                })
                .collect();
            let document = format!(
                "<?xml version=\"1.0\" encoding=\"utf-8\"?><service xml:base=\"{root}/\" \
                 xmlns=\"http://www.w3.org/2007/app\" xmlns:atom=\"http://www.w3.org/2005/Atom\"><workspace>\
                 <atom:title>Default</atom:title>{sets}</workspace></service>",
                root = xml(root),
            );
            return Reply::text(200, "application/atomsvc+xml;charset=utf-8", document);
        }
    };
    Reply::text(200, format.content_type(), body.to_string())
}

/// Text as XML writes it.
pub(super) fn xml(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            // XML 1.0 has no way to write most control characters.
            letter if letter.is_control() && !matches!(letter, '\t' | '\n' | '\r') => {
                escaped.push('\u{fffd}')
            }
            letter => escaped.push(letter),
        }
    }
    escaped
}
