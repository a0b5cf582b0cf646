package com.example.monolith;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import javax.sql.DataSource;
import org.springframework.core.io.ClassPathResource;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.SingleConnectionDataSource;
import org.springframework.jdbc.datasource.init.ResourceDatabasePopulator;

/** The database that the instances share, and what it must say in the end. It stays open when one of them ends. */
final class Books implements AutoCloseable {
    private static final Duration LIMIT = Duration.ofSeconds(120);

    private final String url;
    private final Connection connection;
    private final JdbcClient database;

    Books(Path folder) throws SQLException {
        url = "jdbc:h2:file:" + folder.resolve("monolith") + ";AUTO_SERVER=TRUE";
        connection = DriverManager.getConnection(url, "sa", "");
        DataSource source = new SingleConnectionDataSource(connection, true);
        database = JdbcClient.create(source);
        new ResourceDatabasePopulator(new ClassPathResource("schema.sql")).execute(source);
    }

    /** The settings by which an instance uses it. */
    String setting() {
        return "--spring.datasource.url=" + url;
    }

    /** Waits until an instance has done a job so many times more. */
    void await(Monolith instance, String job, int times) throws Exception {
        String runs = "SELECT COUNT(*) FROM job_run WHERE job = ? AND instance = ?";
        await(instance, job, runs, times, job, instance.name());
    }

    /** Waits until an instance is there, leader or not. */
    void awaitOrdersOf(Monolith instance) throws Exception {
        await(instance, "taking orders", "SELECT COUNT(*) FROM orders WHERE taken_by = ?", 1, instance.name());
    }

    private void await(Monolith instance, String what, String count, long more, String... parameters) throws Exception {
        long deadline = System.nanoTime() + LIMIT.toNanos();
        long enough = count(count, (Object[]) parameters) + more;
        while (count(count, (Object[]) parameters) < enough) {
            instance.mustBeAlive();
            if (System.nanoTime() > deadline) {
                String late = instance.name() + " is not " + what + " after " + LIMIT;
                throw new AssertionError(late + ":\n" + instance.said());
            }
            Thread.sleep(20);
        }
    }

    private long count(String query, Object... parameters) {
        return database.sql(query).params(parameters).query(Long.class).single();
    }

    /** No order was billed twice, none before the last one that was billed was left out, and no bill came late. */
    void balance() {
        assertThat(count("""
                        SELECT COUNT(*) FROM (SELECT order_id FROM invoice GROUP BY order_id HAVING COUNT(*) > 1)
                        """))
                .as("orders billed twice")
                .isZero();
        assertThat(count("""
                        SELECT COUNT(*) FROM orders WHERE id NOT IN (SELECT order_id FROM invoice)
                        AND id < (SELECT MIN(order_id) FROM invoice
                                  WHERE fencing_token = (SELECT MAX(fencing_token) FROM invoice))
                        """))
                .as("orders left out by all leaders")
                .isZero();
        assertThat(count("""
                        SELECT COUNT(*) FROM invoice AS later JOIN invoice AS earlier
                        ON later.id > earlier.id AND later.fencing_token < earlier.fencing_token
                        """))
                .as("bills of a leader after those of a later one")
                .isZero();
    }

    /** Who did a job, in turn. */
    List<String> turns(String job) {
        List<String> turns = new ArrayList<>();
        for (String instance : database.sql("SELECT instance FROM job_run WHERE job = ? ORDER BY id")
                .param(job)
                .query(String.class)
                .list()) {
            if (turns.isEmpty() || !turns.get(turns.size() - 1).equals(instance)) {
                turns.add(instance);
            }
        }
        return turns;
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }
}
