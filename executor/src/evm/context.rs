//! On what does revm run here?
//!
//! In: a view. Out: the types of revm that stand on it.
//! Invariant: names only.

use alloy_evm::precompiles::PrecompilesMap;
use revm::{
    Context,
    context::{BlockEnv, CfgEnv, Evm, TxEnv},
    handler::{EthFrame, instructions::EthInstructions},
    interpreter::interpreter::EthInterpreter,
};

use crate::view::View;

/// The context of an interpreter on a view.
pub(crate) type ViewContext<'a, DB> = Context<BlockEnv, TxEnv, CfgEnv, View<'a, DB>>;

/// Revm on a view.
pub(crate) type ViewEvm<'a, DB> = Evm<
    ViewContext<'a, DB>,
    (),
    EthInstructions<EthInterpreter, ViewContext<'a, DB>>,
    PrecompilesMap,
    EthFrame<EthInterpreter>,
>;
