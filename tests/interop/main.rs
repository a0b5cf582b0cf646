//! Ours and client-go's elector compete for one Lease, on a real API server. At no instant do two
//! lead, except where client-go goes on leading past its Lease: there, ours has nevertheless waited
//! as long as the record says.

mod client_go_faults;
mod contest;
mod handovers;
mod history;
mod outcome;
mod records;
mod restarts;
