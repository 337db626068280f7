//! A test of mail: sends a real one, and tells what came of it.

use aftercall_domain::Violations;
use aftercall_domain::violation::Reason;
use aftercall_proto::model::v1::MailTrouble;
use aftercall_proto::notify::v1::{TestMailRequest, TestMailResponse};
use aftercall_service::{Call, Checker, Including};

use super::message::message_id;
use super::notice::{Cause, Notice, Reader};
use super::outcome::Outcome;
use crate::courier::attempt::wire_duration;
use crate::failure::Error;
use crate::notify::Shared;

/// Sends a test.
pub(crate) async fn test(
    shared: &Shared,
    call: Call<TestMailRequest>,
) -> Result<TestMailResponse, Error> {
    let message = &call.message;
    let mut checker = Checker::new();
    checker.required_id("receiver_id", &message.receiver_id);
    checker.done(())?;
    let mailer = shared.mailer.as_ref().ok_or(Error::MailNotConfigured)?;
    let including = Including {
        min_position: &message.min_position,
        latest: message.latest,
    };
    let settings = &shared.settings;
    settings.store_at(including, call.read_until()).await?;
    let receivers = shared.receivers.clone();
    let (tenant_id, id) = (call.tenant_id().to_owned(), message.receiver_id.clone());
    let find = move |_: &_| Ok::<_, Error>(receivers.get(&tenant_id, &id)?);
    let found = settings.run(find).await?;
    let receiver = found.ok_or(Error::ReceiverNotFound)?.set;
    if receiver.mail_address.is_empty() {
        let mut found = Violations::new();
        let text = "the receiver has no mail_address; give it one";
        found.add("receiver_id", Reason::Conflicting, text);
        return Err(found.into());
    }
    let notice = Notice {
        notification_id: shared.ids.uuid_v7(),
        cause: Cause::Test,
        queued_at: shared.clock.now(),
        promises: Vec::new(),
        concerns: Vec::new(),
        omitted: 0,
    };
    let began = shared.clock.monotonic();
    let outcome = mailer.tell(&notice, &Reader::from(&receiver)).await;
    let took = shared.clock.monotonic().saturating_sub(began);
    let (trouble, smtp_code) = match outcome {
        Outcome::Taken => (MailTrouble::Unspecified, 0),
        Outcome::NotNow(trouble) | Outcome::Never(trouble) => trouble.to_wire(),
    };
    Ok(TestMailResponse {
        taken: outcome == Outcome::Taken,
        message_id: message_id(&notice, mailer.from()),
        trouble: trouble.into(),
        smtp_code,
        may_be_taken_later: matches!(outcome, Outcome::NotNow(_)),
        took: Some(wire_duration(took)),
    })
}
