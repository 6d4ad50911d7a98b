//! What is sent in to do harm: statements, markup, hashes that meet, requests that are two.

use serde_json::Value;

use crate::harness::{MULTIPART, Server, multipart, raw_for, sha256};

/// S13: a statement holds no value of anybody's; only the archive puts statements together, from
/// names that stand in the program.
#[test]
fn no_statement_is_put_together_from_values() {
    let sources = concat!(env!("CARGO_MANIFEST_DIR"), "/src/store");
    let mut looked_at = 0;
    for directory in ["", "/sql"] {
        for file in std::fs::read_dir(format!("{sources}{directory}")).unwrap() {
            let path = file.unwrap().path();
            if path.extension().is_none_or(|extension| extension != "rs") {
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            let is_sql = text.contains("sqlx::query") && !path.ends_with("conformance.rs");
            looked_at += i32::from(is_sql);
            assert!(!is_sql || !text.contains("format!"), "{}", path.display());
            let put_together = text.contains("AssertSqlSafe");
            assert!(
                !put_together || path.ends_with("archive.rs"),
                "{}",
                path.display()
            );
        }
    }
    assert!(looked_at >= 8, "{looked_at}");
}

/// S13, S14: what is sent in comes back as it was, as text, and does nothing.
#[test]
fn statements_and_markup_are_text() {
    let server = Server::start();
    server.client.analysed("a", b"a file");
    let file = format!("/files/{}", sha256(b"a file"));
    let texts = [
        "'; DROP TABLE comment; --",
        "\" OR 1=1 --",
        "%' OR text LIKE '%",
        "$1 ?1 :a @b",
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "javascript:alert(1)",
        "{{7*7}} ${7*7} <%= 7*7 %>",
        "\u{202e}exe.txt \u{200b}\u{feff}",
        "]]><!--",
    ];
    for text in texts {
        let made = server.client.comment(&file, text).data();
        assert_eq!(made["attributes"]["text"], text);
        let html = made["attributes"]["html"].as_str().unwrap();
        assert!(!html.contains('<') && !html.contains('"'), "{html}");
        for path in [
            format!("/search?query={}", crate::harness::escape(text)),
            format!("/comments?filter=tag:{}", crate::harness::escape(text)),
            format!("/users/{}", crate::harness::escape(text)),
            format!("/analyses/{}", crate::harness::escape(text)),
            format!("/comments?cursor={}", crate::harness::escape(text)),
        ] {
            let status = server.client.get(&path).status;
            assert!([200, 400, 404].contains(&status), "{path}: {status}");
        }
        let name = text.replace('"', "%22");
        let bytes = format!("named {text}").into_bytes();
        server.client.upload(&name, &bytes).data();
    }
    let listed = server.client.get(&format!("{file}/comments?limit=40"));
    assert_eq!(listed.json["meta"]["count"], texts.len());
    assert!(server.must(&["check"]).contains("as they should be"));
}

/// What is tried at every place that takes a text: statements that would be true or false, that would
/// wait, end another one, or read a table; in pairs whose answers must not differ.
const STATEMENTS: &[(&str, &str)] = &[
    ("x' OR '1'='1", "x' OR '1'='2"),
    ("x\" OR \"1\"=\"1", "x\" OR \"1\"=\"2"),
    ("1 OR 1=1", "1 OR 1=2"),
    ("x' AND 1=1 --", "x' AND 1=2 --"),
    ("x') OR ('a'='a", "x') OR ('a'='b"),
    ("x%' OR 'a' LIKE 'a", "x%' OR 'a' LIKE 'b"),
    (
        "x' UNION SELECT name FROM account --",
        "x' UNION SELECT nome FROM account --",
    ),
    ("x'; DROP TABLE comment; --", "x'; DROP TABLE kommen_; --"),
    (
        "x'; UPDATE account SET role='administrator' --",
        "x'; UPDATE account SET role='administrat0r' --",
    ),
    (
        "x'||(SELECT hex(hash) FROM api_key)||'",
        "x'||(SELECT hex(hash) FROM api_kex)||'",
    ),
    ("x'||pg_sleep(5)||'", "x'||pg_sleeq(5)||'"),
    (
        "x'||randomblob(1000000000)||'",
        "x'||randomblob(1000000001)||'",
    ),
    ("$1", "$2"),
    ("?1", "?2"),
    ("\\' OR 1=1 --", "\\' OR 1=2 --"),
    ("x/**/OR/**/1=1", "x/**/OR/**/1=2"),
];

/// S13: statements at every place of every route's path, query and body, taken from the router, are
/// texts: true and false ones bring the same, nothing waits, nothing fails, and the store is whole.
fn no_route_takes_a_statement(server: &Server) {
    use crate::tenancy::{body, short, takes_json};
    let began = std::time::Instant::now();
    let mut tried = 0;
    let client = server.user(&["add", "mallory", "--tier", "duet-feeds"]);
    for (method, path, operation) in crate::harness::routes(server) {
        // What ends the one who asks, or waits for a file.
        if path.contains("/feeds/") {
            continue;
        }
        let good = takes_json(&operation).then(|| body(&method, &short(&path), 1));
        let parameters = operation["parameters"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let queries = parameters.iter().filter(|one| one["in"] == "query");
        let mut places: Vec<(Option<String>, Option<String>)> = queries
            .map(|one| (one["name"].as_str().map(str::to_owned), None))
            .collect();
        if path.contains('{') {
            places.push((None, None));
        }
        let mut leaves = Vec::new();
        if let Some(good) = &good {
            crate::tenancy::leaves(good, "", &mut leaves);
        }
        places.extend(leaves.into_iter().map(|leaf| (None, Some(leaf))));
        for (query, leaf) in &places {
            for (truth, lie) in STATEMENTS {
                let ask = |text: &str| {
                    let segments: Vec<_> = path
                        .split('/')
                        .map(|segment| match segment.starts_with('{') {
                            true if query.is_none() && leaf.is_none() => {
                                crate::harness::escape(text)
                            }
                            true => "a.example".to_owned(),
                            false => segment.to_owned(),
                        })
                        .collect();
                    let mut target = segments.join("/");
                    if let Some(name) = query {
                        target.push_str(&format!("?{name}={}", crate::harness::escape(text)));
                    }
                    let mut sent = good.clone().unwrap_or_default();
                    if let Some(leaf) = leaf {
                        *sent.pointer_mut(leaf).unwrap() = text.into();
                    }
                    let sent = match good.is_some() {
                        true => sent.to_string(),
                        false => String::new(),
                    };
                    client.send(&method, &target, &[], sent.as_bytes())
                };
                let (first, second) = (ask(truth), ask(lie));
                tried += 1;
                let what = format!("{method} {path} {query:?} {leaf:?} {truth}");
                assert!(first.status < 500, "{what}: {}", first.json);
                // What makes something makes it once.
                let made = method != "GET" && [200, 409].contains(&first.status);
                assert!(
                    made || first.status == second.status,
                    "{what}: {}",
                    first.json
                );
                // A search finds what was sent in here as a text.
                if method == "GET" && !path.ends_with("/search") {
                    assert_eq!(
                        first.json["meta"]["count"], second.json["meta"]["count"],
                        "{what}"
                    );
                }
                let told = String::from_utf8_lossy(&first.bytes);
                assert!(!told.contains("syntax error"), "{what}: {told}");
            }
        }
    }
    assert!(tried > 2000, "{tried}");
    // Of thousands of requests none has slept.
    assert!(
        began.elapsed() < 2 * crate::harness::PATIENCE,
        "{:?}",
        began.elapsed()
    );
    assert!(server.must(&["check"]).contains("as they should be"));
    let user = server.client.get("/users/mallory").data();
    assert!(user["attributes"]["privileges"].get("admin").is_none());
    let users = server.client.get("/api/quorum/v1/users?limit=40").data();
    let admins = users.as_array().unwrap().iter();
    let admins = admins.filter(|one| one["attributes"]["privileges"]["admin"]["granted"] == true);
    assert_eq!(admins.count(), 1);
}

#[test]
fn no_route_takes_a_statement_for_sqlite() {
    no_route_takes_a_statement(&Server::start());
}

#[test]
fn no_route_takes_a_statement_for_postgres() {
    let services = crate::grown::Services::start(false);
    no_route_takes_a_statement(&Server::with(&services.settings(&[])));
}

/// Markup that runs, breaks out of something or hides; each is text everywhere. The forms are those of
/// the usual collections: elements, handlers, addresses, templates, encodings, comments, spoofing.
const MARKUP: &[&str] = &[
    "<script>alert(1)</script>",
    "<ScRiPt src=//evil.example/x.js></sCrIpT>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<svg><animate onbegin=alert(1) attributeName=x>",
    "<body onload=alert(1)>",
    "<details open ontoggle=alert(1)>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<math><mtext></p><style><img src=x onerror=alert(1)>",
    "<a href=javascript:alert(1)>x</a>",
    "<a href=\"jav&#x09;ascript:alert(1)\">x</a>",
    "<meta http-equiv=refresh content=\"0;url=//evil.example\">",
    "<base href=//evil.example/>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<form action=//evil.example><input name=key>",
    "<input autofocus onfocus=alert(1)>",
    "<template><script>alert(1)</script></template>",
    "\"><script>alert(1)</script>",
    "' onmouseover='alert(1)",
    "\" autofocus onfocus=\"alert(1)",
    "--><script>alert(1)</script>",
    "]]><script>alert(1)</script>",
    "</textarea><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "`${alert(1)}`",
    "{{constructor.constructor('alert(1)')()}}",
    "${{7*7}} #{7*7} <%= 7*7 %> {{7*7}}",
    "javascript:alert(1)//",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:msgbox(1)",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "\\u003cscript\\u003ealert(1)",
    "%3Cscript%3Ealert(1)%3C/script%3E",
    "+ADw-script+AD4-alert(1)",
    "<scr\u{feff}ipt>alert(1)</scr\u{feff}ipt>",
    "[x](javascript:alert(1)) ![x](x \"onerror=alert(1)\")",
    "\u{202e}txt.exe\u{202c}",
    "g\u{43e}\u{43e}gle.com \u{200b}\u{200d}\u{2060}",
    "a\u{301}\u{302}\u{303}\u{304}\u{305}\u{306}",
    "=cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
];

/// S14: markup comes back as the text that it was, in JSON, wherever somebody may write something;
/// what is made for people to see has it escaped and runs nothing.
#[test]
fn markup_is_text_wherever_it_is_written() {
    let server = Server::start();
    let client = &server.client;
    let object = |kind: &str, attributes: Value| serde_json::json!({"data": {"type": kind, "attributes": attributes}});
    for (number, text) in MARKUP.iter().enumerate() {
        let comment = client.comment("/domains/a.example", text);
        assert_eq!(
            comment.headers["content-type"], "application/json",
            "{text}"
        );
        assert_eq!(comment.headers["x-content-type-options"], "nosniff");
        let comment = comment.data();
        assert_eq!(comment["attributes"]["text"], *text);
        let html = comment["attributes"]["html"].as_str().unwrap();
        assert!(!html.contains(['<', '>', '"', '\'']), "{html}");
        let again = client.get(&format!("/comments/{}", comment["id"].as_str().unwrap()));
        assert_eq!(again.data()["attributes"]["text"], *text);
        let collection = object(
            "collection",
            serde_json::json!({"name": text, "description": text}),
        );
        let mut collection = collection;
        collection["data"]["raw_items"] = "a.example".into();
        let collection = client.post("/collections", &collection).data();
        assert_eq!(collection["attributes"]["name"], *text);
        assert_eq!(collection["attributes"]["description"], *text);
        let url = format!("http://paper{number}.example/");
        let reference = object("reference", serde_json::json!({"url": url, "title": text}));
        let reference = client.post("/references", &reference).data();
        assert_eq!(reference["attributes"]["title"], *text);
        let profile = serde_json::json!({"first_name": text, "profile_phrase": text});
        let user = client
            .patch("/users/admin", &object("user", profile))
            .data();
        assert_eq!(user["attributes"]["profile_phrase"], *text);
        let report = object("false_positive", serde_json::json!({"text": text}));
        let path = format!("/api/quorum/v1/domains/fp{number}.example/false_positives");
        assert_eq!(
            client.post(&path, &report).data()["attributes"]["text"],
            *text
        );
        // A sandbox's report has a page for people.
        let bytes = format!("ran {number}").into_bytes();
        client.analysed("a", &bytes);
        let path = format!("/api/quorum/v1/files/{}/behaviours", sha256(&bytes));
        let ran = serde_json::json!({"sandbox_name": "Box", "command_executions": [text]});
        let ran = client.post(&path, &object("file_behaviour", ran)).data();
        assert_eq!(ran["attributes"]["command_executions"][0], *text);
        let page = format!("/file_behaviours/{}/html", ran["id"].as_str().unwrap());
        let page = client.get(&page);
        assert_eq!(
            page.headers["content-security-policy"],
            "sandbox; default-src 'none'"
        );
        let html = String::from_utf8(page.bytes).unwrap();
        let inside = html
            .split("<pre>")
            .nth(1)
            .unwrap()
            .split("</pre>")
            .next()
            .unwrap();
        assert!(!inside.contains(['<', '>', '"']), "{inside}");
    }
    let listed = client.get("/domains/a.example/comments?limit=40");
    assert_eq!(listed.json["meta"]["count"], MARKUP.len());
    assert!(server.must(&["check"]).contains("as they should be"));
}

/// S21: two files with one MD5 (Wang and Yu, 2004) are two files.
#[test]
fn files_whose_md5_meet_are_two() {
    let digits = "d131dd02c5e6eec4693d9a0698aff95c2fcab58712467eab4004583eb8fb7f89\
                  55ad340609f4b30283e488832571415a085125e8f7cdc99fd91dbdf280373c5b\
                  d8823e3156348f5bae6dacd436c919c6dd53e2b487da03fd02396306d248cda0\
                  e99f33420f577ee8ce54b67080a80d1ec69821bcb6a8839396f9652b6ff72a70";
    let one: Vec<u8> = (0..digits.len() / 2)
        .map(|at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).unwrap())
        .collect();
    let mut other = one.clone();
    for at in [19, 45, 59, 83, 109, 123] {
        other[at] ^= 0x80;
    }
    let pair = [one, other];
    assert_ne!(sha256(&pair[0]), sha256(&pair[1]));
    let server = Server::start();
    for bytes in &pair {
        server.client.analysed("a", bytes);
        let report = server
            .client
            .get(&format!("/files/{}", sha256(bytes)))
            .data();
        assert_eq!(
            report["attributes"]["md5"],
            "79054025255fb1a26e4bc422aef54eb4"
        );
        assert_eq!(report["attributes"]["times_submitted"], 1);
    }
    let found = server
        .client
        .get("/search?query=79054025255fb1a26e4bc422aef54eb4")
        .data();
    assert_eq!(found.as_array().unwrap().len(), 2);
    // The older one is the answer where there can be one.
    let report = server
        .client
        .get("/files/79054025255fb1a26e4bc422aef54eb4")
        .data();
    assert!(
        [sha256(&pair[0]), sha256(&pair[1])].contains(&report["id"].as_str().unwrap().to_owned())
    );
}

/// S22: what one reader takes for one request and another for two is refused, and ends the
/// connection.
#[test]
fn requests_that_could_be_two_are_refused() {
    let server = Server::start();
    let smuggled = "GET /health HTTP/1.1\r\nhost: a\r\n\r\n";
    for (what, head) in [
        ("two lengths", "content-length: 0\r\ncontent-length: 5\r\n"),
        (
            "a length and chunks",
            "transfer-encoding: chunked\r\ncontent-length: 5\r\n",
        ),
        ("a signed length", "content-length: +5\r\n"),
        ("a length of two numbers", "content-length: 5, 6\r\n"),
        ("a folded header", "x-a: b\r\n c: d\r\n"),
        ("a space before the colon", "content-length : 5\r\n"),
        (
            "chunks that are not last",
            "transfer-encoding: chunked, identity\r\n",
        ),
        ("a NUL in a header", "x-a: \0\r\n"),
        ("a bare CR in a header", "x-a: b\rc\r\n"),
        ("a bare LF at a line's end", "x-a: b\nx-b: c\r\n"),
        ("a bare LF that ends the head", "x-a: b\n\n"),
        (
            "a bare LF before a header of ours",
            "x-a: b\nx-apikey: 0\r\n",
        ),
        ("CR, space, LF", "x-a: b\r \nx-b: c\r\n"),
        (
            "chunks, then a length",
            "content-length: 5\r\ntransfer-encoding: chunked\r\n",
        ),
        (
            "chunks in capitals and a length",
            "Transfer-Encoding: CHUNKED\r\nContent-Length: 5\r\n",
        ),
        (
            "chunks twice",
            "transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n",
        ),
        ("chunks that are none", "transfer-encoding: xchunked\r\n"),
        (
            "chunks behind a tab",
            "transfer-encoding:\tchunked\r\ncontent-length: 5\r\n",
        ),
        ("a length in hexadecimal", "content-length: 0x5\r\n"),
        (
            "a length beyond all",
            "content-length: 99999999999999999999\r\n",
        ),
        ("a header without a name", ": b\r\n"),
        ("a space in a header's name", "x a: b\r\n"),
    ] {
        let body = if what.contains("chunks") {
            "0\r\n\r\n"
        } else {
            ""
        };
        let request = format!(
            "POST /api/v3/urls HTTP/1.1\r\nhost: a\r\nx-apikey: {}\r\n{head}\r\n{body}{smuggled}{smuggled}",
            server.client.key
        );
        let said = server.raw_for(request.as_bytes(), std::time::Duration::from_secs(3));
        let healthy = said.matches("\"status\":\"ok\"").count();
        assert_eq!(healthy, 0, "{what}: {said}");
        // hyper takes the chunks and drops the length, as RFC 9112 (6.3) allows; what follows them
        // is never answered.
        let refused = said.starts_with("HTTP/1.1 400") || what.contains("chunks");
        assert!(refused, "{what}: {said}");
    }
}

/// S9: whatever a file is called, it lies under its hash; the name is data, without control
/// characters and directories, and comes back as JSON text.
#[test]
fn two_hundred_names_are_data() {
    let server = Server::start();
    let mut names: Vec<Vec<u8>> = [
        "../../../../etc/passwd",
        "..",
        ".",
        "/",
        "\\\\host\\share\\a.exe",
        "C:\\Windows\\system32\\a.dll",
        "CON",
        "NUL.txt",
        "aux.",
        "a.exe:stream",
        " leading and trailing ",
        "invoice\u{202e}fdp.exe",
        "\u{200b}zero\u{feff}width",
        "a%00b",
        "a\u{0}b",
        "-rf",
        "$(id)",
        "`id`",
        "|cat",
        "<script>alert(1)</script>",
        "'; DROP TABLE file; --",
        "quorum.sqlite",
        "packs/hashes/own.txt",
        "a\u{7f}\u{1b}[31mred",
        "\u{85}next\u{2028}line",
    ]
    .iter()
    .map(|name| name.as_bytes().to_vec())
    .collect();
    names.push(vec![b'a'; 4096]);
    names.push(vec![0xff, 0xfe, b'a', 0xc3]);
    names.push("é".repeat(2000).into_bytes());
    for number in 0_u8..=255 {
        // Every byte in the middle of a name; what ends the header there ends the name.
        if !matches!(number, b'"' | b'\r' | b'\n') {
            names.push(vec![b'x', number, b'y']);
        }
    }
    assert!(names.len() >= 200);
    let bytes = b"named in many ways";
    for name in &names {
        let mut body = b"------quorum-test\r\nContent-Disposition: form-data; name=\"file\"; \
                         filename=\""
            .to_vec();
        body.extend(name);
        body.extend(b"\"\r\n\r\n");
        body.extend(bytes);
        body.extend(b"\r\n------quorum-test--\r\n");
        let reply = server.client.send("POST", "/files", &[MULTIPART], &body);
        assert!(
            [200, 400].contains(&reply.status),
            "{name:?}: {}",
            reply.json
        );
        assert_eq!(reply.headers["x-content-type-options"], "nosniff");
    }
    // A line break in a name is the end of a header, not a header of ours.
    let split =
        "Content-Disposition: form-data; name=\"file\"; filename=\"a\r\nX-Evil: 1\r\n\r\nb\"";
    let reply = server.client.send(
        "POST",
        "/files",
        &[MULTIPART],
        &multipart(&[(split, bytes)]),
    );
    assert!(reply.headers.get("x-evil").is_none());
    let report = server
        .client
        .get(&format!("/files/{}", sha256(bytes)))
        .data();
    let kept = report["attributes"]["names"].as_array().unwrap();
    assert!(kept.len() >= 90, "{}", kept.len());
    for name in kept {
        let name = name.as_str().unwrap();
        assert!(
            !name.contains(['/', '\\']) && !name.chars().any(char::is_control),
            "{name:?}"
        );
        assert!((1..=255).contains(&name.len()), "{name:?}");
    }
    // Nothing lies anywhere under such a name.
    let mut directories = vec![server.data().to_owned()];
    let mut blobs = 0;
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let in_blobs = path
                .strip_prefix(server.data())
                .unwrap()
                .starts_with("samples");
            if path.is_dir() {
                directories.push(path);
            } else if in_blobs {
                assert_eq!(name.len(), 64, "{name}");
                blobs += 1;
            } else {
                assert!(!name.starts_with('x') && !name.contains("passwd"), "{name}");
            }
        }
    }
    assert!((1..=2).contains(&blobs), "{blobs}");
}

/// S8: forms that are bombs cost what they are, and are refused.
#[test]
fn forms_that_are_bombs_are_refused() {
    let server = Server::start();
    let field = "Content-Disposition: form-data; name=\"x\"";
    let file = "Content-Disposition: form-data; name=\"file\"; filename=\"a\"";
    let send = |body: &[u8]| server.client.send("POST", "/files", &[MULTIPART], body);
    let many: Vec<(&str, &[u8])> = (0..100_000).map(|_| (field, &b""[..])).collect();
    assert_eq!(send(&multipart(&many)).error(400), "BadRequestError");
    // A form in a form is a file's bytes, and no second file.
    let inner = String::from_utf8(multipart(&[(file, b"inner")])).unwrap();
    let inner = inner.replace("quorum-test", "other");
    let nested = multipart(&[(file, inner.as_bytes())]);
    send(&nested).data();
    let path = format!("/files/{}", sha256(inner.as_bytes()));
    assert_eq!(
        server.client.get(&path).data()["attributes"]["size"],
        inner.len()
    );
    let headers = "X-A: b\r\n".repeat(50_000);
    let heavy = format!("{headers}{file}");
    assert_eq!(
        send(&multipart(&[(&heavy, b"a")])).error(400),
        "BadRequestError"
    );
    // A part has one name; the form has one boundary, as long as boundaries are (RFC 2046, 5.1.1).
    let twice = format!("{file}; name=\"x\"");
    assert!([200, 400].contains(&send(&multipart(&[(&twice, b"twice")])).status));
    for length in [71, 10_000] {
        let boundary = "b".repeat(length);
        let kind = format!("multipart/form-data; boundary={boundary}");
        let body = format!("--{boundary}\r\n{file}\r\n\r\na\r\n--{boundary}--\r\n");
        let headers = [("content-type", kind.as_str())];
        let reply = server
            .client
            .send("POST", "/files", &headers, body.as_bytes());
        assert_eq!(reply.error(400), "BadRequestError", "{length}");
    }
    let endless = format!("------quorum-test\r\n{file}\r\n\r\nno end");
    assert_eq!(send(endless.as_bytes()).error(400), "BadRequestError");
    assert_eq!(server.client.get("/files/upload_url").status, 200);
}

#[test]
fn what_is_no_request_is_refused_in_json_too() {
    let server = Server::start();
    let headers: String = (0..200)
        .map(|number| format!("X-{number}: a\r\n"))
        .collect();
    let long = format!("GET /api/v3/metadata HTTP/1.1\r\nHost: a\r\n{headers}\r\n");
    for (request, status) in [
        ("GET nonsense\r\n\r\n", "400"),
        (
            "POST /api/v3/urls HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
            "400",
        ),
        (long.as_str(), "431"),
    ] {
        let reply = server.raw(request.as_bytes());
        assert!(reply.starts_with(&format!("HTTP/1.1 {status} ")), "{reply}");
        let (head, body) = reply.split_once("\r\n\r\n").unwrap();
        assert!(head.contains("content-type: application/json"), "{head}");
        let body: Value = serde_json::from_str(body).unwrap();
        assert_eq!(body["error"]["code"], "BadRequestError");
        assert!(body["error"]["message"].is_string());
    }
}

/// Requests of somebody's in which another one is hidden, from whoever reads them as one.
fn smugglers(key: &str) -> Vec<String> {
    // What would be answered in the place of somebody else's: it is never asked for otherwise.
    let hidden =
        format!("GET /api/v3/users/admin HTTP/1.1\r\nhost: a\r\nx-apikey: {key}\r\nx-swallows: ");
    let chunk = format!("{:x}\r\n{hidden}\r\n0\r\n\r\n", hidden.len());
    let after = format!("0\r\n\r\n{hidden}");
    let cases = [
        // By the proxy's reading the whole body belongs to the request: it believes the length …
        (
            "content-length: {}\r\ntransfer-encoding: chunked\r\n",
            &after,
        ),
        (
            "transfer-encoding: chunked\r\ncontent-length: {}\r\n",
            &after,
        ),
        (
            "content-length: {}\r\ntransfer-encoding:\tchunked\r\n",
            &after,
        ),
        (
            "content-length: {}\r\ntransfer-encoding: xchunked\r\n",
            &after,
        ),
        (
            "content-length: {}\r\nx-a: b\ntransfer-encoding: chunked\r\n",
            &after,
        ),
        (
            "content-length: {}\r\ntransfer-encoding: chunked, identity\r\n",
            &after,
        ),
        // … or the chunks, or the first or the last of two lengths.
        (
            "content-length: 4\r\ntransfer-encoding: chunked\r\n",
            &chunk,
        ),
        (
            "transfer-encoding: chunked\r\ncontent-length: 4\r\n",
            &chunk,
        ),
        (
            "transfer-encoding: chunked\r\nx-a: b\ncontent-length: 4\r\n",
            &chunk,
        ),
        ("content-length: {}\r\ncontent-length: 0\r\n", &after),
        ("content-length: 0\r\ncontent-length: {}\r\n", &after),
        (
            "content-length: {}\r\nx-a: b\ncontent-length: 0\r\n",
            &after,
        ),
        (
            "x-a: b\ncontent-length: 0\r\ncontent-length: {}\r\n",
            &after,
        ),
        ("content-length: {}\r\nx-a: b\n\n\r\n", &hidden),
    ];
    let request = |(head, body): (&str, &String)| {
        let head = head.replace("{}", &body.len().to_string());
        format!("POST /api/v3/urls HTTP/1.1\r\nhost: a\r\nx-apikey: {key}\r\n{head}\r\n{body}")
    };
    cases.map(request).into()
}

/// S22: behind a proxy that reads a request otherwise and gives the next of somebody else's to the same
/// connection, nobody is answered what another has asked: theirs is answered, or the connection ends.
#[test]
fn nobody_behind_a_proxy_is_answered_what_another_has_smuggled() {
    use std::io::{Read as _, Write as _};
    let server = Server::start();
    let address = server.origin.trim_start_matches("http://");
    for first in smugglers(&server.client.key) {
        let mut proxy = std::net::TcpStream::connect(address).unwrap();
        let quiet = Some(std::time::Duration::from_millis(700));
        proxy.set_read_timeout(quiet).unwrap();
        proxy.write_all(first.as_bytes()).unwrap();
        let mut said = Vec::new();
        let _ = proxy.read_to_end(&mut said);
        // Perhaps it is closed: then the proxy opens another one.
        let _ = proxy.write_all(b"GET /health HTTP/1.1\r\nhost: a\r\n\r\n");
        let _ = proxy.read_to_end(&mut said);
        let said = String::from_utf8_lossy(&said);
        assert!(!said.contains("\"type\":\"user\""), "{first:?}: {said}");
        let answers = said.matches("HTTP/1.1 ").count();
        let healthy = said.matches("\"status\":\"ok\"").count();
        assert!(answers - healthy <= 1, "{first:?}: {said}");
    }
    assert!(!server.log().contains("/users/{id}"), "{}", server.log());
}

/// S22: the same behind nginx, as it is: whatever it makes of such a request, the next of somebody else's is
/// answered by what they asked.
#[test]
fn nobody_behind_nginx_is_answered_what_another_has_smuggled() {
    let server = Server::start();
    let directory = crate::services::Directory::new();
    let nginx = crate::services::Nginx::start(&directory.0, server.address());
    let quiet = std::time::Duration::from_millis(700);
    let ask = |request: &str| raw_for(&nginx.address, request.as_bytes(), quiet);
    for first in smugglers(&server.client.key) {
        let said = ask(&first);
        assert!(said.starts_with("HTTP/1.1 "), "{first:?}: {said}");
        for _ in 0..2 {
            let said = ask("GET /health HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
            assert!(said.starts_with("HTTP/1.1 200"), "{first:?}: {said}");
            assert_eq!(said.matches("HTTP/1.1 ").count(), 1, "{first:?}: {said}");
            assert!(said.contains("\"status\":\"ok\""), "{first:?}: {said}");
        }
    }
}
