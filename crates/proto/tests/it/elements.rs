//! Elements are counted before they are decoded: in every list and map of every request.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use aftercall_proto::DESCRIPTORS;
use aftercall_proto::elements::Elements;
use proptest::collection::vec;
use proptest::prelude::*;
use prost::Message;
use prost_reflect::{
    DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, Value,
};
use prost_types::FileDescriptorSet;

const MANY: usize = 1_000;

static ELEMENTS: LazyLock<Elements> =
    LazyLock::new(|| Elements::new(&[FileDescriptorSet::decode(DESCRIPTORS).unwrap()]));

/// The paths of all methods, with what they are asked.
static METHODS: LazyLock<Vec<(String, MessageDescriptor)>> = LazyLock::new(methods);

fn methods() -> Vec<(String, MessageDescriptor)> {
    let pool = DescriptorPool::decode(DESCRIPTORS).unwrap();
    let methods = pool.services().flat_map(|service| {
        let methods = service.methods().collect::<Vec<_>>();
        methods.into_iter().map(move |method| {
            let path = format!("/{}/{}", service.full_name(), method.name());
            (path, method.input())
        })
    });
    methods.collect()
}

/// How a list or map lies within a request: the fields on the way, it as the last one.
type Way = Vec<FieldDescriptor>;

/// Every list and map of `message`, each by its shortest way.
fn lists(message: &MessageDescriptor) -> Vec<Way> {
    let mut seen = BTreeSet::from([message.full_name().to_owned()]);
    let mut next = vec![(message.clone(), Way::new())];
    let mut found = Vec::new();
    while let Some((message, way)) = next.pop() {
        for field in message.fields() {
            let way: Way = way.iter().cloned().chain([field.clone()]).collect();
            if field.is_list() || field.is_map() {
                found.push(way.clone());
            }
            if let Kind::Message(inner) = field.kind()
                && seen.insert(inner.full_name().to_owned())
            {
                next.push((inner, way));
            }
        }
    }
    found
}

fn put(out: &mut Vec<u8>, number: u32, bytes: &[u8]) {
    prost::encoding::encode_varint(u64::from(number) << 3 | 2, out);
    prost::encoding::encode_varint(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

/// A request in which the list at the end of `way` has `count` elements, each as small as it can be.
fn request(way: &Way, count: usize) -> Vec<u8> {
    let (list, outer) = way.split_last().unwrap();
    let packed =
        list.is_list() && !matches!(list.kind(), Kind::Message(_) | Kind::String | Kind::Bytes);
    let mut bytes = Vec::new();
    if packed {
        let width = match list.kind() {
            Kind::Double | Kind::Fixed64 | Kind::Sfixed64 => 8,
            Kind::Float | Kind::Fixed32 | Kind::Sfixed32 => 4,
            _ => 1,
        };
        put(&mut bytes, list.number(), &vec![0; count * width]);
    } else {
        put(&mut bytes, list.number(), &[]);
        bytes = bytes.repeat(count);
    }
    outer.iter().rev().fold(bytes, |inner, field| {
        let mut bytes = Vec::new();
        put(&mut bytes, field.number(), &inner);
        bytes
    })
}

#[test]
fn every_list_and_map_of_every_request_is_counted() {
    let mut lists_seen = 0;
    for (path, input) in METHODS.iter() {
        let request_of = ELEMENTS.of(path).expect("it is described");
        for way in lists(input) {
            let list = way.last().unwrap().full_name();
            // Lists on the way have one element each.
            let outer = way[..way.len() - 1].iter();
            let outer = outer
                .filter(|field| field.is_list() || field.is_map())
                .count();
            let most = MANY + outer;
            let counted = request_of.count(&request(&way, MANY), most);
            assert_eq!(counted, Some(most), "{path} {list}");
            let counted = request_of.count(&request(&way, MANY + 1), most);
            assert_eq!(counted, None, "{path} {list}");
            lists_seen += 1;
        }
    }
    assert!(lists_seen > 50, "{lists_seen}");
}

#[test]
fn two_million_elements_are_too_many_wherever_they_are() {
    for (path, input) in METHODS.iter() {
        for way in lists(input)
            .iter()
            .filter(|way| way.last().unwrap().is_list())
        {
            let message = request(way, 2_000_000);
            let request_of = ELEMENTS.of(path).expect("it is described");
            assert_eq!(request_of.count(&message, 50_000), None, "{path}");
        }
    }
}

/// What a decoder makes of a message: how many elements it holds.
fn held(message: &DynamicMessage) -> usize {
    let fields = message.fields();
    fields
        .map(|(field, value)| match value {
            Value::List(values) => values.len() + values.iter().map(inner).sum::<usize>(),
            Value::Map(values) => values.len() + values.values().map(inner).sum::<usize>(),
            value if field.supports_presence() => inner(value),
            _ => 0,
        })
        .sum()
}

fn inner(value: &Value) -> usize {
    match value {
        Value::Message(message) => held(message),
        _ => 0,
    }
}

/// Fields as an adversary would write them: known and not, in all forms, within each other.
fn fields() -> impl Strategy<Value = Vec<u8>> {
    let field = |bytes: BoxedStrategy<Vec<u8>>| {
        (1..32_u32, 0..8_u8, bytes).prop_map(|(number, form, bytes)| {
            let mut out = Vec::new();
            match form {
                0 => {
                    prost::encoding::encode_varint(u64::from(number) << 3, &mut out);
                    prost::encoding::encode_varint(bytes.len() as u64, &mut out);
                }
                1 => {
                    // A group, with something in it.
                    prost::encoding::encode_varint(u64::from(number) << 3 | 3, &mut out);
                    put(&mut out, number, &bytes);
                    prost::encoding::encode_varint(u64::from(number) << 3 | 4, &mut out);
                }
                _ => put(&mut out, number, &bytes),
            }
            out
        })
    };
    let flat = vec(any::<u8>(), 0..4).boxed();
    flat.prop_recursive(4, 64, 8, move |inner| {
        vec(field(inner), 0..8)
            .prop_map(|fields| fields.concat())
            .boxed()
    })
}

proptest! {
    #[test]
    fn a_decoder_finds_no_more_than_were_counted(bytes in fields()) {
            for (path, input) in METHODS.iter() {
            let request_of = ELEMENTS.of(path).expect("it is described");
            let counted = request_of.count(&bytes, usize::MAX).expect("any number may be");
            if let Ok(message) = DynamicMessage::decode(input.clone(), &*bytes) {
                prop_assert!(held(&message) <= counted, "{path}: {bytes:?}");
            }
        }
    }
}
