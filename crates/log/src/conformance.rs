//! The contract of a log as tests: every engine passes all of them.
//!
//! An engine's test binary says how to make an [`Engine`], and gets one test per sentence of the
//! contract:
//!
//! ```text
//! aftercall_log::conformance_suite!(|| MyEngine::new());
//! ```
//!
//! What only some engines can show (torn files, full disks) is tested beside them.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod reading;
mod support;
mod writing;

use std::time::Duration;

use crate::Log;

pub use reading::*;
pub use writing::*;

/// Long enough that a test that waits for it has failed, whatever the machine.
const FOREVER: Duration = Duration::from_secs(60);

/// Makes the log under test.
pub trait Engine {
    /// Opens the log. The first call finds it empty; a later one, made after the log that the call
    /// before returned is dropped, finds what was written.
    fn open(&self) -> Box<dyn Log>;
}

/// Makes one `#[test]` of each function of this module. The argument is an expression that can be
/// called without arguments, and makes an [`Engine`] with an empty log of its own.
#[macro_export]
macro_rules! conformance_suite {
    ($make:expr) => {
        $crate::conformance_suite!(@tests $make;
            an_empty_log_has_an_identity_and_no_records,
            the_number_of_partitions_is_fixed,
            the_records_of_a_key_are_in_one_partition,
            an_acknowledged_append_is_durable,
            an_append_resolves_to_one_position_per_record,
            the_order_of_calls_is_the_order_in_the_log,
            the_order_of_calls_holds_for_concurrent_callers,
            a_dropped_append_is_not_taken_back,
            an_acknowledged_record_is_below_the_tail,
            everything_below_the_tail_is_readable,
            readers_respect_their_limits,
            readers_begin_anywhere_up_to_the_tail,
            readers_are_independent,
            one_reader_reads_several_partitions,
            one_reader_reads_no_other_partitions,
            one_reader_follows_several_partitions,
            a_reader_names_each_partition_once,
            an_empty_answer_means_the_tail,
            readers_follow_the_tail,
            a_time_finds_the_first_record_at_or_after_it,
            partitions_that_are_not_there_are_refused,
            records_that_are_too_large_are_refused_whole,
            records_may_be_empty_and_as_large_as_allowed,
            an_open_log_can_be_written,
            one_process_alone_claims_every_partition,
        );
    };
    (@tests $make:expr; $($name:ident,)*) => {
        $(
            #[test]
            fn $name() {
                $crate::conformance::$name(&($make)());
            }
        )*
    };
}
