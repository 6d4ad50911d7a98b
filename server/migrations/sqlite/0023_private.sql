-- Private scanning: what a group sends in for itself alone.

-- Beside the tables `item`, `file` and `url`, so that nothing which asks those finds it. Its analyses,
-- its jobs and its relations stand among the others, under `kind` and `key`.
CREATE TABLE private_item (
    seq              INTEGER PRIMARY KEY AUTOINCREMENT,
    kind             TEXT NOT NULL CHECK (kind IN ('private_file', 'private_url')),
    key              TEXT NOT NULL, -- the group, /, the id
    group_name       TEXT NOT NULL,
    id               TEXT NOT NULL, -- a file's SHA-256, a URL's id
    sample           TEXT,          -- the same again for as long as the file's bytes are kept
    sha1             TEXT,
    md5              TEXT,
    size             INTEGER,
    type_tag         TEXT,
    type_description TEXT,
    type_extension   TEXT,
    type_tags        TEXT,          -- a JSON list
    url              TEXT,
    names            TEXT NOT NULL, -- a JSON list, the last one first
    first_submission INTEGER NOT NULL,
    last_submission  INTEGER NOT NULL,
    times_submitted  INTEGER NOT NULL,
    expires          INTEGER NOT NULL,
    last_analysis    TEXT,
    UNIQUE (kind, key)
);
CREATE INDEX private_item_group ON private_item (group_name, kind, seq);
CREATE INDEX private_item_expires ON private_item (expires);
CREATE INDEX private_item_sample ON private_item (sample) WHERE sample IS NOT NULL;

-- Whether what comes in by the address is private.
ALTER TABLE upload_token ADD COLUMN private INTEGER NOT NULL DEFAULT 0;

-- The group whose private files are in the ZIP.
ALTER TABLE zip_file ADD COLUMN group_name TEXT;
