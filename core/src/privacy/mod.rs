//! What is taken off an address before it is sent, and what is never sent at all.
//!
//! [`Sendable`] is the only form in which a [`Call`](crate::api::Call) takes what it is about.
//! [`shorten`] takes out of an address what is about a person rather than about the place.

mod secret;
mod shorten;

pub use shorten::{Difference, Level, PLACEHOLDER, Shortened, What, shorten};

use crate::indicator::address::{self, Reserved};
use crate::indicator::{CanonicalUrl, Indicator};

/// Something that may be sent to a backend: not on a private network, not of this machine, and
/// without user name and password. It can be made from what is so, and in no other way.
///
/// ```
/// use quorum_core::indicator::Indicator;
/// use quorum_core::privacy::Sendable;
/// let public: Indicator = "https://me:secret@example.com/a".parse()?;
/// assert_eq!(Sendable::try_from(public)?.get().to_string(), "https://example.com/a");
/// let private: Indicator = "http://192.168.0.1/".parse()?;
/// let refusal = Sendable::try_from(private).unwrap_err();
/// assert_eq!(refusal.to_string(), "not sent: it is an address of a private network");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sendable<T>(T);

/// Why something is never sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not sent: {0}")]
pub struct NotSendable(pub Reserved);

impl<T> Sendable<T> {
    /// What may be sent.
    pub fn get(&self) -> &T {
        &self.0
    }

    /// Takes it out.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl TryFrom<CanonicalUrl> for Sendable<CanonicalUrl> {
    type Error = NotSendable;

    fn try_from(url: CanonicalUrl) -> Result<Self, NotSendable> {
        match url.reserved() {
            Some(reason) => Err(NotSendable(reason)),
            None => Ok(Self(url.without_credentials())),
        }
    }
}

impl TryFrom<Indicator> for Sendable<Indicator> {
    type Error = NotSendable;

    fn try_from(indicator: Indicator) -> Result<Self, NotSendable> {
        let reason = match &indicator {
            Indicator::File(_) => None,
            Indicator::Domain(domain) => domain.reserved(),
            Indicator::Ip(ip) => address::reserved(*ip),
            Indicator::Url(url) => {
                let url = Sendable::try_from(url.clone())?;
                return Ok(Self(Indicator::Url(url.0)));
            }
        };
        match reason {
            Some(reason) => Err(NotSendable(reason)),
            None => Ok(Self(indicator)),
        }
    }
}
