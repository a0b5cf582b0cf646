/** Locks of ShedLock, by Leases. Start from {@link io.leasehold.shedlock.LeaseholdLockProvider}. */
package io.leasehold.shedlock;
