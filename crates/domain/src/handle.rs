//! The names under which a person reaches us or is reached: telephone numbers, mail addresses, names
//! in chats and networks. One form of each is recorded, and it is found by every usual spelling.
//!
//! Writing and reading use the same two functions: [`Handle::keys`] gives the forms under which a
//! view keeps a handle, and [`look_up`] those under which it is looked for.

mod key;
mod mail;
mod telephone;
#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

pub use key::look_up;

/// A name under which a person reaches us or is reached. Personal.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Handle {
    /// What sort of name it is.
    pub kind: HandleKind,
    /// The name, in the form that [`HandleKind::canonical`] gives it.
    pub value: String,
    /// How to show it, where that differs from `value`: as the caller's system has it.
    pub display_form: String,
}

/// What sort of name a handle is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HandleKind {
    /// A telephone number, a short code, or an extension.
    Telephone,
    /// A mail address.
    Mail,
    /// A name in a chat or messenger.
    Chat,
    /// A name in a social network or on a site of reviews.
    Social,
    /// Anything else.
    Other,
}

impl HandleKind {
    /// All kinds.
    pub const ALL: [Self; 5] = [
        Self::Telephone,
        Self::Mail,
        Self::Chat,
        Self::Social,
        Self::Other,
    ];

    /// The form of `text` that is recorded, the same for every usual spelling: a number in E.164 form
    /// where its country is known (by itself, or by `country`), else its digits; a mail address with
    /// its domain in lower case. What isn't such a name, as `anonymous` isn't a number, is kept as it
    /// is. The form's own form is itself.
    pub fn canonical(self, text: &str, country: Option<Country>) -> String {
        match self {
            Self::Telephone => telephone::canonical(text, country),
            Self::Mail => mail::canonical(text),
            Self::Chat | Self::Social | Self::Other => text.trim().to_owned(),
        }
    }

    /// How keys of this kind begin.
    const fn prefix(self) -> &'static str {
        match self {
            Self::Telephone => "tel:",
            Self::Mail => "mail:",
            Self::Chat => "chat:",
            Self::Social => "social:",
            Self::Other => "other:",
        }
    }
}

impl Handle {
    /// Brings the value into its canonical form. What was given is kept as the form to show, unless
    /// there is one, or it says the same.
    pub fn canonicalise(&mut self, country: Option<Country>) {
        let canonical = self.kind.canonical(&self.value, country);
        if canonical == self.value {
            return;
        }
        let given = std::mem::replace(&mut self.value, canonical);
        if self.display_form.is_empty() {
            self.display_form = given.trim().to_owned();
        }
    }

    /// How to show it.
    pub fn shown(&self) -> &str {
        match self.display_form.is_empty() {
            true => &self.value,
            false => &self.display_form,
        }
    }

    /// The forms under which it is found; none where the value names nobody, as `anonymous` does.
    pub fn keys(&self) -> impl Iterator<Item = String> + use<> {
        key::keys(self.kind, &self.value)
    }
}

/// A country whose numbering plan is known, by its ISO 3166-1 code such as `DE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Country(phonenumber::country::Id);

/// The text names no country that has a numbering plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an ISO 3166-1 code of two capital letters, such as DE")]
pub struct UnknownCountry;

impl FromStr for Country {
    type Err = UnknownCountry;

    fn from_str(code: &str) -> Result<Self, Self::Err> {
        let formed = code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase());
        match code.parse() {
            Ok(id) if formed => Ok(Self(id)),
            _ => Err(UnknownCountry),
        }
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_ref())
    }
}
