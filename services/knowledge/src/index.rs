//! The search index of live solutions.
//!
//! A document is one field of terms. A term stands there with its tenant before it: another
//! tenant's solutions are neither found nor counted in the weight of a term. A word of the title
//! or of a question stands there twice.

use std::collections::BTreeSet;

use aftercall_ledger::{Accepted, Happening, What};
use aftercall_proto::model::v1::Solution;
use aftercall_view::index::IndexSchema;
use aftercall_view::{ApplyError, Indexer, Txn};
use bytes::Bytes;
use tantivy::schema::{
    Field, INDEXED, IndexRecordOption, STORED, STRING, Schema, TextFieldIndexing, TextOptions,
};
use tantivy::tokenizer::{PreTokenizedString, Token, TokenizerManager};
use tantivy::{TantivyDocument, Term};

use crate::fold;
use crate::keys;
use crate::words;

/// Raised when documents are made in another way.
const VERSION: u32 = 3;

/// Between a tenant and a term. No tenant's id holds it.
const TENANT_END: char = '\0';

/// The index's fields.
#[derive(Debug, Clone)]
pub(crate) struct Fields {
    schema: Schema,
    /// The solution's key in the store.
    pub(crate) key: Field,
    /// The tenant, for counting its solutions.
    tenant: Field,
    terms: Field,
}

impl Fields {
    pub(crate) fn new() -> Self {
        let mut schema = Schema::builder();
        let indexing = TextFieldIndexing::default()
            .set_tokenizer("raw")
            .set_index_option(IndexRecordOption::WithFreqs);
        let key = schema.add_bytes_field("key", INDEXED | STORED);
        let tenant = schema.add_text_field("tenant", STRING);
        let terms = schema.add_text_field(
            "terms",
            TextOptions::default().set_indexing_options(indexing),
        );
        Self {
            schema: schema.build(),
            key,
            tenant,
            terms,
        }
    }

    /// What all documents of a tenant have.
    pub(crate) fn tenant_term(&self, tenant_id: &str) -> Term {
        Term::from_field_text(self.tenant, tenant_id)
    }

    /// A term of a tenant's solutions.
    pub(crate) fn term(&self, tenant_id: &str, term: &str) -> Term {
        Term::from_field_text(self.terms, &owned(tenant_id, term))
    }

    fn document(&self, tenant_id: &str, solution: &Solution) -> TantivyDocument {
        let document = words::document(solution);
        let mut tokens = Vec::with_capacity(document.terms());
        for (term, parts) in document.counts() {
            let token = Token {
                text: owned(tenant_id, term),
                // Positions are not kept; the usual one, the highest number, would overflow.
                position: 0,
                ..Token::default()
            };
            let count: u32 = parts.values().sum();
            tokens.extend(std::iter::repeat_n(token, count as usize));
        }
        let mut fields = TantivyDocument::default();
        fields.add_text(self.tenant, tenant_id);
        let text = String::new();
        fields.add_pre_tokenized_text(self.terms, PreTokenizedString { text, tokens });
        fields
    }
}

fn owned(tenant_id: &str, term: &str) -> String {
    format!("{tenant_id}{TENANT_END}{term}")
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
        touched: &mut BTreeSet<Bytes>,
    ) -> Result<(), ApplyError> {
        if matches!(fact.what, What::Published(_)) {
            let event = &fact.event;
            touched.insert(keys::solution(&event.tenant_id, &event.aggregate_id).into());
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
        let (tenant_id, _) = keys::read_solution(key).map_err(ApplyError::record)?;
        Ok(Some(Fields::document(self, &tenant_id, &solution)))
    }
}
