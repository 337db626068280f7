//! The search index: its fields, and how a contact becomes a document.
//!
//! A document holds what is searched, filtered, counted and sorted by, and as the only stored field
//! the key of the contact in the view's store; what is shown comes from there.

pub(crate) mod words;

use std::collections::BTreeSet;

use aftercall_domain::Party;
use aftercall_proto::convert::{feeling, parties};
use aftercall_proto::model::v1::{Customer, Interaction, SignalKind};
use aftercall_proto::texts;
use aftercall_view::index::IndexSchema;
use tantivy::TantivyDocument;
use tantivy::schema::{
    BytesOptions, FAST, Field, INDEXED, IndexRecordOption, NumericOptions, Schema,
    TextFieldIndexing, TextOptions,
};
use tantivy::tokenizer::TokenizerManager;

use crate::people;

/// The version of the documents' making: one more with each change of it.
const INDEX_VERSION: u32 = 9;

const WORDS: &str = "aftercall_words";
const RAW: &str = "raw";

/// The names of the fields that are read as columns.
pub(crate) mod column {
    pub(crate) const OCCURRED_AT: &str = "occurred_at";
    pub(crate) const SEQ: &str = "seq";
    pub(crate) const REASON: &str = "primary_reason";
    pub(crate) const AGENT: &str = "agent";
    pub(crate) const TEAM: &str = "team";
    pub(crate) const DISPOSITION: &str = "disposition";
    pub(crate) const DRIVER: &str = "driver_segment";
    pub(crate) const CHANNEL: &str = "channel";
    pub(crate) const DIRECTION: &str = "direction";
    pub(crate) const SENTIMENT: &str = "sentiment";
    pub(crate) const LABEL: &str = "label";
    pub(crate) const SIGNAL: &str = "signal";
    pub(crate) const WORST: &str = "worst_sentiment";
    pub(crate) const TREND: &str = "sentiment_trend";
    pub(crate) const ROOT_CAUSE: &str = "said_root_cause";
    pub(crate) const ATTRIBUTION: &str = "drop_attribution";
    pub(crate) const SCORED_BY: &str = "scored_by";
}

/// The index's fields.
#[derive(Debug, Clone)]
pub(crate) struct Fields {
    schema: Schema,
    /// The contact's key in the store.
    pub(crate) key: Field,
    pub(crate) tenant: Field,
    /// The customer, or all that may be it.
    pub(crate) customer: Field,
    /// The keys of the customer's handles.
    pub(crate) handle: Field,
    pub(crate) match_status: Field,
    pub(crate) identified: Field,
    /// All agents that had a part in it.
    pub(crate) agent: Field,
    /// All teams that had one.
    pub(crate) team: Field,
    /// All sites that had one.
    pub(crate) site: Field,
    /// Every reason, and what is above it: `billing.refund` and `billing`.
    pub(crate) reason: Field,
    primary_reason: Field,
    /// The root cause, and what is above it.
    pub(crate) root_cause: Field,
    said_root_cause: Field,
    pub(crate) has_root_cause: Field,
    pub(crate) disposition: Field,
    /// What made the customer call, and what is above it: `outage.network` and `outage`.
    pub(crate) driver: Field,
    driver_segment: Field,
    pub(crate) has_driver: Field,
    pub(crate) channel: Field,
    pub(crate) direction: Field,
    pub(crate) sentiment: Field,
    /// The band of the worst feeling.
    pub(crate) worst: Field,
    pub(crate) trend: Field,
    /// All who scored it.
    pub(crate) scorer: Field,
    /// The same with their versions.
    scored_by: Field,
    /// To whom its loss is put down.
    pub(crate) attribution: Field,
    /// The names of all its signals' kinds.
    pub(crate) signal: Field,
    pub(crate) open_promise: Field,
    pub(crate) label: Field,
    /// Microseconds since the Unix epoch.
    occurred_at: Field,
    /// The place in the log: unique, and the order of arrival.
    seq: Field,
    pub(crate) text: Field,
}

impl Fields {
    pub(crate) fn new() -> Self {
        let mut builder = Schema::builder();
        let exact = || TextOptions::default().set_indexing_options(exactly());
        let counted = || exact().set_fast(RAW);
        let number = || NumericOptions::default() | INDEXED | FAST;
        let words = TextFieldIndexing::default()
            .set_tokenizer(WORDS)
            .set_index_option(IndexRecordOption::WithFreqsAndPositions);
        let key = BytesOptions::default().set_indexed().set_stored();
        Self {
            key: builder.add_bytes_field("key", key),
            tenant: builder.add_text_field("tenant", exact()),
            customer: builder.add_text_field("customer", exact()),
            handle: builder.add_text_field("handle", exact()),
            match_status: builder.add_u64_field("match_status", INDEXED),
            identified: builder.add_bool_field("identified", INDEXED),
            agent: builder.add_text_field(column::AGENT, counted()),
            team: builder.add_text_field(column::TEAM, counted()),
            site: builder.add_text_field("site", exact()),
            reason: builder.add_text_field("reason", exact()),
            primary_reason: builder
                .add_text_field(column::REASON, TextOptions::default().set_fast(RAW)),
            root_cause: builder.add_text_field("root_cause", exact()),
            said_root_cause: builder
                .add_text_field(column::ROOT_CAUSE, TextOptions::default().set_fast(RAW)),
            has_root_cause: builder.add_bool_field("has_root_cause", INDEXED),
            disposition: builder.add_text_field(column::DISPOSITION, counted()),
            driver: builder.add_text_field("driver", exact()),
            driver_segment: builder
                .add_text_field(column::DRIVER, TextOptions::default().set_fast(RAW)),
            has_driver: builder.add_bool_field("has_driver", INDEXED),
            channel: builder.add_u64_field(column::CHANNEL, number()),
            direction: builder.add_u64_field(column::DIRECTION, number()),
            sentiment: builder.add_u64_field(column::SENTIMENT, number()),
            worst: builder.add_u64_field(column::WORST, number()),
            trend: builder.add_u64_field(column::TREND, number()),
            scorer: builder.add_text_field("scorer", exact()),
            scored_by: builder
                .add_text_field(column::SCORED_BY, TextOptions::default().set_fast(RAW)),
            attribution: builder.add_u64_field(column::ATTRIBUTION, number()),
            signal: builder.add_text_field(column::SIGNAL, counted()),
            open_promise: builder.add_bool_field("open_promise", INDEXED),
            label: builder.add_text_field(column::LABEL, counted()),
            occurred_at: builder.add_i64_field(column::OCCURRED_AT, FAST),
            seq: builder.add_u64_field(column::SEQ, FAST),
            text: builder
                .add_text_field("text", TextOptions::default().set_indexing_options(words)),
            schema: builder.build(),
        }
    }

    pub(crate) fn index_schema(&self) -> IndexSchema {
        let tokenizers = TokenizerManager::default();
        tokenizers.register(WORDS, words::scoped_analyzer());
        IndexSchema {
            version: INDEX_VERSION,
            schema: self.schema.clone(),
            key: self.key,
            tokenizers,
        }
    }

    /// The document of a contact; the run loop adds its key.
    pub(crate) fn document(&self, contact: &Contact<'_>) -> TantivyDocument {
        let Contact {
            tenant_id,
            interaction,
            occurred_at_us,
            seq,
            has_open_promise,
        } = *contact;
        let mut document = TantivyDocument::new();
        document.add_text(self.tenant, tenant_id);
        document.add_i64(self.occurred_at, occurred_at_us);
        document.add_u64(self.seq, seq);
        document.add_bool(self.open_promise, has_open_promise);
        document.add_u64(self.channel, enum_number(interaction.channel));
        document.add_u64(self.direction, enum_number(interaction.direction));
        self.add_feelings(interaction, &mut document);
        self.add_customer(interaction, &mut document);
        self.add_parties(interaction, &mut document);
        if let Some(disposition) = &interaction.disposition {
            add_known(self.disposition, &disposition.code, &mut document);
        }
        self.add_reasons(interaction, &mut document);
        self.add_root_cause(interaction, &mut document);
        self.add_driver(interaction, &mut document);
        self.add_attribution(interaction, &mut document);
        for label in interaction.labels.iter().collect::<BTreeSet<_>>() {
            document.add_text(self.label, label);
        }
        document.add_text(self.text, joined_texts(tenant_id, interaction));
        document
    }

    /// How the customer felt, who says so, and what deserves notice.
    fn add_feelings(&self, interaction: &Interaction, document: &mut TantivyDocument) {
        let bands = [
            (self.sentiment, feeling::band(interaction)),
            (self.worst, feeling::worst(interaction)),
        ];
        for (field, band) in bands {
            if let Some(band) = band {
                document.add_u64(field, enum_number(band.into()));
            }
        }
        if let Some(trend) = feeling::trend(interaction) {
            document.add_u64(self.trend, enum_number(trend.into()));
        }
        for scorer in feeling::scorers(interaction) {
            document.add_text(self.scorer, scorer);
        }
        for scorer in feeling::versioned_scorers(interaction) {
            document.add_text(self.scored_by, scorer);
        }
        for kind in feeling::signals(interaction) {
            document.add_text(self.signal, signal_name(kind));
        }
    }

    fn add_customer(&self, interaction: &Interaction, document: &mut TantivyDocument) {
        let nobody = Customer::default();
        let customer = interaction.customer.as_ref().unwrap_or(&nobody);
        document.add_u64(self.match_status, enum_number(customer.match_status));
        document.add_bool(self.identified, !customer.customer_id.is_empty());
        add_known(self.customer, &customer.customer_id, document);
        for candidate in people::candidates(customer) {
            document.add_text(self.customer, candidate);
        }
        for key in people::handle_keys(customer) {
            document.add_text(self.handle, key);
        }
    }

    /// The agent who wrapped the contact up, and those of its segments; and their teams and sites.
    fn add_parties(&self, interaction: &Interaction, document: &mut TantivyDocument) {
        let parties: BTreeSet<_> = parties::of_contact(interaction).collect();
        for party in parties {
            document.add_text(self.of_party(party), party.id());
        }
    }

    /// The field that holds such a party.
    pub(crate) fn of_party(&self, party: Party<'_>) -> Field {
        match party {
            Party::Agent(_) => self.agent,
            Party::Team(_) => self.team,
            Party::Site(_) => self.site,
        }
    }

    fn add_driver(&self, interaction: &Interaction, document: &mut TantivyDocument) {
        let segment = interaction.driver_segment.as_ref();
        document.add_bool(self.has_driver, segment.is_some());
        let Some(segment) = segment else { return };
        document.add_text(self.driver_segment, &segment.code);
        for code in with_families(&segment.code) {
            document.add_text(self.driver, code);
        }
    }

    /// To whom it is put down that the line was lost; nothing where that is not said.
    fn add_attribution(&self, interaction: &Interaction, document: &mut TantivyDocument) {
        let said = interaction.disconnect.as_ref();
        let said = said.map_or(0, |disconnect| disconnect.attribution);
        if said != 0 {
            document.add_u64(self.attribution, enum_number(said));
        }
    }

    fn add_reasons(&self, interaction: &Interaction, document: &mut TantivyDocument) {
        let mut codes = BTreeSet::new();
        for reason in &interaction.contact_reasons {
            codes.extend(with_families(&reason.code));
            if reason.primary {
                document.add_text(self.primary_reason, &reason.code);
            }
        }
        codes
            .into_iter()
            .for_each(|code| document.add_text(self.reason, code));
    }

    /// Why the contact had to be, as somebody said last.
    fn add_root_cause(&self, interaction: &Interaction, document: &mut TantivyDocument) {
        let said = interaction.root_cause.as_ref();
        document.add_bool(self.has_root_cause, said.is_some());
        let Some(said) = said else { return };
        document.add_text(self.said_root_cause, &said.code);
        with_families(&said.code).for_each(|code| document.add_text(self.root_cause, code));
    }
}

/// A code, and what is above it: what stands before each of its dots.
fn with_families(code: &str) -> impl Iterator<Item = &str> {
    let families = code.match_indices('.').map(|(dot, _)| &code[..dot]);
    families.chain([code])
}

/// What a document is made of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Contact<'c> {
    pub(crate) tenant_id: &'c str,
    pub(crate) interaction: &'c Interaction,
    pub(crate) occurred_at_us: i64,
    pub(crate) seq: u64,
    pub(crate) has_open_promise: bool,
}

/// An enum's number as it is indexed. Enums have no negative values; one that came all the same is
/// found by no filter.
pub(crate) fn enum_number(value: i32) -> u64 {
    u64::try_from(value).unwrap_or(u64::MAX)
}

/// A signal's kind as it is indexed: its name, or its number where this version doesn't know it.
pub(crate) fn signal_name(kind: i32) -> String {
    SignalKind::try_from(kind)
        .map_or_else(|_| kind.to_string(), |kind| kind.as_str_name().to_owned())
}

/// Adds what is said; nothing is found by what isn't.
fn add_known(field: Field, value: &str, document: &mut TantivyDocument) {
    if !value.is_empty() {
        document.add_text(field, value);
    }
}

fn exactly() -> TextFieldIndexing {
    TextFieldIndexing::default()
        .set_tokenizer(RAW)
        .set_fieldnorms(false)
        .set_index_option(IndexRecordOption::Basic)
}

fn joined_texts(tenant_id: &str, interaction: &Interaction) -> String {
    let mut joined = words::scope(tenant_id);
    joined.reserve(512);
    texts::each(interaction, |_, text| {
        joined.push_str(text);
        joined.push(words::PIECE_END);
    });
    joined
}
