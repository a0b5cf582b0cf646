//! Which names a Lease and a namespace may have. They become parts of URLs and of file paths.

use crate::error::{Error, Result};

const LONGEST_LEASE: usize = 253;
const LONGEST_NAMESPACE: usize = 63;

/// The name of a Kubernetes object: a DNS subdomain (RFC 1123).
pub(crate) fn check_lease(name: &str) -> Result<()> {
    if name.len() <= LONGEST_LEASE && name.split('.').all(is_dns_label) {
        return Ok(());
    }
    Err(Error::config(
        "lease",
        format_args!("`{}`", name.escape_debug()),
        "use lower-case letters, digits, `-` and `.`, starting and ending with a letter or digit, \
         at most 253 characters (a Kubernetes object name)",
    ))
}

/// The name of a Kubernetes namespace: a DNS label (RFC 1123).
pub(crate) fn check_namespace(name: &str) -> Result<()> {
    if name.len() <= LONGEST_NAMESPACE && is_dns_label(name) {
        return Ok(());
    }
    Err(Error::config(
        "namespace",
        format_args!("`{}`", name.escape_debug()),
        "use lower-case letters, digits and `-`, starting and ending with a letter or digit, at \
         most 63 characters (a Kubernetes namespace)",
    ))
}

fn is_dns_label(label: &str) -> bool {
    let is_alphanumeric = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    label.starts_with(is_alphanumeric)
        && label.ends_with(is_alphanumeric)
        && label.chars().all(|c| is_alphanumeric(c) || c == '-')
}
