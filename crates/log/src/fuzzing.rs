//! What the fuzz targets in `fuzz/` call.

/// The frame decoder, on any bytes.
pub fn frame_decoder(data: &[u8]) {
    crate::embedded::frame::decode_anything(data);
}
