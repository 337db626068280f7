//! What must hold for any bytes, for `crates/fuzz`.

/// The embedded log's frame decoder: it ends, and what it accepts is what encoding writes.
pub fn frames(data: &[u8]) {
    crate::embedded::frame::decode_anything(data);
}

/// The embedded log's notes: reading them ends, and what it accepts is what writing writes.
pub fn notes(data: &[u8]) {
    crate::embedded::notes::decode_anything(data);
}
