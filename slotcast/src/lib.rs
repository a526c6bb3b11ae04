//! slotcast
