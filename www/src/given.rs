//! A file that the user dropped or picked, read on this device, piece by piece, so that a large file
//! neither fills the memory nor stops the page: its digests, and what is in it.

use std::rc::Rc;

use js_sys::Uint8Array;
use quorum_core::digest::{Digests, Hasher};
use quorum_core::indicator::{FileHash, Indicator};
use quorum_core::message::{Fact, ReportView, Request};
use quorum_core::rules::{Job, ScanReport, time_limit};
use quorum_core::told::Inspection;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use web_sys::File;
use yew::prelude::*;

use crate::backend::Backend;
use crate::matches::Matches;
use crate::plain::reveal;
use crate::report::{REASONS, line};
use crate::sentences;
use crate::words::{Phrase, Words, key};

/// How much is read at a time, in bytes.
const PIECE: f64 = 2.0 * 1024.0 * 1024.0;

/// What a file turned out to be.
#[derive(Clone, PartialEq)]
pub(crate) struct Given {
    pub(crate) name: String,
    pub(crate) digests: Digests,
    pub(crate) inspection: Inspection,
    /// What the rules say; `None` until they have been tried.
    pub(crate) rules: Option<ScanReport>,
}

/// Tries the rules on a file, beginning at once.
pub(crate) fn scan(backend: &Backend, file: &File) -> impl Future<Output = ScanReport> + use<> {
    let heard = backend.scan(&Job::Scan, Some(file), time_limit(file.size() as u64));
    async move { heard.await.report() }
}

/// Reads a file; `on_progress` gets the share that is done, from 0 to 1.
///
/// # Errors
/// The browser could not read it: it was moved, changed, or is a folder.
pub(crate) async fn read(
    backend: &Backend,
    file: &File,
    on_progress: impl Fn(f64),
) -> Result<Given, JsValue> {
    let mut hasher = Hasher::new();
    let watch = backend.inspect(&file.name()).await;
    let size = file.size();
    let mut at = 0.0;
    // An empty piece is read of an empty file too, so that an unreadable one is noticed.
    loop {
        let end = (at + PIECE).min(size);
        let piece = file.slice_with_f64_and_f64(at, end)?;
        let bytes = Uint8Array::new(&JsFuture::from(piece.array_buffer()).await?);
        hasher.update(&bytes.to_vec());
        if let Some(watch) = &watch {
            watch.push(&bytes);
        }
        at = end;
        if at >= size {
            return Ok(Given {
                name: file.name(),
                digests: hasher.finish(),
                inspection: watch.map(|watch| watch.finish()).unwrap_or_default(),
                rules: None,
            });
        }
        on_progress(at / size);
    }
}

impl Given {
    /// What a backend has reports on.
    pub(crate) fn indicator(&self) -> Indicator {
        Indicator::File(FileHash::Sha256(self.digests.sha256))
    }

    /// The request that tells the background that this is a download's file.
    pub(crate) fn of_download(self, id: String) -> Request {
        Request::GiveFile {
            id,
            name: self.name,
            digests: self.digests,
            inspection: self.inspection,
            // Where none are on, nothing was tried.
            rules: self.rules.filter(|it| it.rules > 0).map(Box::new),
        }
    }

    /// A report on this file with what was found on this device: that needs no backend.
    pub(crate) fn into_view(self, view: &ReportView) -> ReportView {
        let mut view = view.clone();
        let matches = self.rules.map(|it| it.matches).unwrap_or_default();
        view.assessment = view
            .assessment
            .noticing(&self.inspection.told)
            .matching(&matches);
        if !view.facts.iter().any(|it| matches!(it, Fact::Sha256(_))) {
            let Digests {
                md5,
                sha1,
                sha256,
                size,
            } = self.digests;
            let kind = Some(self.inspection.type_name).filter(|name| !name.is_empty());
            view.facts.extend(kind.map(Fact::Type));
            view.facts.extend([
                Fact::Size(size),
                Fact::Sha256(sha256.to_string()),
                Fact::Sha1(sha1.to_string()),
                Fact::Md5(md5.to_string()),
            ]);
            view.name = self.name;
        }
        view
    }

    /// What stands below the report's head: what that had no room for, the rules, and what is in an
    /// archive.
    pub(crate) fn below(&self, words: &Words, view: &Rc<ReportView>) -> Html {
        let reasons = &view.assessment.reasons;
        let shown = sentences::chosen(reasons, REASONS);
        let told = &self.inspection.told;
        let others = reasons.iter().filter(|reason| {
            sentences::told(reason).is_some_and(|it| told.contains(it)) && !shown.contains(reason)
        });
        let members = &self.inspection.members;
        let files = u64::from(self.inspection.files);
        html! {
            <section class="scanned">
                <ul class="reasons">{ for others.map(|reason| line(words, reason)) }</ul>
                if files > 0 {
                    <p>{ words.phrase(&Phrase::counted(files, key("file_holds_one"), key("file_holds"))) }</p>
                    <ul class="plain-list">
                        { for members.iter().map(|member| html! {
                            <li><bdi class="code">{ reveal(&member.path) }</bdi>{ " · " }{ words.size(member.size) }</li>
                        }) }
                    </ul>
                }
                if let Some(report) = &self.rules { <Matches report={report.clone()} calm=true /> }
            </section>
        }
    }
}
