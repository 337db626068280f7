//! What must hold for any bytes, for `crates/fuzz`.

/// The embedded log's frame decoder: it ends, and what it accepts is what encoding writes.
pub fn frames(data: &[u8]) {
    crate::embedded::frame::decode_anything(data);
}
