//! What must hold for any bytes, for `crates/fuzz`.

use aftercall_log::LogId;

use crate::token::{Kind, seal};
use crate::{PageToken, Positions};

const LOG: LogId = LogId([7; 16]);

/// A token is refused, or comes back as it was read. `data` is read as a token's text, and as what
/// a well-formed token contains, which chance would not get past the checksum.
pub fn tokens(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data) {
        token(text, 0);
    }
    let query = data
        .first_chunk()
        .map_or(0, |query| u64::from_le_bytes(*query));
    token(
        &seal(Kind::Positions, &LOG.into(), &Positions::new(), data),
        query,
    );
    token(
        &seal(Kind::Page, &LOG.into(), &Positions::new(), data),
        query,
    );
}

fn token(text: &str, query: u64) {
    if let Ok(positions) = Positions::decode(text, LOG) {
        let again = Positions::decode(&positions.encode(LOG), LOG);
        assert_eq!(again, Ok(positions), "positions come back");
    }
    if let Ok(page) = PageToken::decode(text, LOG, query) {
        let again = PageToken::decode(&page.encode(LOG), LOG, query);
        assert_eq!(again, Ok(page), "a page token comes back");
    }
}
