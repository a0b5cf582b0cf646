//! Deterministic simulation: three candidates, a network, an API server and outsiders in one
//! thread, on a clock that only the test turns. Each run follows from one number.
//!
//! - `LEASEHOLD_SIM_SEED=n` runs that one number and shows all that happened.
//! - `LEASEHOLD_SIM_RUNS=n` runs the numbers from 1 to n, or from `LEASEHOLD_SIM_FROM` on.
//! - `LEASEHOLD_SIM_REPORT=file` is for `cargo xtask simulate`: what was reached, as JSON.
//!
//! Each file beside `world` and `verdicts` is one promise, and judges all runs by it.

mod a_leader_again;
mod dead_applications_do_not_lead;
mod events_match_answers;
mod faults_happen;
mod faults_meet;
mod firings_run_once;
mod handovers_are_quick;
mod never_silent;
mod never_two_leaders;
mod ours_only;
mod requests_are_few;
mod runs_repeat;
mod slow_servers_have_a_leader;
mod standbys_are_quiet;
mod stops_end;
mod tokens_only_grow;
mod unexpired_leases_are_left_alone;
mod verdicts;
mod work_ends_before_release;
mod work_runs_once;
mod world;
