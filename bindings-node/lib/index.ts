/**
 * Leader election on Kubernetes Leases, inside your process. Start from {@link LeaderElection}.
 *
 * @module leasehold
 * @mergeModuleWith <project>
 */
export { ClusterLeaderService, clusterLeaderService } from './cluster-leader-service.js';
export type { ClusterLeaderServiceOptions } from './cluster-leader-service.js';
export { LeaderElection } from './election.js';
export type { StopOptions, WaitOptions } from './election.js';
export * from './error-classes.js';
export type { LeaderElectionEvents } from './events.js';
export { LeaseholdError } from './leasehold-error.js';
export { NativeLibraryError } from './loader.js';
export { HeldLock, Locks } from './locks.js';
export type { LockLimits, LockOptions, LocksOptions } from './locks.js';
export type { LogRecord } from './log.js';
export { Loss } from './loss.js';
export type { LeaderElectionOptions } from './settings.js';
export type { Registration, SingletonService } from './singleton-service.js';
export { Status } from './status.js';
export { Term } from './term.js';
export type { Acquisition, ErrorCode, LostReason, Mode, ProofOfDeath, Role } from './words.js';
