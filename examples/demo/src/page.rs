//! The time line as a page of HTML, with all that belongs to it in it.

mod drawing;

use anyhow::Result;
use askama::Template;
use leasehold_tests::{Moment, Sidecar};

use self::drawing::Drawing;
use crate::candidate::LEASE_DURATION;
use crate::handover::Handover;
use crate::history::{History, Term};
use crate::words::{instant, readable};

#[derive(Template)]
#[template(path = "demo.html")]
struct Page<'a> {
    subtitle: &'a str,
    verdict: &'a str,
    faults: &'a [String],
    drawing: Drawing,
    terms: Vec<TermRow<'a>>,
    handovers: Vec<HandoverRow<'a>>,
    poll_ms: u128,
    release_delay: &'a str,
    lease_duration: &'a str,
}

struct TermRow<'a> {
    who: &'a str,
    token: u64,
    from: String,
    until: String,
    runs: usize,
    end: &'a str,
}

struct HandoverRow<'a> {
    cause: &'a str,
    from: &'a str,
    to: &'a str,
    took: String,
    gap: String,
}

/// The page. `subtitle` says where it was; `verdict` what has held, unless there are `faults`.
pub(crate) fn render(
    history: &History,
    ended: Moment,
    subtitle: &str,
    verdict: &str,
    faults: &[String],
) -> Result<String> {
    let terms = history.terms.iter();
    let page = Page {
        subtitle,
        verdict,
        faults,
        drawing: Drawing::new(history, ended),
        terms: terms.map(|it| TermRow::new(history, it, ended)).collect(),
        handovers: Handover::all(history)
            .map(|it| HandoverRow::new(history, &it))
            .collect(),
        poll_ms: Sidecar::POLL_PERIOD.as_millis(),
        release_delay: Sidecar::RELEASE_DELAY,
        lease_duration: LEASE_DURATION,
    };
    Ok(page.render()?)
}

impl<'a> TermRow<'a> {
    fn new(history: &'a History, term: &'a Term, ended: Moment) -> Self {
        Self {
            who: history.name(term.who),
            token: term.token,
            from: instant(history, term.from),
            until: instant(history, term.until.unwrap_or(ended)),
            runs: history.runs_of(term),
            end: &term.end,
        }
    }
}

impl<'a> HandoverRow<'a> {
    fn new(history: &'a History, handover: &Handover<'a>) -> Self {
        Self {
            cause: handover.cause(),
            from: history.name(handover.old.who),
            to: history.name(handover.new.who),
            took: readable(handover.took()),
            gap: readable(handover.gap()),
        }
    }
}

#[cfg(test)]
mod tests {
    use roxmltree::{Document, ParsingOptions};

    use super::*;
    use crate::handover::Deed;
    use crate::history::tests::history;

    const SECOND: Moment = 1_000_000_000;

    /// Parsed as strictly as XML.
    fn parsed(page: &str) -> Document<'_> {
        let allow_dtd = true;
        let options = ParsingOptions {
            allow_dtd,
            ..ParsingOptions::default()
        };
        Document::parse_with_options(page, options).expect("well-formed")
    }

    fn texts<'a>(document: &'a Document<'_>, element: &str) -> Vec<&'a str> {
        let all = document
            .descendants()
            .filter(|node| node.has_tag_name(element));
        all.filter_map(|node| node.text()).collect()
    }

    fn page(ledger: &str, verdict: &str, faults: &[String]) -> String {
        render(&history(ledger), 20 * SECOND, "somewhere", verdict, faults).unwrap()
    }

    #[test]
    fn it_shows_each_term_run_and_handover() {
        let ledger = "1000000000 a acquired 1
            2000000000 a run 1 500
            3000000000 a run 1 501
            3500000000 a lost 1 stopped
            3600000000 b acquired 2";
        let page = page(ledger, "all is well", &[]);
        let document = parsed(&page);
        let titles = texts(&document, "title");
        let term = "a leads under fencing token 1, from 1.000 s to 3.500 s: 2 runs; stopped";
        assert!(titles.contains(&term), "{titles:?}");
        assert!(titles.contains(&"nobody leads for 100.0 ms"), "{titles:?}");
        let dots = document
            .descendants()
            .filter(|node| node.has_tag_name("circle"));
        assert_eq!(dots.count(), 2);
        assert!(texts(&document, "p").contains(&"all is well"));
    }

    #[test]
    fn what_was_wrong_is_shown_in_place_of_the_verdict() {
        let page = page("", "all is well", &["two leaders".to_owned()]);
        let document = parsed(&page);
        let paragraphs = texts(&document, "p");
        assert!(paragraphs.contains(&"two leaders"), "{paragraphs:?}");
        assert!(!paragraphs.contains(&"all is well"), "{paragraphs:?}");
    }

    #[test]
    fn no_text_can_be_more_than_text() {
        let nasty = "</svg><script>alert('&')</script>";
        let mut history = history("1 a acquired 1\n5 a lost 1 stopped");
        nasty.clone_into(&mut history.candidates[0].name);
        nasty.clone_into(&mut history.terms[0].end);
        history.act(0, Deed::Pause);
        let page = render(&history, SECOND, nasty, nasty, &[]).unwrap();
        let document = parsed(&page);
        assert!(texts(&document, "script").is_empty());
        assert!(texts(&document, "td").contains(&nasty));
    }

    #[test]
    fn it_needs_nothing_but_itself() {
        let page = page("1 a acquired 1", "all is well", &[]);
        let document = parsed(&page);
        for node in document.descendants() {
            for name in ["href", "src", "srcset"] {
                assert_eq!(node.attribute(name), None);
            }
        }
        assert!(!page.contains("@import"));
    }
}
