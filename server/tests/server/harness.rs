//! Starts the program, speaks HTTP to it, kills it, and cleans up after it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

pub(crate) use crate::services::Directory;

/// How long anything may take before a test fails. Far more than needed: two cores may be busy.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The test file that antivirus programs agree to object to, put together here so that it lies
/// nowhere in the repository.
pub(crate) fn eicar() -> Vec<u8> {
    let halves = [
        r"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR",
        "-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*",
    ];
    halves.concat().into_bytes()
}

/// Its SHA-256.
pub(crate) const EICAR_SHA256: &str =
    "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f";

/// The program, not started.
pub(crate) fn quorum() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quorum"));
    for (name, _) in std::env::vars() {
        if name.starts_with("QUORUM_") {
            command.env_remove(name);
        }
    }
    command
}

/// A running server.
pub(crate) struct Server {
    child: Child,
    /// Scheme, host and port.
    pub(crate) origin: String,
    /// Who asks unless a test says otherwise: the administrator.
    pub(crate) client: Client,
    environment: Vec<(String, String)>,
    directory: Directory,
}

/// Somebody with a key.
#[derive(Clone)]
pub(crate) struct Client {
    agent: ureq::Agent,
    pub(crate) origin: String,
    pub(crate) key: String,
}

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: ureq::http::HeaderMap,
    /// What it is, if it says that it is JSON, which every error has to be.
    pub(crate) json: Value,
    pub(crate) bytes: Vec<u8>,
}

impl Reply {
    /// `data` of an answer that must be a success.
    #[track_caller]
    pub(crate) fn data(self) -> Value {
        assert_eq!(self.status, 200, "{}", self.json);
        self.json["data"].clone()
    }

    /// The code of an answer that must be an error with this status.
    #[track_caller]
    pub(crate) fn error(&self, status: u16) -> &str {
        assert_eq!(self.status, status, "{}", self.json);
        assert!(
            self.json["error"]["message"]
                .as_str()
                .is_some_and(|text| !text.is_empty())
        );
        self.json["error"]["code"].as_str().unwrap()
    }
}

/// An answer as bytes.
#[derive(Debug, Clone)]
pub(crate) struct Fetched {
    pub(crate) status: u16,
    headers: ureq::http::HeaderMap,
    pub(crate) bytes: Vec<u8>,
}

impl Fetched {
    /// A header; empty where there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().unwrap())
    }

    /// The body as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap()
    }
}

fn owned(settings: &[(&str, &str)]) -> Vec<(String, String)> {
    settings
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn spawn(directory: &Path, environment: &[(String, String)]) -> (Child, String, Option<String>) {
    spawn_as(quorum(), directory, environment)
}

fn spawn_as(
    mut program: Command,
    directory: &Path,
    environment: &[(String, String)],
) -> (Child, String, Option<String>) {
    let mut child = program
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(directory)
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .stdout(Stdio::piped())
        .stderr(Stdio::from(log(directory)))
        .spawn()
        .unwrap();
    let mut key = None;
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    for line in &mut lines {
        let line = line.unwrap();
        if line == "quorum: working" {
            return (child, String::new(), key);
        }
        if let Some(origin) = line.strip_prefix("quorum: listening on ") {
            return (child, origin.to_owned(), key);
        }
        key = key.or_else(|| {
            line.rsplit(' ')
                .next()
                .filter(|word| word.len() == 64)
                .map(str::to_owned)
        });
    }
    let status = child.wait().unwrap();
    panic!("the server ended with {status}: {}", read_log(directory));
}

fn log(directory: &Path) -> std::fs::File {
    let path = directory.with_extension("log");
    std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .unwrap()
}

fn read_log(directory: &Path) -> String {
    std::fs::read_to_string(directory.with_extension("log")).unwrap_or_default()
}

impl Server {
    pub(crate) fn start() -> Self {
        Self::with(&[])
    }

    /// Starts with settings in the environment.
    pub(crate) fn with(environment: &[(&str, &str)]) -> Self {
        Self::run_by(quorum(), Directory::new(), environment)
    }

    /// Starts by way of another program, which ends up being the server.
    pub(crate) fn run_by(
        program: Command,
        directory: Directory,
        environment: &[(&str, &str)],
    ) -> Self {
        let environment = owned(environment);
        let (child, origin, key) = spawn_as(program, &directory.0, &environment);
        let key = key.expect("the first start prints the administrator's key");
        let client = Client::new(&origin, &key);
        Self {
            child,
            origin,
            client,
            environment,
            directory,
        }
    }

    /// Starts another process on the same grown store, with a directory of its own.
    pub(crate) fn beside(&self, role: &str) -> Self {
        self.beside_with(&[("QUORUM_ROLE", role)])
    }

    /// The same with other settings.
    pub(crate) fn beside_with(&self, settings: &[(&str, &str)]) -> Self {
        let mut environment = self.environment.clone();
        environment.extend(owned(settings));
        Self::go_on(Directory::new(), &self.client.key, environment)
    }

    /// Starts on a data directory that somebody has filled, and removes it at the end.
    pub(crate) fn on(data: &Path, key: &str) -> Self {
        Self::on_with(data, key, &[])
    }

    /// The same with settings.
    pub(crate) fn on_with(data: &Path, key: &str, settings: &[(&str, &str)]) -> Self {
        let _ = std::fs::create_dir(data);
        Self::go_on(Directory(data.to_owned()), key, owned(settings))
    }

    fn go_on(directory: Directory, key: &str, environment: Vec<(String, String)>) -> Self {
        let (child, origin, made) = spawn(&directory.0, &environment);
        assert_eq!(made, None, "there is an administrator");
        Self {
            child,
            client: Client::new(&origin, key),
            origin,
            environment,
            directory,
        }
    }

    /// Runs a command on this server's store, beside it.
    pub(crate) fn command(&self, arguments: &[&str]) -> std::process::Output {
        quorum()
            .args(arguments)
            .arg("--data")
            .arg(self.data())
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .output()
            .unwrap()
    }

    /// The same; it must succeed. Returns what it says.
    #[track_caller]
    pub(crate) fn must(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments);
        assert!(
            output.status.success(),
            "{arguments:?}: {}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    pub(crate) fn data(&self) -> &Path {
        &self.directory.0
    }

    pub(crate) fn log(&self) -> String {
        read_log(&self.directory.0)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// SIGKILL.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Stops (`STOP`) and continues (`CONT`) the process.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args(["-s", name, &self.pid().to_string()])
            .status();
        assert!(sent.unwrap().success());
    }

    /// SIGTERM, and the end.
    pub(crate) fn terminate(&mut self) -> ExitStatus {
        let sent = Command::new("kill")
            .arg(self.pid().to_string())
            .status()
            .unwrap();
        assert!(sent.success());
        self.wait()
    }

    /// Waits for the program to end by itself.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(
                began.elapsed() < PATIENCE,
                "the server does not end: {}",
                self.log()
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Starts again on the same directory with other settings.
    pub(crate) fn start_again(&mut self, environment: &[(&str, &str)]) {
        self.environment = owned(environment);
        let (child, origin, key) = spawn(&self.directory.0, &self.environment);
        assert_eq!(key, None, "only the first start makes an administrator");
        self.child = child;
        self.client = Client::new(&origin, &self.client.key);
        self.origin = origin;
    }

    /// Runs `quorum user …` beside the server and returns the key that it prints.
    pub(crate) fn user(&self, arguments: &[&str]) -> Client {
        let output = quorum()
            .arg("user")
            .args(arguments)
            .arg("--data")
            .arg(self.data())
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let text = String::from_utf8(output.stdout).unwrap();
        Client::new(&self.origin, text.trim().rsplit(' ').next().unwrap())
    }

    /// The same, until nothing comes for so long.
    pub(crate) fn raw_for(&self, bytes: &[u8], quiet: Duration) -> String {
        raw_for(self.address(), bytes, quiet)
    }

    /// `host:port` of it.
    pub(crate) fn address(&self) -> &str {
        self.origin.trim_start_matches("http://")
    }

    /// Sends bytes as they are and returns all that comes back until the connection ends.
    pub(crate) fn raw(&self, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.origin.trim_start_matches("http://")).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(bytes).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }
}

/// Sends bytes as they are to `host:port` and returns what comes back until nothing comes for so long.
pub(crate) fn raw_for(address: &str, bytes: &[u8], quiet: Duration) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(quiet)).unwrap();
    stream.write_all(bytes).unwrap();
    let mut answer = Vec::new();
    // Whether it ended or went quiet, what was said counts.
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("--- the server's log ---\n{}", self.log());
        }
        let _ = std::fs::remove_file(self.directory.0.with_extension("log"));
    }
}

impl Client {
    pub(crate) fn new(origin: &str, key: &str) -> Self {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(PATIENCE))
            .allow_non_standard_methods(true)
            .build()
            .into();
        Self {
            agent,
            origin: origin.to_owned(),
            key: key.to_owned(),
        }
    }

    /// A request with everything that it may have. `path` is a whole address, begins with `/api/`,
    /// or stands under `/api/v3`.
    pub(crate) fn try_send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Reply, ureq::Error> {
        let address = match path {
            path if path.starts_with("http") => path.to_owned(),
            path if path.starts_with("/api/") => format!("{}{path}", self.origin),
            path => format!("{}/api/v3{path}", self.origin),
        };
        let mut request = ureq::http::Request::builder().method(method).uri(address);
        if !self.key.is_empty() {
            request = request.header("x-apikey", &self.key);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut response = self.agent.run(request.body(body).unwrap())?;
        let bytes = response
            .body_mut()
            .with_config()
            .limit(64 << 20)
            .read_to_vec()?;
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let kind = headers.get("content-type").map(|kind| kind.as_bytes());
        let is_other = status < 400 && kind != Some(b"application/json");
        let json = match serde_json::from_slice(&bytes) {
            Ok(json) => json,
            Err(_) if is_other => Value::Null,
            Err(_) => panic!("no JSON: {:?}", String::from_utf8_lossy(&bytes)),
        };
        Ok(Reply {
            status,
            headers,
            json,
            bytes,
        })
    }

    /// A GET whose answer need not be JSON.
    #[track_caller]
    pub(crate) fn fetch(&self, path: &str, headers: &[(&str, &str)]) -> Fetched {
        let address = match path.starts_with("http") {
            true => path.to_owned(),
            false => format!("{}{path}", self.origin),
        };
        let mut request = ureq::http::Request::builder().uri(address);
        if !self.key.is_empty() {
            request = request.header("x-apikey", &self.key);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut response = self.agent.run(request.body(()).unwrap()).unwrap();
        Fetched {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            bytes: response.body_mut().read_to_vec().unwrap(),
        }
    }

    #[track_caller]
    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Reply {
        self.try_send(method, path, headers, body).unwrap()
    }

    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> Reply {
        self.send("GET", path, &[], b"")
    }

    #[track_caller]
    pub(crate) fn post(&self, path: &str, body: &Value) -> Reply {
        let headers = [("content-type", "application/json")];
        self.send("POST", path, &headers, body.to_string().as_bytes())
    }

    #[track_caller]
    pub(crate) fn patch(&self, path: &str, body: &Value) -> Reply {
        self.send("PATCH", path, &[], body.to_string().as_bytes())
    }

    #[track_caller]
    pub(crate) fn delete(&self, path: &str) -> Reply {
        self.send("DELETE", path, &[], b"")
    }

    #[track_caller]
    pub(crate) fn post_url(&self, url: &str) -> Reply {
        self.post_url_to("/urls", url)
    }

    #[track_caller]
    pub(crate) fn post_url_to(&self, path: &str, url: &str) -> Reply {
        self.post_form(path, &[("url", url)])
    }

    #[track_caller]
    pub(crate) fn post_form(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        self.send("POST", path, &headers, form(fields).as_bytes())
    }

    #[track_caller]
    pub(crate) fn comment(&self, item: &str, text: &str) -> Reply {
        let body = json!({"data": {"type": "comment", "attributes": {"text": text}}});
        self.post(&format!("{item}/comments"), &body)
    }

    #[track_caller]
    pub(crate) fn vote(&self, item: &str, verdict: &str) -> Reply {
        let body = json!({"data": {"type": "vote", "attributes": {"verdict": verdict}}});
        self.post(&format!("{item}/votes"), &body)
    }

    #[track_caller]
    pub(crate) fn upload(&self, name: &str, bytes: &[u8]) -> Reply {
        self.upload_to("/files", name, bytes)
    }

    #[track_caller]
    pub(crate) fn upload_to(&self, path: &str, name: &str, bytes: &[u8]) -> Reply {
        self.try_upload(path, name, bytes).unwrap()
    }

    pub(crate) fn try_upload(
        &self,
        path: &str,
        name: &str,
        bytes: &[u8],
    ) -> Result<Reply, ureq::Error> {
        let part = format!("Content-Disposition: form-data; name=\"file\"; filename=\"{name}\"");
        self.try_send("POST", path, &[MULTIPART], &multipart(&[(&part, bytes)]))
    }

    /// Uploads, and waits for the analysis to be complete. Returns it.
    #[track_caller]
    pub(crate) fn analysed(&self, name: &str, bytes: &[u8]) -> Value {
        let analysis = self.upload(name, bytes).data();
        self.completed(analysis["id"].as_str().unwrap())
    }

    /// Waits for an analysis to be complete. Returns the whole answer.
    #[track_caller]
    pub(crate) fn completed(&self, id: &str) -> Value {
        self.completed_at(&format!("/analyses/{id}"))
    }

    /// The same at a path.
    #[track_caller]
    pub(crate) fn completed_at(&self, path: &str) -> Value {
        let began = Instant::now();
        loop {
            let reply = self.get(path);
            assert_eq!(reply.status, 200, "{}", reply.json);
            if reply.json["data"]["attributes"]["status"] == "completed" {
                return reply.json;
            }
            assert!(
                began.elapsed() < PATIENCE,
                "never completed: {}",
                reply.json
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Where our own additions are.
pub(crate) const OWN: &str = "/api/quorum/v1";

/// Every route of the program, taken from its document: method, path with the parameters' names in
/// braces, whole, and what it says of itself.
pub(crate) fn routes(server: &Server) -> Vec<(String, String, Value)> {
    let document = server.client.get("/openapi.json").json;
    let mut routes = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let prefix = operation["servers"][0]["url"].as_str();
            let path = format!("{}{path}", prefix.unwrap_or("/api/v3"));
            routes.push((method.to_uppercase(), path, operation.clone()));
        }
    }
    assert!(routes.len() > 70, "{}", routes.len());
    routes
}

/// The header of [`multipart`]'s bodies.
pub(crate) const MULTIPART: (&str, &str) = (
    "content-type",
    "multipart/form-data; boundary=----quorum-test",
);

/// A form of parts, each with its header lines.
pub(crate) fn multipart(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (header, bytes) in parts {
        body.extend_from_slice(format!("------quorum-test\r\n{header}\r\n\r\n").as_bytes());
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"------quorum-test--\r\n");
    body
}

/// Text that can stand in a query or a form.
pub(crate) fn escape(text: &str) -> String {
    text.bytes()
        .map(|b| match b {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => {
                char::from(b).to_string()
            }
            b => format!("%{b:02X}"),
        })
        .collect()
}

fn form(fields: &[(&str, &str)]) -> String {
    let pairs: Vec<_> = fields
        .iter()
        .map(|(name, value)| format!("{name}={}", escape(value)))
        .collect();
    pairs.join("&")
}

/// The SHA-256 of bytes, as hex.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    quorum_core::digest::sha256(bytes).to_string()
}

/// Waits for something that another process or thread brings about.
#[track_caller]
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < PATIENCE, "never: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Has many ask at the same time, each with its number, for a quota of which there is only so much:
/// how many were answered. The others are refused for want of it.
pub(crate) fn race(many: usize, ask: impl Fn(usize) -> Reply + Sync) -> usize {
    let won = |number| {
        let reply = ask(number);
        if reply.status != 200 {
            assert_eq!(reply.error(429), "QuotaExceededError");
        }
        reply.status == 200
    };
    let won = &won;
    std::thread::scope(|scope| {
        let racers: Vec<_> = (0..many)
            .map(|number| scope.spawn(move || won(number)))
            .collect();
        let won = racers.into_iter().map(|racer| racer.join().unwrap());
        won.filter(|won| *won).count()
    })
}
