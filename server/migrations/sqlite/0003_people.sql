-- People: roles in groups, add-ons, an audit log, a community that weighs what is said, and where
-- submissions come from.

ALTER TABLE account ADD COLUMN email TEXT;
ALTER TABLE account ADD COLUMN group_role TEXT NOT NULL DEFAULT 'member'
    CHECK (group_role IN ('member', 'administrator'));
CREATE UNIQUE INDEX account_email ON account (email);
-- Until now a group was founded by the user after whom it is named.
UPDATE account SET group_role = 'administrator' WHERE name = group_name;

ALTER TABLE user_group ADD COLUMN profile TEXT NOT NULL DEFAULT '{}'; -- a JSON object of texts
-- A JSON object: what the group may use, where that is not what its tier allows.
ALTER TABLE user_group ADD COLUMN quotas TEXT NOT NULL DEFAULT '{}';

-- What was granted beside the tier.
CREATE TABLE privilege (
    holder_kind TEXT NOT NULL CHECK (holder_kind IN ('user', 'group')),
    holder      TEXT NOT NULL,
    name        TEXT NOT NULL,
    expires     INTEGER,
    PRIMARY KEY (holder_kind, holder, name)
) WITHOUT ROWID;

-- Who did what. Rows are added and never changed.
CREATE TABLE audit (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    date       INTEGER NOT NULL,
    actor      TEXT NOT NULL,
    interface  TEXT NOT NULL,
    action     TEXT NOT NULL,
    subject    TEXT NOT NULL,
    group_name TEXT NOT NULL, -- whom it concerns: its administrators may read it
    detail     TEXT NOT NULL  -- a JSON object
);
CREATE INDEX audit_actor ON audit (actor, seq);
CREATE INDEX audit_subject ON audit (subject, seq);
CREATE INDEX audit_group ON audit (group_name, seq);
CREATE TRIGGER audit_stays BEFORE DELETE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END;
CREATE TRIGGER audit_is_true BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END;

-- What a vote counted for when it was cast.
ALTER TABLE vote ADD COLUMN weight INTEGER NOT NULL DEFAULT 1;

-- The words of comments, for finding them; `indexed` says that a comment's are here.
ALTER TABLE comment ADD COLUMN indexed INTEGER NOT NULL DEFAULT 0;
CREATE INDEX comment_unindexed ON comment (seq) WHERE indexed = 0;
CREATE TABLE comment_word (
    word    TEXT NOT NULL,
    comment INTEGER NOT NULL REFERENCES comment (seq) ON DELETE CASCADE,
    PRIMARY KEY (word, comment)
) WITHOUT ROWID;
CREATE INDEX comment_word_comment ON comment_word (comment);

CREATE TABLE comment_mention (
    account TEXT NOT NULL,
    comment INTEGER NOT NULL REFERENCES comment (seq) ON DELETE CASCADE,
    PRIMARY KEY (account, comment)
) WITHOUT ROWID;
CREATE INDEX comment_mention_comment ON comment_mention (comment);

CREATE INDEX comment_vote_abuse ON comment_vote (comment) WHERE verdict = 'abuse';

-- What somebody holds to be objected to wrongly.
CREATE TABLE false_positive (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    kind       TEXT NOT NULL,
    item       TEXT NOT NULL,
    account    TEXT NOT NULL,
    date       INTEGER NOT NULL,
    text       TEXT NOT NULL,
    status     TEXT NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'accepted', 'rejected')),
    decided    INTEGER,
    decided_by TEXT,
    answer     TEXT
);
CREATE UNIQUE INDEX false_positive_open ON false_positive (kind, item, account)
    WHERE status = 'open';
CREATE INDEX false_positive_status ON false_positive (status, seq);

ALTER TABLE submission ADD COLUMN country TEXT; -- ISO 3166-1, two letters

-- What the store keeps for itself, such as the key of the sources' pseudonyms.
CREATE TABLE setting (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

-- A job's turn among the jobs of its group: its members take turns, as groups do.
ALTER TABLE job ADD COLUMN account TEXT NOT NULL DEFAULT '';
ALTER TABLE job ADD COLUMN turn INTEGER NOT NULL DEFAULT 0;
UPDATE job SET turn = rank;
CREATE INDEX job_member ON job (group_name, account, turn);
CREATE INDEX job_turn ON job (group_name, turn, id);
