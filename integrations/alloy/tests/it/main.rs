//! Do hosts of alloy-evm leave the same with us as without?

mod ahead;
mod context;
mod own_evm;
