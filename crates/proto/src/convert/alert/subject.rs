//! What alerts about contacts and customers are about.

use aftercall_domain::alert::{SignalSubject, SlipUpsSubject};
use aftercall_domain::measure::{Slip, SlipKind};
use jiff::Timestamp;

use crate::convert::commitment::required;
use crate::convert::enums::{self, Closed};
use crate::convert::{Unreadable, time};
use crate::model::v1 as wire;

impl From<SignalSubject> for wire::SignalSubject {
    fn from(signal: SignalSubject) -> Self {
        let SignalSubject {
            interaction_id,
            kind,
            source,
            confidence,
            noticed_at,
            scorer,
            scorer_version,
        } = signal;
        Self {
            interaction_id,
            kind: wire::SignalKind::from(kind).into(),
            source: enums::number::<wire::SignalSource>(source),
            confidence,
            noticed_at: Some(time::to_wire(noticed_at)),
            scorer,
            scorer_version,
        }
    }
}

impl TryFrom<wire::SignalSubject> for SignalSubject {
    type Error = Unreadable;

    fn try_from(signal: wire::SignalSubject) -> Result<Self, Unreadable> {
        let kind = signal.kind().known();
        Ok(Self {
            kind: kind.ok_or(Unreadable {
                field: "signal.kind",
            })?,
            source: signal.source().known(),
            noticed_at: required("signal.noticed_at", signal.noticed_at.as_ref())?,
            interaction_id: signal.interaction_id,
            confidence: signal.confidence,
            scorer: signal.scorer,
            scorer_version: signal.scorer_version,
        })
    }
}

impl From<SlipUpsSubject> for wire::SlipUpsSubject {
    fn from(subject: SlipUpsSubject) -> Self {
        let SlipUpsSubject {
            customer_id,
            slips,
            window_until,
        } = subject;
        Self {
            customer_id,
            slip_ups: slips.into_iter().map(Into::into).collect(),
            window_until: Some(time::to_wire(window_until)),
        }
    }
}

impl TryFrom<wire::SlipUpsSubject> for SlipUpsSubject {
    type Error = Unreadable;

    fn try_from(subject: wire::SlipUpsSubject) -> Result<Self, Unreadable> {
        let window_until = subject.window_until.as_ref();
        let slips = subject.slip_ups.into_iter().map(TryInto::try_into);
        Ok(Self {
            window_until: required("slip_ups.window_until", window_until)?,
            customer_id: subject.customer_id,
            slips: slips.collect::<Result<_, _>>()?,
        })
    }
}

impl From<Slip> for wire::SlipUpRef {
    fn from(slip: Slip) -> Self {
        let Slip {
            kind,
            at_us,
            interaction_id,
            commitment_id,
        } = slip;
        let sort = match kind {
            SlipKind::Lapse => wire::SlipUpSort::Lapse,
            SlipKind::Drop => wire::SlipUpSort::Drop,
            SlipKind::Repeat => wire::SlipUpSort::Repeat,
            SlipKind::Correction => wire::SlipUpSort::Correction,
            SlipKind::LongWait => wire::SlipUpSort::LongWait,
        };
        Self {
            sort: sort.into(),
            at: Timestamp::from_microsecond(at_us).ok().map(time::to_wire),
            interaction_id,
            commitment_id,
        }
    }
}

impl TryFrom<wire::SlipUpRef> for Slip {
    type Error = Unreadable;

    fn try_from(slip: wire::SlipUpRef) -> Result<Self, Unreadable> {
        let kind = match slip.sort() {
            wire::SlipUpSort::Lapse => SlipKind::Lapse,
            wire::SlipUpSort::Drop => SlipKind::Drop,
            wire::SlipUpSort::Repeat => SlipKind::Repeat,
            wire::SlipUpSort::Correction => SlipKind::Correction,
            wire::SlipUpSort::LongWait => SlipKind::LongWait,
            wire::SlipUpSort::Unspecified => {
                return Err(Unreadable {
                    field: "slip_ups.sort",
                });
            }
        };
        Ok(Self {
            kind,
            at_us: time::microseconds(required("slip_ups.at", slip.at.as_ref())?),
            interaction_id: slip.interaction_id,
            commitment_id: slip.commitment_id,
        })
    }
}
