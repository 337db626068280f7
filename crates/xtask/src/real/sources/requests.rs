//! Service requests with dues and ends: Boston's and New York's 311, and an IT service desk.
//!
//! The closing note is how the request was handled; where the source says that it solved the
//! matter, it is the resolution too. Both cities publish by when a sort of request is to be done:
//! that is the promise. The desk's `made_sla` has no due, so nothing can be compared with it.

use aftercall_proto::model::v1::{Disposition, Handling, Interaction, ReasonResolution};
use anyhow::Context;
use jiff::Timestamp;
use serde::Deserialize;

use super::parse;
use crate::real::contact::{Contact, Converted, Sketch, cleaned, clipped, code, id, instant, zone};
use crate::real::dues::CityDue;
use crate::real::verdict::{Promise, Verdict};

/// Boston's word for a due that there isn't: the end of 2059, to the hour the start of 2060 in UTC.
const NO_DUE: &str = "2059-12-31";

/// A phone call to Boston's 311 line.
#[derive(Deserialize)]
struct BostonCall {
    id: String,
    source: String,
    channel: String,
    started_at: String,
    tz: Option<String>,
    place_key: Option<String>,
    reason_path: Vec<String>,
    routed_to: String,
    handling: Option<String>,
    outcome: String,
    closure_code: Option<String>,
    resolved: Option<bool>,
    promise: Option<Target>,
}

/// A published service target, and what became of it.
#[derive(Deserialize)]
struct Target {
    due_at: String,
    fulfilled_at: Option<String>,
    label: Option<String>,
}

/// A request to Boston on any channel.
#[derive(Deserialize)]
struct BostonRequest {
    id: String,
    source: String,
    channel: String,
    opened_at: String,
    due_at: Option<String>,
    closed_at: Option<String>,
    tz: Option<String>,
    status: String,
    label_ontime: Option<String>,
    queue: String,
    subject: String,
    reason_group: String,
    r#type: String,
    closure_text: Option<String>,
    closure_code: Option<String>,
    place_key: Option<String>,
}

pub(super) fn boston_call(line: &str, converted: &mut Converted) -> anyhow::Result<Contact> {
    let call: BostonCall = parse(line)?;
    let path: Vec<_> = call.reason_path.iter().map(String::as_str).collect();
    let request = Request {
        source: &call.source,
        id: &call.id,
        customer: call.place_key.as_deref(),
        channel: Some(&call.channel),
        zone: zone(call.tz.as_deref()),
        opened_at: &call.started_at,
        codes: vec![code(&path)],
        queue: &call.routed_to,
        note: call.handling.as_deref().unwrap_or_default(),
        disposition: call.closure_code.as_deref().unwrap_or(&call.outcome),
        resolved: call.resolved,
    };
    request.contact(call.promise.as_ref(), converted)
}

pub(super) fn boston(line: &str, converted: &mut Converted) -> anyhow::Result<Contact> {
    let one: BostonRequest = parse(line)?;
    let request = Request {
        source: &one.source,
        id: &one.id,
        customer: one.place_key.as_deref(),
        channel: Some(&one.channel),
        zone: zone(one.tz.as_deref()),
        opened_at: &one.opened_at,
        codes: vec![code(&[&one.subject, &one.reason_group, &one.r#type])],
        queue: &one.queue,
        note: one.closure_text.as_deref().unwrap_or_default(),
        disposition: one.closure_code.as_deref().unwrap_or(&one.status),
        resolved: None,
    };
    if one.due_at.is_none() && one.label_ontime.is_some() {
        converted.note("labelled without a due");
    }
    let target = one.due_at.map(|due_at| Target {
        due_at,
        fulfilled_at: one.closed_at,
        label: one.label_ontime,
    });
    request.contact(target.as_ref(), converted)
}

/// A request to New York's 311 line.
#[derive(Deserialize)]
struct NewYorkRequest {
    id: String,
    source: String,
    channel: Option<String>,
    opened_at: String,
    due_at: Option<String>,
    closed_at: Option<String>,
    tz: Option<String>,
    status: String,
    department: String,
    r#type: String,
    title: String,
    closure_text: Option<String>,
}

pub(super) fn nyc(line: &str, converted: &mut Converted) -> anyhow::Result<Contact> {
    let one: NewYorkRequest = parse(line)?;
    let request = Request {
        source: &one.source,
        id: &one.id,
        customer: None,
        channel: one.channel.as_deref(),
        zone: zone(one.tz.as_deref()),
        opened_at: &one.opened_at,
        codes: vec![code(&[&one.r#type, &one.title])],
        queue: &one.department,
        note: one.closure_text.as_deref().unwrap_or_default(),
        disposition: &one.status,
        resolved: None,
    };
    if let Some(due_at) = &one.due_at {
        converted.dues.push(CityDue {
            id: one.id.clone(),
            sort: [&one.department, &one.r#type, &one.title].map(Clone::clone),
            opened: one.opened_at.parse().context("opened_at")?,
            due: due_at.parse().context("due_at")?,
        });
    }
    // The set's own verdict is computed from the same times, so it is no label.
    let target = one.due_at.map(|due_at| Target {
        due_at,
        fulfilled_at: one.closed_at,
        label: None,
    });
    request.contact(target.as_ref(), converted)
}

/// What the cities' requests have in common.
struct Request<'a> {
    source: &'a str,
    id: &'a str,
    customer: Option<&'a str>,
    channel: Option<&'a str>,
    zone: &'a str,
    opened_at: &'a str,
    codes: Vec<String>,
    queue: &'a str,
    note: &'a str,
    disposition: &'a str,
    resolved: Option<bool>,
}

impl Request<'_> {
    fn contact(
        self,
        target: Option<&Target>,
        converted: &mut Converted,
    ) -> anyhow::Result<Contact> {
        let opened = instant(self.opened_at, self.zone)?;
        let real = |target: &&Target| !target.due_at.starts_with(NO_DUE);
        if target.is_some_and(|target| !real(&target)) {
            converted.note("with a stand-in for a due");
        }
        let promise = target
            .filter(real)
            .map(|target| self.promise(target, opened, converted))
            .transpose()?;
        let sketch = Sketch {
            source: self.source,
            id: self.id,
            customer: self.customer,
            occurred_at: opened,
            channel: self.channel,
            codes: self.codes,
            verbatim: "",
            labels: Vec::new(),
        };
        let mut contact = sketch.contact();
        if let Some(interaction) = &mut contact.request.interaction {
            handle(interaction, self.note, self.disposition, self.resolved);
            // Whoever works on what is in the queue.
            interaction.team_id = clipped(self.queue);
        }
        if let Some(promise) = promise {
            contact.promise(promise, self.queue, self.zone);
        }
        Ok(contact)
    }

    fn promise(
        &self,
        target: &Target,
        opened: Timestamp,
        converted: &mut Converted,
    ) -> anyhow::Result<Promise> {
        let due = instant(&target.due_at, self.zone)?;
        let done = target.fulfilled_at.as_deref();
        let fulfilled = done.map(|done| instant(done, self.zone)).transpose()?;
        if due < opened {
            converted.note("due before they were opened");
        }
        if fulfilled.is_some_and(|done| done < opened) {
            converted.note("closed before they were opened");
        }
        let label = target.label.as_deref().unwrap_or_default();
        Ok(Promise {
            commitment_id: id("commitment", self.source, self.id),
            due,
            fulfilled,
            labelled: Verdict::of_label(label, fulfilled.is_some()),
            // The sources write local times so that their texts are in the order of their clock.
            late_by_its_clock: done.is_some_and(|done| done > target.due_at.as_str()),
        })
    }
}

/// How a request was handled, as far as its closing note says.
fn handle(interaction: &mut Interaction, note: &str, disposition: &str, resolved: Option<bool>) {
    let resolution = match resolved {
        Some(true) => ReasonResolution::Resolved,
        Some(false) => ReasonResolution::NotResolved,
        None => ReasonResolution::Unspecified,
    };
    interaction.contact_reasons[0].resolution = resolution.into();
    interaction.disposition = Some(Disposition {
        code: code(&[disposition]),
        ..Disposition::default()
    });
    if !note.is_empty() {
        let note = cleaned(note);
        interaction.handling = Some(Handling {
            resolution: if resolved == Some(true) {
                note.clone()
            } else {
                String::new()
            },
            summary: note,
            ..Handling::default()
        });
    }
}

/// An incident of an IT service desk; all its words are coded.
#[derive(Deserialize)]
struct Incident {
    id: String,
    source: String,
    channel: String,
    /// Who reported it; a machine has no name.
    customer: Option<String>,
    agent_resolved: Option<String>,
    opened_at: String,
    resolved_at: Option<String>,
    category: Option<String>,
    subcategory: Option<String>,
    closed_code: Option<String>,
    priority: String,
    reopen_count: u32,
    events: Vec<(String, String, String, u32, u32)>,
}

pub(super) fn incident(line: &str, converted: &mut Converted) -> anyhow::Result<Contact> {
    let one: Incident = parse(line)?;
    converted.note("labelled by an agreement whose due is not told");
    let mut labels = vec![
        "time_zone_unknown".to_owned(),
        "promises_unknown".to_owned(),
    ];
    labels.push(code(&["priority", &one.priority]));
    if one.reopen_count > 0 {
        labels.push("reopened".to_owned());
    }
    let category = one.category.as_deref().unwrap_or("category_not_said");
    let sketch = Sketch {
        source: &one.source,
        id: &one.id,
        customer: one.customer.as_deref(),
        occurred_at: instant(&one.opened_at, "UTC")?,
        channel: Some(&one.channel),
        codes: vec![code(&[
            category,
            one.subcategory.as_deref().unwrap_or_default(),
        ])],
        verbatim: "",
        labels,
    };
    let mut contact = sketch.contact();
    if let Some(interaction) = &mut contact.request.interaction {
        let closed = one.closed_code.as_deref().unwrap_or("closed");
        handle(interaction, "", closed, Some(one.resolved_at.is_some()));
        interaction.agent_id = clipped(one.agent_resolved.as_deref().unwrap_or_default());
        let last = one.events.last().map(|event| event.2.as_str());
        interaction.team_id = clipped(last.unwrap_or_default());
    }
    Ok(contact)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::real::verdict::Expected;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn expected(contact: &Contact) -> Expected {
        let now = Timestamp::from_second(NOW.as_second() + 1_800_000_000).unwrap();
        contact.promise.as_ref().unwrap().expected(now)
    }

    #[test]
    fn a_call_to_boston() {
        let line = r#"{"id":"boston311-1","source":"boston311","channel":"phone",
            "started_at":"2011-07-01T06:24:38","tz":"America/New_York (naive local time in source)",
            "place_key":"place-1","reason":"Lamp","reason_path":["Works","Street Lights","Lamp out"],
            "routed_to":"Lights | crew","handling":"Changed the bulb","outcome":"closed",
            "closure_code":"resolved","resolved":true,"promise":{"kind":"published service target",
            "due_at":"2011-07-15T06:24:38","fulfilled_at":"2011-08-23T10:33:03","label":"OVERDUE"}}"#;
        let contact = boston_call(line, &mut Converted::default()).unwrap();
        assert_eq!(expected(&contact), Expected::Labelled(Verdict::KeptLate));
        let interaction = contact.interaction();
        assert_eq!(interaction.customer.unwrap().customer_id, "place-1");
        assert_eq!(
            interaction.contact_reasons[0].code,
            "works.street_lights.lamp_out"
        );
        assert_eq!(interaction.handling.unwrap().resolution, "Changed the bulb");
        assert_eq!(interaction.team_id, "Lights | crew");
        assert_eq!(interaction.client_account_id, "boston311");
        assert_eq!(interaction.commitments.len(), 1);
        assert!(!interaction.no_follow_up_promised);
    }

    #[test]
    fn a_call_without_a_target_and_a_place_is_one_call_in_both_sets() {
        let call = r#"{"id":"boston311-2","source":"boston311","channel":"phone",
            "started_at":"2011-07-01T03:43:07","tz":"America/New_York (naive)","reason":"N",
            "reason_path":["N"],"routed_to":"INFO","outcome":"open"}"#;
        let request = r#"{"id":"boston311-2","source":"boston311","channel":"phone",
            "opened_at":"2011-07-01T03:43:07","tz":"America/New_York (naive)","status":"open",
            "label_ontime":"ONTIME","department":"D","queue":"INFO","subject":"S","title":"T",
            "reason_group":"G","type":"N"}"#;
        let mut converted = Converted::default();
        let call = boston_call(call, &mut converted).unwrap().interaction();
        let request = boston(request, &mut converted).unwrap();
        assert_eq!(converted.noted["labelled without a due"], 1);
        assert!(request.promise.is_none());
        assert_eq!(call.interaction_id, request.interaction().interaction_id);
        assert_eq!(call.customer.unwrap().customer_id, "");
        assert!(call.no_follow_up_promised);
    }

    #[test]
    fn a_due_that_stands_for_none_is_no_promise() {
        let line = r#"{"id":"boston311-3","source":"boston311","channel":"phone",
            "started_at":"2011-08-23T03:43:49","tz":"America/New_York (naive)","reason":"N",
            "reason_path":["N"],"routed_to":"INFO","outcome":"closed","promise":{
            "due_at":"2059-12-31T19:00:00","fulfilled_at":"2011-09-21T23:20:59","label":"ONTIME"}}"#;
        let mut converted = Converted::default();
        let contact = boston_call(line, &mut converted).unwrap();
        assert!(contact.promise.is_none());
        assert!(contact.interaction().no_follow_up_promised);
        assert_eq!(converted.noted["with a stand-in for a due"], 1);
    }

    #[test]
    fn what_is_odd_in_a_source_stays_and_is_counted() {
        let line = r#"{"id":"nyc311-1","source":"nyc311","opened_at":"2018-01-22T00:00:00",
            "due_at":"2018-01-21T00:20:22","closed_at":"2017-11-28T00:00:00",
            "tz":"America/New_York (naive)","status":"pending","ontime_computed":"ONTIME",
            "closed_before_opened":true,"department":"DOHMH","department_name":"Health",
            "type":"Rodent","title":"Rat","borough":"BROOKLYN"}"#;
        let mut converted = Converted::default();
        let contact = nyc(line, &mut converted).unwrap();
        assert_eq!(expected(&contact), Expected::Computed(Verdict::Kept));
        assert_eq!(converted.noted["closed before they were opened"], 1);
        assert_eq!(converted.noted["due before they were opened"], 1);
        assert_eq!(contact.interaction().labels, ["channel.not_said"]);
    }

    #[test]
    fn an_incident() {
        let line = r#"{"id":"uci-INC1","source":"uci-incident-log","channel":"self-service",
            "customer":"caller-1","agent_resolved":"by-1","opened_at":"2016-02-29T01:16",
            "closed_at":"2016-03-05T12:00","status":"closed","label_made_sla":true,
            "reopen_count":1,"category":"category-55","priority":"3",
            "events":[["2016-02-29T01:23","-100","group-56",0,0]]}"#;
        let contact = incident(line, &mut Converted::default()).unwrap();
        assert!(contact.promise.is_none());
        let interaction = contact.interaction();
        assert_eq!(interaction.team_id, "group-56");
        assert_eq!(
            interaction.contact_reasons[0].resolution(),
            ReasonResolution::NotResolved
        );
        assert!(
            interaction
                .labels
                .contains(&"channel.self_service".to_owned())
        );
    }
}
