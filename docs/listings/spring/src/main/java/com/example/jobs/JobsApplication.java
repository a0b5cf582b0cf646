package com.example.jobs;

import io.leasehold.spring.ClusterLeaderService;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.scheduling.annotation.EnableScheduling;
import org.springframework.scheduling.annotation.Scheduled;

@SpringBootApplication
@EnableScheduling
class JobsApplication {
    private final ClusterLeaderService clusterLeaderService;

    JobsApplication(ClusterLeaderService clusterLeaderService) {
        this.clusterLeaderService = clusterLeaderService;
    }

    @Scheduled(fixedRate = 1000)
    void job() {
        clusterLeaderService.runIfLeader(
                term -> System.out.println("the job, under token " + term.fencingToken()));
    }

    public static void main(String[] arguments) {
        SpringApplication.run(JobsApplication.class, arguments);
    }
}
