package io.leasehold.spring;

import java.util.Map;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * The named locks.
 *
 * @param locks Named locks, each an election of its own, with the settings in which it differs from leasehold.*.
 */
@ConfigurationProperties("leasehold")
public record LeaseholdLocks(@DefaultValue Map<String, LeaseholdProperties> locks) {}
