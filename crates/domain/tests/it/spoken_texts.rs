//! Sentences as agents say them, each with the promises that a person hears in it. They were written after the rules, and no
//! rule was made or changed for one of them.

use aftercall_domain::commitment::CommitmentKind::{
    self, CallBack, Escalate, Investigate, Refund, Replacement, SendDocument, SendInfo,
    StatusUpdate, SupervisorCall, TechVisit,
};

/// A sentence, and the kinds of the promises in it, in their order.
pub(crate) type Heard = (&'static str, &'static [CommitmentKind]);

/// English.
#[rustfmt::skip]
pub(crate) const ENGLISH: &[Heard] = &[
    ("All right Mrs Jones, I'll give you a ring on Thursday afternoon once the parts are in.", &[CallBack]),
    ("We're going to send you a new router, it should be with you by Wednesday.", &[Replacement]),
    ("Leave it with me and I will get back to you by close of business.", &[StatusUpdate]),
    ("I've put the order through and you'll receive a confirmation email within the hour.", &[SendInfo]),
    ("One of our engineers will visit you on Monday between nine and twelve.", &[TechVisit]),
    ("I'm afraid I will not be able to refund that.", &[]),
    ("I'll transfer you to billing now, please hold the line.", &[]),
    ("Let me pull up your account.", &[]),
    ("I'll put a note on your file so the next person knows.", &[]),
    ("If the light is still red tomorrow, we will send someone out.", &[]),
    ("Would you like us to call you back tomorrow?", &[]),
    ("My supervisor will phone you before noon tomorrow.", &[SupervisorCall]),
    ("We will credit your account with twenty euros within five working days.", &[Refund]),
    ("I emailed you the form last week, did it arrive?", &[]),
    ("You said somebody would call you yesterday, I'm sorry about that.", &[]),
    ("I will post the contract today and you should have it on Friday.", &[SendDocument]),
    ("I'm passing this on to the complaints team.", &[Escalate]),
    ("We'll escalate your complaint to the regional office and let you know the outcome by next Friday.", &[Escalate, StatusUpdate]),
    ("Nobody will call you about this again.", &[]),
    ("I can call you back this evening if that suits you.", &[]),
    ("The warehouse will ship out a replacement tomorrow.", &[Replacement]),
    ("I promise I'll call you first thing tomorrow morning.", &[CallBack]),
    ("I will have someone from accounts contact you within 48 hours.", &[StatusUpdate]),
    ("It'll take about ten minutes to restart.", &[]),
    ("You'll see the charge disappear in a day or two.", &[]),
    ("I'm going to look into this and come back to you early next week.", &[StatusUpdate]),
    ("We never call customers on weekends.", &[]),
    ("I'll read that back to you.", &[]),
    ("I'll text you the tracking number as soon as it ships.", &[SendInfo]),
    ("The technician will call you half an hour before he arrives.", &[CallBack]),
    ("We will investigate and respond in writing within ten business days.", &[Investigate]),
    ("Thank you for calling, have a nice evening.", &[]),
    ("I will make sure the manager rings you back by 4 pm.", &[SupervisorCall]),
    ("You need to send us the form and then we will process the refund.", &[Refund]),
    ("Unfortunately we can't send anybody before Monday.", &[]),
    ("As promised, here is the link.", &[]),
    ("I'd love to help but I don't have access.", &[]),
    ("I'll keep an eye on it and update you tomorrow.", &[StatusUpdate]),
    ("They told me they will call you tomorrow.", &[]),
    ("I'll just put you on hold for a minute while I check.", &[]),
];

/// German.
#[rustfmt::skip]
pub(crate) const GERMAN: &[Heard] = &[
    ("Ich melde mich spätestens am Donnerstag wieder bei Ihnen.", &[StatusUpdate]),
    ("Wir schicken Ihnen morgen ein Ersatzgerät.", &[Replacement]),
    ("Die Rechnung sende ich Ihnen heute noch per E-Mail zu.", &[SendDocument]),
    ("Ich verbinde Sie jetzt mit der Technik.", &[]),
    ("Einen Moment bitte, ich schaue kurz nach.", &[]),
    ("Der Techniker wird Sie eine halbe Stunde vorher anrufen.", &[CallBack]),
    ("Mein Vorgesetzter ruft Sie morgen Vormittag zurück.", &[SupervisorCall]),
    ("Das kann ich Ihnen leider nicht erstatten.", &[]),
    ("Wir überweisen Ihnen den Betrag in den nächsten drei Tagen.", &[Refund]),
    ("Soll ich Ihnen das Formular zuschicken?", &[]),
    ("Falls es wieder ausfällt, schicken wir Ihnen einen Techniker.", &[]),
    ("Ich habe Ihnen die Unterlagen letzte Woche geschickt.", &[]),
    ("Sie bekommen von uns innerhalb von zwei Werktagen Bescheid.", &[StatusUpdate]),
    ("Ich leite das an die Fachabteilung weiter, die kümmert sich darum.", &[Escalate]),
    ("Wir rufen niemals nachts an.", &[]),
    ("Am Montag um 10 Uhr kommt ein Monteur zu Ihnen.", &[TechVisit]),
    ("Ich kümmere mich bis Freitag darum und gebe Ihnen dann Bescheid.", &[Investigate, StatusUpdate]),
    ("Schicken Sie uns bitte das Formular, dann prüfen wir das.", &[Investigate]),
    ("Vielen Dank für Ihren Anruf, auf Wiederhören.", &[]),
    ("Ich lasse Ihnen die Bescheinigung bis Ende der Woche zukommen.", &[SendDocument]),
    ("Der Kollege hat gesagt, er ruft Sie an.", &[]),
    ("Ich schreibe Ihnen gleich eine SMS mit dem Link.", &[SendInfo]),
    ("Wir werden die Sache prüfen und Ihnen bis zum 15. Mai antworten.", &[Investigate, StatusUpdate]),
    ("Da kann ich Ihnen nichts versprechen.", &[]),
    ("Ich würde Ihnen ja gern helfen.", &[]),
    ("Wir tauschen das Gerät nächste Woche aus.", &[Replacement]),
    ("Ich rufe Sie in einer Stunde noch einmal an, in Ordnung?", &[CallBack]),
    ("Rufen Sie gern wieder an, wenn noch etwas ist.", &[]),
];
