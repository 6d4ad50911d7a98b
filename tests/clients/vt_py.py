"""VirusTotal's own Python client, unmodified, against a real Quorum server.

The client is the judge here: what it parses, pages through and raises is what people's scripts see. Each
test is one thing that such scripts do. They share one server, and each makes the objects that it needs.
"""

import base64
import datetime
import hashlib
import io
import sys
import time
import unittest
import zipfile

import aiohttp
import vt

from quorum import Server

# In two halves, so that no scanner takes this file for the test virus.
EICAR = ("X5O!P%@AP[4\\PZX54(P^)7CC)7}" + "$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*").encode()
CLEAN = b"A letter to a friend: nothing in here does any harm.\n"

server: Server
keys: dict[str, str] = {}


def setUpModule() -> None:
    global server
    server = Server()
    keys["alice"] = server.add_user("alice", "enterprise")
    keys["bob"] = server.add_user("bob", "enterprise")
    keys["carol"] = server.add_user("carol", "public")
    server.grant("alice", "private-scanning")
    keys["reader"] = server.add_user("reader", "duet-feeds")


def tearDownModule() -> None:
    server.stop()


def named(content: bytes, name: str) -> io.BytesIO:
    """A file object with a name, which the client sends as the file's name."""
    file = io.BytesIO(content)
    file.name = name
    return file


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


class VtPy(unittest.TestCase):
    """What scripts written with vt-py do."""

    def setUp(self) -> None:
        self.alice = self.client(keys["alice"])
        self.bob = self.client(keys["bob"])

    def client(self, key: str) -> vt.Client:
        client = vt.Client(key, host=server.url, timeout=60)
        self.addCleanup(client.close)
        return client

    def assert_error(self, code: str, call, *args, **kwargs) -> vt.APIError:
        with self.assertRaises(vt.APIError) as caught:
            call(*args, **kwargs)
        self.assertEqual(caught.exception.code, code)
        return caught.exception

    def scan(self, content: bytes, name: str) -> vt.Object:
        """Scans without the client's own waiting, which looks only every 20 seconds."""
        analysis = self.alice.scan_file(named(content, name))
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            analysis = self.alice.get_object("/analyses/{}", analysis.id)
            if analysis.status == "completed":
                return analysis
            time.sleep(0.05)  # the API can only be polled
        self.fail(f"the analysis of {name} is still {analysis.status} after a minute")

    # --- Files ----------------------------------------------------------------------------------

    def test_scans_a_malicious_file_and_waits(self) -> None:
        analysis = self.alice.scan_file(named(EICAR, "eicar.com"), wait_for_completion=True)
        self.assertEqual(analysis.type, "analysis")
        self.assertEqual(analysis.status, "completed")
        self.assertGreaterEqual(analysis.stats["malicious"], 1)
        self.assertEqual(analysis.results["Quorum YARA"]["category"], "malicious")
        self.assertIn("Hash list", analysis.results)
        self.assertIsInstance(analysis.date, datetime.datetime)

    def test_finds_nothing_in_a_clean_file(self) -> None:
        analysis = self.scan(CLEAN, "letter.txt")
        self.assertEqual(analysis.status, "completed")
        self.assertEqual(analysis.stats["malicious"], 0)
        self.assertEqual(analysis.results["Quorum YARA"]["category"], "undetected")

    def test_gets_an_analysis_with_the_file_that_it_is_of(self) -> None:
        analysis = self.scan(EICAR, "eicar.com")
        answer = self.alice.get_json("/analyses/{}", analysis.id)
        self.assertEqual(answer["meta"]["file_info"]["sha256"], sha256(EICAR))
        self.assertEqual(answer["meta"]["file_info"]["size"], len(EICAR))
        self.assertEqual(self.alice.get_object("/analyses/{}/item", analysis.id).id, sha256(EICAR))
        md5, _ = base64.b64decode(analysis.id).decode().split(":")
        self.assertEqual(md5, hashlib.md5(EICAR).hexdigest())

    def test_finds_a_file_by_each_of_three_hashes_in_any_case(self) -> None:
        self.scan(EICAR, "eicar.com")
        for digest in (hashlib.md5(EICAR), hashlib.sha1(EICAR), hashlib.sha256(EICAR)):
            for text in (digest.hexdigest(), digest.hexdigest().upper()):
                file = self.alice.get_object("/files/{}", text)
                self.assertEqual((file.type, file.id), ("file", sha256(EICAR)))
                self.assertEqual(file.size, len(EICAR))
        self.assertEqual(file.md5, hashlib.md5(EICAR).hexdigest())
        self.assertEqual(file.sha1, hashlib.sha1(EICAR).hexdigest())
        self.assertIn("eicar.com", file.names)
        self.assertIsInstance(file.last_analysis_date, datetime.datetime)

    def test_keeps_only_the_base_name_of_an_uploaded_path(self) -> None:
        content = b"a file that was sent with its whole path\n"
        self.scan(content, "/home/alice/secret-folder/report.txt")
        file = self.alice.get_object("/files/{}", sha256(content))
        self.assertEqual(file.names, ["report.txt"])

    def test_uploads_directly_too(self) -> None:
        content = b"sent to /files itself, without an upload URL\n"
        form = aiohttp.FormData()
        form.add_field("file", content, filename="direct.txt")
        answer = self.alice.post("/files", data=form).json()
        self.assertEqual(answer["data"]["type"], "analysis")

    def test_analyses_a_file_again(self) -> None:
        self.scan(CLEAN, "letter.txt")
        again = self.alice.post("/files/{}/analyse", sha256(CLEAN)).json()["data"]
        self.assertEqual(again["type"], "analysis")
        self.assertIn(self.alice.get_object("/analyses/{}", again["id"]).status, ("queued", "in-progress", "completed"))

    def test_downloads_a_sample_in_a_zip_and_as_it_is_with_the_privilege(self) -> None:
        self.scan(EICAR, "eicar.com")
        file = io.BytesIO()
        self.alice.download_file(sha256(EICAR), file)
        with zipfile.ZipFile(file) as archive:
            self.assertEqual(archive.read(sha256(EICAR), b"infected"), EICAR)
        granted = vt.Object("user", "bob")
        granted.privileges = {"downloads-tier-2": {"granted": True}}
        self.client(server.admin).patch_object("/users/{}", "bob", obj=granted)
        file = io.BytesIO()
        self.bob.download_file(sha256(EICAR), file)
        self.assertEqual(file.getvalue(), EICAR)
        self.assert_error("NotFoundError", self.alice.download_file, "0" * 64, io.BytesIO())
        dave = self.client(server.add_user("dave", "public"))
        self.assert_error("ForbiddenError", dave.download_file, sha256(EICAR), io.BytesIO())

    def test_downloads_several_samples_in_one_zip(self) -> None:
        self.scan(EICAR, "eicar.com")
        self.scan(CLEAN, "letter.txt")
        file = io.BytesIO()
        self.alice.download_zip_files([sha256(EICAR), sha256(CLEAN)], file, password="secret")
        with zipfile.ZipFile(file) as archive:
            archive.setpassword(b"secret")
            self.assertEqual(archive.read(sha256(EICAR)), EICAR)
            self.assertEqual(archive.read(sha256(CLEAN)), CLEAN)

    def test_says_not_found_for_a_hash_that_nobody_has_sent(self) -> None:
        self.assert_error("NotFoundError", self.alice.get_object, "/files/{}", "0" * 64)

    # --- URLs, domains, addresses ---------------------------------------------------------------

    def test_scans_an_address_and_gets_it_by_its_id(self) -> None:
        url = "http://Example.COM/a path/?q=1#fragment"
        analysis = self.alice.scan_url(url, wait_for_completion=True)
        self.assertEqual(analysis.status, "completed")
        self.assertRegex(analysis.id, r"^u-[0-9a-f]{64}-\d+$")
        by_base64 = self.alice.get_object("/urls/{}", vt.url_id(url))
        self.assertEqual(by_base64.type, "url")
        self.assertEqual(by_base64.id, analysis.id.split("-")[1])
        by_hash = self.alice.get_object("/urls/{}", by_base64.id)
        self.assertEqual(by_hash.url, by_base64.url)
        self.assertTrue(by_hash.url.startswith("http://example.com/a%20path/"), by_hash.url)
        self.assertEqual(set(by_hash.last_analysis_results) & {"URL list", "Host list"}, {"URL list", "Host list"})

    def test_gives_the_known_id_of_a_known_address(self) -> None:
        self.alice.scan_url("http://example.com/")
        url = self.alice.get_object("/urls/{}", vt.url_id("http://example.com/"))
        self.assertTrue(url.id.startswith("2a1b4024") and url.id.endswith("5489a067"), url.id)

    def test_answers_for_a_domain(self) -> None:
        domain = self.alice.get_object("/domains/{}", "example.org")
        self.assertEqual((domain.type, domain.id), ("domain", "example.org"))
        self.assertIn("Host list", domain.last_analysis_results)

    def test_answers_for_an_address_of_a_machine(self) -> None:
        address = self.alice.get_object("/ip_addresses/{}", "192.0.2.7")
        self.assertEqual((address.type, address.id), ("ip_address", "192.0.2.7"))
        self.assertIn("Host list", address.last_analysis_results)

    # --- Community ------------------------------------------------------------------------------

    def comment(self, client: vt.Client, path: str, text: str) -> vt.Object:
        return client.post_object(path, obj=vt.Object("comment", obj_attributes={"text": text}))

    def vote(self, client: vt.Client, path: str, verdict: str) -> vt.Object:
        return client.post_object(path, obj=vt.Object("vote", obj_attributes={"verdict": verdict}))

    def test_writes_reads_and_deletes_a_comment(self) -> None:
        self.scan(EICAR, "eicar.com")
        path = f"/files/{sha256(EICAR)}/comments"
        written = self.comment(self.alice, path, "the usual test file #eicar")
        self.assertRegex(written.id, rf"^f-{sha256(EICAR)}-[0-9a-f]{{8}}$")
        read = self.bob.get_object("/comments/{}", written.id)
        self.assertEqual(read.text, "the usual test file #eicar")
        self.assertEqual(read.tags, ["eicar"])
        self.assertIn(written.id, [comment.id for comment in self.bob.iterator(path)])
        self.assertEqual(self.bob.delete("/comments/{}", written.id).status, 403)
        self.assertEqual(self.alice.delete("/comments/{}", written.id).status, 200)
        self.assert_error("NotFoundError", self.alice.get_object, "/comments/{}", written.id)

    def test_pages_through_comments_with_cursors(self) -> None:
        path = "/domains/paged.example/comments"
        texts = [f"comment {number}" for number in range(23)]
        for text in texts:
            self.comment(self.alice, path, text)
        newest_first = list(reversed(texts))
        everything = [comment.text for comment in self.bob.iterator(path)]
        self.assertEqual(everything, newest_first)
        self.assertEqual([c.text for c in self.bob.iterator(path, batch_size=4)], newest_first)
        self.assertEqual([c.text for c in self.bob.iterator(path, limit=5)], newest_first[:5])
        # Stop after two pages, and go on later from the cursor. (Within a page this client loses the rest
        # of it: its cursor is the one of the next page.)
        first = self.bob.iterator(path, limit=8, batch_size=4)
        head = [comment.text for comment in first]
        tail = [c.text for c in self.bob.iterator(path, cursor=first.cursor, batch_size=4)]
        self.assertEqual(head + tail, newest_first)
        self.assertEqual(self.bob.iterator(path).meta["count"], 23)

    def test_refuses_a_cursor_that_it_never_gave(self) -> None:
        self.assert_error(
            "BadRequestError", self.alice.get_json, "/domains/{}/comments", "example.org", params={"cursor": "bm9uc2Vuc2U"}
        )

    def test_votes_once_and_counts_the_votes(self) -> None:
        content = b"a file that people disagree about\n"
        self.scan(content, "disputed.bin")
        path = f"/files/{sha256(content)}/votes"
        vote = self.vote(self.alice, path, "malicious")
        self.assertEqual((vote.type, vote.verdict), ("vote", "malicious"))
        self.vote(self.bob, path, "harmless")
        error = self.assert_error("AlreadyExistsError", self.vote, self.alice, path, "malicious")
        self.assertIn("alice", error.message)
        self.assertEqual(sorted(v.verdict for v in self.bob.iterator(path)), ["harmless", "malicious"])
        file = self.bob.get_object("/files/{}", sha256(content))
        self.assertEqual(file.total_votes, {"harmless": 1, "malicious": 1})

    def test_votes_on_a_comment(self) -> None:
        comment = self.comment(self.alice, "/domains/voted.example/comments", "worth a vote")
        answer = self.bob.post(
            "/comments/{}/vote", comment.id, data='{"data": "positive"}'
        ).json()
        self.assertEqual(answer["data"], {"positive": 1, "negative": 0, "abuse": 0})

    def test_refuses_a_vote_that_is_neither(self) -> None:
        self.assert_error("InvalidArgumentError", self.vote, self.alice, "/domains/example.org/votes", "suspicious")

    # --- Rules, behaviours, feeds ---------------------------------------------------------------

    def test_finds_the_rules_that_a_report_names(self) -> None:
        self.scan(EICAR, "eicar.com")
        result = self.alice.get_object("/files/{}", sha256(EICAR)).crowdsourced_yara_results[0]
        rule = self.alice.get_object("/yara_rules/{}", f"{result['ruleset_id']}|{result['rule_name']}")
        self.assertEqual((rule.type, rule.name, rule.enabled), ("yara_rule", result["rule_name"], True))
        self.assertIsInstance(rule.creation_date, datetime.datetime)
        self.assertIn(sha256(EICAR), [file.id for file in self.alice.iterator("/yara_rules/{}/files", rule.id)])
        self.assertIn(rule.rule, self.alice.get_object("/yara_rulesets/{}", result["ruleset_id"]).rules)
        found = list(self.alice.iterator("/yara_rules", params={"filter": "enabled:true", "order": "matches-"}))
        self.assertEqual(found[0].id, rule.id)

    def test_reads_what_a_sandbox_saw(self) -> None:
        content = b"a file that ran in a sandbox\n"
        self.scan(content, "ran.exe")
        report = {
            "sandbox_name": "Zen Box",
            "analysis_date": 1_700_000_000,
            "dns_lookups": [{"hostname": "c2.example"}],
            "mitre_attack_techniques": [{"id": "T1059", "severity": "IMPACT_SEVERITY_INFO"}],
        }
        server.import_behaviour(sha256(content), report)
        seen = list(self.alice.iterator("/files/{}/behaviours", sha256(content)))
        self.assertEqual([one.sandbox_name for one in seen], ["Zen Box"])
        one = self.alice.get_object("/file_behaviours/{}", seen[0].id)
        self.assertIsInstance(one.analysis_date, datetime.datetime)
        self.assertEqual(one.dns_lookups, report["dns_lookups"])
        summary = self.alice.get_data("/files/{}/behaviour_summary", sha256(content))
        self.assertEqual(summary["dns_lookups"], report["dns_lookups"])
        trees = self.alice.get_data("/files/{}/behaviour_mitre_trees", sha256(content))
        self.assertEqual(trees["Zen Box"]["tactics"][0]["id"], "TA0002")
        back = list(self.alice.iterator("/domains/c2.example/communicating_files"))
        self.assertEqual([file.id for file in back], [sha256(content)])

    def test_follows_the_feeds_from_batch_to_batch(self) -> None:
        older, newer = b"sent in long ago\n", b"sent in two minutes later\n"
        for content in (older, newer):
            self.scan(content, "fed.txt")
        self.alice.scan_url("http://fed.example/long/ago")
        start = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=4)
        start = start.replace(second=0, microsecond=0)
        at = int(start.timestamp())
        server.rewrite("UPDATE submission SET date = ? WHERE item = ?", at + 20, sha256(older))
        server.rewrite("UPDATE submission SET date = ? WHERE item = ?", at + 140, sha256(newer))
        server.rewrite("UPDATE submission SET date = ? WHERE kind = 'url'", at + 5)
        reader = self.client(keys["reader"])
        cursor = start.strftime("%Y%m%d%H%M")
        feed = reader.feed(vt.FeedType.FILES, cursor=cursor)
        first, second = next(feed), next(feed)
        self.assertEqual([first.id, second.id], [sha256(older), sha256(newer)])
        self.assertEqual(first.context_attributes["filename"], "fed.txt")
        self.assertEqual(feed.cursor, (start + datetime.timedelta(minutes=2)).strftime("%Y%m%d%H%M-1"))
        sample = reader.get(first.context_attributes["download_url"]).read()
        with zipfile.ZipFile(io.BytesIO(sample)) as archive:
            self.assertEqual(archive.read(sha256(older), pwd=b"infected"), older)
        self.assertIn("http://fed.example/long/ago", next(reader.feed(vt.FeedType.URLS, cursor=cursor)).url)
        server.import_behaviour(sha256(older), {"sandbox_name": "Fed"})
        server.rewrite("UPDATE behaviour SET imported = ? WHERE sha256 = ?", at + 5, sha256(older))
        seen = next(reader.feed(vt.FeedType.FILE_BEHAVIOURS, cursor=cursor))
        self.assertEqual(seen.id, f"{sha256(older)}_Fed")
        self.assertIn("<h1>Fed</h1>", reader.get(seen.context_attributes["html_report"]).text())
        self.assert_error("ForbiddenError", next, self.alice.feed(vt.FeedType.FILES, cursor=cursor))

    # --- Users, search, metadata, errors --------------------------------------------------------

    def test_tells_who_i_am_and_what_is_left(self) -> None:
        by_name = self.alice.get_object("/users/{}", "alice")
        by_key = self.alice.get_object("/users/{}", keys["alice"])
        self.assertEqual((by_name.id, by_key.id), ("alice", "alice"))
        self.assertIn("api_requests_daily", by_name.quotas)
        quotas = self.alice.get_data("/users/{}/overall_quotas", "alice")
        daily = quotas["api_requests_daily"]["user"]
        self.assertGreater(daily["allowed"], daily["used"])

    def test_hides_the_quotas_of_others(self) -> None:
        try:
            seen = self.bob.get_object("/users/{}", "alice").to_dict()["attributes"]
        except vt.APIError as error:
            self.assertIn(error.code, ("ForbiddenError", "NotFoundError"))
        else:
            self.assertNotIn("quotas", seen)
            self.assertNotIn("apikey", seen)

    def test_changes_its_profile_and_no_more(self) -> None:
        user = self.alice.get_object("/users/{}", "alice")
        user.first_name = "Alice"
        self.alice.patch_object("/users/{}", "alice", obj=user)
        self.assertEqual(self.alice.get_object("/users/{}", "alice").first_name, "Alice")
        self.assertIsInstance(user.user_since, datetime.datetime)
        user = self.alice.get_object("/users/{}", "alice")
        user.reputation = 1000
        self.assert_error("InvalidArgumentError", self.alice.patch_object, "/users/{}", "alice", obj=user)
        user = self.bob.get_object("/users/{}", "alice")
        user.first_name = "Mallory"
        self.assert_error("ForbiddenError", self.bob.patch_object, "/users/{}", "alice", obj=user)

    def test_reads_its_group_its_usage_and_its_members(self) -> None:
        group = self.alice.get_object("/groups/{}", "alice")
        self.assertEqual((group.type, group.id), ("group", "alice"))
        self.assertIn("api_requests_daily", group.quotas)
        self.assertEqual([user.id for user in self.alice.iterator("/groups/alice/users")], ["alice"])
        self.assertIs(self.alice.get_data("/groups/{}/relationships/administrators/{}", "alice", "alice"), True)
        usage = self.alice.get_data("/users/{}/api_usage", "alice")
        self.assertGreaterEqual(usage["total"]["groups"], 1)
        most = next(self.alice.iterator("/groups/alice/users_consuming_quota/api_requests_daily"))
        self.assertEqual(most.id, "alice")
        self.assertGreaterEqual(most.context_attributes["quota_consumed_from_group"], 1)
        self.assert_error("NotFoundError", self.bob.get_object, "/groups/{}", "alice")

    def test_administers_a_group(self) -> None:
        admin = self.client(server.admin)
        server.add_user("dora", "public")
        group = admin.get_object("/groups/{}", "dora")
        group.quotas = {"api_requests_daily": {"allowed": 7}}
        group.privileges = {"file-feed": {"granted": True, "expiration_date": 4_000_000_000}}
        changed = admin.patch_object("/groups/{}", "dora", obj=group)
        self.assertEqual(changed.quotas["api_requests_daily"]["allowed"], 7)
        self.assertEqual(changed.privileges["file-feed"]["expiration_date"], 4_000_000_000)

    def test_is_told_when_somebody_mentions_it(self) -> None:
        comment = self.comment(self.bob, "/domains/mentioned.example/comments", "what do you say, @alice?")
        self.assertIn(comment.id, [one.id for one in self.alice.iterator("/users/alice/mentions")])

    def test_lists_who_sent_a_file_in_without_their_names(self) -> None:
        content = b"a file that several people have sent in\n"
        self.scan(content, "first.bin")
        self.bob.scan_file(named(content, "second.bin"))
        sent = list(self.alice.iterator(f"/files/{sha256(content)}/submissions"))
        self.assertEqual([one.name for one in sent], ["second.bin", "first.bin"])
        self.assertEqual(len({one.source_key for one in sent}), 2)
        self.assertIsInstance(sent[0].date, datetime.datetime)

    def test_searches_for_a_hash_a_domain_and_a_tag(self) -> None:
        self.scan(EICAR, "eicar.com")
        found = list(self.alice.iterator("/search", params={"query": hashlib.md5(EICAR).hexdigest()}))
        self.assertEqual([item.id for item in found], [sha256(EICAR)])
        found = list(self.alice.iterator("/search", params={"query": "example.org"}))
        self.assertEqual([(item.type, item.id) for item in found], [("domain", "example.org")])
        comment = self.comment(self.alice, "/domains/tagged.example/comments", "see #findmehere")
        found = list(self.alice.iterator("/search", params={"query": "#findmehere"}))
        self.assertEqual([(item.type, item.id) for item in found], [("comment", comment.id)])

    # --- Collections and references: as the client's examples do it ------------------------------

    def test_creates_a_collection_from_a_text_and_updates_it(self) -> None:
        new = vt.Object("collection", obj_attributes={"name": "IoCs", "description": "of a campaign"})
        new.set_data("raw_items", io.StringIO("www.example.com\nhttps://www.hooli.com").read())
        made = self.alice.post_object("/collections", obj=new)
        self.assertEqual((made.type, made.name, made.domains_count, made.urls_count), ("collection", "IoCs", 1, 1))
        self.assertIsInstance(made.creation_date, datetime.datetime)
        more = vt.Object("collection", obj_id=made.id)
        more.set_data("raw_items", "mail.example.com www.example.com")
        changed = self.alice.patch_object("/collections/%s" % made.id, obj=more)
        self.assertEqual((changed.name, changed.domains_count), ("IoCs", 2))
        names = [one.id for one in self.alice.iterator("/collections/{}/domains", made.id)]
        self.assertEqual(sorted(names), ["mail.example.com", "www.example.com"])
        holding = [one.id for one in self.alice.iterator("/domains/www.example.com/collections")]
        self.assertIn(made.id, holding)
        self.assertEqual(self.bob.delete("/collections/{}", made.id).status, 403)
        self.assertEqual(self.alice.delete("/collections/{}", made.id).status, 200)

    def test_creates_a_reference_with_what_it_is_about_and_patches_it(self) -> None:
        url = "https://blog.example/new-campaign/"
        payload = {
            "attributes": {"url": url, "creation_date": "2021-01-25 00:00:00", "title": "Campaign", "author": "Team"},
            "relationships": {
                "files": {"data": [{"type": "file", "id": sha256(EICAR)}]},
                "urls": {"data": [{"type": "url", "url": "https://c2.example/upload.asp"}]},
                "domains": {"data": [{"type": "domain", "id": "c2.example"}]},
                "ip_addresses": {"data": [{"type": "ip_address", "id": "193.70.64.169"}]},
            },
            "type": "reference",
            "id": "",
        }
        reference = vt.Object.from_dict(payload)
        encoded = base64.b64encode(url.encode()).decode().strip("=")
        self.assertEqual(self.alice.get(f"/references/{encoded}").status, 404)
        made = self.alice.post_object("/references", obj=reference)
        self.assertEqual((made.title, made.author), ("Campaign", "Team"))
        self.assertEqual(made.creation_date, datetime.datetime(2021, 1, 25, tzinfo=datetime.timezone.utc))
        self.assertEqual(self.alice.get(f"/references/{encoded}").status, 200)
        # Without an id the address names it. vt-py sends what was set on the object and nothing else.
        change = vt.Object("reference")
        change.url = url
        change.title = "Campaign, renamed"
        patched = self.alice.patch_object("/references", obj=change)
        self.assertEqual((patched.id, patched.title), (made.id, "Campaign, renamed"))
        self.assert_error("InvalidArgumentError", self.alice.patch_object, "/references", obj=vt.Object("reference"))
        about = [one.id for one in self.alice.iterator("/references/{}/domains", made.id)]
        self.assertEqual(about, ["c2.example"])

    def test_lists_its_engines_and_relationships(self) -> None:
        metadata = self.alice.get_data("/metadata")
        self.assertLessEqual({"Quorum YARA", "Hash list", "URL list", "Host list"}, set(metadata["engines"]))
        self.assertIn("file", metadata["relationships"])
        self.assertIn("name", metadata["relationships"]["file"][0])

    def completed(self, path: str, analysis: vt.Object) -> vt.Object:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            analysis = self.alice.get_object(path, analysis.id)
            if analysis.status == "completed":
                return analysis
            time.sleep(0.05)  # the API can only be polled
        self.fail(f"the analysis is still {analysis.status} after a minute")

    def test_scans_a_file_privately(self) -> None:
        content = b"a plan that is for nobody else"
        analysis = self.alice.scan_file_private(named(content, "plan.txt"))
        self.assertEqual(analysis.type, "private_analysis")
        self.completed("/private/analyses/{}", analysis)
        report = self.alice.get_object("/private/files/{}", sha256(content))
        self.assertEqual(report.names, ["plan.txt"])
        self.assertGreater(report.expiration, time.time())
        listed = [one.id for one in self.alice.iterator("/private/files", limit=5)]
        self.assertIn(sha256(content), listed)
        for client, path in ((self.bob, "/files/{}"), (self.alice, "/files/{}")):
            self.assert_error("NotFoundError", client.get_object, path, sha256(content))
        self.assert_error("ForbiddenError", self.bob.get_object, "/private/files/{}", sha256(content))
        self.assertEqual(self.alice.delete("/private/files/{}", sha256(content)).status, 200)
        self.assert_error("NotFoundError", self.alice.get_object, "/private/files/{}", sha256(content))

    def test_scans_a_url_privately(self) -> None:
        url = "http://intranet.example/plan"
        analysis = self.alice.scan_url_private(url)
        # The client waits for a URL's analysis at the path of everybody's.
        self.completed("/analyses/{}", analysis)
        report = self.alice.get_object("/private/urls/{}", vt.url_id(url))
        self.assertEqual(report.url, url)
        self.assert_error("NotFoundError", self.bob.get_object, "/urls/{}", vt.url_id(url))

    def test_refuses_a_wrong_key(self) -> None:
        stranger = self.client("0" * 64)
        self.assert_error("WrongCredentialsError", stranger.get_object, "/files/{}", sha256(EICAR))

    def test_refuses_a_path_that_does_not_exist(self) -> None:
        self.assert_error("NotFoundError", self.alice.get_json, "/no/such/path")

    def test_stops_the_fifth_request_of_a_public_key_within_a_minute(self) -> None:
        carol = self.client(keys["carol"])
        codes = []
        for _ in range(6):
            try:
                carol.get_object("/domains/{}", "example.org")
                codes.append("answered")
            except vt.APIError as error:
                codes.append(error.code)
        self.assertEqual(codes[:4], ["answered"] * 4)
        self.assertLessEqual(set(codes[4:]), {"QuotaExceededError", "TooManyRequestsError"})
        # What is left can always be asked for.
        self.assertEqual(carol.get_data("/users/{}/overall_quotas", "carol")["api_requests_daily"]["user"]["used"], 4)


if __name__ == "__main__":
    result = unittest.main(exit=False, verbosity=2).result
    failed = len(result.failures) + len(result.errors)
    skipped = len(result.skipped)
    print(f"{result.testsRun - failed - skipped} passed, {failed} failed, {skipped} skipped", flush=True)
    sys.exit(failed > 0)
