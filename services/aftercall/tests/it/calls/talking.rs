//! Chats: what is said in them tells whether they were lost, and none of it is kept.

use aftercall_proto::model::v1::{Channel, SentimentParticipant, Speech};

use super::*;

const WORDS: &str = "My account number is 85731890";

impl House {
    fn said(&self, second: i64, by: SentimentParticipant, text: &str) -> CallEvent {
        CallEvent {
            participant: by.into(),
            text: text.to_owned(),
            ..self.event(second, Kind::Said)
        }
    }

    async fn drop_of(&self, id: &str) -> (DropClass, DropBasis) {
        let drop = self.get(id).await.call.unwrap().drop.unwrap();
        (drop.drop_class(), drop.basis())
    }
}

#[tokio::test]
async fn whoever_waits_for_an_answer_was_lost_and_no_word_is_kept() {
    in_a_house(|house| async move {
        let mut events = house.answered();
        events.extend([
            house.said(50, SentimentParticipant::Agent, "Which account?"),
            house.said(60, SentimentParticipant::Customer, WORDS),
            house.event(120, Kind::Ended),
        ]);
        events[0].channel = Channel::Chat.into();
        let id = house.told(events).await;
        let unanswered = (DropClass::Suspected, DropBasis::Unanswered);
        assert_eq!(house.drop_of(&id).await, unanswered);
        let shown = house.get(&id).await;
        assert!(!format!("{shown:?}").contains("85731890"));
        // Nobody has recorded it, and it is a chat all the same.
        assert_eq!(shown.interaction.unwrap().channel(), Channel::Chat);
        // What was said before is told late.
        let late = house.said(70, SentimentParticipant::Agent, "Thank you. Goodbye!");
        house.told(vec![late]).await;
        let not_lost = (DropClass::NotADrop, DropBasis::Unspecified);
        assert_eq!(house.drop_of(&id).await, not_lost);
    })
    .await;
}

#[tokio::test]
async fn what_was_said_is_told_by_what_it_was_said_for_as_well() {
    in_a_house(|house| async move {
        let mut events = house.answered();
        let waits = CallEvent {
            speech: Speech::Wait.into(),
            ..house.said(50, SentimentParticipant::Agent, "")
        };
        events.extend([waits, house.event(300, Kind::Ended)]);
        let id = house.told(events).await;
        let left_waiting = (DropClass::Suspected, DropBasis::LeftWaiting);
        assert_eq!(house.drop_of(&id).await, left_waiting);
        let nobody = CallEvent {
            participant: 0,
            ..house.said(60, SentimentParticipant::Agent, WORDS)
        };
        let answer = house.report(vec![nobody]).await;
        match &answer.responses[0].outcome {
            Some(Outcome::Failure(failure)) => {
                let message = &failure.message;
                assert!(message.contains("event.participant"), "{message}");
                assert!(!message.contains("85731890"), "{message}");
            }
            other => panic!("{other:?}"),
        }
    })
    .await;
}
