use people::Withheld;

/// Which of Lever's objects the mapping needs. What nobody mapped is never asked for: fewer requests, and no personal
/// data without a purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Needs {
    /// Offers: one request for each hire.
    pub offers: bool,
    /// Postings: one request for each distinct posting, then kept.
    pub postings: bool,
    /// Requisitions: one request for each distinct requisition.
    pub requisitions: bool,
    /// Lever users (manager at hire, recruiter): one request for each distinct user.
    pub users: bool,
}

impl Needs {
    /// Whether any of it was withheld from us.
    pub(crate) fn meets(self, withheld: Withheld) -> bool {
        self.offers && withheld.offers
            || self.postings && withheld.posting
            || self.requisitions && withheld.requisition
            || self.users && withheld.colleagues
    }

    /// What either needs.
    pub fn union(self, other: Needs) -> Needs {
        Needs {
            offers: self.offers || other.offers,
            postings: self.postings || other.postings,
            requisitions: self.requisitions || other.requisitions,
            users: self.users || other.users,
        }
    }
}
