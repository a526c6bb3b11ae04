//! Does the whole hold together? One suite over all crates, in reading order.

mod tidy;
