//! What every request comes with: who calls, and until when they wait.

use std::time::Duration;

use aftercall_domain::Violations;
use aftercall_domain::limits::{ID_BYTES_MAX, TEXT_BYTES_MAX};
use aftercall_domain::violation::Reason;
use aftercall_proto::convert::time;
use aftercall_service::{Deadline, Principal, principal_of};
use jiff::Timestamp;
use tonic::Request;

use crate::failure::Refused;

/// How long a caller waits that came around the server's own deadline.
const WAIT_USUAL: Duration = Duration::from_secs(10);

/// How many results an answer has if the caller doesn't say.
const RESULTS_USUAL: usize = 50;
/// The most results of one answer.
const RESULTS_MAX: i32 = 500;

/// A request, with who sent it and until when it may wait: a little less than they do.
#[derive(Debug)]
pub(crate) struct Call<T> {
    pub(crate) principal: Principal,
    pub(crate) deadline: tokio::time::Instant,
    pub(crate) message: T,
}

impl<T> Call<T> {
    /// Takes a request apart.
    pub(crate) fn of(request: Request<T>) -> Result<Self, Refused> {
        let deadline = Deadline::of(&request).map_or_else(
            || Deadline::after(WAIT_USUAL).instant(),
            |own| own.wait_until(Duration::MAX),
        );
        Ok(Self {
            principal: principal_of(&request)?,
            deadline,
            message: request.into_inner(),
        })
    }
}

/// Collects what is wrong with a request's fields.
#[derive(Debug, Default)]
pub(crate) struct Checker(Violations);

impl Checker {
    /// An id that must be there.
    pub(crate) fn required_id(&mut self, field: &str, value: &str) {
        self.required(field, value);
        self.id(field, value);
    }

    /// An id that may be empty.
    pub(crate) fn id(&mut self, field: &str, value: &str) {
        if value.len() > ID_BYTES_MAX {
            let text = format!("at most {ID_BYTES_MAX} bytes; give the id as it was received");
            self.0.add(field, Reason::TooLong, text);
        }
    }

    /// A text that must be there.
    pub(crate) fn required_text(&mut self, field: &str, value: &str) {
        self.required(field, value);
        self.text(field, value);
    }

    /// A text that may be empty.
    pub(crate) fn text(&mut self, field: &str, value: &str) {
        if value.len() > TEXT_BYTES_MAX {
            let text = format!("at most {TEXT_BYTES_MAX} bytes; shorten it");
            self.0.add(field, Reason::TooLong, text);
        }
    }

    /// An instant that may be absent.
    pub(crate) fn time(
        &mut self,
        field: &str,
        value: Option<&pbjson_types::Timestamp>,
    ) -> Option<Timestamp> {
        let at = value.map(time::from_wire)?;
        if at.is_none() {
            let text = "not a time between the years -9999 and 9999; give seconds and nanoseconds";
            self.0.add(field, Reason::Malformed, text);
        }
        at
    }

    /// An instant that must be there.
    pub(crate) fn required_time(
        &mut self,
        field: &str,
        value: Option<&pbjson_types::Timestamp>,
    ) -> Option<Timestamp> {
        if value.is_none() {
            self.0
                .add(field, Reason::Required, "missing; give the time");
        }
        self.time(field, value)
    }

    /// The number of results that are wanted.
    pub(crate) fn page_size(&mut self, asked: i32) -> usize {
        match asked {
            0 => RESULTS_USUAL,
            1..=RESULTS_MAX => asked.unsigned_abs() as usize,
            _ => {
                let text = format!("give 1 to {RESULTS_MAX}, or 0 for {RESULTS_USUAL}");
                self.0.add("page_size", Reason::OutOfRange, text);
                RESULTS_USUAL
            }
        }
    }

    /// The enum's value; none where the caller doesn't say.
    pub(crate) fn choice<W: TryFrom<i32>, D: TryFrom<W>>(
        &mut self,
        field: &str,
        value: i32,
    ) -> Option<D> {
        match W::try_from(value) {
            Ok(known) => D::try_from(known).ok(),
            Err(_) => {
                let text = "not a value of this field; use one of those that the API names";
                self.0.add(field, Reason::UnknownValue, text);
                None
            }
        }
    }

    /// Two fields that exclude each other.
    pub(crate) fn conflict(&mut self, field: &str, text: &str) {
        self.0.add(field, Reason::Conflicting, text);
    }

    /// `value`, if nothing is wrong.
    pub(crate) fn done<T>(self, value: T) -> Result<T, Refused> {
        Ok(self.0.into_result(value)?)
    }

    fn required(&mut self, field: &str, value: &str) {
        if value.is_empty() {
            self.0.add(field, Reason::Required, "missing; give a value");
        }
    }
}

/// The text, or none if it is empty.
pub(crate) fn given(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}
