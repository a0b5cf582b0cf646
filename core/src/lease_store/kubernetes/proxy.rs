//! The proxy on the way to the API server, as Go's HTTP client finds it, which kubectl is.

use std::env;
use std::net::IpAddr;

use http::Uri;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};

use super::cluster_config::Origin;
use crate::error::Result;

/// What the environment says of proxies.
#[derive(Clone, Debug, Default)]
pub(super) struct ProxyVariables {
    http: Option<String>,
    https: Option<String>,
    exceptions: String,
}

impl ProxyVariables {
    /// As they are now: read by the thread that starts an election, since the environment is the
    /// application's, which may change it while another thread reads it.
    pub(super) fn now() -> Self {
        Self::of(|name| env::var(name).ok())
    }

    pub(super) fn of(variable: impl Fn(&str) -> Option<String>) -> Self {
        let first = |names: [&str; 2]| {
            let values = names.into_iter().filter_map(&variable);
            values.into_iter().find(|value| !value.is_empty())
        };
        Self {
            http: first(["HTTP_PROXY", "http_proxy"]),
            https: first(["HTTPS_PROXY", "https_proxy"]),
            exceptions: first(["NO_PROXY", "no_proxy"]).unwrap_or_default(),
        }
    }

    fn proxy(&self, server: &Uri) -> Option<Intercept> {
        let proxy_url = match server.scheme_str() {
            Some("http") => self.http.as_deref(),
            _ => self.https.as_deref(),
        }?;
        if is_direct(server, &self.exceptions) {
            return None;
        }
        at(proxy_url, server)
    }
}

/// The cluster's own proxy, otherwise that of the environment unless this says that `server` is
/// reached without one.
pub(super) fn proxy(
    server: &Uri,
    proxy_url: Option<&str>,
    variables: &ProxyVariables,
    origin: &Origin,
) -> Result<Option<Intercept>> {
    match proxy_url {
        Some(proxy_url) => match at(proxy_url, server) {
            Some(proxy) => Ok(Some(proxy)),
            // The value may hold a password.
            None => Err(origin.wrong("its proxy-url is not the address of a proxy")),
        },
        None => Ok(variables.proxy(server)),
    }
}

fn at(proxy_url: &str, server: &Uri) -> Option<Intercept> {
    Matcher::builder().all(proxy_url).build().intercept(server)
}

/// Whether `server` is this machine, or one of `exceptions`.
fn is_direct(server: &Uri, exceptions: &str) -> bool {
    let host = server.host().unwrap_or_default();
    let host = host.trim_matches(['[', ']']).to_lowercase();
    let address: Option<IpAddr> = host
        .parse()
        .ok()
        .map(|address: IpAddr| address.to_canonical());
    if host == "localhost" || address.is_some_and(|address| address.is_loopback()) {
        return true;
    }
    let port = server.port_u16().unwrap_or(match server.scheme_str() {
        Some("http") => 80,
        _ => 443,
    });
    exceptions
        .split(',')
        .map(|exception| exception.trim().to_lowercase())
        .any(|exception| matches(&exception, &host, address, port))
}

fn matches(exception: &str, host: &str, address: Option<IpAddr>, port: u16) -> bool {
    if exception == "*" {
        return true;
    }
    if let Some((network, prefix)) = exception.split_once('/')
        && let (Ok(network), Ok(prefix)) = (network.parse::<IpAddr>(), prefix.parse::<u32>())
    {
        return address.is_some_and(|address| is_within(address, network, prefix));
    }
    let (excepted, only_port) = host_and_port(exception);
    if only_port.is_some_and(|only| only != port.to_string()) || excepted.is_empty() {
        return false;
    }
    if let Ok(excepted) = excepted.parse::<IpAddr>() {
        return address == Some(excepted.to_canonical());
    }
    if address.is_some() {
        return false;
    }
    // `*.example.com` is `.example.com`; `example.com` is that and the host itself.
    let domain = excepted
        .strip_prefix('*')
        .filter(|rest| rest.starts_with('.'));
    let domain = domain.unwrap_or(excepted);
    match domain.strip_prefix('.') {
        Some(_) => host.ends_with(domain),
        None => host == domain || host.ends_with(&format!(".{domain}")),
    }
}

/// An address of IPv6 has a port only if it is in brackets.
fn host_and_port(exception: &str) -> (&str, Option<&str>) {
    if let Some(rest) = exception.strip_prefix('[') {
        return match rest.split_once(']') {
            Some((host, port)) => (host, port.strip_prefix(':')),
            None => ("", None),
        };
    }
    match exception.split_once(':') {
        Some((host, port)) if !port.contains(':') => (host, Some(port)),
        _ => (exception, None),
    }
}

fn is_within(address: IpAddr, network: IpAddr, prefix: u32) -> bool {
    let (address, network, bits) = match (address, network) {
        (IpAddr::V4(address), IpAddr::V4(network)) => (
            u128::from(address.to_bits()),
            u128::from(network.to_bits()),
            32,
        ),
        (IpAddr::V6(address), IpAddr::V6(network)) => (address.to_bits(), network.to_bits(), 128),
        _ => return false,
    };
    let Some(free) = u32::checked_sub(bits, prefix) else {
        return false;
    };
    address.checked_shr(free).unwrap_or(0) == network.checked_shr(free).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROXY: &str = "http://proxy.example:3128";

    /// Whether this environment has `server` reached through its proxy.
    fn is_proxied(server: &str, environment: &[(&str, &str)]) -> bool {
        let variable = |name: &str| {
            let found = environment.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        let server = server.parse().expect("an address");
        ProxyVariables::of(variable).proxy(&server).is_some()
    }

    #[test]
    fn each_scheme_has_its_variable_in_capitals_before_the_other() {
        assert!(is_proxied("https://api", &[("https_proxy", PROXY)]));
        assert!(is_proxied(
            "https://api",
            &[("HTTPS_PROXY", ""), ("https_proxy", PROXY)]
        ));
        assert!(!is_proxied(
            "https://api",
            &[("HTTP_PROXY", PROXY), ("ALL_PROXY", PROXY)]
        ));
        assert!(is_proxied("http://api", &[("HTTP_PROXY", PROXY)]));
        assert!(is_proxied(
            "https://api",
            &[("HTTPS_PROXY", "proxy.example:3128")]
        ));
    }

    #[test]
    fn this_machine_is_never_reached_through_a_proxy_of_the_environment() {
        for server in [
            "https://localhost:6443",
            "https://127.0.0.2",
            "https://[::1]:6443",
        ] {
            assert!(!is_proxied(server, &[("HTTPS_PROXY", PROXY)]), "{server}");
        }
    }

    #[test]
    fn exceptions_are_of_all_of_gos_forms() {
        let cases = [
            ("https://api.example.com", "example.com", true),
            ("https://example.com", "example.com", true),
            ("https://notexample.com", "example.com", false),
            ("https://api.example.com", ".example.com", true),
            ("https://example.com", ".example.com", false),
            ("https://api.example.com", "*.example.com", true),
            ("https://example.com", "*.example.com", false),
            ("https://API.example.com", " a , EXAMPLE.com", true),
            ("https://api.example.com:6443", "example.com:6443", true),
            ("https://api.example.com:6443", "example.com:443", false),
            ("https://api.example.com", "example.com:443", true),
            ("https://10.1.2.3:6443", "10.1.2.3", true),
            ("https://10.1.2.3:6443", "10.1.2.3:6443", true),
            ("https://10.1.2.3:6443", "10.1.2.3:443", false),
            ("https://10.1.2.3", "10.0.0.0/8", true),
            ("https://10.1.2.3", "10.0.0.0/16", false),
            ("https://10.1.2.3", "0.0.0.0/0", true),
            ("https://10.1.2.3", "10.1.2.3/64", false),
            ("https://10.1.2.3", "2.3", false),
            ("https://[fd00::3]:6443", "fd00::3", true),
            ("https://[fd00::3]:6443", "[fd00::3]:6443", true),
            ("https://[fd00::3]:6443", "[fd00::3]:443", false),
            ("https://[fd00::3]", "fd00::/8", true),
            ("https://[::ffff:10.1.2.3]", "10.0.0.0/8", true),
            ("https://api", "*", true),
            ("https://api", ",:443,", false),
        ];
        for (server, exceptions, direct) in cases {
            let environment = [("HTTPS_PROXY", PROXY), ("NO_PROXY", exceptions)];
            let proxied = is_proxied(server, &environment);
            assert_eq!(proxied, !direct, "{server} with NO_PROXY={exceptions}");
        }
    }
}
