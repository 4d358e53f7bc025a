//! Who watches what. Thousands may watch, to most of whom nothing happens: one look for all of them
//! finds whose things changed, and wakes those. They look for themselves, in their own name.
//!
//! What changed is told by the database's own snapshots: each look takes what was changed by a
//! transaction that the look before could not see, so that nothing is missed, whatever order
//! transactions commit in and whichever process made the change.

use std::{
    collections::{HashMap, HashSet},
    fmt::{Debug, Display},
    hash::Hash,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, Ordering::Relaxed},
    },
    time::Duration,
};

use knipperlicht_access::Standing;
use knipperlicht_runtime::Stop;
use sqlx::PgConnection;
use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};

use crate::Kit;

/// Between two looks of one watcher at least: under load something of theirs may change hundreds of
/// times a second.
const BREATH: Duration = Duration::from_millis(15);

/// A change: whose it is, and the transaction that made it.
pub type Change<O> = (O, i64);

/// The oldest transaction that was under way during a look, and what it found.
pub type Found<O> = (i64, Vec<Change<O>>);

/// Finds what changed.
pub trait Looks: Send + Sync + 'static {
    /// By whom changes are told apart.
    type Owner: Debug + Clone + Eq + Hash + Send + Sync + 'static;
    /// Why it cannot.
    type Error: Display + Send;

    /// What changed in this transaction or a later one, as far as it can be seen, in one statement.
    /// Without a transaction nothing is looked for.
    fn look(
        &self,
        connection: &mut PgConnection,
        since: Option<i64>,
    ) -> impl Future<Output = Result<Found<Self::Owner>, Self::Error>> + Send;
}

/// Everybody who watches in this process.
#[derive(Debug)]
pub struct Watchers<O: Eq + Hash>(Arc<Shared<O>>);

#[derive(Debug)]
struct Shared<O: Eq + Hash> {
    book: Mutex<Book<O>>,
    /// Told when somebody begins to watch.
    begun: Notify,
}

#[derive(Debug)]
struct Book<O: Eq + Hash> {
    by_owner: HashMap<O, HashMap<u64, Arc<Call>>>,
    next: u64,
}

/// How a watcher is woken.
#[derive(Debug)]
struct Call {
    woken: Notify,
    /// No transaction before this one changed what the watcher has not seen.
    since: AtomicI64,
}

/// Not woken.
const NEVER: i64 = i64::MAX;

impl Call {
    fn wake(&self, since: i64) {
        self.since.fetch_min(since, Relaxed);
        self.woken.notify_one();
    }
}

impl<O: Eq + Hash> Clone for Watchers<O> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<O: Eq + Hash> Default for Watchers<O> {
    fn default() -> Self {
        let book = Mutex::new(Book {
            by_owner: HashMap::new(),
            next: 0,
        });
        let begun = Notify::new();
        Self(Arc::new(Shared { book, begun }))
    }
}

/// Somebody who watches. Dropped, they no longer do.
#[derive(Debug)]
pub struct Watcher<O: Eq + Hash> {
    watchers: Watchers<O>,
    owners: Vec<O>,
    number: u64,
    call: Arc<Call>,
    looked: Instant,
}

impl<O: Clone + Eq + Hash> Watchers<O> {
    /// Watches what is theirs, from now on: look first, then wait until it
    /// [`changed`](Watcher::changed).
    #[must_use]
    pub fn watch(&self, owners: Vec<O>) -> Watcher<O> {
        let call = Arc::new(Call {
            woken: Notify::new(),
            since: AtomicI64::new(NEVER),
        });
        let mut book = self.book();
        let number = book.next;
        book.next += 1;
        for owner in &owners {
            let theirs = book.by_owner.entry(owner.clone()).or_default();
            theirs.insert(number, Arc::clone(&call));
        }
        drop(book);
        self.0.begun.notify_one();
        Watcher {
            watchers: self.clone(),
            owners,
            number,
            call,
            looked: Instant::now(),
        }
    }

    /// Looks for all who watch, whenever the bell rings or a second went by, until it is time to stop.
    pub async fn run<L: Looks<Owner = O>>(self, kit: Kit, looks: L, stop: Stop) {
        let mut standing = kit.database.standing(&kit.principal);
        loop {
            tokio::select! {
                () = self.0.begun.notified() => {}
                () = stop.requested() => return,
            }
            let mut bell = kit.bell.listen();
            let mut seen = None;
            while self.has_any() {
                match look(&mut standing, &looks, seen.as_ref()).await {
                    Ok((now, changed)) => {
                        self.wake(seen.as_ref().map(|seen: &Seen<O>| seen.horizon), &changed);
                        seen = Some(now);
                    }
                    Err(error) => {
                        standing.give_up();
                        tracing::warn!(service = kit.service.name(), %error, "cannot look for who watches");
                    }
                }
                tokio::select! {
                    () = bell.wait() => {}
                    () = stop.requested() => return,
                }
            }
        }
    }

    fn has_any(&self) -> bool {
        !self.book().by_owner.is_empty()
    }

    /// Wakes those whose things changed `since` a transaction. Without one it was the first look:
    /// whoever began to watch before it may have looked before it as well, and all look again.
    fn wake(&self, since: Option<i64>, changed: &HashSet<O>) {
        let book = self.book();
        let Some(since) = since else {
            let all = book.by_owner.values().flat_map(HashMap::values);
            all.for_each(|call| call.wake(0));
            return;
        };
        let theirs = changed.iter().filter_map(|owner| book.by_owner.get(owner));
        theirs
            .flat_map(HashMap::values)
            .for_each(|call| call.wake(since));
    }
}

impl<O: Eq + Hash> Watchers<O> {
    fn book(&self) -> MutexGuard<'_, Book<O>> {
        // Whatever panicked while it held the book, each line in it is whole.
        let book = self.0.book.lock();
        book.unwrap_or_else(PoisonError::into_inner)
    }
}

impl<O: Eq + Hash> Watcher<O> {
    /// Waits until something changed since the last time, and says since which transaction; never
    /// lets its caller look too often.
    pub async fn changed(&mut self) -> i64 {
        loop {
            self.call.woken.notified().await;
            sleep_until(self.looked + BREATH).await;
            self.looked = Instant::now();
            // Woken while it rested, it has answered both calls at once.
            let since = self.call.since.swap(NEVER, Relaxed);
            if since != NEVER {
                return since;
            }
        }
    }
}

impl<O: Eq + Hash> Drop for Watcher<O> {
    fn drop(&mut self) {
        let mut book = self.watchers.book();
        for owner in &self.owners {
            if let Some(theirs) = book.by_owner.get_mut(owner) {
                theirs.remove(&self.number);
                if theirs.is_empty() {
                    book.by_owner.remove(owner);
                }
            }
        }
    }
}

/// What all looks so far have seen.
#[derive(Debug)]
struct Seen<O> {
    /// Everything changed before this transaction.
    horizon: i64,
    /// And these later ones.
    beyond: HashSet<Change<O>>,
}

impl<O: Clone + Eq + Hash> Seen<O> {
    /// What is new in a look, and what was seen after it.
    fn and(earlier: Option<&Self>, horizon: i64, found: Vec<Change<O>>) -> (Self, HashSet<O>) {
        let is_new =
            |change: &&Change<O>| earlier.is_none_or(|earlier| !earlier.beyond.contains(*change));
        let fresh = found.iter().filter(is_new).map(|(owner, _)| owner.clone());
        let fresh = fresh.collect();
        let beyond = found.into_iter().filter(|(_, changed)| *changed >= horizon);
        let beyond = beyond.collect();
        (Self { horizon, beyond }, fresh)
    }
}

async fn look<L: Looks>(
    standing: &mut Standing,
    looks: &L,
    earlier: Option<&Seen<L::Owner>>,
) -> Result<(Seen<L::Owner>, HashSet<L::Owner>), String> {
    let connection = standing.connection().await;
    let connection = connection.map_err(|error| error.to_string())?;
    let since = earlier.map(|seen| seen.horizon);
    let found = looks.look(connection, since).await;
    let (horizon, found) = found.map_err(|error| error.to_string())?;
    Ok(Seen::and(earlier, horizon, found))
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    /// Since when, if it is woken.
    fn woken(watcher: &Watcher<&str>) -> Option<i64> {
        let is_woken = watcher.call.woken.notified().now_or_never().is_some();
        is_woken.then(|| watcher.call.since.swap(NEVER, Relaxed))
    }

    #[test]
    fn only_those_are_woken_whose_things_changed() {
        let watchers = Watchers::default();
        let cleaner = watchers.watch(vec!["cleaner"]);
        let again = watchers.watch(vec!["cleaner"]);
        let zones = watchers.watch(vec!["gent", "brugge"]);
        watchers.wake(Some(7), &HashSet::from(["brugge", "nobody"]));
        assert_eq!((woken(&cleaner), woken(&again)), (None, None));
        watchers.wake(Some(9), &HashSet::from(["cleaner", "gent"]));
        assert_eq!((woken(&cleaner), woken(&again)), (Some(9), Some(9)));
        // Woken twice and not there in between: since the earlier time.
        assert_eq!(woken(&zones), Some(7));
        assert_eq!(woken(&zones), None);
        watchers.wake(None, &HashSet::new());
        assert_eq!((woken(&cleaner), woken(&zones)), (Some(0), Some(0)));
    }

    #[test]
    fn whoever_left_leaves_nothing_behind() {
        let watchers = Watchers::default();
        let cleaner = watchers.watch(vec!["cleaner"]);
        let zones = watchers.watch(vec!["gent", "brugge"]);
        drop(cleaner);
        assert!(watchers.has_any());
        drop(zones);
        assert!(!watchers.has_any());
    }

    #[test]
    fn a_change_is_new_once_also_while_an_older_transaction_goes_on() {
        let (seen, fresh) = Seen::and(None, 10, Vec::new());
        assert!(fresh.is_empty());
        // Transaction 10 goes on; 12 came to its end before this look, and is found by the next, too.
        let (seen, fresh) = Seen::and(Some(&seen), 10, vec![("cleaner", 12)]);
        assert_eq!(fresh, HashSet::from(["cleaner"]));
        let found = vec![("cleaner", 12), ("nurse", 10)];
        let (seen, fresh) = Seen::and(Some(&seen), 13, found);
        assert_eq!(fresh, HashSet::from(["nurse"]));
        // And of the same one again only what came after.
        let (_, fresh) = Seen::and(Some(&seen), 14, vec![("cleaner", 13)]);
        assert_eq!(fresh, HashSet::from(["cleaner"]));
    }
}
