package com.example.monolith;

/** A later leader has been here: its work stands, and this transaction is rolled back. */
class StaleLeaderException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    StaleLeaderException(String job, long token) {
        super("token " + token + " is of an earlier leader than the one that " + job + " was done by last");
    }
}
