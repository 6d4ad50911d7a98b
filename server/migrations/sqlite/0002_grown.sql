-- What several workers, fair turns and a move to a grown store need.

-- A job's turn among all groups' jobs, and the number of its last claim: what a worker with an
-- older one says does not count any more.
ALTER TABLE job ADD COLUMN rank INTEGER NOT NULL DEFAULT 0;
ALTER TABLE job ADD COLUMN claim INTEGER NOT NULL DEFAULT 0;
ALTER TABLE job ADD COLUMN deadline INTEGER; -- of the attempt that is running
UPDATE job SET rank = turns.rank FROM (
    SELECT id, row_number() OVER (PARTITION BY group_name ORDER BY id) - 1 AS rank FROM job
) AS turns WHERE turns.id = job.id;
CREATE INDEX job_rank ON job (rank, id);
CREATE INDEX job_group ON job (group_name, rank);

-- What is spoken for of a group's day, where several processes count.
CREATE TABLE quota (
    group_name TEXT NOT NULL,
    day        INTEGER NOT NULL,
    used       INTEGER NOT NULL,
    PRIMARY KEY (group_name, day)
) WITHOUT ROWID;

-- The last minute's requests of groups with such a limit, where several processes count.
CREATE TABLE burst (
    group_name TEXT NOT NULL,
    at         INTEGER NOT NULL -- milliseconds since the Unix epoch
);
CREATE INDEX burst_group ON burst (group_name, at);

-- Where this store was moved to; then nothing is written here any more.
CREATE TABLE moved (
    place TEXT NOT NULL
);

CREATE INDEX item_age ON item (kind, last_modification);
CREATE INDEX usage_group ON usage (group_name, day);
