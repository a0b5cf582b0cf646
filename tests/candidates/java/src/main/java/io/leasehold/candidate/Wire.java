package io.leasehold.candidate;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.leasehold.LeaseholdException;
import io.leasehold.Status;
import io.leasehold.Term;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.concurrent.Callable;

/** From Leasehold's values to JSON, on the standard output. */
final class Wire {
    private static final Gson GSON = new GsonBuilder().serializeNulls().create();
    private static final PrintStream OUT = new PrintStream(System.out, true, StandardCharsets.UTF_8);

    private Wire() {}

    /** Writes one line at once. */
    static void say(JsonObject line) {
        OUT.println(GSON.toJson(line));
    }

    static void answer(JsonObject request, Callable<JsonElement> command) {
        JsonObject line = new JsonObject();
        line.add("id", request.get("id"));
        try {
            line.add("ok", command.call());
        } catch (LeaseholdException error) {
            line.add("error", of(error));
        } catch (Exception error) {
            JsonObject internal = new JsonObject();
            internal.addProperty("kind", "internal");
            internal.addProperty("message", "the agent: " + error);
            line.add("error", internal);
        }
        say(line);
    }

    static void notify(String candidate, String event, String field, JsonElement value) {
        say(event(candidate, event, field, value));
    }

    static JsonObject event(String candidate, String event, String field, JsonElement value) {
        JsonObject line = new JsonObject();
        line.addProperty("candidate", candidate);
        line.addProperty("event", event);
        if (field != null) {
            line.add(field, value);
        }
        return line;
    }

    static JsonElement of(String text) {
        return text == null ? JsonNull.INSTANCE : new JsonPrimitive(text);
    }

    /** The name that it has in every language. */
    static JsonElement of(Enum<?> value) {
        return of(value.name().toLowerCase(Locale.ROOT));
    }

    static JsonElement of(Term term) {
        JsonObject json = new JsonObject();
        json.addProperty("fencing_token", Long.toString(term.fencingToken()));
        json.addProperty("transitions", term.transitions());
        json.addProperty("lease_uid", term.leaseUid());
        json.addProperty("acquisition", term.acquisition().name().toLowerCase(Locale.ROOT));
        json.addProperty("is_valid", term.isValid());
        return json;
    }

    static JsonElement of(LeaseholdException error) {
        if (error == null) {
            return JsonNull.INSTANCE;
        }
        JsonObject json = new JsonObject();
        json.add("kind", of(error.kind()));
        json.addProperty("message", error.getMessage());
        return json;
    }

    static JsonElement of(Status status) {
        JsonObject json = new JsonObject();
        json.addProperty("lease", status.lease());
        json.add("mode", of(status.mode()));
        json.addProperty("identity", status.identity());
        json.add("role", of(status.role()));
        json.addProperty("holder", status.holder());
        json.addProperty("why_not_leading", status.whyNotLeading());
        json.add("failing", of(status.failing()));
        json.addProperty("watching", status.watching());
        Long token = status.fencingToken();
        json.addProperty("fencing_token", token == null ? null : Long.toString(token));
        return json;
    }
}
