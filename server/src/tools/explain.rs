//! `quorum url explain`: what an address is made of, what about it is made to deceive, what of it is
//! better not sent, and under which names lists and reports know it. What is no web address
//! (`javascript:`, a name that cannot be, one of 8 KiB) has no such names, and is explained all the
//! same: these are the addresses that somebody wants explained.

use std::io::BufRead as _;

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
    /// One object; of several addresses one a line
    Json,
}

/// The command line of `quorum url explain`.
#[derive(Args)]
pub(crate) struct Explain {
    /// Addresses, in any spelling; none, or -, is standard input, one a line
    urls: Vec<String>,
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
    /// Why it has none of what a web address has.
    #[serde(skip_serializing_if = "Option::is_none")]
    no_web_address: Option<String>,
    #[serde(flatten)]
    web: Option<Web>,
    findings: Vec<Found>,
    /// Without what is about a person; none where there is nothing of that.
    #[serde(skip_serializing_if = "Option::is_none")]
    shortened: Option<Shortened>,
    safe_browsing: Option<Listed>,
}

/// What a web address has.
#[derive(Serialize)]
struct Web {
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
    /// Explains the addresses.
    ///
    /// # Errors
    /// Standard input cannot be read, or the output is closed.
    pub(crate) fn run(self) -> Result<(), Failure> {
        let mut protected = Protected::well_known();
        protected.extend(self.protect);
        let mut asked = self.urls;
        if asked.is_empty() {
            asked.push("-".to_owned());
        }
        let mut output = Output {
            format: self.format,
            single: asked.len() == 1 && asked[0] != "-",
            told: false,
        };
        for url in asked {
            if url != "-" {
                output.tell(&explain(&url, &protected)?)?;
                continue;
            }
            for line in std::io::stdin().lock().split(b'\n') {
                let line = line.map_err(|error| format!("cannot read -: {error}"))?;
                let line = String::from_utf8_lossy(&line);
                if !line.trim().is_empty() {
                    output.tell(&explain(&line, &protected)?)?;
                }
            }
        }
        Ok(())
    }
}

struct Output {
    format: Format,
    /// There is one address, named on the command line.
    single: bool,
    told: bool,
}

impl Output {
    fn tell(&mut self, explained: &Explained) -> Result<(), Failure> {
        let first = !std::mem::replace(&mut self.told, true);
        match self.format {
            Format::Json if self.single => say(&serde_json::to_string_pretty(explained)?),
            Format::Json => say(&serde_json::to_string(explained)?),
            Format::Text => {
                if !first {
                    say("")?;
                }
                text(explained)
            }
        }
    }
}

fn explain(written: &str, protected: &Protected) -> Result<Explained, Failure> {
    let written = written.trim_end_matches(['\r', '\n']);
    let url = refang(written.trim()).into_owned();
    let parsed = url.parse::<CanonicalUrl>();
    // Spellings that keep an address from being followed are taken off before it is judged, not the
    // characters in it: those are what there is to find.
    let scheme = |text: &str| text.split(':').next().map(str::to_ascii_lowercase);
    let same = match (&parsed, written.parse::<CanonicalUrl>()) {
        (Ok(url), Ok(written)) => *url == written,
        (Err(_), Err(_)) => scheme(&url) == scheme(written.trim()),
        _ => false,
    };
    let mut findings = check_url(if same { written } else { &url }, protected);
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    let findings = findings.iter().map(|finding| Found {
        severity: finding.severity,
        message: finding.to_string(),
    });
    let findings = findings.collect();
    let canonical = match parsed {
        Ok(canonical) => canonical,
        Err(error) => {
            return Ok(Explained {
                url,
                no_web_address: Some(show_safely(&error.to_string())),
                web: None,
                findings,
                shortened: None,
                safe_browsing: None,
            });
        }
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
    let shortened = shorten(&url, Level::Query);
    let removed: Vec<_> = shortened
        .differences
        .iter()
        .map(|difference| Removed {
            what: difference.what,
            text: url[difference.start..difference.end].to_owned(),
        })
        .collect();
    Ok(Explained {
        no_web_address: None,
        web: Some(web(&canonical)?),
        findings,
        shortened: (!removed.is_empty()).then_some(Shortened {
            url: shortened.text,
            removed,
        }),
        safe_browsing,
        url,
    })
}

fn web(canonical: &CanonicalUrl) -> Result<Web, Failure> {
    let observable = Observable::parse_as(Kind::Url, canonical.as_str())?;
    let indicator = Indicator::Url(canonical.clone());
    let name = match canonical.host_indicator() {
        Some(Indicator::Domain(domain)) => Some(domain.to_string()),
        _ => None,
    };
    let both = host_both_ways(canonical.host());
    Ok(Web {
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
    })
}

fn text(explained: &Explained) -> Result<(), Failure> {
    say(&format!(
        "url                 {}",
        show_safely(&explained.url)
    ))?;
    match (&explained.web, &explained.no_web_address) {
        (Some(web), _) => text_of_web(web)?,
        (None, why) => {
            let why = why.as_deref().unwrap_or_default();
            say(&format!("canonical           none: {why}"))?;
            say("sent to a backend   never: it is no web address")?;
        }
    }
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

fn text_of_web(web: &Web) -> Result<(), Failure> {
    let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "none".to_owned());
    say(&format!("canonical           {}", web.canonical))?;
    say(&format!("defanged            {}", web.defanged))?;
    say(&format!("id                  {}", web.id))?;
    say(&format!("id, base64          {}", web.id_base64))?;
    let unicode = web.host_unicode.iter();
    let unicode: String = unicode.map(|host| format!(" ({host})")).collect();
    say(&format!("host                {}{unicode}", web.host))?;
    say(&format!(
        "public suffix       {}",
        or_none(&web.public_suffix)
    ))?;
    say(&format!(
        "registrable domain  {}",
        or_none(&web.registrable_domain)
    ))?;
    say(&format!(
        "sent to a backend   {}",
        if web.private {
            "never: it is private"
        } else {
            "only when you ask"
        }
    ))
}
