//! Mail addresses.

/// The address alone, its domain in lower case. What stands before the `@` belongs to the receiving
/// system, which may tell capitals apart: it stays.
pub(super) fn canonical(text: &str) -> String {
    let text = text.trim();
    let text = strip_scheme(text);
    let address = match text.rsplit_once('<') {
        Some((_, rest)) => rest.split('>').next().unwrap_or(rest).trim(),
        None => text,
    };
    match address.rsplit_once('@') {
        Some((local, domain)) if !local.is_empty() && !domain.is_empty() => {
            let domain = domain.trim_end_matches('.').to_lowercase();
            format!("{local}@{domain}")
        }
        _ => text.to_owned(),
    }
}

fn strip_scheme(text: &str) -> &str {
    const SCHEME: &str = "mailto:";
    match text.get(..SCHEME.len()) {
        Some(begin) if begin.eq_ignore_ascii_case(SCHEME) => text[SCHEME.len()..].trim(),
        _ => text,
    }
}

/// Whether the canonical form is an address.
pub(super) fn is_address(canonical: &str) -> bool {
    let parts = canonical.rsplit_once('@');
    parts.is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty())
}
