//! Events as JavaScript takes them out of the queue.

use leasehold::Event;
use leasehold::bindings::OnceNews;
use napi_derive::napi;

use crate::error::NativeError;
use crate::queue::Notification;
use crate::term::NativeTerm;
use crate::unfinished::{Guard, Unfinished};

/// Something that has happened. Which fields there are depends on `kind`.
#[derive(Default)]
#[napi(object, object_from_js = false)]
pub struct NativeEvent {
    pub kind: &'static str,
    /// Of `acquired` and `lost`, and of `once` whose work may be done now.
    pub term: Option<NativeTerm>,
    /// Of `lost`: the number of what is unfinished until listeners are done. Of `once`: until its work is.
    pub unfinished: Option<u32>,
    /// Of `lost`.
    pub reason: Option<&'static str>,
    /// Of `leaderChanged`, where there is one.
    pub holder: Option<String>,
    /// Of `startFailed` and `renewalFailing`, of `once` that cannot go on, and of `claimed` that has failed.
    pub error: Option<NativeError>,
    /// Of `once` and `claimed`: the number of the call.
    pub call: Option<u32>,
    /// Of `once` that is done: whether that was here. It has failed if nothing else is there.
    pub here: Option<bool>,
    /// Of `claimed`: whether the firing is begun by that call.
    pub is_begun: Option<bool>,
}

impl NativeEvent {
    /// Converts what has happened; a loss is `unfinished` from now on.
    pub(crate) fn new(notification: Notification, unfinished: &mut Unfinished) -> Option<Self> {
        let event = match notification {
            Notification::Started => Self::of_kind("started"),
            Notification::StartFailed(error) => Self {
                error: Some((&error).into()),
                ..Self::of_kind("startFailed")
            },
            Notification::Event(Event::Acquired(term)) => Self {
                term: Some(NativeTerm(term)),
                ..Self::of_kind("acquired")
            },
            Notification::Event(Event::Lost(loss)) => Self {
                term: Some(NativeTerm(loss.term.clone())),
                reason: Some(loss.reason.name()),
                unfinished: Some(unfinished.hold(Guard::Loss(loss))),
                ..Self::of_kind("lost")
            },
            Notification::Event(Event::LeaderChanged(holder)) => Self {
                holder,
                ..Self::of_kind("leaderChanged")
            },
            Notification::Event(Event::RenewalFailing(error)) => Self {
                error: Some((&error).into()),
                ..Self::of_kind("renewalFailing")
            },
            Notification::Event(Event::Stopped) => Self::of_kind("stopped"),
            Notification::Once(call, news) => {
                let once = Self {
                    call: Some(call),
                    ..Self::of_kind("once")
                };
                match news {
                    Ok(OnceNews::Begun(work)) => Self {
                        term: Some(NativeTerm(work.term.clone())),
                        unfinished: Some(unfinished.hold(Guard::Once(work))),
                        ..once
                    },
                    Ok(OnceNews::Done(here)) => Self {
                        here: Some(here),
                        ..once
                    },
                    Ok(OnceNews::Failed) => once,
                    Err(error) => Self {
                        error: Some((&error).into()),
                        ..once
                    },
                }
            }
            Notification::Claimed(call, claimed) => {
                let (is_begun, error) = match claimed {
                    Ok(is_begun) => (Some(is_begun), None),
                    Err(error) => (None, Some((&error).into())),
                };
                Self {
                    call: Some(call),
                    is_begun,
                    error,
                    ..Self::of_kind("claimed")
                }
            }
            // One of a newer core, which this package has no name for.
            Notification::Event(_) => return None,
        };
        Some(event)
    }

    fn of_kind(kind: &'static str) -> Self {
        Self {
            kind,
            ..Self::default()
        }
    }
}
