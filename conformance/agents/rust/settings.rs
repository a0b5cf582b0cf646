//! From settings in JSON to a `Config`.

use std::path::PathBuf;
use std::time::Duration;

use leasehold::{Config, Error, ErrorKind, Mode, Result};
use serde::Deserialize;
use serde_json::{Map, Value};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    lease: Option<String>,
    namespace: Option<String>,
    mode: Option<String>,
    identity: Option<String>,
    lease_duration: Option<f64>,
    renew_deadline: Option<f64>,
    retry_period: Option<f64>,
    drain_timeout: Option<f64>,
    stall_timeout: Option<f64>,
    release_on_stop: Option<bool>,
    candidates: Option<u32>,
    reclaim: Option<bool>,
    kubeconfig: Option<PathBuf>,
    context: Option<String>,
    directory: Option<PathBuf>,
}

pub(crate) fn config(settings: &Map<String, Value>) -> Result<Config> {
    let settings = Settings::deserialize(Value::Object(settings.clone()))
        .map_err(|error| Error::new(ErrorKind::Internal, format!("the agent: {error}")))?;
    let mut config = settings.lease.map_or_else(Config::from_env, Config::new);
    if let Some(mode) = settings.mode {
        config = config.mode(mode.parse::<Mode>()?);
    }
    /// Passes on the settings that were given.
    macro_rules! pass_on {
        ($($field:ident $(as $convert:path)?),* $(,)?) => {$(
            if let Some(value) = settings.$field {
                config = config.$field($($convert)?(value));
            }
        )*};
    }
    pass_on!(
        namespace,
        identity,
        lease_duration as Duration::from_secs_f64,
        renew_deadline as Duration::from_secs_f64,
        retry_period as Duration::from_secs_f64,
        drain_timeout as Duration::from_secs_f64,
        stall_timeout as Duration::from_secs_f64,
        release_on_stop,
        candidates,
        reclaim,
        kubeconfig,
        context,
        directory,
    );
    Ok(config)
}
