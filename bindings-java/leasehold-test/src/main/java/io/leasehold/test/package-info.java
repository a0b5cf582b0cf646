/**
 * For tests of programs that use Leasehold: {@link io.leasehold.test.TestLeaderElection} leads when the test says so, with
 * no native half, no cluster and no waiting. Tests of an election itself use mode {@link io.leasehold.Mode#FILE} in a
 * temporary folder.
 */
package io.leasehold.test;
