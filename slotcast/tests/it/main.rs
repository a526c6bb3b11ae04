//! Does the library do what a program that links it relies on?

mod announced;
mod delegations;
mod vaults;
mod waits;
