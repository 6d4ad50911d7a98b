//! Uploads and reports of files.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use quorum_core::digest::fuzzy::FuzzyHasher;
use serde_json::json;

use crate::harness::{Client, EICAR_SHA256, MULTIPART, Server, eicar, multipart, sha256, until};

#[test]
fn an_uploaded_eicar_is_malicious_by_two_engines() {
    let server = Server::start();
    let analysis = server.client.analysed("/home/bob/eicar.com", &eicar());
    let attributes = &analysis["data"]["attributes"];
    assert_eq!(attributes["stats"]["malicious"], 2);
    assert_eq!(
        attributes["results"]["Hash list"]["result"],
        "EICAR-Test-File"
    );
    assert_eq!(
        attributes["results"]["Quorum YARA"]["category"],
        "malicious"
    );
    assert_eq!(analysis["meta"]["file_info"]["sha256"], EICAR_SHA256);
    assert_eq!(analysis["meta"]["file_info"]["size"], 68);

    let report = server.client.get(&format!("/files/{EICAR_SHA256}")).data();
    let attributes = &report["attributes"];
    assert_eq!(report["type"], "file");
    assert_eq!(report["id"], EICAR_SHA256);
    assert_eq!(attributes["md5"], "44d88612fea8a8f36de82e1278abb02f");
    assert_eq!(
        attributes["sha1"],
        "3395856ce81f2b7382dee72602f798b642f14140"
    );
    assert_eq!(attributes["sha256"], EICAR_SHA256);
    assert_eq!(attributes["size"], 68);
    assert_eq!(attributes["names"], json!(["eicar.com"]));
    assert_eq!(attributes["meaningful_name"], "eicar.com");
    assert_eq!(attributes["times_submitted"], 1);
    assert_eq!(attributes["unique_sources"], 1);
    assert_eq!(
        attributes["total_votes"],
        json!({"harmless": 0, "malicious": 0})
    );
    assert_eq!(attributes["reputation"], 0);
    assert_eq!(attributes["last_analysis_stats"]["malicious"], 2);
    assert_eq!(
        attributes["crowdsourced_yara_results"][0]["author"],
        "Quorum"
    );
    for date in [
        "first_submission_date",
        "last_submission_date",
        "last_analysis_date",
    ] {
        assert!(attributes[date].as_i64().unwrap() > 1_700_000_000, "{date}");
    }
    for stat in [
        "harmless",
        "suspicious",
        "undetected",
        "timeout",
        "confirmed-timeout",
        "failure",
        "type-unsupported",
    ] {
        assert_eq!(attributes["last_analysis_stats"][stat], 0, "{stat}");
    }
}

#[test]
fn a_clean_file_is_undetected_by_all_and_found_by_any_hash_in_any_case() {
    let server = Server::start();
    let analysis = server
        .client
        .analysed("notes.txt", b"nothing to see here\n");
    assert_eq!(analysis["data"]["attributes"]["stats"]["undetected"], 2);
    assert_eq!(
        analysis["data"]["attributes"]["results"]["Hash list"]["result"],
        json!(null)
    );
    let info = &analysis["meta"]["file_info"];
    for hash in ["md5", "sha1", "sha256"] {
        let hash = info[hash].as_str().unwrap();
        for hash in [hash.to_owned(), hash.to_uppercase()] {
            let report = server.client.get(&format!("/files/{hash}")).data();
            assert_eq!(report["id"], info["sha256"]);
        }
    }
}

#[test]
fn the_analysis_id_is_base64_of_md5_and_time_and_leads_to_the_file() {
    let server = Server::start();
    let descriptor = server.client.upload("a", b"bytes").data();
    let id = descriptor["id"].as_str().unwrap();
    let text = String::from_utf8(STANDARD.decode(id).unwrap()).unwrap();
    let (md5, epoch) = text.split_once(':').unwrap();
    assert_eq!(md5, "4b3a6218bb3e3a7303e8a171a60fcf92");
    assert!(epoch.parse::<i64>().unwrap() > 1_700_000_000);
    assert_eq!(descriptor["type"], "analysis");
    assert_eq!(
        descriptor["links"]["self"],
        format!("{}/api/v3/analyses/{id}", server.origin)
    );
    assert!(descriptor.get("attributes").is_none());

    let analysis = server.client.completed(id);
    let sha256 = sha256(b"bytes");
    let file = format!("{}/api/v3/files/{sha256}", server.origin);
    assert_eq!(analysis["data"]["links"]["item"], file);
    let item = server.client.get(&format!("/analyses/{id}/item")).data();
    assert_eq!(
        (&item["type"], &item["id"]),
        (&json!("file"), &json!(sha256))
    );
    let descriptor = server
        .client
        .get(&format!("/analyses/{id}/relationships/item"))
        .data();
    assert_eq!(descriptor, json!({"type": "file", "id": sha256}));
}

#[test]
fn one_blob_is_kept_however_often_a_file_is_sent() {
    let server = Server::start();
    let other = server.user(&["add", "bob", "--tier", "basic"]);
    server.client.analysed("a.bin", b"the same bytes");
    server.client.analysed("b.bin", b"the same bytes");
    other.analysed("b.bin", b"the same bytes");
    let report = server
        .client
        .get(&format!("/files/{}", sha256(b"the same bytes")))
        .data();
    let attributes = &report["attributes"];
    assert_eq!(attributes["times_submitted"], 3);
    assert_eq!(attributes["unique_sources"], 2);
    assert_eq!(attributes["meaningful_name"], "b.bin");
    assert_eq!(attributes["names"], json!(["b.bin", "a.bin"]));
    assert_eq!(blobs(&server), [sha256(b"the same bytes")]);
}

/// Names of all blobs.
pub(crate) fn blobs(server: &Server) -> Vec<String> {
    let mut names = Vec::new();
    for directory in std::fs::read_dir(server.data().join("samples")).unwrap() {
        for file in std::fs::read_dir(directory.unwrap().path()).unwrap() {
            names.push(file.unwrap().file_name().into_string().unwrap());
        }
    }
    names.sort();
    names
}

fn incoming(server: &Server) -> usize {
    std::fs::read_dir(server.data().join("incoming"))
        .unwrap()
        .count()
}

#[test]
fn a_large_file_takes_the_upload_address_which_works_once_and_without_a_key() {
    let server = Server::start();
    let address = server.client.get("/files/upload_url").data();
    let address = address.as_str().unwrap();
    assert!(
        address.starts_with(&format!("{}/_ah/upload/", server.origin)),
        "{address}"
    );
    // Larger than a part, so that more than one is written.
    let bytes = vec![7; 3 << 20];
    let nobody = Client::new(&server.origin, "");
    let descriptor = nobody.upload_to(address, "big.bin", &bytes).data();
    let analysis = server.client.completed(descriptor["id"].as_str().unwrap());
    assert_eq!(analysis["meta"]["file_info"]["sha256"], sha256(&bytes));
    let again = nobody.upload_to(address, "big.bin", &bytes);
    assert_eq!(again.error(404), "NotFoundError");
}

#[test]
fn links_carry_the_origin_that_the_client_used() {
    let server = Server::start();
    server.client.analysed("a", b"a");
    let host = [("host", "quorum.example:8443")];
    let report = server
        .client
        .send("GET", &format!("/files/{}", sha256(b"a")), &host, b"")
        .data();
    let link = report["links"]["self"].as_str().unwrap();
    assert!(
        link.starts_with("http://quorum.example:8443/api/v3/files/"),
        "{link}"
    );
    let address = server
        .client
        .send("GET", "/files/upload_url", &host, b"")
        .data();
    assert!(
        address
            .as_str()
            .unwrap()
            .starts_with("http://quorum.example:8443/_ah/upload/")
    );
}

/// S15: only a proxy that the administrator named may say how the client reached it.
#[test]
fn forwarded_headers_count_only_from_a_trusted_proxy() {
    let headers = [
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "quorum.example"),
    ];
    let trusting = Server::with(&[("QUORUM_TRUSTED_PROXIES", "127.0.0.1")]);
    let address = trusting
        .client
        .send("GET", "/files/upload_url", &headers, b"")
        .data();
    assert!(
        address
            .as_str()
            .unwrap()
            .starts_with("https://quorum.example/_ah/upload/")
    );
    let wary = Server::start();
    let address = wary
        .client
        .send("GET", "/files/upload_url", &headers, b"")
        .data();
    assert!(address.as_str().unwrap().starts_with(&wary.origin));
}

/// S6: a byte more than the limit is refused, however the length is told, and nothing stays.
#[test]
fn refuses_a_byte_more_than_the_limit_and_keeps_nothing_of_it() {
    let server = Server::with(&[("QUORUM_UPLOAD_LIMIT", "100000")]);
    server.client.analysed("fits", &vec![1; 100_000]);
    let reply = server.client.upload("too large", &vec![2; 100_001]);
    assert_eq!(reply.error(413), "BadRequestError");

    // Chunked, without a length.
    let mut request = format!(
        "POST /api/v3/files HTTP/1.1\r\nHost: x\r\nConnection: close\r\nx-apikey: {}\r\n{}: {}\r\n\
         Transfer-Encoding: chunked\r\n\r\n",
        server.client.key, MULTIPART.0, MULTIPART.1
    )
    .into_bytes();
    let part = "Content-Disposition: form-data; name=\"file\"; filename=\"c\"";
    for chunk in multipart(&[(part, &vec![3; 100_001])]).chunks(9_000) {
        request.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        request.extend_from_slice(chunk);
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"0\r\n\r\n");
    let answer = server.raw(&request);
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert_eq!(blobs(&server), [sha256(&vec![1; 100_000])]);
    until("nothing is left", || incoming(&server) == 0);
}

#[test]
fn an_empty_file_is_a_file() {
    let server = Server::start();
    let analysis = server.client.analysed("empty", b"");
    assert_eq!(
        analysis["meta"]["file_info"]["sha256"],
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    );
}

/// S6: what breaks off leaves nothing behind.
#[test]
fn an_upload_that_breaks_off_leaves_nothing() {
    let server = Server::start();
    let head = format!(
        "POST /api/v3/files HTTP/1.1\r\nHost: x\r\nx-apikey: {}\r\n{}: {}\r\n\
         Content-Length: 1000000\r\n\r\n------quorum-test\r\n\
         Content-Disposition: form-data; name=\"file\"; filename=\"c\"\r\n\r\nonly this",
        server.client.key, MULTIPART.0, MULTIPART.1
    );
    {
        use std::io::Write as _;
        let address = server.origin.trim_start_matches("http://");
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        stream.write_all(head.as_bytes()).unwrap();
        until("the upload has begun", || incoming(&server) == 1);
    }
    until("the upload is gone", || incoming(&server) == 0);
    assert!(blobs(&server).is_empty());
}

/// S8: a form is a file with little around it.
#[test]
fn refuses_forms_that_are_not_one_file() {
    let server = Server::start();
    let file = "Content-Disposition: form-data; name=\"file\"; filename=\"a\"";
    let send = |body: &[u8]| server.client.send("POST", "/files", &[MULTIPART], body);
    assert_eq!(
        send(&multipart(&[(file, b"a"), (file, b"b")])).error(400),
        "BadRequestError"
    );
    let field = "Content-Disposition: form-data; name=\"x\"";
    assert_eq!(
        send(&multipart(&[(field, b"a")])).error(400),
        "BadRequestError"
    );
    let many: Vec<(&str, &[u8])> = (0..1000).map(|_| (field, &b"a"[..])).collect();
    assert_eq!(send(&multipart(&many)).error(400), "BadRequestError");
    assert_eq!(
        send(&multipart(&[(field, &[b'a'; 5000])])).error(400),
        "BadRequestError"
    );
    assert_eq!(send(b"no form at all").error(400), "BadRequestError");
    let endless = format!("------quorum-test\r\nX: {}", "a".repeat(4 << 20));
    assert_eq!(send(endless.as_bytes()).error(400), "BadRequestError");
    let other = [("content-type", "application/octet-stream")];
    let reply = server.client.send("POST", "/files", &other, b"a");
    assert_eq!(reply.error(400), "BadRequestError");
    assert!(blobs(&server).is_empty());
    until("nothing is left", || incoming(&server) == 0);
}

/// S9: names are data. Part headers come in any order, with or without a type.
#[test]
fn takes_what_clients_really_send_as_names() {
    let server = Server::start();
    let headers = [
        "Content-Type: application/octet-stream\r\nContent-Disposition: form-data; name=\"file\"; filename=\"/tmp/a b.exe\"",
        "Content-Disposition: form-data; name=\"file\"; filename=\"C:\\dir\\日本.exe\"",
        "Content-Disposition: form-data; name=\"file\"; filename*=utf-8''%E2%82%AC.pdf",
        "Content-Disposition: form-data; name=\"file\"; filename=\"../../../etc/passwd\"",
        "Content-Disposition: form-data; name=\"file\"",
    ];
    for header in headers {
        let body = multipart(&[
            (
                "Content-Disposition: form-data; name=\"password\"",
                b"infected",
            ),
            (header, b"named"),
        ]);
        server
            .client
            .send("POST", "/files", &[MULTIPART], &body)
            .data();
    }
    let report = server
        .client
        .get(&format!("/files/{}", sha256(b"named")))
        .data();
    let mut names: Vec<_> = report["attributes"]["names"]
        .as_array()
        .unwrap()
        .iter()
        .map(|name| name.as_str().unwrap())
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["a b.exe", "passwd", "€.pdf", "日本.exe"]);
    assert_eq!(report["attributes"]["times_submitted"], 5);
}

#[test]
fn a_new_analysis_can_be_asked_for() {
    let server = Server::start();
    let first = server.client.analysed("a", b"again");
    let id = sha256(b"again");
    let second = server
        .client
        .send("POST", &format!("/files/{id}/analyse"), &[], b"")
        .data();
    assert_ne!(second["id"], first["data"]["id"]);
    server.client.completed(second["id"].as_str().unwrap());
    let analyses = server.client.get(&format!("/files/{id}/analyses"));
    assert_eq!(analyses.json["meta"]["count"], 2);
    assert_eq!(analyses.json["data"][0]["id"], second["id"]);
    let submissions = server.client.get(&format!("/files/{id}/submissions"));
    assert_eq!(submissions.json["meta"]["count"], 1);
    let submission = submissions.json["data"][0]["id"].as_str().unwrap();
    for spelling in ["submissions", "submission"] {
        let object = server
            .client
            .get(&format!("/{spelling}/{submission}"))
            .data();
        assert_eq!(object["attributes"]["name"], "a");
    }
}

#[test]
fn what_nobody_has_seen_is_not_found_and_what_is_no_hash_is_refused() {
    let server = Server::start();
    let unseen = "0".repeat(64);
    let reply = server.client.get(&format!("/files/{unseen}"));
    assert_eq!(reply.error(404), "NotFoundError");
    assert_eq!(
        reply.json["error"]["message"],
        format!("File \"{unseen}\" not found")
    );
    for path in ["comments", "votes", "analyses", "relationships/votes"] {
        let reply = server.client.get(&format!("/files/{unseen}/{path}"));
        assert_eq!(reply.error(404), "NotFoundError");
    }
    let reply = server
        .client
        .send("POST", &format!("/files/{unseen}/analyse"), &[], b"");
    assert_eq!(reply.error(404), "NotFoundError");
    assert_eq!(
        server.client.get("/files/xyz").error(400),
        "InvalidArgumentError"
    );
    assert_eq!(
        server.client.get("/analyses/xyz").error(404),
        "NotFoundError"
    );
}

/// A late or failing engine is one column; the report is complete without it.
#[test]
fn an_engine_that_hangs_or_panics_leaves_a_complete_report() {
    // Only the one that hangs has to be waited for; the other engines must be done by then on a busy
    // machine, too.
    for (act, category, timeout) in [("hang", "timeout", "5000"), ("panic", "failure", "60000")] {
        let failpoint = format!("engine.Quorum YARA={act}");
        let server = Server::with(&[
            ("QUORUM_FAILPOINTS", failpoint.as_str()),
            ("QUORUM_ENGINE_TIMEOUT_MS", timeout),
        ]);
        let analysis = server.client.analysed("eicar", &eicar());
        let attributes = &analysis["data"]["attributes"];
        assert_eq!(attributes["results"]["Quorum YARA"]["category"], category);
        assert_eq!(attributes["results"]["Hash list"]["category"], "malicious");
        assert_eq!(attributes["stats"][category], 1);
        let report = server.client.get(&format!("/files/{EICAR_SHA256}")).data();
        assert_eq!(report["attributes"]["last_analysis_stats"][category], 1);
    }
}

#[test]
fn a_file_too_large_to_scan_is_still_looked_up_by_hash() {
    let server = Server::with(&[("QUORUM_SCAN_LIMIT", "67")]);
    let analysis = server.client.analysed("eicar", &eicar());
    let results = &analysis["data"]["attributes"]["results"];
    assert_eq!(results["Quorum YARA"]["category"], "type-unsupported");
    assert_eq!(results["Hash list"]["category"], "malicious");
}

/// S6: memory stays flat while much is uploaded and scanned, and what is far inside is found.
#[test]
fn memory_does_not_grow_with_what_is_uploaded() {
    // The compiler of these tests leaves the scanner slow.
    let server = Server::with(&[("QUORUM_ENGINE_TIMEOUT_MS", "300000")]);
    let rule = server.data().join("packs/rules/ours/far.yar");
    std::fs::create_dir_all(rule.parent().unwrap()).unwrap();
    let text = "rule Far { strings: $a = \"far inside of a long file\" condition: $a }";
    std::fs::write(rule, text).unwrap();
    until("the pack is read", || {
        server.client.get("/yara_rules?filter=name:far").json["meta"]["count"] == 1
    });
    server.client.analysed("first", b"small");
    let before = peak_memory(server.pid());
    let mut bytes = vec![9; 48 << 20];
    for round in 0..2 {
        bytes[0] = round;
        if round == 1 {
            // Where one of the scanner's blocks ends.
            let needle = b"far inside of a long file";
            bytes[(4 << 20) - 7..][..needle.len()].copy_from_slice(needle);
        }
        let analysis = server.client.analysed("next", &bytes);
        let column = &analysis["data"]["attributes"]["results"]["Quorum YARA"];
        let category = ["undetected", "suspicious"][usize::from(round)];
        assert_eq!(column["category"], category, "{column}");
        // Each byte was read once, whatever the blocks were.
        let mut fuzzy = FuzzyHasher::new();
        fuzzy.update(&bytes);
        let report = server.client.get(&format!("/files/{}", sha256(&bytes)));
        let ssdeep = fuzzy.finish().ssdeep;
        assert_eq!(report.data()["attributes"]["ssdeep"], json!(ssdeep));
    }
    let grown = peak_memory(server.pid()) - before;
    assert!(grown < 32 << 20, "grown by {} KiB", grown >> 10);
}

/// The most memory that a process has had, in bytes.
fn peak_memory(pid: u32) -> i64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .unwrap();
    line.split_ascii_whitespace()
        .nth(1)
        .unwrap()
        .parse::<i64>()
        .unwrap()
        * 1024
}
