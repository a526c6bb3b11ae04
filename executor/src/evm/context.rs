//! On what does revm run here?
//!
//! In: a view. Out: the types of revm that stand on it.
//! Invariant: names only.

use crate::{
    rollup::handler::{AnyEvm, EvmContext},
    view::View,
};

/// The context of an interpreter on a view.
pub(crate) type ViewContext<'a, DB> = EvmContext<View<'a, DB>>;

/// Revm on a view.
pub(crate) type ViewEvm<'a, DB> = AnyEvm<View<'a, DB>, ()>;
