/** Leasehold as the cluster service of Apache Camel. Start from {@link io.leasehold.camel.LeaseholdClusterService}. */
package io.leasehold.camel;
