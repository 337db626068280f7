//! Whole questions that nothing fits are kept, so that somebody may write an answer.

use aftercall_domain::masking::Known;
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::SearchUnanswered;
use aftercall_proto::model::v1::SearchQuestion;
use aftercall_service::Principal;
use aftercall_service::seal::{Author, Sealing};
use aftercall_view::Store;
use tokio::time::{Instant, timeout_at};

use super::asking;
use super::records::Asked;
use crate::failure::Error;
use crate::fold::stored;
use crate::keys::search as keys;
use crate::limits::GUESSES_KEPT_MAX;
use crate::server::Knowledge;

/// A question that nothing fits.
#[derive(Debug)]
pub(crate) struct Unanswered {
    pub(crate) search_id: String,
    pub(crate) question: SearchQuestion,
    /// The solutions that came nearest.
    pub(crate) guesses: Vec<String>,
}

/// Keeps a question, once for its search. An answer does not wait longer for it than its caller does, and does not
/// fail by it: it says whether the question is kept.
pub(crate) async fn keep(
    knowledge: &Knowledge,
    by: &Principal,
    unanswered: Unanswered,
    until: Instant,
) -> bool {
    match try_keep(knowledge, by, unanswered, until).await {
        Ok(is_kept) => is_kept,
        Err(error) => {
            tracing::warn!(%error, "a question that nothing fits is not kept");
            false
        }
    }
}

async fn try_keep(
    knowledge: &Knowledge,
    by: &Principal,
    unanswered: Unanswered,
    until: Instant,
) -> Result<bool, Error> {
    let reading = knowledge.reading();
    let tenant_id = by.tenant_id.to_string();
    let Unanswered {
        search_id,
        question,
        mut guesses,
    } = unanswered;
    let named = (search_id.clone(), question.interaction_id.clone());
    let look = move |store: &Store| {
        let (search_id, interaction_id) = named;
        let asked = store.get(keys::asked(&tenant_id, &search_id))?;
        let asked: Option<Asked> = stored(asked).map_err(Error::internal)?;
        let known = asking::known(store, &tenant_id, &interaction_id)?;
        Ok::<(Option<Asked>, Known), Error>((asked, known))
    };
    let (asked, known) = reading.run(look).await?;
    if let Some(asked) = asked {
        // It was asked before, or somebody has said already what came of it.
        return Ok(asked.none_fitted);
    }
    guesses.truncate(GUESSES_KEPT_MAX);
    let interaction_id = question.interaction_id.clone();
    let (question, _) = asking::kept(question, &known, by);
    let now = knowledge.deps().clock.now();
    let sealing = Sealing {
        by: Author::from(by),
        aggregate_id: &search_id,
        interaction_id: &interaction_id,
        customer_id: "",
        // A second one of the same search does not count.
        sequence: 1,
        occurred_at: now,
        recorded_at: now,
        import_batch: "",
        request: None,
    };
    let record = sealing.seal(&Fact::SearchUnanswered(Box::new(SearchUnanswered {
        question: Some(question),
        guessed_solution_ids: guesses,
    })))?;
    let appended = timeout_at(until, reading.log().append(vec![record])).await;
    Ok(matches!(appended, Ok(Ok(_))))
}
