//! Messages with arbitrary fields, made from their descriptor: a field that is added to the proto is
//! in the tests by itself.

use std::sync::LazyLock;

use aftercall_proto::DESCRIPTORS;
use prost::Message;
use prost_reflect::{
    DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, Value,
};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// Fields that the domain can't do without.
const ALWAYS: [&str; 8] = [
    "channel",
    "direction",
    "kind",
    "customer",
    "occurred_at",
    "began_at",
    "promised_by",
    "score",
];

static POOL: LazyLock<DescriptorPool> =
    LazyLock::new(|| DescriptorPool::decode(DESCRIPTORS).unwrap());

/// A message of the named type; the same seed gives the same one.
pub(crate) fn message<M: Message + Default>(name: &str, seed: u64) -> M {
    let descriptor = POOL.get_message_by_name(name).unwrap();
    let mut random = StdRng::seed_from_u64(seed);
    let message = fill(descriptor, &mut random);
    M::decode(message.encode_to_vec().as_slice()).unwrap()
}

fn fill(descriptor: MessageDescriptor, random: &mut StdRng) -> DynamicMessage {
    let mut message = DynamicMessage::new(descriptor.clone());
    if descriptor.full_name() == "google.protobuf.Timestamp" {
        let seconds = random.random_range(-62_135_596_800_i64..253_402_207_200);
        message.set_field_by_name("seconds", Value::I64(seconds));
        message.set_field_by_name("nanos", Value::I32(random.random_range(0..1_000_000_000)));
        return message;
    }
    for field in descriptor.fields() {
        let always = ALWAYS.contains(&field.name());
        if field.is_list() {
            let len = random.random_range(0..3);
            let list = (0..len).map(|_| value(&field, random)).collect();
            message.set_field(&field, Value::List(list));
        } else if always || random.random_bool(0.7) {
            message.set_field(&field, value(&field, random));
        }
    }
    message
}

fn value(field: &FieldDescriptor, random: &mut StdRng) -> Value {
    match field.kind() {
        Kind::String => Value::String(format!("text {}", random.random::<u32>())),
        Kind::Bool => Value::Bool(random.random()),
        Kind::Uint32 => Value::U32(random.random()),
        Kind::Uint64 => Value::U64(random.random()),
        Kind::Int32 => Value::I32(random.random()),
        Kind::Int64 => Value::I64(random.random()),
        Kind::Double => Value::F64(random.random_range(-5.0..5.0)),
        Kind::Enum(descriptor) => {
            let last = descriptor.values().count() as i32 - 1;
            Value::EnumNumber(random.random_range(1..=last))
        }
        Kind::Message(descriptor) => Value::Message(fill(descriptor, random)),
        other => panic!("{}: no arbitrary {other:?}", field.full_name()),
    }
}
