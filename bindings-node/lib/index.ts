/**
 * Leader election on Kubernetes Leases, inside your process. Start from {@link LeaderElection}.
 *
 * @packageDocumentation
 */
export { ClusterLeaderService, clusterLeaderService } from './cluster-leader-service.js';
export type { ClusterLeaderServiceOptions } from './cluster-leader-service.js';
export { LeaderElection } from './election.js';
export type { StopOptions, WaitOptions } from './election.js';
export type { LostReason, Role } from './engine.js';
export {
  ClosedError,
  ConfigError,
  CorruptError,
  ForbiddenError,
  ForkedError,
  IdentityConflictError,
  InternalError,
  LeadershipLostError,
  LeaseholdError,
  TimedOutError,
  UnauthorizedError,
  UnavailableError,
} from './errors.js';
export type { ErrorCode } from './errors.js';
export type { LeaderElectionEvents } from './events.js';
export { NativeLibraryError } from './loader.js';
export type { LogRecord } from './log.js';
export { Loss } from './loss.js';
export type { LeaderElectionOptions, Mode } from './options.js';
export type { Registration, SingletonService } from './singleton-service.js';
export { Status } from './status.js';
export { Term } from './term.js';
