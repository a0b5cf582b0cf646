//! Which names a Lease, a namespace and a candidate may have. The first two become parts of URLs and of
//! file paths. An error calls the name by the setting that it comes from.

use crate::error::{Error, Result};

const LONGEST_LEASE: usize = 253;
const LONGEST_NAMESPACE: usize = 63;
/// The longest holder identity that is still of use to a reader.
const LONGEST_IDENTITY: usize = 253;

/// The name of a Kubernetes object: a DNS subdomain (RFC 1123).
pub(crate) fn check_lease(setting: &str, name: &str) -> Result<()> {
    if name.len() <= LONGEST_LEASE && name.split('.').all(is_dns_label) {
        return Ok(());
    }
    Err(Error::config(
        setting,
        format_args!("`{}`", name.escape_debug()),
        "use lower-case letters, digits, `-` and `.`, starting and ending with a letter or digit, \
         at most 253 characters (a Kubernetes object name)",
    ))
}

/// The name of a Kubernetes namespace: a DNS label (RFC 1123).
pub(crate) fn check_namespace(setting: &str, name: &str) -> Result<()> {
    if name.len() <= LONGEST_NAMESPACE && is_dns_label(name) {
        return Ok(());
    }
    Err(Error::config(
        setting,
        format_args!("`{}`", name.escape_debug()),
        "use lower-case letters, digits and `-`, starting and ending with a letter or digit, at \
         most 63 characters (a Kubernetes namespace)",
    ))
}

/// The unique name of a candidate.
pub(crate) fn check_identity(setting: &str, identity: &str) -> Result<()> {
    let is_printable = !identity.chars().any(char::is_control);
    if is_printable && identity.len() <= LONGEST_IDENTITY && !identity.trim().is_empty() {
        return Ok(());
    }
    Err(Error::config(
        setting,
        format_args!("`{}`", identity.escape_debug()),
        "use 1 to 253 printable characters, unique to this process, or leave it out",
    ))
}

fn is_dns_label(label: &str) -> bool {
    let is_alphanumeric = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    label.starts_with(is_alphanumeric)
        && label.ends_with(is_alphanumeric)
        && label.chars().all(|c| is_alphanumeric(c) || c == '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_api_server_takes_is_taken() {
        for name in ["job", "a.b-c", "0", &"x".repeat(253)] {
            check_lease("lease", name).unwrap();
        }
        for name in ["default", "team-a", "0", &"x".repeat(63)] {
            check_namespace("namespace", name).unwrap();
        }
    }

    #[test]
    fn no_name_leads_out_of_a_url_or_a_folder() {
        for name in [
            "", ".", "..", "../x", "a/b", "/", "a\0", "A", "-a", "a-", ".a", "a b", "ä", "a%2fb",
        ] {
            let error = check_lease("lease", name).unwrap_err();
            assert!(error.message().starts_with("lease = `"), "{error}");
            let error = check_namespace("namespace", name).unwrap_err();
            assert!(error.message().starts_with("namespace = `"), "{error}");
        }
        assert!(check_lease("lease", &"x".repeat(254)).is_err());
        assert!(check_namespace("namespace", &"x".repeat(64)).is_err());
        assert!(check_namespace("namespace", "a.b").is_err());
    }
}
