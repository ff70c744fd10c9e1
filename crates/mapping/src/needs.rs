use people::Withheld;

/// Which of Lever's objects the mapping needs. What nobody mapped is never asked for: fewer requests, and no personal
/// data without a purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Needs {
    /// Offers: one request for each hire.
    pub offers: bool,
    /// Postings: one request for each distinct posting, then kept.
    pub postings: bool,
    /// Requisition codes: they come with the hire; one request for each distinct requisition whose code does not.
    pub requisitions: bool,
    /// What else a requisition says: one request for each distinct requisition.
    pub requisition_details: bool,
    /// Lever users (manager at hire, recruiter): one request for each distinct user.
    pub users: bool,
    /// Profile forms: one request for each hire.
    pub forms: bool,
}

impl Needs {
    /// Nothing beyond what a person's record brings along.
    pub const NONE: Needs = Needs {
        offers: false,
        postings: false,
        requisitions: false,
        requisition_details: false,
        users: false,
        forms: false,
    };

    /// Whether any of it was withheld from us.
    pub(crate) fn meets(self, withheld: Withheld) -> bool {
        self.offers && withheld.offers
            || self.postings && withheld.posting
            || self.requisitions && withheld.requisition_code
            || self.requisition_details && withheld.requisition
            || self.users && withheld.colleagues
            || self.forms && withheld.forms
    }

    /// What either needs.
    pub fn union(self, other: Needs) -> Needs {
        Needs {
            offers: self.offers || other.offers,
            postings: self.postings || other.postings,
            requisitions: self.requisitions || other.requisitions,
            requisition_details: self.requisition_details || other.requisition_details,
            users: self.users || other.users,
            forms: self.forms || other.forms,
        }
    }
}
