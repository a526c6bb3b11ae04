//! Does `slotcast serve` say where it listens, log, and end as it should?
//!
//! In: the command, as a process. Out: its line, what it answers, its logs and its exit code.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write, pipe},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use serde_json::Value;

use crate::command::{Folder, command, run};

/// A service that is ended with the test.
pub(crate) struct Service {
    child: Child,
    address: String,
}

impl Service {
    pub(crate) fn start(more: &[&str]) -> Self {
        let args = [&["serve", "--json", "--listen", "127.0.0.1:0"], more].concat();
        let mut child =
            command(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let said: Value = serde_json::from_str(&line).unwrap();
        let address = said["url"].as_str().unwrap().strip_prefix("http://").unwrap().to_owned();
        Self { child, address }
    }

    fn ask(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Calls `slotcast_schedule` for the newest block; the answer is one document.
    pub(crate) fn schedule(&self) -> Value {
        let body = r#"{"jsonrpc":"2.0","id":1,"method":"slotcast_schedule","params":[]}"#;
        let length = body.len();
        let answer = self.ask(&format!(
            "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
             connection: close\r\ncontent-length: {length}\r\n\r\n{body}"
        ));
        let (_, document) = answer.split_once("\r\n\r\n").unwrap();
        serde_json::from_str(document).unwrap_or_else(|_| panic!("{answer}"))
    }

    /// Sends a signal and waits for the end; gives the exit code and the logs.
    fn end(mut self, signal: &str) -> (Option<i32>, String) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
        let mut logs = String::new();
        self.child.stderr.as_mut().unwrap().read_to_string(&mut logs).unwrap();
        (self.child.wait().unwrap().code(), logs)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It is over already where a test went well.
        drop(self.child.kill());
    }
}

const HEALTH: &str = "GET /health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";

#[test]
fn it_answers_and_ends_with_success_on_either_signal() {
    let folder = Folder::new();
    let block = folder.generate("b.json", &["--txs", "5"]);
    for (signal, more) in [("-TERM", &["--blocks", &block][..]), ("-INT", &[])] {
        let service = Service::start(more);
        let health = service.ask(HEALTH);
        assert!(health.starts_with("HTTP/1.1 200") && health.contains("\"ok\""), "{health}");
        let answer = service.schedule();
        assert!(answer["result"].is_object(), "{answer}");
        let (code, logs) = service.end(signal);
        assert_eq!(code, Some(0), "{signal}: {logs}");
        assert!(logs.contains("INFO") && logs.contains("stopped"), "{logs}");
    }
}

/// Whether a process has a handler for SIGTERM, as Linux tells it.
fn catches_sigterm(id: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap();
    u64::from_str_radix(caught.trim(), 16).unwrap() >> 14 & 1 == 1
}

/// Its output is a pipe that is full, so that the line is not written before this test reads: a signal
/// that comes by then finds the handler, or there was a moment without one.
#[test]
fn signals_are_caught_before_it_says_where_it_listens() {
    if !fs::exists("/proc/self/status").unwrap() {
        return;
    }
    let (mut reader, writer) = pipe().unwrap();
    let mut filler = writer.try_clone().unwrap();
    // More than any pipe holds by itself: this waits for the reader.
    let filling = thread::spawn(move || filler.write_all(&vec![b' '; 1 << 20]));
    thread::sleep(Duration::from_millis(200));
    let args = ["serve", "-q", "--listen", "127.0.0.1:0"];
    let mut child = command(&args).stdout(writer).stderr(Stdio::null()).spawn().unwrap();
    let is_caught = (0..6_000).any(|_| {
        thread::sleep(Duration::from_millis(10));
        assert_eq!(child.try_wait().unwrap(), None);
        catches_sigterm(child.id())
    });
    assert!(is_caught, "the line comes first");
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    let mut said = Vec::new();
    reader.read_to_end(&mut said).unwrap();
    filling.join().unwrap().unwrap();
    let said = String::from_utf8(said).unwrap();
    assert!(said.trim_start().starts_with("listening on http://"), "{}", said.trim());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn logs_are_json_lines_where_that_is_asked_for() {
    let (code, logs) = Service::start(&["--log-json"]).end("-TERM");
    assert_eq!(code, Some(0), "{logs}");
    assert!(!logs.is_empty());
    for line in logs.lines() {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"));
        assert!(line["level"].is_string() && line["timestamp"].is_string(), "{line}");
    }
}

#[test]
fn what_cannot_be_served_is_bad_input() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let nowhere = Folder::new().path("nowhere");
    // No process listens at port 1 of this machine.
    let away = "http://127.0.0.1:1/key";
    for (args, part) in [
        (&["--listen", taken.as_str()][..], taken.as_str()),
        (&["--listen", "here"], "--listen"),
        (&["--blocks", &nowhere], "nowhere: cannot be read"),
        (&["--rpc-url", away], "127.0.0.1:1"),
        (&["--rpc-url", "ftp://node"], "--rpc-url: only http and https"),
        (&["--max-connections", "0"], "--max-connections"),
        (&["--timeout-ms", "0"], "--timeout-ms"),
    ] {
        let anywhere = ["--listen", "127.0.0.1:0"];
        let listen = if args[0] == "--listen" { &[][..] } else { &anywhere };
        let ran = run(&[&["serve", "-q"], listen, args].concat());
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{args:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(part) && !ran.stderr.contains("/key"), "{}", ran.stderr);
    }
}

#[test]
fn it_serves_a_chain_that_a_file_describes() {
    let folder = Folder::new();
    let rules = r#"{"chainId": 4242, "londonBlock": 0, "terminalTotalDifficulty": 0, "shanghaiTime": 0,
        "cancunTime": 0, "pragueTime": 0}"#;
    let rules = folder.write("genesis.json", rules);
    let block = folder.generate("b.json", &["--txs", "3", "--chain", &rules]);
    let of_file = Service::start(&["--blocks", &block, "--chain", &rules]).schedule();
    assert!(of_file["result"].is_object(), "{of_file}");
    let by_id = Service::start(&["--blocks", &block]).schedule().to_string();
    assert!(by_id.contains("the rules of chain id 4242 are not known"), "{by_id}");
    let other = run(&["serve", "--blocks", &block, "--chain", "zora"]);
    assert_eq!(other.code, 2);
    assert!(other.stderr.contains("the blocks are of chain 4242, but zora is chain 7777777"));
}
