//! `$metadata`: what the service itself says that it has.
//!
//! Source: [MC-CSDL] and [MC-EDMX] for versions 1 to 3, OData CSDL 4.0. Namespaces differ between versions and are not looked
//! at: an element is known by its name and by what it stands in.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fmt,
    sync::Arc,
};

use super::{
    Version,
    xml::{Node, Nodes, NotXml, Tag},
};

const LEN_MAX: usize = 32 << 20;
/// Properties of all types together, inherited ones counted wherever they are inherited. A large service has ten thousand.
const PROPERTIES_MAX: usize = 500_000;
const ANCESTORS_MAX: usize = 16;
/// The longest identifier, in bytes (CSDL 3.0 allows 480 characters).
const NAME_MAX: usize = 1024;

/// The sets of a service.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Metadata {
    pub(crate) version: Version,
    /// A set whose type cannot be made out is not among them.
    pub(crate) sets: BTreeMap<String, Arc<EntityType>>,
    /// Function imports and action imports, by name.
    pub(crate) functions: Vec<String>,
}

/// What the records of a set look like, inherited properties included.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct EntityType {
    pub(crate) name: String,
    pub(crate) key: Vec<String>,
    pub(crate) properties: BTreeMap<String, Property>,
    pub(crate) navigations: Vec<String>,
}

/// A property of a record.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Property {
    pub(crate) edm: Edm,
    pub(crate) nullable: bool,
    /// Longest text; `None`: unlimited or not said.
    pub(crate) length_max: Option<usize>,
    /// The service computes it.
    pub(crate) read_only: bool,
    pub(crate) has_default: bool,
    /// Part of the ETag: a change needs one.
    pub(crate) concurrency: bool,
}

/// The primitive types we can do something with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Edm {
    String,
    DateTime,
    DateTimeOffset,
    Date,
    Int16,
    Int32,
    Int64,
    Byte,
    Decimal,
    Double,
    Boolean,
    Guid,
    Other,
}

impl Edm {
    pub(crate) const ALL: [Edm; 13] = [
        Edm::String,
        Edm::DateTime,
        Edm::DateTimeOffset,
        Edm::Date,
        Edm::Int16,
        Edm::Int32,
        Edm::Int64,
        Edm::Byte,
        Edm::Decimal,
        Edm::Double,
        Edm::Boolean,
        Edm::Guid,
        Edm::Other,
    ];
}

/// Why a document is no metadata, in a few words that quote nothing but names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BadMetadata(pub(crate) String);

/// Where in the document we are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Edmx,
    Services,
    Schema,
    Type,
    Key,
    Property,
    Container,
    Elsewhere,
}

/// What is known so far.
#[derive(Default)]
struct Reading {
    edmx: String,
    versions: Vec<String>,
    /// Of the schema we are in.
    namespace: String,
    aliases: HashMap<String, String>,
    types: HashMap<String, Declared>,
    /// The full name of the type we are in.
    current: String,
    last_property: String,
    sets: Vec<(String, String)>,
    functions: Vec<String>,
}

/// A type as it stands there, without what it inherits.
#[derive(Default)]
struct Declared {
    base: Option<String>,
    own: EntityType,
}

impl Metadata {
    /// Reads the document. At most 32 MiB of UTF-8; no DTD, no entities but the five of XML.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Metadata, BadMetadata> {
        if bytes.len() > LEN_MAX {
            return Err(bad("it is longer than 32 MiB"));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| bad("it is no UTF-8"))?;
        let mut reading = Reading::default();
        let mut places = Vec::new();
        let mut nodes = Nodes::new(text);
        while let Some(node) = nodes.next()? {
            match node {
                Node::Open(tag) => {
                    let place = place(places.last().copied(), &tag.name())?;
                    reading.note(place, places.last().copied(), &tag)?;
                    places.push(place);
                }
                Node::Close => drop(places.pop()),
                Node::Text(_) => {}
            }
        }
        reading.finish()
    }

    /// The set of that name and its name as the service writes it: exactly, else the only one but for case.
    pub(crate) fn set(&self, name: &str) -> Option<(&str, &Arc<EntityType>)> {
        let exact = self.sets.get_key_value(name);
        let (name, set) = exact.or_else(|| {
            let mut alike = self.sets.iter().filter(|(known, _)| known.to_lowercase() == name.to_lowercase());
            alike.next().filter(|_| alike.next().is_none())
        })?;
        Some((name, set))
    }
}

/// The place that an element called `name` opens in `parent`.
fn place(parent: Option<Place>, name: &str) -> Result<Place, BadMetadata> {
    Ok(match (parent, name) {
        (None, "Edmx") => Place::Edmx,
        (None, _) => return Err(bad("it is another kind of document")),
        (Some(Place::Edmx), "DataServices") => Place::Services,
        (Some(Place::Services), "Schema") => Place::Schema,
        (Some(Place::Schema), "EntityType") => Place::Type,
        (Some(Place::Schema), "EntityContainer") => Place::Container,
        (Some(Place::Type), "Key") => Place::Key,
        (Some(Place::Type), "Property") => Place::Property,
        _ => Place::Elsewhere,
    })
}

impl Reading {
    fn note(&mut self, place: Place, parent: Option<Place>, tag: &Tag<'_>) -> Result<(), BadMetadata> {
        match place {
            Place::Edmx => self.edmx = tag.attribute("Version")?.unwrap_or_default(),
            Place::Services => {
                self.versions.extend(tag.attribute("DataServiceVersion")?);
                self.versions.extend(tag.attribute("MaxDataServiceVersion")?);
            }
            Place::Schema => {
                self.namespace = tag.attribute("Namespace")?.unwrap_or_default();
                if let Some(alias) = tag.attribute("Alias")? {
                    self.aliases.entry(alias).or_insert_with(|| self.namespace.clone());
                }
            }
            Place::Type => self.note_type(tag)?,
            Place::Property => self.note_property(tag)?,
            Place::Key | Place::Container => {}
            Place::Elsewhere => self.note_detail(parent, tag)?,
        }
        Ok(())
    }

    fn note_type(&mut self, tag: &Tag<'_>) -> Result<(), BadMetadata> {
        let name = tag.attribute("Name")?.unwrap_or_default();
        self.current = format!("{}.{name}", self.namespace);
        let own = EntityType { name, ..EntityType::default() };
        self.types.insert(self.current.clone(), Declared { base: tag.attribute("BaseType")?, own });
        Ok(())
    }

    fn note_property(&mut self, tag: &Tag<'_>) -> Result<(), BadMetadata> {
        let is =
            |value: Option<String>, word: &str| value.is_some_and(|value| value.eq_ignore_ascii_case(word));
        let generated = tag.attribute("StoreGeneratedPattern")?;
        let property = Property {
            edm: tag.attribute("Type")?.map_or(Edm::Other, |name| edm(&name)),
            nullable: !is(tag.attribute("Nullable")?, "false"),
            length_max: tag.attribute("MaxLength")?.and_then(|length| length.parse().ok()),
            read_only: generated.is_some_and(|pattern| pattern != "None"),
            has_default: tag.attribute("DefaultValue")?.is_some(),
            concurrency: is(tag.attribute("ConcurrencyMode")?, "fixed"),
        };
        let name = tag.attribute("Name")?.unwrap_or_default();
        self.last_property.clone_from(&name);
        // What cannot be named in an address cannot be used.
        if is_identifier(&name)
            && let Some(declared) = self.types.get_mut(&self.current)
        {
            declared.own.properties.insert(name, property);
        }
        Ok(())
    }

    fn note_detail(&mut self, parent: Option<Place>, tag: &Tag<'_>) -> Result<(), BadMetadata> {
        match (parent, &*tag.name()) {
            (Some(Place::Key), "PropertyRef") => {
                let name = tag.attribute("Name")?.unwrap_or_default();
                self.current(|own| own.key.push(name));
            }
            (Some(Place::Type), "NavigationProperty") => {
                let name = tag.attribute("Name")?.filter(|name| is_identifier(name));
                self.current(|own| own.navigations.extend(name));
            }
            (Some(Place::Property), "Annotation") => self.note_annotation(tag)?,
            (Some(Place::Container), "EntitySet") => {
                let name = tag.attribute("Name")?.filter(|name| is_identifier(name));
                self.sets.extend(name.zip(tag.attribute("EntityType")?));
            }
            (Some(Place::Container), "FunctionImport" | "ActionImport") => {
                self.functions.extend(tag.attribute("Name")?.filter(|name| is_identifier(name)));
            }
            _ => {}
        }
        Ok(())
    }

    /// Version 4 says by annotation what earlier ones say by `StoreGeneratedPattern`.
    fn note_annotation(&mut self, tag: &Tag<'_>) -> Result<(), BadMetadata> {
        let term = tag.attribute("Term")?.unwrap_or_default();
        let is_read_only = ["Core.V1.Computed", "Core.Computed", "Core.V1.Permissions", "Core.Permissions"];
        let denies = tag.attribute("Bool")?.is_some_and(|value| value == "false");
        let permits_writing = tag.attribute("EnumMember")?.is_some_and(|value| value.contains("Write"));
        if is_read_only.iter().any(|end| term.ends_with(end)) && !denies && !permits_writing {
            let name = std::mem::take(&mut self.last_property);
            self.current(|own| {
                if let Some(property) = own.properties.get_mut(&name) {
                    property.read_only = true;
                }
            });
            self.last_property = name;
        }
        Ok(())
    }

    fn current(&mut self, change: impl FnOnce(&mut EntityType)) {
        if let Some(declared) = self.types.get_mut(&self.current) {
            change(&mut declared.own);
        }
    }

    fn finish(self) -> Result<Metadata, BadMetadata> {
        if self.edmx.is_empty() {
            return Err(bad("it is empty"));
        }
        let mut whole: HashMap<String, Option<Arc<EntityType>>> = HashMap::new();
        let mut sets = BTreeMap::new();
        let mut properties = 0;
        for (set, name) in &self.sets {
            let name = self.full(name);
            let known = match whole.get(&name) {
                Some(known) => known.clone(),
                None => {
                    let made = self.inherited(&name)?;
                    properties +=
                        made.as_ref().map_or(0, |made| made.properties.len() + made.navigations.len());
                    if properties > PROPERTIES_MAX {
                        return Err(bad("its types have too many properties"));
                    }
                    whole.entry(name).or_insert(made.map(Arc::new)).clone()
                }
            };
            if let Some(known) = known {
                sets.entry(set.clone()).or_insert(known);
            }
        }
        Ok(Metadata { version: self.version(), sets, functions: self.functions })
    }

    /// The newest version the service says it speaks; version 3 if it says nothing.
    fn version(&self) -> Version {
        if self.edmx.starts_with('4') {
            return Version::V4;
        }
        match self.versions.iter().filter_map(|version| version.bytes().next()).max() {
            Some(b'1' | b'2') => Version::V2,
            Some(b'4') => Version::V4,
            _ => Version::V3,
        }
    }

    /// The name of a type with its namespace instead of an alias of it.
    fn full(&self, name: &str) -> String {
        let full = name.rsplit_once('.').and_then(|(alias, name)| {
            let namespace = self.aliases.get(alias)?;
            Some(format!("{namespace}.{name}"))
        });
        full.filter(|_| !self.types.contains_key(name)).unwrap_or_else(|| name.to_owned())
    }

    /// The type with everything it inherits; `None` if it, or one it inherits from, is not there.
    fn inherited(&self, name: &str) -> Result<Option<EntityType>, BadMetadata> {
        let mut line: Vec<&EntityType> = Vec::new();
        let mut seen = HashSet::new();
        let mut next = Some(name.to_owned());
        while let Some(name) = next {
            let Some(declared) = self.types.get(&name) else { return Ok(None) };
            next = declared.base.as_deref().map(|base| self.full(base));
            line.push(&declared.own);
            if !seen.insert(name) || line.len() > ANCESTORS_MAX {
                return Err(bad("a type inherits from itself, or from too many"));
            }
        }
        let mut whole = EntityType { name: line[0].name.clone(), ..EntityType::default() };
        for ancestor in line.into_iter().rev() {
            if whole.key.is_empty() {
                whole.key.clone_from(&ancestor.key);
            }
            let own = ancestor.properties.iter().map(|(name, property)| (name.clone(), property.clone()));
            whole.properties.extend(own);
            whole.navigations.extend_from_slice(&ancestor.navigations);
        }
        Ok(Some(whole))
    }
}

/// A simple identifier of CSDL, a little wider. What passes can stand in an address and in a filter and mean nothing else.
fn is_identifier(name: &str) -> bool {
    let begins = name.starts_with(|first: char| first.is_alphabetic() || first == '_');
    begins && name.len() <= NAME_MAX && name.chars().all(|char| char.is_alphanumeric() || char == '_')
}

fn edm(name: &str) -> Edm {
    // Version 1 allows the short form as well.
    match name.strip_prefix("Edm.").unwrap_or(name) {
        "String" => Edm::String,
        "DateTime" => Edm::DateTime,
        "DateTimeOffset" => Edm::DateTimeOffset,
        "Date" => Edm::Date,
        "Int16" | "SByte" => Edm::Int16,
        "Int32" => Edm::Int32,
        "Int64" => Edm::Int64,
        "Byte" => Edm::Byte,
        "Decimal" => Edm::Decimal,
        "Double" | "Single" => Edm::Double,
        "Boolean" => Edm::Boolean,
        "Guid" => Edm::Guid,
        _ => Edm::Other,
    }
}

fn bad(why: &str) -> BadMetadata {
    BadMetadata(why.to_owned())
}

impl From<NotXml> for BadMetadata {
    fn from(NotXml(why): NotXml) -> Self {
        bad(why)
    }
}

impl fmt::Display for BadMetadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadMetadata {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Schemas in an envelope of version 3.
    fn v3(schemas: &str) -> String {
        format!(
            r#"<?xml version="1.0" encoding="utf-8"?><edmx:Edmx Version="1.0" xmlns:edmx="http://schemas.microsoft.com/ado/2007/06/edmx">
            <edmx:DataServices m:DataServiceVersion="1.0" m:MaxDataServiceVersion="3.0" xmlns:m="urn:m">{schemas}</edmx:DataServices></edmx:Edmx>"#
        )
    }

    fn parsed(text: &str) -> Metadata {
        Metadata::parse(text.as_bytes()).expect("metadata")
    }

    const PEOPLE: &str = r#"<Schema Namespace="M.Model" Alias="Self" xmlns:annotation="urn:a">
        <EntityType Name="Thing" Abstract="true"><Key><PropertyRef Name="PERSONID"/></Key>
         <Property Name="PERSONID" Type="Edm.String" Nullable="false" MaxLength="50"/>
         <Property Name="STAMP" Type="Edm.Int32" ConcurrencyMode="Fixed" annotation:StoreGeneratedPattern="Computed"/></EntityType>
        <EntityType Name="Person" BaseType="Self.Thing">
         <Property Name="FAMILYNAME" Type="Edm.String" MaxLength="Max" DefaultValue="&quot;&#x41;&quot;"><Documentation/></Property>
         <Property Name="BIRTHDATE" Type="Edm.DateTime" Nullable="False"/>
         <Property Name="ADDRESS" Type="M.Model.Address"/>
         <Property Name="not a name" Type="Edm.String"/>
         <NavigationProperty Name="PeopleToCommunications" Relationship="r"/></EntityType>
        <ComplexType Name="Address"><Property Name="STREET" Type="Edm.String"/></ComplexType></Schema>
       <Schema Namespace="M.Web"><EntityContainer Name="C">
         <EntitySet Name="People" EntityType="M.Model.Person"/><EntitySet Name="AllPeople" EntityType="Self.Person"/>
         <EntitySet Name="Lost" EntityType="M.Model.Nobody"/>
         <FunctionImport Name="StartProcess" ReturnType="Edm.String"><Parameter Name="P" Type="Edm.String"/></FunctionImport>
        </EntityContainer></Schema>"#;

    #[test]
    fn a_type_has_what_it_declares_and_what_it_inherits() {
        let metadata = parsed(&v3(PEOPLE));
        let (name, people) = metadata.set("People").expect("the set");
        assert_eq!((name, people.name.as_str()), ("People", "Person"));
        assert_eq!(people.key, ["PERSONID"]);
        assert_eq!(people.navigations, ["PeopleToCommunications"]);
        let names: Vec<&String> = people.properties.keys().collect();
        assert_eq!(names, ["ADDRESS", "BIRTHDATE", "FAMILYNAME", "PERSONID", "STAMP"]);
        let plain = Property {
            edm: Edm::String,
            nullable: true,
            length_max: None,
            read_only: false,
            has_default: false,
            concurrency: false,
        };
        let id = Property { nullable: false, length_max: Some(50), ..plain };
        let stamp = Property { edm: Edm::Int32, read_only: true, concurrency: true, ..plain };
        let family = Property { has_default: true, ..plain };
        assert_eq!(people.properties["PERSONID"], id);
        assert_eq!(people.properties["STAMP"], stamp);
        assert_eq!(people.properties["FAMILYNAME"], family);
        assert_eq!(people.properties["ADDRESS"], Property { edm: Edm::Other, ..plain });
        assert_eq!(people.properties["BIRTHDATE"], Property { edm: Edm::DateTime, nullable: false, ..plain });
    }

    #[test]
    fn sets_are_found_through_aliases_and_one_without_a_type_is_left_out() {
        let metadata = parsed(&v3(PEOPLE));
        let names: Vec<&String> = metadata.sets.keys().collect();
        assert_eq!(names, ["AllPeople", "People"]);
        assert_eq!(metadata.functions, ["StartProcess"]);
        assert!(Arc::ptr_eq(&metadata.sets["People"], &metadata.sets["AllPeople"]));
    }

    #[test]
    fn a_set_is_found_exactly_or_as_the_only_one_but_for_case() {
        let mut metadata = parsed(&v3(PEOPLE));
        assert_eq!(metadata.set("PEOPLE").map(|(name, _)| name), Some("People"));
        assert!(metadata.set("Persons").is_none());
        let people = Arc::clone(&metadata.sets["People"]);
        metadata.sets.insert("PEOPLE".to_owned(), people);
        assert_eq!(metadata.set("PEOPLE").map(|(name, _)| name), Some("PEOPLE"));
        assert!(metadata.set("people").is_none());
    }

    #[test]
    fn the_version_is_the_newest_that_the_service_says_it_speaks() {
        for (edmx, services, version) in [
            ("1.0", r#"m:DataServiceVersion="3.0""#, Version::V3),
            ("1.0", r#"m:DataServiceVersion="1.0" m:MaxDataServiceVersion="3.0""#, Version::V3),
            ("1.0", r#"m:DataServiceVersion="2.0""#, Version::V2),
            ("1.0", r#"m:DataServiceVersion="1.0""#, Version::V2),
            ("1.0", "", Version::V3),
            ("4.0", "", Version::V4),
            ("4.01", "", Version::V4),
        ] {
            let text = format!(r#"<Edmx Version="{edmx}" xmlns:m="u"><DataServices {services}/></Edmx>"#);
            assert_eq!(parsed(&text).version, version, "{text}");
        }
    }

    #[test]
    fn version_4_says_by_annotation_what_is_computed() {
        let metadata = parsed(
            r#"<Edmx Version="4.0"><DataServices><Schema Namespace="N"><EntityType Name="P"><Key><PropertyRef Name="ID"/></Key>
            <Property Name="ID" Type="Edm.Guid"><Annotation Term="Org.OData.Core.V1.Computed" Bool="true"/></Property>
            <Property Name="A" Type="Edm.Date"><Annotation Term="Org.OData.Core.V1.Computed" Bool="false"/></Property>
            <Property Name="B" Type="Edm.String"><Annotation Term="Org.OData.Core.V1.Permissions" EnumMember="Org.OData.Core.V1.Permission/Read"/></Property>
            <Property Name="C" Type="Edm.String"><Annotation Term="Org.OData.Core.V1.Description" String="x"/></Property>
            </EntityType><EntityContainer Name="C"><EntitySet Name="Ps" EntityType="N.P"/><ActionImport Name="Go" Action="N.Go"/></EntityContainer>
            </Schema></DataServices></Edmx>"#,
        );
        let read_only: Vec<bool> = metadata.sets["Ps"].properties.values().map(|it| it.read_only).collect();
        assert_eq!(read_only, [false, true, false, true]);
        assert_eq!(metadata.functions, ["Go"]);
    }

    #[test]
    fn a_document_that_is_no_metadata_is_refused_with_a_reason_that_quotes_nothing() {
        let deep = format!("<Edmx Version='1'>{}", "<a>".repeat(100_000));
        let loops = v3(
            r#"<Schema Namespace="N"><EntityType Name="A" BaseType="N.B"/><EntityType Name="B" BaseType="N.A"/>
            <EntityContainer><EntitySet Name="S" EntityType="N.A"/></EntityContainer></Schema>"#,
        );
        for (text, why) in [
            ("", "empty"),
            ("planted", "empty"),
            ("<html><body>planted</body></html>", "another kind"),
            ("<Edmx Version='1.0'><DataServices>", "breaks off"),
            ("<Edmx Version='1.0'></DataServices>", "well-formed"),
            ("<Edmx Version='&planted;'/>", "entity"),
            ("<!DOCTYPE a [<!ENTITY b 'planted'>]><Edmx Version='&b;'/>", "DTD"),
            ("<Edmx Version='1.0'>&planted;</Edmx>", "entity"),
            ("<Edmx Version='1.0'>&#xD800;</Edmx>", "character"),
            ("<Edmx Version=planted/>", "attribute"),
            (deep.as_str(), "deep"),
            (loops.as_str(), "inherits"),
        ] {
            let error = Metadata::parse(text.as_bytes()).expect_err("refused").to_string();
            assert!(
                error.contains(why) && !error.contains("planted"),
                "{error}: {}",
                &text[..text.len().min(60)]
            );
        }
        assert!(Metadata::parse(b"\xff\xfe<\0").is_err());
        assert!(Metadata::parse(&vec![b' '; LEN_MAX + 1]).is_err());
    }

    #[test]
    fn a_byte_order_mark_and_comments_do_no_harm() {
        let text =
            format!("\u{feff}{}", v3(PEOPLE).replacen("<edmx:Edmx", "<!-- hello --><?pi x?><edmx:Edmx", 1));
        assert_eq!(parsed(&text), parsed(&v3(PEOPLE)));
    }

    #[test]
    fn many_heirs_of_a_large_type_cannot_fill_the_memory() {
        use std::fmt::Write as _;
        let mut schema = "<Schema Namespace='N'><EntityType Name='B'>".to_owned();
        for index in 0..5_000 {
            write!(schema, "<Property Name='P{index}' Type='Edm.String'/>").expect("text");
        }
        schema.push_str("</EntityType>");
        for index in 0..500 {
            write!(schema, "<EntityType Name='T{index}' BaseType='N.B'/>").expect("text");
        }
        schema.push_str("<EntityContainer>");
        for index in 0..500 {
            write!(schema, "<EntitySet Name='S{index}' EntityType='N.T{index}'/>").expect("text");
        }
        schema.push_str("</EntityContainer></Schema>");
        let error = Metadata::parse(v3(&schema).as_bytes()).expect_err("too many");
        assert!(error.to_string().contains("too many"), "{error}");
    }

    #[test]
    fn a_tag_of_a_hundred_thousand_attributes_is_read_in_no_time() {
        use std::fmt::Write as _;
        let mut text = "<Edmx".to_owned();
        for index in 0..100_000 {
            write!(text, " a{index}='1'").expect("text");
        }
        text.push_str(" Version='1.0'/>");
        let _ = Metadata::parse(text.as_bytes());
    }

    proptest! {
        #[test]
        fn no_document_makes_the_reader_panic(
            bytes in prop::collection::vec(any::<u8>(), 0..200),
            at in 0..3000_usize,
            len in 0..40_usize,
            with in "[<>/=\"'& a-zA-Z!?\\[\\]#;é-]{0,12}",
        ) {
            let _ = Metadata::parse(&bytes);
            // A right document with a piece of it exchanged.
            let mut text = v3(PEOPLE);
            let from = text.floor_char_boundary(at);
            let to = text.floor_char_boundary(from + len);
            text.replace_range(from..to, &with);
            let _ = Metadata::parse(text.as_bytes());
        }
    }
}
