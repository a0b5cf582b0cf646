use std::fs;
use std::panic::catch_unwind;
use std::path::Path;

use super::{TARGETS, Target};

/// So many inputs are made for each target from its corpus, always the same.
const MADE: usize = 1_000;
/// What targets look for.
const TOKENS: &[&str] = &[
    "\0",
    "\n",
    "\"",
    "{",
    "}",
    "[",
    "]",
    "null",
    "-1",
    "1e999",
    "18446744073709551615",
    "2147483647",
    "9999-12-31T23:59:59.999999Z",
    "\u{1b}[31m",
    "\u{feff}",
    "leasehold.io/done",
    ": ",
    "&a",
    "*a",
    "-",
];

/// A known failure stays in the corpus, in a file named after what was wrong.
fn corpus(target: &Target) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    let entries = fs::read_dir(folder.join(target.name)).expect(target.name);
    let mut paths: Vec<_> = entries.map(|it| it.expect("a file").path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "{} has no corpus", target.name);
    let read = |path| fs::read(path).expect("a file");
    paths.into_iter().map(read).collect()
}

/// `input` with up to four changes of the kinds that fuzzers make.
fn changed(input: &[u8], other: &[u8], random: &mut fastrand::Rng) -> Vec<u8> {
    let mut input = input.to_vec();
    for _ in 0..random.usize(1..=4) {
        let at = random.usize(..=input.len());
        let end = random.usize(at..=input.len());
        match random.u8(..6) {
            0 if at < input.len() => input[at] ^= 1 << random.u8(..8),
            1 if at < input.len() => input[at] = random.u8(..),
            2 => drop(input.drain(at..end.min(at + 16))),
            3 => {
                let again = input[at..end.min(at + 64)].to_vec();
                input.splice(at..at, again);
            }
            4 => {
                let from = random.usize(..=other.len());
                input.splice(at.., other[from..].iter().copied());
            }
            _ => {
                let token = TOKENS[random.usize(..TOKENS.len())];
                input.splice(at..at, token.bytes());
            }
        }
    }
    input
}

fn holds(target: &Target, input: &[u8]) -> bool {
    let run = target.run;
    let holds = catch_unwind(|| run(input)).is_ok();
    if !holds {
        let input = String::from_utf8_lossy(input);
        eprintln!("^ {} of {input:?}", target.name);
    }
    holds
}

#[test]
fn what_others_write_is_understood_or_refused() {
    let mut wrong = Vec::new();
    for target in TARGETS {
        let corpus = corpus(target);
        let mut random = fastrand::Rng::with_seed(18);
        let made = (0..MADE).map(|_| {
            let [input, other] = [(); 2].map(|()| &corpus[random.usize(..corpus.len())]);
            changed(input, other, &mut random)
        });
        if !corpus
            .iter()
            .cloned()
            .chain(made)
            .all(|input| holds(target, &input))
        {
            wrong.push(target.name);
        }
    }
    assert!(wrong.is_empty(), "see above: {wrong:?}");
}
