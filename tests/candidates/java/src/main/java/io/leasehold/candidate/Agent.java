package io.leasehold.candidate;

import com.google.gson.JsonArray;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The agent of Java: turns lines of JSON, or five arguments, into calls of Leasehold, and converts, nothing else. */
final class Agent {
    private static final int PROTOCOL = 1;

    private final Map<String, Candidate> candidates = new ConcurrentHashMap<>();

    private Agent() {}

    public static void main(String[] arguments) throws IOException {
        switch (arguments.length) {
            case 0 -> new Agent().serve();
            case 5 -> TakePart.run(arguments);
            default -> {
                System.err.println("usage: candidate [LEASE IDENTITY LEASE_S RENEW_S RETRY_S]");
                System.exit(2);
            }
        }
    }

    /** Obeys the requests on the standard input. */
    private void serve() throws IOException {
        JsonObject hello = new JsonObject();
        hello.addProperty("agent", "java");
        hello.addProperty("protocol", PROTOCOL);
        JsonArray cannot = new JsonArray();
        // Nor does any program on a JVM.
        cannot.add("fork");
        if (!Stall.isPossible()) {
            cannot.add("stall");
        }
        hello.add("cannot", cannot);
        Wire.say(hello);
        BufferedReader requests = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        String line;
        while ((line = requests.readLine()) != null) {
            JsonObject request = JsonParser.parseString(line).getAsJsonObject();
            String name = request.get("candidate").getAsString();
            switch (request.get("do").getAsString()) {
                case "new" ->
                    Wire.answer(request, () -> {
                        candidates.put(name, new Candidate(name, request));
                        return JsonNull.INSTANCE;
                    });
                case "close" ->
                    Wire.answer(request, () -> {
                        candidates.remove(name).close();
                        return JsonNull.INSTANCE;
                    });
                default -> {
                    // On a thread of its own: it may block, and the next line may be what ends that.
                    Candidate candidate = candidates.get(name);
                    Thread thread = new Thread(() -> Wire.answer(request, () -> candidate.obey(request)));
                    thread.setDaemon(true);
                    thread.start();
                }
            }
        }
        // The JVM shuts down now, which stops them.
        candidates.values().forEach(Candidate::letGo);
    }
}
