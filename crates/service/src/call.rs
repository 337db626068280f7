//! What every request comes with: who calls, and until when they wait.

use std::time::Duration;

use aftercall_domain::Scope;
use tokio::time::Instant;

use crate::{Access, Deadline, Principal, Unauthenticated, principal_of};

/// How long a query waits for its view at most, and any request that came around the server.
const WAIT_MAX: Duration = Duration::from_secs(10);

/// A request, with who sent it and until when they wait.
#[derive(Debug)]
pub struct Call<T> {
    /// Who calls.
    pub principal: Principal,
    /// The tenant's rules of whose records a caller reads.
    pub access: Access,
    /// Until when they wait.
    pub deadline: Deadline,
    /// What they ask for.
    pub message: T,
}

impl<T> Call<T> {
    /// Takes a request apart.
    ///
    /// # Errors
    /// When it did not come through the server, which puts the caller beside each request.
    pub fn of(request: tonic::Request<T>) -> Result<Self, Unauthenticated> {
        Ok(Self {
            principal: principal_of(&request)?,
            access: request.extensions().get().copied().unwrap_or_default(),
            deadline: Deadline::of(&request).unwrap_or_else(|| Deadline::after(WAIT_MAX)),
            message: request.into_inner(),
        })
    }

    /// The tenant whose data the caller sees.
    pub fn tenant_id(&self) -> &str {
        &self.principal.tenant_id
    }

    /// Whose records the caller reads: nothing else of the tenant exists for them.
    pub fn scope(&self) -> Scope {
        self.access.scope(&self.principal)
    }

    /// Whose records the caller is shown of the customer in hand.
    pub fn scope_in_hand(&self) -> Scope {
        self.access.scope_in_hand(&self.principal)
    }

    /// Until when a query waits for its view: a little less than its caller does, and not longer
    /// than anybody likes to look at nothing.
    pub fn read_until(&self) -> Instant {
        self.deadline.wait_until(WAIT_MAX)
    }

    /// Until when a command waits for its outcome: a little less than its caller does.
    pub fn write_until(&self) -> Instant {
        self.deadline.wait_until(Duration::MAX)
    }

    /// The same request with another message.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Call<U> {
        Call {
            principal: self.principal,
            access: self.access,
            deadline: self.deadline,
            message: change(self.message),
        }
    }

    /// The same request with another message, if there is one.
    ///
    /// # Errors
    /// Those of `change`.
    pub fn try_map<U, E>(self, change: impl FnOnce(T) -> Result<U, E>) -> Result<Call<U>, E> {
        Ok(Call {
            principal: self.principal,
            access: self.access,
            deadline: self.deadline,
            message: change(self.message)?,
        })
    }
}
