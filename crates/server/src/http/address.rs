//! Whose address a request comes from (security H2).

use std::net::{IpAddr, Ipv6Addr};

use http::HeaderMap;

use crate::config::IpAddress;

/// The caller's address: the socket's peer, or, where the peer is a trusted proxy, the right-most address in the
/// configured header that is not one. No header is believed from anyone else.
pub(crate) fn client(peer: Option<IpAddr>, headers: &HeaderMap, config: &IpAddress) -> Option<IpAddr> {
    let peer = peer.map(canonical)?;
    let trusted = |address: IpAddr| config.trusted_proxies.iter().any(|network| network.contains(address));
    if !trusted(peer) {
        return Some(peer);
    }
    let named = config.ip_address_headers.iter().find(|name| headers.contains_key(name.as_str()));
    let lines = named.map(|name| headers.get_all(name.as_str())).into_iter().flatten();
    let hops: Vec<&str> = lines.filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(',')).collect();
    for hop in hops.iter().rev() {
        match hop.trim().parse().map(canonical) {
            Ok(address) if trusted(address) => {}
            Ok(address) => return Some(address),
            // What a trusted proxy passes on from beyond is not to be believed.
            Err(_) => return Some(peer),
        }
    }
    Some(peer)
}

/// One spelling per caller, to count by: an IPv6 network of 64 bits is one caller (GHSA-p6v2-xcpg-h6xw).
pub(crate) fn counted(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from(u128::from(address) & !u128::from(u64::MAX))),
        v4 => v4,
    }
}

/// An IPv4 address written as IPv6 is the IPv4 address.
fn canonical(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(proxies: &[&str]) -> IpAddress {
        IpAddress {
            ip_address_headers: vec!["x-forwarded-for".into()],
            trusted_proxies: proxies.iter().map(|text| text.parse().unwrap()).collect(),
        }
    }

    fn client_of(peer: &str, forwarded: &str, proxies: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", forwarded.parse().unwrap());
        client(Some(peer.parse().unwrap()), &headers, &config(proxies)).unwrap().to_string()
    }

    #[test]
    fn a_header_is_believed_only_from_a_trusted_proxy_and_only_its_last_untrusted_hop() {
        assert_eq!(client_of("192.0.2.1", "203.0.113.9", &[]), "192.0.2.1");
        assert_eq!(client_of("192.0.2.1", "203.0.113.9", &["10.0.0.0/8"]), "192.0.2.1");
        assert_eq!(client_of("10.0.0.1", "198.51.100.7, 203.0.113.9", &["10.0.0.0/8"]), "203.0.113.9");
        assert_eq!(client_of("10.0.0.1", "203.0.113.9, 10.0.0.2", &["10.0.0.0/8"]), "203.0.113.9");
        assert_eq!(client_of("::ffff:10.0.0.1", "203.0.113.9", &["10.0.0.0/8"]), "203.0.113.9");
        assert_eq!(client_of("10.0.0.1", "203.0.113.9, junk", &["10.0.0.0/8"]), "10.0.0.1");
        assert_eq!(client_of("10.0.0.1", "10.0.0.9", &["10.0.0.0/8"]), "10.0.0.1");
    }

    #[test]
    fn an_ipv6_network_is_one_caller() {
        let counted = |text: &str| super::counted(text.parse().unwrap());
        assert_eq!(counted("2001:db8::1"), counted("2001:db8:0:0:ffff::2"));
        assert_ne!(counted("2001:db8::1"), counted("2001:db8:0:1::1"));
        assert_ne!(counted("192.0.2.1"), counted("192.0.2.2"));
    }
}
