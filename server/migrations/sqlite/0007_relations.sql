-- What belongs to what, and what people collect.

-- One row a pair and name, read from both ends: a ZIP's `bundled_files` are its members'
-- `compressed_parents`. `kind` and `other_kind` hold the API's object types.
CREATE TABLE relation (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    kind       TEXT NOT NULL,
    item       TEXT NOT NULL,
    name       TEXT NOT NULL, -- as it is called from the item's side
    other_kind TEXT NOT NULL,
    other      TEXT NOT NULL,
    first_seen INTEGER NOT NULL,
    last_seen  INTEGER NOT NULL,
    context    TEXT NOT NULL, -- a JSON object: what the API shows as context_attributes
    UNIQUE (kind, item, name, other_kind, other)
);
CREATE INDEX relation_item ON relation (kind, item, name, seq);
CREATE INDEX relation_other ON relation (other_kind, other, name, kind, seq);

-- What is in a collection are its relations `files`, `urls`, `domains`, `ip_addresses` and
-- `references`.
CREATE TABLE collection (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    id          TEXT NOT NULL UNIQUE,
    account     TEXT NOT NULL,
    private     INTEGER NOT NULL CHECK (private IN (0, 1)),
    name        TEXT NOT NULL,
    description TEXT NOT NULL,
    created     INTEGER NOT NULL,
    modified    INTEGER NOT NULL
);
CREATE INDEX collection_account ON collection (account, seq);

-- A publication; its id is that of its address. What it is about are its relations, as above.
CREATE TABLE reference (
    seq       INTEGER PRIMARY KEY AUTOINCREMENT,
    id        TEXT NOT NULL UNIQUE,
    account   TEXT NOT NULL,
    url       TEXT NOT NULL,
    title     TEXT NOT NULL,
    author    TEXT NOT NULL,
    published INTEGER NOT NULL,
    added     INTEGER NOT NULL,
    modified  INTEGER NOT NULL
);

-- What opens a file that is protected, for as long as it waits for its analysis.
ALTER TABLE job ADD COLUMN password TEXT;
