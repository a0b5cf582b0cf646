//! Who this candidate is: a name that people recognise, and a suffix that nobody else has.

use std::env;

use crate::error::{Error, ErrorKind, Result};
use crate::system::host;

/// Where the recognisable part comes from, first match wins.
const NAME_VARIABLES: [&str; 3] = ["POD_NAME", "MY_POD_NAME", "HOSTNAME"];
/// Those of them that only a pod has.
const POD_VARIABLES: [&str; 2] = ["POD_NAME", "MY_POD_NAME"];

/// Random bits in the suffix; two candidates draw the same ones about never.
const SUFFIX_BITS: u32 = 40;

/// The pod's or host's name, `_`, and a new random suffix from the operating system, so that a
/// restarted process never takes its predecessor's record for its own.
pub(crate) fn draw() -> Result<String> {
    let suffix = random()? >> (u64::BITS - SUFFIX_BITS);
    Ok(format!("{}_{suffix:010x}", host_name()))
}

/// The name of the pod that we run in, if its manifest hands it down.
pub(crate) fn pod_name() -> Option<String> {
    let named = |name: &&str| env::var(name).ok().filter(|value| !value.is_empty());
    POD_VARIABLES.iter().find_map(named)
}

/// A number that nobody can guess; also seeds the jitter.
pub(crate) fn random() -> Result<u64> {
    getrandom::u64().map_err(|error| {
        Error::new(
            ErrorKind::Internal,
            format!("cannot read random numbers from the operating system: {error}"),
        )
    })
}

/// The pod's name, or that of the host, which is the pod's unless somebody has given it another.
pub(crate) fn host_name() -> String {
    NAME_VARIABLES
        .iter()
        .find_map(|name| env::var(name).ok().filter(|value| !value.is_empty()))
        .unwrap_or_else(host::name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_elections_of_one_process_have_different_identities() {
        assert_ne!(draw().unwrap(), draw().unwrap());
    }

    #[test]
    fn the_suffix_follows_the_name_of_pod_or_host() {
        let identity = draw().unwrap();
        let (name, suffix) = identity.rsplit_once('_').unwrap();
        assert_eq!(name, host_name());
        assert_eq!(suffix.len(), 10);
    }
}
