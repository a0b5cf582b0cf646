//! `leasehold watch`: what happens to some Leases, as it happens.

mod history;
mod text;
mod timeline;
mod view;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, bail};
use clap::Args;
use leasehold::bindings::{LogLevel, set_log_sink};
use leasehold::{Error, ErrorKind, LeaseSnapshot, LeaseState, Observer};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::interval;

use self::view::{Line, View};
use crate::exit;
use crate::output::say_json;
use crate::settings::Leases;
use crate::signals::{self, Signals};

/// How often a terminal is redrawn.
const REFRESH: Duration = Duration::from_millis(200);

/// Follows Leases, and prints what happens to them until it is interrupted.
///
/// One line for each event: `found` (as it was at first), `acquired`, `handed_over`, `released`,
/// `expired`, `renewed` (after it had expired), `created`, `deleted`, `failing`, `recovered`.
/// Ordinary renewals are not shown. On a terminal, a time line of the last minute is below, with
/// a column for each second and a letter for each holder: `·` is nobody, `!` is expired.
///
/// Never acquires: it watches as a candidate does, with the rights to `get` and `watch`; if it may
/// not watch, it says so and polls. It goes on after any failure. A Lease expires here as for a
/// candidate: when it has been seen unchanged for its lease duration.
///
/// Exits with 0 when it is interrupted (Ctrl-C, SIGTERM) and has begun to watch; 128 + n if
/// signal n came before that; 2 for a wrong flag or setting, or if a Lease may not be read.
///
/// With --json, one object on one line for each event, which always has all fields, null if
/// there is nothing to say: `time` (of this machine), `lease`, `namespace`, `event`, `state`
/// (held, released, expired, absent or unknown), `holder`, `previous_holder`, `transitions`,
/// `resource_version`, and `error` with `kind` and `message`.
#[derive(Args)]
pub(crate) struct Options {
    /// Writes JSON, for programs
    #[arg(long)]
    json: bool,
    // Last, since its heading would be that of what follows.
    #[command(flatten)]
    leases: Leases,
}

/// What there is to tell.
enum Message {
    /// A Lease, by its number, has changed.
    Seen(usize, Box<LeaseSnapshot>),
    /// A Lease, by its number, is no longer followed. That is a defect of the library.
    Ended(usize),
    /// A warning of the library.
    Warning(String),
}

pub(crate) fn run(options: Options) -> Result<ExitCode> {
    let (sender, messages) = unbounded_channel();
    let warnings = sender.clone();
    set_log_sink(LogLevel::Warn, move |record| {
        // Nobody listens once the program ends.
        let _ = warnings.send(Message::Warning(record.message));
    })?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(watch(options, sender, messages))
}

async fn watch(
    Options { json, leases }: Options,
    sender: UnboundedSender<Message>,
    mut messages: UnboundedReceiver<Message>,
) -> Result<ExitCode> {
    let mut signals = Signals::receive(&signals::STOP)?;
    let names = leases.names.clone();
    let observers = match signals.unless_stopped(move || leases.observe()).await {
        Ok(observers) => observers.inspect_err(|error| {
            for name in names.iter().filter(|_| json) {
                // Somebody who does not read it may still read the error.
                let _ = say_json(&Line::of_failure(name, error));
            }
        })?,
        Err(signal) => return Ok(exit::by(signal)),
    };
    let locations = observers.iter().map(Observer::location);
    let mut view = View::new(names.iter().zip(locations), json);
    for (number, observer) in observers.iter().enumerate() {
        let mut snapshots = observer.follow()?;
        let sender = sender.clone();
        tokio::spawn(async move {
            while let Some(snapshot) = snapshots.recv().await {
                if sender
                    .send(Message::Seen(number, Box::new(snapshot)))
                    .is_err()
                {
                    return;
                }
            }
            // Nobody listens once the program ends.
            let _ = sender.send(Message::Ended(number));
        });
    }
    let mut refresh = interval(REFRESH);
    loop {
        tokio::select! {
            _ = signals.next() => break,
            Some(message) = messages.recv() => match message {
                Message::Seen(number, snapshot) => {
                    let failure = lasting_failure(&snapshot).cloned();
                    if failure.is_none() || json {
                        view.see(number, *snapshot)?;
                    }
                    if let Some(error) = failure {
                        view.close()?;
                        return Err(error.into());
                    }
                }
                Message::Ended(number) => {
                    view.close()?;
                    bail!("a defect has ended the watch of {}", names[number]);
                }
                Message::Warning(message) => view.warn(&message)?,
            },
            _ = refresh.tick(), if view.is_live() => view.redraw()?,
        }
    }
    view.close()?;
    Ok(ExitCode::SUCCESS)
}

/// Why a Lease that was never read will not be, unless somebody changes settings or rights.
fn lasting_failure(snapshot: &LeaseSnapshot) -> Option<&Error> {
    let lasting = |kind| matches!(kind, ErrorKind::Config | ErrorKind::Forbidden);
    let failing = snapshot.failing.as_ref();
    failing.filter(|error| snapshot.state == LeaseState::Unknown && lasting(error.kind()))
}
