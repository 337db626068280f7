//! Who works together.

use super::{check_code, check_codes};
use crate::limits::{TEAM_LEADS_MAX, TEAM_MEMBERS_MAX, TEAM_QUEUES_MAX};
use crate::{FieldPath, Violations};

/// Who works together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Team {
    /// What people call it; may be empty.
    pub display_name: String,
    /// Its agents.
    pub member_ids: Vec<String>,
    /// Who leads it; they need not be members.
    pub lead_ids: Vec<String>,
    /// The queues that it works off.
    pub queue_ids: Vec<String>,
    /// Where it is; may be empty.
    pub site_id: String,
}

impl Team {
    /// Who is told what the team is told: its leads, or if it has none, its members.
    pub fn told(&self) -> &[String] {
        match self.lead_ids.is_empty() {
            true => &self.member_ids,
            false => &self.lead_ids,
        }
    }

    pub(super) fn check(&self, at: FieldPath<'_>, found: &mut Violations) {
        for (name, ids, len_max) in [
            ("member_ids", &self.member_ids, TEAM_MEMBERS_MAX),
            ("lead_ids", &self.lead_ids, TEAM_LEADS_MAX),
            ("queue_ids", &self.queue_ids, TEAM_QUEUES_MAX),
        ] {
            check_codes(at.field(name), ids, len_max, found);
        }
        check_code(at.field("site_id"), &self.site_id, found);
    }
}
