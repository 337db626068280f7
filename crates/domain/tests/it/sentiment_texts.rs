//! Texts as customers write them, each with what a person says of it. They were written after the rules, and no rule was
//! made or changed for one of them.

use Felt::{Negative, Neutral, Positive};
use aftercall_domain::interaction::SignalKind;
use aftercall_domain::interaction::SignalKind::{
    Abuse, ChurnThreat, LegalThreat, ManagerRequest, Praise, RepeatStated, VulnerableCustomer,
};

/// How a customer felt who wrote a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Felt {
    Negative,
    Neutral,
    Positive,
}

/// A text, how its writer felt, and what in it deserves notice.
pub(crate) type Labelled = (&'static str, Felt, &'static [SignalKind]);

/// English.
pub(crate) const ENGLISH: &[Labelled] = &[
    (
        "Hi, I'd like to change the address on my account please.",
        Neutral,
        &[],
    ),
    (
        "My internet has been down since this morning. Can you have a look?",
        Neutral,
        &[],
    ),
    ("What time do you close on Saturday?", Neutral, &[]),
    ("I ordered the blue one and got the red one.", Neutral, &[]),
    ("No thanks, that's it.", Neutral, &[]),
    (
        "Could you send me the invoice for October again?",
        Neutral,
        &[],
    ),
    ("ok thank you", Neutral, &[]),
    (
        "The router shows a red light and I restarted it twice.",
        Neutral,
        &[],
    ),
    (
        "I would like to return these shoes, they don't fit.",
        Neutral,
        &[],
    ),
    (
        "Please tell me how to reset my password. Thanks in advance!",
        Neutral,
        &[],
    ),
    ("My order number is 5567-22.", Neutral, &[]),
    (
        "I was charged twice for the same thing, please check.",
        Neutral,
        &[],
    ),
    ("Is there a fee if I pay by card?", Neutral, &[]),
    ("The app crashes whenever I open the map.", Neutral, &[]),
    ("Can I speak with somebody in sales?", Neutral, &[]),
    ("It says my card was declined.", Neutral, &[]),
    (
        "We moved house and need the contract at the new place.",
        Neutral,
        &[],
    ),
    ("I'm not worried, just curious when it comes.", Neutral, &[]),
    (
        "There is no need for a lawyer here, I only want my receipt.",
        Neutral,
        &[],
    ),
    (
        "Where do I find the court records form in your app?",
        Neutral,
        &[],
    ),
    (
        "Perfect, it works again. Thank you so much for your help!",
        Positive,
        &[],
    ),
    ("That fixed it, thanks a lot!", Positive, &[]),
    (
        "You have been amazing, really helpful and so patient with me.",
        Positive,
        &[Praise],
    ),
    (
        "Great service as always, I'm very happy with it.",
        Positive,
        &[Praise],
    ),
    (
        "Got my refund today, thank you for sorting this out.",
        Positive,
        &[],
    ),
    (
        "I was annoyed at first, but it's all sorted now, thank you!",
        Positive,
        &[],
    ),
    ("You're a star, that did the trick!", Positive, &[Praise]),
    (
        "Kudos to Maria, she solved my problem in five minutes.",
        Positive,
        &[Praise],
    ),
    ("Brilliant, it's working now. Cheers!", Positive, &[Praise]),
    (
        "Thanks, my parcel has finally arrived and everything is in it.",
        Positive,
        &[],
    ),
    (
        "Wonderful, that is exactly what I needed. Thank you.",
        Positive,
        &[Praise],
    ),
    ("I love your app, it made my day.", Positive, &[Praise]),
    (
        "This is ridiculous. I have been waiting for three weeks.",
        Negative,
        &[],
    ),
    ("I'm fed up with your company.", Negative, &[]),
    ("Still nothing. Nobody answers my mails.", Negative, &[]),
    (
        "What a waste of time, you people never read what I write.",
        Negative,
        &[],
    ),
    (
        "I am very disappointed in how this was handled.",
        Negative,
        &[],
    ),
    ("Your technician was rude and left a mess.", Negative, &[]),
    ("Not happy at all with the answer I got.", Negative, &[]),
    ("Where the hell is my package?", Negative, &[]),
    (
        "This is bullshit, I paid for next day delivery.",
        Negative,
        &[],
    ),
    ("Worst customer service I have ever had.", Negative, &[]),
    (
        "I want to talk to your supervisor right now.",
        Negative,
        &[ManagerRequest],
    ),
    (
        "Put a manager on the phone, please.",
        Negative,
        &[ManagerRequest],
    ),
    (
        "Who is your boss? I want to speak to someone in charge.",
        Negative,
        &[ManagerRequest],
    ),
    ("You will hear from my lawyer.", Negative, &[LegalThreat]),
    (
        "If I don't get my money back by Friday I will sue you.",
        Negative,
        &[LegalThreat],
    ),
    (
        "I'm taking this to small claims court.",
        Negative,
        &[LegalThreat],
    ),
    (
        "I have already reported you to the ombudsman.",
        Negative,
        &[LegalThreat],
    ),
    (
        "Cancel my subscription, I'm switching to your competitor.",
        Negative,
        &[ChurnThreat],
    ),
    (
        "You just lost a customer. Never again.",
        Negative,
        &[ChurnThreat],
    ),
    (
        "This is the third time I call about the same problem.",
        Negative,
        &[RepeatStated],
    ),
    (
        "I've told you five times that the meter is broken!",
        Negative,
        &[RepeatStated],
    ),
    ("You idiots can't even read an address.", Negative, &[Abuse]),
    ("Fuck off with your vouchers.", Negative, &[Abuse]),
    ("Forget it, I'm done with this chat.", Negative, &[]),
    ("You know what, forget it. Goodbye.", Negative, &[]),
    ("I give up, this is pointless.", Negative, &[]),
    ("Thanks for nothing.", Negative, &[]),
    (
        "I'm on dialysis and can't be without power tomorrow.",
        Neutral,
        &[VulnerableCustomer],
    ),
    (
        "My husband died last month and the account is in his name.",
        Neutral,
        &[VulnerableCustomer],
    ),
    (
        "I'm deaf, so please don't call me, write to me.",
        Neutral,
        &[VulnerableCustomer],
    ),
    (
        "Oh great, another outage. Just what I needed.",
        Negative,
        &[],
    ),
    (
        "I cried on the phone and your colleague hung up on me.",
        Negative,
        &[],
    ),
    (
        "Three engineers came and none of them knew what to do.",
        Negative,
        &[],
    ),
];

/// German.
pub(crate) const GERMAN: &[Labelled] = &[
    ("Guten Tag, ich möchte meine Adresse ändern.", Neutral, &[]),
    (
        "Seit heute Morgen habe ich kein Internet, können Sie nachsehen?",
        Neutral,
        &[],
    ),
    ("Wann haben Sie am Samstag geöffnet?", Neutral, &[]),
    ("Ich habe die falsche Größe bekommen.", Neutral, &[]),
    ("Nein danke, das war alles.", Neutral, &[]),
    (
        "Bitte schicken Sie mir die Rechnung noch einmal. Danke im Voraus.",
        Neutral,
        &[],
    ),
    ("Meine Kundennummer ist 4711.", Neutral, &[]),
    ("Die App stürzt ab, wenn ich die Karte öffne.", Neutral, &[]),
    ("Wie kann ich mein Passwort zurücksetzen?", Neutral, &[]),
    ("Mir wurde zweimal derselbe Betrag abgebucht.", Neutral, &[]),
    ("ok danke", Neutral, &[]),
    ("Kann ich auch mit Karte zahlen?", Neutral, &[]),
    ("Gibt es für das Gerät eine Anleitung?", Neutral, &[]),
    (
        "Einen Anwalt brauche ich dafür nicht, nur die Quittung.",
        Neutral,
        &[],
    ),
    (
        "Super, jetzt funktioniert es wieder. Vielen Dank!",
        Positive,
        &[],
    ),
    (
        "Das Problem ist gelöst, herzlichen Dank für Ihre Hilfe.",
        Positive,
        &[],
    ),
    (
        "Sie waren sehr hilfsbereit, toller Service!",
        Positive,
        &[Praise],
    ),
    (
        "Das Geld ist da, danke für die schnelle Erledigung.",
        Positive,
        &[],
    ),
    (
        "Ich bin begeistert, so schnell hat das noch keiner geschafft.",
        Positive,
        &[Praise],
    ),
    (
        "Erst war ich verärgert, aber jetzt ist alles geklärt, danke!",
        Positive,
        &[],
    ),
    (
        "Großes Lob an Ihre Kollegin, sehr freundlich und kompetent.",
        Positive,
        &[Praise],
    ),
    ("Hat geklappt, danke schön!", Positive, &[]),
    (
        "Mir reicht es jetzt, seit drei Wochen passiert nichts.",
        Negative,
        &[],
    ),
    ("Das ist eine Frechheit.", Negative, &[]),
    (
        "Ich bin sehr enttäuscht von Ihrem Unternehmen.",
        Negative,
        &[],
    ),
    (
        "Immer noch nicht geliefert, und keiner meldet sich.",
        Negative,
        &[],
    ),
    (
        "So ein Saftladen, schlechter Service hoch drei.",
        Negative,
        &[],
    ),
    ("Was für eine Zeitverschwendung.", Negative, &[]),
    ("Verdammt noch mal, wo bleibt mein Paket?", Negative, &[]),
    (
        "Das ist doch scheiße, ich habe Express bezahlt.",
        Negative,
        &[],
    ),
    (
        "Ich will sofort mit Ihrem Vorgesetzten sprechen.",
        Negative,
        &[ManagerRequest],
    ),
    (
        "Geben Sie mir bitte Ihren Teamleiter.",
        Negative,
        &[ManagerRequest],
    ),
    (
        "Dann übergebe ich das meinem Anwalt.",
        Negative,
        &[LegalThreat],
    ),
    (
        "Ich werde rechtliche Schritte einleiten.",
        Negative,
        &[LegalThreat],
    ),
    ("Wir sehen uns vor Gericht.", Negative, &[LegalThreat]),
    (
        "Ich wende mich jetzt an die Verbraucherzentrale.",
        Negative,
        &[LegalThreat],
    ),
    (
        "Ich kündige und gehe zur Konkurrenz.",
        Negative,
        &[ChurnThreat],
    ),
    (
        "Nie wieder bestelle ich bei Ihnen.",
        Negative,
        &[ChurnThreat],
    ),
    (
        "Ich rufe jetzt zum dritten Mal deswegen an.",
        Negative,
        &[RepeatStated],
    ),
    (
        "Das habe ich Ihnen schon mehrmals erklärt.",
        Negative,
        &[RepeatStated],
    ),
    ("Sie Idiot, lesen Sie doch die Nummer.", Negative, &[Abuse]),
    ("Vergessen Sie es, ich lege auf.", Negative, &[]),
    (
        "Dann eben nicht, das hat keinen Sinn mit Ihnen.",
        Negative,
        &[],
    ),
    ("Ich bin nicht zufrieden mit der Lösung.", Negative, &[]),
    (
        "Ich sitze im Rollstuhl und komme nicht zum Anschlusskasten.",
        Neutral,
        &[VulnerableCustomer],
    ),
    (
        "Mein Vater ist verstorben, der Vertrag lief auf ihn.",
        Neutral,
        &[VulnerableCustomer],
    ),
    ("Na toll, schon wieder ein Ausfall.", Negative, &[]),
    (
        "Zwei Techniker waren hier, und keiner wusste Bescheid.",
        Negative,
        &[],
    ),
];
