//! The sets and their columns. People, Communications and Employments are as in Cezanne's API articles (v1), mandatory as
//! said there; lengths are invented; Companies, OrgUnits and Deployments are guesses from the screens.

use super::settings::{OpenEnded, Settings, Version};

/// An entity set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Table {
    /// People, by person code.
    People,
    /// Telephones and addresses, one row a person.
    Communications,
    /// Employments, by employment id and person code.
    Employments,
    /// Companies, by their code.
    Companies,
    /// Units, by their code.
    OrgUnits,
    /// Who is in which unit, from when.
    Deployments,
}

impl Table {
    /// All there may be.
    pub const ALL: [Table; 6] = [
        Table::People,
        Table::Communications,
        Table::Employments,
        Table::Companies,
        Table::OrgUnits,
        Table::Deployments,
    ];

    /// The name of the set.
    pub fn name(self) -> &'static str {
        match self {
            Table::People => "People",
            Table::Communications => "Communications",
            Table::Employments => "Employments",
            Table::Companies => "Companies",
            Table::OrgUnits => "OrgUnits",
            Table::Deployments => "Deployments",
        }
    }

    /// The set of this name, in exactly this case.
    pub fn called(name: &str) -> Option<Table> {
        Table::ALL.into_iter().find(|table| table.name() == name)
    }

    /// The name of the entity type.
    pub(super) fn kind(self) -> &'static str {
        match self {
            Table::People => "Person",
            Table::Communications => "Communication",
            Table::Employments => "Employment",
            Table::Companies => "Company",
            Table::OrgUnits => "OrgUnit",
            Table::Deployments => "Deployment",
        }
    }

    /// The key, the person first where there is one, so that a person's rows lie side by side.
    pub(super) fn key(self) -> &'static [&'static str] {
        match self {
            Table::People | Table::Communications => &["PERSONID"],
            Table::Employments => &["PERSONID", "EMPLOYMENTID"],
            Table::Companies => &["COMPANYCODE"],
            Table::OrgUnits => &["ORGUNITCODE"],
            Table::Deployments => &["PERSONID", "EMPLOYMENTID", "EFFECTIVEFROM"],
        }
    }

    pub(super) fn is_of_a_person(self) -> bool {
        self.key()[0] == "PERSONID"
    }

    /// The navigations from a person to it.
    pub(super) fn navigation(self) -> Option<&'static str> {
        match self {
            Table::Communications => Some("PeopleToCommunications"),
            Table::Employments => Some("PeopleToEmploymentAll"),
            _ => None,
        }
    }
}

/// The function whose name somebody might be tempted by. Nobody should ever call it.
pub const STARTER_FUNCTION: &str = "StartNewStarterProcess";

/// A type of OData's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edm {
    String,
    Binary,
    DateTime,
    DateTimeOffset,
    Date,
    Int16,
    Int64,
    Decimal,
    Boolean,
}

/// One property.
#[derive(Debug, Clone)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) edm: Edm,
    pub(super) length: Option<usize>,
    pub(super) rule: Rule,
}

/// Who fills a property.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// The writer must.
    Needed,
    /// The writer may.
    Free,
    /// The server does.
    Computed,
    /// The server does, and the ETag comes from it.
    Version,
}

/// All sets of one tenant.
#[derive(Debug)]
pub(super) struct Schema {
    pub(super) version: Version,
    tables: Vec<(Table, Vec<Column>)>,
}

impl Schema {
    pub(super) fn of(settings: &Settings) -> Schema {
        let is_there = |table: &Table| *table != Table::Deployments || settings.deployments;
        let columns = |table| (table, columns_of(table, settings));
        let tables = Table::ALL.into_iter().filter(is_there).map(columns).collect();
        Schema { version: settings.variant.version(), tables }
    }

    pub(super) fn tables(&self) -> impl Iterator<Item = (Table, &[Column])> {
        self.tables.iter().map(|(table, columns)| (*table, &columns[..]))
    }

    /// None where the tenant has no such set.
    pub(super) fn columns(&self, wanted: Table) -> Option<&[Column]> {
        self.tables().find(|(table, _)| *table == wanted).map(|(_, columns)| columns)
    }

    pub(super) fn column(&self, table: Table, name: &str) -> Option<&Column> {
        self.columns(table)?.iter().find(|column| column.name == name)
    }
}

fn columns_of(table: Table, settings: &Settings) -> Vec<Column> {
    let version = settings.variant.version();
    let rows = match table {
        Table::People => PEOPLE,
        Table::Communications => COMMUNICATIONS,
        Table::Employments => EMPLOYMENTS,
        Table::Companies => COMPANIES,
        Table::OrgUnits => ORG_UNITS,
        Table::Deployments => DEPLOYMENTS,
    };
    let mut columns: Vec<Column> = rows
        .iter()
        .map(|(name, kind, rule)| {
            let (edm, length) = kind.edm(version);
            Column { name: (*name).to_owned(), edm, length, rule: *rule }
        })
        .collect();
    if table == Table::People {
        columns.extend(gender_columns(settings));
        columns.extend(settings.custom_fields.iter().map(|(name, length)| Column {
            name: name.clone(),
            edm: Edm::String,
            length: Some(*length),
            rule: Rule::Free,
        }));
    }
    if settings.open_ended == OpenEnded::Null {
        columns
            .iter_mut()
            .filter(|column| column.name == "EFFECTIVETO")
            .for_each(|column| column.rule = Rule::Free);
    }
    if settings.etags && table.is_of_a_person() {
        let version =
            Column { name: "ROWVERSION".to_owned(), edm: Edm::Int64, length: None, rule: Rule::Version };
        columns.push(version);
    }
    columns
}

fn gender_columns(settings: &Settings) -> Vec<Column> {
    let column = |name: &str, length, rule| Column {
        name: name.to_owned(),
        edm: Edm::String,
        length: Some(length),
        rule,
    };
    if settings.variant.has_gender_code() {
        vec![column("GENDERCODE", 10, Rule::Needed), column("GENDERDESCRIPTION", 50, Rule::Computed)]
    } else {
        vec![column("GENDERDESCRIPTION", 50, Rule::Needed)]
    }
}

/// A type before the version is known.
#[derive(Clone, Copy)]
enum Kind {
    Text(usize),
    Day,
    Moment,
    Small,
    Decimal,
    Flag,
    Picture,
}

impl Kind {
    fn edm(self, version: Version) -> (Edm, Option<usize>) {
        match (self, version) {
            (Kind::Text(length), _) => (Edm::String, Some(length)),
            (Kind::Day, Version::V4) => (Edm::Date, None),
            (Kind::Moment, Version::V4) => (Edm::DateTimeOffset, None),
            (Kind::Day | Kind::Moment, _) => (Edm::DateTime, None),
            (Kind::Small, _) => (Edm::Int16, None),
            (Kind::Decimal, _) => (Edm::Decimal, None),
            (Kind::Flag, _) => (Edm::Boolean, None),
            (Kind::Picture, _) => (Edm::Binary, None),
        }
    }
}

type Rows = &'static [(&'static str, Kind, Rule)];

const PEOPLE: Rows = &[
    ("PERSONID", Kind::Text(50), Rule::Needed),
    ("FAMILYNAME", Kind::Text(100), Rule::Needed),
    ("GIVENNAME", Kind::Text(100), Rule::Needed),
    ("BIRTHDATE", Kind::Day, Rule::Needed),
    ("SALUTATIONDESCRIPTION", Kind::Text(50), Rule::Free),
    ("PREFERREDGIVENNAME", Kind::Text(100), Rule::Free),
    ("FORMATTEDNAME", Kind::Text(200), Rule::Free),
    ("LEGALNAME", Kind::Text(200), Rule::Free),
    ("MIDDLENAME", Kind::Text(100), Rule::Free),
    ("FAMILYNAMEPREFIX", Kind::Text(50), Rule::Free),
    ("SUFFIXTITLE", Kind::Text(50), Rule::Free),
    ("ADDITIONALFAMILYNAMES", Kind::Text(200), Rule::Computed),
    ("ACTIVEEMPLOYEE", Kind::Small, Rule::Computed),
    ("AGEYEARS", Kind::Small, Rule::Computed),
    ("AGEMONTHS", Kind::Small, Rule::Computed),
    ("REGIONOFBIRTH", Kind::Text(100), Rule::Free),
    ("REGIONOFBIRTHCODE", Kind::Text(10), Rule::Free),
    ("COUNTRYOFBIRTHDESCRIPTION", Kind::Text(100), Rule::Free),
    ("CITYOFBIRTH", Kind::Text(100), Rule::Free),
    ("RESIDENCYCOUNTRYDESCRIPTION", Kind::Text(100), Rule::Free),
    ("NATIONALITYDESCRIPTION", Kind::Text(100), Rule::Free),
    ("ETHNICORIGINDESCRIPTION", Kind::Text(100), Rule::Free),
    ("RACEDESCRIPTION", Kind::Text(100), Rule::Free),
    ("PRIMARYLANGUAGEDESCRIPTION", Kind::Text(100), Rule::Free),
    ("MILITARYSTATUSDESCRIPTION", Kind::Text(100), Rule::Free),
    ("COMMENTS", Kind::Text(4000), Rule::Free),
    ("THUMBNAIL", Kind::Picture, Rule::Free),
    ("TOBACCOUSER", Kind::Flag, Rule::Free),
    ("STUDENT", Kind::Flag, Rule::Free),
    ("DECEASED", Kind::Flag, Rule::Free),
    ("DEATHDATE", Kind::Day, Rule::Free),
];

const COMMUNICATIONS: Rows = &[
    ("PERSONID", Kind::Text(50), Rule::Needed),
    ("PERSONNAME", Kind::Text(200), Rule::Computed),
    ("HOMEPHONENUMBER", Kind::Text(50), Rule::Free),
    ("WORKPHONENUMBER", Kind::Text(50), Rule::Free),
    ("WORKPHONEEXTENSION", Kind::Text(20), Rule::Free),
    ("MOBILEPHONENUMBER", Kind::Text(50), Rule::Free),
    ("OTHERPHONENUMBER", Kind::Text(50), Rule::Free),
    ("SKYPENAME", Kind::Text(100), Rule::Free),
    ("EXTERNALEMAILADDRESS", Kind::Text(254), Rule::Free),
    ("INTERNALEMAILADDRESS", Kind::Text(254), Rule::Free),
    ("ALTERNATEEMAILADDRESS", Kind::Text(254), Rule::Free),
    ("FAXNUMBER", Kind::Text(50), Rule::Free),
    ("PAGERNUMBER", Kind::Text(50), Rule::Free),
    ("MESSENGERNAME", Kind::Text(100), Rule::Free),
    ("HTMLPREFERENCEINDICATOR", Kind::Small, Rule::Free),
    // COMMENT here and COMMENTS on People, as published.
    ("COMMENT", Kind::Text(4000), Rule::Free),
];

const EMPLOYMENTS: Rows = &[
    ("EMPLOYMENTID", Kind::Text(50), Rule::Needed),
    ("PERSONID", Kind::Text(50), Rule::Needed),
    ("PERSONNAME", Kind::Text(200), Rule::Computed),
    ("EFFECTIVEFROM", Kind::Moment, Rule::Needed),
    ("EFFECTIVETO", Kind::Moment, Rule::Needed),
    ("COMPANYCODE", Kind::Text(20), Rule::Needed),
    ("TRANSLATEDCOMPANYNAME", Kind::Text(100), Rule::Computed),
    ("PRIMARYEMPLOYMENT", Kind::Small, Rule::Free),
    ("ORIGINALHIREDATE", Kind::Moment, Rule::Free),
    ("ADJUSTEDHIREDATE", Kind::Moment, Rule::Free),
    ("DUTYENTRYDATE", Kind::Moment, Rule::Free),
    ("EMPLOYMENTREASONDESCRIPTION", Kind::Text(100), Rule::Free),
    ("SOURCEAGENCYDESCRIPTION", Kind::Text(100), Rule::Free),
    ("HIRINGCOMMENT", Kind::Text(1000), Rule::Free),
    ("LENGTHOFSERVICE", Kind::Decimal, Rule::Computed),
    ("LENGTHOFSERVICEYEARS", Kind::Small, Rule::Computed),
    ("LENGTHOFSERVICEMONTHS", Kind::Small, Rule::Computed),
    // Spelled so, as published.
    ("CONTINUOSSERVICE", Kind::Decimal, Rule::Computed),
    ("CONTINUOUSSERVICEYEARS", Kind::Small, Rule::Computed),
    ("CONTINUOUSSERVICEMONTHS", Kind::Small, Rule::Computed),
    ("TERMINATIONREASONDESCRIPTION", Kind::Text(100), Rule::Free),
    ("LASTWORKDATE", Kind::Moment, Rule::Free),
    ("LASTPAIDDATE", Kind::Moment, Rule::Free),
];

const COMPANIES: Rows = &[
    ("COMPANYCODE", Kind::Text(20), Rule::Needed),
    ("COMPANYNAME", Kind::Text(100), Rule::Needed),
    ("EFFECTIVEFROM", Kind::Moment, Rule::Needed),
    ("EFFECTIVETO", Kind::Moment, Rule::Needed),
];

const ORG_UNITS: Rows = &[
    ("ORGUNITCODE", Kind::Text(20), Rule::Needed),
    ("ORGUNITNAME", Kind::Text(100), Rule::Free),
    ("EFFECTIVEFROM", Kind::Moment, Rule::Free),
    ("EFFECTIVETO", Kind::Moment, Rule::Free),
    ("SORTORDER", Kind::Small, Rule::Free),
    ("CURRENTTRANSLATEDPARENTORGUNITNAME", Kind::Text(100), Rule::Computed),
    ("UNITMANAGER", Kind::Text(200), Rule::Computed),
];

const DEPLOYMENTS: Rows = &[
    ("PERSONID", Kind::Text(50), Rule::Needed),
    ("EMPLOYMENTID", Kind::Text(50), Rule::Needed),
    ("EFFECTIVEFROM", Kind::Moment, Rule::Needed),
    ("EFFECTIVETO", Kind::Moment, Rule::Needed),
    ("ORGUNITCODE", Kind::Text(20), Rule::Needed),
];
