//! Which fields are personal: those that the protos give the option `(aftercall.personal)`.

use std::sync::LazyLock;

use bytes::Bytes;
use prost::{DecodeError, Message};
use prost_reflect::{
    DescriptorPool, DynamicMessage, ExtensionDescriptor, FieldDescriptor, Kind, MessageDescriptor,
    Value,
};

use crate::DESCRIPTORS;
use crate::event::v1::event::Payload;
use crate::event::v1::{Event, EventType};

/// What stands for a personal text in a copy without them.
pub const REDACTED: &str = "[personal]";

/// The option's name.
const OPTION: &str = "aftercall.personal";

struct Described {
    pool: DescriptorPool,
    personal: ExtensionDescriptor,
}

/// The descriptors are our own and a test reads them; without them everything would count as
/// personal.
static DESCRIBED: LazyLock<Option<Described>> = LazyLock::new(|| {
    let pool = DescriptorPool::decode(DESCRIPTORS).ok()?;
    let personal = pool.get_extension_by_name(OPTION)?;
    Some(Described { pool, personal })
});

/// Whether a field is personal.
pub fn is_personal(field: &FieldDescriptor) -> bool {
    let Some(described) = &*DESCRIBED else {
        return true;
    };
    let said = field.options();
    said.get_extension(&described.personal)
        .as_bool()
        .unwrap_or(false)
}

/// The full names of all personal fields, such as `aftercall.model.v1.Customer.display_name`,
/// sorted.
pub fn fields() -> Vec<String> {
    let messages = DESCRIBED.iter().flat_map(|it| it.pool.all_messages());
    let fields = messages.flat_map(|message| message.fields().collect::<Vec<_>>());
    let personal = fields.filter(is_personal);
    let mut names: Vec<_> = personal.map(|field| field.full_name().to_owned()).collect();
    names.sort();
    names
}

/// The event without what is personal: a text is replaced by [`REDACTED`], anything else left out. An
/// event of a type that this version does not know loses all of its data.
///
/// # Errors
/// When the data isn't the message that the type names.
pub fn redacted(event: &Event) -> Result<Event, DecodeError> {
    let mut redacted = event.clone();
    if let Some(Payload::Data(data)) = &event.payload {
        let data = match data_of(event.r#type()) {
            Some(descriptor) => without_personal(descriptor, data)?,
            None => Bytes::new(),
        };
        redacted.payload = Some(Payload::Data(data));
    }
    Ok(redacted)
}

/// What an event says, in full, as a message that has a form in JSON; none for one of a type that this
/// version does not know, or that is encrypted.
///
/// # Errors
/// When the data isn't the message that the type names.
pub fn in_full(event: &Event) -> Result<Option<DynamicMessage>, DecodeError> {
    let (Some(descriptor), Some(data)) = (data_of(event.r#type()), event.data()) else {
        return Ok(None);
    };
    DynamicMessage::decode(descriptor, data.clone()).map(Some)
}

/// The message that an event's type names.
fn data_of(event_type: EventType) -> Option<MessageDescriptor> {
    let name = event_type.as_str_name().strip_prefix("EVENT_TYPE_")?;
    let words = name.split('_').map(|word| {
        let (first, rest) = word.split_at(1);
        format!("{first}{}", rest.to_lowercase())
    });
    let name = format!("aftercall.event.v1.{}", words.collect::<String>());
    DESCRIBED.as_ref()?.pool.get_message_by_name(&name)
}

fn without_personal(descriptor: MessageDescriptor, data: &[u8]) -> Result<Bytes, DecodeError> {
    let mut message = DynamicMessage::decode(descriptor, data)?;
    redact(&mut message);
    Ok(message.encode_to_vec().into())
}

fn redact(message: &mut DynamicMessage) {
    let set: Vec<_> = message.fields().map(|(field, _)| field).collect();
    for field in set {
        if !is_personal(&field) {
            descend(message.get_field_mut(&field));
        } else if field.kind() == Kind::String && !field.is_list() {
            message.set_field(&field, Value::String(REDACTED.to_owned()));
        } else {
            message.clear_field(&field);
        }
    }
}

fn descend(value: &mut Value) {
    match value {
        Value::Message(message) => redact(message),
        Value::List(values) => values.iter_mut().for_each(descend),
        Value::Map(values) => values.values_mut().for_each(descend),
        _ => {}
    }
}
