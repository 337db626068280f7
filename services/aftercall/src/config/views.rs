//! What the views are kept in.

use aftercall_view::EngineKind;
use serde::{Deserialize, Serialize};

/// The views.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ViewsConfig {
    /// The engine of their stores. Default: lsm-tree. Another one than before means that they are
    /// rebuilt.
    pub engine: ViewsEngine,
}

/// The engine of the views' stores.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ViewsEngine {
    /// lsm-tree.
    #[default]
    Lsm,
    /// sled.
    Sled,
}

impl From<ViewsEngine> for EngineKind {
    fn from(engine: ViewsEngine) -> Self {
        match engine {
            ViewsEngine::Lsm => Self::Lsm,
            ViewsEngine::Sled => Self::Sled,
        }
    }
}
