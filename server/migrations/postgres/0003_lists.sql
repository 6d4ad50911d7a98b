-- Versions of the lists that are handed to clients, so that each gets only what changed since its own.

CREATE TABLE list_version (
    list     TEXT COLLATE "C" NOT NULL,
    sequence BIGINT NOT NULL,
    date     BIGINT NOT NULL,
    entries  BIGINT NOT NULL,
    checksum TEXT COLLATE "C" NOT NULL, -- the SHA-256 at the end of the file
    content  TEXT COLLATE "C" NOT NULL, -- SHA-256 over the prefixes: the same in versions that hold the same
    file     BYTEA NOT NULL,            -- see core/src/blocklist/file.rs
    PRIMARY KEY (list, sequence)
);

-- What was decided on a thing, for the record of the engines.
CREATE INDEX false_positive_item ON false_positive (kind, item);
