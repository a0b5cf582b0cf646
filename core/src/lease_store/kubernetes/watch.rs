//! The events of a watch: an answer that goes on for minutes, with a line of JSON for each.

use std::io;

use futures_util::{Stream, TryStreamExt, stream};
use http_body_util::BodyDataStream;
use hyper::body::Incoming;
use kube::core::WatchEvent as ServerEvent;
use serde_json::Value;
use tokio::io::AsyncBufReadExt;
use tokio_util::io::StreamReader;

use super::connection::InFlight;
use super::rbac::Verb;
use super::refusal::Refusal;
use super::{LeaseName, lease_object};
use crate::error::{Error, ErrorKind};
use crate::lease_store::{Result, WatchEvent};

/// The events in `body`, up to its end or the first error.
pub(super) fn events<'a>(
    body: Incoming,
    in_flight: InFlight<'a>,
    lease: &'a LeaseName,
) -> impl Stream<Item = Result<WatchEvent>> + 'a {
    let bytes = BodyDataStream::new(body).map_err(io::Error::other);
    let lines = StreamReader::new(bytes).lines();
    stream::try_unfold(
        (lines, in_flight),
        move |(mut lines, in_flight)| async move {
            match lines.next_line().await {
                Ok(Some(line)) => Ok(Some((event(&line, lease)?, (lines, in_flight)))),
                Ok(None) => Ok(None),
                Err(error) => Err(in_flight.fail(error).into()),
            }
        },
    )
}

fn event(line: &str, lease: &LeaseName) -> Result<WatchEvent> {
    let event: ServerEvent<Value> = serde_json::from_str(line).map_err(|error| {
        let message = format!("the watch of the Lease {lease} told what is no event: {error}");
        Error::new(ErrorKind::Unavailable, message).with_source(error)
    })?;
    match event {
        ServerEvent::Added(object) | ServerEvent::Modified(object) => {
            Ok(WatchEvent::Changed(lease_object::stored_lease(object)?))
        }
        ServerEvent::Deleted(object) => Ok(WatchEvent::Deleted(lease_object::version(&object)?)),
        ServerEvent::Bookmark(bookmark) => Ok(WatchEvent::Bookmark(lease_object::parse_version(
            &bookmark.metadata.resource_version,
        )?)),
        ServerEvent::Error(status) => {
            Err(Refusal::in_stream(status).into_error(Verb::Watch, lease))
        }
    }
}
