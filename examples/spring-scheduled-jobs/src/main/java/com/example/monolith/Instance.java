package com.example.monolith;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.stereotype.Component;

/** This process among the others. */
@Component
record Instance(@Value("${instance.name:${HOSTNAME:host}-#{T(ProcessHandle).current().pid()}}") String name) {}
