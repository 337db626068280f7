//! A process that is mute, because its data is a copy, says so: when it starts, to who asks for its health, and in its
//! metrics. What it records is as ever.

use aftercall_log::Log;
use aftercall_service::Environment;
use aftercall_service::server::Health;

use crate::config::Config;

/// Under this name the health service says whether anybody is told anything from here.
pub const TELLING: &str = "aftercall.telling";

/// Says whether this process is mute.
pub(super) async fn say(config: &Config, log: &dyn Log, health: &Health) {
    let environment = Environment::of(config.notify.environment.as_deref(), log);
    let mute = environment.is_mute();
    if mute {
        let copied = log.copied();
        let from = copied.and_then(|copied| copied.from.as_deref());
        tracing::warn!(
            data = %config.storage.dir.display(),
            from = from.unwrap_or("unknown"),
            environment = environment.name(),
            remedy = environment.remedy(),
            "the data is a copy: deliveries are recorded as suppressed, and nobody is told anything"
        );
    }
    environment.measure();
    health.say_beside(TELLING, !mute).await;
}
