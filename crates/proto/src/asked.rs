//! What most questions about the past are about, from an id alone: a contact by its id, a customer by
//! the CRM's own key.

use crate::history::v1::{
    get_customer_context_request, get_interaction_request, interaction_name,
    list_amendments_request, list_timeline_request,
};

impl From<String> for get_interaction_request::Which {
    fn from(interaction_id: String) -> Self {
        Self::InteractionId(interaction_id)
    }
}

impl From<String> for list_amendments_request::Which {
    fn from(interaction_id: String) -> Self {
        Self::InteractionId(interaction_id)
    }
}

impl From<String> for interaction_name::Which {
    fn from(interaction_id: String) -> Self {
        Self::InteractionId(interaction_id)
    }
}

impl From<String> for get_customer_context_request::Whose {
    fn from(customer_id: String) -> Self {
        Self::CustomerId(customer_id)
    }
}

impl From<String> for list_timeline_request::Whose {
    fn from(customer_id: String) -> Self {
        Self::CustomerId(customer_id)
    }
}
