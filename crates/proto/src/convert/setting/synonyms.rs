//! Synonyms.

use aftercall_domain::setting::{SynonymGroup, Synonyms};

use crate::model::v1 as wire;

impl From<wire::Synonyms> for Synonyms {
    fn from(synonyms: wire::Synonyms) -> Self {
        let wire::Synonyms {
            display_name,
            language,
            groups,
        } = synonyms;
        let groups = groups.into_iter();
        Self {
            display_name,
            language,
            groups: groups
                .map(|wire::SynonymGroup { words }| SynonymGroup { words })
                .collect(),
        }
    }
}

impl From<Synonyms> for wire::Synonyms {
    fn from(synonyms: Synonyms) -> Self {
        let Synonyms {
            display_name,
            language,
            groups,
        } = synonyms;
        let groups = groups.into_iter();
        Self {
            display_name,
            language,
            groups: groups
                .map(|SynonymGroup { words }| wire::SynonymGroup { words })
                .collect(),
        }
    }
}
