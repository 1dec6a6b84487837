//! The logo: a file this server serves, or an address.

use std::io::Read;

use axum::body::Bytes;
use axum::response::{IntoResponse, Response};
use http::header;
use sha2::{Digest, Sha256};
use url::Url;

/// The largest logo, in bytes.
const MAX: u64 = 256 * 1024;

/// A logo.
#[derive(Clone, Debug)]
pub(crate) struct Logo {
    /// What an `img` shows.
    pub(crate) address: String,
    /// Where it comes from, as a policy names it; nothing where the policy allows it anyway.
    pub(super) origin: Option<String>,
    /// What this server serves.
    pub(super) file: Option<Picture>,
}

/// A picture and its media type.
#[derive(Clone, Debug)]
pub(super) struct Picture {
    kind: &'static str,
    bytes: Bytes,
}

impl Logo {
    /// Reads the value of a setting; a file is served at `path`. Or says what is wrong, as the rest of a sentence.
    pub(super) fn read(value: &str, path: &str) -> Result<Self, String> {
        if value.starts_with("data:") {
            return data(value);
        }
        if value.contains("://") {
            return elsewhere(value);
        }
        let picture = Picture::read(value)?;
        // Another logo has another address, so that nobody keeps seeing the old one.
        let version =
            Sha256::digest(&picture.bytes).iter().take(8).map(|byte| format!("{byte:02x}")).collect::<String>();
        Ok(Self { address: format!("{path}?v={version}"), origin: None, file: Some(picture) })
    }

    /// Its whole address, where a program that shows mails can show it: most know no SVG and no `data:`.
    pub(super) fn absolute(&self, origin: &str) -> Option<String> {
        match &self.file {
            Some(picture) => (picture.kind != SVG).then(|| format!("{origin}{}", self.address)),
            None => self.origin.is_some().then(|| self.address.clone()),
        }
    }
}

const SVG: &str = "image/svg+xml";

/// A picture that stands in the page itself.
fn data(value: &str) -> Result<Logo, String> {
    let is_picture = value.starts_with("data:image/") && value.contains(',');
    let is_one_word = value.bytes().all(|byte| byte.is_ascii_graphic());
    if !is_picture || !is_one_word || value.len() as u64 > MAX {
        return Err(format!("must be like data:image/png;base64,.. without blanks, and have at most {MAX} characters"));
    }
    Ok(Logo { address: value.to_owned(), origin: None, file: None })
}

fn elsewhere(value: &str) -> Result<Logo, String> {
    let url = Url::parse(value)
        .ok()
        .filter(|url| url.scheme() == "https" && url.username().is_empty() && url.password().is_none());
    let url = url.ok_or("must be a file, or a URL that begins with https: or data:")?;
    Ok(Logo { address: url.to_string(), origin: Some(url.origin().ascii_serialization()), file: None })
}

impl Picture {
    fn read(file: &str) -> Result<Self, String> {
        let said = |error: std::io::Error| format!("cannot be read: {file}: {error}");
        let mut bytes = Vec::new();
        std::fs::File::open(file).and_then(|file| file.take(MAX + 1).read_to_end(&mut bytes)).map_err(said)?;
        if bytes.len() as u64 > MAX {
            return Err(format!("must have at most {MAX} bytes, and {file} has more"));
        }
        let kind =
            kind(&bytes).ok_or_else(|| format!("must be SVG, PNG, JPEG, WebP or GIF, and {file} is none of them"))?;
        Ok(Self { kind, bytes: bytes.into() })
    }

    /// The picture, to be kept: its address changes with it.
    pub(super) fn show(self) -> Response {
        let headers =
            [(header::CONTENT_TYPE, self.kind), (header::CACHE_CONTROL, "public, max-age=31536000, immutable")];
        (headers, self.bytes).into_response()
    }
}

/// What a picture is, by how it begins.
fn kind(bytes: &[u8]) -> Option<&'static str> {
    let begins: [(&[u8], &str); 4] = [
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"GIF87a", "image/gif"),
        (b"GIF89a", "image/gif"),
    ];
    let known = begins.into_iter().find(|(begin, _)| bytes.starts_with(begin)).map(|(_, kind)| kind);
    let webp = || (bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP")).then_some("image/webp");
    let svg = || {
        let text = std::str::from_utf8(bytes).ok()?.trim_start_matches('\u{feff}').trim_start();
        (text.starts_with('<') && text.contains("<svg")).then_some(SVG)
    };
    known.or_else(webp).or_else(svg)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_told_by_how_it_begins() {
        for (bytes, expected) in [
            (&b"\x89PNG\r\n\x1a\n.."[..], Some("image/png")),
            (b"\xff\xd8\xff\xe0", Some("image/jpeg")),
            (b"GIF89a", Some("image/gif")),
            (b"RIFF\0\0\0\0WEBPVP8 ", Some("image/webp")),
            (b"RIFF\0\0\0\0WAVE", None),
            (b"\xef\xbb\xbf <?xml version='1.0'?><svg/>", Some("image/svg+xml")),
            (b"<html><script>", None),
            (b"", None),
        ] {
            assert_eq!(kind(bytes), expected, "{bytes:?}");
        }
    }

    #[test]
    fn an_address_is_one_a_browser_may_load() {
        let logo = Logo::read("https://cdn.example/logo.svg", "/logo").unwrap();
        assert_eq!(
            (logo.address.as_str(), logo.origin.as_deref()),
            ("https://cdn.example/logo.svg", Some("https://cdn.example"))
        );
        assert!(Logo::read("data:image/png;base64,AAAA", "/logo").unwrap().origin.is_none());
        for bad in [
            "http://cdn.example/logo.svg",
            "https://u@cdn.example/logo.svg",
            "https://",
            "javascript://x",
            "data:text/html,<script>",
            "data:image/svg+xml,<svg xmlns='x'>",
            "/no/such/file.png",
            "Cargo.toml",
        ] {
            assert!(Logo::read(bad, "/logo").is_err(), "{bad}");
        }
    }
}
