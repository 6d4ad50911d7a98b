-- The catalogue of YARA rules: since when each is here, and what it has matched.

CREATE TABLE yara_rule (
    id       TEXT PRIMARY KEY, -- ten hex digits of the ruleset, |, the rule's name
    digest   TEXT NOT NULL,    -- SHA-256 of its text
    included INTEGER NOT NULL,
    modified INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE yara_match (
    seq    INTEGER PRIMARY KEY AUTOINCREMENT,
    rule   TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    date   INTEGER NOT NULL, -- of the last analysis in which it matched
    UNIQUE (rule, sha256)
);
CREATE INDEX yara_match_rule ON yara_match (rule, seq);
CREATE INDEX yara_match_file ON yara_match (sha256);

-- What the last analyses before this release found.
INSERT INTO yara_match (rule, sha256, date)
SELECT json_extract(value, '$.ruleset_id') || '|' || json_extract(value, '$.rule_name'), file.sha256,
       coalesce(completed, analysis.date)
FROM file
JOIN item ON item.kind = 'file' AND item.id = file.sha256
JOIN analysis ON analysis.id = item.last_analysis,
     json_each(findings, '$.crowdsourced_yara_results')
WHERE json_extract(value, '$.ruleset_id') IS NOT NULL AND json_extract(value, '$.rule_name') IS NOT NULL
ON CONFLICT DO NOTHING;
