// Made by `cargo xtask codegen` from core/src. Change it there, or its template.

/** Where the Lease is kept, and so who takes part. */
export type Mode =
  /**
   * In a pod `kubernetes`; `file` if a person works at a terminal or a desktop, or if the directory
   * is set. Anything else is a configuration error, never a private election.
   */
  | 'auto'
  /** A Lease in Kubernetes: through the pod's service account, else a kubeconfig. */
  | 'kubernetes'
  /** A record in a folder, for the processes of one host. */
  | 'file'
  /** The leader from the start, without asking anybody. For a single instance. */
  | 'always'
  /** Never the leader. */
  | 'never';

/** By which proofs that its holder is dead a Lease is acquired before it has expired. */
export type ProofOfDeath =
  /** By none, and nothing is recorded by which others could prove that this process is dead. */
  | 'none'
  /**
   * By what this machine shows without further rights: that the holder's container has been started
   * again, or that the kernel has released the holder's lock.
   */
  | 'local'
  /**
   * By these and, in mode `kubernetes`, by the status of the holder's pod, which says that its
   * container has ended. Needs the verbs `get` and `watch` on pods; if these are not granted, it is
   * `local`.
   */
  | 'pods';

/** How a leader came to lead. */
export type Acquisition =
  /** Nobody held the Lease, or there was none. */
  | 'free'
  /** Its last holder released it. */
  | 'released'
  /** Its last holder had not renewed it for its lease duration. */
  | 'expired'
  /** It was still this candidate's own; or, with `reclaim`, that of its identity. */
  | 'regained'
  /** Its holder was proven dead: the container that it ran in has been started again. */
  | 'container_restarted'
  /**
   * Its holder was proven dead: the status of its pod says that the container that it ran in has
   * ended.
   */
  | 'container_terminated'
  /**
   * Its holder was proven dead: the kernel has let go of the lock that its process, and all that it
   * has started, held.
   */
  | 'lock_released';

/** What a candidate is doing. */
export type Role =
  /** Follows the Lease and acquires it when it becomes free. */
  | 'candidate'
  /** Entitled to act. */
  | 'leader'
  /** No longer the leader; renews until the application's work has stopped. */
  | 'draining'
  /** The work has stopped; the Lease is being released. */
  | 'releasing'
  /** Not campaigning, because the event loop shows no sign of life. */
  | 'stalled'
  /** Does not take part. */
  | 'stopped';

/** Why a term ended. */
export type LostReason =
  /** No renewal succeeded within the renew deadline. */
  | 'expired'
  /** Another holder, or another write under the same holder, is in the Lease. */
  | 'superseded'
  /** Another process writes under this candidate's identity. */
  | 'identity_conflict'
  /** Somebody emptied the holder. */
  | 'emptied'
  /** Somebody deleted the Lease. */
  | 'deleted'
  /** The work has gone on for as long as the application has set for it. */
  | 'limit_reached'
  /** The application called `stepDown`. */
  | 'stepped_down'
  /** The application stopped the election, or its process ends in order. */
  | 'stopped'
  /** The event loop showed no sign of life for the stall timeout. */
  | 'stalled'
  /** The clock went backwards, or belongs to another boot. */
  | 'clock_fault';

/** What went wrong, and so what to do. In other languages each kind is an exception. */
export type ErrorCode =
  /**
   * A setting is wrong: the message names the field, its value and the fix. Retrying cannot help.
   */
  | 'config'
  /** The API server refuses a verb: grant the Role that the message prints. */
  | 'forbidden'
  /** The credentials were not accepted: they have expired or belong to another cluster. */
  | 'unauthorized'
  /** The store cannot be reached or refuses work for now. The election goes on trying. */
  | 'unavailable'
  /**
   * It took too long: a request, of which nobody knows whether it took effect, or a wait. The
   * message says what was waited for.
   */
  | 'timed_out'
  /** The stored record cannot be understood: the message says what is wrong with it. */
  | 'corrupt'
  /** Another process writes under this candidate's identity: give each its own. */
  | 'identity_conflict'
  /** This instance is not, or no longer, the leader: stop the guarded work. */
  | 'leadership_lost'
  /**
   * Work that is to run once has failed as often as it may: the message says with what. It is not
   * tried again under this key.
   */
  | 'work_failed'
  /** This process is a fork of the one that started the election: start one of its own. */
  | 'forked'
  /** The election has been stopped or closed, or was never started. */
  | 'closed'
  /** A defect in Leasehold: please report it. */
  | 'internal';
