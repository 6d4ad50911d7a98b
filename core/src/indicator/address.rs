//! IP addresses that belong to a private network, this machine or nobody.
//!
//! Source: the IANA special-purpose address registries (RFC 6890) and the RFCs named below.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Serialize};

/// Why an address or a name is not one of the public internet.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    thiserror::Error,
)]
#[serde(rename_all = "snake_case")]
pub enum Reserved {
    /// This machine: 127.0.0.0/8, ::1, 0.0.0.0/8, ::, `localhost` (RFC 1122, 4291, 6761).
    #[error("it is this machine")]
    Loopback,
    /// A private network: RFC 1918, unique local addresses (RFC 4193), site-local ones (RFC 3879),
    /// NAT64 prefixes for use inside (RFC 8215).
    #[error("it is an address of a private network")]
    PrivateNetwork,
    /// 100.64.0.0/10, between a provider and its customers (RFC 6598).
    #[error("it is an address inside a provider's network")]
    Shared,
    /// One cable or one radio cell: 169.254.0.0/16, fe80::/10 (RFC 3927, 4291).
    #[error("it is an address on the local link")]
    LinkLocal,
    /// Many receivers: 224.0.0.0/4, ff00::/8 (RFC 5771, 4291).
    #[error("it is a multicast address")]
    Multicast,
    /// For examples: RFC 5737, 3849, 9637.
    #[error("it is an address for documentation")]
    Documentation,
    /// For benchmarks, for protocols' own use, or not given out.
    #[error("it is an address that is reserved")]
    Unassigned,
    /// A name that every network gives a meaning of its own.
    #[error("it is a name of a local network")]
    LocalName,
    /// A name of one label, an intranet's by definition, or one that DNS cannot hold.
    #[error("it is a name without a domain")]
    SingleLabel,
}

/// Whether an address is not one of the public internet; [`reserved`] says why.
pub fn is_private(address: IpAddr) -> bool {
    reserved(address).is_some()
}

/// Why an address is not one of the public internet, `None` if it is. An IPv4 address that is
/// carried inside an IPv6 one (mapped, NAT64, 6to4, Teredo, ISATAP) is judged as that IPv4 address.
///
/// ```
/// use quorum_core::indicator::address::{Reserved, reserved};
/// assert_eq!(reserved("10.0.0.1".parse()?), Some(Reserved::PrivateNetwork));
/// assert_eq!(reserved("64:ff9b::10.0.0.1".parse()?), Some(Reserved::PrivateNetwork));
/// assert_eq!(reserved("2606:4700::1111".parse()?), None);
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
pub fn reserved(address: IpAddr) -> Option<Reserved> {
    match address {
        IpAddr::V4(v4) => reserved_v4(v4),
        IpAddr::V6(v6) => reserved_v6(v6),
    }
}

fn reserved_v4(address: Ipv4Addr) -> Option<Reserved> {
    Some(match address.octets() {
        [0 | 127, ..] => Reserved::Loopback,
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => Reserved::PrivateNetwork,
        [100, 64..=127, ..] => Reserved::Shared,
        [169, 254, ..] => Reserved::LinkLocal,
        [224..=239, ..] => Reserved::Multicast,
        [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => Reserved::Documentation,
        // RFC 6890 §2.1 (protocol assignments), RFC 2544 (benchmarks), RFC 1112 §4 (the future's).
        [192, 0, 0, _] | [198, 18 | 19, ..] | [240..=255, ..] => Reserved::Unassigned,
        _ => return None,
    })
}

fn reserved_v6(address: Ipv6Addr) -> Option<Reserved> {
    Some(match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => Reserved::Loopback,
        // Mapped (RFC 4291 §2.5.5.2) and the well-known NAT64 prefix (RFC 6052).
        [0, 0, 0, 0, 0, 0xffff, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        // 6to4: RFC 3056.
        | [0x2002, high, low, ..] => return reserved_v4(embedded(high, low)),
        [0x64, 0xff9b, 1, ..] | [0xfc00..=0xfdff | 0xfec0..=0xfeff, ..] => Reserved::PrivateNetwork,
        [0xfe80..=0xfebf, ..] => Reserved::LinkLocal,
        [0xff00..=0xffff, ..] => Reserved::Multicast,
        [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => Reserved::Documentation,
        // Teredo (RFC 4380 §4): the client's address, every bit of it turned over.
        [0x2001, 0, .., high, low] => return reserved_v4(embedded(!high, !low)),
        // 2001::/23 is for protocols, and of it these are reachable: anycast (RFC 7723, 8155,
        // 9665), AMT (RFC 7450), AS112 (RFC 7535), ORCHIDv2 (RFC 7343), DRIP (RFC 9374).
        [0x2001, 1, 0, 0, 0, 0, 0, 1..=3]
        | [0x2001, 3, ..]
        | [0x2001, 4, 0x112, ..]
        | [0x2001, 0x20..=0x3f, ..] => return None,
        [0x2001, 0..=0x1ff, ..] => Reserved::Unassigned,
        // ISATAP (RFC 5214 §6.1), under anybody's prefix.
        [0x2000..=0x3fff, _, _, _, 0 | 0x200, 0x5efe, high, low] => {
            return reserved_v4(embedded(high, low));
        }
        // 2000::/3 is all that has been given out as global unicast.
        [0x2000..=0x3fff, ..] => return None,
        _ => Reserved::Unassigned,
    })
}

fn embedded(high: u16, low: u16) -> Ipv4Addr {
    Ipv4Addr::from(u32::from(high) << 16 | u32::from(low))
}
