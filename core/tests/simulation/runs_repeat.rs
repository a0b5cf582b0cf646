//! A seed stands for one run: what it shows once it shows again.

use crate::verdicts::write_all;
use crate::world::simulate;

#[test]
fn the_same_seed_gives_the_same_time_line() {
    for seed in [1, 2, 3, 5, 8, 13, 21, 34] {
        let [once, again] = [seed, seed].map(|seed| {
            let mut text = String::new();
            write_all(&mut text, &simulate(seed).entries);
            text
        });
        let differs = once
            .lines()
            .zip(again.lines())
            .find(|(one, other)| one != other);
        assert_eq!(differs, None, "seed {seed}");
        assert_eq!(once.len(), again.len(), "seed {seed}");
    }
}

#[test]
fn another_seed_gives_another_time_line() {
    let [one, other] = [1, 2].map(|seed| simulate(seed).entries.len());
    assert_ne!(one, other);
}
