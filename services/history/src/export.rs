//! Taking contacts home: files with all that a search finds, as of one moment, and a signed list of what they hold.
//!
//! The server keeps nothing of an export. How far it has come is told with each file, in a token that only this server's
//! key makes; so it goes on after a restart of either side, and what is signed at the end is what was given out. Rows are
//! read as of the position at which it began, in the order of the store, so that a file has the same bytes whenever it is
//! written.

pub(crate) mod columns;
mod course;
mod format;
mod happened;
mod key;
mod manifest;
mod quota;
mod request;
mod rows;
mod taking;
mod token;

use std::sync::Arc;

use aftercall_domain::Scope;
use aftercall_proto::convert::time;
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::ExportBegun;
use aftercall_proto::history::v1::export_interactions_response::Piece;
use aftercall_proto::history::v1::{
    ExportInteractionsRequest, ExportInteractionsResponse, ExportStart, GetExportKeyResponse,
};
use aftercall_service::command::Undone;
use aftercall_service::seal::{Author, Sealing};
use aftercall_service::{Call, Including, Places, Unread};
use aftercall_view::index::Snapshot;
use aftercall_view::{Positions, Store};
use bytes::Bytes;
use futures::{Stream, StreamExt, stream};
use prost::Message;
use tonic::Status;

use self::course::Plan;
use self::happened::Happened;
use self::manifest::Manifest;
pub(crate) use self::quota::Quota;
use self::request::Asked;
use self::rows::Sought;
use self::taking::Taking;
use self::token::Progress;
use crate::answer::interaction;
use crate::answer::search::all_merged;
use crate::as_of::{self, Asked as AsOf, Moment};
use crate::failure::Unanswered;
use crate::index::Fields;
use crate::known::Known;
use crate::limits::{EXPORT_HAPPENED_SHARE, EXPORT_LISTED_MAX, EXPORT_PARTS_MAX, EXPORT_ROWS_MAX};
use crate::search::grammar::TextQuery;
use crate::search::then::Span;
use crate::search::{self, Filter, Indexes, Order, Search, Then, Weights};
use crate::{History, calls};

pub use self::key::{ExportKey, ExportKeyError};

/// What a service has for exports.
#[derive(Debug)]
pub(crate) struct Exports {
    /// Signs them; without it, there are none.
    pub(crate) key: Option<Arc<ExportKey>>,
    pub(crate) quota: Quota,
}

/// An export, as far as it has come, and what it is of.
struct Begun {
    asked: Asked,
    moment: Moment,
    progress: Progress,
}

/// The key by which manifests are signed.
pub(crate) fn public_key(history: &History) -> Result<GetExportKeyResponse, Unanswered> {
    let key = signing_key(history)?;
    Ok(GetExportKeyResponse {
        key_id: key.id(),
        public_key: key.public(),
    })
}

/// Begins an export, or goes on with one.
pub(crate) async fn begin(
    history: &History,
    call: Call<ExportInteractionsRequest>,
) -> Result<impl Stream<Item = Result<ExportInteractionsResponse, Status>> + Send + use<>, Unanswered>
{
    let key = signing_key(history)?;
    let place = history.exports().quota.enter(call.tenant_id())?;
    let is_new = call.message.resume_token.is_empty();
    let begun = match is_new {
        true => start(history, &call).await?,
        false => resume(history, &call, &key).await?,
    };
    let (plan, progress) = plan(history, &call, (begun, key)).await?;
    if is_new {
        note(history, &call, &plan, &progress).await?;
    }
    let start = ExportStart {
        export_id: progress.export_id.clone(),
        format: plan.format.to_wire().into(),
        rows: progress.rows,
        as_of_position: progress.as_of.clone(),
        as_of_time: Some(time::to_wire(plan.now)),
        next_part: u32::try_from(progress.parts.len() + 1).unwrap_or(u32::MAX),
        resume_token: progress.encode(&plan.key),
    };
    let start = stream::once(async move { Ok(answer(Piece::Start(start))) });
    let taking = Taking::begin(history, (plan, progress), place);
    Ok(start.chain(stream::try_unfold(taking, Taking::next)))
}

fn answer(piece: Piece) -> ExportInteractionsResponse {
    ExportInteractionsResponse { piece: Some(piece) }
}

fn signing_key(history: &History) -> Result<Arc<ExportKey>, Unanswered> {
    let key = history.exports().key.as_ref();
    key.map(Arc::clone).ok_or(Unanswered::ExportKeyMissing)
}

/// An export that begins now.
async fn start(
    history: &History,
    call: &Call<ExportInteractionsRequest>,
) -> Result<Begun, Unanswered> {
    let (request, until) = (&call.message, call.read_until());
    let now = history.clock().now();
    let asked = Asked::check(request, now)?;
    let including = Including {
        min_position: &request.min_position,
        latest: request.latest,
    };
    let reading = history.reading();
    reading.index_at(including, until).await?;
    let moment = match &asked.as_of {
        AsOf::Now => {
            let (_, present) = reading.indexed()?;
            // As while the index is opened again: it may lack what was recorded until now, and what is signed must be so.
            let at = present.at.ok_or(Unread::Unavailable(None))?;
            Moment::past(present.positions, at)
        }
        as_of => {
            let past = history.past(as_of, None, until).await?;
            let field = as_of::field(as_of);
            reading.index_through(field, &past.through, until).await?;
            past
        }
    };
    let encoded = ExportInteractionsRequest {
        min_position: String::new(),
        latest: false,
        ..request.clone()
    };
    let progress = Progress {
        export_id: history.ids().uuid_v7().to_string(),
        tenant_id: call.tenant_id().to_owned(),
        actor_id: call.principal.actor_id.to_string(),
        request: encoded.encode_to_vec().into(),
        scope: scope_of(call),
        as_of: moment.through.encode(history.log_identity()),
        as_of_us: time::microseconds(moment.now),
        begun_at_us: time::microseconds(now),
        ..Progress::default()
    };
    Ok(Begun {
        asked,
        moment,
        progress,
    })
}

/// An export that goes on.
async fn resume(
    history: &History,
    call: &Call<ExportInteractionsRequest>,
    key: &ExportKey,
) -> Result<Begun, Unanswered> {
    Asked::check_resumed(&call.message)?;
    let token = &call.message.resume_token;
    let progress = Progress::decode(token, key).ok_or(Unanswered::ExportTokenInvalid)?;
    let is_theirs = progress.tenant_id == call.tenant_id()
        && *progress.actor_id == *call.principal.actor_id
        && progress.scope == scope_of(call);
    if !is_theirs {
        return Err(Unanswered::ExportTokenInvalid);
    }
    let request = ExportInteractionsRequest::decode(progress.request.clone())?;
    let asked = Asked::check(&request, history.clock().now())?;
    let (reading, until) = (history.reading(), call.read_until());
    let through = reading.positions("resume_token", &progress.as_of)?;
    reading.ready(until).await?;
    let field = "resume_token";
    reading.index_through(field, &through, until).await?;
    let at = jiff::Timestamp::from_microsecond(progress.as_of_us);
    let moment = Moment::past(through, at.unwrap_or(jiff::Timestamp::UNIX_EPOCH));
    Ok(Begun {
        asked,
        moment,
        progress,
    })
}

fn scope_of(call: &Call<ExportInteractionsRequest>) -> Bytes {
    Bytes::copy_from_slice(&call.scope().fingerprint())
}

/// Finds what an export is of.
async fn plan(
    history: &History,
    call: &Call<ExportInteractionsRequest>,
    (begun, key): (Begun, Arc<ExportKey>),
) -> Result<(Plan, Progress), Unanswered> {
    let Begun {
        asked,
        moment,
        mut progress,
    } = begun;
    let (snapshot, _) = history.reading().indexed()?;
    let request = ExportInteractionsRequest::decode(progress.request.clone())?;
    let finding = Finding {
        tenant_id: call.tenant_id().to_owned(),
        scope: call.scope(),
        fields: history.fields().clone(),
        snapshot,
        then: moment.through.clone(),
    };
    let Asked {
        text,
        filter,
        format,
        part_rows,
        ..
    } = asked;
    let now = moment.now;
    let find = move |store: &Store| {
        let known = moment.known(store).looking_at(u64::MAX);
        finding.sought(known, &text, filter, part_rows)
    };
    let sought = history.reading().run(find).await?;
    // While it is built anew, a store does not tell yet what happened to promises.
    if !history.view().is_ready() {
        return Err(Unread::Unavailable(None).into());
    }
    if progress.parts.is_empty() && progress.rows == 0 {
        progress.rows = sought.found.len();
    }
    let plan = Plan {
        sought: Arc::new(sought),
        format,
        part_rows: part_rows as u64,
        now,
        manifest: Manifest::new(&request, &key),
        key,
    };
    Ok((plan, progress))
}

/// What is looked for, ready for another thread.
struct Finding {
    tenant_id: String,
    scope: Scope,
    fields: Fields,
    snapshot: Snapshot,
    then: Positions,
}

/// The places in the log of contacts, in order; and the keys of their entries, where there are few.
type Found = (Vec<u64>, Option<Vec<Bytes>>);

impl Finding {
    /// Which contacts an export is of that has so many in a file.
    fn sought(
        self,
        known: Known,
        text: &TextQuery,
        filter: Filter,
        part_rows: usize,
    ) -> Result<Sought, Unanswered> {
        let (found, listed) = self.find(&known, text, filter)?;
        let rows = found.len() as u64;
        if rows > EXPORT_ROWS_MAX || found.len().div_ceil(part_rows) > EXPORT_PARTS_MAX {
            return Err(Unanswered::ExportTooLarge { rows });
        }
        let happened = match listed {
            Some(_) => None,
            None => {
                let rows_max = found.len() / EXPORT_HAPPENED_SHARE;
                Happened::read(known.store(), &self.tenant_id, rows_max)?
            }
        };
        Ok(Sought {
            has_calls: calls::CALLS.are_any(known.store(), &self.tenant_id)?,
            known,
            scope: self.scope,
            found: Places::of(&found),
            listed,
            happened,
        })
    }

    fn find(
        &self,
        known: &Known,
        text: &TextQuery,
        mut filter: Filter,
    ) -> Result<Found, Unanswered> {
        let customers = std::mem::take(&mut filter.customer_ids);
        filter.customer_ids = all_merged(known, &self.tenant_id, customers)?;
        let span = Span {
            then: &self.then,
            indexed: &self.snapshot.complete_through,
        };
        let whose = (&*self.tenant_id, &filter);
        let then = Then::read(known, &self.fields, whose, span)?;
        let indexes = Indexes {
            now: &self.snapshot.searcher,
            then: Some(&then),
        };
        let words = vec![0; text.words().len()];
        let search = Search {
            tenant_id: &self.tenant_id,
            scope: &self.scope,
            text,
            filter: &filter,
            among: None,
            order: Order::Latest,
            // In the order of time words have no weight.
            weights: &Weights::new(0, &words),
            after: None,
            recorded_within: Some(&self.then),
            results_max: EXPORT_LISTED_MAX,
            facets: &[],
        };
        let found = search::places(indexes, &self.fields, &search, usize::MAX)?;
        if found.len() > EXPORT_LISTED_MAX {
            return Ok((found, None));
        }
        let hits = search::run(indexes, &self.fields, &search)?.hits;
        let mut listed = Vec::with_capacity(hits.len());
        for hit in hits {
            match calls::is_call(&hit.key) {
                true => listed.push(hit.key.into()),
                false => listed.extend(interaction::home(known, &hit.key)?),
            }
        }
        listed.sort_unstable();
        Ok((found, Some(listed)))
    }
}

/// Writes that an export is begun: before anything is given out.
async fn note(
    history: &History,
    call: &Call<ExportInteractionsRequest>,
    plan: &Plan,
    progress: &Progress,
) -> Result<(), Unanswered> {
    let filter = call.message.filter.clone().unwrap_or_default();
    let filter = serde_json::to_string(&filter);
    let fact = Fact::ExportBegun(Box::new(ExportBegun {
        query: call.message.query.clone(),
        filter: filter.map_err(|error| Unanswered::Unread(Unread::internal(error)))?,
        format: plan.format.name().to_owned(),
        as_of_position: progress.as_of.clone(),
        as_of_time: Some(time::to_wire(plan.now)),
        rows: progress.rows,
    }));
    let now = history.clock().now();
    let sealing = Sealing {
        by: Author::from(&call.principal),
        aggregate_id: &progress.export_id,
        interaction_id: "",
        customer_id: "",
        sequence: 1,
        occurred_at: now,
        recorded_at: now,
        import_batch: "",
        request: None,
    };
    let record = sealing.seal(&fact)?;
    let appended = history.reading().log().append(vec![record]);
    let appended = tokio::time::timeout_at(call.write_until(), appended).await;
    let appended = appended.map_err(|_| Undone::InDoubt)?;
    appended.map_err(Undone::Append)?;
    tracing::info!(
        export = progress.export_id,
        rows = progress.rows,
        format = plan.format.name(),
        "export begun"
    );
    Ok(())
}
