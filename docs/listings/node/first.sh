npm install leasehold
node jobs.mjs
