//! What a search is narrowed to: the caller's own sight, and the request's filter within it.

use aftercall_domain::solution::{Addressed, Audience, Reader};
use aftercall_proto::knowledge::v1::SolutionFilter;
use aftercall_proto::model::v1::{self as wire, Confidence, Governance};
use aftercall_service::Checker;

use crate::limits::{FILTER_CODES_MAX, FILTER_KINDS_MAX, PRODUCT_BYTES_MAX};
use crate::marks::{self, Sort, mark};
use crate::visible::Sight;

/// A filter, checked.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter {
    audience: Option<Audience>,
    /// The client that is asked for; empty for none.
    client_account_id: String,
    /// Of the marks of each of these a solution must have one.
    marks: Vec<Vec<String>>,
    only_verified: bool,
    /// It says more than what the question is about.
    is_of_trust: bool,
}

impl Filter {
    /// Checks a request's filter, whose fields stand under `within`.
    pub(crate) fn of(filter: &SolutionFilter, within: &str, checker: &mut Checker) -> Self {
        let at = |field: &str| format!("{within}{field}");
        checker.ids(&at("reason_codes"), &filter.reason_codes, FILTER_CODES_MAX);
        checker.ids(&at("owner_groups"), &filter.owner_groups, FILTER_CODES_MAX);
        checker.id(&at("client_account_id"), &filter.client_account_id);
        checker.id(&at("language"), &filter.language);
        checker.text(&at("product"), &filter.product, PRODUCT_BYTES_MAX);
        let audience = checker.known::<wire::Audience>(&at("audience"), filter.audience);
        let audience = audience.and_then(|audience| Audience::try_from(audience).ok());
        let field = at("confidences");
        let confidences: Vec<Confidence> =
            checker.known_list(&field, &filter.confidences, FILTER_KINDS_MAX);
        let field = at("governances");
        let governances: Vec<Governance> =
            checker.known_list(&field, &filter.governances, FILTER_KINDS_MAX);
        let mut marks = Vec::new();
        let mut one_of = |of: Vec<String>| {
            if !of.is_empty() {
                marks.push(of);
            }
        };
        let each =
            |sort, values: &[String]| values.iter().map(|one| mark(sort, one)).collect::<Vec<_>>();
        one_of(each(Sort::Reason, &filter.reason_codes));
        one_of(each(Sort::Owner, &filter.owner_groups));
        let named = confidences.iter().map(|one| marks::confidence_name(*one));
        one_of(named.map(|name| mark(Sort::Confidence, name)).collect());
        let named = governances.iter().map(|one| marks::governance_name(*one));
        one_of(named.map(|name| mark(Sort::Governance, name)).collect());
        // What says nothing of these fits all of them.
        let or_any = |sort, value: String| match value.as_str() {
            "" => Vec::new(),
            value => vec![mark(sort, value), mark(sort, "")],
        };
        one_of(or_any(Sort::Product, marks::product(&filter.product)));
        one_of(or_any(Sort::Client, filter.client_account_id.clone()));
        one_of(languages(&filter.language));
        Self {
            audience,
            client_account_id: filter.client_account_id.clone(),
            marks,
            only_verified: filter.only_verified,
            is_of_trust: filter.only_verified
                || !confidences.is_empty()
                || !governances.is_empty()
                || !filter.owner_groups.is_empty(),
        }
    }

    /// Whether a question that finds nothing by it may have an answer all the same.
    pub(crate) fn is_of_trust(&self) -> bool {
        self.is_of_trust
    }

    /// Who it is shown to: whoever asks, or those whom they ask for if these see less.
    pub(crate) fn reader(&self, own: &Reader) -> Reader {
        let asked = self.audience.filter(|audience| !audience.is_within());
        match (own, asked) {
            (Reader::Outside { from }, Some(asked)) => Reader::Outside {
                from: asked.max(*from),
            },
            (Reader::Within { .. }, Some(asked)) => Reader::Outside { from: asked },
            (own, None) => own.clone(),
        }
    }

    /// What somebody sees through it.
    pub(crate) fn sight(&self, own: &Reader, at_us: i64) -> Sight {
        let reader = self.reader(own);
        let wide_enough = |audience: Audience| self.audience.is_none_or(|asked| audience >= asked);
        let audiences = reader.audiences().filter(|audience| wide_enough(*audience));
        let mut seen: Vec<_> = audiences.map(|one| marks::for_all_of(one.into())).collect();
        if wide_enough(Audience::Team) {
            let teams = reader.teams();
            seen.extend(teams.map(|team| marks::for_group(wire::Audience::Team, team)));
        }
        let client_account_id = self.client_account_id.as_str();
        let of_client = Addressed {
            audience: Audience::ClientAccount,
            owner_group: "",
            client_account_id,
        };
        if wide_enough(Audience::ClientAccount) && reader.finds(of_client, client_account_id) {
            let client = wire::Audience::ClientAccount;
            seen.push(marks::for_group(client, client_account_id));
        }
        let mut marks = vec![seen];
        marks.extend(self.marks.iter().cloned());
        Sight {
            marks,
            at_us,
            only_verified: self.only_verified,
            is_outside: reader.is_given_customer_wording_only(),
        }
    }

    /// All that a house has, whoever it is for.
    pub(crate) fn whole_house() -> Sight {
        let all = Audience::ALL.into_iter();
        Sight {
            marks: vec![all.map(|one| marks::for_all_of(one.into())).collect()],
            at_us: 0,
            only_verified: false,
            is_outside: false,
        }
    }

    /// What tells it from any other, for page tokens.
    pub(crate) fn fingerprint(&self) -> Vec<u8> {
        let mut said = Vec::new();
        for mark in self
            .marks
            .iter()
            .flat_map(|marks| marks.iter().chain([const { &String::new() }]))
        {
            said.extend((mark.len() as u64).to_be_bytes());
            said.extend(mark.as_bytes());
        }
        said.push(u8::from(self.only_verified));
        said.extend(
            self.audience
                .map(Audience::name)
                .unwrap_or_default()
                .bytes(),
        );
        said
    }
}

/// The marks of what is written in a language, in a form of it, in one that it is a form of, or in none.
fn languages(tag: &str) -> Vec<String> {
    let forms = marks::forms(tag);
    let Some((own, wider)) = forms.split_first() else {
        return Vec::new();
    };
    let mut fits = vec![mark(Sort::LanguageForm, own), mark(Sort::Language, "")];
    fits.extend(wider.iter().map(|form| mark(Sort::Language, form)));
    fits
}
