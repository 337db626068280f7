//! Conversations, complaints and reasons. None of these sources records a promise.

use aftercall_proto::model::v1::{
    Action, Disposition, Handling, Interaction, SentimentParticipant,
};
use anyhow::bail;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::parse;
use crate::real::chats::{Chat, Turn, is_held_out};
use crate::real::contact::{Contact, Converted, Sketch, cleaned, clipped, code, instant, wire};
use crate::real::rules::Labelled;

fn labels(more: &[&str]) -> Vec<String> {
    let all = std::iter::once(&"promises_unknown").chain(more);
    all.map(|&label| label.to_owned()).collect()
}

/// Changes the record that a sketch made.
fn with(mut contact: Contact, change: impl FnOnce(&mut Interaction)) -> Contact {
    if let Some(interaction) = &mut contact.request.interaction {
        change(interaction);
    }
    contact
}

/// A complaint to the US Consumer Financial Protection Bureau.
#[derive(Deserialize)]
struct Complaint {
    id: String,
    source: String,
    channel: String,
    received_on: String,
    organisation: String,
    product: String,
    issue: String,
    reason: Option<String>,
    outcome: String,
    label_timely: String,
    public_response: Option<String>,
}

pub(super) fn complaint(line: &str, _: &mut Converted) -> anyhow::Result<Contact> {
    let one: Complaint = parse(line)?;
    let timely = code(&["timely", &one.label_timely]);
    let sketch = Sketch {
        source: &one.source,
        id: &one.id,
        customer: None,
        occurred_at: instant(&format!("{}T00:00", one.received_on), "UTC")?,
        channel: Some(&one.channel),
        codes: vec![code(&[&one.product, &one.issue])],
        verbatim: one.reason.as_deref().unwrap_or_default(),
        labels: labels(&["time_of_day_unknown", &timely]),
    };
    Ok(with(sketch.contact(), |interaction| {
        interaction.client_account_id = clipped(&one.organisation);
        interaction.disposition = Some(Disposition {
            code: code(&[&one.outcome]),
            ..Disposition::default()
        });
        interaction.handling = one.public_response.map(|response| Handling {
            summary: cleaned(&response),
            ..Handling::default()
        });
    }))
}

/// A role-played chat with times, agents and repeat customers.
#[derive(Deserialize)]
struct Star {
    id: String,
    source: String,
    channel: String,
    customer: String,
    agent: String,
    started_at: Timestamp,
    ended_at: Timestamp,
    reason_codes: Vec<String>,
    first_customer_turn: String,
    /// After how many seconds who said what; of an agent also by which template.
    turns: Vec<Vec<Value>>,
    #[serde(default)]
    actions: Vec<(i64, String, Value)>,
    outcome: String,
    sentiment: Option<Felt>,
}

#[derive(Deserialize)]
struct Felt {
    customer_annoyed_per_agent: Option<bool>,
}

pub(super) fn star(line: &str, converted: &mut Converted) -> anyhow::Result<Contact> {
    let one: Star = parse(line)?;
    let felt = one
        .sentiment
        .and_then(|felt| felt.customer_annoyed_per_agent);
    let annoyed: &[&str] = if felt == Some(true) {
        &["customer_annoyed"]
    } else {
        &[]
    };
    let sketch = Sketch {
        source: &one.source,
        id: &one.id,
        customer: Some(&one.customer),
        occurred_at: one.started_at,
        channel: Some(&one.channel),
        codes: one
            .reason_codes
            .iter()
            .map(|reason| code(&[reason]))
            .collect(),
        verbatim: &one.first_customer_turn,
        labels: labels(annoyed),
    };
    let begun = one.started_at.as_second();
    let actions = one.actions.iter().map(|(after_s, name, _)| {
        let at = Timestamp::from_second(begun + after_s)?;
        Ok(Action {
            code: clipped(name),
            at: Some(wire(at)),
            ..Action::default()
        })
    });
    let actions = actions.collect::<anyhow::Result<Vec<_>>>()?;
    let turns = one.turns.iter().map(|turn| said(turn, one.started_at));
    let contact = sketch.contact();
    converted.chats.push(Chat {
        interaction_id: contact.interaction().interaction_id,
        customer_id: clipped(&one.customer),
        agent_id: clipped(&one.agent),
        started: one.started_at,
        ended: one.ended_at,
        turns: turns.collect::<anyhow::Result<_>>()?,
        // The record doesn't tell how it ended: that is to be found.
        was_lost: one.outcome.starts_with("dropped"),
        id: one.id.clone(),
    });
    Ok(with(contact, |interaction| {
        interaction.agent_id = clipped(&one.agent);
        interaction.ended_at = Some(wire(one.ended_at));
        interaction.handling = (!actions.is_empty()).then(|| Handling {
            actions,
            ..Handling::default()
        });
    }))
}

/// A turn of one of these chats.
fn said(turn: &[Value], started: Timestamp) -> anyhow::Result<Turn> {
    let [after_s, who, text, ..] = turn else {
        bail!("a turn says less than when who said what: {turn:?}");
    };
    let text = text.as_str().unwrap_or_default().to_owned();
    let by = match who.as_str() {
        Some("customer") => SentimentParticipant::Customer,
        Some("agent") => SentimentParticipant::Agent,
        _ => bail!("nobody is called {who}"),
    };
    let at = started.as_second() + after_s.as_i64().unwrap_or_default();
    let at = Timestamp::from_second(at)?;
    Ok(Turn { at, by, text })
}

/// A role-played chat of which the customer's side is known.
#[derive(Deserialize)]
struct Multidogo {
    id: String,
    source: String,
    channel: String,
    domain: String,
    reason: String,
    reason_intents: Vec<String>,
    /// Each with its number and its labels.
    customer_turns: Vec<(i64, String, Vec<String>)>,
}

pub(super) fn multidogo(line: &str, converted: &mut Converted) -> anyhow::Result<Contact> {
    let one: Multidogo = parse(line)?;
    let turns = one.customer_turns.into_iter();
    converted
        .texts
        .extend(turns.map(|(_, text, labels)| Labelled {
            source: one.source.clone(),
            labels,
            text,
            is_held_out: is_held_out(&one.id),
        }));
    let intents = one.reason_intents.iter();
    let sketch = Sketch {
        source: &one.source,
        id: &one.id,
        customer: None,
        occurred_at: Timestamp::UNIX_EPOCH,
        channel: Some(&one.channel),
        codes: intents.map(|intent| code(&[&one.domain, intent])).collect(),
        verbatim: &one.reason,
        labels: labels(&["time_unknown"]),
    };
    Ok(sketch.contact())
}

/// What three writers made of a contact; the first one's words are the record's.
#[derive(Deserialize)]
struct Tweetsumm {
    id: String,
    source: String,
    channel: String,
    writeups: Vec<Writeup>,
}

#[derive(Deserialize)]
struct Writeup {
    reason: String,
    handling: String,
}

pub(super) fn tweetsumm(line: &str, _: &mut Converted) -> anyhow::Result<Contact> {
    let one: Tweetsumm = parse(line)?;
    let sketch = Sketch {
        source: &one.source,
        id: &one.id,
        customer: None,
        occurred_at: Timestamp::UNIX_EPOCH,
        channel: Some(&one.channel),
        codes: Vec::new(),
        verbatim: "",
        labels: labels(&["time_unknown"]),
    };
    Ok(with(sketch.contact(), |interaction| {
        interaction.handling = one.writeups.first().map(|first| Handling {
            // The writers tell of the customer in the third person: these aren't the own words.
            summary: cleaned(&format!("{}\n{}", first.reason, first.handling)),
            ..Handling::default()
        });
    }))
}

/// A role-played chat of a shop.
#[derive(Deserialize)]
struct Abcd {
    id: String,
    source: String,
    channel: String,
    customer: String,
    reason_codes: Vec<String>,
    turns: Vec<Vec<Value>>,
    actions: Vec<(i64, String)>,
}

pub(super) fn abcd(line: &str, _: &mut Converted) -> anyhow::Result<Contact> {
    let one: Abcd = parse(line)?;
    let said = one
        .turns
        .iter()
        .find(|turn| turn.get(1).and_then(Value::as_str) == Some("customer"));
    let said = said.and_then(|turn| turn.get(2)).and_then(Value::as_str);
    let reason: Vec<_> = one.reason_codes.iter().map(String::as_str).collect();
    let sketch = Sketch {
        source: &one.source,
        id: &one.id,
        customer: Some(&one.customer),
        occurred_at: Timestamp::UNIX_EPOCH,
        channel: Some(&one.channel),
        // A flow and its branch: one reason in two words.
        codes: vec![code(&reason)],
        verbatim: said.unwrap_or_default(),
        labels: labels(&["time_unknown"]),
    };
    let done: Vec<_> = one.actions.iter().map(|(_, text)| text.as_str()).collect();
    Ok(with(sketch.contact(), |interaction| {
        interaction.handling = (!done.is_empty()).then(|| Handling {
            summary: cleaned(&done.join("\n")),
            ..Handling::default()
        });
    }))
}

/// What a caller said first, and what drove the call.
#[derive(Deserialize)]
struct Driver {
    id: String,
    source: String,
    domain: String,
    reason: String,
    label_driver: String,
}

pub(super) fn driver(line: &str, converted: &mut Converted) -> anyhow::Result<Contact> {
    let one: Driver = parse(line)?;
    converted.texts.push(Labelled {
        source: one.source.clone(),
        labels: vec![code(&[&one.domain, &one.label_driver])],
        text: one.reason.clone(),
        is_held_out: is_held_out(&one.id),
    });
    let sketch = Sketch {
        source: &one.source,
        id: &one.id,
        customer: None,
        occurred_at: Timestamp::UNIX_EPOCH,
        channel: None,
        codes: vec![code(&[&one.domain, &one.label_driver])],
        verbatim: &one.reason,
        labels: labels(&["time_unknown"]),
    };
    Ok(sketch.contact())
}

#[cfg(test)]
mod tests {
    use aftercall_proto::model::v1::Channel;

    use super::*;

    type Reader = fn(&str, &mut Converted) -> anyhow::Result<Contact>;

    fn read(reader: Reader, line: &str) -> Interaction {
        reader(line, &mut Converted::default())
            .unwrap()
            .interaction()
    }

    #[test]
    fn a_complaint_has_a_date_and_perhaps_words() {
        let line = r#"{"id":"cfpb-1","source":"cfpb","channel":"postal mail",
            "received_on":"2015-04-06","sent_to_company_on":"2015-04-06","organisation":"Firm | Co",
            "product":"Debt collection","issue":"Not owed","outcome":"Closed","label_timely":"Yes"}"#;
        let one = read(complaint, line);
        assert_eq!(one.occurred_at.unwrap().seconds, 1_428_278_400);
        assert_eq!(one.client_account_id, "Firm | Co");
        assert_eq!(one.contact_reasons[0].code, "debt_collection.not_owed");
        assert_eq!(
            one.labels,
            [
                "promises_unknown",
                "time_of_day_unknown",
                "timely.yes",
                "channel.postal_mail"
            ]
        );
        assert!(one.no_follow_up_promised);
    }

    #[test]
    fn a_chat_has_times_actions_and_an_end() {
        let line = r#"{"id":"star-1","source":"star","channel":"chat","customer":"c","agent":"a",
            "started_at":"2020-05-13T13:14:24Z","ended_at":"2020-05-13T13:19:25Z","domains":["d"],
            "reason_codes":["one","two"],"reason":"scenario","first_customer_turn":"Hello",
            "turns":[[33,"customer","Hello"],[50,"agent","Your name?","ask_name"]],
            "actions":[[91,"query",{"Name":"x"}]],"outcome":"dropped",
            "sentiment":{"customer_annoyed_per_agent":true}}"#;
        let mut converted = Converted::default();
        let one = star(line, &mut converted).unwrap().interaction();
        let [chat] = &converted.chats[..] else {
            panic!("{:?}", converted.chats);
        };
        assert_eq!(chat.interaction_id, one.interaction_id);
        assert!(chat.was_lost && chat.turns.len() == 2);
        assert_eq!(chat.turns[1].text, "Your name?");
        assert_eq!(one.channel(), Channel::Chat);
        let codes: Vec<_> = one
            .contact_reasons
            .iter()
            .map(|one| one.code.as_str())
            .collect();
        assert_eq!(codes, ["one", "two"]);
        assert!(one.contact_reasons[0].primary && !one.contact_reasons[1].primary);
        assert_eq!(one.contact_reasons[0].stated_verbatim, "Hello");
        let begun = one.occurred_at.unwrap().seconds;
        assert_eq!(
            one.handling.unwrap().actions[0].at.unwrap().seconds,
            begun + 91
        );
        // How it ended is for the classifier to find.
        assert!(one.disconnect.is_none() && one.disposition.is_none());
        assert!(one.labels.contains(&"customer_annoyed".to_owned()));
    }

    #[test]
    fn reasons_without_a_time_say_so() {
        let line = r#"{"id":"m-1","source":"multidogo","channel":"chat","domain":"media",
            "reason":"i want internet","reason_intents":["start"],"customer_turns":[]}"#;
        let one = read(multidogo, line);
        assert_eq!(one.occurred_at.unwrap().seconds, 0);
        assert_eq!(one.contact_reasons[0].code, "media.start");
        assert_eq!(one.customer.unwrap().customer_id, "");
        let line = r#"{"id":"d-1","source":"dstc11-natcs","domain":"banking","reason":"Cash?",
            "label_driver":"AskCash"}"#;
        let one = read(driver, line);
        assert_eq!(
            one.labels,
            ["promises_unknown", "time_unknown", "channel.not_said"]
        );
        let line = r#"{"id":"t-1","source":"tweetsumm","channel":"social","messages":3,
            "writeups":[{"reason":"Customer asks.","handling":"Agent answers."}]}"#;
        let one = read(tweetsumm, line);
        assert_eq!(
            one.handling.unwrap().summary,
            "Customer asks.\nAgent answers."
        );
        assert_eq!(one.contact_reasons[0].code, "unclassified");
        let line = r#"{"id":"abcd-1","source":"abcd","channel":"chat","customer":"jo doe",
            "reason_codes":["defect","return_size"],"turns":[[0,"agent","Hi"],[1,"customer","Size!"]],
            "actions":[[6,"Pulled up."]],"scenario":{}}"#;
        let one = read(abcd, line);
        assert_eq!(one.contact_reasons[0].code, "defect.return_size");
        assert_eq!(one.contact_reasons[0].stated_verbatim, "Size!");
    }
}
