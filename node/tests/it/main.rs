//! Does recording work against a node that answers truly, wrongly, late or not at all?
//!
//! In: a node of our own on this machine. Out: recordings and errors.

mod chain;
mod mock;

mod anvil;
mod broken_off;
mod faults;
mod recording;
