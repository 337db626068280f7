//! The places that connections have: so many in all, so many for each address, and one that is of no
//! use gives way.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::presence::Presence;

/// How often, while all places are taken, it is looked for a connection that became quiet.
const LOOKED_EVERY: Duration = Duration::from_millis(200);

/// The bits of an IPv6 address that name a network: who has one of them has all of its addresses.
const NETWORK_BITS: u32 = 64;

/// All places of a port.
#[derive(Debug)]
pub(crate) struct Places {
    per_address_max: usize,
    free: Arc<Semaphore>,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    next: u64,
    by_id: BTreeMap<u64, Entry>,
    by_address: HashMap<IpAddr, usize>,
}

#[derive(Debug)]
struct Entry {
    address: IpAddr,
    presence: Arc<Presence>,
    leave: CancellationToken,
}

impl Places {
    pub(crate) fn new(max: usize, per_address_max: usize) -> Arc<Self> {
        Arc::new(Self {
            per_address_max,
            free: Arc::new(Semaphore::new(max.min(Semaphore::MAX_PERMITS))),
            taken: Mutex::default(),
        })
    }

    /// Waits until there is a place. While there is none, the connection that has been without a
    /// request for longest has to leave.
    pub(crate) async fn free(&self) -> Option<OwnedSemaphorePermit> {
        let free = || Arc::clone(&self.free);
        if let Ok(permit) = free().try_acquire_owned() {
            return Some(permit);
        }
        loop {
            self.make_room();
            if let Ok(permit) = timeout(LOOKED_EVERY, free().acquire_owned()).await {
                return permit.ok();
            }
        }
    }

    /// Tells the connection that has been without a request for longest to leave. False when a request is
    /// open on each of them.
    pub(crate) fn make_room(&self) -> bool {
        self.taken.lock().show_out(|_| true)
    }

    /// Gives `permit`'s place to a connection from `address`. None when that address has its share
    /// already, and a request is open on each of its connections.
    pub(crate) fn take(
        self: &Arc<Self>,
        permit: OwnedSemaphorePermit,
        address: IpAddr,
    ) -> Option<Place> {
        let address = network(address);
        let mut taken = self.taken.lock();
        let has = taken.by_address.get(&address).copied().unwrap_or(0);
        if has >= self.per_address_max && !taken.show_out(|entry| entry.address == address) {
            return None;
        }
        let (presence, leave) = (Arc::new(Presence::new()), CancellationToken::new());
        let entry = Entry {
            address,
            presence: Arc::clone(&presence),
            leave: leave.clone(),
        };
        Some(Place {
            id: taken.add(entry),
            places: Arc::clone(self),
            presence,
            leave,
            _permit: permit,
        })
    }
}

impl Taken {
    fn add(&mut self, entry: Entry) -> u64 {
        self.next += 1;
        *self.by_address.entry(entry.address).or_default() += 1;
        self.by_id.insert(self.next, entry);
        self.next
    }

    fn remove(&mut self, id: u64) -> Option<Entry> {
        let entry = self.by_id.remove(&id)?;
        if let Some(count) = self.by_address.get_mut(&entry.address) {
            *count -= 1;
            if *count == 0 {
                self.by_address.remove(&entry.address);
            }
        }
        Some(entry)
    }

    /// Tells the connection that has been quiet for longest, of those that `may` leave, to do so.
    /// False when a request is open on each of them.
    fn show_out(&mut self, may: impl Fn(&Entry) -> bool) -> bool {
        let quiet = self.by_id.iter().filter(|(_, entry)| may(entry));
        let quiet = quiet.filter_map(|(id, entry)| Some((entry.presence.quiet_since()?, *id)));
        let longest = quiet.min().and_then(|(_, id)| self.remove(id));
        longest.is_some_and(|entry| {
            entry.leave.cancel();
            true
        })
    }
}

/// A connection's place, which is free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    id: u64,
    places: Arc<Places>,
    pub(crate) presence: Arc<Presence>,
    /// Cancelled when the connection has to give way.
    pub(crate) leave: CancellationToken,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.taken.lock().remove(self.id);
    }
}

/// What counts as one address.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => {
            let network = address.to_bits() >> NETWORK_BITS << NETWORK_BITS;
            Ipv6Addr::from_bits(network).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(places: &Arc<Places>, address: &str) -> Option<Place> {
        let permit = Arc::clone(&places.free).try_acquire_owned().unwrap();
        places.take(permit, address.parse().unwrap())
    }

    #[test]
    fn of_an_address_that_has_its_share_the_longest_quiet_connection_gives_way() {
        let places = Places::new(10, 2);
        let first = from(&places, "10.0.0.1").unwrap();
        let second = from(&places, "::ffff:10.0.0.1").unwrap();
        let other = from(&places, "10.0.0.2").unwrap();
        let busy = first.presence.enter();
        let third = from(&places, "10.0.0.1").unwrap();
        assert!(second.leave.is_cancelled());
        assert!(!first.leave.is_cancelled() && !other.leave.is_cancelled());

        let _busy = third.presence.enter();
        assert!(from(&places, "10.0.0.1").is_none(), "both are in use");
        drop(busy);
        assert!(from(&places, "10.0.0.1").is_some());
        assert!(first.leave.is_cancelled());
    }

    #[test]
    fn a_place_that_was_left_counts_once() {
        let places = Places::new(10, 1);
        let first = from(&places, "10.0.0.1").unwrap();
        let second = from(&places, "10.0.0.1").unwrap();
        let _busy = second.presence.enter();
        drop(first);
        assert!(from(&places, "10.0.0.1").is_none());
        drop(second);
        assert!(places.taken.lock().by_address.is_empty());
        assert_eq!(places.free.available_permits(), 10);
    }

    #[test]
    fn a_network_of_ipv6_counts_as_one_address() {
        let places = Places::new(10, 1);
        let one = from(&places, "2001:db8::1").unwrap();
        let _busy = one.presence.enter();
        assert!(from(&places, "2001:db8::ffff:2").is_none());
        assert!(from(&places, "2001:db8:0:1::1").is_some());
    }
}
