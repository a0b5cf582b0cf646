//! Objects that Java holds by number. A number that was given back, or never given out, finds
//! nothing: so it is an error, never a crash.
//!
//! A number is the place of a slot and how often that slot has been used. Slots are never freed, so
//! that reading one needs no lock but the slot's own, which nobody holds for longer than it takes to
//! put something in or out.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};

use jni::sys::jlong;

/// The first segment has so many slots, each further one twice as many as the one before.
const FIRST: usize = 64;
/// So many segments are more slots than a process has memory for.
const SEGMENTS: usize = 24;

pub(crate) struct Table<T> {
    segments: [OnceLock<Box<[Slot<T>]>>; SEGMENTS],
    vacancies: Mutex<Vacancies>,
}

/// A cache line of its own, so that elections do not slow down each other's answers.
#[repr(align(64))]
struct Slot<T>(RwLock<Content<T>>);

struct Content<T> {
    /// How often the slot has been used, this time included.
    use_number: u32,
    value: Option<Arc<T>>,
}

struct Vacancies {
    left: Vec<usize>,
    never_used: usize,
}

/// What is held is whole, also after a panic.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<T> Table<T> {
    pub(crate) const fn new() -> Self {
        Self {
            segments: [const { OnceLock::new() }; SEGMENTS],
            vacancies: Mutex::new(Vacancies {
                left: Vec::new(),
                never_used: 0,
            }),
        }
    }

    /// Keeps `value` until its number is given back.
    pub(crate) fn insert(&self, value: T) -> jlong {
        let place = {
            let mut vacancies = lock(&self.vacancies);
            vacancies.left.pop().unwrap_or_else(|| {
                vacancies.never_used += 1;
                vacancies.never_used - 1
            })
        };
        let (segment, offset) = split(place);
        let size = FIRST << segment;
        let slots = self.segments[segment].get_or_init(|| (0..size).map(|_| Slot::new()).collect());
        let mut content = slots[offset]
            .0
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        content.use_number += 1;
        content.value = Some(Arc::new(value));
        number(place, content.use_number)
    }

    pub(crate) fn get(&self, number: jlong) -> Option<Arc<T>> {
        let (slot, use_number) = self.find(number)?;
        let content = slot.0.read().unwrap_or_else(PoisonError::into_inner);
        content
            .value
            .clone()
            .filter(|_| content.use_number == use_number)
    }

    /// What `ask` says about the value; `None` if there is none, or it is being removed. Neither
    /// waits nor panics.
    #[inline(always)]
    pub(crate) fn peek<R>(&self, number: jlong, ask: impl FnOnce(&T) -> R) -> Option<R> {
        let (slot, use_number) = self.find(number)?;
        let content = slot.0.try_read().ok()?;
        match &content.value {
            Some(value) if content.use_number == use_number => Some(ask(value)),
            _ => None,
        }
    }

    /// Gives the number back. The value goes when its last user has returned.
    pub(crate) fn remove(&self, number: jlong) -> Option<Arc<T>> {
        let (slot, use_number) = self.find(number)?;
        let mut content = slot.0.write().unwrap_or_else(PoisonError::into_inner);
        if content.use_number != use_number {
            return None;
        }
        let value = content.value.take()?;
        // A slot whose numbers are used up is left alone from now on.
        if use_number < i32::MAX.cast_unsigned() {
            let mut vacancies = lock(&self.vacancies);
            vacancies.left.push(place(number));
        }
        Some(value)
    }

    /// All values there are.
    pub(crate) fn all(&self) -> impl Iterator<Item = Arc<T>> {
        let slots = self.segments.iter().filter_map(OnceLock::get).flatten();
        slots.filter_map(|slot| {
            let content = slot.0.read().unwrap_or_else(PoisonError::into_inner);
            content.value.clone()
        })
    }

    #[inline(always)]
    fn find(&self, number: jlong) -> Option<(&Slot<T>, u32)> {
        let (segment, offset) = split(place(number));
        let slot = self.segments.get(segment)?.get()?.get(offset)?;
        Some((slot, (number.cast_unsigned() >> 32) as u32))
    }
}

impl<T> Slot<T> {
    fn new() -> Self {
        Self(RwLock::new(Content {
            use_number: 0,
            value: None,
        }))
    }
}

#[inline(always)]
fn place(number: jlong) -> usize {
    // Where places do not fit, there is no such slot.
    usize::try_from(number.cast_unsigned() & u64::from(u32::MAX)).unwrap_or(usize::MAX)
}

fn number(place: usize, use_number: u32) -> jlong {
    (u64::from(use_number) << 32 | place as u64).cast_signed()
}

/// The segment of a place, and the slot in it.
#[inline(always)]
fn split(place: usize) -> (usize, usize) {
    let doubled = (place / FIRST) + 1;
    let segment = doubled.ilog2() as usize;
    (segment, place - FIRST * ((1 << segment) - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_finds_its_value_until_it_is_given_back() {
        let table = Table::new();
        let number = table.insert("first");
        assert_eq!(table.get(number).as_deref(), Some(&"first"));
        assert_eq!(table.peek(number, |value| value.len()), Some(5));
        assert_eq!(table.remove(number).as_deref(), Some(&"first"));
        assert_eq!(table.get(number), None);
        assert_eq!(table.peek(number, |value| value.len()), None);
        assert_eq!(table.remove(number), None);
    }

    #[test]
    fn a_slot_that_is_used_again_has_another_number() {
        let table = Table::new();
        let old = table.insert("old");
        table.remove(old);
        let new = table.insert("new");
        assert_eq!(place(old), place(new));
        assert_eq!(table.get(old), None);
        assert_eq!(table.peek(old, |_| ()), None);
        assert_eq!(table.remove(old), None, "and takes nothing away");
        assert_eq!(table.get(new).as_deref(), Some(&"new"));
    }

    #[test]
    fn numbers_that_were_never_given_out_find_nothing() {
        let table = Table::new();
        let given = table.insert(());
        for wrong in [
            0,
            -1,
            1,
            given + 1,
            given + (1 << 32),
            jlong::MAX,
            jlong::MIN,
        ] {
            assert!(table.get(wrong).is_none(), "{wrong}");
            assert!(table.peek(wrong, |()| ()).is_none(), "{wrong}");
            assert!(table.remove(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn many_values_each_have_a_slot() {
        let table = Table::new();
        let numbers: Vec<_> = (0..1000).map(|value| table.insert(value)).collect();
        for (value, number) in numbers.iter().enumerate() {
            assert_eq!(table.get(*number).as_deref(), Some(&value));
        }
        assert_eq!(table.all().count(), 1000);
    }
}
