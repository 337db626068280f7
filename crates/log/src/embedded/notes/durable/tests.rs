use proptest::prelude::*;

use super::*;

fn note(count: u64) -> Note {
    Note {
        closed: count.is_multiple_of(2),
        origin: LogId([3; 16]),
        run: [4; 16],
        home: Home {
            inode: 5,
            made_at_ns: 6,
        },
        count,
        end: End {
            base: 7,
            byte: 8 + count,
            next: 9,
        },
    }
}

/// The two slots, of which each holds one.
fn slots(notes: [Note; 2]) -> Vec<u8> {
    let mut slots = vec![0; 2 * SLOT_BYTES];
    for (slot, note) in slots.chunks_mut(SLOT_BYTES).zip(notes) {
        slot[..NOTE_BYTES].copy_from_slice(&note.encode());
    }
    slots
}

#[test]
fn the_later_note_counts_and_the_earlier_one_when_it_is_damaged() {
    for later in 0..2 {
        let mut notes = [note(1), note(1)];
        notes[later] = note(2);
        let whole = slots(notes);
        assert_eq!(latest(&whole), Some(note(2)));
        for at in 0..NOTE_BYTES {
            let mut damaged = whole.clone();
            damaged[later * SLOT_BYTES + at] ^= 1 << (at % 8);
            assert_eq!(latest(&damaged), Some(note(1)), "byte {at}");
        }
        assert_eq!(latest(&whole[..SLOT_BYTES]), Some(notes[0]));
    }
    assert_eq!(latest(&[]), None);
}

/// Its log would be taken for a copy of itself, and whoever serves it would be silent for good.
#[test]
fn a_note_from_before_its_file_system_said_when_files_are_made_stands_where_it_was_written() {
    let dir = tempfile::tempdir().unwrap();
    let file = File::create(path(dir.path())).unwrap();
    let Home { inode, .. } = Home::of(&file.metadata().unwrap());
    let before = Note {
        home: Home {
            inode,
            made_at_ns: 0,
        },
        ..note(1)
    };
    // Into the same file.
    fs::write(path(dir.path()), slots([before, before])).unwrap();
    assert!(find(dir.path()).unwrap().unwrap().is_here());
    let copy = tempfile::tempdir().unwrap();
    fs::copy(path(dir.path()), path(copy.path())).unwrap();
    assert!(!find(copy.path()).unwrap().unwrap().is_here());
}

proptest! {
    #[test]
    fn any_bytes_are_no_note_or_the_one_that_they_encode(bytes: Vec<u8>) {
        super::super::decode_anything(&bytes);
    }
}
