-- What was sent in, and what was analysed, at a time: for the feeds.

CREATE INDEX submission_date ON submission (kind, date);
CREATE INDEX analysis_date ON analysis (kind, date);
