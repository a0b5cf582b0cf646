CREATE TABLE fence (job TEXT PRIMARY KEY, token BIGINT NOT NULL);

-- In each transaction that only a leader may do, first:
INSERT INTO fence (job, token) VALUES ('monthly-invoices', :token)
  ON CONFLICT (job) DO UPDATE SET token = excluded.token WHERE fence.token <= excluded.token;
-- No row changed: a later leader has been here. Roll back and stop.
