package com.example.demo;

import io.leasehold.spring.LeadershipAcquiredEvent;
import io.leasehold.spring.LeadershipLostEvent;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.context.event.EventListener;
import org.springframework.stereotype.Component;

/** A file that all processes of the demo share: who leads, and what was run. */
@Component
class Ledger {
    private final Path file;
    private final String identity;

    Ledger(@Value("${demo.ledger}") Path file, @Value("${leasehold.identity}") String identity) {
        this.file = file;
        this.identity = identity;
    }

    @EventListener(ApplicationReadyEvent.class)
    void ready() {
        note("ready");
    }

    @EventListener
    void acquired(LeadershipAcquiredEvent event) {
        note("acquired", event.term().fencingToken());
    }

    @EventListener
    void lost(LeadershipLostEvent event) {
        note("lost", event.term().fencingToken(), event.reason());
    }

    void note(Object... words) {
        String line = Stream.concat(Stream.of(System.nanoTime(), identity), Stream.of(words))
                .map(Object::toString)
                .collect(Collectors.joining(" ", "", "\n"));
        try {
            Files.writeString(file, line, StandardOpenOption.APPEND);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
