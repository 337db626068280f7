//! Keys of what customers may come back for.

use aftercall_view::key::{Key, MalformedKey, Parts};

use super::Contact;

const RETURN: u8 = 34;
const LINKED: u8 = 35;
const BRIEF: u8 = 78;

/// A customer and a reason for which they may come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Matter<'a> {
    pub(crate) tenant_id: &'a str,
    pub(crate) customer_id: &'a str,
    pub(crate) reason_code: &'a str,
}

impl Matter<'_> {
    fn key(self, tag: u8) -> Key {
        Key::new(tag)
            .text(self.tenant_id)
            .text(self.customer_id)
            .text(self.reason_code)
    }

    /// The contacts in which the customer reached out for it, the earliest first.
    pub(crate) fn returns(self) -> Key {
        self.key(RETURN)
    }

    /// The contacts in which a solution was used for it, the earliest first.
    pub(crate) fn linked(self) -> Key {
        self.key(LINKED)
    }

    /// What is known of both at one look.
    pub(crate) fn brief(self) -> Key {
        self.key(BRIEF)
    }
}

/// The contacts in which a solution was used for a customer, reason by reason.
pub(crate) fn all_linked(tenant_id: &str, customer_id: &str) -> Key {
    Key::new(LINKED).text(tenant_id).text(customer_id)
}

/// The reason, when it was, the contact, and whose that is, in a key under [`all_linked`].
pub(crate) fn read_linked(
    key: &[u8],
    all: &[u8],
) -> Result<(String, i64, String, u64), MalformedKey> {
    let mut parts = Parts::new(key.strip_prefix(all).ok_or(MalformedKey)?);
    Ok((parts.text()?, parts.time()?, parts.text()?, parts.u64()?))
}

/// One contact of a list of [`Matter`].
pub(crate) fn at(list: Key, occurred_at_us: i64, (interaction_id, whose): Contact<'_>) -> Key {
    list.time(occurred_at_us).text(interaction_id).u64(whose)
}

/// When a contact of such a list occurred, its id, and whose it is.
pub(crate) fn read_at(key: &[u8], list: &[u8]) -> Result<(i64, String, u64), MalformedKey> {
    let mut parts = Parts::new(key.strip_prefix(list).ok_or(MalformedKey)?);
    Ok((parts.time()?, parts.text()?, parts.u64()?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn keys_read_back(tenant in ".{0,8}", id in ".{0,8}", at_us in any::<i64>(), n in any::<u64>()) {
            let matter = Matter { tenant_id: &tenant, customer_id: &id, reason_code: "r" };
            let key = at(matter.returns(), at_us, (&id, n));
            prop_assert_eq!(read_at(&key, &matter.returns()), Ok((at_us, id.clone(), n)));
            let all = all_linked(&tenant, &id);
            let key = at(matter.linked(), at_us, (&id, n));
            prop_assert_eq!(read_linked(&key, &all), Ok(("r".to_owned(), at_us, id.clone(), n)));
        }
    }
}
