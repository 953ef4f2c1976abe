//! Descriptions that were made, kept for as long as their snapshot: nothing in them changes but with
//! the documents and the day.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use contracts::Language;
use jiff::civil::Date;
use policies::{MemberKey, ServiceKey, SystemKey};

use super::page::Kind;

/// How many bytes of descriptions are kept. A description has some tens of kilobytes; a few hundred of
/// them cover every pair of a caller and a service in daily use.
const ROOM: usize = 16 * 1024 * 1024;

/// Whose description of what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// The system that looks.
    pub caller: SystemKey,
    /// The member it speaks for.
    pub represented: Option<MemberKey>,
    /// The service.
    pub service: ServiceKey,
    /// The version of it.
    pub version: u32,
    /// Which description.
    pub kind: Kind,
    /// Which of the gateway's authorities it was asked at, where it names that.
    pub authority: usize,
    /// In which language, where it has one.
    pub language: Language,
    /// Rights begin and end with days.
    pub day: Date,
}

/// A description, ready to be sent.
#[derive(Clone, Debug)]
pub struct Made {
    /// The text.
    pub body: Bytes,
    /// Its media type.
    pub media_type: &'static str,
    /// Its entity tag, quotes included.
    pub etag: String,
}

/// The descriptions of one snapshot.
#[derive(Debug, Default)]
pub struct Shelf {
    made: Mutex<(usize, HashMap<Key, Arc<Made>>)>,
}

impl Shelf {
    /// The description called `key`, made by `make` when it is not there.
    ///
    /// # Errors
    /// Whatever `make` says; that is not kept.
    pub fn take<E>(&self, key: Key, make: impl FnOnce() -> Result<Made, E>) -> Result<Arc<Made>, E> {
        if let Some(made) = self.lock().1.get(&key) {
            return Ok(Arc::clone(made));
        }
        // Made outside the lock: two callers may make the same, and one of the two is kept.
        let made = Arc::new(make()?);
        let mut shelf = self.lock();
        if shelf.0 + made.body.len() > ROOM {
            // A full shelf is emptied: whatever is in use is made again, in milliseconds.
            shelf.1.clear();
            shelf.0 = 0;
        }
        if made.body.len() <= ROOM && shelf.1.insert(key, Arc::clone(&made)).is_none() {
            shelf.0 += made.body.len();
        }
        Ok(made)
    }

    /// How many bytes it holds.
    #[cfg(test)]
    pub(crate) fn held(&self) -> usize {
        let shelf = self.lock();
        assert_eq!(shelf.0, shelf.1.values().map(|made| made.body.len()).sum::<usize>());
        shelf.0
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, (usize, HashMap<Key, Arc<Made>>)> {
        // A description half kept is none: whatever panicked, the map is whole.
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
