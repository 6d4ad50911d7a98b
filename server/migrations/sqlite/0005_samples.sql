-- Samples that leave: what is spent of a group's monthly quotas, and the ZIPs that were asked for.

-- By member, so that it can be told who spent it. `month` is its first day, counted from the Unix epoch.
CREATE TABLE spent (
    group_name TEXT NOT NULL,
    quota      TEXT NOT NULL,
    month      INTEGER NOT NULL,
    account    TEXT NOT NULL,
    used       INTEGER NOT NULL,
    PRIMARY KEY (group_name, quota, month, account)
) WITHOUT ROWID;

-- Which samples are in a ZIP; the ZIP itself is made while it is fetched.
CREATE TABLE zip_file (
    seq      INTEGER PRIMARY KEY AUTOINCREMENT,
    account  TEXT NOT NULL,
    created  INTEGER NOT NULL,
    password TEXT NOT NULL,
    samples  TEXT NOT NULL, -- a JSON list of SHA-256
    missing  INTEGER NOT NULL
);
CREATE INDEX zip_file_created ON zip_file (created);
