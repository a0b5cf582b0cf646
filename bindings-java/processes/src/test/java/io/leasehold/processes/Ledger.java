package io.leasehold.processes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;

/** What has been done, in a database that all processes share. The test keeps it open when one of them ends. */
final class Ledger implements AutoCloseable {
    private final String url;
    private final Connection connection;

    private Ledger(String url) throws SQLException {
        this.url = url;
        this.connection = DriverManager.getConnection(url, "sa", "");
    }

    /** A new one. */
    static Ledger in(Path folder) throws SQLException {
        Ledger ledger = at("jdbc:h2:file:" + folder.resolve("ledger") + ";AUTO_SERVER=TRUE");
        ledger.update("CREATE TABLE work"
                + " (id IDENTITY PRIMARY KEY, kind VARCHAR NOT NULL, who VARCHAR NOT NULL, number BIGINT NOT NULL,"
                + " token BIGINT NOT NULL)");
        ledger.update("CREATE TABLE told (id IDENTITY PRIMARY KEY, who VARCHAR NOT NULL, leads BOOLEAN NOT NULL)");
        return ledger;
    }

    /** The one of the test. */
    static Ledger at(String url) throws SQLException {
        return new Ledger(url);
    }

    String url() {
        return url;
    }

    // ---- what processes note
    // -----------------------------------------------------------------------------------------

    /** Twice the same, if another process does so meanwhile. The token is asked for just before the work is noted. */
    void doOneMore(Work kind, String who, LongSupplier token) throws SQLException, InterruptedException {
        long done = count("SELECT COUNT(*) FROM work WHERE kind = ?", kind.name());
        Thread.sleep(30);
        update(
                "INSERT INTO work (kind, who, number, token) VALUES (?, ?, ?, ?)",
                kind.name(),
                who,
                done + 1,
                token.getAsLong());
    }

    /** A process has been told that it leads, or that it does not. */
    void note(String who, boolean leads) {
        try {
            update("INSERT INTO told (who, leads) VALUES (?, ?)", who, leads);
        } catch (SQLException failure) {
            throw new IllegalStateException(failure);
        }
    }

    // ---- what the test asks
    // --------------------------------------------------------------------------------------------

    long countOf(Work kind, String who) throws SQLException {
        return count("SELECT COUNT(*) FROM work WHERE kind = ? AND who = ?", kind.name(), who);
    }

    /** Whether this process is there, and takes part. */
    boolean knows(String who) throws SQLException {
        return count("SELECT COUNT(*) FROM told WHERE who = ?", who) > 0
                || count("SELECT COUNT(*) FROM work WHERE who = ?", who) > 0;
    }

    /** Nothing was done twice, nor under a token after a later one. Returns how much was done. */
    long checkNoneTwice(Work kind) throws SQLException {
        long count = 0;
        long latest = 0;
        try (PreparedStatement query =
                        prepare("SELECT who, number, token FROM work WHERE kind = ? ORDER BY id", kind.name());
                ResultSet row = query.executeQuery()) {
            while (row.next()) {
                String what = kind + ": " + row.getLong("number") + " by " + row.getString("who");
                assertEquals(++count, row.getLong("number"), () -> "done twice, or beside another: " + what);
                long token = row.getLong("token");
                assertTrue(token >= latest, () -> "under an older token: " + what);
                latest = token;
            }
        }
        return count;
    }

    /** Who did such work, one after the other. */
    List<String> turns(Work kind) throws SQLException {
        return turns("SELECT who FROM work WHERE kind = ? ORDER BY id", kind.name());
    }

    /** Who was told that it leads, one after the other. */
    List<String> leaders() throws SQLException {
        return turns("SELECT who FROM told WHERE leads ORDER BY id");
    }

    private List<String> turns(String query, Object... parameters) throws SQLException {
        List<String> turns = new ArrayList<>();
        try (PreparedStatement statement = prepare(query, parameters);
                ResultSet row = statement.executeQuery()) {
            while (row.next()) {
                String who = row.getString(1);
                if (turns.isEmpty() || !turns.get(turns.size() - 1).equals(who)) {
                    turns.add(who);
                }
            }
        }
        return turns;
    }

    private long count(String query, Object... parameters) throws SQLException {
        try (PreparedStatement statement = prepare(query, parameters);
                ResultSet row = statement.executeQuery()) {
            row.next();
            return row.getLong(1);
        }
    }

    private void update(String statement, Object... parameters) throws SQLException {
        try (PreparedStatement prepared = prepare(statement, parameters)) {
            prepared.executeUpdate();
        }
    }

    private PreparedStatement prepare(String statement, Object... parameters) throws SQLException {
        PreparedStatement prepared = connection.prepareStatement(statement);
        for (int at = 0; at < parameters.length; at++) {
            prepared.setObject(at + 1, parameters[at]);
        }
        return prepared;
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }
}
