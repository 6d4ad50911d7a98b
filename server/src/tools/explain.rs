//! `quorum url explain`: what an address is made of, what about it is made to deceive, what of it is
//! better not sent, and under which names lists and reports know it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::{Args, ValueEnum};
use quorum_core::deception::{Protected, Severity, check_url, host_both_ways, show_safely};
use quorum_core::indicator::{CanonicalUrl, Domain, Indicator};
use quorum_core::observable::{Kind, Observable};
use quorum_core::privacy::{Level, What, shorten};
use quorum_core::safe_browsing::SafeUrl;
use quorum_core::suffix::{public_suffix, registrable_domain};
use quorum_core::text::{DefangStyle, defang, refang};
use serde::Serialize;

use crate::cli::{Failure, say};

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// One object
    Json,
}

/// The command line of `quorum url explain`.
#[derive(Args)]
pub(crate) struct Explain {
    /// The address, in any spelling
    url: String,
    /// A domain of one's own that others may imitate, besides those that are well known
    #[arg(long, value_name = "DOMAIN")]
    protect: Vec<Domain>,
    /// How the result is written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Serialize)]
struct Explained {
    /// As it was given, with the spellings undone.
    url: String,
    canonical: String,
    /// The API's id, and the other spelling that requests may use.
    id: String,
    id_base64: String,
    defanged: String,
    host: String,
    /// The host in its own script, where the DNS has it in another spelling.
    #[serde(skip_serializing_if = "Option::is_none")]
    host_unicode: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    public_suffix: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    registrable_domain: Option<String>,
    /// It means something on a private network only, and is never sent.
    private: bool,
    findings: Vec<Found>,
    /// Without what is about a person; none where there is nothing of that.
    #[serde(skip_serializing_if = "Option::is_none")]
    shortened: Option<Shortened>,
    safe_browsing: Option<Listed>,
}

#[derive(Serialize)]
struct Found {
    severity: Severity,
    message: String,
}

#[derive(Serialize)]
struct Shortened {
    url: String,
    removed: Vec<Removed>,
}

#[derive(Serialize)]
struct Removed {
    what: What,
    text: String,
}

#[derive(Serialize)]
struct Listed {
    canonical: String,
    expressions: Vec<Expression>,
}

#[derive(Serialize)]
struct Expression {
    expression: String,
    sha256: String,
}

impl Explain {
    /// Explains the address.
    ///
    /// # Errors
    /// It is no web address, or the output is closed.
    pub(crate) fn run(self) -> Result<(), Failure> {
        let url = refang(self.url.trim()).into_owned();
        let canonical: CanonicalUrl = url.parse().map_err(|error| format!("{error}"))?;
        let explained = explain(url, &self.url, self.protect, &canonical)?;
        match self.format {
            Format::Json => say(&serde_json::to_string_pretty(&explained)?),
            Format::Text => text(&explained),
        }
    }
}

fn explain(
    url: String,
    written: &str,
    protect: Vec<Domain>,
    canonical: &CanonicalUrl,
) -> Result<Explained, Failure> {
    let observable = Observable::parse_as(Kind::Url, canonical.as_str())?;
    let indicator = Indicator::Url(canonical.clone());
    let name = match canonical.host_indicator() {
        Some(Indicator::Domain(domain)) => Some(domain.to_string()),
        _ => None,
    };
    let safe_browsing = SafeUrl::parse(url.as_bytes()).ok().map(|safe| Listed {
        canonical: safe.as_str().to_owned(),
        expressions: safe
            .expressions()
            .map(|expression| Expression {
                expression: expression.to_string(),
                sha256: expression.hash().to_string(),
            })
            .collect(),
    });
    let mut protected = Protected::well_known();
    protected.extend(protect);
    // Spellings that keep an address from being followed are taken off before it is judged, not the
    // characters in it: those are what there is to find.
    let as_written = if url.parse::<CanonicalUrl>().ok() == written.parse().ok() {
        written
    } else {
        &url
    };
    let mut findings = check_url(as_written, &protected);
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    let findings = findings.iter().map(|finding| Found {
        severity: finding.severity,
        message: finding.to_string(),
    });
    let shortened = shorten(&url, Level::Query);
    let removed: Vec<_> = shortened
        .differences
        .iter()
        .map(|difference| Removed {
            what: difference.what,
            text: url[difference.start..difference.end].to_owned(),
        })
        .collect();
    let both = host_both_ways(canonical.host());
    Ok(Explained {
        findings: findings.collect(),
        shortened: (!removed.is_empty()).then_some(Shortened {
            url: shortened.text,
            removed,
        }),
        host_unicode: (both.unicode != both.ascii).then(|| both.unicode.to_string()),
        canonical: canonical.to_string(),
        id: indicator.id(),
        id_base64: URL_SAFE_NO_PAD.encode(canonical.without_credentials().as_str()),
        defanged: defang(&observable, DefangStyle::Brackets),
        host: canonical.host().to_owned(),
        public_suffix: name
            .as_deref()
            .map(|name| public_suffix(name).text.to_owned()),
        registrable_domain: name
            .as_deref()
            .and_then(registrable_domain)
            .map(str::to_owned),
        private: indicator.is_private(),
        safe_browsing,
        url,
    })
}

fn text(explained: &Explained) -> Result<(), Failure> {
    let none = "none".to_owned();
    say(&format!(
        "url                 {}",
        show_safely(&explained.url)
    ))?;
    say(&format!("canonical           {}", explained.canonical))?;
    say(&format!("defanged            {}", explained.defanged))?;
    say(&format!("id                  {}", explained.id))?;
    say(&format!("id, base64          {}", explained.id_base64))?;
    let unicode = explained.host_unicode.iter();
    let unicode: String = unicode.map(|host| format!(" ({host})")).collect();
    say(&format!("host                {}{unicode}", explained.host))?;
    say(&format!(
        "public suffix       {}",
        explained.public_suffix.as_ref().unwrap_or(&none)
    ))?;
    say(&format!(
        "registrable domain  {}",
        explained.registrable_domain.as_ref().unwrap_or(&none)
    ))?;
    say(&format!(
        "sent to a backend   {}",
        if explained.private {
            "never: it is private"
        } else {
            "only when you ask"
        }
    ))?;
    for Found { severity, message } in &explained.findings {
        let word = match severity {
            Severity::Warning => "warning",
            Severity::Notice => "notice ",
        };
        say(&format!("{word}             {message}"))?;
    }
    if let Some(shortened) = &explained.shortened {
        say(&format!(
            "better sent as      {}",
            show_safely(&shortened.url)
        ))?;
        for Removed { what, text } in &shortened.removed {
            let what = serde_json::to_value(what)?;
            let what = what.as_str().unwrap_or_default().replace('_', " ");
            say(&format!("  without the {what}: {}", show_safely(text)))?;
        }
    }
    if let Some(listed) = &explained.safe_browsing {
        say(&format!("on lists as         {}", listed.canonical))?;
        for Expression { expression, sha256 } in &listed.expressions {
            say(&format!("  {}…  {expression}", &sha256[..8]))?;
        }
    }
    Ok(())
}
