//! Starts the services that a grown server stands on, each for one test: PostgreSQL, NATS with
//! JetStream, and moto in the place of S3; and nginx, which a server may stand behind. Loopback
//! only, in a directory of their own, ended when dropped. What is not installed fails the test and
//! says how to have it: nothing is skipped.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// How long a service may take to start; two cores may be busy.
const PATIENCE: Duration = Duration::from_secs(90);

/// A new empty directory, removed at the end.
pub(crate) struct Directory(pub(crate) PathBuf);

impl Directory {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "quorum-{}-{}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        );
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).unwrap();
        // PostgreSQL may run as somebody else.
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(&path, open).unwrap();
        Self(path)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What moto is installed as.
const MOTO: &str = "moto[server]==5.2.5";

/// A child that is ended when it is dropped, and when this process ends without that.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // For PostgreSQL an immediate shutdown, which takes its shared memory along; for the
        // others an end like any.
        let asked = Command::new("kill")
            .args(["-s", "QUIT", &self.0.id().to_string()])
            .status();
        let began = Instant::now();
        while asked.as_ref().is_ok_and(std::process::ExitStatus::success)
            && began.elapsed() < Duration::from_secs(5)
        {
            if !matches!(self.0.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A program that ends when this process does, whichever way that ends.
fn bound_to_us(program: &Path, as_postgres: bool) -> Command {
    let mut command = Command::new("setpriv");
    if as_postgres {
        command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]);
    }
    command.args(["--pdeathsig", "KILL"]).arg(program);
    command
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// A program, in the path or in one of these directories.
#[track_caller]
fn program(name: &str, directories: &[&str], package: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(directories.iter().map(PathBuf::from))
        .map(|directory| directory.join(name))
        .find(|file| file.is_file())
        .unwrap_or_else(|| panic!("{name} is missing: apt-get install {package}"))
}

fn log(directory: &Path, name: &str) -> (PathBuf, std::fs::File) {
    let path = directory.join(name);
    let file = std::fs::File::create(&path).unwrap();
    (path, file)
}

/// Starts a service with its log in the directory, and waits until its port is open.
#[track_caller]
fn start(service: &mut Command, port: u16, directory: &Path, log_name: &str) -> Running {
    let (log, file) = log(directory, log_name);
    let service = service.stdout(file.try_clone().unwrap()).stderr(file);
    let mut running = Running(service.spawn().unwrap());
    let began = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        let ended = running.0.try_wait().unwrap();
        assert!(
            ended.is_none() && began.elapsed() < PATIENCE,
            "the service does not start ({ended:?}): {}",
            std::fs::read_to_string(log).unwrap_or_default()
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    running
}

/// Where Debian has PostgreSQL's programs, which are not in everybody's path.
const BINARIES: [&str; 2] = ["/usr/lib/postgresql/15/bin", "/usr/lib/postgresql/17/bin"];

fn is_root() -> bool {
    Command::new("id").arg("-u").output().unwrap().stdout == b"0\n"
}

/// A PostgreSQL cluster of its own.
pub(crate) struct Postgres {
    running: Option<Running>,
    directory: PathBuf,
    port: u16,
    /// Its address, with user and database.
    pub(crate) url: String,
}

impl Postgres {
    /// Makes a cluster in the directory and starts it. PostgreSQL refuses to run as root: then it
    /// runs as the user that Debian's package makes.
    pub(crate) fn start(directory: &Path) -> Self {
        let initdb = program("initdb", &BINARIES, "postgresql");
        let data = directory.join("postgres");
        std::fs::create_dir(&data).unwrap();
        if is_root() {
            let owned = Command::new("chown").arg("postgres").arg(&data).status();
            assert!(owned.unwrap().success(), "there is no user postgres");
        }
        let (log_path, log_file) = log(directory, "postgres.log");
        let made = bound_to_us(&initdb, is_root())
            .args([
                "--auth=trust",
                "--username=quorum",
                "--encoding=UTF8",
                "--no-sync",
            ])
            // Not C: what the store compares byte by byte must not depend on the cluster.
            .args(["--locale=C.UTF-8", "-D"])
            .arg(&data)
            .stdout(log_file.try_clone().unwrap())
            .stderr(log_file.try_clone().unwrap())
            .current_dir("/")
            .status()
            .unwrap();
        assert!(
            made.success(),
            "{}",
            std::fs::read_to_string(&log_path).unwrap()
        );
        let port = free_port();
        let mut postgres = Self {
            running: None,
            directory: directory.to_owned(),
            port,
            url: format!("postgres://quorum@127.0.0.1:{port}/postgres"),
        };
        postgres.start_again();
        postgres
    }

    /// Ends it, as a power failure would.
    pub(crate) fn stop(&mut self) {
        self.running = None;
    }

    /// Starts it on its data.
    pub(crate) fn start_again(&mut self) {
        let postgres = program("postgres", &BINARIES, "postgresql");
        let mut service = bound_to_us(&postgres, is_root());
        service
            .arg("-D")
            .arg(self.directory.join("postgres"))
            .args(["-c", "listen_addresses=127.0.0.1"])
            .args([
                "-c",
                "unix_socket_directories=",
                "-c",
                "max_connections=200",
            ])
            .args(["-c", &format!("port={}", self.port)])
            .current_dir("/");
        self.running = Some(start(
            &mut service,
            self.port,
            &self.directory,
            "postgres.log",
        ));
        let psql = program("psql", &BINARIES, "postgresql-client");
        let began = Instant::now();
        // The port is open before the cluster answers.
        loop {
            let asked = Command::new(&psql)
                .args([&self.url, "-qc", "SELECT 1"])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status();
            if asked.unwrap().success() {
                return;
            }
            assert!(began.elapsed() < PATIENCE, "PostgreSQL does not answer");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// A NATS server with JetStream.
pub(crate) struct Nats {
    running: Option<Running>,
    /// Its address.
    pub(crate) url: String,
}

impl Nats {
    /// Ends it.
    pub(crate) fn stop(&mut self) {
        self.running = None;
    }

    /// Starts it with its streams in the directory.
    pub(crate) fn start(directory: &Path) -> Self {
        let server = program("nats-server", &["/usr/sbin"], "nats-server");
        let port = free_port();
        let mut service = bound_to_us(&server, false);
        service
            .args(["-js", "-a", "127.0.0.1", "-p", &port.to_string(), "-sd"])
            .arg(directory.join("nats"));
        Self {
            running: Some(start(&mut service, port, directory, "nats.log")),
            url: format!("nats://127.0.0.1:{port}"),
        }
    }
}

/// nginx as a proxy before a server, with one connection to it that all requests share.
pub(crate) struct Nginx {
    _running: Running,
    /// `host:port` of it.
    pub(crate) address: String,
}

impl Nginx {
    /// Starts it with its files in the directory. `server` is the `host:port` of what is behind it.
    pub(crate) fn start(directory: &Path, server: &str) -> Self {
        let nginx = program("nginx", &["/usr/sbin"], "nginx-light");
        let port = free_port();
        let home = directory.display();
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|of| format!("{of}_temp_path {home}/{of};"))
            .concat();
        let settings = directory.join("nginx.conf");
        let text = format!(
            "daemon off; pid {home}/pid; worker_processes 1; events {{}}
            http {{
                access_log off; {temporary}
                upstream quorum {{ server {server}; keepalive 1; }}
                server {{
                    listen 127.0.0.1:{port};
                    location / {{
                        proxy_pass http://quorum; proxy_http_version 1.1; proxy_set_header Connection \"\";
                    }}
                }}
            }}"
        );
        std::fs::write(&settings, text).unwrap();
        let mut service = bound_to_us(&nginx, false);
        service.args(["-e", "stderr", "-c"]).arg(&settings);
        Self {
            _running: start(&mut service, port, directory, "nginx.log"),
            address: format!("127.0.0.1:{port}"),
        }
    }
}

/// moto's S3, with a bucket.
pub(crate) struct S3 {
    _running: Running,
    /// The bucket's address.
    pub(crate) url: String,
}

/// Who a client of [`S3`] is: anybody.
pub(crate) const S3_CREDENTIALS: [(&str, &str); 3] = [
    ("AWS_ACCESS_KEY_ID", "test"),
    ("AWS_SECRET_ACCESS_KEY", "test"),
    ("AWS_DEFAULT_REGION", "us-east-1"),
];

/// moto in a virtual environment of its own, installed by the first test that needs it.
fn moto() -> PathBuf {
    let cache = std::env::var_os("XDG_CACHE_HOME").map_or_else(
        || PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".cache"),
        PathBuf::from,
    );
    let place = cache.join("quorum/tools/moto");
    std::fs::create_dir_all(place.parent().unwrap()).unwrap();
    let turn = std::fs::File::create(place.with_extension("lock")).unwrap();
    turn.lock().unwrap();
    let server = place.join("bin/moto_server");
    let stamp = place.join("quorum-installed");
    if std::fs::read_to_string(&stamp).unwrap_or_default() != MOTO {
        let python = program("python3", &[], "python3 python3-venv");
        let made = Command::new(python)
            .args(["-m", "venv"])
            .arg(&place)
            .status();
        assert!(made.unwrap().success(), "apt-get install python3-venv");
        let installed = Command::new(place.join("bin/python"))
            .args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
                MOTO,
            ])
            .status();
        assert!(installed.unwrap().success(), "pip cannot install {MOTO}");
        std::fs::write(&stamp, MOTO).unwrap();
    }
    server
}

impl S3 {
    /// Starts it; what it is given lies in its memory.
    pub(crate) fn start(directory: &Path) -> Self {
        let server = moto();
        let port = free_port();
        let mut service = bound_to_us(&server, false);
        service.args(["-H", "127.0.0.1", "-p", &port.to_string()]);
        let running = start(&mut service, port, directory, "s3.log");
        let made = ureq::put(format!("http://127.0.0.1:{port}/samples"))
            .header("authorization", "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0")
            .send_empty();
        made.unwrap();
        Self {
            _running: running,
            url: format!("s3://samples?endpoint=http://127.0.0.1:{port}&region=us-east-1"),
        }
    }
}
