//! The wire itself: paths, bodies, headers, and JSON whatever happens.

use serde_json::{Value, json};

use crate::harness::{Client, Server};

#[test]
fn paths_and_queries_are_read_as_clients_write_them() {
    let server = Server::start();
    for path in [
        "/domains/example.com",
        "//domains/example.com",
        "/domains//example.com/",
        "/domains/example.com?",
        "/domains/example.com?x=1&",
        "/domains/example.com?relationships=comments%2Cvotes",
    ] {
        assert_eq!(
            server.client.get(path).data()["id"],
            "example.com",
            "{path}"
        );
    }
    let doubled = format!("{}//api//v3//comments?limit=2&", server.origin);
    assert_eq!(server.client.get(&doubled).status, 200);
}

#[test]
fn every_answer_is_json_and_not_to_be_guessed_at() {
    let server = Server::start();
    let nobody = Client::new(&server.origin, "");
    let replies = [
        (404, server.client.get("/no/such/path")),
        (
            404,
            server.client.get(&format!("{}/index.html", server.origin)),
        ),
        (404, nobody.get(&format!("{}/", server.origin))),
        (
            404,
            nobody.send("POST", &format!("{}/_ah/upload/x", server.origin), &[], b""),
        ),
        (405, server.client.send("PUT", "/files", &[], b"")),
        (
            405,
            nobody.send("POST", &format!("{}/health", server.origin), &[], b""),
        ),
        (400, server.client.get("/domains/%FF%FE")),
        (
            400,
            server.client.send(
                "POST",
                "/urls",
                &[("content-type", "multipart/form-data")],
                b"x",
            ),
        ),
        (
            413,
            server.client.send(
                "POST",
                "/domains/a.example/comments",
                &[],
                &vec![b' '; 300_000],
            ),
        ),
        (200, server.client.get("/comments")),
        (200, nobody.get(&format!("{}/health", server.origin))),
        (200, nobody.get("/openapi.json")),
    ];
    for (status, reply) in replies {
        assert_eq!(reply.status, status, "{}", reply.json);
        assert!(
            reply.headers["content-type"]
                .to_str()
                .unwrap()
                .starts_with("application/json")
        );
        assert_eq!(reply.headers["x-content-type-options"], "nosniff");
        assert!(reply.headers.get("access-control-allow-origin").is_none());
        if status != 200 {
            reply.error(status);
        }
    }
}

#[test]
fn a_json_body_is_read_whatever_its_type_says() {
    let server = Server::start();
    let body = json!({"data": {"type": "comment", "attributes": {"text": "hello"}}}).to_string();
    for kind in [
        "text/plain; charset=utf-8",
        "application/x-www-form-urlencoded",
        "",
        "application/octet-stream",
    ] {
        let headers = [("content-type", kind)];
        let headers = if kind.is_empty() {
            &headers[..0]
        } else {
            &headers[..]
        };
        let reply = server.client.send(
            "POST",
            "/domains/a.example/comments",
            headers,
            body.as_bytes(),
        );
        assert_eq!(reply.data()["type"], "comment", "{kind}");
    }
    // An empty body, which is called many things, too.
    for kind in ["application/octet-stream", "application/json"] {
        let headers = [("content-type", kind)];
        server
            .client
            .send("POST", "/domains/a.example/analyse", &headers, b"")
            .data();
    }
    server
        .client
        .send("POST", "/domains/a.example/analyse", &[], b"{}")
        .data();
}

#[test]
fn a_panic_in_a_handler_is_an_error_in_json() {
    let server = Server::with(&[("QUORUM_FAILPOINTS", "upload.committed=panic")]);
    let reply = server.client.upload("a", b"a");
    assert_eq!(reply.error(500), "InternalError");
    assert!(!reply.json.to_string().contains("failpoint"));
    assert!(server.log().contains("a handler panicked"));
    assert_eq!(server.client.get("/comments").status, 200);
}

/// A header that would put something else into our links is no host.
#[test]
fn a_host_header_cannot_smuggle_anything_into_links() {
    let server = Server::start();
    let request = format!(
        "GET /api/v3/domains/example.com HTTP/1.1\r\nHost: a/b@c\r\nConnection: close\r\n\
         x-apikey: {}\r\n\r\n",
        server.client.key
    );
    let answer = server.raw(request.as_bytes());
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert!(!answer.contains("a/b@c/api"), "{answer}");
}

/// Every `$ref` of a document.
fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(map) => {
            found.extend(map.get("$ref").and_then(Value::as_str));
            map.values().for_each(|value| references(value, found));
        }
        Value::Array(list) => list.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

#[test]
fn the_document_refers_to_nothing_that_it_lacks() {
    let server = Server::start();
    let document = server.client.get("/openapi.json").json;
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(found.len() > 100, "{}", found.len());
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

#[test]
fn the_lengths_that_the_document_names_are_those_that_count() {
    let server = Server::start();
    let document = server.client.get("/openapi.json").json;
    let longest = |schema: &str, name: &str| {
        let pointer = format!("/components/schemas/{schema}/properties/{name}/maxLength");
        document.pointer(&pointer).unwrap().as_u64().unwrap() as usize
    };
    let longest_comment = longest("NewCommentAttributes", "text");
    let comment = |length| {
        server
            .client
            .comment("/domains/a.example", &"é".repeat(length))
            .status
    };
    assert_eq!(
        (comment(longest_comment), comment(longest_comment + 1)),
        (200, 400)
    );
    let longest_name = longest("UserChangeAttributes", "first_name");
    let change = |length| {
        let attributes = json!({"first_name": "é".repeat(length)});
        let body = json!({"data": {"type": "user", "attributes": attributes}}).to_string();
        server
            .client
            .send("PATCH", "/users/admin", &[], body.as_bytes())
            .status
    };
    assert_eq!((change(longest_name), change(longest_name + 1)), (200, 400));
}

#[test]
fn the_document_names_every_answer() {
    let server = Server::start();
    let document = server.client.get("/openapi.json").json;
    assert!(document["openapi"].as_str().unwrap().starts_with("3."));
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let responses = operation["responses"].as_object().unwrap();
            // What only says where something is, and no more.
            let success = match path.ends_with("/download") {
                true => "302",
                false => "200",
            };
            for status in [success, "400", "401", "403", "404", "429", "500", "503"] {
                assert!(responses.contains_key(status), "{method} {path}: {status}");
            }
        }
    }
    let ids: Vec<_> = document["paths"]
        .as_object()
        .unwrap()
        .values()
        .flat_map(|methods| methods.as_object().unwrap().values())
        .map(|operation| operation["operationId"].as_str().unwrap())
        .collect();
    let mut unique = ids.clone();
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(unique.len(), ids.len());
}
