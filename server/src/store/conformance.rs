//! What the store's traits promise, asked of every implementation: SQLite with local files, and
//! PostgreSQL with S3, NATS and its own notifications. A statement that only one dialect
//! understands, or understands differently, fails here.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use quorum_core::digest::{Digests, file_type, sha256};
use quorum_core::indicator::{FileHash, Kind};
use quorum_core::report::{Category, EngineResult, VoteVerdict};
use serde_json::{Map, json};

use super::archive::{Filler, LEFT_BEHIND, Sink, TABLES, Table, Tally};
use super::bell::{Bell, LocalBell, NatsBell, PostgresBell};
use super::blobs::Blobs;
use super::postgres::PostgresStore;
use super::sqlite::SqliteStore;
use super::*;
use crate::clock::DAY;
use crate::ids::Secret;

#[allow(dead_code, reason = "each of the two that include it uses a part")]
#[path = "../../tests/services/mod.rs"]
mod services;

use services::Directory;

const NOW: i64 = 1_700_000_000;

fn digests(bytes: &[u8]) -> Digests {
    let mut hasher = quorum_core::digest::Hasher::new();
    hasher.update(bytes);
    hasher.finish()
}

fn by(account: &'static str, group: &'static str) -> Actor<'static> {
    Actor {
        account,
        group,
        interface: "api",
        country: None,
    }
}

const LOCAL: Actor<'static> = Actor::LOCAL;

fn page(before: Option<i64>, limit: u32) -> Page {
    Page { before, limit }
}

fn column(name: &str) -> EngineResult {
    EngineResult {
        category: Category::Undetected,
        engine_name: name.to_owned(),
        engine_version: Some("1".to_owned()),
        engine_update: None,
        method: "blacklist".to_owned(),
        result: None,
    }
}

fn named(name: &str) -> SentAs<'_> {
    SentAs {
        name: Some(name),
        password: None,
    }
}

async fn submit(store: &dyn Store, text: &str, by: Actor<'_>, now: i64) -> String {
    let digests = digests(text.as_bytes());
    let kind = file_type(text.as_bytes());
    store
        .submit_file(&digests, &kind, named("a.txt"), by, now)
        .await
        .unwrap()
}

/// Claims and completes everything that is due.
async fn work_off(store: &dyn Store, now: i64) -> Vec<String> {
    let mut done = Vec::new();
    while let Some(job) = store.claim(now, 10).await.unwrap() {
        store.begin(&job, now + 5).await.unwrap();
        store
            .complete(&job, &[column("E")], &Map::new(), now)
            .await
            .unwrap();
        done.push(job.analysis.id);
    }
    done
}

async fn accounts(store: &dyn Store) {
    let key = Secret::draw().unwrap();
    let new = |name, group, tier| NewAccount {
        name,
        group,
        tier,
        administrator: name == "zoe",
        service: false,
        email: (name == "bob").then_some("Bob@Example.com"),
    };
    let tier = Some(Tier::Public);
    let hash = key.hash();
    let add = async |new| {
        let added = store.add_account(&new, (&hash).into(), LOCAL, NOW);
        added.await.unwrap()
    };
    assert_eq!(add(new("zoe", "team", tier)).await, AddAccount::Added);
    assert_eq!(add(new("zoe", "other", tier)).await, AddAccount::NameTaken);
    assert_eq!(add(new("bob", "team", tier)).await, AddAccount::GroupTaken);
    assert_eq!(add(new("bob", "no", None)).await, AddAccount::GroupMissing);
    let other = Secret::draw().unwrap();
    for name in ["bob", "Bob"] {
        let key = Secret::draw().unwrap();
        let (new, hash) = (new(name, "team", None), key.hash());
        let added = store.add_account(&new, (&hash).into(), LOCAL, NOW);
        assert_eq!(added.await.unwrap(), AddAccount::Added);
    }
    let group = store.group("team").await.unwrap().unwrap();
    // Byte by byte, whatever the cluster's locale.
    assert_eq!(group.members, ["Bob", "bob", "zoe"]);
    assert_eq!(group.administrators, ["zoe"]);
    let hash = other.hash();
    let add = async |name, revoke| {
        let added = store.add_key(name, (&hash).into(), revoke, LOCAL, NOW);
        added.await.unwrap()
    };
    assert!(add("bob", true).await);
    assert!(!add("eve", true).await);
    let holder = store.account_by_key(&hash, NOW).await.unwrap().unwrap();
    assert_eq!(holder.name, "bob");
    assert_eq!(holder.email.as_deref(), Some("bob@example.com"));
    let found = store.account_by_email("BOB@example.COM").await.unwrap();
    assert_eq!(found.unwrap().name, "bob");
    let change = AccountChange {
        first_name: Some("Róbert".to_owned()),
        preferences: Some(Map::from_iter([("a".to_owned(), json!({"b": 1}))])),
        ..AccountChange::default()
    };
    let changed = store.change_account("bob", &change, LOCAL, NOW);
    assert_eq!(changed.await.unwrap(), ChangeAccount::Changed);
    let bob = store.account("bob").await.unwrap().unwrap();
    assert_eq!(bob.first_name, "Róbert");
    assert_eq!(bob.preferences["a"]["b"], 1);
    let nul = AccountChange {
        last_name: Some("a\0b".to_owned()),
        ..AccountChange::default()
    };
    let refused = store.change_account("bob", &nul, LOCAL, NOW).await;
    assert!(matches!(refused, Err(StoreError::Nul)));
    keys(store).await;
    groups(store).await;
    audit(store).await;
    // A token is taken by one of any number.
    let token = Secret::draw().unwrap().hash();
    store
        .add_upload_token(&token, "bob", true, NOW + 10)
        .await
        .unwrap();
    let taken =
        futures_util::future::join_all((0..20).map(|_| store.take_upload_token(&token, NOW)));
    let taken = taken.await.into_iter().filter_map(|one| one.unwrap());
    let taken: Vec<_> = taken
        .map(|(account, private)| (account.name, private))
        .collect();
    assert_eq!(taken, [("bob".to_owned(), true)]);
}

/// Keys have names, ends and ids, and are revoked one by one.
async fn keys(store: &dyn Store) {
    let made: Vec<_> = (0..3).map(|_| Secret::draw().unwrap().hash()).collect();
    for (number, hash) in made.iter().enumerate() {
        let key = NewKey {
            hash,
            label: ["laptop", "phone", "robot"][number],
            expires: (number == 2).then_some(NOW + 10),
        };
        assert!(store.add_key("Bob", key, false, LOCAL, NOW).await.unwrap());
    }
    let opens = async |hash: &SecretHash, now| {
        let holder = store.account_by_key(hash, now).await.unwrap();
        holder.is_some_and(|account| account.name == "Bob")
    };
    assert!(opens(&made[2], NOW + 9).await);
    assert!(!opens(&made[2], NOW + 10).await);
    let revoke = async |account, id: String| {
        let revoked = store.revoke_key(account, &id, LOCAL, NOW);
        revoked.await.unwrap()
    };
    // A key is revoked where it belongs.
    assert!(!revoke("bob", made[0].id()).await);
    assert!(revoke("Bob", made[0].id()).await);
    assert!(!revoke("Bob", made[0].id()).await);
    assert!(!opens(&made[0], NOW).await && opens(&made[1], NOW).await);
    let listed = store.keys("Bob").await.unwrap();
    let phone = listed.iter().find(|key| key.label == "phone").unwrap();
    assert_eq!(
        (phone.id.as_str(), phone.revoked),
        (made[1].id().as_str(), None)
    );
    let laptop = listed.iter().find(|key| key.label == "laptop").unwrap();
    assert_eq!(laptop.revoked, Some(NOW));
}

/// Groups, roles, add-ons, and the ends of accounts.
async fn groups(store: &dyn Store) {
    let now = clock::now();
    assert!(
        store
            .add_group("crew", Tier::Basic, LOCAL, NOW)
            .await
            .unwrap()
    );
    assert!(
        !store
            .add_group("crew", Tier::Duet, LOCAL, NOW)
            .await
            .unwrap()
    );
    let hash = Secret::draw().unwrap().hash();
    for name in ["ann", "cyd"] {
        let new = NewAccount {
            name,
            group: name,
            tier: Some(Tier::Public),
            administrator: false,
            service: false,
            email: None,
        };
        let key = Secret::draw().unwrap().hash();
        let key = if name == "ann" { &hash } else { &key };
        let added = store.add_account(&new, key.into(), LOCAL, NOW);
        assert_eq!(added.await.unwrap(), AddAccount::Added);
    }
    let account = async |name| store.account(name).await.unwrap();
    assert!(account("ann").await.unwrap().group_administrator);
    let to = async |name, group| {
        let moved = store.move_account(name, group, LOCAL, NOW);
        moved.await.unwrap()
    };
    assert_eq!(to("ann", Some("nowhere")).await, None);
    assert_eq!(to("ann", Some("crew")).await.as_deref(), Some("crew"));
    let ann = account("ann").await.unwrap();
    assert_eq!((ann.tier, ann.group_administrator), (Tier::Basic, false));
    // What was agreed takes the place of what the tier allows; an add-on counts until its end.
    let agreed = |value| GroupChange {
        quotas: Map::from_iter([("api_requests_daily".to_owned(), value)]),
        profile: Map::from_iter([("industry".to_owned(), json!("Fishing"))]),
        ..GroupChange::default()
    };
    let change = async |change: GroupChange| {
        let changed = store.change_group("crew", &change, LOCAL, NOW);
        changed.await.unwrap()
    };
    assert!(change(agreed(json!(7))).await);
    assert_eq!(account("ann").await.unwrap().limits.daily, 7);
    assert!(change(agreed(Value::Null)).await);
    assert_eq!(account("ann").await.unwrap().limits.daily, 1000);
    let crew = store.group("crew").await.unwrap().unwrap();
    assert_eq!(crew.profile["industry"], "Fishing");
    assert_eq!(crew.members, ["ann"]);
    let (group, user) = (Holder::Group("crew"), Holder::User("ann"));
    let grant = async |holder, name, end| store.grant(holder, name, end, LOCAL, NOW).await;
    grant(group, PRIVATE_GRAPHS, Some(now + 60)).await.unwrap();
    grant(user, "file-feed", Some(now - 1)).await.unwrap();
    let ann = account("ann").await.unwrap();
    assert_eq!(ann.limits.private_graphs, UNLIMITED);
    assert!(ann.has(PRIVATE_GRAPHS) && !ann.has("file-feed"));
    grant(user, "file-feed", None).await.unwrap();
    assert!(account("ann").await.unwrap().has("file-feed"));
    let withdraw = async |holder| store.withdraw(holder, "file-feed", LOCAL, NOW).await;
    assert!(!withdraw(group).await.unwrap());
    assert!(withdraw(user).await.unwrap());
    assert!(!account("ann").await.unwrap().has("file-feed"));
    // Somebody else has taken over the group that bears one's name.
    assert_eq!(to("cyd", Some("ann")).await.as_deref(), Some("ann"));
    assert_eq!(to("ann", None).await.as_deref(), Some("ann-2"));
    assert_eq!(to("cyd", None).await.as_deref(), Some("cyd"));
    assert!(account("cyd").await.unwrap().group_administrator);
    // The last administrator stays, of any number who would go at once.
    let demote = AccountChange {
        administrator: Some(false),
        ..AccountChange::default()
    };
    let promote = AccountChange {
        administrator: Some(true),
        ..AccountChange::default()
    };
    store
        .change_account("ann", &promote, LOCAL, NOW)
        .await
        .unwrap();
    let gone = futures_util::future::join_all(
        ["ann", "zoe"].map(|name| store.change_account(name, &demote, LOCAL, NOW)),
    );
    let mut gone: Vec<_> = gone.await.into_iter().map(Result::unwrap).collect();
    gone.sort_by_key(|outcome| *outcome == ChangeAccount::LastAdministrator);
    assert_eq!(
        gone,
        [ChangeAccount::Changed, ChangeAccount::LastAdministrator]
    );
    store
        .change_account("zoe", &promote, LOCAL, NOW)
        .await
        .unwrap();
    store
        .change_account("ann", &demote, LOCAL, NOW)
        .await
        .unwrap();
    // Deleted is gone for ever, the name too.
    let deleted = store.delete_account("ann", LOCAL, NOW);
    assert_eq!(deleted.await.unwrap(), ChangeAccount::Changed);
    assert!(account("ann").await.is_none());
    assert!(store.account_by_key(&hash, NOW).await.unwrap().is_none());
    let new = NewAccount {
        name: "ann",
        group: "crew",
        tier: None,
        administrator: false,
        service: false,
        email: None,
    };
    let again = store.add_account(&new, (&hash).into(), LOCAL, NOW);
    assert_eq!(again.await.unwrap(), AddAccount::NameTaken);
    let names: Vec<_> = store.groups().await.unwrap();
    let names: Vec<_> = names.iter().map(|group| group.name.as_str()).collect();
    assert_eq!(names, ["ann", "ann-2", "crew", "cyd", "team"]);
    let key = store.pseudonym_key().await.unwrap();
    assert_eq!(store.pseudonym_key().await.unwrap(), key);
}

/// Everything that was done stands in the log.
async fn audit(store: &dyn Store) {
    let all = async |filter| store.audit(filter, page(None, 1000)).await.unwrap();
    let of = |subject| AuditFilter {
        subject: Some(subject),
        ..AuditFilter::default()
    };
    let entries = all(of("ann")).await.entries;
    let actions: Vec<_> = entries
        .iter()
        .rev()
        .map(|entry| entry.action.as_str())
        .collect();
    let expected = [
        "group.created",
        "user.created",
        "key.created",
        "member.removed",
        "member.added",
        "privilege.granted",
        "privilege.granted",
        "privilege.revoked",
        "member.removed",
        "member.added",
        "user.changed",
    ];
    assert_eq!(actions[..expected.len()], expected);
    assert_eq!(
        actions[actions.len() - 2..],
        ["key.revoked", "user.deleted"]
    );
    assert!(entries.iter().all(|entry| entry.actor == "(local)"));
    let of_crew = AuditFilter {
        group: Some("crew"),
        action: Some("member.added"),
        actor: Some("(local)"),
        ..AuditFilter::default()
    };
    assert_eq!(all(of_crew).await.total, 1);
    let first = store
        .audit(AuditFilter::default(), page(None, 2))
        .await
        .unwrap();
    let second = store
        .audit(AuditFilter::default(), page(first.next, 2))
        .await
        .unwrap();
    assert!(second.entries[0].seq < first.entries[1].seq);
    store
        .note(
            by("bob", "team"),
            "sample.downloaded",
            "x",
            json!({"a": 1}),
            NOW,
        )
        .await
        .unwrap();
    let noted = all(of("x")).await.entries.remove(0);
    assert_eq!(
        (noted.group.as_str(), &noted.detail["a"]),
        ("team", &json!(1))
    );
    assert_eq!(all(AuditFilter::default()).await.total, first.total + 1);
}

async fn items(store: &dyn Store) {
    // Sent in by many at once: one file, one analysis, every submission counted.
    let sent = futures_util::future::join_all((0..20).map(|number| {
        let account = if number % 2 == 0 { "bob" } else { "zoe" };
        submit(store, "many", by(account, "team"), NOW)
    }));
    let ids: HashSet<_> = sent.await.into_iter().collect();
    assert_eq!(ids.len(), 1);
    let many = digests(b"many");
    let name = many.sha256.to_string();
    let item = store.item(Kind::File, &name).await.unwrap().unwrap();
    assert_eq!((item.times_submitted, item.unique_sources), (20, 2));
    assert_eq!(item.file.unwrap().names, ["a.txt"]);
    assert!(item.analysis.is_none());
    for hash in [
        FileHash::Md5(many.md5),
        FileHash::Sha1(many.sha1),
        FileHash::Sha256(many.sha256),
    ] {
        assert_eq!(store.files_with(&hash).await.unwrap(), [name.as_str()]);
    }
    assert!(store.has_file(&name).await.unwrap());
    assert!(!store.take_free_read(&name, "team").await.unwrap());
    assert_eq!(work_off(store, NOW).await.len(), 1);
    let free = futures_util::future::join_all((0..10).map(|_| store.take_free_read(&name, "team")));
    let free = free.await.into_iter().filter(|one| *one.as_ref().unwrap());
    assert_eq!(free.count(), 1);
    // A second analysis within a second has an id of its own.
    let again = store.analyse(Kind::File, &name, by("bob", "team"), NOW);
    let again = again.await.unwrap().unwrap();
    assert!(!ids.contains(&again));
    let record = store.analysis(&again).await.unwrap().unwrap();
    assert_eq!(record.status, "queued");
    assert_eq!(record.file.unwrap(), many);
    assert_eq!(record.job.unwrap().attempts, 0);
    work_off(store, NOW).await;
    // Pages.
    let first = store
        .submissions(Kind::File, &name, page(None, 15))
        .await
        .unwrap();
    assert_eq!((first.entries.len(), first.total), (15, 20));
    let second = store
        .submissions(Kind::File, &name, page(first.next, 15))
        .await
        .unwrap();
    assert_eq!((second.entries.len(), second.next), (5, None));
    let analyses = store
        .analyses(Kind::File, &name, page(None, 10))
        .await
        .unwrap();
    assert_eq!((analyses.entries.len(), analyses.total), (2, 2));
    assert!(analyses.entries[0].job.is_none());
    // URLs, names, and what is not here.
    let url: CanonicalUrl = "http://example.com/ä".parse().unwrap();
    let id = store
        .submit_url(&url, by("bob", "team"), NOW)
        .await
        .unwrap();
    let record = store.analysis(&id).await.unwrap().unwrap();
    assert_eq!(record.url.as_deref(), Some(url.as_str()));
    let analyse = async |kind, id| {
        store
            .analyse(kind, id, by("bob", "team"), NOW)
            .await
            .unwrap()
    };
    assert!(analyse(Kind::Domain, "example.com").await.is_some());
    assert!(analyse(Kind::Url, "0").await.is_none());
    assert!(analyse(Kind::File, "0").await.is_none());
    work_off(store, NOW).await;
    let kind = file_type(b"");
    let refused = store.submit_file(&many, &kind, named("\0"), by("bob", "team"), NOW);
    assert!(matches!(refused.await, Err(StoreError::Nul)));
}

async fn community(store: &dyn Store) {
    let tags = ["zz".to_owned(), "aa".to_owned()];
    let text = "100% of <b>É</b> #zz #aa, @cyd @nobody 危険なfile";
    let add = store.add_comment(Kind::Domain.into(), "a.example", "bob", text, NOW);
    let comment = add.await.unwrap().unwrap();
    let found = store.comment(&comment.id).await.unwrap().unwrap();
    assert_eq!(
        (found.text.as_str(), found.tags.as_slice()),
        (text, &tags[..])
    );
    for (filter, expected) in [
        (CommentFilter::All, 1),
        (CommentFilter::Tag("aa"), 1),
        (CommentFilter::Tag("a"), 0),
        (CommentFilter::On(Kind::Domain.into(), "a.example"), 1),
        (CommentFilter::By("zoe"), 0),
        (CommentFilter::Saying("OF 100%"), 1),
        (CommentFilter::Saying("é"), 1),
        (CommentFilter::Saying("危険"), 1),
        (CommentFilter::Saying("険危"), 0),
        (CommentFilter::Saying("100 zz none"), 0),
        (CommentFilter::Saying("10"), 0),
        (CommentFilter::Saying("%"), 0),
        (CommentFilter::Mentioning("cyd"), 1),
        (CommentFilter::Mentioning("nobody"), 0),
        (CommentFilter::CalledAbuse, 0),
    ] {
        let listing = store.comments(filter, page(None, 5)).await.unwrap();
        assert_eq!(
            (listing.entries.len(), listing.total),
            (expected, expected as u64)
        );
    }
    let vote = async |who, verdict| store.vote_comment(&comment.id, who, verdict).await.unwrap();
    let reputation = async || store.account("bob").await.unwrap().unwrap().reputation;
    vote(by("zoe", "team"), CommentVerdict::Positive).await;
    let tally = vote(by("zoe", "team"), CommentVerdict::Abuse).await;
    assert_eq!((tally.positive, tally.abuse), (0, 1));
    // One's own group neither praises nor blames.
    assert_eq!(reputation().await, 1);
    vote(by("cyd", "cyd"), CommentVerdict::Abuse).await;
    assert_eq!(reputation().await, -1);
    // Of one user's many judgements at once the last counts, once.
    let judged = futures_util::future::join_all((0..20).map(|number| {
        let verdict = [CommentVerdict::Positive, CommentVerdict::Abuse][number % 2];
        store.vote_comment(&comment.id, by("cyd", "cyd"), verdict)
    }));
    judged.await.into_iter().for_each(|one| {
        one.unwrap();
    });
    let tally = vote(by("cyd", "cyd"), CommentVerdict::Abuse).await;
    assert_eq!(
        (tally.positive, tally.abuse, reputation().await),
        (0, 2, -1)
    );
    let abuse = store
        .comments(CommentFilter::CalledAbuse, page(None, 5))
        .await;
    assert_eq!(abuse.unwrap().total, 1);
    let dismiss = async || store.dismiss_abuse(&comment.id, LOCAL, NOW).await.unwrap();
    assert!(dismiss().await);
    assert!(!dismiss().await);
    assert_eq!(reputation().await, 1);
    // S16: of many votes of one user at once, one counts.
    let cast = futures_util::future::join_all((0..20).map(|_| {
        store.vote(
            Kind::Domain,
            "a.example",
            "bob",
            VoteVerdict::Malicious,
            NOW,
        )
    }));
    let cast = cast.await.into_iter();
    let cast = cast.filter(|one| matches!(one.as_ref().unwrap(), CastVote::Cast(_)));
    assert_eq!(cast.count(), 1);
    let item = store
        .item(Kind::Domain, "a.example")
        .await
        .unwrap()
        .unwrap();
    assert_eq!((item.votes_malicious, item.reputation), (1, -1));
    for filter in [
        VoteFilter::On(Kind::Domain, "a.example"),
        VoteFilter::OnBy(Kind::Domain, "a.example", "bob"),
        VoteFilter::By("bob"),
    ] {
        let votes = store.votes(filter, page(None, 5)).await.unwrap();
        assert_eq!(votes.total, 1);
        let id = &votes.entries[0].id;
        assert!(store.vote_by_id(id).await.unwrap().is_some());
    }
    let extra = store.add_comment(Kind::Domain.into(), "a.example", "bob", "x", NOW);
    let extra = extra.await.unwrap().unwrap().id;
    let delete = async || store.delete_comment(&extra, by("zoe", "team"), NOW).await;
    assert!(delete().await.unwrap());
    assert!(!delete().await.unwrap());
    let nul = store.add_comment(Kind::Domain.into(), "a.example", "bob", "a\0", NOW);
    assert!(matches!(nul.await, Err(StoreError::Nul)));
    // A vote counts for its voter's reputation at that time.
    let praised = store.add_comment(Kind::Domain.into(), "b.example", "cyd", "good", NOW);
    let praised = praised.await.unwrap().unwrap().id;
    for account in ["bob", "zoe", "Bob"] {
        let positive = CommentVerdict::Positive;
        store
            .vote_comment(&praised, by(account, "team"), positive)
            .await
            .unwrap();
    }
    let item = async || {
        store
            .item(Kind::Domain, "b.example")
            .await
            .unwrap()
            .unwrap()
    };
    let voted = store.vote(
        Kind::Domain,
        "b.example",
        "cyd",
        VoteVerdict::Malicious,
        NOW,
    );
    let CastVote::Cast(weighed) = voted.await.unwrap() else {
        panic!("cyd has not voted before");
    };
    assert_eq!((weighed.weight, weighed.author.as_str()), (3, "cyd"));
    let voted = store.vote(Kind::Domain, "b.example", "bob", VoteVerdict::Harmless, NOW);
    assert!(matches!(
        voted.await.unwrap(),
        CastVote::Cast(VoteRecord { weight: 1, .. })
    ));
    assert_eq!(
        (item().await.reputation, item().await.votes_harmless),
        (-2, 1)
    );
    let take_back = async || store.delete_vote(&weighed.id, LOCAL, NOW).await.unwrap();
    assert!(take_back().await);
    assert!(!take_back().await);
    assert_eq!(
        (item().await.reputation, item().await.votes_malicious),
        (1, 0)
    );
    // One open report a user and item.
    let report = async |account| {
        let who = by(account, "team");
        let reported = store.report_false_positive(Kind::Domain, "b.example", who, "no", NOW);
        reported.await.unwrap()
    };
    let of_bob = report("bob").await.unwrap();
    assert!(report("bob").await.is_none());
    report("zoe").await.unwrap();
    let decided = store.decide_false_positive(of_bob.seq, true, "yes", LOCAL, NOW + 1);
    let decided = decided.await.unwrap().unwrap();
    assert_eq!(
        (decided.status.as_str(), decided.decided),
        ("accepted", Some(NOW + 1))
    );
    assert_eq!(decided.answer.as_deref(), Some("yes"));
    assert!(report("bob").await.is_some());
    let count = async |status, by| {
        let listed = store.false_positives(status, by, page(None, 10));
        listed.await.unwrap().total
    };
    assert_eq!(count(None, None).await, 3);
    assert_eq!(count(Some("open"), None).await, 2);
    assert_eq!(count(Some("open"), Some("bob")).await, 1);
    let missing = store.decide_false_positive(999, true, "", LOCAL, NOW).await;
    assert!(missing.unwrap().is_none());
    assert_eq!(store.index_comments().await.unwrap(), 0);
}

/// S24: one group's thousand jobs don't delay another's first.
async fn fair_turns(store: &dyn Store) {
    let thousand = 1000;
    let mut of_a = HashSet::new();
    for number in 0..thousand {
        of_a.insert(submit(store, &format!("a {number}"), by("zoe", "a"), NOW).await);
    }
    let first = submit(store, "b 0", by("bob", "b"), NOW).await;
    let second = submit(store, "b 1", by("bob", "b"), NOW).await;
    let mut order = Vec::new();
    for _ in 0..6 {
        let job = store.claim(NOW, 60).await.unwrap().unwrap();
        order.push(job.analysis.id.clone());
        store.complete(&job, &[], &Map::new(), NOW).await.unwrap();
    }
    let place = |id: &String| order.iter().position(|other| other == id);
    assert!(place(&first).unwrap() <= 1, "{order:?}");
    assert!(place(&second).unwrap() <= 3, "{order:?}");
    // Who comes later does not overtake for what it did not want before.
    for number in 2..6 {
        submit(store, &format!("b {number}"), by("bob", "b"), NOW).await;
    }
    let mut turns_of_a = 0;
    for _ in 0..4 {
        let job = store.claim(NOW, 60).await.unwrap().unwrap();
        turns_of_a += i32::from(of_a.contains(&job.analysis.id));
        store.complete(&job, &[], &Map::new(), NOW).await.unwrap();
    }
    assert_eq!(turns_of_a, 2);
    // The rest at once, each to one worker.
    let workers = futures_util::future::join_all((0..30).map(|_| work_off(store, NOW)));
    let done: Vec<_> = workers.await.into_iter().flatten().collect();
    assert_eq!(done.len(), thousand + 6 - 10);
    assert_eq!(done.iter().collect::<HashSet<_>>().len(), done.len());
}

/// S24: nor do one member's thousand another's of the same group; and who was lent a turn gives none
/// of another group's away.
async fn fair_members(store: &dyn Store) {
    let mut jobs = Vec::new();
    for number in 0..300 {
        jobs.push(submit(store, &format!("c {number}"), by("zoe", "c"), NOW).await);
    }
    let of_zoe: HashSet<_> = jobs.drain(..).collect();
    let first = submit(store, "c x", by("cyd", "c"), NOW).await;
    let second = submit(store, "c y", by("cyd", "c"), NOW).await;
    let other = submit(store, "d", by("bob", "d"), NOW).await;
    let mut order = Vec::new();
    for _ in 0..6 {
        let job = store.claim(NOW, 60).await.unwrap().unwrap();
        order.push(job.analysis.id.clone());
        store.complete(&job, &[], &Map::new(), NOW).await.unwrap();
    }
    let place = |id: &String| order.iter().position(|other| other == id);
    assert!(place(&other).unwrap() <= 1, "{order:?}");
    assert!(place(&first).unwrap() <= 2, "{order:?}");
    assert!(place(&second).unwrap() <= 4, "{order:?}");
    let done = order.iter().filter(|id| of_zoe.contains(*id)).count();
    assert_eq!(done, 3, "{order:?}");
    // The rest at once, each to one worker.
    let workers = futures_util::future::join_all((0..30).map(|_| work_off(store, NOW)));
    let done: Vec<_> = workers.await.into_iter().flatten().collect();
    assert_eq!(done.len(), 303 - 6);
    assert_eq!(done.iter().collect::<HashSet<_>>().len(), done.len());
}

/// Versions of lists: in one row whoever counts, and no more than are kept.
async fn lists(store: &dyn Store) {
    let new = |list: &str, sequence| ListVersion {
        list: list.to_owned(),
        sequence,
        date: NOW,
        entries: sequence,
        checksum: format!("{list} {sequence}"),
        content: "c".to_owned(),
    };
    let file = |sequence: u64| vec![0, 255, sequence as u8];
    for sequence in [1, 2, 3, 5] {
        let one = new("urls", sequence);
        let added = store.add_list_version(&one, &file(sequence), 3).await;
        assert!(added.unwrap(), "{sequence}");
    }
    // A number that is taken, and one that is behind.
    for sequence in [5, 4] {
        let late = store.add_list_version(&new("urls", sequence), b"", 3).await;
        assert!(!late.unwrap(), "{sequence}");
    }
    let added = store.add_list_version(&new("files", 1), &[], 3).await;
    assert!(added.unwrap());
    assert_eq!(
        store.list_versions().await.unwrap(),
        [new("files", 1), new("urls", 5), new("urls", 3)]
    );
    assert_eq!(store.list_file("urls", 5).await.unwrap(), Some(file(5)));
    assert_eq!(store.list_file("files", 1).await.unwrap(), Some(vec![]));
    assert_eq!(store.list_file("urls", 2).await.unwrap(), None);
    assert_eq!(store.list_file("urls", u64::MAX).await.unwrap(), None);
    // Of several who count on, one gets the number.
    let one = new("urls", 6);
    let adding = (0..8).map(|_| store.add_list_version(&one, b"six", 3));
    let added = futures_util::future::join_all(adding).await;
    let added = added.into_iter().filter(|added| *added.as_ref().unwrap());
    assert_eq!(added.count(), 1);
    assert_eq!(
        store.list_file("urls", 6).await.unwrap().unwrap(),
        b"six".to_vec()
    );
}

/// What the past says of engines, and what begins as a hash does.
async fn looking_back(store: &dyn Store) {
    let many = digests(b"many");
    let url: CanonicalUrl = "http://example.com/ä".parse().unwrap();
    let (file, url) = (many.sha256.to_string(), url.id().to_string());
    for (by, hash, id) in [
        (PrefixOf::Sha256, file.clone(), &file),
        (PrefixOf::Sha1, many.sha1.to_string(), &file),
        (PrefixOf::Md5, many.md5.to_string(), &file),
        (PrefixOf::Url, url.clone(), &url),
    ] {
        let found = store.with_prefix(by, &hash[..8], 10).await.unwrap();
        assert_eq!(found, [id.as_str()], "{by:?}");
        assert!(
            store
                .with_prefix(by, &hash[..8], 0)
                .await
                .unwrap()
                .is_empty()
        );
        let other = if hash.starts_with('f') { "0" } else { "f" };
        let other = [other, &hash[1..8]].concat();
        let found = store.with_prefix(by, &other, 10).await.unwrap();
        assert!(found.is_empty(), "{by:?}");
    }

    let says = |category| EngineResult {
        category,
        ..column("E")
    };
    let analysed = async |id: &str, category, now| {
        let queued = store.analyse(Kind::IpAddress, id, by("bob", "team"), now);
        queued.await.unwrap().unwrap();
        let job = store.claim(now, 10).await.unwrap().unwrap();
        let (said, findings) = ([says(category)], Map::new());
        let done = store.complete(&job, &said, &findings, now);
        done.await.unwrap();
    };
    let reported = async |id: &str, account, now| {
        let by = by(account, "team");
        let report = store.report_false_positive(Kind::IpAddress, id, by, "no", now);
        report.await.unwrap().unwrap().seq
    };
    let decided = async || store.decided(Kind::IpAddress, 10).await.unwrap();
    // What counts is what was said before the report, not what came of it.
    analysed("192.0.2.1", Category::Malicious, NOW).await;
    let first = reported("192.0.2.1", "bob", NOW + 1).await;
    analysed("192.0.2.1", Category::Undetected, NOW + 10).await;
    let second = reported("192.0.2.1", "zoe", NOW + 11).await;
    assert!(decided().await.is_empty());
    let decide = async |seq, accepted, now| {
        let decided = store.decide_false_positive(seq, accepted, "", LOCAL, now);
        decided.await.unwrap().unwrap();
    };
    decide(first, true, NOW + 20).await;
    assert_eq!(decided().await, [(true, vec![says(Category::Malicious)])]);
    // The last decision on a thing is the one.
    decide(second, false, NOW + 30).await;
    assert_eq!(decided().await, [(false, vec![says(Category::Undetected)])]);
    // Reported before anybody had looked: nobody was right or wrong.
    let early = reported("192.0.2.2", "bob", NOW - 1).await;
    analysed("192.0.2.2", Category::Malicious, NOW).await;
    decide(early, true, NOW + 40).await;
    assert_eq!(decided().await.len(), 1);
    assert!(store.decided(Kind::Domain, 10).await.unwrap().is_empty());

    analysed("192.0.2.3", Category::Malicious, NOW).await;
    analysed("192.0.2.3", Category::Timeout, NOW + 500).await;
    analysed("192.0.2.3", Category::Undetected, NOW + 1000).await;
    let both = (
        vec![says(Category::Malicious)],
        vec![says(Category::Undetected)],
    );
    let revisited = async |limit, apart| {
        let found = store.revisited(Kind::IpAddress, limit, apart);
        found.await.unwrap()
    };
    // Those on which something was decided are not among them.
    assert_eq!(revisited(10, 1).await, std::slice::from_ref(&both));
    assert_eq!(revisited(1, 1000).await, [both]);
    assert!(revisited(10, 1001).await.is_empty());
    assert!(revisited(0, 1).await.is_empty());
}

/// S24: thirty stopped workers never make two copies.
async fn stopped_workers(store: &dyn Store) {
    let id = submit(store, "stopped", by("zoe", "a"), NOW).await;
    let mut stopped = Vec::new();
    let mut now = NOW;
    for attempt in 1..=30 {
        let job = store.claim(now, 10).await.unwrap().unwrap();
        assert!(store.claim(now + 9, 10).await.unwrap().is_none());
        assert_eq!(store.begin(&job, now + 7).await.unwrap(), attempt);
        stopped.push(job);
        assert_eq!(store.next_due().await.unwrap(), Some(now + 10));
        now += 10;
    }
    let told = store.analysis(&id).await.unwrap().unwrap().job.unwrap();
    assert_eq!((told.attempts, told.deadline), (30, Some(now - 3)));
    let last = store.claim(now, 10).await.unwrap().unwrap();
    store.hold(&last, now + 25).await.unwrap();
    assert!(store.claim(now + 20, 10).await.unwrap().is_none());
    // All of them go on at once, and find that it is not theirs any more.
    for job in &stopped {
        let lost = |done: Result<()>| matches!(done, Err(StoreError::LeaseLost));
        assert!(lost(store.hold(job, now).await));
        assert!(lost(store.begin(job, now).await.map(drop)));
        assert!(lost(store.keep(job, &[column("X")], &Map::new()).await));
        assert!(lost(
            store.complete(job, &[column("X")], &Map::new(), now).await
        ));
        store.give_back(job, 0, "x").await.unwrap();
    }
    store.give_back(&last, now, "for a reason").await.unwrap();
    let told = store.analysis(&id).await.unwrap().unwrap().job.unwrap();
    assert_eq!(told.error.as_deref(), Some("for a reason"));
    let last = store.claim(now, 10).await.unwrap().unwrap();
    store.begin(&last, now).await.unwrap();
    store
        .complete(&last, &[column("E")], &Map::new(), now)
        .await
        .unwrap();
    let complete = store
        .complete(&last, &[column("E")], &Map::new(), now)
        .await;
    assert!(matches!(complete, Err(StoreError::LeaseLost)));
    let record = store.analysis(&id).await.unwrap().unwrap();
    assert_eq!(record.status, "completed");
    assert_eq!(record.results, [column("E")]);
    assert_eq!(store.next_due().await.unwrap(), None);
}

/// What is spent of a month is exact, and ZIPs are kept for a while.
async fn leaving(store: &dyn Store) {
    let month = clock::month_start(NOW / DAY);
    let spend =
        |account, number, limit| store.spend((account, "team"), "downloads", month, number, limit);
    assert!(spend("bob", 3, 10).await.unwrap());
    assert!(!spend("zoe", 8, 10).await.unwrap());
    let taken = futures_util::future::join_all((0..40).map(|_| spend("zoe", 1, 10)));
    let taken = taken.await.into_iter().filter(|one| *one.as_ref().unwrap());
    assert_eq!(taken.count(), 7);
    let one = |account: &str, used| Spent {
        account: account.to_owned(),
        quota: "downloads".to_owned(),
        used,
    };
    let spent = store.spent("team", month).await.unwrap();
    assert_eq!(spent, [one("bob", 3), one("zoe", 7)]);
    assert_eq!(store.spent("team", month + 31).await.unwrap(), []);
    let zip = |created| ZipRecord {
        account: "bob".to_owned(),
        created,
        password: "pässword".to_owned(),
        samples: vec![sha256(b"a").to_string()],
        missing: 2,
        group: (created > NOW).then(|| "team".to_owned()),
    };
    let old = store.add_zip(&zip(NOW), 0).await.unwrap();
    assert_eq!(store.zip(old).await.unwrap(), Some(zip(NOW)));
    let new = store.add_zip(&zip(NOW + 5), NOW + 1).await.unwrap();
    assert!(new > old);
    assert_eq!(store.zip(old).await.unwrap(), None);
    assert_eq!(store.zip(new).await.unwrap(), Some(zip(NOW + 5)));
}

/// What the upstream said is kept for a while, and a pause is never made shorter.
/// Sandboxes' reports, and what files touched, in both directions.
async fn behaviours(store: &dyn Store) {
    use crate::behaviour::Behaviour;
    let read = |value| serde_json::from_value::<Behaviour>(value).unwrap();
    let one = read(json!({
        "sandbox_name": "A b", "verdicts": ["MALWARE"],
        "dns_lookups": [{"hostname": "a.example"}, {"hostname": "b.example"}],
        "http_conversations": [{"url": "http://a.example/x"}],
    }));
    let two = read(json!({"sandbox_name": "B", "dns_lookups": [{"hostname": "a.example"}]}));
    let name = |text: &str| digests(text.as_bytes()).sha256.to_string();
    let (ran, other) = (name("ran"), name("ran too"));
    let import = async |file: &str, report: &Behaviour, now| {
        let imported = store.import_behaviour(file, report, by("bob", "team"), now);
        imported.await.unwrap()
    };
    assert!(!import(&ran, &one, NOW).await);
    for text in ["ran", "ran too"] {
        submit(store, text, by("bob", "team"), NOW).await;
        work_off(store, NOW).await;
    }
    assert!(import(&ran, &one, NOW + 1).await);
    assert!(import(&ran, &two, NOW + 2).await);
    assert!(import(&other, &two, NOW + 3).await);
    let listed = store.behaviours(&ran, page(None, 1)).await.unwrap();
    assert_eq!((listed.total, listed.entries[0].sandbox.as_str()), (2, "B"));
    let listed = store.behaviours(&ran, page(listed.next, 1)).await.unwrap();
    let first = &listed.entries[0];
    assert_eq!(
        (first.id.clone(), first.imported),
        (format!("{ran}_A b"), NOW + 1)
    );
    assert_eq!(first.report, one.attributes());
    assert!(store.behaviour(&first.id).await.unwrap().is_some());
    assert_eq!(
        store.behaviour_by_seq(first.seq).await.unwrap().unwrap().id,
        first.id
    );
    let reported = store.reported(NOW + 2..NOW + 3).await.unwrap();
    assert_eq!(reported.len(), 1);
    let touched = async |ran, page| store.touched(ran, "contacted_domains", page).await.unwrap();
    let all = touched(Ran::File(&ran), page(None, 10)).await;
    assert_eq!(
        (all.entries, all.total),
        (vec!["a.example".to_owned(), "b.example".to_owned()], 2)
    );
    let part = touched(Ran::File(&ran), page(None, 1)).await;
    let rest = touched(Ran::File(&ran), page(part.next, 1)).await;
    assert_eq!(
        (part.entries, rest.entries),
        (vec!["a.example".to_owned()], vec!["b.example".to_owned()])
    );
    assert_eq!(
        touched(Ran::Report(reported[0].seq), page(None, 10))
            .await
            .total,
        1
    );
    let touching = async |page| {
        let found = store.touching(Kind::Domain, "a.example", "contacted_domains", page);
        found.await.unwrap()
    };
    assert_eq!(
        touching(page(None, 10)).await.entries,
        [other.clone(), ran.clone()]
    );
    let part = touching(page(None, 1)).await;
    assert_eq!((part.total, part.entries), (2, vec![other]));
    assert_eq!(touching(page(part.next, 1)).await.entries, [ran.as_str()]);
    let item = store.item(Kind::File, &ran).await.unwrap().unwrap();
    let verdicts = item.file.unwrap().sandbox_verdicts;
    assert_eq!(verdicts["A b"]["category"], "malicious");
    assert_eq!(verdicts.len(), 1);
    // A later one takes the place of the first; the address that it named stays known.
    let empty = read(json!({"sandbox_name": "A b"}));
    assert!(import(&ran, &empty, NOW + 9).await);
    assert_eq!(touched(Ran::File(&ran), page(None, 10)).await.total, 1);
    let url: CanonicalUrl = "http://a.example/x".parse().unwrap();
    let item = store.item(Kind::Url, &url.id().to_string()).await.unwrap();
    assert_eq!(item.unwrap().url.as_deref(), Some(url.as_str()));
    let item = store.item(Kind::File, &ran).await.unwrap().unwrap();
    assert!(item.file.unwrap().sandbox_verdicts.is_empty());
}

/// What came in within a time, and nothing of before or after.
async fn feeds(store: &dyn Store) {
    let start = NOW + 3 * DAY;
    for (number, text) in ["before", "first", "again", "again", "after"]
        .iter()
        .enumerate()
    {
        let now = start - 1 + [0, 1, 30, 60, 61][number];
        submit(store, text, by("bob", "team"), now).await;
        let asked = store.analyse(Kind::Domain, "fed.example", LOCAL, now);
        asked.await.unwrap().unwrap();
        work_off(store, now).await;
    }
    let name = |text: &str| digests(text.as_bytes()).sha256.to_string();
    let sent = store.sent_in(Kind::File, start..start + 60).await.unwrap();
    let told: Vec<_> = sent
        .iter()
        .map(|one| (one.item.clone(), one.date))
        .collect();
    let expected = [("first", 0), ("again", 29), ("again", 59)];
    assert_eq!(told, expected.map(|(text, at)| (name(text), start + at)));
    let asked = store
        .analysed(Kind::Domain, start..start + 60)
        .await
        .unwrap();
    assert_eq!(asked, ["fed.example"]);
    assert_eq!(
        store
            .sent_in(Kind::Url, start..start + 60)
            .await
            .unwrap()
            .len(),
        0
    );
}

/// The catalogue knows since when a rule is here, and what it has matched.
async fn rules(store: &dyn Store) {
    work_off(store, NOW).await;
    let rule = |id: &str, digest: &str| (id.to_owned(), digest.to_owned());
    let all = [rule("00|a", "1"), rule("00|b", "1")];
    store.note_rules(&all, NOW).await.unwrap();
    let changed = [rule("00|a", "1"), rule("00|b", "2")];
    store.note_rules(&changed, NOW + 5).await.unwrap();
    store.note_rules(&changed, NOW + 9).await.unwrap();
    let times = async |id| {
        let records = store.rule_records(id).await.unwrap();
        let times = |one: &RuleRecord| (one.included - NOW, one.modified - NOW, one.matches);
        records.iter().map(times).collect::<Vec<_>>()
    };
    assert_eq!(times(None).await, [(0, 0, 0), (0, 5, 0)]);
    let found = |names: &[&str]| {
        let each = names.iter();
        let results: Vec<_> = each
            .map(|name| json!({"ruleset_id": "00", "rule_name": name}))
            .collect();
        Map::from_iter([("crowdsourced_yara_results".to_owned(), json!(results))])
    };
    let texts = ["hay", "straw", "hay"];
    for (number, text) in (0..).zip(texts) {
        let now = NOW + 100 * number;
        submit(store, text, by("bob", "team"), now).await;
        let job = store.claim(now, 10).await.unwrap().unwrap();
        store.begin(&job, now + 5).await.unwrap();
        let found = found(if number == 1 { &["a", "b"] } else { &["a"] });
        store.complete(&job, &[], &found, now).await.unwrap();
    }
    assert_eq!(times(None).await, [(0, 0, 2), (0, 5, 1)]);
    assert_eq!(times(Some("00|b")).await, [(0, 5, 1)]);
    assert_eq!(times(Some("00|c")).await, []);
    let first = store.rule_matches("00|a", page(None, 1)).await.unwrap();
    let name = |text: &str| digests(text.as_bytes()).sha256.to_string();
    let matched = |text: &str, date| RuleMatch {
        sha256: name(text),
        date,
    };
    assert_eq!(first.entries, [matched("straw", NOW + 100)]);
    assert_eq!(first.total, 2);
    let second = store
        .rule_matches("00|a", page(first.next, 1))
        .await
        .unwrap();
    assert_eq!(second.entries, [matched("hay", NOW + 200)]);
    assert_eq!(second.next, None);
}

async fn upstream(store: &dyn Store) {
    let answer = |fetched, body| UpstreamAnswer { fetched, body };
    let body = Map::from_iter([("a".to_owned(), json!({"b": "\0ü"}))]);
    let keep = async |id: &str, one: UpstreamAnswer| {
        let kept = store.keep_upstream(Kind::File, id, &one, NOW - 10);
        kept.await.unwrap();
        let there = store.upstream_answer(Kind::File, id).await.unwrap();
        assert_eq!(there, Some(one));
    };
    keep("old", answer(NOW - 10, Some(body.clone()))).await;
    keep("old", answer(NOW - 9, None)).await;
    keep("old", answer(NOW - 11, Some(body))).await;
    assert_eq!(store.upstream_answer(Kind::Url, "old").await.unwrap(), None);
    keep("new", answer(NOW, None)).await;
    assert_eq!(
        store.upstream_answer(Kind::File, "old").await.unwrap(),
        None
    );
    assert_eq!(store.upstream_pause().await.unwrap(), 0);
    for (until, then) in [(5, 5), (3, 5), (9, 9)] {
        store.pause_upstream(until).await.unwrap();
        assert_eq!(store.upstream_pause().await.unwrap(), then);
    }
}

fn to(name: &'static str, other_kind: &'static str, other: &str) -> NewRelation {
    NewRelation {
        name,
        other_kind,
        other: other.to_owned(),
        context: Map::from_iter([("filename".to_owned(), json!(format!("{other}\"é")))]),
    }
}

/// One row is read from both ends, page by page, and noted twice it is one.
async fn relations(store: &dyn Store) {
    let found: Vec<_> = (0..25)
        .map(|number| to("bundled_files", "file", &format!("m{number:02}")))
        .collect();
    for now in [NOW, NOW + 5] {
        store.relate("file", "zip", &found, now).await.unwrap();
    }
    let other = [to("bundled_files", "file", "m03")];
    store.relate("file", "other", &other, NOW).await.unwrap();
    let of = RelationFilter::Of {
        kind: "file",
        id: "zip",
        name: "bundled_files",
    };
    let mut seen = Vec::new();
    let mut before = None;
    loop {
        let part = store.relations(of, page(before, 10)).await.unwrap();
        assert_eq!(part.total, 25);
        seen.extend(part.entries);
        before = part.next;
        if before.is_none() {
            break;
        }
    }
    let ids: HashSet<_> = seen.iter().map(|one| one.id.as_str()).collect();
    assert_eq!((seen.len(), ids.len()), (25, 25));
    assert_eq!((seen[0].first_seen, seen[0].last_seen), (NOW, NOW + 5));
    assert_eq!(seen[0].context["filename"], format!("{}\"é", seen[0].id));
    let with = RelationFilter::With {
        kind: "file",
        name: "bundled_files",
        other_kind: "file",
        other: "m03",
    };
    let parents = store.relations(with, page(None, 10)).await.unwrap();
    let parents: Vec<_> = parents.entries.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(parents, ["other", "zip"]);
    let children =
        ["a.e.example", "b.e.example", "c.e.example"].map(|id| to("children", "domain", id));
    store
        .relate("domain", "e.example", &children, NOW)
        .await
        .unwrap();
    let beside = RelationFilter::Beside {
        kind: "domain",
        id: "b.e.example",
        name: "children",
        of: "e.example",
    };
    let siblings = store.relations(beside, page(None, 10)).await.unwrap();
    assert_eq!(siblings.total, 2);
    assert!(siblings.entries.iter().all(|one| one.id != "b.e.example"));
    assert_eq!(
        store.all_relations("file", "zip", 7).await.unwrap().len(),
        7
    );
    // Many who note the same at once.
    let noting = (0..20).map(|_| store.relate("file", "many", &found, NOW));
    let noted = futures_util::future::join_all(noting).await;
    assert!(noted.into_iter().all(|one| one.is_ok()));
    assert_eq!(
        store.all_relations("file", "many", 99).await.unwrap().len(),
        25
    );
    // Comments on what is near.
    let below = [to("subdomains", "domain", "near.e.example")];
    store
        .relate("domain", "e.example", &below, NOW)
        .await
        .unwrap();
    let (kind, near) = (Kind::Domain, "near.e.example");
    store
        .add_comment(kind.into(), near, "bob", "so near", NOW)
        .await
        .unwrap()
        .unwrap();
    let count = async |id| {
        let listed = store.comments(CommentFilter::Near(kind, id), page(None, 5));
        listed.await.unwrap().total
    };
    assert_eq!((count("e.example").await, count(near).await), (1, 0));
    for text in ["1", "2"] {
        store.note_down("x.test", text).await.unwrap();
        assert_eq!(store.noted("x.test").await.unwrap().as_deref(), Some(text));
    }
}

/// Collections hold what is put in, are seen by whom they are for, and go as a whole.
async fn collections(store: &dyn Store) {
    let new = |id: &str, owner: &str, private| CollectionRecord {
        id: id.to_owned(),
        owner: owner.to_owned(),
        private,
        name: format!("{id} 50%_É"),
        description: "d".to_owned(),
        created: NOW,
        modified: NOW,
        counts: Vec::new(),
    };
    let members = [to("files", "file", "f1"), to("urls", "url", "u1")];
    for (at, one) in [new("one", "bob", false), new("two", "zoe", true)]
        .iter()
        .enumerate()
    {
        let by = by("bob", "team");
        let added = store
            .add_collection(one, &members, by, NOW + at as i64)
            .await;
        assert_eq!(added.unwrap(), Edit::Done);
    }
    let one = store.collection("one").await.unwrap().unwrap();
    assert_eq!(one.counts[..2], [("files", 1), ("urls", 1)]);
    let listed = async |filter, order| {
        let listed = store
            .collections(filter, order, page(None, 10))
            .await
            .unwrap();
        assert_eq!(listed.total, listed.entries.len() as u64);
        listed
            .entries
            .into_iter()
            .map(|one| one.id)
            .collect::<Vec<_>>()
    };
    let newest = (CollectionOrder::Created, false);
    let seen_by = |viewer| CollectionFilter {
        viewer,
        ..CollectionFilter::default()
    };
    assert_eq!(listed(seen_by("bob"), newest).await, ["one"]);
    assert_eq!(listed(seen_by("zoe"), newest).await, ["two", "one"]);
    assert_eq!(
        listed(seen_by("zoe"), (CollectionOrder::Name, true)).await,
        ["one", "two"]
    );
    assert_eq!(
        listed(seen_by("zoe"), (CollectionOrder::Modified, true)).await,
        ["one", "two"]
    );
    let named = |name| CollectionFilter {
        name,
        ..seen_by("zoe")
    };
    assert_eq!(listed(named("ONE 50%_"), newest).await, ["one"]);
    assert!(listed(named("one_50"), newest).await.is_empty());
    let holding = |viewer| CollectionFilter {
        holding: Some(("file", "f1")),
        ..seen_by(viewer)
    };
    assert_eq!(listed(holding("bob"), newest).await, ["one"]);
    assert_eq!(listed(holding("zoe"), newest).await, ["two", "one"]);
    let first = store
        .collections(seen_by("zoe"), newest, page(None, 1))
        .await
        .unwrap();
    let second = store
        .collections(seen_by("zoe"), newest, page(first.next, 1))
        .await
        .unwrap();
    assert_eq!((second.entries[0].id.as_str(), second.next), ("one", None));
    // A comment on what only its owner sees would say that it is there.
    let comment = async |id| {
        store
            .add_comment(Topic::Collection, id, "cyd", "hm", NOW)
            .await
            .unwrap()
    };
    assert!(comment("two").await.is_none());
    assert!(comment("none").await.is_none());
    let said = comment("one").await.unwrap();
    assert!(said.id.starts_with("c-one-"));
    let change = async |id, change: CollectionChange| {
        let changed = store.change_collection(id, &change, by("bob", "team"), NOW + 9);
        changed.await.unwrap()
    };
    let hide = || CollectionChange {
        private: Some(true),
        ..CollectionChange::default()
    };
    assert_eq!(change("one", hide()).await, Edit::HasComments);
    assert_eq!(
        change("none", CollectionChange::default()).await,
        Edit::Missing
    );
    let edit = CollectionChange {
        name: Some("new".to_owned()),
        add: vec![to("references", "reference", "r1")],
        remove: vec![to("files", "file", "f1")],
        ..CollectionChange::default()
    };
    assert_eq!(change("one", edit).await, Edit::Done);
    let one = store.collection("one").await.unwrap().unwrap();
    assert_eq!((one.name.as_str(), one.description.as_str()), ("new", "d"));
    let counts: Vec<_> = one.counts.iter().map(|(_, count)| *count).collect();
    assert_eq!((counts, one.modified), (vec![0, 1, 0, 0, 1], NOW + 9));
    let many = (0..=MOST_MEMBERS).map(|number| to("domains", "domain", &number.to_string()));
    let flood = CollectionChange {
        add: many.collect(),
        ..CollectionChange::default()
    };
    assert_eq!(change("one", flood).await, Edit::Full);
    assert_eq!(
        store.collection("one").await.unwrap().unwrap().counts[2],
        ("domains", 0)
    );
    // References: once by their address, and found at what they are about or stand with.
    let reference = ReferenceRecord {
        id: "r1".to_owned(),
        owner: "bob".to_owned(),
        url: "http://r.example/".to_owned(),
        title: "T".to_owned(),
        author: String::new(),
        published: NOW - 5,
        added: NOW,
        modified: NOW,
    };
    let add = async || {
        let about = [to("files", "file", "f9")];
        store
            .add_reference(&reference, &about, by("bob", "team"), NOW)
            .await
            .unwrap()
    };
    assert_eq!(add().await, Some(Edit::Done));
    assert_eq!(add().await, None);
    assert_eq!(
        store.reference("r1").await.unwrap(),
        Some(reference.clone())
    );
    let count = async |filter| store.references(filter, page(None, 5)).await.unwrap().total;
    assert_eq!(count(ReferenceFilter::About("file", "f9")).await, 1);
    assert_eq!(count(ReferenceFilter::About("file", "f1")).await, 0);
    assert_eq!(count(ReferenceFilter::Near("url", "u1", "zoe")).await, 1);
    let put = CollectionChange {
        add: vec![
            to("references", "reference", "r1"),
            to("domains", "domain", "secret"),
        ],
        ..CollectionChange::default()
    };
    assert_eq!(change("two", put).await, Edit::Done);
    assert_eq!(
        count(ReferenceFilter::Near("domain", "secret", "zoe")).await,
        1
    );
    assert_eq!(
        count(ReferenceFilter::Near("domain", "secret", "bob")).await,
        0
    );
    let change = ReferenceChange {
        title: Some("U".to_owned()),
        ..ReferenceChange::default()
    };
    for (id, outcome) in [("r1", Edit::Done), ("r2", Edit::Missing)] {
        let changed = store.change_reference(id, &change, by("bob", "team"), NOW);
        assert_eq!(changed.await.unwrap(), outcome);
    }
    assert_eq!(store.reference("r1").await.unwrap().unwrap().title, "U");
    // A collection goes with what was said about it.
    let delete = async |id| {
        store
            .delete_collection(id, by("bob", "team"), NOW)
            .await
            .unwrap()
    };
    assert!(delete("one").await);
    assert!(!delete("one").await);
    assert!(store.comment(&said.id).await.unwrap().is_none());
    assert!(
        store
            .all_relations("collection", "one", 9)
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(
        store
            .all_relations("collection", "two", 9)
            .await
            .unwrap()
            .len(),
        4
    );
}

/// What opens a file goes with its job.
async fn passwords(store: &dyn Store) {
    let sent_as = SentAs {
        name: None,
        password: Some("pä"),
    };
    let (digests, kind) = (digests(b"protected"), file_type(b"protected"));
    let sent = store.submit_file(&digests, &kind, sent_as, by("bob", "team"), NOW);
    sent.await.unwrap();
    let job = store.claim(NOW, 10).await.unwrap().unwrap();
    assert_eq!(job.password.as_deref(), Some("pä"));
    store.complete(&job, &[], &Map::new(), NOW).await.unwrap();
    let id = digests.sha256.to_string();
    store
        .analyse(Kind::File, &id, by("bob", "team"), NOW)
        .await
        .unwrap();
    let job = store.claim(NOW, 10).await.unwrap().unwrap();
    assert_eq!(job.password, None);
    store.complete(&job, &[], &Map::new(), NOW).await.unwrap();
}

/// S16: two hundred at once with one left are one, also where several processes count.
async fn quotas(store: &dyn Store) {
    let day = NOW / DAY;
    assert_eq!(store.reserve("q", day, 99, 100).await.unwrap(), (99, 1));
    let taken = futures_util::future::join_all((0..200).map(|_| store.reserve("q", day, 1, 100)));
    let taken: u64 = taken.await.into_iter().map(|one| one.unwrap().0).sum();
    assert_eq!(taken, 1);
    store.release("q", day, 3).await.unwrap();
    assert_eq!(store.reserve("q", day, 64, 100).await.unwrap(), (3, 0));
    assert_eq!(
        store.reserve("q", day + 1, 64, 100).await.unwrap(),
        (64, 36)
    );
    let burst =
        futures_util::future::join_all((0..50).map(|_| store.admit_burst("q", NOW * 1000, 4)));
    let admitted = burst
        .await
        .into_iter()
        .filter(|one| one.as_ref().unwrap().is_none());
    assert_eq!(admitted.count(), 4);
    assert_eq!(
        store
            .admit_burst("q", NOW * 1000 + 59_000, 4)
            .await
            .unwrap(),
        Some(1000)
    );
    assert_eq!(
        store
            .admit_burst("q", NOW * 1000 + 60_000, 4)
            .await
            .unwrap(),
        None
    );
    // Two who write the same rows in different orders do not wait for each other for ever.
    let row = |account: &str| UsageRow {
        account: account.to_owned(),
        group: "team".to_owned(),
        day,
        endpoint: "files".to_owned(),
        used: 1,
    };
    let (forth, back) = ([row("bob"), row("zoe")], [row("zoe"), row("bob")]);
    let written = futures_util::future::join_all(
        (0..20).map(|n| store.add_usage(if n % 2 == 0 { &forth } else { &back })),
    );
    written.await.into_iter().for_each(|one| one.unwrap());
    let used = |rows: Vec<UsageRow>| rows.iter().map(|row| row.used).sum::<u64>();
    assert_eq!(used(store.usage_of("bob", day, day).await.unwrap()), 20);
    assert_eq!(
        used(store.usage_of_group("team", day, day).await.unwrap()),
        40
    );
    assert_eq!(store.last_day_of("bob").await.unwrap(), Some(day));
    assert_eq!(store.last_day_of("nobody").await.unwrap(), None);
    assert_eq!(used(store.usage_since(day + 1).await.unwrap()), 0);
}

async fn blobs(store: &dyn Store, blobs: &Arc<Blobs>) {
    // Of one part, of several, and of none.
    for size in [0, 1, 5 << 20, 11 << 20] {
        let bytes: Vec<u8> = (0..size).map(|at| (at % 251) as u8).collect();
        let mut incoming = blobs.receive().await.unwrap();
        for chunk in bytes.chunks(300_000) {
            incoming.write(chunk).await.unwrap();
        }
        let received = incoming.finish().await.unwrap();
        assert_eq!(received.digests, digests(&bytes));
        let sha256 = received.digests.sha256;
        drop(received.publish(store).await.unwrap());
        assert_eq!(blobs.read(&sha256).await.unwrap(), bytes);
        assert_eq!(blobs.verify(&sha256).await.unwrap(), size);
    }
    // More at once than there are connections wait for each other, and not for ever.
    let sent = futures_util::future::join_all((0..60).map(async |number: u8| {
        let bytes = [number; 3];
        let mut incoming = blobs.receive().await.unwrap();
        incoming.write(&bytes).await.unwrap();
        let received = incoming.finish().await.unwrap();
        let (digests, kind) = (received.digests, file_type(&received.head));
        let _settling = received.publish(store).await.unwrap();
        let by = by("bob", "team");
        store
            .submit_file(&digests, &kind, SentAs::default(), by, NOW)
            .await
            .unwrap();
    }));
    let sent = tokio::time::timeout(Duration::from_secs(60), sent).await;
    assert_eq!(sent.expect("they wait for each other").len(), 60);
    // What no row speaks of is swept, what one speaks of is not.
    let text = b"kept";
    let mut incoming = blobs.receive().await.unwrap();
    incoming.write(text).await.unwrap();
    let received = incoming.finish().await.unwrap();
    let settling = received.publish(store).await.unwrap();
    // Nobody sweeps while somebody is between the move and the commit.
    let sweep = tokio::time::timeout(Duration::from_millis(300), blobs.sweep(store));
    assert!(sweep.await.is_err());
    submit(store, "kept", by("bob", "team"), NOW).await;
    drop(settling);
    assert_eq!(blobs.sweep(store).await.unwrap(), 4);
    assert_eq!(blobs.verify(&sha256(text)).await.unwrap(), 4);
    work_off(store, NOW).await;
}

/// What a group has for itself is found by nobody else and by none of the methods for what is
/// everybody's, and is gone at its end.
async fn private_scanning(store: &dyn Store) {
    let text = "theirs alone";
    let ours = digests(text.as_bytes());
    let (id, kind) = (ours.sha256.to_string(), file_type(text.as_bytes()));
    let sent_as = SentAs {
        name: Some("plan.txt"),
        password: Some("pässword"),
    };
    let file = |expires| NewPrivate {
        subject: PrivateSubject::File(&ours, &kind, sent_as),
        expires,
    };
    let (bob, eve) = (by("bob", "team"), by("eve", "rivals"));
    let end = NOW + DAY;
    // Sent in by many at once: one analysis, every time counted.
    let new = file(end);
    let sent = futures_util::future::join_all((0..9).map(|_| store.submit_private(&new, bob, NOW)));
    let sent: HashSet<_> = sent.await.into_iter().map(|id| id.unwrap()).collect();
    let analysis = sent.iter().next().unwrap().clone();
    assert_eq!(sent.len(), 1);
    let url: CanonicalUrl = "http://secret.example/plan".parse().unwrap();
    let address = NewPrivate {
        subject: PrivateSubject::Url(&url),
        expires: end,
    };
    let of_url = store.submit_private(&address, bob, NOW).await.unwrap();
    let url_id = url.id().to_string();
    // Another group's is another one, and its id tells nothing of this one.
    let theirs = store.submit_private(&new, eve, NOW).await.unwrap();
    assert_ne!(theirs, analysis);
    let decoded = |id: &str| {
        use base64::Engine as _;
        let bytes = base64::engine::general_purpose::STANDARD
            .decode(id)
            .unwrap();
        String::from_utf8(bytes).unwrap()
    };
    for id in [&theirs, &analysis] {
        assert!(decoded(id).ends_with(&format!(":{NOW}")), "{}", decoded(id));
        assert!(decoded(id).starts_with(&ours.md5.to_string()));
    }
    let find =
        async |group, kind, id: &str, now| store.private_item(group, kind, id, now).await.unwrap();
    let found = find("team", Kind::File, &id, end - 1).await.unwrap();
    assert_eq!((found.item.times_submitted, found.is_stored), (9, true));
    assert_eq!(found.item.file.unwrap().names, ["plan.txt"]);
    assert!(find("team", Kind::File, &id, end).await.is_none());
    assert!(find("other", Kind::File, &id, NOW).await.is_none());
    assert!(find("team", Kind::Url, &id, NOW).await.is_none());
    let told = async |group, id: &str, now| store.private_analysis(group, id, now).await.unwrap();
    let record = told("team", &analysis, NOW).await.unwrap();
    assert_eq!(record.file, Some(ours));
    assert_eq!(record.group.as_deref(), Some("team"));
    assert!(told("rivals", &analysis, NOW).await.is_none());
    assert!(told("team", &analysis, end).await.is_none());
    // The job has what it needs, and leaves its marks at the thing alone.
    while let Some(job) = store.claim(NOW, 10).await.unwrap() {
        let of_file = job.analysis.kind == Kind::File;
        assert_eq!(job.password.is_some(), of_file);
        store.begin(&job, NOW + 5).await.unwrap();
        let inside = [to("bundled_files", "file", &sha256(b"member").to_string())];
        store.relate_private(&job, &inside, NOW).await.unwrap();
        let rule = json!([{"ruleset_id": "0123456789", "rule_name": "Plan"}]);
        let findings = Map::from_iter([("crowdsourced_yara_results".to_owned(), rule)]);
        let results = [column("E")];
        let done = store.complete(&job, &results, &findings, NOW);
        done.await.unwrap();
    }
    let rules = store.rule_records(Some("0123456789|Plan")).await.unwrap();
    assert!(rules.iter().all(|rule| rule.matches == 0));
    let found = find("team", Kind::File, &id, NOW).await.unwrap();
    assert_eq!(found.item.analysis.as_ref().unwrap().results.len(), 1);
    let (of, key) = found.place();
    assert_eq!(store.all_relations(of, &key, 9).await.unwrap().len(), 1);
    // By none of the methods for what is everybody's.
    assert!(store.keeps(&id).await.unwrap());
    assert!(!store.has_file(&id).await.unwrap());
    assert!(store.item(Kind::File, &id).await.unwrap().is_none());
    assert!(store.item(Kind::Url, &url_id).await.unwrap().is_none());
    for id in [&analysis, &of_url] {
        assert!(store.analysis(id).await.unwrap().is_none());
    }
    for hash in [
        FileHash::Md5(ours.md5),
        FileHash::Sha1(ours.sha1),
        FileHash::Sha256(ours.sha256),
    ] {
        assert!(store.files_with(&hash).await.unwrap().is_empty());
    }
    for (hash, of) in [
        (&id, PrefixOf::Sha256),
        (&ours.md5.to_string(), PrefixOf::Md5),
        (&ours.sha1.to_string(), PrefixOf::Sha1),
        (&url_id, PrefixOf::Url),
    ] {
        assert!(
            store
                .with_prefix(of, &hash[..8], 9)
                .await
                .unwrap()
                .is_empty()
        );
    }
    let everything = 0..NOW + 10 * DAY;
    for kind in [Kind::File, Kind::Url] {
        let sent = store.sent_in(kind, everything.clone()).await.unwrap();
        assert!(sent.iter().all(|one| one.item != id && one.item != url_id));
        let analysed = store.analysed(kind, everything.clone()).await.unwrap();
        assert!(!analysed.contains(&id) && !analysed.contains(&url_id));
        let old = store.expired(kind, NOW + 10 * DAY, 10_000).await.unwrap();
        assert!(!old.contains(&id) && !old.contains(&url_id));
        let listed = store.analyses(kind, &id, page(None, 9)).await.unwrap();
        assert_eq!(listed.total, 0);
        assert_eq!(store.analyse(kind, &id, bob, NOW).await.unwrap(), None);
    }
    for (kind, other) in [("file", "member"), ("domain", "secret.example")] {
        for name in ["bundled_files", "urls", "subdomains"] {
            let filter = RelationFilter::With {
                kind: "file",
                name,
                other_kind: kind,
                other: &sha256(other.as_bytes()).to_string(),
            };
            assert_eq!(
                store.relations(filter, page(None, 9)).await.unwrap().total,
                0
            );
        }
        assert!(
            store
                .all_relations(kind, other, 9)
                .await
                .unwrap()
                .is_empty()
        );
    }
    let log = store
        .audit(AuditFilter::default(), page(None, 500))
        .await
        .unwrap();
    assert!(
        log.entries
            .iter()
            .any(|one| one.action == "private_file.submitted")
    );
    let log = format!("{:?}", log.entries);
    assert!(!log.contains(&id) && !log.contains(&url_id));
    // Lists, in both orders.
    let again = store
        .analyse_private(Kind::File, &id, bob, NOW + 1)
        .await
        .unwrap();
    let again = again.unwrap();
    let ids = async |of, up, from, limit| {
        let listing = store.private_analyses("team", of, up, NOW, page(from, limit));
        let listing = listing.await.unwrap();
        let ids: Vec<_> = listing.entries.into_iter().map(|one| one.id).collect();
        (ids, listing.next, listing.total)
    };
    let (first, next, total) = ids(None, false, None, 2).await;
    assert_eq!(
        (first.as_slice(), total),
        (&[again.clone(), of_url.clone()][..], 3)
    );
    assert_eq!(ids(None, false, next, 2).await.0, [analysis.as_str()]);
    let (first, next, _) = ids(None, true, None, 2).await;
    assert_eq!(first, [analysis.as_str(), of_url.as_str()]);
    assert_eq!(ids(None, true, next, 2).await.0, [again.as_str()]);
    let of_file = ids(Some((Kind::File, id.as_str())), false, None, 9).await;
    assert_eq!(of_file.0, [again.as_str(), analysis.as_str()]);
    let files = store
        .private_files("team", NOW, page(None, 9))
        .await
        .unwrap();
    assert_eq!((files.entries.len(), files.total), (1, 1));
    assert_eq!(
        store
            .private_files("team", end, page(None, 9))
            .await
            .unwrap()
            .total,
        0
    );
    // Deleted while a worker is at it: what it finds is nowhere.
    let job = store.claim(NOW + 1, 10).await.unwrap().unwrap();
    store.begin(&job, NOW + 5).await.unwrap();
    let delete = async |only, by| {
        store
            .delete_private(Kind::File, &id, only, by, NOW)
            .await
            .unwrap()
    };
    assert!(!delete(false, by("zoe", "other")).await);
    assert!(delete(true, bob).await);
    assert!(!find("team", Kind::File, &id, NOW).await.unwrap().is_stored);
    let gone = store.analyse_private(Kind::File, &id, bob, NOW + 2).await;
    assert_eq!(gone.unwrap(), None);
    assert!(store.keeps(&id).await.unwrap(), "the rivals have it too");
    assert!(delete(false, bob).await && !delete(false, bob).await);
    let inside = [to("bundled_files", "file", "late")];
    let late = store.relate_private(&job, &inside, NOW).await;
    assert!(matches!(late, Err(StoreError::LeaseLost)));
    let late = store.complete(&job, &[], &Map::new(), NOW).await;
    assert!(matches!(late, Err(StoreError::LeaseLost)));
    assert!(store.all_relations(of, &key, 9).await.unwrap().is_empty());
    assert!(find("rivals", Kind::File, &id, NOW).await.is_some());
    // What is sent in again stays until the new end; the rest goes at its own.
    store
        .submit_private(&file(end + DAY), eve, NOW)
        .await
        .unwrap();
    assert_eq!(store.expire_private(end - 1, 9).await.unwrap(), []);
    let gone = store.expire_private(end, 9).await.unwrap();
    assert_eq!(gone, [(Kind::Url, url_id)]);
    assert!(find("rivals", Kind::File, &id, end).await.is_some());
    work_off(store, NOW + 2).await;
    assert_eq!(store.contradictions().await.unwrap(), []);
    // Scans in a minute are counted beside requests.
    assert_eq!(store.recent("team/scans", 1_000_000).await.unwrap(), 0);
    store.admit_burst("team/scans", 1_000_000, 2).await.unwrap();
    assert_eq!(store.recent("team/scans", 1_059_999).await.unwrap(), 1);
    assert_eq!(store.recent("team/scans", 1_060_000).await.unwrap(), 0);
}

async fn upkeep(store: &dyn Store) {
    let private = sha256(b"theirs alone").to_string();
    let names = store.files_after("", 10_000).await.unwrap();
    assert!(
        names.contains(&(private.clone(), 12)),
        "a backup would lack it"
    );
    let gone = store.expire_private(NOW + 3 * DAY, 9).await.unwrap();
    assert_eq!(gone, [(Kind::File, private.clone())]);
    assert!(!store.keeps(&private).await.unwrap());
    assert_eq!(store.contradictions().await.unwrap(), []);
    let names = store.files_after("", 10_000).await.unwrap();
    assert!(names.is_sorted());
    let rest = store.files_after(&names[3].0, 2).await.unwrap();
    assert_eq!(rest, names[4..6]);
    let (old, young) = (NOW + DAY, NOW + 10 * DAY);
    for (text, time) in [("old", old), ("young", young)] {
        submit(store, text, by("bob", "team"), time).await;
        work_off(store, time).await;
    }
    let before = NOW + 5 * DAY;
    let expired = store.expired(Kind::File, before, 10_000).await.unwrap();
    let (old, young) = (
        digests(b"old").sha256.to_string(),
        digests(b"young").sha256.to_string(),
    );
    assert!(expired.contains(&old) && !expired.contains(&young));
    assert!(!store.forget(Kind::File, &young, before).await.unwrap());
    // What people said of it stays.
    store
        .vote(Kind::File, &old, "bob", VoteVerdict::Harmless, NOW)
        .await
        .unwrap();
    let inside = [to("bundled_files", "file", "m")];
    store.relate("file", &old, &inside, NOW).await.unwrap();
    let host = [to("subdomains", "file", &old)];
    store
        .relate("domain", "f.example", &host, NOW)
        .await
        .unwrap();
    let kept = [to("bundled_files", "file", &old)];
    store.relate("file", &young, &kept, NOW).await.unwrap();
    for id in &expired {
        assert!(store.forget(Kind::File, id, before).await.unwrap(), "{id}");
    }
    assert_eq!(store.files_after("", 10).await.unwrap().len(), 1);
    let item = store.item(Kind::File, &old).await.unwrap().unwrap();
    assert_eq!((item.votes_harmless, item.times_submitted), (1, 0));
    assert!(
        store
            .expired(Kind::File, before, 10)
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(store.contradictions().await.unwrap(), []);
    // What it held goes with it, and that another one holds it stays.
    let left = async |kind, id: &str| store.all_relations(kind, id, 9).await.unwrap().len();
    assert_eq!(left("file", &old).await, 0);
    assert_eq!(left("domain", "f.example").await, 0);
    assert_eq!(left("file", &young).await, 1);
    assert_eq!(store.forget_usage(NOW / DAY + 1).await.unwrap(), 2);
}

async fn rings(bell: &dyn Bell) {
    bell.ring().await;
    let began = Instant::now();
    bell.wait(Duration::from_secs(20)).await;
    assert!(began.elapsed() < Duration::from_secs(10), "not heard");
}

async fn whole(store: &dyn Store, blobs_at: &Arc<Blobs>) {
    accounts(store).await;
    items(store).await;
    community(store).await;
    fair_turns(store).await;
    fair_members(store).await;
    stopped_workers(store).await;
    lists(store).await;
    looking_back(store).await;
    quotas(store).await;
    leaving(store).await;
    rules(store).await;
    feeds(store).await;
    behaviours(store).await;
    upstream(store).await;
    relations(store).await;
    collections(store).await;
    passwords(store).await;
    private_scanning(store).await;
    blobs(store, blobs_at).await;
    // A table or a column that is not carried along would be lost by every backup.
    let schema: HashSet<_> = store.schema().await.unwrap().into_iter().collect();
    let carried: HashSet<_> = TABLES
        .iter()
        .flat_map(|table| {
            let columns = table.columns.iter();
            columns.map(|(column, _)| (table.name.to_owned(), (*column).to_owned()))
        })
        .collect();
    let left: Vec<_> = schema
        .difference(&carried)
        .filter(|(table, _)| !LEFT_BEHIND.contains(&table.as_str()))
        .collect();
    assert_eq!(left, [] as [&(String, String); 0]);
    assert!(carried.is_subset(&schema));
}

struct Copy(Filler, Tally);

#[async_trait]
impl Sink for Copy {
    async fn row(&mut self, table: &'static Table, row: &str) -> Result<()> {
        let line = self.1.add(table, row)?;
        self.0.add(table, &line).await
    }
}

/// Carries everything over and compares.
async fn carry(from: &dyn Store, to: &dyn Store) {
    let mut copy = Copy(Filler::new(to.import().await.unwrap()), Tally::default());
    from.export(&mut copy).await.unwrap();
    copy.0.commit().await.unwrap();
    let mut there = Tally::default();
    to.export(&mut there).await.unwrap();
    assert_eq!(copy.1.finish(), there.finish());
    // New rows come after the old ones.
    let listed = to
        .comments(CommentFilter::All, page(None, 1))
        .await
        .unwrap();
    let added = to.add_comment(Kind::Domain.into(), "later.example", "bob", "later", NOW);
    let added = added.await.unwrap().unwrap().id;
    let newest = to
        .comments(CommentFilter::All, page(None, 1))
        .await
        .unwrap();
    assert_eq!(newest.entries[0].id, added);
    assert_eq!(newest.total, listed.total + 1);
    submit(to, "later", by("bob", "team"), NOW).await;
    let below = [self::to("subdomains", "domain", "a.later.example")];
    let related = to.relate("domain", "later.example", &below, NOW);
    related.await.unwrap();
    let url: CanonicalUrl = "http://later.example/".parse().unwrap();
    let later = NewPrivate {
        subject: PrivateSubject::Url(&url),
        expires: NOW + 1,
    };
    let later = to.submit_private(&later, by("bob", "team"), NOW);
    later.await.unwrap();
    let again = to.import().await;
    assert!(matches!(
        again,
        Err(StoreError::NotEmpty {
            table: "user_group"
        })
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_and_local_files() {
    let directory = Directory::new();
    let store = SqliteStore::open(&directory.0.join("a.sqlite"))
        .await
        .unwrap();
    let blobs = Arc::new(Blobs::local(&directory.0, 1).unwrap());
    whole(&store, &blobs).await;
    rings(&LocalBell::default()).await;
    let other = SqliteStore::open(&directory.0.join("b.sqlite"))
        .await
        .unwrap();
    carry(&store, &other).await;
    upkeep(&store).await;
    // The audit log is only added to.
    for statement in [
        "DELETE FROM audit",
        "UPDATE audit SET actor = 'somebody else'",
    ] {
        let refused = store.execute_for_test(statement).await.unwrap_err();
        assert!(refused.to_string().contains("only added to"), "{refused}");
    }
    // S18: a full file ends a transaction, and nothing beyond it. (The limit goes with the
    // connection that was spoiled.)
    let full = "PRAGMA max_page_count = 1";
    other.execute_for_test(full).await.unwrap();
    let row = |endpoint: String| UsageRow {
        account: "bob".to_owned(),
        group: "team".to_owned(),
        day: 1,
        endpoint,
        used: 1,
    };
    let rows: Vec<_> = (0..20_000).map(|number| row(number.to_string())).collect();
    other.add_usage(&rows).await.unwrap_err();
    other.add_usage(&rows).await.unwrap();
    assert_eq!(other.usage_of("bob", 1, 1).await.unwrap().len(), rows.len());
    // A moved store is only read.
    let frozen = store.freeze().await.unwrap();
    assert!(store.account("bob").await.unwrap().is_some());
    frozen.moved_to("elsewhere").await.unwrap();
    let refused = store.add_usage(&[]).await;
    assert!(matches!(refused, Err(StoreError::Moved { .. })));
    assert!(store.account("bob").await.unwrap().is_some());
    // S6: the disk keeps its reserve.
    let full = Blobs::local(&directory.0, u64::MAX).unwrap();
    assert!(matches!(full.room_for(0), Err(StoreError::NoSpace { .. })));
}

/// Two processes on one store. An epoch ends with every commit of what look-ups read, whichever process makes
/// it, before anybody is told that it is done; and with nothing that a process counts itself.
async fn epochs(store: &dyn Store, beside: &dyn Store) {
    let now = async || store.epoch().await.expect("the store tells the epoch");
    let hash = Secret::draw().unwrap().hash();
    let new = NewAccount {
        name: "epoch",
        group: "epoch",
        tier: Some(Tier::Public),
        administrator: false,
        service: false,
        email: None,
    };
    let added = beside.add_account(&new, (&hash).into(), LOCAL, NOW);
    assert_eq!(added.await.unwrap(), AddAccount::Added);
    let by = by("epoch", "epoch");
    submit(beside, "epoch", by, NOW).await;
    let sha256 = sha256(b"epoch").to_string();

    // Reading and counting end none. PostgreSQL's own upkeep may, so one time of some must do.
    let mut stayed = false;
    for _ in 0..5 {
        let before = now().await;
        store.account_by_key(&hash, NOW).await.unwrap();
        store.item(Kind::File, &sha256).await.unwrap();
        let row = UsageRow {
            account: "epoch".to_owned(),
            group: "epoch".to_owned(),
            day: 1,
            endpoint: "files".to_owned(),
            used: 1,
        };
        store.add_usage(&[row]).await.unwrap();
        store.reserve("epoch", 1, 10, 100).await.unwrap();
        store.release("epoch", 1, 10).await.unwrap();
        store.admit_burst("epoch", 1_000_000, 4).await.unwrap();
        let who = ("epoch", "epoch");
        store.spend(who, "a quota", 1, 1, 10).await.unwrap();
        stayed |= now().await == before;
    }
    assert!(stayed, "counting ends the epoch");

    // Every change does, here and beside.
    for (number, changing) in [store, beside, store, beside].into_iter().enumerate() {
        let before = now().await;
        let name = format!("{number}.example");
        let vote = changing.vote(Kind::Domain, &name, "epoch", VoteVerdict::Malicious, NOW);
        vote.await.unwrap();
        assert!(now().await > before, "a vote, {number}");
    }
    let before = now().await;
    work_off(beside, NOW).await;
    assert!(now().await > before, "an analysis");
    let before = now().await;
    assert!(beside.take_free_read(&sha256, "epoch").await.unwrap());
    assert!(now().await > before, "the free reading");
    let before = now().await;
    let id = hash.id();
    let revoked = beside.revoke_key("epoch", &id, LOCAL, NOW);
    assert!(revoked.await.unwrap());
    assert!(now().await > before, "a key");

    // Also while so many ask that each question is shared: an answer from before a commit is nobody's
    // who came after it.
    let asking = AtomicBool::new(true);
    let crowd = futures_util::future::join_all((0..20).map(async |_| {
        while asking.load(Ordering::Relaxed) {
            now().await;
            tokio::task::yield_now().await;
        }
    }));
    let changes = async {
        for number in 0..100 {
            let before = now().await;
            let name = format!("{number}.epoch.example");
            let vote = beside.vote(Kind::Domain, &name, "epoch", VoteVerdict::Harmless, NOW);
            vote.await.unwrap();
            assert!(now().await > before, "a vote in a crowd, {number}");
        }
        asking.store(false, Ordering::Relaxed);
    };
    futures_util::future::join(crowd, changes).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn epochs_of_sqlite() {
    let directory = Directory::new();
    let path = directory.0.join("a.sqlite");
    let store = SqliteStore::open(&path).await.unwrap();
    let beside = SqliteStore::open(&path).await.unwrap();
    epochs(&store, &beside).await;
    // Without an index that both look at nothing is known.
    std::fs::remove_file(directory.0.join("a.sqlite-shm")).unwrap();
    assert_eq!(store.epoch().await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn epochs_of_postgres() {
    let directory = Directory::new();
    let mut postgres = services::Postgres::start(&directory.0);
    let store = PostgresStore::open(&postgres.url, false).await.unwrap();
    let beside = PostgresStore::open(&postgres.url, false).await.unwrap();
    epochs(&store, &beside).await;
    // While the server is away nothing is known, and when it is back it is again.
    let before = store.epoch().await.unwrap();
    postgres.stop();
    assert_eq!(store.epoch().await, None);
    postgres.start_again();
    let again = async || {
        while store.epoch().await.is_none() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), again())
        .await
        .unwrap();
    assert!(store.epoch().await.unwrap() >= before);
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_s3_and_nats() {
    let directory = Directory::new();
    let postgres = services::Postgres::start(&directory.0);
    let s3 = services::S3::start(&directory.0);
    let nats = services::Nats::start(&directory.0);
    let (credentials, address) = (services::S3_CREDENTIALS, &s3.url);
    let credentials = credentials.map(|(name, value)| (name.to_lowercase(), value));
    let blobs = Arc::new(Blobs::s3_with(address, &credentials).unwrap());
    let store = PostgresStore::open(&postgres.url, true).await.unwrap();
    whole(&store, &blobs).await;
    rings(&NatsBell::connect(&nats.url).await.unwrap()).await;
    // The store itself rings, once what it is about is committed.
    let bell = PostgresBell::listen(&postgres.url).await.unwrap();
    submit(&store, "rung", by("bob", "team"), NOW).await;
    let began = Instant::now();
    bell.wait(Duration::from_secs(20)).await;
    assert!(began.elapsed() < Duration::from_secs(10), "not heard");
    // Between the dialects, there and back.
    let sqlite = SqliteStore::open(&directory.0.join("a.sqlite"))
        .await
        .unwrap();
    carry(&store, &sqlite).await;
    store
        .execute_for_test("CREATE DATABASE back")
        .await
        .unwrap();
    let back = postgres.url.replace("/postgres", "/back");
    let back = PostgresStore::open(&back, false).await.unwrap();
    carry(&sqlite, &back).await;
    work_off(&store, NOW).await;
    upkeep(&store).await;
    // The audit log is only added to.
    for statement in [
        "DELETE FROM audit",
        "UPDATE audit SET actor = 'somebody else'",
        "TRUNCATE audit",
    ] {
        let refused = store.execute_for_test(statement).await.unwrap_err();
        assert!(refused.to_string().contains("only added to"), "{refused}");
    }
    // S20: what a newer version has written is refused politely.
    let newer = "INSERT INTO _sqlx_migrations
        (version, description, success, checksum, execution_time) VALUES (999, '', true, '', 0)";
    store.execute_for_test(newer).await.unwrap();
    let refused = PostgresStore::open(&postgres.url, true)
        .await
        .err()
        .unwrap();
    assert!(
        matches!(refused, StoreError::Newer { found: 999, .. }),
        "{refused}"
    );
}
