//! Personal words: what of a case's words gives way to placeholders, and what of a solution's words must
//! be looked at before it is published.

use aftercall_domain::masking::{self, Finding, Known, PersonalKind};
use aftercall_proto::model::v1::{self as wire, Candidate, MaskedWord, Solution};
use aftercall_proto::texts;

use crate::records::Case;

/// The most personal words of a solution that a refusal names.
const NAMED_MAX: usize = 20;

/// What a case says of its customer.
pub(crate) fn known(case: &Case) -> Known {
    texts::known(case.customer.as_ref(), &case.external_id)
}

/// A text with placeholders for what is personal, and where those stand that are new.
pub(crate) fn masked(field: &str, text: &str, known: &Known) -> (String, Vec<MaskedWord>) {
    let (masked, placed) = masking::mask(text, &masking::find(text, known));
    let told = |Finding { span, kind }: Finding| MaskedWord {
        field: field.to_owned(),
        kind: to_wire(kind).into(),
        offset: number(span.start),
        length: number(span.len()),
    };
    (masked, placed.into_iter().map(told).collect())
}

/// Masks what of a candidate's words is personal to any of its cases.
pub(crate) fn mask(candidate: &mut Candidate, known: &Known) {
    let variants = candidate.variants.iter_mut();
    let variants = variants.map(|variant| &mut variant.resolution);
    let fields = [
        &mut candidate.customer_wording,
        &mut candidate.resolution,
        &mut candidate.workaround,
    ];
    for field in fields.into_iter().chain(variants) {
        *field = masking::mask(field, &masking::find(field, known)).0;
    }
}

/// Which fields of a solution hold which personal words, each pair once.
pub(crate) fn left(solution: &Solution, known: &Known) -> Vec<(String, PersonalKind)> {
    let lists = [
        (
            "question_in_customer_words",
            &solution.question_in_customer_words,
        ),
        ("symptoms", &solution.symptoms),
        (
            "discriminating_questions",
            &solution.discriminating_questions,
        ),
        ("do_not_say", &solution.do_not_say),
    ];
    let elements = lists.into_iter().flat_map(|(name, list)| {
        let list = list.iter().enumerate();
        list.map(move |(at, text)| (format!("{name}[{at}]"), text))
    });
    let environment = solution.environment.iter().enumerate();
    let environment = environment.flat_map(|(at, entry)| {
        let parts = [("key", &entry.key), ("value", &entry.value)];
        parts.map(|(part, text)| (format!("environment[{at}].{part}"), text))
    });
    let sources = solution.sources.iter().enumerate();
    let sources = sources.flat_map(|(at, source)| {
        let parts = [("title", &source.title), ("uri", &source.uri)];
        parts.map(|(part, text)| (format!("sources[{at}].{part}"), text))
    });
    let fields = [
        ("title", &solution.title),
        ("cause", &solution.cause),
        ("resolution", &solution.resolution),
        ("workaround", &solution.workaround),
        ("customer_wording", &solution.customer_wording),
        ("change_note", &solution.change_note),
    ];
    let fields = fields.map(|(name, text)| (name.to_owned(), text));
    let mut left: Vec<(String, PersonalKind)> = Vec::new();
    let lists = elements.chain(environment).chain(sources);
    for (field, text) in fields.into_iter().chain(lists) {
        for Finding { kind, .. } in masking::find(text, known) {
            let one = (field.clone(), kind);
            if left.len() < NAMED_MAX && !left.contains(&one) {
                left.push(one);
            }
        }
    }
    left
}

/// The wire's name of a kind.
pub(crate) fn to_wire(kind: PersonalKind) -> wire::PersonalKind {
    match kind {
        PersonalKind::Iban => wire::PersonalKind::Iban,
        PersonalKind::CardNumber => wire::PersonalKind::CardNumber,
        PersonalKind::MailAddress => wire::PersonalKind::MailAddress,
        PersonalKind::TelephoneNumber => wire::PersonalKind::TelephoneNumber,
        PersonalKind::Handle => wire::PersonalKind::Handle,
        PersonalKind::Id => wire::PersonalKind::Id,
        PersonalKind::DateOfBirth => wire::PersonalKind::DateOfBirth,
        PersonalKind::PostalAddress => wire::PersonalKind::PostalAddress,
        PersonalKind::Name => wire::PersonalKind::Name,
    }
}

fn number(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}
