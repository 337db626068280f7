//! The largest message of every method: as long as is taken, and every field filled to what is taken and beyond.
//! Each is answered or refused with a reason, the server's memory stays bounded, and it goes on.

use std::collections::{BTreeSet, HashMap};

use aftercall_proto::DESCRIPTORS;
use aftercall_proto::recorder::v1::recorder_service_client::RecorderServiceClient;
use bytes::Bytes;
use prost::Message;
use prost_reflect::{
    DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, Value,
};
use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::task::JoinSet;

use crate::hostile::{assert_clear, raw};
use crate::process::Start;
use crate::requests;

/// The longest message that is taken, and the most elements.
const BYTES_MAX: usize = 4 << 20;
const ELEMENTS_MAX: usize = 50_000;
/// The lengths of texts: what ids may have, what texts may have, and nearly the message itself.
const LENGTHS: [usize; 3] = [128, 16 << 10, 4_000_000];
/// How long lists are: what most may have, and nearly what a message may have.
const COUNTS: [usize; 2] = [200, 40_000];
/// How deep messages lie within each other before they are left out.
const DEPTH_MAX: usize = 6;
/// How many such calls come at once.
const AT_ONCE: usize = 16;
/// What the server may take: what it has for requests (256 MiB), what answers and what it keeps of what
/// it read take.
const MEMORY_MIB_MAX: u64 = 512;

/// How a message is filled.
#[derive(Debug, Clone, Copy)]
struct Fill {
    length: usize,
    count: usize,
    /// What is left of the message.
    bytes: usize,
    elements: usize,
}

impl Fill {
    /// Fills a message, as far as there is room.
    fn message(&mut self, of: &MessageDescriptor, depth: usize) -> DynamicMessage {
        let mut message = DynamicMessage::new(of.clone());
        if depth > DEPTH_MAX {
            return message;
        }
        for field in of.fields() {
            // Of a choice the last field stays.
            if let Some(value) = self.field(&field, depth) {
                message.set_field(&field, value);
            }
        }
        message
    }

    fn field(&mut self, field: &FieldDescriptor, depth: usize) -> Option<Value> {
        if !field.is_list() && !field.is_map() {
            return self.value(field, depth);
        }
        let (mut list, mut map) = (Vec::new(), HashMap::new());
        for number in 0..self.count {
            if self.elements == 0 {
                break;
            }
            self.elements -= 1;
            if let Kind::Message(entry) = field.kind()
                && field.is_map()
            {
                let value = self.value(&entry.map_entry_value_field(), depth + 1)?;
                map.insert(MapKey::String(number.to_string()), value);
                continue;
            }
            let Some(value) = self.value(field, depth) else {
                break;
            };
            list.push(value);
        }
        Some(if field.is_map() {
            Value::Map(map)
        } else {
            Value::List(list)
        })
    }

    /// None when there is no room.
    fn value(&mut self, field: &FieldDescriptor, depth: usize) -> Option<Value> {
        let text = field.name().ends_with("_id") || field.name().ends_with("code");
        let length = if text {
            self.length.min(128)
        } else {
            self.length
        };
        // With its number and length.
        const HEAD: usize = 8;
        let takes = HEAD
            + if matches!(field.kind(), Kind::String | Kind::Bytes) {
                length
            } else {
                HEAD
            };
        self.bytes = self.bytes.checked_sub(takes)?;
        Some(match field.kind() {
            Kind::String => Value::String("x".repeat(length)),
            Kind::Bytes => Value::Bytes(vec![b'x'; length].into()),
            Kind::Message(inner) => Value::Message(self.message(&inner, depth + 1)),
            Kind::Enum(_) => Value::EnumNumber(1),
            Kind::Bool => Value::Bool(true),
            Kind::Double => Value::F64(0.5),
            Kind::Float => Value::F32(0.5),
            Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => Value::I32(1),
            Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => Value::I64(1_767_225_600),
            Kind::Uint32 | Kind::Fixed32 => Value::U32(1),
            Kind::Uint64 | Kind::Fixed64 => Value::U64(1),
        })
    }
}

/// The paths of all methods, with what they are asked.
fn methods() -> Vec<(String, MessageDescriptor)> {
    let pool = DescriptorPool::decode(DESCRIPTORS).expect("descriptors");
    let all = pool
        .services()
        .flat_map(|service| service.methods().collect::<Vec<_>>());
    let methods = all.map(|method| {
        let service = method.parent_service().full_name().to_owned();
        (format!("/{service}/{}", method.name()), method.input())
    });
    methods.collect()
}

/// The largest messages of a type, of several shapes.
fn largest(of: &MessageDescriptor) -> Vec<(String, Bytes)> {
    let shapes = LENGTHS
        .iter()
        .flat_map(|length| COUNTS.map(|count| (*length, count)));
    let mut seen = BTreeSet::new();
    let messages = shapes.filter_map(|(length, count)| {
        let mut fill = Fill {
            length,
            count,
            bytes: BYTES_MAX,
            elements: ELEMENTS_MAX,
        };
        let message = fill.message(of, 0).encode_to_vec();
        assert!(
            message.len() <= BYTES_MAX,
            "{} of {length} and {count}",
            of.name()
        );
        let what = format!("texts of {length}, lists of {count}");
        // Without a list, its length makes no difference.
        seen.insert(message.clone()).then(|| (what, message.into()))
    });
    messages.collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_largest_message_of_every_method_is_answered_or_refused_and_memory_stays_bounded() {
    let scratch = tempfile::tempdir().expect("a directory");
    let start = Start::on(&scratch.path().join("data"), &scratch.path().join("log"));
    let mut server = start.logging("warn").ready();
    let channel = server.channel();
    let mut calling = JoinSet::new();
    let (mut calls, mut longest) = (0, 0);
    for (method, input) in methods() {
        for (what, message) in largest(&input) {
            longest = longest.max(message.len());
            calls += 1;
            if calling.len() >= AT_ONCE {
                calling
                    .join_next()
                    .await
                    .expect("a call")
                    .expect("it ends well");
            }
            let (channel, method) = (channel.clone(), method.clone());
            calling.spawn(async move {
                if let Err(status) = raw::call(&channel, &method, message).await {
                    assert_clear(&format!("{method}: {what}"), &status);
                }
            });
        }
    }
    while let Some(ended) = calling.join_next().await {
        ended.expect("it ends well");
    }
    let memory = server.memory_max_mib();
    println!("{calls} calls, the longest of {longest} bytes; {memory} MiB at most");
    assert!(longest > BYTES_MAX - (128 << 10), "{longest}");
    assert!(memory <= MEMORY_MIB_MAX, "{memory} MiB");
    assert!(server.runs());

    let mut rng = StdRng::seed_from_u64(1);
    let request = requests::record(&mut rng, "largest", 1, "customer-1");
    let mut recorder = RecorderServiceClient::new(channel);
    recorder
        .record_interaction(request)
        .await
        .expect("it goes on");
    server.stop();
    let said = std::fs::read_to_string(scratch.path().join("log")).expect("its log");
    assert!(!said.contains("panicked"), "{said}");
}
