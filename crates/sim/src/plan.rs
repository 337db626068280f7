//! What happens in a simulation, and when.

mod draw;

use std::collections::BTreeSet;
use std::fmt;

use aftercall_log::Partition;

use crate::log::Weather;

/// What happens, in the order of time.
#[derive(Clone, PartialEq, Eq)]
pub struct Plan {
    pub(crate) processes: usize,
    pub(crate) partitions: u32,
    pub(crate) steps: Vec<Step>,
}

/// One thing that happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) at_ms: u64,
    pub(crate) act: Act,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Act {
    /// Somebody calls.
    Call(Caller),
    /// Somebody watches alerts, to the end.
    Watch(Watcher),
    /// A process is killed, and started again.
    Crash { process: usize, back_after_ms: u64 },
    /// A process is stopped in order, and started again.
    Restart { process: usize, back_after_ms: u64 },
    /// A process's clock is set forward or back.
    SetClock { process: usize, seconds: i64 },
    /// All clocks go on by so much: time in which nobody calls.
    Passes { seconds: i64 },
    /// The log becomes better or worse.
    Weather(Weather),
    /// A partition has no leader for a while.
    Outage { partition: Partition, ms: u64 },
    /// A process's views have no room for a while.
    DiskFull { process: usize, ms: u64 },
    /// Which partitions are a process's.
    Claims {
        process: usize,
        partitions: BTreeSet<Partition>,
    },
}

/// Whose something is. Tenants have the same customers, contacts, promises and requests, by their ids.
pub(crate) type Tenant = u8;

/// How many tenants there are, and in each how many contacts, customers, numbers, ids of promises that
/// callers give, and references.
pub(crate) const TENANTS: Tenant = 2;
pub(crate) const CONTACTS: u8 = 24;
pub(crate) const CUSTOMERS: u8 = 4;
pub(crate) const HANDLES: u8 = 3;
pub(crate) const PROMISES: u8 = 6;
pub(crate) const REFERENCES: u8 = 6;

/// How many agents may be asked to keep a promise, and how many states settings may be in.
pub(crate) const AGENTS: u8 = 3;
pub(crate) const SETTINGS: u8 = 5;

/// Who watches alerts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Watcher {
    pub(crate) tenant: Tenant,
    /// How long a connection lasts at most, before the watcher goes on at another process.
    pub(crate) connected_ms: u64,
}

/// Who calls a process, and for how long they wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Caller {
    /// Whose they are.
    pub(crate) tenant: Tenant,
    pub(crate) to: usize,
    pub(crate) wish: Wish,
    /// The first call is given up after so long; none waits for the answer.
    pub(crate) patience_ms: Option<u64>,
    /// How often it is tried again.
    pub(crate) retries: u8,
}

/// What a caller wants. Contacts, customers and promises are few, so that callers meet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wish {
    Record(Contact),
    /// Contacts in one stream.
    RecordMany {
        contacts: Vec<Contact>,
        /// The first connection breaks after so many of them.
        breaks_after: Option<u8>,
    },
    Fulfil(Change),
    Cancel(Change),
    Reschedule(Change, Minutes),
    /// Something else is done with a promise.
    Follow(Change, Following),
    /// A promise is made in a contact that is recorded.
    Make {
        contact: u8,
        due_minutes: Minutes,
        told_to_customer: bool,
        recurs: Option<Recurs>,
        request: u16,
    },
    /// The same with several promises.
    Batch {
        promises: Vec<Which>,
        command: Batched,
        request: u16,
    },
    /// Something is done about the first alert that is open.
    SeeTo {
        how: SeeingTo,
        request: u16,
    },
    /// Policies and calendars are changed, to one of a few states.
    Settings {
        state: u8,
        request: u16,
    },
    /// Open promises follow the policies as they are.
    Retarget {
        request: u16,
    },
    Amend {
        contact: u8,
        request: u16,
    },
    Identify {
        contact: u8,
        /// None takes its customer away.
        customer: Option<u8>,
        request: u16,
    },
    Merge {
        customer: u8,
        merged: u8,
        request: u16,
    },
    Unmerge {
        customer: u8,
        merged: u8,
        request: u16,
    },
    /// The first candidate becomes a solution.
    Promote {
        request: u16,
    },
    /// All promises, in small pages.
    ListPromises,
    /// All contacts of a customer, in small pages.
    ListTimeline {
        customer: u8,
    },
    /// All contacts that were made by a number, in small pages.
    ListByHandle {
        handle: u8,
    },
}

/// So many minutes after the beginning.
pub(crate) type Minutes = u32;

/// A contact to record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Contact {
    pub(crate) id: u8,
    /// What it says: the same id with another content is a fault of the caller.
    pub(crate) content: u8,
    /// None is nobody that is known.
    pub(crate) customer: Option<u8>,
    /// The number that was called from.
    pub(crate) handle: Option<u8>,
    /// Its name in another system.
    pub(crate) reference: Option<u8>,
    /// A promise, if there is one.
    pub(crate) promise: Option<Promise>,
    /// An earlier promise that it follows up, so that it is an outbound one.
    pub(crate) follows_up: Option<Which>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Promise {
    /// The id that the caller gives it; none leaves it to the recorder.
    pub(crate) id: Option<u8>,
    pub(crate) due_minutes: Minutes,
    /// If not, it is a task of ours.
    pub(crate) told_to_customer: bool,
    /// If so, it is the first of a series.
    pub(crate) recurs: Option<Recurs>,
}

/// How a promise recurs: every so many hours, days, weeks or months.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Recurs {
    pub(crate) every: Every,
    pub(crate) interval: u8,
    /// If not, each occurrence follows the end of the last one.
    pub(crate) is_independent: bool,
    pub(crate) catch_up: CatchingUp,
    /// 0 for as usual.
    pub(crate) max_open: u8,
    pub(crate) ends: Ends,
    /// Whether the rule itself says when it ends.
    pub(crate) ends_in_rule: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Every {
    Hour,
    Day,
    Week,
    Month,
}

/// What is made of the times that passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CatchingUp {
    Skip,
    CollapseToOne,
    All,
}

/// When a rule ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ends {
    Never,
    After { count: u8 },
    At { minutes: Minutes },
}

/// A change of a promise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) promise: Which,
    pub(crate) request: u16,
}

/// What is done with a promise beside keeping, moving and calling it off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Following {
    Pause {
        until_minutes: Option<Minutes>,
    },
    Resume,
    /// It is given to an agent, who is asked first.
    Reassign {
        agent: u8,
        within_minutes: Option<u16>,
    },
    /// An agent accepts it.
    Accept {
        agent: u8,
    },
    EndHandover,
    Attempt,
    /// It waits for others.
    Depend {
        on: Vec<Which>,
    },
    Reopen {
        due_minutes: Minutes,
        told_to_customer: bool,
    },
    /// No further promise of its series is made.
    EndSeries,
}

/// What is done with several promises at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Batched {
    Fulfil,
    Cancel,
    Pause,
    Resume,
    EndSeries,
}

/// What is done about an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SeeingTo {
    Acknowledge,
    Snooze { until_minutes: Minutes },
    Close,
}

/// Which promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    /// The one of a contact, whose id was derived.
    Of(u8),
    /// The one with an id that a caller gave.
    Given(u8),
    /// A later one of a series.
    Later(Later),
}

/// A promise of a series that a contact's record began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Later {
    pub(crate) contact: u8,
    /// Whose contact it was.
    pub(crate) customer: Option<u8>,
    /// The id that a caller gave the first promise.
    pub(crate) given: Option<u8>,
    /// Which promise it is, from 2.
    pub(crate) number: u8,
}

impl Later {
    /// The first promise of the series.
    pub(crate) fn first(self) -> Which {
        self.given.map_or(Which::Of(self.contact), Which::Given)
    }
}

impl Plan {
    /// The plan of a seed.
    pub fn of(seed: u64) -> Self {
        draw::plan(seed)
    }

    /// How many things happen.
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// Whether nothing happens.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// The same without the steps from `from` to `to`.
    pub(crate) fn without(&self, from: usize, to: usize) -> Self {
        let mut plan = self.clone();
        plan.steps.drain(from..to.min(self.steps.len()));
        plan
    }
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} processes, {} partitions",
            self.processes, self.partitions
        )?;
        for Step { at_ms, act } in &self.steps {
            writeln!(f, "{at_ms:>7} ms  {act:?}")?;
        }
        Ok(())
    }
}
