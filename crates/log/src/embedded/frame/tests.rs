use proptest::prelude::*;

use super::*;

fn seed() -> Seed {
    Seed::new(LogId([7; 16]), 0)
}

fn record(key: &[u8], recorded_at_us: i64, body: &[u8]) -> Record {
    Record {
        key: Bytes::copy_from_slice(key),
        recorded_at_us,
        body: Bytes::copy_from_slice(body),
    }
}

fn frame(offset: Offset, place: u32, record: &Record) -> Vec<u8> {
    let mut out = Vec::new();
    encode(&mut out, seed(), offset, place, record);
    out
}

proptest! {
    #[test]
    fn a_frame_reads_back_as_it_was_written(
        key in proptest::collection::vec(any::<u8>(), 0..64),
        body in proptest::collection::vec(any::<u8>(), 0..2048),
        recorded_at_us: i64,
        offset: u64,
        place: u32,
        rest in proptest::collection::vec(any::<u8>(), 0..64),
    ) {
        let place = place.min(offset.try_into().unwrap_or(u32::MAX));
        let written = record(&key, recorded_at_us, &body);
        let mut bytes = frame(offset, place, &written);
        prop_assert_eq!(bytes.len(), frame_bytes(&written));
        bytes.extend_from_slice(&rest);
        let mut bytes = Bytes::from(bytes);
        let (header, read) = take(seed(), &mut bytes).expect("a frame");
        prop_assert_eq!((header.offset, header.place), (offset, place));
        prop_assert_eq!(read, written);
        prop_assert_eq!(&bytes[..], &rest[..]);
    }

    #[test]
    fn a_flipped_bit_anywhere_is_noticed(
        body in proptest::collection::vec(any::<u8>(), 0..256),
        bit: prop::sample::Index,
    ) {
        let mut bytes = frame(9, 3, &record(b"key", 5, &body));
        let bit = bit.index(bytes.len() * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(decode(seed(), &bytes).is_err());
    }

    #[test]
    fn arbitrary_bytes_never_panic(data in proptest::collection::vec(any::<u8>(), 0..4096)) {
        decode_anything(&data);
    }

    /// The bounded stand-in for the fuzz target: real frames, then seeded mutations of their bytes.
    #[test]
    fn mutated_frames_never_panic(
        bodies in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..128), 1..6),
        mutations in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4_u8), 0..16),
    ) {
        let mut data = Vec::new();
        for (offset, body) in (0..).zip(&bodies) {
            encode(&mut data, seed(), u64::from(offset), offset, &record(b"k", 1, body));
        }
        for (at, byte, kind) in mutations {
            let at = at.index(data.len().max(1));
            match kind {
                _ if data.is_empty() => data.push(byte),
                0 => data[at] = byte,
                1 => data.insert(at, byte),
                2 => drop(data.remove(at)),
                _ => data.truncate(at),
            }
        }
        decode_anything(&data);
    }
}

#[test]
fn zeros_are_unwritten_space_and_never_a_frame() {
    assert_eq!(decode_header(seed(), &[0; 64]), Err(Fault::Empty));
    let least = frame(0, 0, &record(b"", 0, b""));
    assert!(decode(seed(), &least).is_ok());
}

#[test]
fn a_frame_of_another_segment_is_not_a_frame_here() {
    let bytes = frame(4, 0, &record(b"key", 5, b"body"));
    let elsewhere = Seed::new(LogId([7; 16]), 4);
    assert_eq!(decode(elsewhere, &bytes), Err(Fault::HeaderChecksum));
}

#[test]
fn a_short_frame_says_how_much_it_needs() {
    let bytes = frame(4, 0, &record(b"key", 5, b"body"));
    let whole = bytes.len();
    for cut in HEADER_BYTES..whole {
        assert_eq!(
            decode(seed(), &bytes[..cut]),
            Err(Fault::Incomplete { needed: whole })
        );
    }
    for cut in 0..HEADER_BYTES {
        let needed = HEADER_BYTES;
        assert_eq!(
            decode(seed(), &bytes[..cut]),
            Err(Fault::Incomplete { needed })
        );
    }
}
