package com.example.micronaut;

import io.leasehold.LeaderElection;
import io.micronaut.context.annotation.Bean;
import io.micronaut.context.annotation.Factory;
import jakarta.inject.Singleton;

@Factory
class Elections {
    @Singleton
    @Bean(preDestroy = "close")
    LeaderElection election() {
        return LeaderElection.builder("nightly-jobs").stopAtShutdown(false).start();
    }
}
