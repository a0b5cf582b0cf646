package io.leasehold.candidate;

import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.leasehold.HeldLock;
import io.leasehold.LockRequest;
import io.leasehold.Locks;

/** The lock that is called as the candidate's Lease. */
final class Locking {
    private final String candidate;
    private final JsonObject config;
    /** Made when they are first used. */
    private Locks locks;
    /** The one that was acquired last. */
    private volatile HeldLock held;

    Locking(String candidate, JsonObject config) {
        this.candidate = candidate;
        this.config = config.deepCopy();
    }

    JsonElement obey(JsonObject request) throws Exception {
        Locks locks = locks();
        switch (request.get("do").getAsString()) {
            case "observe" -> locks.observe(name());
            case "try_lock" -> {
                return locks.tryLock(lock(request)).map(this::keep).orElse(JsonNull.INSTANCE);
            }
            case "lock" -> {
                return keep(locks.lock(lock(request), Candidate.seconds(request, "timeout")));
            }
            case "is_held" -> {
                return new JsonPrimitive(held != null && held.isHeld());
            }
            case "release" -> {
                return new JsonPrimitive(held != null && held.release());
            }
            case "close_locks" -> locks.close();
            default -> throw new IllegalArgumentException("the agent: no such command: " + request);
        }
        return JsonNull.INSTANCE;
    }

    private synchronized Locks locks() {
        if (locks == null) {
            JsonObject settings = config.deepCopy();
            settings.remove("lease");
            locks = Candidate.settings(Locks.builder(), settings).build();
        }
        return locks;
    }

    private String name() {
        return config.get("lease").getAsString();
    }

    private LockRequest lock(JsonObject request) {
        LockRequest lock = LockRequest.of(name()).atLeast(Candidate.seconds(request, "at_least"));
        return request.has("at_most") ? lock.atMost(Candidate.seconds(request, "at_most")) : lock;
    }

    private JsonElement keep(HeldLock lock) {
        held = lock;
        lock.onLoss(loss -> {
            JsonObject line = Wire.event(candidate, "lost", "term", Wire.of(loss.term()));
            line.add("reason", Wire.of(loss.reason()));
            line.addProperty("has_time_left", !loss.timeLeft().isZero());
            Wire.say(line);
        });
        return Wire.of(lock.term());
    }
}
