//! German.

use super::{Rule, Sense};

/// The rules for German.
#[rustfmt::skip]
pub const GERMAN: &[Rule] = &[
    Rule {
        code: "grateful.danke",
        sense: Sense::Grateful,
        phrases: &[
            "danke", "vielen dank", "herzlichen dank", "besten dank", "dankeschön",
            "tausend dank", "ich danke", "wir danken", "dankbar", "sehr nett von ihnen",
            "das ist lieb", "merci", "danke für ihre hilfe", "danke für die hilfe",
            "danke für die schnelle",
        ],
    },
    Rule {
        code: "resolved.funktioniert",
        sense: Sense::Resolved,
        phrases: &[
            "funktioniert wieder", "funktioniert jetzt", "jetzt funktioniert", "geht wieder",
            "geht jetzt", "jetzt geht", "läuft wieder", "läuft jetzt", "jetzt läuft",
            "klappt jetzt", "jetzt klappt", "klappt wieder", "hat geklappt", "hat funktioniert",
            "nun funktioniert", "nun geht", "nun klappt", "ist wieder da", "bin wieder online",
        ],
    },
    Rule {
        code: "resolved.erledigt",
        sense: Sense::Resolved,
        phrases: &[
            "problem gelöst", "problem ist gelöst", "ist gelöst", "ist behoben", "wurde behoben",
            "wurde gelöst", "hat sich erledigt", "ist erledigt", "alles erledigt", "ist geklärt",
            "alles geklärt", "wurde geklärt", "ist angekommen", "habe es bekommen", "geld ist da",
            "damit ist mir geholfen", "das hilft mir", "das hat geholfen", "hat mir geholfen",
            "das wars", "alles bestens", "alles in ordnung", "passt jetzt", "haben sie gelöst",
        ],
    },
    Rule {
        code: "praise.lob",
        sense: Sense::Praise,
        phrases: &[
            "super service", "toller service", "tolle hilfe", "guter service", "klasse service",
            "spitzen service", "bester service", "hervorragend", "ausgezeichnet", "großartig",
            "fantastisch", "sehr hilfsbereit", "sehr freundlich", "sehr kompetent",
            "sehr zufrieden", "bin zufrieden", "bin begeistert", "begeistert",
            "sie sind ein schatz", "sie sind super", "sie sind toll", "großes lob", "ein lob",
            "wunderbar", "prima gemacht", "gut gemacht", "das freut mich", "freue mich sehr",
            "bin sehr froh", "weiter so",
        ],
    },
    Rule {
        code: "frustration.reicht",
        sense: Sense::Frustration,
        phrases: &[
            "frustrier*", "genervt", "nervt", "nervig", "ärger*", "verärgert", "wütend", "sauer",
            "stinksauer", "es reicht", "mir reicht", "reicht mir", "die nase voll", "habe genug",
            "schnauze voll", "am ende meiner geduld", "geduld am ende", "geduld ist zu ende",
            "geduld verloren", "keine geduld mehr", "keine lust mehr", "verzweifel*", "empört",
            "entsetzt", "fassungslos", "das kann doch nicht", "kann doch nicht sein",
            "kann nicht wahr sein", "darf nicht wahr sein", "geht gar nicht", "langsam reicht",
        ],
    },
    Rule {
        code: "frustration.unverschaemt",
        sense: Sense::Frustration,
        phrases: &[
            "unverschämt*", "frechheit", "unmöglich von", "unmöglicher", "inakzeptabel",
            "nicht akzeptabel", "nicht hinnehmbar", "skandal", "lächerlich", "peinlich",
            "unfassbar", "unglaublich schlecht", "unzumutbar", "eine zumutung", "katastroph*",
            "desaster", "armutszeugnis", "saftladen", "sauladen", "witz ist das", "ein witz",
            "schlechter witz", "unter aller sau", "das letzte", "schande",
        ],
    },
    Rule {
        code: "frustration.schlecht",
        sense: Sense::Frustration,
        phrases: &[
            "schlechter service", "miserabel*", "grottenschlecht", "furchtbar", "schrecklich",
            "unfähig*", "inkompeten*", "unfreundlich*", "unprofessionell", "nutzlos", "sinnlos",
            "enttäusch*", "unzufrieden", "nicht zufrieden", "nicht glücklich", "abzocke",
            "abgezockt", "betrug", "betrogen", "betrüger", "verarscht", "belogen", "angelogen",
            "im stich gelassen", "hingehalten", "vertröstet", "abgewimmelt", "leere versprech*",
        ],
    },
    Rule {
        code: "frustration.warten",
        sense: Sense::Frustration,
        phrases: &[
            "zeitverschwendung", "verschwende meine zeit", "niemand meldet sich",
            "keiner meldet sich", "niemand antwortet", "keiner antwortet", "keine antwort",
            "keine rückmeldung", "keine reaktion", "warte immer noch", "warte noch immer",
            "warte seit", "wie lange noch", "wie lange soll", "in der warteschleife",
            "wurde aufgelegt", "einfach aufgelegt", "immer noch nicht", "immer noch kein*",
            "noch immer nicht", "noch immer kein*", "schon wieder", "ständig", "jedes mal",
            "von einem zum anderen", "hin und her", "interessiert niemanden",
            "interessiert keinen", "ignoriert",
        ],
    },
    Rule {
        code: "curse.schimpfwort",
        sense: Sense::Curse,
        phrases: &[
            "scheiß*", "scheiss*", "verdammt*", "mist", "so ein mist", "verflucht*", "kacke",
            "zum teufel", "zur hölle", "himmelherrgott", "arsch", "leck mich", "verfickt*",
            "dreck", "drecks*", "blöd*", "bescheuert*",
        ],
    },
    Rule {
        code: "abrupt_exit.schluss",
        sense: Sense::AbruptExit,
        phrases: &[
            "vergessen sie es", "vergessen sie's", "vergiss es", "ich lege auf",
            "ich lege jetzt auf", "lege jetzt auf", "ich gebe auf", "das hat keinen sinn",
            "hat doch keinen sinn", "lassen sie es", "lassen wir das", "das gespräch ist beendet",
            "ich beende das gespräch", "ich beende diesen chat", "dann eben nicht",
            "mir egal jetzt", "schluss jetzt",
        ],
    },
    Rule {
        code: "legal_threat.anwalt",
        sense: Sense::LegalThreat,
        phrases: &[
            "anwalt", "anwalts", "anwältin", "anwälte", "rechtsanwalt", "rechtsanwältin",
            "rechtsanwälte", "rechtsbeistand", "rechtsschutz", "rechtsschutzversicherung",
        ],
    },
    Rule {
        code: "legal_threat.gericht",
        sense: Sense::LegalThreat,
        phrases: &[
            "verklag*", "klage einreichen", "klage ein", "reiche klage", "einklagen",
            "klagen werde", "vor gericht", "zum gericht", "gerichtlich*", "rechtliche schritte",
            "rechtlich vorgehen", "rechtsweg", "juristisch*", "anzeige erstatten",
            "erstatte anzeige", "strafanzeige", "mahnbescheid", "schadensersatz", "schadenersatz",
            "schlichtungsstelle",
        ],
    },
    Rule {
        code: "legal_threat.behoerde",
        sense: Sense::LegalThreat,
        phrases: &[
            "verbraucherzentrale", "verbraucherschutz", "bundesnetzagentur", "ombudsmann",
            "ombudsstelle", "bafin", "datenschutzbehörde", "datenschutzbeauftragten",
            "aufsichtsbehörde", "melde sie bei",
        ],
    },
    Rule {
        code: "manager_request.vorgesetzte",
        sense: Sense::ManagerRequest,
        phrases: &[
            "vorgesetzte*", "ihren chef", "ihrem chef", "ihre chefin", "ihrer chefin", "den chef",
            "dem chef", "teamleit*", "abteilungsleit*", "geschäftsführ*", "geschäftsleitung",
            "filialleit*", "ihren manager", "ihrem manager", "den manager", "einen manager",
            "einem manager", "jemand anderen sprechen", "jemand anderem sprechen",
            "jemanden mit befugnis", "jemand kompetent*", "verantwortlichen sprechen",
            "einen verantwortlichen", "eskalieren sie",
        ],
    },
    Rule {
        code: "churn_threat.kuendigen",
        sense: Sense::ChurnThreat,
        phrases: &[
            "kündige", "kündigen", "kündigung", "gekündigt", "sonderkündigung*",
            "vertrag beenden", "konto auflösen", "konto schließen", "wechsle zu", "wechsele zu",
            "wechseln zu", "anbieter wechseln", "den anbieter", "anbieterwechsel",
            "zur konkurrenz", "bei der konkurrenz", "nie wieder", "einen kunden verloren",
            "mich als kunden", "mich als kundin", "kunde verloren", "nicht mehr bei ihnen",
            "nichts mehr bei ihnen", "woanders kaufen", "gehe woanders", "das letzte mal",
        ],
    },
    Rule {
        code: "abuse.beleidigung",
        sense: Sense::Abuse,
        phrases: &[
            "sie idiot*", "ihr idioten", "so ein idiot", "lauter idioten", "sie spinnen",
            "arschloch*", "arschlöcher", "halt die fresse", "halten sie die klappe", "halts maul",
            "halt's maul", "sie lügner*", "sie sind dumm", "sind sie dumm", "sind sie blöd",
            "sind sie zu blöd", "trottel", "vollidiot*", "dummkopf", "verpiss*",
            "fahren sie zur hölle",
        ],
    },
    Rule {
        code: "repeat_stated.wieder",
        sense: Sense::RepeatStated,
        phrases: &[
            "zum zweiten mal", "zum dritten mal", "zum vierten mal", "zum fünften mal",
            "zum x ten mal", "zum wiederholten mal", "das dritte mal", "das zweite mal",
            "schon mehrmals", "schon mehrfach", "bereits mehrmals", "bereits mehrfach",
            "mehrfach angerufen", "mehrmals angerufen", "schon zweimal", "schon dreimal",
            "schon zigmal", "bereits angerufen", "schon angerufen", "schon gesagt",
            "bereits gesagt", "schon erklärt", "bereits erklärt", "immer wieder",
            "wieder das gleiche", "wieder dasselbe", "rufe schon wieder",
        ],
    },
    Rule {
        code: "vulnerable.fuersorge",
        sense: Sense::Vulnerable,
        phrases: &[
            "schwerbehindert*", "behindert", "meine behinderung", "rollstuhl", "bin blind",
            "bin gehörlos", "schwerhörig", "pflegebedürftig*", "mein pfleger", "meine pflegerin",
            "demenz", "alzheimer", "todkrank", "krebs", "dialyse", "beatmungsgerät",
            "sauerstoffgerät", "verstorben", "gestorben", "verwitwet", "trauerfall", "selbstmord",
            "suizid*", "das leben nehmen", "häusliche gewalt", "obdachlos*", "bin schwanger",
            "säugling", "kein geld für essen", "privatinsolvenz", "depression*",
            "psychisch krank",
        ],
    },
];
