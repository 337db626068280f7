//! A tenant's synonyms, ready to be searched with.

use std::sync::Arc;

use aftercall_domain::setting::Body;
use aftercall_ledger::{InUse, Kind, Ready};
use aftercall_proto::model::v1::SettingKind;
use aftercall_retrieval::lexical::Groups;

use crate::marks;

/// A list of synonyms that is in use.
#[derive(Debug, Clone)]
pub(crate) struct Listed {
    /// The language, as it is compared; empty for all.
    language: String,
    /// The groups.
    groups: Groups,
}

impl Kind for Listed {
    const KIND: SettingKind = SettingKind::Synonyms;

    fn of(body: Body) -> Option<Self> {
        let Body::Synonyms(synonyms) = body else {
            return None;
        };
        let groups = synonyms.groups.iter();
        Some(Self {
            language: marks::language(&synonyms.language),
            groups: Groups::of(groups.map(|group| group.words.iter().map(String::as_str))),
        })
    }
}

/// Tenants' synonyms. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Synonyms(Option<Ready<Listed>>);

/// Those of a tenant that count for a text, in the order of their settings' ids.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counting {
    all: Arc<[InUse<Listed>]>,
    language: String,
}

impl Synonyms {
    /// As the settings have them.
    pub(crate) const fn of(settings: Ready<Listed>) -> Self {
        Self(Some(settings))
    }

    /// Those that count for a text of a language; empty where none is named: those without a language, those of the language or of
    /// one that it is a form of, and where none is named, all. None while settings can't be read: without synonyms less is
    /// found, and nothing that is wrong.
    pub(crate) fn counting(&self, tenant_id: &str, language: &str) -> Counting {
        let settings = self.0.as_ref();
        let all = settings.and_then(|settings| settings.all(tenant_id).ok());
        Counting {
            all: all.unwrap_or_default(),
            language: language.to_owned(),
        }
    }
}

impl Counting {
    /// Their groups.
    pub(crate) fn groups(&self) -> impl Iterator<Item = &Groups> {
        let forms = marks::forms(&self.language);
        let all = self.all.iter().filter(move |one| {
            let language = &one.set.language;
            language.is_empty() || forms.is_empty() || forms.contains(language)
        });
        all.map(|one| &one.set.groups)
    }
}
