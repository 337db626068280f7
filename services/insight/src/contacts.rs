//! The contacts behind a number.

use aftercall_domain::Scope;
use aftercall_domain::measure;
use aftercall_log::LogIdentity;
use aftercall_proto::convert::time;
use aftercall_proto::insight::v1::{ContactRef, ListContactsRequest, ListContactsResponse};
use aftercall_service::{Call, Checker, Including, Paging, Places, Searched, Through, Unread};
use aftercall_view::{Store, TokenError};
use bytes::Bytes;
use jiff::Timestamp;
use prost::Message;
use uuid::Uuid;

use crate::Insight;
use crate::failure::Unanswered;
use crate::filter::{Filter, Terms, searched};
use crate::insight::Asking;
use crate::keys::Address;
use crate::limits::CONTACTS;
use crate::row::RowBytes;
use crate::scan::{self, Asked};

/// What is asked for, checked.
#[derive(Debug)]
struct Query {
    filter: Filter,
    terms: measure::Terms,
    paging: Paging,
    from: Address,
    searched: Option<Searched>,
}

impl Query {
    fn of(call: &Call<ListContactsRequest>, log: &LogIdentity) -> Result<Self, Unanswered> {
        let message = &call.message;
        let wire = message.filter.clone().unwrap_or_default();
        let mut checker = Checker::new();
        let filter = Filter::of(&wire, &mut checker);
        let terms = Terms::of(None, Some(&wire), &mut checker);
        let size = checker.count("page_size", message.page_size, CONTACTS);
        checker.done(())?;
        let query: [&[u8]; 4] = [
            b"contacts",
            call.tenant_id().as_bytes(),
            &call.scope().fingerprint(),
            &wire.encode_to_vec(),
        ];
        let paging = Paging::asked(log, &query, size, &message.page_token)?;
        Ok(Self {
            from: place(&paging)?,
            searched: searched(&wire, &[&filter]),
            filter,
            terms: terms.at(Timestamp::MAX),
            paging,
        })
    }

    fn list(
        &self,
        store: &Store,
        (whose, among): ((&str, &Scope), Option<&Places>),
        (through, log): (&Through, &LogIdentity),
    ) -> Result<ListContactsResponse, Unanswered> {
        let is_first = self.paging.after().is_none();
        let (mut contacts, mut total, mut next) = (Vec::new(), 0_i64, None);
        let asked = Asked {
            among,
            from: self.from,
            ..Asked::all(whose, &self.filter, &self.terms)
        };
        scan::rows(store, asked, |seen| {
            total += 1;
            if contacts.len() < self.paging.size() {
                contacts.push(shown(seen.row));
            } else if next.is_none() {
                next = Some(token(seen.address));
            }
            // On the first page they are counted to the end.
            Ok::<_, Unanswered>(is_first || next.is_none())
        })?;
        Ok(ListContactsResponse {
            contacts,
            total_size: is_first.then_some(total),
            next_page_token: self.paging.token(log, &through.positions, next),
            complete_through: through.position(log),
            complete_through_at: through.time(),
        })
    }
}

/// The contacts of a page.
pub(crate) async fn list(
    insight: &Insight,
    call: Call<ListContactsRequest>,
) -> Result<ListContactsResponse, Unanswered> {
    let log = insight.log_identity();
    let mut query = Query::of(&call, &log)?;
    let including = Including {
        min_position: &call.message.min_position,
        latest: call.message.latest,
    };
    let reading = insight.reading();
    let through = query.paging.reach(reading, including, call.read_until());
    let (through, scope) = (through.await?, call.scope());
    let asking = Asking {
        searched: query.searched.take(),
        whose: (call.tenant_id(), &scope),
        until: call.read_until(),
    };
    let among = insight.look_up(asking, &through.positions).await?;
    let list = move |store: &Store| {
        let whose = (call.tenant_id(), &scope);
        query.list(store, (whose, among.as_ref()), (&through, &log))
    };
    reading.run(list).await
}

fn shown(row: RowBytes<'_>) -> ContactRef {
    let at = Timestamp::from_microsecond(row.occurred_at_us());
    ContactRef {
        interaction_id: Uuid::from_bytes(row.interaction_id()).to_string(),
        occurred_at: at.ok().map(time::to_wire),
    }
}

/// A row's address, as a page token holds it: where the page begins.
fn token(address: Address) -> Bytes {
    let mut bytes = address.partition.to_be_bytes().to_vec();
    bytes.extend(address.row.to_be_bytes());
    bytes.into()
}

fn place(paging: &Paging) -> Result<Address, Unanswered> {
    let Some(bytes) = paging.after() else {
        return Ok(scan::FIRST);
    };
    let read = || {
        let (partition, rest) = bytes.split_first_chunk::<4>()?;
        Some(Address {
            partition: u32::from_be_bytes(*partition),
            row: u64::from_be_bytes(rest.try_into().ok()?),
        })
    };
    read().ok_or_else(|| Unread::PageToken(TokenError::Malformed).into())
}
