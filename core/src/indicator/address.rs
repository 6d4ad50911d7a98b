//! IP addresses that belong to a private network, this machine or nobody.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether an address is not one of the public internet: private (RFC 1918, ULA), shared
/// (RFC 6598), link-local, loopback, multicast, documentation or otherwise reserved by the IANA
/// special-purpose registries. An IPv4 address inside an IPv6 one is judged as that IPv4 address.
pub fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_private_v4(v4),
        IpAddr::V6(v6) => is_private_v6(v6),
    }
}

fn is_private_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && (b == 18 || b == 19))
}

fn is_private_v6(address: Ipv6Addr) -> bool {
    if let Some(v4) = address.to_ipv4_mapped() {
        return is_private_v4(v4);
    }
    let segments = address.segments();
    // RFC 6052's well-known NAT64 prefix and RFC 3056's 6to4 carry an IPv4 address inside.
    if segments[..6] == [0x64, 0xff9b, 0, 0, 0, 0] {
        return is_private_v4(embedded(segments[6], segments[7]));
    }
    if segments[0] == 0x2002 {
        return is_private_v4(embedded(segments[1], segments[2]));
    }
    // 2000::/3 is all that IANA has given out as global unicast; 2001:db8::/32 is documentation.
    segments[0] & 0xe000 != 0x2000 || (segments[0] == 0x2001 && segments[1] == 0xdb8)
}

fn embedded(high: u16, low: u16) -> Ipv4Addr {
    Ipv4Addr::from(u32::from(high) << 16 | u32::from(low))
}
