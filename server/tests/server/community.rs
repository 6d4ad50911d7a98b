//! Comments, votes, relationships, pages, search.

use serde_json::{Value, json};

use crate::harness::{EICAR_SHA256, OWN, Server, escape, sha256};

const ITEM: &str = "/domains/talked-about.example";

#[test]
fn a_comment_has_tags_an_author_and_votes() {
    let server = Server::start();
    let bob = server.user(&["add", "bob", "--tier", "basic"]);
    let comment = bob
        .comment(ITEM, "<b>See</b> #Phishing and #cve-2026-1, #phishing")
        .data();
    let id = comment["id"].as_str().unwrap();
    assert!(id.starts_with("d-talked-about.example-"));
    assert_eq!(id.len(), "d-talked-about.example-".len() + 8);
    let attributes = &comment["attributes"];
    assert_eq!(
        attributes["text"],
        "<b>See</b> #Phishing and #cve-2026-1, #phishing"
    );
    assert_eq!(
        attributes["html"],
        "&lt;b&gt;See&lt;/b&gt; #Phishing and #cve-2026-1, #phishing"
    );
    assert_eq!(attributes["tags"], json!(["phishing", "cve-2026-1"]));
    assert_eq!(
        attributes["votes"],
        json!({"positive": 0, "negative": 0, "abuse": 0})
    );
    assert!(attributes["date"].is_i64());

    let listed = server
        .client
        .get(&format!("{ITEM}/comments?relationships=author,item"));
    assert_eq!(listed.json["meta"]["count"], 1);
    let relationships = &listed.json["data"][0]["relationships"];
    assert_eq!(
        relationships["author"]["data"],
        json!({"type": "user", "id": "bob"})
    );
    assert_eq!(relationships["item"]["data"]["id"], "talked-about.example");
    let author = server.client.get(&format!("/comments/{id}/author")).data();
    assert_eq!(
        (&author["type"], &author["id"]),
        (&json!("user"), &json!("bob"))
    );

    let vote = |client: &crate::harness::Client, word: &str| {
        client.post(&format!("/comments/{id}/vote"), &json!({"data": word}))
    };
    assert_eq!(
        vote(&server.client, "positive").data(),
        json!({"positive": 1, "negative": 0, "abuse": 0})
    );
    assert_eq!(
        vote(&bob, "abuse").data(),
        json!({"positive": 1, "negative": 0, "abuse": 1})
    );
    // A user's last word counts, once.
    assert_eq!(
        vote(&server.client, "negative").data(),
        json!({"positive": 0, "negative": 1, "abuse": 1})
    );
    assert_eq!(vote(&bob, "great").error(400), "InvalidArgumentError");
    let comment = server.client.get(&format!("/comments/{id}")).data();
    assert_eq!(comment["attributes"]["votes"]["negative"], 1);
}

/// S2: a comment is its author's, and the administrators'.
#[test]
fn only_who_wrote_a_comment_and_administrators_delete_it() {
    let server = Server::start();
    let bob = server.user(&["add", "bob", "--tier", "basic"]);
    let eve = server.user(&["add", "eve", "--tier", "basic"]);
    let id = bob.comment(ITEM, "mine #own").data()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("/comments/{id}");
    assert_eq!(eve.delete(&path).error(403), "ForbiddenError");
    let gone = bob.send("DELETE", &path, &[], b"");
    assert_eq!((gone.status, gone.json), (200, json!({})));
    assert_eq!(
        bob.send("DELETE", &path, &[], b"").error(404),
        "NotFoundError"
    );
    assert_eq!(bob.get(&path).error(404), "NotFoundError");
    assert_eq!(bob.get("/comments?filter=tag:own").json["meta"]["count"], 0);
    let other = bob.comment(ITEM, "rude").data()["id"].clone();
    let path = format!("/comments/{}", other.as_str().unwrap());
    assert_eq!(server.client.delete(&path).status, 200);
    assert_eq!(bob.get(&path).error(404), "NotFoundError");
}

#[test]
fn refuses_comments_and_votes_that_are_none() {
    let server = Server::start();
    let comments = format!("{ITEM}/comments");
    let votes = format!("{ITEM}/votes");
    let cases = [
        (
            &comments,
            json!({"data": {"type": "comment", "attributes": {"text": " "}}}),
        ),
        (
            &comments,
            json!({"data": {"type": "comment", "attributes": {"text": "a".repeat(4097)}}}),
        ),
        (
            &comments,
            json!({"data": {"type": "comment", "attributes": {"text": 5}}}),
        ),
        (
            &comments,
            json!({"data": {"type": "comment", "attributes": {"text": "a", "date": 1}}}),
        ),
        (
            &comments,
            json!({"data": {"type": "vote", "attributes": {"text": "a"}}}),
        ),
        (&comments, json!({"data": "text"})),
        (&comments, json!([])),
        (
            &votes,
            json!({"data": {"type": "vote", "attributes": {"verdict": "clean"}}}),
        ),
        (&votes, json!({"data": {"type": "vote", "attributes": {}}})),
        (
            &votes,
            json!({"data": {"attributes": {"verdict": "harmless"}}}),
        ),
    ];
    for (path, body) in cases {
        let reply = server.client.post(path, &body);
        reply.error(400);
    }
    let reply = server.client.send("POST", &comments, &[], b"{broken");
    assert_eq!(reply.error(400), "BadRequestError");
    assert_eq!(server.client.get(&comments).json["meta"]["count"], 0);
}

#[test]
fn a_second_vote_is_refused_in_the_words_that_clients_know() {
    let server = Server::start();
    server.client.analysed("a", b"voted for");
    let item = format!("/files/{}", sha256(b"voted for"));
    let vote = server.client.vote(&item, "malicious").data();
    assert_eq!(vote["type"], "vote");
    assert_eq!(vote["attributes"]["verdict"], "malicious");
    assert_eq!(vote["attributes"]["value"], -1);
    for verdict in ["malicious", "harmless"] {
        let reply = server.client.vote(&item, verdict);
        assert_eq!(reply.error(409), "AlreadyExistsError");
        let message = "User \"admin\" already voted \"malicious\" for this file";
        assert_eq!(reply.json["error"]["message"], message);
    }
    let bob = server.user(&["add", "bob", "--tier", "basic"]);
    bob.vote(&item, "harmless").data();
    let report = server.client.get(&item).data();
    assert_eq!(
        report["attributes"]["total_votes"],
        json!({"harmless": 1, "malicious": 1})
    );
    assert_eq!(report["attributes"]["reputation"], 0);
    let id = vote["id"].as_str().unwrap();
    let link = vote["links"]["self"].as_str().unwrap();
    assert_eq!(link, format!("{}/api/v3/votes/{id}", server.origin));
    assert_eq!(server.client.get(link).data(), vote);
    assert_eq!(
        server.client.get(&format!("{item}/votes")).json["meta"]["count"],
        2
    );
    let own = bob.get(&format!("{item}/user_votes"));
    assert_eq!(own.json["meta"]["count"], 1);
    assert_eq!(own.json["data"][0]["attributes"]["verdict"], "harmless");
    assert_eq!(bob.get("/users/bob/votes").json["meta"]["count"], 1);
}

/// S16: of many votes at once one counts.
#[test]
fn a_race_of_votes_has_one_winner() {
    let server = Server::start();
    let won = std::thread::scope(|scope| {
        let racers: Vec<_> = (0..20)
            .map(|_| {
                let client = server.client.clone();
                scope.spawn(move || client.vote(ITEM, "malicious").status)
            })
            .collect();
        racers
            .into_iter()
            .map(|racer| racer.join().unwrap())
            .filter(|status| *status == 200)
            .count()
    });
    assert_eq!(won, 1);
    let report = server.client.get(ITEM).data();
    assert_eq!(report["attributes"]["total_votes"]["malicious"], 1);
}

#[test]
fn pages_lead_from_the_newest_to_the_oldest_without_an_empty_one() {
    let server = Server::start();
    for number in 0..20 {
        server
            .client
            .comment(ITEM, &format!("number {number} #page"))
            .data();
    }
    for base in [
        format!("{ITEM}/comments"),
        "/comments".to_owned(),
        "/comments?filter=tag%3Apage".to_owned(),
    ] {
        let glue = if base.contains('?') { '&' } else { '?' };
        let mut path = format!("{base}{glue}limit=5");
        let mut seen = Vec::new();
        for page in 0..4 {
            let reply = server.client.get(&path);
            assert_eq!(reply.json["meta"]["count"], 20);
            let data = reply.json["data"].as_array().unwrap().clone();
            assert_eq!(data.len(), 5);
            seen.extend(
                data.iter()
                    .map(|c| c["attributes"]["text"].as_str().unwrap().to_owned()),
            );
            // The link to this very page gives this very page.
            let own = reply.json["links"]["self"].as_str().unwrap();
            assert!(own.starts_with(&server.origin));
            assert_eq!(server.client.get(own).json["data"], reply.json["data"]);
            let cursor = reply.json["meta"].get("cursor").and_then(Value::as_str);
            let next = reply.json["links"].get("next").and_then(Value::as_str);
            assert_eq!(cursor.is_some(), next.is_some());
            if page == 3 {
                // Exactly full, and the last one all the same.
                assert_eq!(cursor, None);
                break;
            }
            let cursor = cursor.unwrap();
            assert!(
                cursor
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
            );
            // By link and by cursor, the two ways of clients.
            let by_link = server.client.get(next.unwrap());
            path = format!("{base}{glue}limit=5&cursor={cursor}");
            assert_eq!(server.client.get(&path).json["data"], by_link.json["data"]);
        }
        let expected: Vec<_> = (0..20).rev().map(|n| format!("number {n} #page")).collect();
        assert_eq!(seen, expected);
    }
}

#[test]
fn limits_and_cursors_are_read_with_care() {
    let server = Server::start();
    for number in 0..45 {
        server.client.comment(ITEM, &format!("{number}")).data();
    }
    let count = |query: &str| {
        let reply = server.client.get(&format!("{ITEM}/comments{query}"));
        assert_eq!(reply.status, 200, "{}", reply.json);
        reply.json["data"].as_array().unwrap().len()
    };
    assert_eq!(count(""), 10);
    assert_eq!(count("?limit=40"), 40);
    assert_eq!(count("?limit=1000"), 40);
    assert_eq!(count("?cursor="), 10);
    assert_eq!(count("?cursor=%22%22"), 10);
    assert_eq!(count("?limit=2&"), 2);
    for query in ["limit=0", "limit=-1", "limit=x"] {
        let reply = server.client.get(&format!("{ITEM}/comments?{query}"));
        assert_eq!(reply.error(400), "InvalidArgumentError");
    }
    let reply = server
        .client
        .get(&format!("{ITEM}/comments?cursor=nonsense"));
    assert_eq!(reply.error(400), "BadRequestError");
    let cursor = server.client.get(&format!("{ITEM}/comments")).json["meta"]["cursor"].clone();
    let elsewhere = format!("/comments?cursor={}", cursor.as_str().unwrap());
    assert_eq!(server.client.get(&elsewhere).error(400), "BadRequestError");
    assert_eq!(
        server.client.get("/comments?filter=author:bob").error(400),
        "InvalidArgumentError"
    );
}

#[test]
fn an_objects_relationships_are_shown_when_asked_for() {
    let server = Server::start();
    server.client.analysed("eicar", &crate::harness::eicar());
    let item = format!("/files/{EICAR_SHA256}");
    for number in 0..12 {
        server.client.comment(&item, &format!("{number}")).data();
    }
    let plain = server.client.get(&item).data();
    assert!(plain.get("relationships").is_none());
    let asked = "comments%2Cvotes,contacted_domains,malware_families,campaigns";
    let report = server
        .client
        .get(&format!("{item}?relationships={asked}"))
        .data();
    let relationships = report["relationships"].as_object().unwrap();
    let names: Vec<_> = relationships.keys().collect();
    assert_eq!(names, ["comments", "contacted_domains", "votes"]);
    let comments = &relationships["comments"];
    assert_eq!(comments["data"].as_array().unwrap().len(), 10);
    assert_eq!(comments["data"][0].as_object().unwrap().len(), 2);
    assert_eq!(comments["meta"]["count"], 12);
    assert!(
        comments["links"]["self"]
            .as_str()
            .unwrap()
            .ends_with("/relationships/comments")
    );
    // What is not shown here is behind the cursor and the link.
    let next = server
        .client
        .get(comments["links"]["next"].as_str().unwrap());
    assert_eq!(next.json["data"].as_array().unwrap().len(), 2);
    let cursor = comments["meta"]["cursor"].as_str().unwrap();
    let by_cursor = server
        .client
        .get(&format!("{item}/relationships/comments?cursor={cursor}"));
    assert_eq!(by_cursor.json["data"], next.json["data"]);
    let empty = json!({"data": [], "meta": {"count": 0}});
    assert_eq!(relationships["contacted_domains"]["data"], empty["data"]);
    assert_eq!(relationships["contacted_domains"]["meta"], empty["meta"]);
}

#[test]
fn every_relationship_of_the_api_is_there_and_no_other() {
    let server = Server::start();
    server.client.analysed("a", b"related");
    let url = server.client.post_url("http://example.com/").data();
    server.client.completed(url["id"].as_str().unwrap());
    let metadata = server.client.get("/metadata").data();
    let example = sha256(b"http://example.com/");
    let objects = [
        ("file", format!("/files/{}", sha256(b"related"))),
        ("url", format!("/urls/{example}")),
        ("domain", "/domains/example.com".to_owned()),
        ("ip_address", "/ip_addresses/192.0.2.1".to_owned()),
        ("user", "/users/admin".to_owned()),
        ("group", "/groups/admin".to_owned()),
    ];
    for (kind, path) in objects {
        let relations = metadata["relationships"][kind].as_array().unwrap();
        assert!(!relations.is_empty());
        for relation in relations {
            let name = relation["name"].as_str().unwrap();
            assert!(!relation["description"].as_str().unwrap().is_empty());
            for part in [name.to_owned(), format!("relationships/{name}")] {
                let reply = server.client.get(&format!("{path}/{part}"));
                assert_eq!(reply.status, 200, "{kind} {part}: {}", reply.json);
                if reply.json["data"].is_array() {
                    assert!(reply.json["meta"]["count"].is_u64(), "{kind} {part}");
                    assert!(reply.json["links"]["self"].is_string());
                }
            }
        }
        for part in ["nonsense", "relationships/nonsense"] {
            let reply = server.client.get(&format!("{path}/{part}"));
            assert_eq!(reply.error(404), "NotFoundError");
        }
    }
    let one = server
        .client
        .get(&format!("/urls/{example}/last_serving_ip_address"));
    assert_eq!(one.data(), Value::Null);
    let engines = metadata["engines"].as_object().unwrap();
    for name in ["Quorum YARA", "Hash list", "URL list", "Host list"] {
        assert!(engines.contains_key(name), "{name}");
    }
    assert!(
        metadata["privileges"]
            .as_array()
            .unwrap()
            .contains(&json!("intelligence"))
    );
}

#[test]
fn the_public_tier_has_the_public_relationships_only() {
    let server = Server::start();
    server.client.analysed("a", b"related");
    let guest = server.user(&["add", "guest", "--tier", "public"]);
    let item = format!("/files/{}", sha256(b"related"));
    assert_eq!(
        guest.get(&format!("{item}/analyses")).error(403),
        "ForbiddenError"
    );
    let report = guest
        .get(&format!("{item}?relationships=analyses,votes"))
        .data();
    let names: Vec<_> = report["relationships"]
        .as_object()
        .unwrap()
        .keys()
        .collect();
    assert_eq!(names, ["votes"]);
}

#[test]
fn search_finds_objects_by_their_text_and_comments_by_tag_or_words() {
    let server = Server::start();
    let analysis = server.client.analysed("a", b"searched for");
    let url = server.client.post_url("http://example.com/a?b=c").data();
    server.client.completed(url["id"].as_str().unwrap());
    server
        .client
        .comment(ITEM, "100% sure it is #Phishing")
        .data();
    let search = |query: &str| {
        let reply = server
            .client
            .get(&format!("/search?query={}", escape(query)));
        assert_eq!(reply.status, 200, "{}", reply.json);
        let data = reply.json["data"].as_array().unwrap().clone();
        let pairs: Vec<_> = data
            .iter()
            .map(|o| {
                (
                    o["type"].as_str().unwrap().to_owned(),
                    o["id"].as_str().unwrap().to_owned(),
                )
            })
            .collect();
        pairs
    };
    let file = ("file".to_owned(), sha256(b"searched for"));
    for hash in ["md5", "sha1", "sha256"] {
        let hash = analysis["meta"]["file_info"][hash].as_str().unwrap();
        assert_eq!(search(hash), std::slice::from_ref(&file));
    }
    assert_eq!(search("http://example.com/a?b=c")[0].0, "url");
    assert_eq!(search("http://unseen.example/"), []);
    assert_eq!(search(&"1".repeat(64)), []);
    assert_eq!(
        search("Example.com"),
        [("domain".to_owned(), "example.com".to_owned())]
    );
    assert_eq!(
        search("192.0.2.1"),
        [("ip_address".to_owned(), "192.0.2.1".to_owned())]
    );
    for query in ["#phishing", "#PHISHING", "100% SURE", "sure it"] {
        assert_eq!(search(query).len(), 1, "{query}");
        assert_eq!(search(query)[0].0, "comment");
    }
    for query in ["#phish", "100_", "%"] {
        assert_eq!(search(query), [], "{query}");
    }
    assert_eq!(
        server.client.get("/search").error(400),
        "InvalidArgumentError"
    );
}

/// A vote counts for what others think of its voter, and can be taken back.
#[test]
fn a_vote_weighs_what_its_voters_reputation_weighs() {
    let server = Server::start();
    let bob = server.user(&["add", "bob", "--tier", "basic"]);
    let comment = bob.comment(ITEM, "helpful").data();
    let path = format!("/comments/{}/vote", comment["id"].as_str().unwrap());
    let judge = |client: &crate::harness::Client, word: &str| {
        client.post(&path, &json!({"data": word})).data()
    };
    let colleague = server.user(&["add", "colleague", "--group", "bob"]);
    let others: Vec<_> = (0..7)
        .map(|number| server.user(&["add", &format!("u{number}"), "--tier", "basic"]))
        .collect();
    let reputation = || bob.get("/users/bob").data()["attributes"]["reputation"].clone();
    judge(&bob, "positive");
    judge(&colleague, "positive");
    assert_eq!(reputation(), 1);
    for other in &others {
        judge(other, "positive");
        judge(other, "positive");
    }
    assert_eq!(reputation(), 8);
    let vote = bob.vote(ITEM, "malicious").data();
    assert_eq!(vote["attributes"]["value"], -4);
    others[0].vote(ITEM, "harmless").data();
    let report = server.client.get(ITEM).data()["attributes"].clone();
    assert_eq!(report["reputation"], -3);
    assert_eq!(
        report["total_votes"],
        json!({"harmless": 1, "malicious": 1})
    );
    // Whoever is thought nothing of votes for nothing.
    for other in &others {
        judge(other, "abuse");
    }
    assert_eq!(reputation(), -13);
    let weightless = bob.vote("/domains/b.example", "malicious").data();
    assert_eq!(weightless["attributes"]["value"], 0);
    assert_eq!(
        server.client.get("/domains/b.example").data()["attributes"]["reputation"],
        0
    );
    let own = format!("{OWN}/votes/{}", vote["id"].as_str().unwrap());
    assert_eq!(others[0].delete(&own).error(403), "ForbiddenError");
    assert_eq!(bob.delete(&own).json, json!({}));
    let report = server.client.get(ITEM).data()["attributes"].clone();
    assert_eq!(
        (&report["reputation"], &report["total_votes"]["malicious"]),
        (&json!(1), &json!(0))
    );
    bob.vote(ITEM, "harmless").data();
    assert!(server.must(&["check"]).contains("as they should be"));
}

/// What is called abuse reaches the administrators, who delete it or say that it is none.
#[test]
fn abuse_reports_reach_the_administrators() {
    let server = Server::start();
    let bob = server.user(&["add", "bob", "--tier", "basic"]);
    let eve = server.user(&["add", "eve", "--tier", "basic"]);
    let ids = ["rude", "fine", "unnoticed"].map(|text| {
        let comment = bob.comment(ITEM, text).data();
        comment["id"].as_str().unwrap().to_owned()
    });
    for id in &ids[..2] {
        eve.post(&format!("/comments/{id}/vote"), &json!({"data": "abuse"}))
            .data();
    }
    let reports = format!("{OWN}/abuse_reports");
    let reported = || {
        let reply = server
            .client
            .get(&format!("{reports}?relationships=author"));
        let data = reply.json["data"].as_array().unwrap().clone();
        assert!(
            data.iter()
                .all(|c| c["relationships"]["author"]["data"]["id"] == "bob")
        );
        assert_eq!(reply.json["meta"]["count"], data.len());
        data.iter()
            .map(|c| c["id"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(reported(), [ids[1].clone(), ids[0].clone()]);
    assert_eq!(
        server
            .client
            .delete(&format!("/comments/{}", ids[0]))
            .status,
        200
    );
    assert_eq!(
        server.client.delete(&format!("{reports}/{}", ids[1])).json,
        json!({})
    );
    assert_eq!(reported(), [] as [String; 0]);
    assert_eq!(
        server
            .client
            .delete(&format!("{reports}/{}", ids[2]))
            .error(404),
        "NotFoundError"
    );
    let comment = bob.get(&format!("/comments/{}", ids[1])).data();
    assert_eq!(comment["attributes"]["votes"]["abuse"], 0);
}

/// A false positive reaches the administrators, and their answer whoever reported it.
#[test]
fn a_false_positive_is_reported_decided_and_answered() {
    let server = Server::start();
    let bob = server.user(&["add", "bob", "--tier", "basic"]);
    server.client.analysed("eicar", &crate::harness::eicar());
    let path = format!("{OWN}/files/{EICAR_SHA256}/false_positives");
    let report = |text: &str| {
        let attributes = json!({"text": text});
        bob.post(
            &path,
            &json!({"data": {"type": "false_positive", "attributes": attributes}}),
        )
    };
    assert_eq!(report(" ").error(400), "InvalidArgumentError");
    let reported = report("only a test file").data();
    assert_eq!(reported["attributes"]["status"], "open");
    assert_eq!(report("again").error(409), "AlreadyExistsError");
    let item = reported["links"]["item"].as_str().unwrap();
    assert_eq!(bob.get(item).data()["id"], EICAR_SHA256);
    assert!(server.log().contains("a false positive was reported"));
    let open = server
        .client
        .get(&format!("{OWN}/false_positives?status=open"));
    assert_eq!(open.json["meta"]["count"], 1);
    assert_eq!(open.json["data"][0]["attributes"]["reported_by"], "bob");
    let own = reported["links"]["self"].as_str().unwrap();
    let attributes = json!({"status": "rejected", "answer": "all agree on it"});
    let body = json!({"data": {"type": "false_positive", "attributes": attributes}});
    assert_eq!(bob.patch(own, &body).error(403), "ForbiddenError");
    server.client.patch(own, &body).data();
    let decided = bob.get(own).data();
    assert_eq!(decided["attributes"]["answer"], "all agree on it");
    assert_eq!(decided["attributes"]["decided_by"], "admin");
    report("once more").data();
    for (query, count) in [("", 2), ("?status=open", 1), ("?status=accepted", 0)] {
        let mine = bob.get(&format!("{OWN}/false_positives{query}"));
        assert_eq!(mine.json["meta"]["count"], count, "{query}");
    }
    let path = format!("{OWN}/nothing/{EICAR_SHA256}/false_positives");
    assert_eq!(bob.post(&path, &body).status, 400);
    let reply = bob.get(&format!("{OWN}/false_positives?status=maybe"));
    assert_eq!(reply.error(400), "InvalidArgumentError");
}

#[test]
fn a_comment_is_found_by_its_words_and_by_whom_it_mentions() {
    let server = Server::start();
    let bob = server.user(&["add", "bob", "--tier", "basic"]);
    let texts = [
        "Loader of EMOTET-2, see c2.example.com/path, @bob",
        "これは危険なファイルです",
        "emotet again, says a@bob.example",
    ];
    for text in texts {
        server.client.comment(ITEM, text).data();
    }
    let found = |query: &str| {
        let reply = bob.get(&format!("/search?query={}&limit=40", escape(query)));
        assert_eq!(reply.status, 200, "{}", reply.json);
        reply.json["meta"]["count"].as_u64().unwrap()
    };
    for (query, count) in [
        ("emotet", 2),
        ("emotet loader", 1),
        ("again emotet", 1),
        ("emote", 0),
        ("the path", 0),
        ("example com path", 1),
        ("危険", 1),
        ("危険なファイル", 1),
        ("安全", 0),
    ] {
        assert_eq!(found(query), count, "{query}");
    }
    let mentions = bob.get("/users/bob/mentions");
    assert_eq!(mentions.json["meta"]["count"], 1);
    assert_eq!(mentions.json["data"][0]["attributes"]["text"], texts[0]);
    // The feed of what was said last.
    let feed = bob.get("/comments?limit=2").json["data"].clone();
    assert_eq!(feed[0]["attributes"]["text"], texts[2]);
}
