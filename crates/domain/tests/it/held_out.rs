//! Which half of a set the rules were not changed by: that whose ids have a BLAKE2b digest that begins with an odd byte.
//! The other half was looked at while they were written, by a script of two lines in another language; so the same digest
//! is needed here, of short texts.

/// How BLAKE2b begins.
const BEGIN: [u64; 8] = [
    0x6a09_e667_f3bc_c908,
    0xbb67_ae85_84ca_a73b,
    0x3c6e_f372_fe94_f82b,
    0xa54f_f53a_5f1d_36f1,
    0x510e_527f_ade6_82d1,
    0x9b05_688c_2b3e_6c1f,
    0x1f83_d9ab_fb41_bd6b,
    0x5be0_cd19_137e_2179,
];

/// In which order each of its rounds takes the words of a block.
#[rustfmt::skip]
const ORDERS: [[usize; 16]; 10] = [
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
    [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
    [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4],
    [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
    [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13],
    [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
    [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11],
    [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
    [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5],
    [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
];

/// Which four words of the state are mixed, one after the other.
const MIXED: [[usize; 4]; 8] = [
    [0, 4, 8, 12],
    [1, 5, 9, 13],
    [2, 6, 10, 14],
    [3, 7, 11, 15],
    [0, 5, 10, 15],
    [1, 6, 11, 12],
    [2, 7, 8, 13],
    [3, 4, 9, 14],
];

/// The digest's first byte, for a text of at most 128 bytes.
fn first_byte(text: &str) -> u8 {
    let mut block = [0_u8; 128];
    block[..text.len()].copy_from_slice(text.as_bytes());
    let word = |at: usize| {
        let mut bytes = [0_u8; 8];
        bytes.copy_from_slice(&block[8 * at..8 * at + 8]);
        u64::from_le_bytes(bytes)
    };
    // A digest of 64 bytes, without a key.
    let begin = BEGIN[0] ^ 0x0101_0040;
    let mut state = [0_u64; 16];
    state[..8].copy_from_slice(&BEGIN);
    state[8..].copy_from_slice(&BEGIN);
    state[0] = begin;
    // How long it is, and that this block is the last one.
    state[12] ^= text.len() as u64;
    state[14] ^= u64::MAX;
    for round in 0..12 {
        let order = ORDERS[round % ORDERS.len()];
        for (place, [a, b, c, d]) in MIXED.into_iter().enumerate() {
            for (half, turns) in [[32, 24], [16, 63]].into_iter().enumerate() {
                let message = word(order[2 * place + half]);
                state[a] = state[a].wrapping_add(state[b]).wrapping_add(message);
                state[d] = (state[d] ^ state[a]).rotate_right(turns[0]);
                state[c] = state[c].wrapping_add(state[d]);
                state[b] = (state[b] ^ state[c]).rotate_right(turns[1]);
            }
        }
    }
    (begin ^ state[0] ^ state[8]).to_le_bytes()[0]
}

/// Whether the record with an id is of the half that was not looked at.
pub(crate) fn is_held_out(id: &str) -> bool {
    first_byte(id) % 2 == 1
}

#[test]
fn the_digest_is_the_one_of_its_standard() {
    assert_eq!(first_byte("abc"), 0xba);
}
