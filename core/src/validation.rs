//! Which names a Lease, a namespace and a candidate may have, and which labels and annotations. The
//! first two become parts of URLs and of file paths. An error calls what is wrong by the setting that
//! it comes from.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::error::{Error, Result};

const LONGEST_SUBDOMAIN: usize = 253;
const LONGEST_NAMESPACE: usize = 63;
/// The longest holder identity that is still of use to a reader.
const LONGEST_IDENTITY: usize = 253;
const LONGEST_LABEL_WORD: usize = 63;
const LONGEST_KEY: usize = 128;
/// In bytes, keys and values.
const MOST_ANNOTATIONS: usize = 256 * 1024;
/// Of the keys that Leasehold itself writes.
const OUR_PREFIX: &str = "leasehold.io";

/// The name of a Kubernetes object: a DNS subdomain (RFC 1123).
pub(crate) fn check_lease(setting: &str, name: &str) -> Result<()> {
    if is_dns_subdomain(name) {
        return Ok(());
    }
    Err(wrong(
        setting,
        name,
        "use lower-case letters, digits, `-` and `.`, starting and ending with a letter or digit, \
         at most 253 characters (a Kubernetes object name)",
    ))
}

/// The name of a Kubernetes namespace: a DNS label (RFC 1123).
pub(crate) fn check_namespace(setting: &str, name: &str) -> Result<()> {
    if name.len() <= LONGEST_NAMESPACE && is_dns_label(name) {
        return Ok(());
    }
    Err(wrong(
        setting,
        name,
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
    Err(wrong(
        setting,
        identity,
        "use 1 to 253 printable characters, unique to this process, or leave it out",
    ))
}

/// The key of work that is to run once.
pub(crate) fn check_work_key(setting: &str, key: &str) -> Result<()> {
    if is_key(key) {
        return Ok(());
    }
    let fix = if key.is_empty() {
        "name the version of the work, such as `1.4.2`: is the variable set that it comes from?"
    } else {
        "use 1 to 128 visible ASCII characters without spaces, such as `1.4.2` or an image's digest"
    };
    Err(wrong(setting, key, fix))
}

/// The name of a scheduled job.
pub(crate) fn check_job(setting: &str, job: &str) -> Result<()> {
    if is_key(job) {
        return Ok(());
    }
    Err(wrong(
        setting,
        job,
        "use 1 to 128 visible ASCII characters without spaces, such as `billing.invoices`",
    ))
}

/// The name of a Kubernetes Service: a DNS label (RFC 1123).
pub(crate) fn check_service(setting: &str, name: &str) -> Result<()> {
    if name.len() <= LONGEST_NAMESPACE && is_dns_label(name) {
        return Ok(());
    }
    Err(wrong(
        setting,
        name,
        "use lower-case letters, digits and `-`, starting and ending with a letter or digit, at \
         most 63 characters (a Kubernetes Service)",
    ))
}

/// An IP address.
pub(crate) fn check_address(setting: &str, address: &str) -> Result<IpAddr> {
    address.parse().map_err(|_| {
        wrong(
            setting,
            address,
            "use an IP address, such as that of the pod (POD_IP from the Downward API)",
        )
    })
}

/// The labels of a Kubernetes object.
pub(crate) fn check_labels(setting: &str, labels: &BTreeMap<String, String>) -> Result<()> {
    for (key, value) in labels {
        check_key(setting, key, value, key)?;
        if !value.is_empty() && !is_label_word(value) {
            let fix = "use a value of letters, digits, `-`, `_` and `.`, starting and ending with a \
                       letter or digit, at most 63 characters, or an empty one (a Kubernetes label)";
            return Err(wrong_pair(setting, key, value, fix));
        }
    }
    Ok(())
}

/// The annotations of a Kubernetes object, whose values may be anything.
pub(crate) fn check_annotations(
    setting: &str,
    annotations: &BTreeMap<String, String>,
) -> Result<()> {
    for (key, value) in annotations {
        // As the API server compares them, which takes capitals in the prefix of an annotation.
        check_key(setting, key, value, &key.to_lowercase())?;
    }
    let pairs = annotations.iter();
    let size: usize = pairs.map(|(key, value)| key.len() + value.len()).sum();
    if size > MOST_ANNOTATIONS {
        let fix = format!("use at most {MOST_ANNOTATIONS} bytes of annotations in all");
        return Err(Error::config(setting, format_args!("{size} bytes"), fix));
    }
    Ok(())
}

/// The key of a label or an annotation; `compared` is what the rules are about.
fn check_key(setting: &str, key: &str, value: &str, compared: &str) -> Result<()> {
    let (prefix, name) = match compared.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, compared),
    };
    if prefix == Some(OUR_PREFIX) {
        let fix =
            format!("use another prefix: `{OUR_PREFIX}/` is for what Leasehold itself writes");
        return Err(wrong_pair(setting, key, value, &fix));
    }
    if !is_label_word(name) || !prefix.is_none_or(is_dns_subdomain) {
        let fix = "use a key of letters, digits, `-`, `_` and `.`, starting and ending with a letter \
                   or digit, at most 63 characters, which may follow a DNS name and `/` (a Kubernetes \
                   qualified name)";
        return Err(wrong_pair(setting, key, value, fix));
    }
    Ok(())
}

fn wrong(setting: &str, text: &str, fix: &str) -> Error {
    Error::config(setting, format_args!("`{}`", text.escape_debug()), fix)
}

fn wrong_pair(setting: &str, key: &str, value: &str, fix: &str) -> Error {
    let (key, value) = (key.escape_debug(), value.escape_debug());
    Error::config(setting, format_args!("`{key}={value}`"), fix)
}

fn is_key(key: &str) -> bool {
    let is_visible = key.bytes().all(|byte| byte.is_ascii_graphic());
    is_visible && (1..=LONGEST_KEY).contains(&key.len())
}

/// The name in the key of a label, or its value.
fn is_label_word(word: &str) -> bool {
    let is_alphanumeric = |c: char| c.is_ascii_alphanumeric();
    word.len() <= LONGEST_LABEL_WORD
        && word.starts_with(is_alphanumeric)
        && word.ends_with(is_alphanumeric)
        && word
            .chars()
            .all(|c| is_alphanumeric(c) || "-_.".contains(c))
}

fn is_dns_subdomain(name: &str) -> bool {
    name.len() <= LONGEST_SUBDOMAIN && name.split('.').all(is_dns_label)
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

    fn pairs(key: &str, value: &str) -> BTreeMap<String, String> {
        BTreeMap::from([(key.to_owned(), value.to_owned())])
    }

    /// The rules of `ValidateLabels` and `ValidateAnnotations` in apimachinery, which a real API
    /// server is held against in `tests/kubernetes_store/metadata.rs`.
    #[test]
    fn keys_and_values_are_those_of_kubernetes() {
        let long_name = "x".repeat(63);
        for key in [
            "team",
            "app.kubernetes.io/name",
            "a/B_c.d-e",
            "0",
            &long_name,
        ] {
            for value in ["", "payments", "v1.2_3-x", &long_name] {
                check_labels("labels", &pairs(key, value)).unwrap();
            }
            check_annotations("annotations", &pairs(key, "any, text\nwith = all")).unwrap();
        }
        check_annotations("annotations", &pairs("Example.COM/a", "")).unwrap();

        let longer = "x".repeat(64);
        let long_prefix = format!("{}/a", "x".repeat(254));
        for key in [
            "",
            "a b",
            "-a",
            "a-",
            "/a",
            "a/",
            "a/b/c",
            "a_b/c",
            "ä",
            &longer,
            &long_prefix,
        ] {
            let error = check_labels("labels", &pairs(key, "v")).unwrap_err();
            assert!(
                error
                    .message()
                    .starts_with(&format!("labels = `{key}=v`: use a key")),
                "{error}"
            );
            check_annotations("annotations", &pairs(key, "v")).unwrap_err();
        }
        check_labels("labels", &pairs("Example.COM/a", "")).unwrap_err();
        for value in ["a b", "-a", "a,b", "a/b", "ä", &longer] {
            let error = check_labels("labels", &pairs("team", value)).unwrap_err();
            let said = format!("labels = `team={value}`: use a value");
            assert!(error.message().starts_with(&said), "{error}");
        }
        let too_much = pairs("note", &"x".repeat(MOST_ANNOTATIONS));
        check_annotations("annotations", &too_much).unwrap_err();
    }

    #[test]
    fn what_leasehold_writes_is_its_own() {
        let error = check_annotations("annotations", &pairs("leasehold.io/done", "")).unwrap_err();
        assert!(error.message().contains("use another prefix"), "{error}");
        check_labels("labels", &pairs("leasehold.io/x", "")).unwrap_err();
        check_labels("labels", &pairs("shop.leasehold.io/x", "")).unwrap();
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
