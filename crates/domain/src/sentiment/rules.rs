//! The rules: what a phrase says of whoever uses it.
//!
//! The tables are the project's own. A phrase is written as people write it; `word*` stands for any word that begins so,
//! `_` for any one word, `~` for up to three or none. Case, accents and the sort of apostrophe make no difference, and a
//! word is what stands between signs: `don't` is `don` and `t`.

mod english;
mod german;

use crate::interaction::SignalKind;

pub use english::ENGLISH;
pub use german::GERMAN;

/// What a phrase says of whoever uses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sense {
    /// Thanks.
    Grateful,
    /// That it is solved.
    Resolved,
    /// Praise.
    Praise,
    /// That somebody has had enough, or is let down.
    Frustration,
    /// Curse words.
    Curse,
    /// That somebody breaks off.
    AbruptExit,
    /// Lawyers, courts, authorities.
    LegalThreat,
    /// That somebody wants to speak with a manager.
    ManagerRequest,
    /// That somebody leaves us.
    ChurnThreat,
    /// An attack on whoever they speak with.
    Abuse,
    /// That it isn't the first time.
    RepeatStated,
    /// That somebody needs special care.
    Vulnerable,
}

/// A rule: phrases that say the same.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its name, as evidence has it: kept for ever within a version.
    pub code: &'static str,
    /// What its phrases say.
    pub sense: Sense,
    /// The phrases.
    pub phrases: &'static [&'static str],
}

impl Sense {
    /// How bad, or good, it is by itself, from -5 to 5.
    pub const fn weight(self) -> f64 {
        match self {
            Self::Grateful | Self::Resolved => 1.0,
            Self::Praise => 3.0,
            Self::Vulnerable => 0.0,
            Self::RepeatStated => -2.0,
            Self::Frustration | Self::ChurnThreat | Self::ManagerRequest => -3.0,
            Self::Curse | Self::AbruptExit | Self::LegalThreat => -4.0,
            Self::Abuse => -5.0,
        }
    }

    /// Whether it stays what counts, whatever good is said after it in the same turn.
    pub const fn is_grave(self) -> bool {
        matches!(
            self,
            Self::LegalThreat | Self::ManagerRequest | Self::ChurnThreat | Self::Abuse
        )
    }

    /// Whether it is taken for what an agent feels who says it.
    pub const fn counts_of_agents(self) -> bool {
        matches!(self, Self::Curse | Self::Abuse)
    }

    /// The signal that it is, and how sure that is, from 0 to 1; none if it is none.
    pub const fn signal(self) -> Option<(SignalKind, f64)> {
        Some(match self {
            Self::LegalThreat => (SignalKind::LegalThreat, 0.8),
            Self::ManagerRequest => (SignalKind::ManagerRequest, 0.9),
            Self::ChurnThreat => (SignalKind::ChurnThreat, 0.7),
            Self::Abuse => (SignalKind::Abuse, 0.8),
            Self::RepeatStated => (SignalKind::RepeatStated, 0.7),
            Self::Vulnerable => (SignalKind::VulnerableCustomer, 0.6),
            Self::Praise => (SignalKind::Praise, 0.7),
            Self::Grateful
            | Self::Resolved
            | Self::Frustration
            | Self::Curse
            | Self::AbruptExit => return None,
        })
    }
}

/// Words that say no to what follows. `t` is what is left of `don't`, `isn't` and their like.
pub(super) const NEGATORS: &[&str] = &[
    "not",
    "t",
    "no",
    "never",
    "nothing",
    "hardly",
    "without",
    "cannot",
    "dont",
    "doesnt",
    "didnt",
    "isnt",
    "wasnt",
    "cant",
    "wont",
    "havent",
    "hasnt",
    "nor",
    "nicht",
    "kein",
    "keine",
    "keinen",
    "keinem",
    "keiner",
    "keinerlei",
    "nie",
    "niemals",
    "ohne",
    "kaum",
    "weder",
];
