-- What sandboxes saw files do, and what the files touched then.

CREATE TABLE behaviour (
    seq      INTEGER PRIMARY KEY AUTOINCREMENT,
    id       TEXT NOT NULL UNIQUE, -- the file's SHA-256, _, the sandbox's name
    sha256   TEXT NOT NULL REFERENCES file (sha256),
    imported INTEGER NOT NULL,
    report   TEXT NOT NULL -- a JSON object
);
CREATE INDEX behaviour_file ON behaviour (sha256, seq);
CREATE INDEX behaviour_imported ON behaviour (imported);

-- Beside the table `relation`, since a row here belongs to one report and goes when a later report
-- takes that one's place: what two sandboxes saw stands twice, and is shown once.
CREATE TABLE behaviour_relation (
    seq       INTEGER PRIMARY KEY AUTOINCREMENT,
    behaviour INTEGER NOT NULL REFERENCES behaviour (seq) ON DELETE CASCADE,
    sha256    TEXT NOT NULL, -- the file that ran
    name      TEXT NOT NULL, -- of the file's relationship
    kind      TEXT NOT NULL, -- type of what it touched
    target    TEXT NOT NULL, -- and its id
    UNIQUE (behaviour, name, target)
);
CREATE INDEX behaviour_relation_file ON behaviour_relation (sha256, name, seq);
CREATE INDEX behaviour_relation_target ON behaviour_relation (kind, target, name, seq);

-- What sandboxes call a file: a JSON object by their names.
ALTER TABLE file ADD COLUMN sandbox_verdicts TEXT NOT NULL DEFAULT '{}';
