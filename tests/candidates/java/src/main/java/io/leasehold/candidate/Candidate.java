package io.leasehold.candidate;

import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.leasehold.ElectionSettings;
import io.leasehold.LeaderElection;
import io.leasehold.LeadershipListener;
import io.leasehold.LeaseholdException;
import io.leasehold.Loss;
import io.leasehold.Term;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Semaphore;

/** One candidate: its election, the term that it has acquired, and what is held back for a case. */
final class Candidate {
    private final String name;
    private final LeaderElection election;
    private final Locking locking;
    private final Semaphore losses = new Semaphore(0);
    private final Semaphore work = new Semaphore(0);
    /** The last that the first listener was notified of. */
    private volatile Term acquired;

    private volatile boolean closed;

    Candidate(String name, JsonObject request) {
        this.name = name;
        JsonObject config = request.getAsJsonObject("config");
        this.election = settings(LeaderElection.builder(), config).build();
        this.locking = new Locking(name, config);
        listen(name, request.has("hold_losses") && request.get("hold_losses").getAsBoolean());
    }

    static <B extends ElectionSettings<B>> B settings(B builder, JsonObject config) {
        for (Map.Entry<String, JsonElement> setting : config.entrySet()) {
            JsonElement value = setting.getValue();
            if (value.isJsonNull()) {
                continue;
            }
            switch (setting.getKey()) {
                case "labels" -> builder.labels(map(value));
                case "annotations" -> builder.annotations(map(value));
                default -> builder.set(setting.getKey(), value.getAsString());
            }
        }
        return builder;
    }

    private static Map<String, String> map(JsonElement value) {
        Map<String, String> map = new LinkedHashMap<>();
        value.getAsJsonObject()
                .entrySet()
                .forEach(pair -> map.put(pair.getKey(), pair.getValue().getAsString()));
        return map;
    }

    private void listen(String named, boolean holdLosses) {
        election.addListener(new LeadershipListener() {
            @Override
            public void acquired(Term term) {
                acquired = term;
                Wire.notify(named, "acquired", "term", Wire.of(term));
            }

            @Override
            public void lost(Loss loss) {
                JsonObject line = Wire.event(named, "lost", "term", Wire.of(loss.term()));
                line.add("reason", Wire.of(loss.reason()));
                line.addProperty("has_time_left", !loss.timeLeft().isZero());
                Wire.say(line);
                if (holdLosses) {
                    losses.acquireUninterruptibly();
                }
            }

            @Override
            public void leaderChanged(String holder) {
                Wire.notify(named, "leader_changed", "leader", Wire.of(holder));
            }

            @Override
            public void renewalFailing(LeaseholdException error) {
                Wire.notify(named, "renewal_failing", "error", Wire.of(error));
            }

            @Override
            public void stopped() {
                Wire.notify(named, "stopped", null, null);
            }
        });
    }

    JsonElement obey(JsonObject request) throws Exception {
        switch (request.get("do").getAsString()) {
            case "start" -> election.start();
            case "stop" -> {
                if (request.has("drain_timeout")) {
                    election.stop(seconds(request, "drain_timeout"));
                } else {
                    election.stop();
                }
            }
            case "step_down" -> election.stepDown();
            case "check_term" -> acquired.check();
            case "acknowledge" -> losses.release();
            case "finish" -> work.release();
            case "sample" -> sample(seconds(request, "renew_deadline"));
            case "add_listener" -> listen(request.get("named").getAsString(), false);
            case "stall" -> Stall.last(seconds(request, "seconds"));
            case "check_health" -> election.checkHealth(seconds(request, "tolerance"));
            case "remaining" -> {
                return new JsonPrimitive(election.remaining().toNanos() / 1e9);
            }
            case "metrics" -> {
                return Wire.of(election.metrics());
            }
            case "request_stop" -> {
                return new JsonPrimitive(election.requestStop());
            }
            case "is_leader" -> {
                return new JsonPrimitive(election.isLeader());
            }
            case "leader" -> {
                return Wire.of(election.leader().orElse(null));
            }
            case "term" -> {
                return election.term().map(Wire::of).orElse(JsonNull.INSTANCE);
            }
            case "status" -> {
                return Wire.of(election.status());
            }
            case "wait_for_leadership" -> {
                return Wire.of(election.waitForLeadership(seconds(request, "timeout")));
            }
            case "run_if_leader" -> {
                boolean hold = request.get("hold").getAsBoolean();
                return new JsonPrimitive(election.runIfLeader(term -> work(term, hold)));
            }
            case "run_once" -> {
                boolean hold = request.get("hold").getAsBoolean();
                JsonElement fails = request.get("fails");
                try {
                    return new JsonPrimitive(election.runOnce(request.get("key").getAsString(), term -> {
                        work(term, hold);
                        if (fails != null && !fails.isJsonNull()) {
                            throw new WorkFailure(fails.getAsString());
                        }
                    }));
                } catch (WorkFailure failure) {
                    return new JsonPrimitive("failed");
                }
            }
            case "claim" -> {
                return new JsonPrimitive(claim(request));
            }
            case "last_firing" -> {
                return election.lastFiring(request.get("job").getAsString())
                        .map(last -> (JsonElement) new JsonPrimitive(last.toEpochMilli()))
                        .orElse(JsonNull.INSTANCE);
            }
            default -> {
                return locking.obey(request);
            }
        }
        return JsonNull.INSTANCE;
    }

    private boolean claim(JsonObject request) throws InterruptedException {
        String job = request.get("job").getAsString();
        Instant due = Instant.ofEpochMilli(request.get("due").getAsLong());
        boolean isMissed = request.has("within") && !request.get("within").isJsonNull();
        return isMissed ? election.claimMissed(job, due, seconds(request, "within")) : election.claim(job, due);
    }

    /** What the work of a case fails with. */
    private static final class WorkFailure extends Exception {
        private static final long serialVersionUID = 1;

        WorkFailure(String message) {
            super(message);
        }
    }

    private void sample(Duration renewDeadline) {
        Sampler sampler = new Sampler(election, renewDeadline, (isLeader, moment) -> {
            JsonObject line = new JsonObject();
            line.addProperty("candidate", name);
            line.addProperty("is_leader", isLeader);
            line.addProperty("at", moment);
            Wire.say(line);
        });
        Thread thread = new Thread(() -> {
            while (!closed) {
                sampler.sample();
                Sampler.pause();
            }
        });
        thread.setDaemon(true);
        thread.start();
    }

    private void work(Term term, boolean hold) {
        Wire.notify(name, "working", "term", Wire.of(term));
        if (hold) {
            work.acquireUninterruptibly();
        }
    }

    /** Lets everything through that a case has left waiting. */
    void letGo() {
        losses.release();
        work.release();
    }

    void close() {
        closed = true;
        election.close();
    }

    static Duration seconds(JsonObject request, String argument) {
        return Duration.ofNanos((long) (request.get(argument).getAsDouble() * 1e9));
    }
}
