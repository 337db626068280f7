//! Counts and times per method, with labels that callers can't make up.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use metrics::{Counter, Histogram, counter, histogram};
use prost_types::FileDescriptorSet;
use tonic::Code;

/// The names of the status codes, by number.
const CODES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

/// The meters of all known methods. What is called otherwise counts under one label, so that a
/// caller can't fill the memory with series.
#[derive(Debug, Clone)]
pub(super) struct Meters(Arc<Known>);

#[derive(Debug)]
struct Known {
    by_path: HashMap<String, Arc<Meter>>,
    unknown: Arc<Meter>,
}

impl Meters {
    pub(super) fn new(descriptors: &[FileDescriptorSet]) -> Self {
        let by_path = descriptors
            .iter()
            .flat_map(methods)
            .map(|(service, method)| {
                (
                    format!("/{service}/{method}"),
                    Arc::new(Meter::new(service, method)),
                )
            });
        let by_path = by_path.collect();
        let unknown = Arc::new(Meter::new("unknown".to_owned(), "unknown".to_owned()));
        Self(Arc::new(Known { by_path, unknown }))
    }

    /// The meter of the method at `path`, as in `/aftercall.recorder.v1.RecorderService/Get`.
    pub(super) fn of(&self, path: &str) -> &Arc<Meter> {
        self.0.by_path.get(path).unwrap_or(&self.0.unknown)
    }
}

fn methods(descriptors: &FileDescriptorSet) -> impl Iterator<Item = (String, String)> + '_ {
    descriptors.file.iter().flat_map(|file| {
        file.service.iter().flat_map(|service| {
            let full = match file.package() {
                "" => service.name().to_owned(),
                package => format!("{package}.{}", service.name()),
            };
            service
                .method
                .iter()
                .map(move |method| (full.clone(), method.name().to_owned()))
        })
    })
}

/// Counts and times one method. The handles are looked up once, not per request.
pub(super) struct Meter {
    pub(super) service: String,
    pub(super) method: String,
    seconds: OnceLock<Histogram>,
    requests: [OnceLock<Counter>; CODES.len()],
}

impl Meter {
    fn new(service: String, method: String) -> Self {
        Self {
            service,
            method,
            seconds: OnceLock::new(),
            requests: Default::default(),
        }
    }

    pub(super) fn record(&self, code: Code, took: Duration) {
        let labels = || (self.service.clone(), self.method.clone());
        let seconds = self.seconds.get_or_init(|| {
            let (service, method) = labels();
            histogram!("aftercall_grpc_request_seconds", "service" => service, "method" => method)
        });
        seconds.record(took);
        let number = code as usize;
        let requests = self.requests[number].get_or_init(|| {
            let (service, method) = labels();
            counter!(
                "aftercall_grpc_requests_total",
                "service" => service, "method" => method, "code" => CODES[number]
            )
        });
        requests.increment(1);
    }
}

impl std::fmt::Debug for Meter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Meter({}/{})", self.service, self.method)
    }
}
