-- What the upstream said: a cache, which is left behind when a store is moved.

CREATE TABLE upstream_answer (
    kind    TEXT COLLATE "C" NOT NULL,
    id      TEXT COLLATE "C" NOT NULL,
    fetched BIGINT NOT NULL,
    body    TEXT COLLATE "C", -- a JSON object: the attributes; NULL where the upstream knows nothing
    PRIMARY KEY (kind, id)
);
CREATE INDEX upstream_answer_fetched ON upstream_answer (fetched);

-- Until when it is left alone, in milliseconds.
CREATE TABLE upstream_pause (
    one   BIGINT PRIMARY KEY CHECK (one = 1),
    until BIGINT NOT NULL
);
