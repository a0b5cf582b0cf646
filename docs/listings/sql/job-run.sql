CREATE TABLE job_run (job TEXT, due TEXT, PRIMARY KEY (job, due));

-- In the transaction of the work, first:
INSERT INTO job_run (job, due) VALUES (:job, :due) ON CONFLICT DO NOTHING;
-- No row changed: this firing has been done. Stop.
