//! The `slotcast` program: the command of the library beside it, and the allocator it runs with.
//!
//! In: arguments. Out: an exit code.
//! Invariant: nothing is decided here.

#[cfg(feature = "fast")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    slotcast_cli::main()
}
