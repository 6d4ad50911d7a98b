-- The store's first schema. Times are seconds since the Unix epoch, UTC. `kind` holds the API's
-- object types: file, url, domain, ip_address. Every listing is read from its newest `seq` down.

CREATE TABLE user_group (
    name    TEXT PRIMARY KEY,
    tier    TEXT NOT NULL,
    created INTEGER NOT NULL
);

CREATE TABLE account (
    name           TEXT PRIMARY KEY,
    group_name     TEXT NOT NULL REFERENCES user_group (name),
    role           TEXT NOT NULL CHECK (role IN ('member', 'administrator')),
    status         TEXT NOT NULL DEFAULT 'active',
    first_name     TEXT NOT NULL DEFAULT '',
    last_name      TEXT NOT NULL DEFAULT '',
    profile_phrase TEXT NOT NULL DEFAULT '',
    preferences    TEXT NOT NULL DEFAULT '{}',
    reputation     INTEGER NOT NULL DEFAULT 1,
    created        INTEGER NOT NULL
);
CREATE INDEX account_group ON account (group_name);

-- Only the SHA-256 of a key is kept: a stolen store opens no door.
CREATE TABLE api_key (
    hash    BLOB PRIMARY KEY,
    account TEXT NOT NULL REFERENCES account (name),
    label   TEXT NOT NULL DEFAULT '',
    created INTEGER NOT NULL,
    expires INTEGER,
    revoked INTEGER
);
CREATE INDEX api_key_account ON api_key (account);

CREATE TABLE upload_token (
    hash    BLOB PRIMARY KEY,
    account TEXT NOT NULL REFERENCES account (name),
    expires INTEGER NOT NULL
);

CREATE TABLE usage (
    account    TEXT NOT NULL,
    group_name TEXT NOT NULL,
    day        INTEGER NOT NULL, -- days since the Unix epoch
    endpoint   TEXT NOT NULL,
    used       INTEGER NOT NULL,
    PRIMARY KEY (account, group_name, day, endpoint)
) WITHOUT ROWID;

-- What somebody sent in, commented on or voted for.
CREATE TABLE item (
    kind              TEXT NOT NULL,
    id                TEXT NOT NULL,
    first_submission  INTEGER,
    last_submission   INTEGER,
    times_submitted   INTEGER NOT NULL DEFAULT 0,
    unique_sources    INTEGER NOT NULL DEFAULT 0,
    votes_harmless    INTEGER NOT NULL DEFAULT 0,
    votes_malicious   INTEGER NOT NULL DEFAULT 0,
    reputation        INTEGER NOT NULL DEFAULT 0,
    last_modification INTEGER NOT NULL,
    last_analysis     TEXT,
    PRIMARY KEY (kind, id)
) WITHOUT ROWID;

CREATE TABLE file (
    sha256           TEXT PRIMARY KEY,
    sha1             TEXT NOT NULL,
    md5              TEXT NOT NULL,
    size             INTEGER NOT NULL,
    type_tag         TEXT NOT NULL,
    type_description TEXT NOT NULL,
    type_extension   TEXT NOT NULL,
    type_tags        TEXT NOT NULL -- a JSON list
) WITHOUT ROWID;
CREATE INDEX file_sha1 ON file (sha1);
CREATE INDEX file_md5 ON file (md5);

CREATE TABLE file_name (
    sha256    TEXT NOT NULL REFERENCES file (sha256),
    name      TEXT NOT NULL,
    seen      INTEGER NOT NULL, -- how often
    last_seen INTEGER NOT NULL,
    PRIMARY KEY (sha256, name)
) WITHOUT ROWID;

CREATE TABLE url (
    id  TEXT PRIMARY KEY,
    url TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE submission (
    seq       INTEGER PRIMARY KEY AUTOINCREMENT,
    kind      TEXT NOT NULL,
    item      TEXT NOT NULL,
    date      INTEGER NOT NULL,
    account   TEXT NOT NULL,
    name      TEXT,
    interface TEXT NOT NULL
);
CREATE INDEX submission_item ON submission (kind, item, seq);
CREATE INDEX submission_source ON submission (kind, item, account);

-- Every analysis is kept: the history of a verdict is worth as much as the last one.
CREATE TABLE analysis (
    seq       INTEGER PRIMARY KEY AUTOINCREMENT,
    id        TEXT NOT NULL UNIQUE,
    kind      TEXT NOT NULL,
    item      TEXT NOT NULL,
    date      INTEGER NOT NULL,
    status    TEXT NOT NULL CHECK (status IN ('queued', 'in-progress', 'completed')),
    results   TEXT NOT NULL DEFAULT '[]', -- a JSON list, one entry an engine
    findings  TEXT NOT NULL DEFAULT '{}', -- a JSON object: report attributes beside the results
    completed INTEGER,
    attempts  INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX analysis_item ON analysis (kind, item, seq);
CREATE INDEX analysis_unfinished ON analysis (kind, item) WHERE status <> 'completed';

-- Work that is accepted and not done. A row leaves in the transaction that completes its analysis.
CREATE TABLE job (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    analysis    TEXT NOT NULL UNIQUE REFERENCES analysis (id),
    group_name  TEXT NOT NULL,
    attempts    INTEGER NOT NULL DEFAULT 0,
    not_before  INTEGER NOT NULL, -- also the end of the lease while a worker is at it
    error       TEXT
);
CREATE INDEX job_due ON job (not_before, id);

-- Who sent a new file in may read its first report free of charge.
CREATE TABLE free_read (
    sha256     TEXT NOT NULL,
    group_name TEXT NOT NULL,
    PRIMARY KEY (sha256, group_name)
) WITHOUT ROWID;

CREATE TABLE comment (
    seq     INTEGER PRIMARY KEY AUTOINCREMENT,
    id      TEXT NOT NULL UNIQUE,
    kind    TEXT NOT NULL,
    item    TEXT NOT NULL,
    account TEXT NOT NULL,
    date    INTEGER NOT NULL,
    text    TEXT NOT NULL
);
CREATE INDEX comment_item ON comment (kind, item, seq);
CREATE INDEX comment_account ON comment (account, seq);

CREATE TABLE comment_tag (
    tag     TEXT NOT NULL,
    comment INTEGER NOT NULL REFERENCES comment (seq) ON DELETE CASCADE,
    place   INTEGER NOT NULL, -- the tag's position in the text
    PRIMARY KEY (tag, comment)
) WITHOUT ROWID;
CREATE INDEX comment_tag_comment ON comment_tag (comment, place);

CREATE TABLE comment_vote (
    comment INTEGER NOT NULL REFERENCES comment (seq) ON DELETE CASCADE,
    account TEXT NOT NULL,
    verdict TEXT NOT NULL CHECK (verdict IN ('positive', 'negative', 'abuse')),
    PRIMARY KEY (comment, account)
) WITHOUT ROWID;

CREATE TABLE vote (
    seq     INTEGER PRIMARY KEY AUTOINCREMENT,
    id      TEXT NOT NULL UNIQUE,
    kind    TEXT NOT NULL,
    item    TEXT NOT NULL,
    account TEXT NOT NULL,
    date    INTEGER NOT NULL,
    verdict TEXT NOT NULL CHECK (verdict IN ('harmless', 'malicious')),
    UNIQUE (kind, item, account)
);
CREATE INDEX vote_item ON vote (kind, item, seq);
CREATE INDEX vote_account ON vote (account, seq);
