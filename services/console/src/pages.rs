//! The pages, scripts and styles: built beforehand, part of the program.

use std::collections::BTreeMap;
use std::io::Write;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use http_body_util::Full;
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};
use tonic::body::Body;

use crate::answer::Refusal;

/// What `cargo xtask console` makes of `web/`.
#[derive(RustEmbed)]
#[folder = "built"]
struct Built;

/// The page that shows every screen.
const INDEX: &str = "index.html";

/// Where files stand whose names change with what is in them.
const HASHED: &str = "assets/";

/// How long such a file is kept: for ever.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// All files, by their paths.
#[derive(Debug)]
pub(crate) struct Pages(BTreeMap<String, File>);

/// One file, as it is and compressed.
#[derive(Debug)]
struct File {
    media_type: &'static str,
    tag: HeaderValue,
    plain: Bytes,
    gzip: Option<Bytes>,
}

impl Pages {
    /// The files, compressed once.
    pub(crate) fn open() -> Self {
        let files = Built::iter().filter_map(|path| {
            let content = Built::get(&path)?.data.into_owned();
            let file = File::new(&path, content.into())?;
            Some((path.into_owned(), file))
        });
        Self(files.collect())
    }

    /// What stands at a path. Screens are paths without a file of their own: the page shows them.
    pub(crate) fn at(&self, path: &str, asked: &HeaderMap) -> Result<Response<Body>, Refusal> {
        let path = path.trim_start_matches('/');
        let (name, cached) = match self.0.contains_key(path) {
            true if path.starts_with(HASHED) => (path, FOR_EVER),
            true => (path, "no-cache"),
            // A file of a version that is gone is not found; the page would be taken for it.
            false if path.starts_with(HASHED) => return Err(Refusal::Nothing),
            false => (INDEX, "no-cache"),
        };
        let file = self.0.get(name).ok_or(Refusal::Nothing)?;
        Ok(file.answer(asked, cached))
    }
}

impl File {
    fn new(path: &str, plain: Bytes) -> Option<Self> {
        let hash = Sha256::digest(&plain);
        let digits: String = hash[..16]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Some(Self {
            media_type: media_type(path),
            tag: HeaderValue::from_str(&format!("\"{digits}\"")).ok()?,
            gzip: compressed(&plain),
            plain,
        })
    }

    fn answer(&self, asked: &HeaderMap, cached: &'static str) -> Response<Body> {
        let is_known = asked
            .get_all(IF_NONE_MATCH)
            .iter()
            .any(|known| *known == self.tag);
        let gzip = self.gzip.as_ref().filter(|_| takes_gzip(asked));
        let body = match (is_known, gzip) {
            (true, _) => Bytes::new(),
            (false, Some(gzip)) => gzip.clone(),
            (false, None) => self.plain.clone(),
        };
        let mut response = Response::new(Body::new(Full::new(body)));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.media_type));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static(cached));
        headers.insert(ETAG, self.tag.clone());
        headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
        if is_known {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        } else if gzip.is_some() {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        response
    }
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, ending)| ending) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// `plain` compressed, where that makes it smaller.
fn compressed(plain: &[u8]) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(plain).ok()?;
    let gzip = encoder.finish().ok()?;
    (gzip.len() < plain.len()).then(|| gzip.into())
}

fn takes_gzip(asked: &HeaderMap) -> bool {
    let taken = asked.get_all(ACCEPT_ENCODING).iter();
    let mut taken = taken
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    taken.any(|one| {
        let (name, weight) = one.split_once(';').unwrap_or((one, ""));
        name.trim().eq_ignore_ascii_case("gzip") && weight.replace(' ', "") != "q=0"
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(response: &Response<Body>, name: http::HeaderName) -> &str {
        response.headers()[name].to_str().unwrap()
    }

    #[test]
    fn every_screen_is_the_page_and_a_file_that_is_gone_is_not() {
        let pages = Pages::open();
        let none = HeaderMap::new();
        for path in ["/", "/board", "/customer/C-1001", "/promise/x.y"] {
            let page = pages.at(path, &none).unwrap();
            assert_eq!(
                header(&page, CONTENT_TYPE),
                "text/html; charset=utf-8",
                "{path}"
            );
            assert_eq!(header(&page, CACHE_CONTROL), "no-cache");
        }
        let gone = pages.at("/assets/gone-1234.js", &none);
        assert_eq!(gone.err(), Some(Refusal::Nothing));
    }

    #[test]
    fn what_is_known_is_not_sent_again_and_scripts_are_kept() {
        let pages = Pages::open();
        let page = pages.at("/", &HeaderMap::new()).unwrap();
        let mut asked = HeaderMap::new();
        asked.insert(IF_NONE_MATCH, page.headers()[ETAG].clone());
        asked.insert(ACCEPT_ENCODING, HeaderValue::from_static("br, gzip"));
        let again = pages.at("/", &asked).unwrap();
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        let script = pages.0.keys().find(|path| path.ends_with(".js")).unwrap();
        let script = pages.at(&format!("/{script}"), &asked).unwrap();
        assert_eq!(header(&script, CACHE_CONTROL), FOR_EVER);
        assert_eq!(header(&script, CONTENT_ENCODING), "gzip");
    }

    #[test]
    fn gzip_is_sent_to_those_who_take_it() {
        for (value, takes) in [
            ("gzip", true),
            ("br;q=1.0, GZIP;q=0.5", true),
            ("gzip; q=0", false),
            ("br", false),
            ("", false),
        ] {
            let mut asked = HeaderMap::new();
            asked.insert(ACCEPT_ENCODING, HeaderValue::from_static(value));
            assert_eq!(takes_gzip(&asked), takes, "{value}");
        }
    }
}
