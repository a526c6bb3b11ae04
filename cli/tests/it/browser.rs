//! What does a real browser make of a file?
//!
//! In: a file. Out: [`Tab`], which is asked and moved in the browser's own protocol, a message a line
//! over two pipes.
//! Invariant: a test that has no browser says so and passes; `tests/setup/browser.sh` fetches one.

use std::{
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use serde_json::{Value, json};
use tempfile::TempDir;

/// What is between messages.
const END: u8 = 0;

/// How the browser is started: without a window, a sandbox, or a look at the network of its own.
const ARGUMENTS: [&str; 12] = [
    "--headless",
    "--no-sandbox",
    "--no-zygote",
    "--no-first-run",
    "--in-process-gpu",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--remote-debugging-pipe",
];

/// A page in a browser.
pub(crate) struct Tab {
    browser: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    session: Option<String>,
    n_sent: u64,
    events: Vec<Value>,
    /// What the browser keeps between runs; nothing is.
    _profile: TempDir,
}

impl Tab {
    /// An empty page, or nothing where there is no browser.
    pub(crate) fn open() -> Option<Self> {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/tools/browser");
        let binary = folder.join("chromium");
        if !binary.is_file() {
            // Not by a macro, whose output a passing test keeps to itself.
            let message =
                "skipped: no browser in target/tools; tests/setup/browser.sh fetches it\n";
            std::io::stderr().write_all(message.as_bytes()).unwrap();
            return None;
        }
        let profile = TempDir::new().unwrap();
        let mut browser = Command::new("sh")
            // The browser reads and writes where its parent's standard input and output are. One that
            // hangs is ended, so that a test fails and does not wait for ever.
            .args(["-c", "exec timeout 300 \"$0\" \"$@\" 3<&0 4>&1 </dev/null >/dev/null 2>&1"])
            .arg(&binary)
            .args(ARGUMENTS)
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .env("LD_LIBRARY_PATH", folder.join("lib"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (to, from) = (browser.stdin.take().unwrap(), browser.stdout.take().unwrap());
        let from = BufReader::new(from);
        let (session, events) = (None, Vec::new());
        let mut tab = Self { browser, to, from, session, n_sent: 0, events, _profile: profile };
        let target = tab.send("Target.createTarget", json!({"url": "about:blank"}));
        let target = json!({"targetId": target["targetId"], "flatten": true});
        let session = tab.send("Target.attachToTarget", target);
        tab.session = Some(session["sessionId"].as_str().unwrap().to_owned());
        for domain in ["Page", "Runtime", "Network", "Log"] {
            tab.send(&format!("{domain}.enable"), json!({}));
        }
        tab.size(1300, 900);
        Some(tab)
    }

    /// Opens a file, to the end of its loading.
    pub(crate) fn load(&mut self, path: &Path) {
        self.events.clear();
        self.send("Page.navigate", json!({"url": format!("file://{}", path.display())}));
        while !self.events.iter().any(|event| event["method"] == "Page.loadEventFired") {
            let event = self.receive();
            self.events.push(event);
        }
    }

    /// How large the page's window is.
    pub(crate) fn size(&mut self, width: u32, height: u32) {
        let metrics =
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.send("Emulation.setDeviceMetricsOverride", metrics);
    }

    /// Whether the reader likes it dark.
    pub(crate) fn theme(&mut self, name: &str) {
        let feature = json!({"name": "prefers-color-scheme", "value": name});
        self.send("Emulation.setEmulatedMedia", json!({"features": [feature]}));
    }

    /// Rests the pointer on a place of the window.
    pub(crate) fn hover(&mut self, x: f64, y: f64) {
        self.send("Input.dispatchMouseEvent", json!({"type": "mouseMoved", "x": x, "y": y}));
    }

    /// Presses a key.
    pub(crate) fn key(&mut self, key: &str) {
        for kind in ["rawKeyDown", "keyUp"] {
            self.send("Input.dispatchKeyEvent", json!({"type": kind, "key": key}));
        }
    }

    /// Writes where the reader would write.
    pub(crate) fn write(&mut self, text: &str) {
        self.send("Input.insertText", json!({"text": text}));
    }

    /// The value of an expression in the page.
    pub(crate) fn eval(&mut self, expression: &str) -> Value {
        let asked = json!({"expression": expression, "returnByValue": true});
        let answer = self.send("Runtime.evaluate", asked);
        assert!(answer.get("exceptionDetails").is_none(), "{expression}: {answer}");
        answer["result"]["value"].clone()
    }

    /// Everything the page asked for besides itself, and everything it complained of.
    pub(crate) fn complaints(&mut self) -> Vec<String> {
        // An answer comes behind all events before it.
        self.eval("0");
        let complaint = |event: &Value| {
            let (method, params) = (event["method"].as_str()?, &event["params"]);
            match method {
                "Network.requestWillBeSent" if params["type"] == "Document" => None,
                "Network.requestWillBeSent" => Some(params["request"]["url"].to_string()),
                "Runtime.exceptionThrown" | "Log.entryAdded" => Some(params.to_string()),
                "Runtime.consoleAPICalled" => Some(params.to_string()),
                _ => None,
            }
        };
        self.events.iter().filter_map(complaint).collect()
    }

    /// Sends a message and waits for its answer; what happens meanwhile is kept.
    fn send(&mut self, method: &str, params: Value) -> Value {
        self.n_sent += 1;
        let mut message = json!({"id": self.n_sent, "method": method, "params": params});
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        let mut bytes = serde_json::to_vec(&message).unwrap();
        bytes.push(END);
        self.to.write_all(&bytes).unwrap();
        loop {
            let mut message = self.receive();
            if message["id"] == self.n_sent {
                assert!(message.get("error").is_none(), "{method}: {message}");
                return message["result"].take();
            }
            self.events.push(message);
        }
    }

    fn receive(&mut self) -> Value {
        let mut bytes = Vec::new();
        self.from.read_until(END, &mut bytes).unwrap();
        assert_eq!(bytes.pop(), Some(END), "the browser goes on talking");
        serde_json::from_slice(&bytes).unwrap()
    }
}

impl Drop for Tab {
    fn drop(&mut self) {
        // It ends by itself without a client; this makes sure.
        let _ = self.browser.kill();
        let _ = self.browser.wait();
    }
}
