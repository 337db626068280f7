//! How a contact ended. All of it is said in closed lists, so there is nothing to check.

/// How a contact ended.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Disconnect {
    /// Who or what ended it.
    pub reason: Option<DisconnectReason>,
    /// In which stage.
    pub stage: Option<DisconnectStage>,
    /// Whether the line was lost.
    pub drop_class: Option<DropClass>,
    /// To whom it is put down that it was.
    pub attribution: Option<DropAttribution>,
}

/// Who or what ended a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DisconnectReason {
    /// The customer hung up.
    Customer,
    /// The agent hung up.
    Agent,
    /// Somebody else on the line hung up.
    ThirdParty,
    /// The line failed.
    TelecomProblem,
    /// A system ended it.
    System,
    /// The call flow ended it.
    Flow,
    /// A supervisor stepped in.
    SupervisorBarge,
    /// It went elsewhere.
    TransferOut,
    /// Nobody knows.
    Unknown,
}

/// In which stage a contact ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DisconnectStage {
    /// While it rang.
    Ringing,
    /// In the voice menu.
    Ivr,
    /// While waiting.
    Queue,
    /// While talking.
    Talk,
    /// On hold.
    Hold,
    /// In after-call work.
    Acw,
}

/// Whether a contact was lost rather than ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DropClass {
    /// It ended as it should.
    NotADrop,
    /// It looks lost.
    Suspected,
    /// It was lost.
    Confirmed,
}

/// To whom the loss of a call is put down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DropAttribution {
    /// To us: our lines, our systems, our agent.
    Ours,
    /// To the carrier.
    Carrier,
    /// To the customer's own device.
    CustomerDevice,
    /// That is not known.
    Unknown,
}
