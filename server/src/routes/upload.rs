//! Reading an upload: multipart from the wire to the blob store, with a running count.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, header};
use futures_util::{Stream, StreamExt as _};
use multer::Multipart;

use crate::app::App;
use crate::error::ApiError;
use crate::store::blobs::Received;

/// What may be in a form.
#[derive(Debug, Clone, Copy)]
pub(super) struct Form {
    /// Most parts.
    parts: usize,
    /// Which fields are read beside the file.
    fields: &'static [&'static str],
}

/// The form that a file is sent in with for everybody.
pub(super) const PUBLIC: Form = Form {
    parts: 8,
    fields: &["password"],
};

/// The same for a group alone: a sandbox is told much.
pub(super) const PRIVATE: Form = Form {
    parts: 12,
    fields: &[
        "password",
        "command_line",
        "disable_sandbox",
        "enable_internet",
        "intercept_tls",
        "retention_period_days",
        "storage_region",
        "interaction_sandbox",
        "interaction_timeout",
    ],
};

/// Most bytes that the form's reader may gather without giving any of them out: part headers, and
/// what stands before the first part.
const MAX_GATHERED: u64 = 128 * 1024;

/// Most bytes of a field that is no file.
const MAX_FIELD: usize = 4096;

/// Longest boundary between a form's parts, in bytes (RFC 2046, 5.1.1).
const MAX_BOUNDARY: usize = 70;

/// Longest file name that is kept, in bytes.
const MAX_NAME: usize = 255;

/// The content type as text.
pub(super) fn content_type(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::CONTENT_TYPE)?.to_str().ok()
}

/// The answer to a form that cannot be read.
pub(super) fn malformed(error: multer::Error) -> ApiError {
    ApiError::bad_request(format!("The multipart body cannot be read: {error}"))
}

/// A reader of `multipart/form-data`.
///
/// # Errors
/// The content type is another one, or has no boundary.
pub(super) fn multipart(content_type: &str, body: Body) -> Result<Multipart<'static>, ApiError> {
    Ok(Multipart::new(
        body.into_data_stream(),
        boundary(content_type)?,
    ))
}

fn boundary(content_type: &str) -> Result<String, ApiError> {
    multer::parse_boundary(content_type)
        .ok()
        .filter(|boundary| boundary.len() <= MAX_BOUNDARY)
        .ok_or_else(|| {
            ApiError::bad_request(format!(
                "The Content-Type must be multipart/form-data with a boundary of at most \
                 {MAX_BOUNDARY} bytes"
            ))
        })
}

/// A file that was sent in, safe on the disk under a name of its own.
pub(super) struct Upload {
    pub(super) received: Received,
    /// The last component of the name that the client gave.
    pub(super) name: Option<String>,
    /// The fields that are read, where they say something.
    pub(super) fields: BTreeMap<&'static str, String>,
}

impl Upload {
    /// What opens the file, as the client says.
    pub(super) fn password(&self) -> Option<&str> {
        self.fields.get("password").map(String::as_str)
    }
}

/// Streams the part `file` of a form to the blob store.
///
/// # Errors
/// The form is none, has no file or more than one, is too large, or breaks off; then nothing of it
/// stays.
pub(super) async fn receive(
    app: &App,
    headers: &HeaderMap,
    body: Body,
    allowed: Form,
) -> Result<Upload, ApiError> {
    let boundary = boundary(content_type(headers).unwrap_or_default())?;
    let announced: Option<u64> = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse().ok());
    // Before anything is written; what comes without a length is counted as it comes, and what is
    // too large for any disk is refused as that.
    let expected = announced.unwrap_or(0).min(app.config.upload_limit);
    app.blobs.room_for(expected)?;
    let gathered = Arc::new(AtomicU64::new(0));
    let mut form = Multipart::new(counted(body, gathered.clone()), boundary);
    let upload = read_parts(app, &mut form, allowed, &gathered).await?;
    upload.ok_or_else(|| ApiError::bad_request("The form has no part \"file\""))
}

async fn read_parts(
    app: &App,
    form: &mut Multipart<'_>,
    allowed: Form,
    gathered: &AtomicU64,
) -> Result<Option<Upload>, ApiError> {
    let mut upload: Option<Upload> = None;
    let mut fields = BTreeMap::new();
    let mut parts = 0;
    while let Some(mut field) = form.next_field().await.map_err(malformed)? {
        gathered.store(0, Ordering::Relaxed);
        parts += 1;
        if parts > allowed.parts {
            return Err(ApiError::bad_request(format!(
                "The form has more than {} parts",
                allowed.parts
            )));
        }
        if field.name() != Some("file") {
            // Some are the API's, others are their senders' and not read; all are bounded.
            let known = allowed.fields.iter();
            let known = known.copied().find(|name| field.name() == Some(name));
            let mut value = Vec::new();
            while let Some(chunk) = field.chunk().await.map_err(malformed)? {
                gathered.store(0, Ordering::Relaxed);
                value.extend_from_slice(&chunk);
                if value.len() > MAX_FIELD {
                    return Err(ApiError::bad_request(format!(
                        "A field of the form is longer than {MAX_FIELD} bytes"
                    )));
                }
            }
            if let Some(name) = known
                && !value.is_empty()
            {
                let text = String::from_utf8(value)
                    .map_err(|_| ApiError::invalid_argument(format!("The {name} is not UTF-8")))?;
                fields.insert(name, text);
            }
            continue;
        }
        if upload.is_some() {
            return Err(ApiError::bad_request(
                "The form has more than one part \"file\"",
            ));
        }
        let name = file_name(&field).as_deref().and_then(base_name);
        let mut incoming = app.blobs.receive().await?;
        while let Some(chunk) = field.chunk().await.map_err(malformed)? {
            gathered.store(0, Ordering::Relaxed);
            if incoming.size() + chunk.len() as u64 > app.config.upload_limit {
                return Err(ApiError::too_large(format!(
                    "The file is larger than {} bytes",
                    app.config.upload_limit
                )));
            }
            incoming.write(&chunk).await?;
        }
        upload = Some(Upload {
            received: incoming.finish().await?,
            name,
            fields: BTreeMap::new(),
        });
    }
    // They may stand before the file or behind it.
    Ok(upload.map(|upload| Upload { fields, ..upload }))
}

/// The body, which ends with an error when the form's reader gathers more than it may.
fn counted(
    body: Body,
    gathered: Arc<AtomicU64>,
) -> impl Stream<Item = Result<Bytes, Box<dyn std::error::Error + Send + Sync>>> {
    body.into_data_stream().map(move |chunk| {
        let chunk = chunk?;
        let before = gathered.fetch_add(chunk.len() as u64, Ordering::Relaxed);
        // A single chunk may be as large as the transport likes; it is here already.
        if before > MAX_GATHERED {
            return Err("a part's header has no end".into());
        }
        Ok(chunk)
    })
}

/// The name that the client gave: `filename*` (RFC 5987), which some send for what is not ASCII,
/// or else `filename`.
fn file_name(field: &multer::Field<'_>) -> Option<String> {
    let disposition = field.headers().get(header::CONTENT_DISPOSITION)?;
    let disposition = String::from_utf8_lossy(disposition.as_bytes()).into_owned();
    let extended = disposition.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let encoded = value.trim().trim_matches('"').splitn(3, '\'').nth(2)?;
        name.trim().eq_ignore_ascii_case("filename*").then(|| {
            percent_encoding::percent_decode_str(encoded)
                .decode_utf8_lossy()
                .into_owned()
        })
    });
    extended.or_else(|| field.file_name().map(str::to_owned))
}

/// What stands after the last separator of either world: clients send whole local paths. Control
/// characters are dropped; the rest is data and stays as it is.
fn base_name(name: &str) -> Option<String> {
    let base = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let mut kept: String = base.chars().filter(|c| !c.is_control()).collect();
    while kept.len() > MAX_NAME {
        kept.pop();
    }
    let kept = kept.trim();
    (!kept.is_empty()).then(|| kept.to_owned())
}

#[cfg(test)]
mod tests {
    use super::base_name;

    #[test]
    fn only_the_last_component_of_a_name_is_kept() {
        assert_eq!(base_name("/home/bob/a.exe").as_deref(), Some("a.exe"));
        assert_eq!(
            base_name("C:\\Users\\bob\\a b.exe").as_deref(),
            Some("a b.exe")
        );
        assert_eq!(base_name("../../etc/passwd").as_deref(), Some("passwd"));
        assert_eq!(base_name("a\r\nb\0").as_deref(), Some("ab"));
        assert_eq!(base_name("dir/"), None);
        assert_eq!(
            base_name(&"é".repeat(4000)).map(|name| name.len()),
            Some(254)
        );
    }
}
