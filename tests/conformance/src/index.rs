//! `index.json`: what the cases are, for readers. It is made from their files.

use serde::{Deserialize, Serialize};

use crate::case::{Case, Store};

/// One line of the index.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    number: String,
    file: String,
    title: String,
    holds: String,
    stores: Vec<Store>,
}

impl Entry {
    pub(crate) fn of(case: &Case) -> Self {
        Self {
            number: case.number.clone(),
            file: format!("cases/{}", case.file),
            title: case.title.clone(),
            holds: case.holds.clone(),
            stores: case.stores.clone(),
        }
    }
}
