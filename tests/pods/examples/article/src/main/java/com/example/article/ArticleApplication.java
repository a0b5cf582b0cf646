package com.example.article;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.scheduling.annotation.EnableScheduling;

@SpringBootApplication
@EnableScheduling
public class ArticleApplication {
    public static void main(String[] arguments) {
        SpringApplication.run(ArticleApplication.class, arguments);
    }
}
