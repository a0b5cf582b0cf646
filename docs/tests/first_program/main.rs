//! The first program of each language's page, as a newcomer runs it: in an empty folder, with the
//! package as it is delivered, twice.
//!
//! What to type is in the page's `first.sh`: its last line is the program, those before it install
//! what it needs. `LEASEHOLD_PAGE` names the page; by default it is those that need nothing but
//! Rust, built with this test. `LEASEHOLD_PACKAGES` is the folder with the packages that were
//! built.

mod instance;
mod newcomer;
mod registry;

use std::env;

use crate::newcomer::Newcomer;

#[test]
fn one_of_two_does_the_job_and_when_it_stops_the_other_does() {
    let pages = env::var("LEASEHOLD_PAGE").map_or_else(
        |_| vec!["rust".to_owned(), "any-program".to_owned()],
        |page| vec![page],
    );
    for page in pages {
        let newcomer = Newcomer::arrives_at(&page);
        let mut first = newcomer.runs_the_program();
        let token = first.does_the_job();
        let mut second = newcomer.runs_the_program();
        for _ in 0..5 {
            assert_eq!(first.does_the_job(), token);
        }
        second.has_done_nothing();

        first.stops_when_asked();
        assert!(second.does_the_job() > token, "a later token is greater");
        second.stops_when_asked();
    }
}
