//! `serve` and `config`: the server's life.

use std::io::{Read, Write};
use std::net::TcpStream;

use rustix::process::Signal;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;

use crate::command::{Server, Site, aftercall, line, run, run_with};

#[test]
fn one_line_says_that_the_server_is_ready_and_where() {
    let server = Server::start();
    let address = server.said("grpc").strip_prefix("http://").unwrap();
    assert!(!address.ends_with(":0"), "{address}");
    assert_eq!(server.said("data"), server.data().to_str().unwrap());
    server.signal(Signal::TERM);
    let (status, rest, _) = server.wait();
    assert!(status.success(), "{status}");
    assert_eq!(rest, "");
}

#[test]
fn a_probe_hears_by_the_exit_code_whether_it_serves() {
    let server = Server::start();
    assert_eq!(run(&mut server.client(["health"])).ok(), "serving\n");
    let json = run(&mut server.client(["health", "--json"])).messages();
    assert_eq!(json[0]["status"], "SERVING");
    let mut gone = server.client(["health"]);
    server.stop();
    let error = run(&mut gone).fails(1);
    assert!(error.contains("no server answers"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_probe_hears_that_a_server_does_not_serve_yet() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (reporter, service) = tonic_health::server::health_reporter();
    let status = tonic_health::ServingStatus::NotServing;
    reporter.set_service_status("", status).await;
    let served = tonic::transport::Server::builder().add_service(service);
    let asked =
        tokio::task::spawn_blocking(move || run(&mut aftercall(["health", "--server", &url])));
    let done = tokio::select! {
        done = asked => done.unwrap(),
        ended = served.serve_with_incoming(TcpListenerStream::new(listener)) => panic!("{ended:?}"),
    };
    let error = done.fails(1);
    assert!(error.contains("is not serving"), "{error}");
}

#[test]
fn metrics_are_served_over_http() {
    let server = Server::start();
    run_with(
        &mut server.client(["record", "-"]),
        line(1, "C-1").as_bytes(),
    )
    .ok();
    let url = server.said("metrics").to_owned();
    let (address, path) = url
        .strip_prefix("http://")
        .unwrap()
        .split_once('/')
        .unwrap();
    let mut http = TcpStream::connect(address).unwrap();
    write!(
        http,
        "GET /{path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    http.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains("aftercall_grpc_requests_total"), "{answer}");
}

#[test]
fn what_was_acknowledged_outlives_the_server() {
    let server = Server::start();
    run_with(
        &mut server.client(["record", "-"]),
        line(1, "C-1").as_bytes(),
    )
    .ok();
    let server = Server::start_on(server.stop(), &[]);
    let again = run_with(
        &mut server.client(["record", "-", "--json"]),
        line(1, "C-1").as_bytes(),
    );
    assert_eq!(again.messages()[0]["alreadyRecorded"], true);
}

#[test]
fn views_outlive_the_server_and_a_change_of_their_engine() {
    let mut data = TempDir::new().unwrap();
    let config = TempDir::new().unwrap();
    let file = config.path().join("aftercall.toml");
    for (turn, engine) in (1..).zip(["sled", "sled", "lsm", "sled"]) {
        std::fs::write(&file, format!("[views]\nengine = \"{engine}\"\n")).unwrap();
        let server = Server::start_on(data, &["--config", file.to_str().unwrap()]).caught_up();
        run_with(
            &mut server.client(["record", "-"]),
            line(turn, "C-1").as_bytes(),
        )
        .ok();
        let timeline = run(&mut server.client(["timeline", "C-1", "--json"])).messages();
        let total = &timeline.last().unwrap()["totalSize"];
        assert_eq!(total, &turn.to_string(), "{engine} in turn {turn}");
        data = server.stop();
        // History's store is on that engine, and on no other.
        let stores =
            ["store", "store-sled"].map(|name| data.path().join("views/history").join(name));
        assert_eq!(
            stores.map(|store| store.exists()),
            [engine == "lsm", engine == "sled"]
        );
    }
}

#[test]
fn a_second_server_on_the_same_data_is_refused() {
    let server = Server::start();
    let mut second = aftercall(["serve", "--listen", "127.0.0.1:0", "--metrics-listen"]);
    let error = run(second.args(["127.0.0.1:0", "--data"]).arg(server.data())).fails(1);
    assert!(error.contains("another process"), "{error}");
    assert!(error.contains("stop it first"), "{error}");
}

#[test]
fn a_port_that_is_taken_is_known_at_once() {
    let server = Server::start();
    let data = TempDir::new().unwrap();
    let address = server.said("grpc").strip_prefix("http://").unwrap();
    let mut second = aftercall(["serve", "--listen", address, "--data"]);
    let error = run(second.arg(data.path())).fails(1);
    assert!(error.contains("can't listen on"), "{error}");
    // Before any work: nothing was written.
    assert_eq!(std::fs::read_dir(data.path()).unwrap().count(), 0);
}

#[test]
fn some_services_alone_are_refused_on_the_embedded_log() {
    let error = run(&mut aftercall(["serve", "recorder", "history"])).fails(2);
    assert!(error.contains("recorder, history alone"), "{error}");
    assert!(error.contains("set log.engine to \"kafka\""), "{error}");
    let error = run(&mut aftercall(["serve", "recorders"])).fails(2);
    assert!(
        error.contains("recorder, history, followups, knowledge"),
        "{error}"
    );
}

#[test]
fn the_configuration_in_force_is_printed() {
    let directory = TempDir::new().unwrap();
    let config = |args: &[&str]| {
        let mut command = aftercall(["config"]);
        command
            .current_dir(directory.path())
            .args(args)
            .env("AFTERCALL_SERVER__LISTEN", "[::1]:9");
        run(&mut command)
    };
    let printed = config(&["--data", "/elsewhere"]).ok();
    assert!(printed.contains("\nlisten = \"[::1]:9\"\n"), "{printed}");
    assert!(printed.contains("\ndir = \"/elsewhere\"\n"), "{printed}");

    // A file in the working directory is read; a flag wins over the environment.
    std::fs::write(
        directory.path().join("aftercall.toml"),
        "[telemetry]\nfilter = \"warn\"\n",
    )
    .unwrap();
    let printed = config(&["--listen", "127.0.0.1:8"]).ok();
    assert!(printed.contains("\nfilter = \"warn\"\n"), "{printed}");
    assert!(
        printed.contains("\nlisten = \"127.0.0.1:8\"\n"),
        "{printed}"
    );

    std::fs::write(
        directory.path().join("aftercall.toml"),
        "[server]\nlisen = 1\n",
    )
    .unwrap();
    let error = config(&[]).fails(1);
    assert!(error.contains("unknown key server.lisen"), "{error}");
    assert!(error.contains("server.listen"), "{error}");
}

#[test]
fn the_defaults_are_those_that_are_delivered() {
    let directory = TempDir::new().unwrap();
    let printed = run(aftercall(["config"]).current_dir(directory.path())).ok();
    assert_eq!(printed, include_str!("../../../../deploy/aftercall.toml"));
}
