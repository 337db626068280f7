//! For whom a solution is, and who reads it.

use std::collections::BTreeSet;

/// For whom a solution is, the narrowest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Audience {
    /// The team that answers for it.
    Team,
    /// Whoever works for its client, and asks for it.
    ClientAccount,
    /// Everybody within the house.
    Internal,
    /// Partners, too.
    Partner,
    /// Customers, too.
    Customer,
    /// Everybody.
    Public,
    /// Everybody, and programs that talk with customers.
    Bot,
}

impl Audience {
    /// All of them, the narrowest first.
    pub const ALL: [Self; 7] = [
        Self::Team,
        Self::ClientAccount,
        Self::Internal,
        Self::Partner,
        Self::Customer,
        Self::Public,
        Self::Bot,
    ];

    /// The name, as the API has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Team => "TEAM",
            Self::ClientAccount => "CLIENT_ACCOUNT",
            Self::Internal => "INTERNAL",
            Self::Partner => "PARTNER",
            Self::Customer => "CUSTOMER",
            Self::Public => "PUBLIC",
            Self::Bot => "BOT",
        }
    }

    /// Whether nobody outside the house is meant.
    pub const fn is_within(self) -> bool {
        matches!(self, Self::Team | Self::ClientAccount | Self::Internal)
    }
}

/// By which rules a solution is approved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Governance {
    /// By experience: who knows may approve, the own work, too.
    ExperienceBased,
    /// By law or contract: only a compliance officer approves, and never the own work.
    ComplianceBased,
}

impl Governance {
    /// The name, as the API has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ExperienceBased => "EXPERIENCE_BASED",
            Self::ComplianceBased => "COMPLIANCE_BASED",
        }
    }

    /// The stricter of two: what is to replace a version is judged by the rules of both, so that nobody sheds rules who
    /// could not have kept them.
    pub fn stricter(self, other: Self) -> Self {
        self.max(other)
    }
}

/// How bad it is to have been told what was recalled, the least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HarmClass {
    /// It did not help.
    Nuisance,
    /// It cost time, or a further contact.
    Effort,
    /// It cost money.
    Money,
    /// It broke a rule or a contract, or somebody's privacy.
    Legal,
    /// It endangered somebody.
    Safety,
}

/// What stands on a solution of who may read it.
#[derive(Debug, Clone, Copy)]
pub struct Addressed<'a> {
    /// For whom it is.
    pub audience: Audience,
    /// The team that answers for it; may be empty.
    pub owner_group: &'a str,
    /// The client whose contacts it is for; empty for those of all.
    pub client_account_id: &'a str,
}

impl Addressed<'_> {
    /// Whether it is for as many as `other` is: whoever reads that one reads this one, too.
    pub fn is_as_wide_as(&self, other: Addressed<'_>) -> bool {
        let same_team = self.owner_group == other.owner_group;
        self.audience >= other.audience && (self.audience != Audience::Team || same_team)
    }

    /// Whether it is found by who asks for the contacts of a client; empty for those of all.
    ///
    /// What is for a client's people is found by nobody who does not ask for that very client: who works for another
    /// one would tell it to the wrong customers.
    pub fn is_for_contacts_of(self, client_account_id: &str) -> bool {
        let is_theirs =
            !client_account_id.is_empty() && self.client_account_id == client_account_id;
        self.audience != Audience::ClientAccount || is_theirs
    }
}

/// Who reads solutions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reader {
    /// Somebody within the house: all that is for the house or wider, and what is for one of `teams`, or of all
    /// teams where there are none named.
    Within {
        /// The reader's teams; none for somebody who answers for all of them.
        teams: Option<BTreeSet<String>>,
    },
    /// Somebody outside: what is for `from` or wider.
    Outside {
        /// The narrowest audience that they are of.
        from: Audience,
    },
}

impl Reader {
    /// Whether a solution is for the reader, who names it.
    ///
    /// Nothing says who works for which client: what is for a client's people is for everybody within the house who
    /// names it, or asks for that client. See [`Reader::finds`].
    pub fn reads(&self, solution: Addressed<'_>) -> bool {
        match self {
            Self::Outside { from } => !solution.audience.is_within() && solution.audience >= *from,
            Self::Within { teams: None } => true,
            Self::Within { teams: Some(teams) } => {
                solution.audience != Audience::Team || teams.contains(solution.owner_group)
            }
        }
    }

    /// Whether a solution is found by the reader, who asks for the contacts of a client; empty for those of all.
    pub fn finds(&self, solution: Addressed<'_>, client_account_id: &str) -> bool {
        self.reads(solution) && solution.is_for_contacts_of(client_account_id)
    }

    /// The audiences of which the reader finds every solution, for a search that is to be told beforehand.
    pub fn audiences(&self) -> impl Iterator<Item = Audience> {
        Audience::ALL.into_iter().filter(|&audience| {
            let solution = Addressed {
                audience,
                owner_group: "",
                client_account_id: "",
            };
            self.finds(solution, "")
        })
    }

    /// The teams whose own solutions the reader reads beside those of [`Reader::audiences`].
    pub fn teams(&self) -> impl Iterator<Item = &str> {
        let teams = match self {
            Self::Within { teams } => teams.as_ref(),
            Self::Outside { .. } => None,
        };
        teams.into_iter().flatten().map(String::as_str)
    }

    /// Whether the reader is given no more than what may be said to a customer as it stands.
    pub const fn is_given_customer_wording_only(&self) -> bool {
        matches!(self, Self::Outside { .. })
    }
}

/// Whether a solution is for a contact of `client_account_id` in `language`. Empty on either side says nothing, and
/// `de` is for `de-CH`, too.
pub fn fits_contact(
    (client_of_solution, language_of_solution): (&str, &str),
    (client_account_id, language): (&str, &str),
) -> bool {
    let client = client_of_solution.is_empty()
        || client_account_id.is_empty()
        || client_of_solution == client_account_id;
    client && fits_language(language_of_solution, language)
}

/// Whether a text in `written` is for who speaks `wanted`; see [`fits_contact`].
pub fn fits_language(written: &str, wanted: &str) -> bool {
    let general = |one: &str, other: &str| {
        let head = other.get(..one.len());
        let ends = matches!(other.as_bytes().get(one.len()), None | Some(b'-'));
        head.is_some_and(|head| head.eq_ignore_ascii_case(one)) && ends
    };
    written.is_empty() || wanted.is_empty() || general(written, wanted) || general(wanted, written)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(audience: Audience) -> Addressed<'static> {
        Addressed {
            audience,
            owner_group: "billing",
            client_account_id: "",
        }
    }

    #[test]
    fn what_is_for_a_team_is_for_no_other() {
        let teams = |ids: &[&str]| Reader::Within {
            teams: Some(ids.iter().map(|&id| id.to_owned()).collect()),
        };
        assert!(teams(&["billing"]).reads(of(Audience::Team)));
        assert!(!teams(&["network"]).reads(of(Audience::Team)));
        assert!(!teams(&[]).reads(of(Audience::Team)));
        assert!(teams(&[]).reads(of(Audience::Internal)));
        assert!(Reader::Within { teams: None }.reads(of(Audience::Team)));
        let audiences: Vec<_> = teams(&["billing"]).audiences().collect();
        assert_eq!(audiences, Audience::ALL[2..]);
    }

    #[test]
    fn what_is_for_a_client_is_found_by_who_asks_for_that_client_alone() {
        let north = Addressed {
            client_account_id: "north",
            ..of(Audience::ClientAccount)
        };
        let everybody = Reader::Within { teams: None };
        let of_a_team = Reader::Within {
            teams: Some(["billing".to_owned()].into()),
        };
        for reader in [everybody, of_a_team] {
            assert!(reader.finds(north, "north") && reader.reads(north));
            assert!(!reader.finds(north, "south") && !reader.finds(north, ""));
            assert!(!reader.finds(of(Audience::ClientAccount), ""));
            assert!(reader.finds(of(Audience::Internal), ""));
        }
        let customer = Reader::Outside {
            from: Audience::Customer,
        };
        assert!(!customer.finds(north, "north"));
    }

    #[test]
    fn nothing_of_the_house_is_for_those_outside() {
        for from in Audience::ALL {
            let reader = Reader::Outside { from };
            let read: Vec<_> = reader.audiences().collect();
            assert!(read.iter().all(|one| !one.is_within()), "{from:?}");
            assert!(read.iter().all(|one| *one >= from), "{from:?}");
            assert_eq!(read.last(), Some(&Audience::Bot));
        }
        let bot = Reader::Outside {
            from: Audience::Bot,
        };
        assert_eq!(bot.audiences().collect::<Vec<_>>(), [Audience::Bot]);
    }

    #[test]
    fn whoever_reads_a_solution_reads_what_is_as_wide() {
        let of = |audience, owner_group| Addressed {
            audience,
            owner_group,
            client_account_id: "",
        };
        let teams = |id: &str| Reader::Within {
            teams: Some(BTreeSet::from([id.to_owned()])),
        };
        let mut readers = vec![
            Reader::Within { teams: None },
            teams("billing"),
            teams("network"),
        ];
        readers.extend(Audience::ALL.map(|from| Reader::Outside { from }));
        for one in Audience::ALL {
            for other in Audience::ALL {
                for team in ["billing", "network"] {
                    let (one, other) = (of(one, "billing"), of(other, team));
                    let reads_both = |reader: &Reader| !reader.reads(other) || reader.reads(one);
                    if one.is_as_wide_as(other) {
                        assert!(readers.iter().all(reads_both), "{one:?} {other:?}");
                    }
                }
                assert_eq!(
                    of(one, "billing").is_as_wide_as(of(other, "billing")),
                    one >= other
                );
            }
        }
        let (ours, theirs) = (of(Audience::Team, "billing"), of(Audience::Team, "network"));
        assert!(ours.is_as_wide_as(ours) && !ours.is_as_wide_as(theirs));
        assert!(of(Audience::Internal, "billing").is_as_wide_as(theirs));
    }

    #[test]
    fn compliance_is_stricter_than_experience() {
        use Governance::{ComplianceBased, ExperienceBased};
        for (one, other, stricter) in [
            (ExperienceBased, ExperienceBased, ExperienceBased),
            (ExperienceBased, ComplianceBased, ComplianceBased),
            (ComplianceBased, ExperienceBased, ComplianceBased),
        ] {
            assert_eq!(one.stricter(other), stricter);
        }
    }

    #[test]
    fn a_language_is_for_its_regions_and_no_other() {
        for (written, wanted) in [
            ("", "de"),
            ("de", ""),
            ("de", "de-CH"),
            ("de-CH", "DE"),
            ("de", "de"),
        ] {
            assert!(fits_language(written, wanted), "{written} {wanted}");
        }
        for (written, wanted) in [("de", "en"), ("de", "den"), ("de-CH", "de-AT"), ("d", "de")] {
            assert!(!fits_language(written, wanted), "{written} {wanted}");
        }
        assert!(!fits_contact(("north", "de"), ("south", "de")));
        assert!(fits_contact(("", ""), ("south", "de")));
    }
}
