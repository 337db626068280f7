//! kill −9 under load.

use crate::crash::Trial;

const ROUNDS: usize = 30;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kill_9_under_load() {
    let scratch = tempfile::tempdir().expect("a directory");
    let mut trial = Trial::new(&scratch.path().join("data"), scratch.path());
    for _ in 0..ROUNDS {
        let server = trial.start().await;
        let writers = trial.load(&server).await;
        server.kill();
        Trial::ended(writers).await;
    }
    trial.conclude().await;
}
