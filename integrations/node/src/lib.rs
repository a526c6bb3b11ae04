//! What does a node say of its chain, and can it be believed?
//!
//! In: the URL of a JSON-RPC endpoint. Out: [`Node`], typed questions with retries and a pace;
//! [`NodeState`], the state behind a block as something to predict and to execute on;
//! [`Recorder`], recorded blocks; [`record_range`], files of them; [`Follower`], each new one; [`PendingTxs`], what waits to be
//! included.
//!
//! Suggested reading: `rpc` for how a question travels, `node` for which there are, `state` for the
//! state of one block, `recorder` for how a block is recorded, `job` for many.
//! Invariants: what is recorded was run, and gave what the block's header states; a recording depends
//! on the chain alone, not on the node's way of answering; an API key in a URL is never printed.

mod error;
mod pace;
mod rpc;

mod node;
mod proof;

mod known;
mod state;

mod asked;
mod recorder;
mod rollup;
mod seed;
mod wanting;

mod follow;
mod job;

mod pending;

pub use error::{NodeError, RecordError};
pub use follow::{FollowStep, Follower};
pub use job::{Done, Job, Progress, file_name, record_range};
pub use node::{AccountProof, Fields, FoundBlock, Node, SlotProof};
pub use pending::PendingTxs;
pub use recorder::{ProofPolicy, RecordSettings, Recorder, Recording, Way};
pub use rpc::{Rpc, RpcSettings};
pub use state::NodeState;
