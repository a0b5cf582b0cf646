package io.leasehold.bench;

import io.leasehold.LeaderElection;
import io.leasehold.Mode;
import io.leasehold.Term;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** What an answer costs, beside the JDK's own look at a clock. */
@State(Scope.Benchmark)
@BenchmarkMode(org.openjdk.jmh.annotations.Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(2)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class Answers {
    private LeaderElection election;
    private Term term;

    /** Made by JMH. */
    public Answers() {}

    /** Leads. */
    @Setup
    public void lead() throws InterruptedException {
        election = LeaderElection.builder("bench").mode(Mode.ALWAYS).start();
        term = election.waitForLeadership(Duration.ofSeconds(30));
    }

    /** Stops. */
    @TearDown
    public void stop() {
        election.close();
    }

    /** The answer. */
    @Benchmark
    public boolean isLeader() {
        return election.isLeader();
    }

    /** The answer about a term. */
    @Benchmark
    public boolean isValid() {
        return term.isValid();
    }

    /** To compare with. */
    @Benchmark
    public long nanoTime() {
        return System.nanoTime();
    }
}
