-- What the upstream said: a cache, which is left behind when a store is moved.

CREATE TABLE upstream_answer (
    kind    TEXT NOT NULL,
    id      TEXT NOT NULL,
    fetched INTEGER NOT NULL,
    body    TEXT, -- a JSON object: the attributes; NULL where the upstream knows nothing
    PRIMARY KEY (kind, id)
) WITHOUT ROWID;
CREATE INDEX upstream_answer_fetched ON upstream_answer (fetched);

-- Until when it is left alone, in milliseconds.
CREATE TABLE upstream_pause (
    one   INTEGER PRIMARY KEY CHECK (one = 1),
    until INTEGER NOT NULL
);
