//! The search index of live solutions.
//!
//! A document is one field of terms and one of marks: see [`marks`](crate::marks). A term stands there with its tenant
//! before it: another tenant's solutions are neither found nor counted in the weight of a term. A word of the title or
//! of a question stands there twice. What may be shown outside of the house has its terms there a second time, of what
//! customers may read alone, so that nobody outside finds a solution by its internal words. Beside them stand the
//! words as they are written, in which slips are looked for, and what ranking needs of the solution: both twice, too.
//! A solution is also found by what customers said in contacts in which it was used, and by what was searched for; its
//! length is that of its own words all the same. By its [senses](crate::meaning::sense) it is found in meaning.

use std::collections::{BTreeMap, BTreeSet};

use aftercall_domain::solution::confidence::leaves_public_at;
use aftercall_ledger::{Accepted, Candidates, Happening, Solved, What};
use aftercall_proto::convert::time::{from_wire, microseconds};
use aftercall_proto::model::v1::{Audience, Governance, Solution};
use aftercall_retrieval::Profile;
use aftercall_retrieval::words::forms_of_solution;
use aftercall_view::index::IndexSchema;
use aftercall_view::{ApplyError, Indexer, Txn};
use bytes::Bytes;
use jiff::Timestamp;
use tantivy::schema::{
    FAST, Field, INDEXED, IndexRecordOption, STORED, Schema, TextFieldIndexing, TextOptions,
};
use tantivy::tokenizer::TokenizerManager;
use tantivy::{TantivyDocument, Term};

use crate::fold::{self, redirects};
use crate::heads::Head;
use crate::keys;
use crate::lent;
use crate::marks;
use crate::meaning::sense;
use crate::records::{Case, micros};
use crate::sayings::{Saying, Sayings};
use crate::searches;
use crate::words::{self, Document};

/// Raised when documents are made in another way.
const VERSION: u32 = 10;

/// Between a tenant and a term. No tenant's id holds it.
pub(crate) const TENANT_END: char = '\0';
/// Before a term that is searched for from outside of the house. No word holds it.
const OUTSIDE: char = '\u{1f}';
/// Takes a field's text apart into its terms. They are found beforehand; but a list of them, which the index takes, too,
/// is written as JSON on its way.
const TERMS: &str = "whitespace";

/// The index's fields.
#[derive(Debug, Clone)]
pub(crate) struct Fields {
    schema: Schema,
    /// The solution's key in the store.
    pub(crate) key: Field,
    pub(crate) terms: Field,
    pub(crate) marks: Field,
    verify_by: Field,
    outside_until: Field,
    published: Field,
    length: Field,
    outside_length: Field,
    /// The words in which a slip is forgiven, as they are written.
    pub(crate) spellings: Field,
    profile: Field,
    outside_profile: Field,
    senses: [Field; 3],
}

impl Fields {
    /// The marks' name.
    pub(crate) const MARKS: &'static str = "marks";
    /// Until when a solution is verified.
    pub(crate) const VERIFY_BY: &'static str = "verify_by";
    /// Until when it is shown outside of the house.
    pub(crate) const OUTSIDE_UNTIL: &'static str = "outside_until";
    /// When it was published.
    pub(crate) const PUBLISHED: &'static str = "published";
    /// The senses: of its words, of what of them may be shown outside, and of what customers said.
    pub(crate) const SENSES: [&'static str; 3] = ["sense", "outside_sense", "said_sense"];
    const LENGTH: &'static str = "length";
    const OUTSIDE_LENGTH: &'static str = "outside_length";

    pub(crate) fn new() -> Self {
        let mut schema = Schema::builder();
        let indexing = |tokenizer, option: IndexRecordOption| {
            let indexing = TextFieldIndexing::default().set_tokenizer(tokenizer);
            TextOptions::default()
                .set_indexing_options(indexing.set_index_option(option).set_fieldnorms(false))
        };
        let key = schema.add_bytes_field("key", INDEXED | STORED);
        let terms = indexing(TERMS, IndexRecordOption::WithFreqs);
        let terms = schema.add_text_field("terms", terms);
        let marks = indexing("raw", IndexRecordOption::Basic).set_fast("raw");
        let marks = schema.add_text_field(Self::MARKS, marks);
        let verify_by = schema.add_i64_field(Self::VERIFY_BY, FAST);
        let outside_until = schema.add_i64_field(Self::OUTSIDE_UNTIL, FAST);
        let published = schema.add_i64_field(Self::PUBLISHED, FAST);
        let length = schema.add_u64_field(Self::LENGTH, FAST);
        let outside_length = schema.add_u64_field(Self::OUTSIDE_LENGTH, FAST);
        let spellings = indexing(TERMS, IndexRecordOption::Basic);
        let spellings = schema.add_text_field("spellings", spellings);
        let profile = schema.add_bytes_field("profile", STORED);
        let outside_profile = schema.add_bytes_field("outside_profile", STORED);
        let senses = Self::SENSES.map(|name| schema.add_u64_field(name, FAST));
        Self {
            schema: schema.build(),
            key,
            terms,
            marks,
            verify_by,
            outside_until,
            published,
            length,
            outside_length,
            spellings,
            profile,
            outside_profile,
            senses,
        }
    }

    /// A term of a tenant's solutions, as it is searched for within the house or from outside.
    pub(crate) fn term(&self, tenant_id: &str, term: &str, is_outside: bool) -> Term {
        let owned = match is_outside {
            false => owned(tenant_id, term),
            true => owned(tenant_id, &seen_outside(term)),
        };
        Term::from_field_text(self.terms, &owned)
    }

    /// A mark of a tenant's solutions.
    pub(crate) fn mark(&self, tenant_id: &str, mark: &str) -> Term {
        Term::from_field_text(self.marks, &owned(tenant_id, mark))
    }

    /// A tenant's term or mark, without the tenant.
    pub(crate) fn unowned<'t>(tenant_id: &str, term: &'t str) -> Option<&'t str> {
        term.strip_prefix(tenant_id)?.strip_prefix(TENANT_END)
    }

    /// The field of what ranking needs of a solution.
    pub(crate) const fn profile(&self, is_outside: bool) -> Field {
        match is_outside {
            false => self.profile,
            true => self.outside_profile,
        }
    }

    /// What all spellings of a tenant's solutions begin with, as they are looked for within the house or from outside.
    pub(crate) fn spelling_prefix(tenant_id: &str, is_outside: bool) -> String {
        match is_outside {
            false => owned(tenant_id, ""),
            true => owned(tenant_id, &seen_outside("")),
        }
    }

    /// The name of the field that says how many terms a solution has.
    pub(crate) const fn length(&self, is_outside: bool) -> &'static str {
        match is_outside {
            false => Self::LENGTH,
            true => Self::OUTSIDE_LENGTH,
        }
    }

    fn document(&self, tenant_id: &str, solution: &Solution, said: &Sayings) -> TantivyDocument {
        let inside = words::document(solution);
        let outside = is_for_outside(solution).then(|| words::outside(solution));
        let seen = outside.as_ref().map(words::document);
        let mut fields = TantivyDocument::default();
        let (mut terms, mut spellings) = (String::new(), String::new());
        let heard: Vec<Profile> = said.accepted().filter_map(Saying::profile).collect();
        let named = |term: &str| owned(tenant_id, term);
        add_terms(inside.profile().counts(), &heard, named, &mut terms);
        add_spellings(&inside, named, &mut spellings);
        fields.add_bytes(self.profile, &inside.profile().to_bytes());
        if let Some(seen) = &seen {
            let named = |term: &str| owned(tenant_id, &seen_outside(term));
            add_terms(seen.profile().counts(), &heard, named, &mut terms);
            add_spellings(seen, named, &mut spellings);
            fields.add_bytes(self.outside_profile, &seen.profile().to_bytes());
        }
        fields.add_text(self.terms, terms);
        fields.add_text(self.spellings, spellings);
        for mark in marks::of(solution) {
            fields.add_text(self.marks, owned(tenant_id, &mark));
        }
        fields.add_i64(self.verify_by, verified_until(solution));
        fields.add_i64(self.outside_until, outside_until(solution));
        fields.add_i64(self.published, micros(solution.published_at.as_ref()));
        fields.add_u64(self.length, inside.terms() as u64);
        let outside_terms = seen.map_or(0, |seen| seen.terms());
        fields.add_u64(self.outside_length, outside_terms as u64);
        let texts = [
            sense::of_solution(solution),
            outside.as_ref().map_or_else(Vec::new, sense::of_solution),
            sense::of_sayings(said),
        ];
        for (field, texts) in self.senses.into_iter().zip(texts) {
            fields.add_u64(field, sense::of(&texts));
        }
        fields
    }
}

/// Until when a solution is verified, in microseconds.
pub(crate) fn verified_until(solution: &Solution) -> i64 {
    let verify_by = solution.verify_by.as_ref();
    until(verify_by.and_then(from_wire))
}

/// Until when it is shown outside of the house, in microseconds.
pub(crate) fn outside_until(solution: &Solution) -> i64 {
    let verify_by = solution.verify_by.as_ref();
    match marks::governance(solution) {
        Governance::ComplianceBased => until(verify_by.and_then(from_wire).map(leaves_public_at)),
        _ => i64::MAX,
    }
}

fn until(at: Option<Timestamp>) -> i64 {
    at.map_or(i64::MAX, microseconds)
}

/// Whether a solution may be shown outside of the house at all.
fn is_for_outside(solution: &Solution) -> bool {
    marks::audience(solution) >= Audience::Partner
}

/// Adds a solution's terms, and those of what customers said, with their further forms. That is done whenever one more
/// of them says something, and mostly in words that others have said: the forms of each term are looked for once.
fn add_terms<'t>(
    own: impl Iterator<Item = (&'t str, u32)>,
    said: &'t [Profile],
    named: impl Fn(&str) -> String,
    terms: &mut String,
) {
    let said = said.iter().flat_map(Profile::terms);
    let mut often: BTreeMap<&str, u32> = BTreeMap::new();
    for (term, times) in own.chain(said.map(|term| (term, 1))) {
        *often.entry(term).or_default() += times;
    }
    // A form that several words have counts as often as they do.
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    for (term, times) in often {
        let mut add = |term: &str| match counts.get_mut(term) {
            Some(count) => *count += times,
            None => {
                counts.insert(term.to_owned(), times);
            }
        };
        add(term);
        forms_of_solution(term, add);
    }
    for (term, count) in counts {
        add_term(&named(&term), count, terms);
    }
}

fn add_spellings(document: &Document, named: impl Fn(&str) -> String, spellings: &mut String) {
    for word in document.spellings() {
        add_term(&named(word), 1, spellings);
    }
}

/// Adds a term to a field's text, as often as it counts. No term has a space.
fn add_term(term: &str, times: u32, text: &mut String) {
    for _ in 0..times {
        text.push_str(term);
        text.push(' ');
    }
}

fn owned(tenant_id: &str, term: &str) -> String {
    format!("{tenant_id}{TENANT_END}{term}")
}

fn seen_outside(term: &str) -> String {
    format!("{OUTSIDE}{term}")
}

impl Indexer<Happening> for Fields {
    fn schema(&self) -> IndexSchema {
        IndexSchema {
            version: VERSION,
            schema: self.schema.clone(),
            key: self.key,
            tokenizers: TokenizerManager::default(),
        }
    }

    fn touched(
        &mut self,
        fact: &Accepted,
        txn: &Txn<'_>,
        touched: &mut BTreeSet<Bytes>,
    ) -> Result<(), ApplyError> {
        let event = &fact.event;
        let other: &str = match &fact.what {
            What::Solution(Solved::Merged(merged)) => &merged.merged_into,
            What::Solution(Solved::Unmerged(unmerged)) => &unmerged.merged_into,
            What::Published(_) | What::Solution(_) => "",
            What::Candidates(Candidates::Merged(merged)) => {
                let key = keys::solution(&event.tenant_id, &merged.solution_id);
                touched.insert(key.into());
                return Ok(());
            }
            // A merge that is undone takes its words back.
            What::Candidates(Candidates::Released(released))
                if !released.solution_id.is_empty() =>
            {
                let key = keys::solution(&event.tenant_id, &released.solution_id);
                touched.insert(key.into());
                return Ok(());
            }
            What::Recorded { .. } | What::Amended(_) | What::Identified(_) => {
                let key = keys::case(&event.tenant_id, &event.aggregate_id, fact.whose);
                let case: Option<Case> = fold::stored(txn.get(key)?)?;
                for solution_id in case.iter().flat_map(Case::ever_named) {
                    touched.insert(keys::solution(&event.tenant_id, solution_id).into());
                }
                return Ok(());
            }
            What::Search(_) => {
                let lent = searches::lent_by(txn, &event.tenant_id, &event.aggregate_id)?;
                for solution_id in lent {
                    touched.insert(keys::solution(&event.tenant_id, &solution_id).into());
                }
                return Ok(());
            }
            _ => return Ok(()),
        };
        for solution_id in [event.aggregate_id.as_str(), other] {
            if !solution_id.is_empty() {
                touched.insert(keys::solution(&event.tenant_id, solution_id).into());
            }
        }
        Ok(())
    }

    fn document(
        &mut self,
        key: &[u8],
        txn: &Txn<'_>,
    ) -> Result<Option<TantivyDocument>, ApplyError> {
        let Some(solution) = fold::stored::<Solution>(txn.get(key)?)? else {
            return Ok(None);
        };
        let (tenant_id, solution_id) = keys::read_solution(key).map_err(ApplyError::record)?;
        let head = Head::read(txn, &tenant_id, &solution_id)?.unwrap_or_default();
        if !redirects::is_live(txn, &tenant_id, &solution_id, &head)? {
            return Ok(None);
        }
        let lent = lent::read(txn, &tenant_id, &solution_id)?;
        let solution = lent::with_words(solution, &lent);
        let said = Sayings::read(txn, &tenant_id, &solution_id)?;
        Ok(Some(Fields::document(self, &tenant_id, &solution, &said)))
    }
}

#[cfg(test)]
mod tests {
    use aftercall_retrieval::Part;
    use proptest::prelude::*;

    use super::*;

    const TENANT: &str = "acme";

    /// Words of few stems, and of several scripts: many have a term or a form in common.
    fn text() -> impl Strategy<Value = String> {
        let words = [
            "router",
            "routers",
            "telefonrechnung",
            "rechnung",
            "rechnungen",
            "환불을",
            "退款",
            "the",
            "x1",
        ];
        let words = prop::collection::vec(prop::sample::select(words.to_vec()), 0..12);
        let words = words.prop_map(|words| words.join(" "));
        prop_oneof![words, "(?s).{0,40}"]
    }

    /// A field's terms, as the index takes its text apart.
    fn apart(text: &str) -> Vec<String> {
        let mut tokenizer = TokenizerManager::default().get(TERMS).unwrap();
        let mut terms = Vec::new();
        tokenizer
            .token_stream(text)
            .process(&mut |token| terms.push(token.text.clone()));
        terms
    }

    /// The terms and forms of each word that is said, one by one.
    fn one_by_one(own: &Profile, said: &[Profile]) -> Vec<String> {
        let mut all = Vec::new();
        let mut add = |term: &str, times: u32| {
            let mut add = |form: &str| {
                all.extend(std::iter::repeat_n(owned(TENANT, form), times as usize));
            };
            add(term);
            forms_of_solution(term, add);
        };
        own.counts().for_each(|(term, times)| add(term, times));
        let said = said.iter().flat_map(Profile::terms);
        said.for_each(|term| add(term, 1));
        all.sort();
        all
    }

    proptest! {
        #[test]
        fn each_term_and_form_stands_there_as_often_as_it_is_said(
            own in text(),
            said in prop::collection::vec(text(), 0..6),
        ) {
            let own = Profile::of([(Part::Title, own.as_str())]);
            let said = said.iter().map(|text| Profile::of([(Part::Question, text.as_str())]));
            let said: Vec<Profile> = said.collect();
            let mut terms = String::new();
            add_terms(own.counts(), &said, |term| owned(TENANT, term), &mut terms);
            prop_assert_eq!(apart(&terms), one_by_one(&own, &said));
        }
    }
}
