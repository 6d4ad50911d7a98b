-- Service accounts: members of a group that are nobody, for what runs by itself.

ALTER TABLE account ADD COLUMN service BIGINT NOT NULL DEFAULT 0;
