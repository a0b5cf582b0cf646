package com.example.monolith;

import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;

/** Customers order all the time, at every instance: nothing is guarded here. */
@Component
class Orders {
    private final JdbcClient database;
    private final Instance instance;

    Orders(JdbcClient database, Instance instance) {
        this.database = database;
        this.instance = instance;
    }

    @Scheduled(fixedRate = 300)
    void take() {
        database.sql("INSERT INTO orders (taken_by) VALUES (?)").param(instance.name()).update();
    }
}
