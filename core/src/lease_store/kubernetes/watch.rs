//! The events of a watch: an answer that goes on for minutes, with a line of JSON for each.

use std::io;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use http_body_util::BodyDataStream;
use hyper::body::Incoming;
use kube::core::WatchEvent as ServerEvent;
use serde_json::Value;
use tokio::time::timeout;
use tokio_util::codec::{Decoder, LinesCodec, LinesCodecError};

use super::connection::{InFlight, LONGEST_ANSWER};
use super::rbac::Verb;
use super::refusal::Refusal;
use super::{LeaseName, lease_object};
use crate::error::{self, Error, ErrorKind};
use crate::lease_store::{Result, WatchEvent};

/// An API server tells at least once a minute how far it has come (a bookmark). A watch that was
/// silent for twice as long, and some more, is ended: its keeper then looks at the Lease, and opens
/// another. A proxy may forward nothing any more, or the store may have been put back to a state
/// from before what the watch waits for.
const LONGEST_SILENCE: Duration = Duration::from_secs(150);

/// What `read` makes of the events in `body`, up to its end or the first error. `what` is watched, in words.
pub(super) fn events<'a, T: 'a, E: From<Error> + 'a>(
    body: Incoming,
    in_flight: InFlight<'a>,
    what: impl Fn() -> String + 'a,
    read: impl Fn(ServerEvent<Value>) -> std::result::Result<T, E> + 'a,
) -> impl Stream<Item = std::result::Result<T, E>> + 'a {
    let bytes = BodyDataStream::new(body).map_err(io::Error::other);
    let lines = until_silent(lines(bytes), LONGEST_SILENCE);
    stream::try_unfold(
        (Box::pin(lines), in_flight, what, read),
        |(mut lines, in_flight, what, read)| async move {
            match lines.next().await {
                Some(Ok(line)) => {
                    let item = read(parsed(&line, &what)?)?;
                    Ok(Some((item, (lines, in_flight, what, read))))
                }
                None => Ok(None),
                Some(Err(error)) => Err(in_flight.fail(error).into()),
            }
        },
    )
}

/// The events of a watch on a Lease.
pub(super) fn lease_events<'a>(
    body: Incoming,
    in_flight: InFlight<'a>,
    lease: &'a LeaseName,
) -> impl Stream<Item = Result<WatchEvent>> + 'a {
    let what = move || format!("the Lease {lease}");
    events(body, in_flight, what, move |event| {
        about_lease(event, lease)
    })
}

/// What a watch tells whose `body` comes in `pieces`, up to its end or the first error.
#[cfg(any(test, fuzzing))]
pub(super) fn told<'a>(
    pieces: impl Iterator<Item = &'a [u8]>,
    lease: &LeaseName,
) -> Vec<Result<WatchEvent>> {
    let pieces = pieces.map(|piece| Ok(Bytes::copy_from_slice(piece)));
    let events = lines(stream::iter(pieces)).map(|line| {
        let line = line.map_err(|error| Error::new(ErrorKind::Unavailable, error.to_string()))?;
        about_lease(parsed(&line, || lease.to_string())?, lease)
    });
    let mut has_failed = false;
    let up_to_the_first_error = events.take_while(move |event| {
        let is_told = !has_failed;
        has_failed = event.is_err();
        std::future::ready(is_told)
    });
    let told = futures_util::FutureExt::now_or_never(up_to_the_first_error.collect());
    told.expect("all of it is there")
}

/// The lines in `bytes`, none of which is longer than an object can be. While it waits for the next one it keeps
/// no memory for it: a process may have a thousand watches, and a piece of one holds what its connection
/// has received with it.
fn lines(
    bytes: impl Stream<Item = io::Result<Bytes>> + Unpin,
) -> impl Stream<Item = std::result::Result<String, LinesCodecError>> {
    let codec = LinesCodec::new_with_max_length(LONGEST_ANSWER);
    stream::try_unfold(
        (bytes, BytesMut::new(), codec),
        |(mut bytes, mut received, mut codec)| async move {
            let line = loop {
                if let Some(line) = codec.decode(&mut received)? {
                    break Some(line);
                }
                match bytes.next().await {
                    Some(piece) => received.extend_from_slice(&piece?),
                    None => break codec.decode_eof(&mut received)?,
                }
            };
            if received.is_empty() {
                received = BytesMut::new();
            }
            Ok(line.map(|line| (line, (bytes, received, codec))))
        },
    )
}

/// The items of `stream` until it ends, or has none for as long as `limit`.
fn until_silent<S: Stream>(stream: S, limit: Duration) -> impl Stream<Item = S::Item> {
    stream::unfold(Box::pin(stream), move |mut stream| async move {
        let item = timeout(limit, stream.next()).await.ok().flatten()?;
        Some((item, stream))
    })
}

fn parsed(line: &str, what: impl Fn() -> String) -> error::Result<ServerEvent<Value>> {
    serde_json::from_str(line).map_err(|error| {
        let what = what();
        let message = format!("the watch of {what} sent a line that is not an event: {error}");
        Error::new(ErrorKind::Unavailable, message).with_source(error)
    })
}

fn about_lease(event: ServerEvent<Value>, lease: &LeaseName) -> Result<WatchEvent> {
    match event {
        ServerEvent::Added(object) | ServerEvent::Modified(object) => {
            Ok(WatchEvent::Changed(lease_object::stored_lease(object)?))
        }
        ServerEvent::Deleted(object) => Ok(WatchEvent::Deleted(lease_object::version(&object)?)),
        ServerEvent::Bookmark(bookmark) => Ok(WatchEvent::Bookmark(lease_object::parse_version(
            &bookmark.metadata.resource_version,
        )?)),
        ServerEvent::Error(status) => {
            Err(Refusal::in_stream(status).into_error(Verb::Watch, lease, &[]))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::iter;

    use futures_util::FutureExt;
    use tokio::time::{Instant, sleep};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_watch_without_two_bookmarks_in_a_row_is_ended() {
        let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
        // Bookmarks of an API server, one of which gets lost, and then nothing.
        let told = stream::iter([1, 1, 2, 1]).then(move |wait| sleep(minutes(wait)));
        let silent = until_silent(told.chain(stream::pending()), LONGEST_SILENCE);
        let start = Instant::now();

        assert_eq!(silent.count().await, 4);
        assert_eq!(start.elapsed(), minutes(5) + LONGEST_SILENCE);
    }

    #[tokio::test]
    async fn a_watch_that_waits_keeps_no_memory_for_its_next_line() {
        let first = Bytes::from(b"one\ntw".to_vec());
        let pieces = stream::iter([Ok(first.clone()), Ok(Bytes::from_static(b"o\n"))]);
        let mut lines = Box::pin(lines(pieces.chain(stream::pending())));
        assert!(matches!(lines.next().await, Some(Ok(line)) if line == "one"));
        assert!(first.is_unique());
        assert!(matches!(lines.next().await, Some(Ok(line)) if line == "two"));
        assert!(lines.next().now_or_never().is_none());
    }

    #[tokio::test]
    async fn the_last_line_needs_no_end() {
        let pieces = ["a", "\n", "b\r\nc", "d"].map(|piece| Ok(Bytes::from(piece)));
        let lines: Vec<_> = lines(stream::iter(pieces))
            .try_collect()
            .await
            .expect("lines");
        assert_eq!(lines, ["a", "b", "cd"]);
    }

    #[tokio::test]
    async fn a_line_without_an_end_is_an_error() {
        let endless = iter::repeat_with(|| Ok(Bytes::from(vec![b'x'; 1 << 16])));
        let mut lines = Box::pin(lines(stream::iter(endless)));
        let outcome = lines.next().await;
        assert!(
            matches!(outcome, Some(Err(LinesCodecError::MaxLineLengthExceeded))),
            "{outcome:?}"
        );
    }
}
