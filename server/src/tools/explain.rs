//! `quorum url explain`: what an address is made of, under which names lists and reports know it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::{Args, ValueEnum};
use quorum_core::deception::show_safely;
use quorum_core::indicator::{CanonicalUrl, Indicator};
use quorum_core::observable::{Kind, Observable};
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
    #[serde(skip_serializing_if = "Option::is_none")]
    public_suffix: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    registrable_domain: Option<String>,
    /// It means something on a private network only, and is never sent.
    private: bool,
    safe_browsing: Option<Listed>,
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
        let explained = explain(url, &canonical)?;
        match self.format {
            Format::Json => say(&serde_json::to_string_pretty(&explained)?),
            Format::Text => text(&explained),
        }
    }
}

fn explain(url: String, canonical: &CanonicalUrl) -> Result<Explained, Failure> {
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
    Ok(Explained {
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
    say(&format!("host                {}", explained.host))?;
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
    if let Some(listed) = &explained.safe_browsing {
        say(&format!("on lists as         {}", listed.canonical))?;
        for Expression { expression, sha256 } in &listed.expressions {
            say(&format!("  {}…  {expression}", &sha256[..8]))?;
        }
    }
    Ok(())
}
