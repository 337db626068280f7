//! The forms that texts from outside must have. All are cheap enough for each record.

use std::collections::HashSet;
use std::sync::LazyLock;

use jiff::tz::TimeZoneDatabase;

use crate::Country;

/// A form, and how to say that a text doesn't have it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Form {
    pub(super) fits: fn(&str) -> bool,
    pub(super) remedy: &'static str,
}

pub(super) const UUID: Form = Form {
    fits: is_uuid,
    remedy: "must be a UUID in its text form, such as 0199c3a4-6f00-7000-8000-0000000000a1, and \
             not all zeros",
};
pub(super) const LANGUAGE: Form = Form {
    fits: is_language,
    remedy: "must be a BCP 47 language tag, such as de-CH",
};
pub(super) const CURRENCY: Form = Form {
    fits: is_currency,
    remedy: "must be an ISO 4217 code of three capital letters, such as EUR",
};
pub(super) const COUNTRY: Form = Form {
    fits: is_country,
    remedy: "must be an ISO 3166-1 code of two capital letters, such as DE",
};
pub(super) const TIME_ZONE: Form = Form {
    fits: is_time_zone,
    remedy: "must be an IANA time zone, such as Europe/Berlin",
};

/// Names of the bundled database, gathered once: a look-up in the database itself takes locks.
static TIME_ZONES: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let bundled = TimeZoneDatabase::bundled();
    bundled.available().map(|name| name.to_string()).collect()
});

fn is_uuid(text: &str) -> bool {
    crate::ids::canonical(text).is_some()
}

fn is_country(text: &str) -> bool {
    text.parse::<Country>().is_ok()
}

/// The shape only: 1 to 8 letters or digits between hyphens, a word of letters first.
pub(crate) fn is_language(text: &str) -> bool {
    let subtag = |part: &str| {
        (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    let mut parts = text.split('-');
    let first = parts.next().unwrap_or_default();
    text.len() <= 35
        && (2..=8).contains(&first.len())
        && first.bytes().all(|byte| byte.is_ascii_alphabetic())
        && parts.all(subtag)
}

fn is_currency(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase())
}

fn is_time_zone(text: &str) -> bool {
    TIME_ZONES.contains(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(form: Form, fit: &[&str], unfit: &[&str]) {
        for text in fit {
            assert!((form.fits)(text), "{text:?} fits");
        }
        for text in unfit {
            assert!(!(form.fits)(text), "{text:?} does not fit");
        }
    }

    #[test]
    fn forms_take_what_they_name_and_nothing_else() {
        let nil = "00000000-0000-0000-0000-000000000000";
        let id = "0199c3a4-6f00-7000-8000-0000000000a1";
        let upper = id.to_uppercase();
        let braces = format!("{{{id}}}");
        let plain = id.replace('-', "");
        all(UUID, &[id, &upper, &braces, &plain], &[nil, "", &id[1..]]);
        all(COUNTRY, &["DE", "US"], &["", "de", "DEU", "ZZ"]);
        all(
            LANGUAGE,
            &["de", "de-CH", "zh-Hant-TW", "es-419"],
            &["", "d", "de_CH", "de--CH", "de-", "123", "toolonglang"],
        );
        all(CURRENCY, &["EUR", "USD"], &["eur", "EURO", "E1R", ""]);
        all(
            TIME_ZONE,
            &["Europe/Berlin", "UTC", "America/Argentina/Buenos_Aires"],
            &["", "Europe/Atlantis", "CEST?", "../etc/passwd"],
        );
    }
}
