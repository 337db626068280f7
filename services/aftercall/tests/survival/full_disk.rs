//! A disk that fills up to the end.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use aftercall_proto::history::v1::ListTimelineRequest;
use aftercall_proto::history::v1::history_service_client::HistoryServiceClient;
use aftercall_proto::recorder::v1::recorder_service_client::RecorderServiceClient;
use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::time::timeout;
use tonic::transport::Channel;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::crash::Trial;
use crate::journal::Journal;
use crate::mount::Mount;
use crate::requests;

const DISK_BYTES: u64 = 80 << 20;
/// What is deleted when the disk is full. The rest is for the log and its views.
const BALLAST_BYTES: usize = 66 << 20;
/// Records after which a disk of this size must be full: each is about 17 KiB.
const RECORDS_MAX: u64 = 20_000;
const PATIENCE: Duration = Duration::from_secs(120);
const AGAIN_AFTER: Duration = Duration::from_millis(200);
const CUSTOMER: &str = "customer-0-0";
/// The disk that is filled again and again.
const BURST_DISK_BYTES: u64 = 128 << 20;
/// How often the disk is filled, and how much is written before each time.
const BURSTS: usize = 4;
const BURST_RECORDS: usize = 100;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn full_disk_needs_root() {
    let scratch = tempfile::tempdir().expect("a directory");
    let disk = Mount::tmpfs(scratch.path(), DISK_BYTES);
    let ballast = disk.path().join("ballast");
    let mut trial = Trial::new(&disk.path().join("data"), scratch.path());
    let mut server = trial.start().await;
    let mut writer = Writer::new(&trial, &server.channel());
    // Something to read while nothing can be written.
    for _ in 0..20 {
        writer.write().await.expect("there is space");
    }
    let channel = server.channel();
    let before = timeline(&channel, &writer.position).await;
    fs::write(&ballast, vec![b'b'; BALLAST_BYTES]).expect("there is space for it");
    let status = writer.fill(disk.path()).await;
    assert_disk_full(&status);
    for _ in 0..5 {
        assert_disk_full(&writer.write().await.expect_err("still full"));
    }
    let now = timeline(&channel, "").await;
    assert!(now.len() >= before.len(), "what was seen is still seen");
    assert!(server.runs());

    fs::remove_file(&ballast).expect("it was there");
    let resumed = async {
        while let Err(status) = writer.write().await {
            assert_disk_full(&status);
            tokio::time::sleep(AGAIN_AFTER).await;
        }
    };
    timeout(PATIENCE, resumed)
        .await
        .expect("writes resume by themselves");
    for _ in 0..20 {
        writer.write().await.expect("there is space");
    }
    // The views go on, too.
    let position = writer.position.clone();
    let seen = timeline(&channel, &position).await;
    assert!(!seen.is_empty());
    assert!(server.runs());
    trial.check();
    server.kill();
    trial.conclude().await;
}

fn assert_disk_full(status: &Status) {
    assert_eq!(status.code(), Code::ResourceExhausted, "{status:?}");
    let error = status.get_details_error_info().expect("details");
    assert_eq!(error.reason, "LOG_DISK_FULL");
    let retry = status.get_details_retry_info().expect("when to try again");
    assert!(retry.retry_delay.is_some_and(|delay| !delay.is_zero()));
}

/// The customer's last entries, from a view that may lag behind; asked again until it answers.
async fn timeline(channel: &Channel, min_position: &str) -> Vec<String> {
    let mut history = HistoryServiceClient::new(channel.clone());
    let request = ListTimelineRequest {
        whose: Some(CUSTOMER.to_owned().into()),
        page_size: 20,
        min_position: min_position.to_owned(),
        ..ListTimelineRequest::default()
    };
    let asked = async {
        loop {
            match history.list_timeline(request.clone()).await {
                Ok(answer) => return answer.into_inner().entries,
                Err(status) => {
                    let soon = [Code::Unavailable, Code::DeadlineExceeded];
                    assert!(soon.contains(&status.code()), "{status:?}");
                    tokio::time::sleep(AGAIN_AFTER).await;
                }
            }
        }
    };
    let entries = timeout(PATIENCE, asked).await.expect("reads go on");
    entries.iter().map(|entry| format!("{entry:?}")).collect()
}

/// Writes large records, one by one.
struct Writer {
    journal: Arc<Journal>,
    recorder: RecorderServiceClient<Channel>,
    rng: StdRng,
    written: u64,
    position: String,
}

impl Writer {
    fn new(trial: &Trial, channel: &Channel) -> Self {
        Self {
            journal: Arc::clone(&trial.journal),
            recorder: RecorderServiceClient::new(channel.clone()),
            rng: StdRng::seed_from_u64(1),
            written: 0,
            position: String::new(),
        }
    }

    async fn write(&mut self) -> Result<(), Status> {
        self.written += 1;
        let mut request = requests::record(&mut self.rng, "disk", self.written, CUSTOMER);
        let interaction = request.interaction.as_mut().expect("a record");
        let handling = interaction.handling.as_mut().expect("a handling");
        handling.workaround = "x".repeat(500);
        handling.summary = "long ".repeat(3_000);
        let id = self.journal.send_record(&request);
        match self.recorder.record_interaction(request).await {
            Ok(answer) => {
                let answer = answer.into_inner();
                self.position.clone_from(&answer.position);
                self.journal.answer_record(&id, Some(answer));
                Ok(())
            }
            Err(status) => {
                self.journal.answer_record(&id, None);
                Err(status)
            }
        }
    }

    /// Writes until there is no space.
    async fn fill(&mut self, disk: &Path) -> Status {
        for _ in 0..RECORDS_MAX {
            if let Err(status) = self.write().await {
                return status;
            }
        }
        panic!("{} is not full", disk.display());
    }
}

/// All of the data's disk is taken by others to the last byte, again and again, while views are built anew
/// and while they follow: nothing is taken for damaged, and what is committed goes on answering.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bursts_while_views_catch_up_needs_root() {
    let scratch = tempfile::tempdir().expect("a directory");
    let disk = Mount::tmpfs(scratch.path(), BURST_DISK_BYTES);
    let ballast = disk.path().join("ballast");
    let data = disk.path().join("data");
    let mut trial = Trial::new(&data, scratch.path());
    let mut server = trial.start().await;
    let mut writer = Writer::new(&trial, &server.channel());
    for burst in 0..BURSTS {
        for _ in 0..BURST_RECORDS {
            writer.write().await.expect("there is space");
        }
        if burst % 2 == 1 {
            server.stop();
            fs::remove_dir_all(data.join("views")).expect("they are there");
            server = trial.start().await;
            writer.recorder = RecorderServiceClient::new(server.channel());
        }
        if burst % 2 == 0 {
            // What is to go on answering has been committed.
            let seen = timeline(&server.channel(), &writer.position).await;
            assert!(!seen.is_empty());
        }
        take_all(&ballast);
        // Until the disk is full for the recorder, too.
        let status = writer.fill(disk.path()).await;
        assert_disk_full(&status);
        assert!(server.runs());
        if burst % 2 == 0 {
            assert!(!timeline(&server.channel(), "").await.is_empty());
        }
        fs::remove_file(&ballast).expect("it was there");
        let resumed = async {
            while let Err(status) = writer.write().await {
                assert_disk_full(&status);
                tokio::time::sleep(AGAIN_AFTER).await;
            }
        };
        let resumed = timeout(PATIENCE, resumed).await;
        resumed.expect("writes resume by themselves");
        let seen = timeline(&server.channel(), &writer.position).await;
        assert!(!seen.is_empty());
    }
    assert!(server.runs());
    let said = fs::read_to_string(scratch.path().join("server.log")).expect("its log");
    let wrong = said
        .lines()
        .find(|line| line.contains("damaged") || line.contains("begun anew"));
    assert_eq!(wrong, None);
    trial.check();
    server.stop();
    trial.conclude().await;
}

/// Takes what is free of a disk.
fn take_all(ballast: &Path) {
    let mut ballast = fs::File::create(ballast).expect("a file");
    for bytes in [1 << 20, 4_096, 1] {
        while ballast.write_all(&vec![b'b'; bytes]).is_ok() {}
    }
}
