//! From settings in JSON to a `Config`.

use leasehold::{Config, Result};
use serde_json::{Map, Value};

pub(crate) fn config(settings: &Map<String, Value>) -> Result<Config> {
    let mut given = settings.iter().filter(|(_, value)| !value.is_null());
    given.try_fold(Config::from_env(), |config, (field, value)| match value {
        Value::String(text) => config.set(field, text),
        value => config.set(field, &value.to_string()),
    })
}
