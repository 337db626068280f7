//! Customers by what somebody typed to find one.

use aftercall_proto::history::v1::{FindCustomersRequest, FindCustomersResponse, FoundCustomer};
use aftercall_service::{Call, Checker, Including, Paging, Unread};
use aftercall_view::{Direction, Store, TokenError};
use bytes::Bytes;

use super::context::recorded;
use crate::as_of::Asked;
use crate::customers::{Finding, Found, Looking, Place, Sought};
use crate::failure::Unanswered;
use crate::limits::{CUSTOMER_ENTRIES_MAX, CUSTOMER_PROMISES_MAX, CUSTOMERS};
use crate::{History, keys, promises};

pub(crate) async fn find(
    history: &History,
    call: Call<FindCustomersRequest>,
) -> Result<FindCustomersResponse, Unanswered> {
    let message = &call.message;
    let mut checker = Checker::new();
    let sought = Sought::check("text", &message.text, &mut checker);
    let size = checker.count("page_size", message.page_size, CUSTOMERS);
    checker.done(())?;
    let (tenant_id, log) = (call.tenant_id(), history.log_identity());
    let scope = call.scope();
    let query: [&[u8]; 4] = [
        b"customers",
        tenant_id.as_bytes(),
        &scope.fingerprint(),
        sought.fingerprint(),
    ];
    let paging = Paging::asked(&log, &query, size, &message.page_token)?;
    let after = paging.after().map(|after| {
        let place = Place::from_bytes(after);
        place.ok_or(Unread::PageToken(TokenError::Malformed))
    });
    let after = after.transpose()?;
    let including = Including {
        min_position: &message.min_position,
        latest: message.latest,
    };
    let (asked, page) = (Asked::Now, (&paging, including));
    let moment = history.moment_of_page(&asked, page, call.read_until());
    let moment = moment.await?;
    let read = move |store: &Store| {
        let (known, through) = (&moment.known(store), &moment.through);
        let looking = Looking {
            known,
            tenant_id: call.tenant_id(),
            scope: &scope,
            through,
            is_first: after.is_none(),
        };
        let Finding {
            mut found,
            cut_short,
        } = looking.find(&sought)?;
        found.retain(|one| after.as_ref().is_none_or(|after| one.place > *after));
        let shown = found.into_iter().map(|one| looking.shown(one));
        let (customers, next) = paging.fill(shown)?;
        let (complete_through, complete_through_at) = moment.answered(&log);
        Ok::<_, Unanswered>(FindCustomersResponse {
            customers,
            next_page_token: paging.token(&log, through, next),
            complete_through,
            complete_through_at,
            cut_short,
        })
    };
    history.reading().run(read).await
}

impl Looking<'_> {
    /// A customer as they are answered, and their place.
    fn shown(self, found: Found) -> Result<(Bytes, FoundCustomer), Unanswered> {
        let Found {
            place,
            customers,
            display_name,
            matched_name,
            last_contact_at,
        } = found;
        let bytes = place.to_bytes();
        let shown = FoundCustomer {
            customer_id: place.customer_id,
            display_name,
            matched_name,
            last_contact_at,
            interaction_count: self.contacts(&customers)?,
            open_commitment_count: self.open_promises(&customers)?,
        };
        Ok((bytes, shown))
    }

    /// How many contacts they have, as far as the caller reads them.
    fn contacts(self, customers: &[String]) -> Result<u64, Unanswered> {
        if self.scope.is_all() {
            return recorded(self.known, self.tenant_id, customers);
        }
        let mut contacts = 0;
        for row in self.timeline(customers).take(CUSTOMER_ENTRIES_MAX) {
            let entry = self.own(&row?)?;
            contacts += u64::from(entry.is_some_and(|entry| entry.is_recorded()));
        }
        Ok(contacts)
    }

    /// How many of their promises are open, as far as the caller reads them.
    fn open_promises(self, customers: &[String]) -> Result<u32, Unanswered> {
        let mut open = 0;
        for customer_id in customers {
            let left = CUSTOMER_PROMISES_MAX - open;
            open += match self.scope.is_all() {
                true => {
                    let rows = keys::open_promises(self.tenant_id, customer_id);
                    let rows = self.known.scan_prefix(&rows, Direction::Ascending);
                    let rows = rows.take(left).collect::<Result<Vec<_>, _>>()?;
                    rows.len()
                }
                false => {
                    let whose = (self.tenant_id, customer_id.as_str());
                    promises::open(self.known, whose, self.scope, left)?.len()
                }
            };
        }
        Ok(u32::try_from(open).unwrap_or(u32::MAX))
    }
}
