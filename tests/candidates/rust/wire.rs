//! From Leasehold's values to JSON, on the standard output.

use std::io::{Write, stdout};

use leasehold::{Error, Event, Result, Status, Term};
use serde_json::{Value, json};

/// Writes one line at once.
pub(crate) fn say(line: &Value) {
    let mut stdout = stdout().lock();
    // Those who have closed it no longer listen.
    let _ = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
}

pub(crate) fn answer(id: u64, outcome: Result<Value>) {
    say(&match outcome {
        Ok(value) => json!({ "id": id, "ok": value }),
        Err(error) => json!({ "id": id, "error": of_error(&error) }),
    });
}

pub(crate) fn notify(candidate: &str, event: &Event) {
    let mut line = match event {
        Event::Acquired(term) => json!({ "term": of_term(term) }),
        Event::Lost(loss) => json!({
            "term": of_term(&loss.term),
            "reason": loss.reason.name(),
            "has_time_left": !loss.time_left().is_zero(),
        }),
        Event::LeaderChanged(leader) => json!({ "leader": leader }),
        Event::RenewalFailing(error) => json!({ "error": of_error(error) }),
        _ => json!({}),
    };
    line["event"] = json!(event.kind().name());
    line["candidate"] = json!(candidate);
    say(&line);
}

pub(crate) fn of_term(term: &Term) -> Value {
    json!({
        "fencing_token": term.fencing_token().to_string(),
        "transitions": term.transitions(),
        "lease_uid": term.lease_uid(),
        "acquisition": term.acquisition().name(),
        "is_valid": term.is_valid(),
    })
}

pub(crate) fn of_status(status: &Status) -> Value {
    json!({
        "lease": status.lease,
        "mode": status.mode.to_string(),
        "identity": status.identity,
        "role": status.role.name(),
        "holder": status.holder,
        "why_not_leading": status.why_not_leading,
        "failing": status.failing.as_ref().map(of_error),
        "watching": status.watching,
        "fencing_token": status.fencing_token.map(|token| token.to_string()),
    })
}

fn of_error(error: &Error) -> Value {
    json!({ "kind": error.kind().name(), "message": error.message() })
}
