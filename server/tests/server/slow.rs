//! S7: clients that are slow on purpose, or many, and the honest beside them.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::harness::Server;

fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(server.origin.trim_start_matches("http://")).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    stream
}

/// Whether the other side has closed, with whatever it said before.
fn closed(stream: &mut TcpStream) -> String {
    let mut said = Vec::new();
    let _ = stream.read_to_end(&mut said);
    String::from_utf8_lossy(&said).into_owned()
}

#[test]
fn headers_have_a_time_to_come() {
    let server = Server::with(&[("QUORUM_HEADER_TIMEOUT_MS", "500")]);
    let began = Instant::now();
    let mut silent = connect(&server);
    let mut slow = connect(&server);
    let dripping = std::thread::spawn(move || {
        for byte in b"GET /health HTTP/1.1\r\nhost: a\r\nx-a: "
            .iter()
            .cycle()
            .take(200)
        {
            if slow.write_all(&[*byte]).is_err() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        false
    });
    closed(&mut silent);
    assert!(
        dripping.join().unwrap(),
        "a header without end is listened to"
    );
    assert!(
        began.elapsed() < Duration::from_secs(9),
        "{:?}",
        began.elapsed()
    );
}

#[test]
fn a_body_keeps_a_least_pace() {
    let server = Server::with(&[("QUORUM_BODY_TIMEOUT_MS", "700")]);
    let head = format!(
        "POST /api/v3/files HTTP/1.1\r\nhost: a\r\nx-apikey: {}\r\ncontent-length: 1000000\r\n\
         content-type: multipart/form-data; boundary=b\r\n\r\n\
         --b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n",
        server.client.key
    );
    let mut slow = connect(&server);
    slow.write_all(head.as_bytes()).unwrap();
    let mut writer = slow.try_clone().unwrap();
    let dripping = std::thread::spawn(move || {
        for _ in 0..200 {
            if writer.write_all(b".").is_err() {
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    let said = closed(&mut slow);
    assert!(said.starts_with("HTTP/1.1 400"), "{said}");
    assert!(said.contains("BadRequestError"), "{said}");
    dripping.join().unwrap();
    // Who is slower than others but not that slow is served.
    let bytes = vec![b'.'; 40_000];
    let end = b"\r\n--b--\r\n";
    let length = head.len() - head.find("--b").unwrap() + bytes.len() + end.len();
    let head = head.replace("1000000", &length.to_string());
    let mut steady = connect(&server);
    steady.write_all(head.as_bytes()).unwrap();
    for chunk in bytes.chunks(2000) {
        steady.write_all(chunk).unwrap();
        std::thread::sleep(Duration::from_millis(100));
    }
    steady.write_all(end).unwrap();
    let mut answer = [0; 15];
    steady.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200 OK");
}

#[test]
fn an_address_has_only_so_many_connections() {
    let server = Server::with(&[
        ("QUORUM_CONNECTIONS_PER_PEER", "20"),
        ("QUORUM_HEADER_TIMEOUT_MS", "3000"),
    ]);
    let mut held: Vec<_> = (0..20).map(|_| connect(&server)).collect();
    let began = Instant::now();
    let mut one_more = connect(&server);
    closed(&mut one_more);
    assert!(
        began.elapsed() < Duration::from_secs(2),
        "one too many is kept"
    );
    // They come free again.
    held.clear();
    crate::harness::until("a connection is free", || {
        let sent = server
            .client
            .try_send("GET", &format!("{}/health", server.origin), &[], b"");
        sent.is_ok_and(|reply| reply.status == 200)
    });
}

/// S24: under too much load, requests are shed early, with the contract's error.
#[test]
fn too_much_at_once_is_told_to_come_again() {
    let server = Server::with(&[("QUORUM_REQUESTS_AT_ONCE", "2")]);
    let head = format!(
        "POST /api/v3/urls HTTP/1.1\r\nhost: a\r\nx-apikey: {}\r\ncontent-length: 100\r\n\
         expect: 100-continue\r\n\r\n",
        server.client.key
    );
    let mut held: Vec<_> = (0..2).map(|_| connect(&server)).collect();
    for stream in &mut held {
        stream.write_all(head.as_bytes()).unwrap();
    }
    // Asked for its body, a request is being worked on; a look-up before that could take its place.
    for stream in &mut held {
        let mut answer = [0; 25];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"HTTP/1.1 100 Continue\r\n\r\n");
    }
    let refused = server.client.get("/domains/example.com");
    assert_eq!(refused.error(503), "TransientError");
    assert!(refused.headers.contains_key("retry-after"));
    drop(held);
    crate::harness::until("there is room again", || {
        server.client.get("/domains/example.com").status == 200
    });
}

/// Five hundred slow connections leave the others' look-ups as they were.
#[test]
fn the_honest_are_served_beside_five_hundred_slow() {
    let server = Server::start();
    let look_up = || {
        let began = Instant::now();
        assert_eq!(server.client.get("/domains/example.com").status, 200);
        began.elapsed()
    };
    let p99 = || {
        let mut times: Vec<_> = (0..400).map(|_| look_up()).collect();
        times.sort_unstable();
        times[395]
    };
    p99();
    let before = p99();
    let mut slow: Vec<_> = (0..500)
        .map(|_| {
            let mut stream = connect(&server);
            stream.write_all(b"GET /health HTTP/1.1\r\n").unwrap();
            stream
        })
        .collect();
    let dripped: Vec<_> = slow
        .iter_mut()
        .map(|stream| stream.write_all(b"x"))
        .collect();
    assert!(dripped.iter().all(Result::is_ok));
    let beside = p99();
    // Twice, and what two busy cores may add to any measurement.
    assert!(
        beside < before * 2 + Duration::from_millis(20),
        "{beside:?} beside them, {before:?} alone"
    );
}
