//! What made a customer call.

use aftercall_domain::interaction::{DriverSegment, DriverSetter};
use aftercall_domain::{FieldPath, Violations};

use crate::convert::enums;
use crate::convert::message::FromWire;
use crate::model::v1 as wire;

impl FromWire<wire::DriverSegment> for DriverSegment {
    fn from_wire(wire: wire::DriverSegment, path: FieldPath<'_>, found: &mut Violations) -> Self {
        let wire::DriverSegment {
            code,
            taxonomy_version,
            set_by,
            confidence,
            classifier,
            classifier_version,
        } = wire;
        Self {
            code,
            taxonomy_version,
            set_by: enums::required::<wire::DriverSetter>(set_by, path.field("set_by"), found),
            confidence,
            classifier,
            classifier_version,
        }
    }
}

impl From<DriverSegment> for wire::DriverSegment {
    fn from(value: DriverSegment) -> Self {
        let DriverSegment {
            code,
            taxonomy_version,
            set_by,
            confidence,
            classifier,
            classifier_version,
        } = value;
        Self {
            code,
            taxonomy_version,
            set_by: wire::DriverSetter::from(set_by).into(),
            confidence,
            classifier,
            classifier_version,
        }
    }
}

enums::closed!(DriverSetter { Agent, Classifier });
