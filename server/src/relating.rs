//! What a thing has to do with others, as far as its bytes and its name tell: the members of an
//! archive, the addresses in a text, the host of a URL, the domains above a name.
//!
//! Nothing is unpacked to anywhere, and what is read of an archive is bounded: at most 100 MiB of
//! members at each of four depths, 10 000 members, and until a deadline.

use std::collections::{BTreeMap, HashSet};
use std::ops::ControlFlow;
use std::time::Instant;

use quorum_core::archive::{Event, Limits, MemberKind, Reader};
use quorum_core::digest::FileType;
use quorum_core::digest::file_type;
use quorum_core::digest::fuzzy::FuzzyHasher;
use quorum_core::indicator::{CanonicalUrl, Domain, FileHash, Indicator, Kind};
use quorum_core::suffix::registrable_domain;
use quorum_core::text::{Options, extract_bytes};
use serde_json::{Map, Value, json};

use crate::engines::Content;
use crate::store::NewRelation;
use crate::zip_password::opened;

/// What is read of an archive.
const LIMITS: Limits = Limits {
    depth: 4,
    members: 10_000,
    unpacked: 100 << 20,
    member: 100 << 20,
    ratio: 200,
};

/// How much of a file must have no zero byte for it to be a text.
const TEXT_HEAD: usize = 64 << 10;

/// Most members of an archive that are noted.
const MOST_MEMBERS: usize = 1000;

/// How much of a text is read for addresses, and most that are noted of each kind.
const MOST_TEXT: usize = 4 << 20;
const MOST_EMBEDDED: usize = 100;

/// What is known of a thing that is noted at it or at others.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    /// What goes into its report.
    pub(crate) attributes: Map<String, Value>,
    /// By the kind and the id of the thing that has them.
    pub(crate) relations: Vec<(&'static str, String, Vec<NewRelation>)>,
}

/// A relation to what an indicator names, called so.
pub(crate) fn relation(name: &'static str, other: &Indicator) -> NewRelation {
    let (id, context) = match other {
        Indicator::Url(url) => {
            let url = url.without_credentials();
            let context = Map::from_iter([("url".to_owned(), url.as_str().into())]);
            (url.id().to_string(), context)
        }
        other => (other.id(), Map::new()),
    };
    NewRelation {
        name,
        other_kind: other.kind().as_str(),
        other: id,
        context,
    }
}

/// The domains above a name, from the one above it to the one that was registered.
pub(crate) fn parents(domain: &str) -> Vec<&str> {
    let Some(registered) = registrable_domain(domain) else {
        return Vec::new();
    };
    let mut parents = Vec::new();
    let mut rest = domain;
    while rest.len() > registered.len() {
        let Some((_, parent)) = rest.split_once('.') else {
            break;
        };
        rest = parent;
        parents.push(parent);
    }
    parents
}

/// What a URL's address says: that it is on its host.
pub(crate) fn of_url(url: &CanonicalUrl) -> Facts {
    let mut facts = Facts::default();
    let Some(host @ (Indicator::Domain(_) | Indicator::Ip(_))) = url.host_indicator() else {
        return facts;
    };
    if let Indicator::Domain(domain) = &host {
        facts = of_domain(domain);
    }
    let on_it = relation("urls", &Indicator::Url(url.clone()));
    facts
        .relations
        .push((host.kind().as_str(), host.id(), vec![on_it]));
    facts
}

/// What a name says: which it is below.
pub(crate) fn of_domain(domain: &Domain) -> Facts {
    let mut facts = Facts::default();
    let below = Indicator::Domain(domain.clone());
    for (distance, parent) in parents(domain.as_str()).into_iter().enumerate() {
        let mut relations = vec![relation("subdomains", &below)];
        if distance == 0 {
            relations.push(relation("children", &below));
        }
        let kind = Kind::Domain.as_str();
        facts.relations.push((kind, parent.to_owned(), relations));
    }
    facts
}

/// What a file's bytes say. `password` is one that may open its protected members, where the file is
/// held as a whole. Blocks as [`Content::read`] does.
///
/// # Errors
/// Why the file cannot be read.
pub(crate) fn of_file(
    id: &str,
    content: &Content,
    password: Option<&str>,
    deadline: Instant,
) -> Result<Facts, String> {
    let mut facts = Facts::default();
    let mut fuzzy = FuzzyHasher::new();
    let mut beginning = Vec::new();
    let mut late = false;
    content.read(|piece| {
        let missing = (MOST_TEXT - beginning.len()).min(piece.len());
        beginning.extend_from_slice(&piece[..missing]);
        fuzzy.update(piece);
        late = Instant::now() > deadline;
        go_on(!late)
    })?;
    if late {
        return Ok(facts);
    }
    let similarity = fuzzy.finish();
    let attributes = &mut facts.attributes;
    attributes.insert("ssdeep".to_owned(), json!(similarity.ssdeep));
    if let Some(tlsh) = similarity.tlsh {
        attributes.insert("tlsh".to_owned(), json!(tlsh));
    }
    let kind = file_type(&beginning[..beginning.len().min(quorum_core::digest::HEAD_BYTES)]);
    let mut relations = Vec::new();
    let mut contents = Contents::default();
    contents.read(content, "bundled_files", deadline)?;
    if let Some(password) = password
        && let Some(bytes) = content.whole()
        && let Some(open) = opened(bytes, password.as_bytes())
    {
        let open = Content::Whole(open.into());
        contents.read(&open, "ciphered_bundled_files", deadline)?;
    }
    if contents.files > 0 {
        facts
            .attributes
            .insert("bundle_info".to_owned(), contents.told(&kind));
    }
    relations.append(&mut contents.relations);
    if is_text(&kind, &beginning) {
        relations.extend(embedded(&beginning));
    }
    if !relations.is_empty() {
        let kind = Kind::File.as_str();
        facts.relations.push((kind, id.to_owned(), relations));
    }
    Ok(facts)
}

fn go_on(further: bool) -> ControlFlow<()> {
    match further {
        true => ControlFlow::Continue(()),
        false => ControlFlow::Break(()),
    }
}

/// Whether a file is read as text: a document of Office is for people, and not text here.
fn is_text(kind: &FileType, bytes: &[u8]) -> bool {
    let mut tags = kind.tags.iter();
    tags.any(|tag| matches!(tag, "text" | "source" | "internet"))
        && !bytes[..bytes.len().min(TEXT_HEAD)].contains(&0)
}

/// The addresses in a text, each once.
fn embedded(text: &[u8]) -> Vec<NewRelation> {
    let mut seen = HashSet::new();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut relations = Vec::new();
    for hit in extract_bytes(text, &Options::default()) {
        let Some(indicator) = hit.observable.indicator() else {
            continue;
        };
        let name = match indicator {
            Indicator::Url(_) => "embedded_urls",
            Indicator::Domain(_) => "embedded_domains",
            Indicator::Ip(_) => "embedded_ips",
            Indicator::File(_) => continue,
        };
        let count = counts.entry(name).or_default();
        let relation = relation(name, &indicator);
        if *count < MOST_EMBEDDED && seen.insert((name, relation.other.clone())) {
            *count += 1;
            relations.push(relation);
        }
    }
    relations
}

/// What an archive holds.
#[derive(Default)]
struct Contents {
    relations: Vec<NewRelation>,
    files: u64,
    unpacked: u64,
    extensions: BTreeMap<String, u64>,
    file_types: BTreeMap<&'static str, u64>,
}

impl Contents {
    fn read(
        &mut self,
        content: &Content,
        name: &'static str,
        deadline: Instant,
    ) -> Result<(), String> {
        let mut paths = BTreeMap::new();
        let mut tell = |event| self.take(event, name, &mut paths);
        let mut reader = Reader::new(LIMITS);
        content.read(|piece| {
            reader.push(piece, &mut tell);
            go_on(!reader.stopped() && Instant::now() <= deadline)
        })?;
        reader.finish(&mut tell);
        Ok(())
    }

    fn take(&mut self, event: Event, name: &'static str, paths: &mut BTreeMap<u32, String>) {
        match event {
            Event::Begun(member) if member.kind == MemberKind::File => {
                paths.insert(member.id, member.path.join("/"));
            }
            Event::Finished(content) => {
                let path = paths.remove(&content.member).unwrap_or_default();
                self.files += 1;
                self.unpacked += content.digests.size;
                *self
                    .file_types
                    .entry(content.file_type.description)
                    .or_default() += 1;
                let file = path.rsplit('/').next().unwrap_or_default();
                if let Some((_, extension)) = file.rsplit_once('.')
                    && extension.len() <= 8
                    && self.extensions.len() < MOST_EMBEDDED
                {
                    *self.extensions.entry(extension.to_lowercase()).or_default() += 1;
                }
                if self.relations.len() < MOST_MEMBERS {
                    let sha256 = FileHash::Sha256(content.digests.sha256);
                    let mut relation = relation(name, &Indicator::File(sha256));
                    relation.context.insert("filename".to_owned(), path.into());
                    self.relations.push(relation);
                }
            }
            _ => {}
        }
    }

    fn told(&self, kind: &FileType) -> Value {
        json!({
            "type": kind.tag.to_uppercase(),
            "num_children": self.files,
            "uncompressed_size": self.unpacked,
            "extensions": self.extensions,
            "file_types": self.file_types,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(60)
    }

    #[test]
    fn the_domains_above_a_name_end_with_the_registered_one() {
        assert_eq!(
            parents("a.b.example.co.uk"),
            ["b.example.co.uk", "example.co.uk"]
        );
        assert!(parents("example.co.uk").is_empty());
        assert!(parents("co.uk").is_empty());
    }

    #[test]
    fn a_text_tells_the_addresses_in_it_each_once() {
        let text = b"see http://a.example.com/x and 198.51.100.7, b.example.com b.example.com";
        let facts = of_file("id", &Content::Whole(text[..].into()), None, soon()).unwrap();
        let names: Vec<_> = facts.relations[0].2.iter().map(|one| one.name).collect();
        assert_eq!(names, ["embedded_urls", "embedded_ips", "embedded_domains"]);
        assert!(facts.attributes["ssdeep"].is_string());
    }

    #[test]
    fn a_url_is_noted_at_its_host_and_the_host_above_it() {
        let url: CanonicalUrl = "http://www.example.com/x".parse().unwrap();
        let facts = of_url(&url);
        let told: Vec<_> = facts
            .relations
            .iter()
            .map(|(kind, id, relations)| (*kind, id.as_str(), relations[0].name))
            .collect();
        assert_eq!(
            told,
            [
                ("domain", "example.com", "subdomains"),
                ("domain", "www.example.com", "urls")
            ]
        );
    }

    /// S10: a bomb is not read to its end.
    #[test]
    fn what_unpacks_to_far_more_than_it_is_is_not_read_to_its_end() {
        use std::io::Write as _;
        let options = zip::write::SimpleFileOptions::default()
            .compression_method(zip::CompressionMethod::Stored);
        let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for number in 0..MOST_MEMBERS + 500 {
            zip.start_file(format!("{number}.txt"), options).unwrap();
            zip.write_all(number.to_string().as_bytes()).unwrap();
        }
        let bytes = Content::Whole(zip.finish().unwrap().into_inner().into());
        let facts = of_file("id", &bytes, None, soon()).unwrap();
        assert_eq!(facts.relations[0].2.len(), MOST_MEMBERS);
        let told = &facts.attributes["bundle_info"];
        assert_eq!(told["num_children"], MOST_MEMBERS as u64 + 500);
        // With no time left nothing is read.
        let past = Instant::now() - Duration::from_secs(1);
        let late = of_file("id", &bytes, None, past).unwrap();
        assert!(late.relations.is_empty());
    }
}
