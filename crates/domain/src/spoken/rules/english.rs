//! English.

use super::{Language, Rule, Who};
use crate::commitment::CommitmentKind as Kind;

/// How people promise in English.
pub const ENGLISH: Language = Language {
    rules: RULES,
    promisers: PROMISERS,
    is_verb_last: false,
    wills: &[
        "will",
        "ll",
        "shall",
        "am|are|is|m|re|s going to",
        "am|are|is|m|re|s gonna",
        "gonna",
        "promise to",
        "promise you to",
    ],
    fillers: &[
        "also",
        "then",
        "just",
        "personally",
        "definitely",
        "certainly",
        "surely",
        "gladly",
        "happily",
        "quickly",
        "be",
        "sure",
        "make",
        "to",
        "that",
        "try",
        "able",
        "happy",
        "glad",
        "have",
        "need",
        "later",
        "today",
        "tomorrow",
        "now",
        "shortly",
        "soon",
        "immediately",
        "again",
        "of",
        "course",
        "therefore",
        "so",
    ],
    doubts: &["try"],
    negators: &[
        "not", "t", "never", "no", "cannot", "cant", "wont", "dont", "unable", "hardly", "nor",
    ],
    no_matter: &["worry", "worries", "problem", "only"],
    conditions: &["if", "unless", "whether", "provided", "assuming", "case"],
    wondering: &[
        "see", "check", "know", "ask", "out", "sure", "wonder", "confirm", "verify", "tell",
        "your", "this", "that", "the", "my",
    ],
    reporters: &["said", "told", "mentioned", "promised"],
    repeating: &["as", "like", "have", "ve"],
    consents: &[
        "ok", "okay", "alright", "right", "fine", "good", "please", "yes",
    ],
};

#[rustfmt::skip]
const PROMISERS: &[(Who, &[&str])] = &[
    (Who::Agent, &["i", "ill"]),
    (Who::House, &["we"]),
    (Who::Superior, &["my|our|the|a ~ manager|supervisor|boss|superior", "my|our|the|a team lead|leader"]),
    (Who::Colleague, &[
        "my|our|the|a|an|another|one ~ colleague|colleagues|team|department|technician|technicians|engineer|engineers",
        "my|our|the|a|an|another|one ~ specialist|specialists|expert|experts|agent|agents|office|plumber|electrician",
        "someone|somebody", "someone|somebody from ~ team|department|office", "they", "he|she",
    ]),
];

#[rustfmt::skip]
const RULES: &[Rule] = &[
    Rule {
        code: "supervisor_call.have_them_call",
        kind: Kind::SupervisorCall,
        after: &[
            "have|get|ask ~ manager|supervisor|boss ~ call|ring|phone", "arrange for ~ manager|supervisor ~ call|ring|phone",
        ],
        ..Rule::PLAIN
    },
    Rule {
        code: "call_back.call_you",
        kind: Kind::CallBack,
        confidence: 80,
        after: &[
            "call|ring|phone|calling|ringing|phoning you", "call|ring|phone back", "call|ring|phone ~ back",
            "give you a call|ring|callback", "give you a quick call|ring", "give ~ a call back",
            "have|get|ask ~ call|ring|phone you", "arrange ~ callback", "arrange for ~ call you",
            "schedule|book ~ callback", "schedule|book a call back",
        ],
        whole: &["you will|ll get|receive|have a call|callback", "you will|ll be called"],
        ..Rule::PLAIN
    },
    Rule {
        code: "status_update.contact_you",
        kind: Kind::StatusUpdate,
        after: &[
            "get back to you|her|him|them", "getting back to you", "get back with you", "be in touch", "be getting in touch",
            "get in touch", "contact|contacting you", "reach out to you", "reach back out", "follow up with you",
            "come back to you", "have|get|ask ~ contact you", "have|get|ask ~ get in touch", "have|get|ask ~ reach out to you",
        ],
        whole: &["you will|ll be contacted", "you will|ll hear|be ~ from us", "you will|ll be hearing from us"],
        ..Rule::PLAIN
    },
    Rule {
        code: "status_update.tell_you",
        kind: Kind::StatusUpdate,
        after: &[
            "let you know", "keep you posted|updated|informed", "update|inform|notify you", "give you an update",
            "send|email|text|give you an update|a status", "follow up on",
        ],
        whole: &["you will|ll be notified|informed|updated"],
        only_later: true,
        confidence: 60,
        ..Rule::PLAIN
    },
    Rule {
        code: "tech_visit.send_somebody",
        kind: Kind::TechVisit,
        after: &[
            "send|dispatch ~ technician|engineer|plumber|electrician|mechanic|repairman", "send|dispatch somebody|someone",
            "have ~ technician|engineer come|visit|stop",
        ],
        ..Rule::PLAIN
    },
    Rule {
        code: "tech_visit.come",
        kind: Kind::TechVisit,
        confidence: 60,
        only_later: true,
        after: &["visit you", "come out", "come by", "come to you*", "come round|over", "stop by", "knock", "be at your"],
        ..Rule::PLAIN
    },
    Rule {
        code: "replacement.send",
        kind: Kind::Replacement,
        after: &[
            "send|ship|mail|post|order|dispatch ~ replacement|replacements", "send|ship|order you a|another new",
            "send|ship you another", "send|ship out a new", "replace it|them|your|the|that",
        ],
        ..Rule::PLAIN
    },
    Rule {
        code: "refund.pay_back",
        kind: Kind::Refund,
        after: &[
            "refund", "issue|process|arrange|send ~ refund|credit", "give you ~ refund|credit|money", "credit you*",
            "reimburse", "pay you back", "pay ~ back", "return your money", "transfer ~ back to you*",
        ],
        whole: &["you will|ll receive|get ~ refund|credit"],
        confidence: 65,
        ..Rule::PLAIN
    },
    Rule {
        code: "escalate.pass_on",
        kind: Kind::Escalate,
        after: &[
            "escalate", "pass ~~ to my|our|the", "forward ~~ to my|our|the", "raise ~ with my|our|the",
            "hand ~ over to my|our|the", "take ~ up with my|our|the", "bring ~ to my|our|the",
        ],
        confidence: 60,
        ..Rule::PLAIN
    },
    Rule {
        code: "send_document.noun",
        kind: Kind::SendDocument,
        after: &[
            "send|email|mail|post|fax|forward|text|sending|emailing ~ contract|invoice|invoices|form|forms|label|receipt|bill|statement",
            "send|email|mail|post|fax|forward|text|sending|emailing ~ document|documents|letter|copy|certificate|quote|paperwork|policy",
        ],
        ..Rule::PLAIN
    },
    Rule {
        code: "send_info.noun",
        kind: Kind::SendInfo,
        after: &[
            "send|email|mail|post|forward|text|message|sending|emailing ~ details|information|info|instructions|link|answer",
            "send|drop|write you ~ email|mail|text|message|note", "send|email|mail|text ~ confirmation|list|guide|code|data",
        ],
        whole: &["you will|ll get|receive ~ email|mail|letter|text|confirmation|message"],
        ..Rule::PLAIN
    },
    Rule {
        code: "send_info.you",
        kind: Kind::SendInfo,
        is_general: true,
        confidence: 65,
        after: &[
            "send|email|mail|text|message|post|forward|fax|sending|emailing you", "send|email|mail|text|post|forward it|that|them|those|this",
            "write to you", "drop you",
        ],
        ..Rule::PLAIN
    },
    Rule {
        code: "investigate.look_into",
        kind: Kind::Investigate,
        only_later: true,
        confidence: 60,
        after: &[
            "look|looking into", "investigate|investigating", "find out", "have|take a look|closer", "check with my|our|the",
            "look at this|that|it|the|your", "check into", "speak|talk to|with my|our|the", "chase ~ up", "get to the bottom",
        ],
        ..Rule::PLAIN
    },
];
