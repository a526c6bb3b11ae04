//! How is the service asked?
//!
//! In: an address. Out: [`Http`], a connection that is kept, and [`Ws`], a WebSocket; written by hand
//! so that nothing of the server's own libraries is on the other side.
//! Invariant: whatever the server does, waiting for it ends.

use std::{
    collections::VecDeque,
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use serde_json::{Value, json};

/// How long to wait for the server before giving up.
const PATIENCE: Duration = Duration::from_secs(60);

/// An HTTP response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Response {
    /// Its status.
    pub(crate) status: u16,
    /// Its body.
    pub(crate) body: String,
}

/// A connection that is kept.
#[derive(Debug)]
pub(crate) struct Http(BufReader<TcpStream>);

fn connect(address: SocketAddr) -> io::Result<BufReader<TcpStream>> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(BufReader::new(stream))
}

impl Http {
    /// Connects.
    pub(crate) fn connect(address: SocketAddr) -> io::Result<Self> {
        connect(address).map(Self)
    }

    /// Sends bytes as they are.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.get_mut().write_all(bytes)
    }

    /// Reads a response.
    pub(crate) fn read(&mut self) -> io::Result<Response> {
        read_response(&mut self.0)
    }

    /// Sends a request with these headers besides the usual ones, and reads the response.
    pub(crate) fn request(
        &mut self,
        line: &str,
        headers: &str,
        body: &str,
    ) -> io::Result<Response> {
        self.send(request(line, headers, body).as_bytes())?;
        self.read()
    }

    /// Posts a JSON body.
    pub(crate) fn post(&mut self, body: &str) -> io::Result<Response> {
        self.request("POST / HTTP/1.1", "content-type: application/json\r\n", body)
    }

    /// Calls a method; gives the whole JSON-RPC answer.
    pub(crate) fn call(&mut self, method: &str, params: Value) -> Value {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let response = self.post(&body.to_string()).expect("the server answers");
        serde_json::from_str(&response.body).unwrap_or_else(|_| panic!("{response:?}"))
    }

    /// Calls a method that succeeds.
    pub(crate) fn result(&mut self, method: &str, params: Value) -> Value {
        result_of(self.call(method, params))
    }
}

/// The text of a request.
pub(crate) fn request(line: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!("{line}\r\nhost: localhost\r\n{headers}content-length: {length}\r\n\r\n{body}")
}

fn read_response(reader: &mut BufReader<TcpStream>) -> io::Result<Response> {
    let mut status = None;
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if status.is_none() {
            status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().map_err(|_| io::ErrorKind::InvalidData)?;
        }
    }
    let mut body = vec![0; length];
    if status != Some(101) {
        reader.read_exact(&mut body)?;
    }
    let body = String::from_utf8(body).map_err(|_| io::ErrorKind::InvalidData)?;
    Ok(Response { status: status.unwrap_or(0), body })
}

fn result_of(mut answer: Value) -> Value {
    assert!(answer.get("error").is_none(), "{answer}");
    answer["result"].take()
}

/// A WebSocket.
#[derive(Debug)]
pub(crate) struct Ws {
    stream: BufReader<TcpStream>,
    /// Messages of subscriptions that came while something else was waited for.
    notices: VecDeque<Value>,
}

const TEXT: u8 = 1;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

impl Ws {
    /// Connects.
    pub(crate) fn connect(address: SocketAddr) -> io::Result<Self> {
        let mut stream = connect(address)?;
        let upgrade = "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
                       sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";
        let request = format!("GET / HTTP/1.1\r\nhost: localhost\r\n{upgrade}\r\n");
        stream.get_mut().write_all(request.as_bytes())?;
        match read_response(&mut stream)?.status {
            101 => Ok(Self { stream, notices: VecDeque::new() }),
            status => Err(io::Error::other(format!("status {status}"))),
        }
    }

    /// Sends a message.
    pub(crate) fn send(&mut self, text: &str) -> io::Result<()> {
        self.frame(TEXT, text.as_bytes())
    }

    /// Sends bytes that need be no frame at all.
    pub(crate) fn send_raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.get_mut().write_all(bytes)
    }

    fn frame(&mut self, kind: u8, payload: &[u8]) -> io::Result<()> {
        let mut frame = vec![0x80 | kind];
        match payload.len() {
            length @ 0..126 => frame.push(0x80 | length as u8),
            length @ 126..65_536 => {
                frame.push(0x80 | 126);
                frame.extend((length as u16).to_be_bytes());
            }
            length => {
                frame.push(0x80 | 127);
                frame.extend((length as u64).to_be_bytes());
            }
        }
        // A mask of zeros changes nothing, and has to be there.
        frame.extend([0; 4]);
        frame.extend(payload);
        self.stream.get_mut().write_all(&frame)
    }

    /// The next message; an error when the connection ends.
    pub(crate) fn read(&mut self) -> io::Result<String> {
        let mut message = Vec::new();
        loop {
            let mut head = [0; 2];
            self.stream.read_exact(&mut head)?;
            let length = match head[1] & 0x7f {
                126 => u64::from(u16::from_be_bytes(self.bytes()?)),
                127 => u64::from_be_bytes(self.bytes()?),
                length => length.into(),
            };
            let mut payload = vec![0; usize::try_from(length).expect("it fits in memory")];
            self.stream.read_exact(&mut payload)?;
            match head[0] & 0x0f {
                PING => self.frame(PONG, &payload)?,
                PONG => {}
                CLOSE => return Err(io::ErrorKind::ConnectionAborted.into()),
                _ => {
                    message.extend(payload);
                    if head[0] & 0x80 != 0 {
                        let text = String::from_utf8(message);
                        return text.map_err(|_| io::ErrorKind::InvalidData.into());
                    }
                }
            }
        }
    }

    fn bytes<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.stream.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    /// Calls a method; gives the whole JSON-RPC answer.
    pub(crate) fn call(&mut self, method: &str, params: Value) -> Value {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        self.send(&body.to_string()).expect("the server reads");
        loop {
            let text = self.read().expect("the server answers");
            let message: Value = serde_json::from_str(&text).expect("the server sends JSON");
            match message.get("id") {
                Some(_) => return message,
                None => self.notices.push_back(message),
            }
        }
    }

    /// Calls a method that succeeds.
    pub(crate) fn result(&mut self, method: &str, params: Value) -> Value {
        result_of(self.call(method, params))
    }

    /// What the next message of a subscription says.
    pub(crate) fn notice(&mut self) -> Value {
        let mut message = self.notices.pop_front().unwrap_or_else(|| {
            let text = self.read().expect("the server sends a message");
            serde_json::from_str(&text).expect("the server sends JSON")
        });
        message["params"]["result"].take()
    }
}
