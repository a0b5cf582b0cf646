//! What can go wrong around an election: a table of faults, each done to three candidates on a real API
//! server. What is wrong is said, and there is a leader again at the end.

mod access;
mod api_server;
mod etcd;
pub mod figures;
mod identity;
mod lease_by_hand;
mod network;
mod overload;
mod settings;
mod wall_clock;

use anyhow::Result;

use crate::candidates::Trial;

/// One fault.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    module: &'static str,
    function: &'static str,
    /// What happens, as tables of figures have it.
    pub name: &'static str,
    /// What the fault is done to.
    pub touches: Touches,
    happens: fn(&mut Trial<'_>) -> Result<()>,
}

/// What a fault is done to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Touches {
    /// Its own Lease, and who takes part and how they reach the API server.
    Candidates,
    /// The process that leads, which stands still for a while.
    Process,
    /// Wall clocks of candidates, which run with a library for that.
    WallClocks,
    /// The servers, which no other election may use meanwhile.
    Servers,
}

impl Fault {
    /// All of them, by what they are about.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        let tables = [
            access::FAULTS,
            api_server::FAULTS,
            etcd::FAULTS,
            identity::FAULTS,
            lease_by_hand::FAULTS,
            network::FAULTS,
            overload::FAULTS,
            settings::FAULTS,
            wall_clock::FAULTS,
        ];
        tables.into_iter().flatten()
    }

    /// What its test is called.
    pub fn test(&self) -> String {
        let (_, module) = self.module.rsplit_once("::").unwrap_or_default();
        format!("{module}::{}", self.function)
    }

    /// What the name of a Lease may begin with that suffers it.
    pub fn lease(&self) -> String {
        self.function.replace('_', "-")
    }

    /// Makes it happen to the candidates that it lets enter `trial`.
    pub fn happen(&self, trial: &mut Trial<'_>) -> Result<()> {
        (self.happens)(trial)
    }
}

/// The table of a module: what each function touches, and what happens there.
macro_rules! faults {
    ($($touches:ident $function:ident: $name:literal;)+) => {
        pub(super) const FAULTS: &[crate::faults::Fault] = &[
            $(crate::faults::Fault {
                module: module_path!(),
                function: stringify!($function),
                name: $name,
                touches: crate::faults::Touches::$touches,
                happens: $function,
            },)+
        ];
    };
}
use faults;
