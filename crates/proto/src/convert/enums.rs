//! Closed lists: the wire's numbers, and the domain's names.

use aftercall_domain::violation::Reason;
use aftercall_domain::{FieldPath, Violations};

/// A wire enum and the domain's enum of the same values.
pub(crate) trait Closed: Copy + Into<i32> + TryFrom<i32> {
    /// The domain's enum.
    type Domain: Copy;

    /// The stand-in beside a violation.
    const ANY: Self::Domain;

    /// The domain's value; none for "not said".
    fn known(self) -> Option<Self::Domain>;
}

/// A value that may be left out.
pub(crate) fn optional<W: Closed>(
    number: i32,
    at: FieldPath<'_>,
    found: &mut Violations,
) -> Option<W::Domain> {
    let Ok(value) = W::try_from(number) else {
        let text = "is not a value that this server knows; see the proto for those it takes";
        found.add(at, Reason::UnknownValue, text);
        return None;
    };
    value.known()
}

/// A value that must be there. A stand-in is returned beside the violation.
pub(crate) fn required<W: Closed>(
    number: i32,
    at: FieldPath<'_>,
    found: &mut Violations,
) -> W::Domain {
    if number == 0 {
        let text = "is required; choose a value other than UNSPECIFIED";
        found.add(at, Reason::Required, text);
    }
    optional::<W>(number, at, found).unwrap_or(W::ANY)
}

/// A value that must be there, unless the tenant's own code says what it is: then `other`.
pub(crate) fn coded<W: Closed>(
    number: i32,
    code: &str,
    other: W::Domain,
    at: FieldPath<'_>,
    found: &mut Violations,
) -> W::Domain {
    match number == 0 && !code.is_empty() {
        true => other,
        false => required::<W>(number, at, found),
    }
}

/// The wire's number of a value that may be left out.
pub(crate) fn number<W: Closed + From<W::Domain>>(value: Option<W::Domain>) -> i32 {
    value.map_or(0, |value| W::from(value).into())
}

/// Pairs an enum of `wire` with the domain's of the same name.
macro_rules! closed {
    ($name:ident { $first:ident $(, $variant:ident)* $(,)? }) => {
        impl $crate::convert::enums::Closed for wire::$name {
            type Domain = $name;

            const ANY: $name = $name::$first;

            fn known(self) -> Option<$name> {
                Some(match self {
                    Self::Unspecified => return None,
                    Self::$first => $name::$first,
                    $(Self::$variant => $name::$variant,)*
                })
            }
        }

        impl From<$name> for wire::$name {
            fn from(value: $name) -> Self {
                match value {
                    $name::$first => Self::$first,
                    $($name::$variant => Self::$variant,)*
                }
            }
        }
    };
}
pub(crate) use closed;

/// Reads an enum of `wire` whose conversions stand elsewhere.
macro_rules! known {
    ($name:ident = $any:ident) => {
        impl $crate::convert::enums::Closed for wire::$name {
            type Domain = $name;

            const ANY: $name = $name::$any;

            fn known(self) -> Option<$name> {
                $name::try_from(self).ok()
            }
        }
    };
}
pub(crate) use known;
