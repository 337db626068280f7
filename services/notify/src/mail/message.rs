//! A letter as a mail: its headers, and how it is encoded.

use std::time::SystemTime;

use lettre::Message;
use lettre::message::header::{ContentType, HeaderName, HeaderValue, MIME_VERSION_1_0};
use lettre::message::{Mailbox, MessageBuilder};

use super::letter::Letter;
use super::notice::{Notice, Reader};

/// That no program is to answer it: RFC 3834, and what Exchange obeys.
const AUTOMATIC: [(&str, &str); 2] = [
    ("Auto-Submitted", "auto-generated"),
    ("X-Auto-Response-Suppress", "All"),
];

/// Why a notice can't be sent as mail.
#[derive(Debug, thiserror::Error)]
pub enum Unsendable {
    /// Its reader has no address that mail can be sent to.
    #[error("the receiver's mail address is none that can be sent to")]
    Address(#[source] lettre::address::AddressError),
    /// The mail can't be put together.
    #[error("the mail can't be put together")]
    Message(#[from] lettre::error::Error),
}

/// The mail that tells `reader` of `notice`: the same one whenever it is made, by which a program knows a repetition.
///
/// # Errors
/// [`Unsendable`], which no repetition makes good.
pub fn message(notice: &Notice, reader: &Reader, from: &Mailbox) -> Result<Message, Unsendable> {
    let Letter { subject, text } = Letter::of(notice, reader);
    let address = reader.mail_address.parse();
    let address = address.map_err(Unsendable::Address)?;
    // A name is for people, who know how they are called; what can't be in a header is left out.
    let name = reader.display_name.replace(char::is_control, " ");
    let name = Some(name.trim().to_owned()).filter(|name| !name.is_empty());
    let domain = from.email.domain();
    let date: SystemTime = notice.queued_at.into();
    let builder = Message::builder()
        .from(from.clone())
        .to(Mailbox::new(name, address))
        .subject(subject)
        .date(date)
        .message_id(Some(message_id(notice, from)));
    let builder = AUTOMATIC
        .into_iter()
        .chain([("Content-Language", reader.language.tag())])
        .fold(builder, |builder, (name, value)| with(builder, name, value));
    let list_id = format!("aftercall <alerts.{domain}>");
    let builder = with(builder, "List-Id", &list_id);
    let builder = builder
        .header(MIME_VERSION_1_0)
        .header(ContentType::TEXT_PLAIN);
    let message = builder.body(text);
    Ok(message?)
}

/// What a mail is known by.
pub(super) fn message_id(notice: &Notice, from: &Mailbox) -> String {
    format!("<{}@{}>", notice.notification_id, from.email.domain())
}

/// The same with one more header, whose name and value are ours.
fn with(builder: MessageBuilder, name: &str, value: &str) -> MessageBuilder {
    match HeaderName::new_from_ascii(name.to_owned()) {
        Ok(name) => builder.raw_header(HeaderValue::new(name, value.to_owned())),
        Err(_) => builder,
    }
}

#[cfg(test)]
mod tests;
