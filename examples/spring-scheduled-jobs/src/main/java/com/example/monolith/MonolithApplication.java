package com.example.monolith;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.scheduling.annotation.EnableScheduling;

/** Any number of instances take orders; one of them cleans up, reports, and sends the bills. */
@SpringBootApplication
@EnableScheduling
public class MonolithApplication {
    public static void main(String[] arguments) {
        SpringApplication.run(MonolithApplication.class, arguments);
    }
}
