//! Values that a forked child sees as zeros, of all elections of a process: many in one page.

use std::io;
use std::sync::{Mutex, PoisonError};

use super::PerProcess;
use super::fork::{ForkWiped, Page, ZeroIsValid};

/// The page that has room. Those before live as long as a value in them.
static PAGE: PerProcess<Mutex<Option<Page>>> = PerProcess::new();

/// Moves `value` to where a forked child sees zeros.
pub(crate) fn fork_wiped<T: ZeroIsValid>(value: T) -> io::Result<ForkWiped<T>> {
    let mut page = PAGE.get()?.lock().unwrap_or_else(PoisonError::into_inner);
    let page = match &mut *page {
        Some(page) => page,
        none => none.insert(Page::new()?),
    };
    page.put(value).or_else(|value| {
        *page = Page::new()?;
        let put = page.put(value);
        Ok(put.unwrap_or_else(|_| unreachable!("an empty page has room for any value")))
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::ptr;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    struct Number(AtomicU64);

    // SAFETY: zero is a number.
    #[expect(unsafe_code, reason = "vouches for that")]
    unsafe impl ZeroIsValid for Number {}

    #[cfg(unix)]
    #[test]
    fn values_share_pages_and_outlive_each_other() {
        const COUNT: u64 = 1_000;
        let number = |number| fork_wiped(Number(AtomicU64::new(number))).unwrap();
        let mut numbers: Vec<_> = (0..COUNT).map(|it| (it, number(it))).collect();
        let page = |value: &Number| ptr::from_ref(value).addr() / 4096;
        let pages: HashSet<_> = numbers.iter().map(|(_, value)| page(value)).collect();
        // Of this test and of those that run beside it.
        assert!(pages.len() < 100, "{}", pages.len());

        numbers.retain(|(it, _)| it % 3 == 0);
        let after = (0..COUNT).map(|it| (it, number(it)));
        numbers.extend(after);
        for (it, value) in &numbers {
            assert!(value.is_same_process());
            assert_eq!(value.0.load(Ordering::Relaxed), *it);
        }
    }
}
