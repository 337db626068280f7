//! Whom the door vouches for.

use tokio_util::sync::CancellationToken;

use super::Identity;
use crate::{Principal, Unauthenticated};

/// Says who sends a request, where the door of browsers knows it otherwise than by credentials: by a session whose
/// holder signed in elsewhere. It is put among the request's extensions, which are this process's own: what is
/// received has headers and a body, and no way to have one of these.
#[derive(Debug, Clone)]
pub struct Vouched {
    principal: Principal,
    over: CancellationToken,
}

impl Vouched {
    /// That it is `principal`, until `over` is cancelled.
    pub fn new(principal: Principal, over: CancellationToken) -> Self {
        Self { principal, over }
    }

    pub(super) fn identity(&self) -> Result<Identity, Unauthenticated> {
        match self.over.is_cancelled() {
            true => Err(Unauthenticated::Over),
            false => Ok(Identity {
                revoked: Some(self.over.clone()),
                ..self.principal.clone().into()
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use http::Request;
    use jiff::Timestamp;

    use super::*;
    use crate::{ActorKind, Authenticator, Role};

    #[test]
    fn whoever_is_vouched_for_is_known_until_that_is_over() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let known = r#"
            [[token]]
            sha256 = "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed"
            tenant = "acme"
            actor = "crm"
            kind = "INTEGRATION"
            roles = ["integration"]
        "#;
        std::fs::write(file.path(), known).unwrap();
        let authenticator = Authenticator::from_file(file.path()).unwrap();
        let ann = Principal::new(
            "acme",
            "ann",
            ActorKind::Agent,
            [Role::Agent].into_iter().collect(),
        );
        let over = CancellationToken::new();
        let mut request = Request::new(());
        let now = Timestamp::UNIX_EPOCH;
        assert!(authenticator.caller(&request, now).is_err());
        let vouched = Vouched::new(ann.clone(), over.clone());
        request.extensions_mut().insert(vouched);
        assert_eq!(authenticator.caller(&request, now), Ok(ann));
        over.cancel();
        let refused = authenticator.caller(&request, now);
        assert_eq!(refused, Err(Unauthenticated::Over));
    }
}
