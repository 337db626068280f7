//! German. Without accents, as words are compared: `zuruck`.

use super::{Language, Rule, Who};
use crate::commitment::CommitmentKind as Kind;

/// How people promise in German.
pub const GERMAN: Language = Language {
    rules: RULES,
    promisers: PROMISERS,
    is_verb_last: true,
    wills: &["werde|werden|wird"],
    fillers: &[
        "auch",
        "dann",
        "noch",
        "gern",
        "gerne",
        "sofort",
        "gleich",
        "naturlich",
        "selbstverstandlich",
        "selbst",
        "heute",
        "morgen",
        "sie",
        "ihnen",
        "dir",
        "dich",
        "euch",
        "mich",
        "uns",
        "sich",
        "personlich",
        "danach",
    ],
    doubts: &["versuche", "versuchen"],
    negators: &[
        "nicht", "kein", "keine", "keinen", "keiner", "keinem", "nie", "niemals",
    ],
    no_matter: &["nur", "problem", "sorge", "sorgen", "thema"],
    conditions: &["wenn", "falls", "sofern", "sollte", "sollten"],
    wondering: &[],
    reporters: &[
        "sagte",
        "sagten",
        "gesagt",
        "erwahnt",
        "meinte",
        "versprochen",
    ],
    repeating: &["wie"],
    consents: &[
        "ok",
        "okay",
        "ja",
        "gut",
        "recht",
        "oder",
        "einverstanden",
        "passt",
    ],
};

#[rustfmt::skip]
const PROMISERS: &[(Who, &[&str])] = &[
    (Who::Agent, &["ich"]),
    (Who::House, &["wir"]),
    (Who::Superior, &["vorgesetzt*", "teamleit*", "chef*", "abteilungsleit*"]),
    (Who::Colleague, &[
        "kolleg*", "techniker*", "monteur*", "mitarbeiter*", "fachabteilung", "abteilung", "team", "jemand", "spezialist*",
        "sachbearbeiter*",
    ]),
];

#[rustfmt::skip]
const RULES: &[Rule] = &[
    Rule {
        code: "call_back.anrufen",
        kind: Kind::CallBack,
        confidence: 80,
        main: &["rufe|rufen|ruft ~~ zuruck|an|durch", "telefoniere|telefonieren ~~ mit ihnen"],
        after: &["zuruckrufen|zuruckrufe|zuruckruft", "anrufen|anrufe|anruft", "zuruck|an rufen"],
        whole: &[
            "sie werden ~~ zuruckgerufen|angerufen", "sie erhalten|bekommen|kriegen ~~ ruckruf|anruf",
            "du wirst ~~ zuruckgerufen|angerufen", "du erhaltst|bekommst|kriegst ~~ ruckruf|anruf",
        ],
        ..Rule::PLAIN
    },
    Rule {
        code: "status_update.melden",
        kind: Kind::StatusUpdate,
        main: &[
            "melde|melden|meldet ~ mich|uns|sich", "gebe|geben|gibt ~~ bescheid|ruckmeldung",
            "halte|halten|halt ~~ laufenden", "informiere|informieren|informiert sie|dich|euch",
            "komme|kommen|kommt ~~ auf sie zu", "setze|setzen|setzt ~~ in verbindung", "kontaktiere|kontaktieren|kontaktiert sie|dich",
        ],
        after: &[
            "melden|melde|meldet", "bescheid geben|gebe|geben|gibt", "benachrichtigen", "informieren|informiere",
            "auf dem laufenden halten", "kontaktieren", "in verbindung setzen",
        ],
        whole: &[
            "sie werden ~~ kontaktiert|benachrichtigt|informiert", "sie horen ~~ von uns|mir",
            "sie erhalten|bekommen|kriegen ~~ bescheid|ruckmeldung|nachricht|antwort",
        ],
        ..Rule::PLAIN
    },
    Rule {
        code: "tech_visit.techniker",
        kind: Kind::TechVisit,
        main: &[
            "schicke|schicken|sende|senden ~~ techniker|monteur|kollegen|jemanden|mitarbeiter",
            "kommt|kommen ~~ vorbei|zu ihnen",
        ],
        after: &["techniker ~ schicken|vorbeischicken|senden|vorbeikommen|kommen", "vorbeischicken|vorbeikommen|vorbeikommt"],
        whole: &["techniker|monteur kommt"],
        ..Rule::PLAIN
    },
    Rule {
        code: "replacement.ersatz",
        kind: Kind::Replacement,
        main: &[
            "schicke|schicken|schickt|sende|senden|sendet ~~ ersatz*", "schicke|schicken|sende|senden ~ neues|neuen|neue",
            "tausche|tauschen|tauscht ~~ aus|um", "ersetze|ersetzen|ersetzt",
        ],
        after: &["ersatz* ~ schicken|zuschicken|senden|zusenden", "austauschen|umtauschen|ersetzen"],
        ..Rule::PLAIN
    },
    Rule {
        code: "refund.erstatten",
        kind: Kind::Refund,
        main: &[
            "erstatte|erstatten|erstattet", "uberweise|uberweisen|uberweist ~~ zuruck|ihnen|erstattung", "schreibe|schreiben ~~ gut",
            "zahle|zahlen|zahlt ~~ zuruck|aus",
        ],
        after: &["erstatten|ruckerstatten|zuruckerstatten", "zuruckuberweisen|uberweisen", "gutschreiben", "zuruckzahlen"],
        whole: &["sie bekommen|erhalten|kriegen ~~ geld zuruck", "sie bekommen|erhalten|kriegen ~~ erstattung|gutschrift"],
        confidence: 65,
        ..Rule::PLAIN
    },
    Rule {
        code: "escalate.weitergeben",
        kind: Kind::Escalate,
        main: &[
            "gebe|geben|gibt|leite|leiten|leitet ~~ weiter", "eskaliere|eskalieren|eskaliert",
        ],
        after: &["weitergeben|weiterleiten", "eskalieren"],
        confidence: 60,
        ..Rule::PLAIN
    },
    Rule {
        code: "send_document.unterlagen",
        kind: Kind::SendDocument,
        main: &[
            "schicke|schicken|schickt|sende|senden|sendet|maile|mailen|mailt|lasse|lassen ~~ unterlagen|vertrag|rechnung|formular|kopie|bescheinigung|angebot|dokument*|etikett|beleg|schreiben|brief",
        ],
        after: &["unterlagen|vertrag|rechnung|formular|kopie|bescheinigung|angebot|dokument|dokumente|etikett|beleg|schreiben|brief ~ schicken|zuschicken|senden|zusenden|mailen|zukommen"],
        whole: &["sie erhalten|bekommen|kriegen ~~ unterlagen|vertrag|rechnung|formular|bescheinigung|angebot|dokumente|brief"],
        ..Rule::PLAIN
    },
    Rule {
        code: "send_info.schicken",
        kind: Kind::SendInfo,
        is_general: true,
        main: &[
            "schicke|schicken|schickt|sende|senden|sendet|maile|mailen|mailt|schreibe|schreiben|schreibt ihnen|dir|euch",
            "schicke|schicken|schickt|sende|senden|sendet ~~ zu|mail|infos|informationen|details|link",
            "lasse|lassen ~~ zukommen",
        ],
        after: &["schicken|schicke|schickt|zuschicken|zuschicke|senden|zusenden|zusende|mailen|zumailen|zukommen"],
        whole: &["sie erhalten|bekommen|kriegen ~~ mail|email|informationen|infos|link|bestatigung|sms"],
        ..Rule::PLAIN
    },
    Rule {
        code: "investigate.klaren",
        kind: Kind::Investigate,
        only_later: true,
        confidence: 60,
        main: &[
            "klare|klaren|klart", "prufe|prufen|pruft", "kummere|kummern|kummert ~ mich|uns|sich", "gehe|gehen ~ nach",
            "frage|fragen|fragt ~~ nach", "schaue|schauen ~~ an", "forsche|forschen ~~ nach",
        ],
        after: &["klaren|abklaren|klare|abklare", "prufen|uberprufen|prufe", "kummern", "nachgehen", "nachfragen", "nachforschen"],
        ..Rule::PLAIN
    },
];
