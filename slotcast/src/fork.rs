//! Which rules does a block run under, in the words the analyzer takes?
//!
//! In: a block. Out: its [`Fork`].
//! Invariant: activation heights and times come from the executor alone.

use slotcast_executor::{Block, ExecutionError, Fork as Rules};
use slotcast_model::Fork;

/// The fork active in `block`.
pub fn fork_of(block: &Block) -> Result<Fork, ExecutionError> {
    Rules::of(block).map(in_model)
}

const fn in_model(rules: Rules) -> Fork {
    match rules {
        Rules::Frontier => Fork::Frontier,
        Rules::Homestead => Fork::Homestead,
        Rules::Tangerine => Fork::TangerineWhistle,
        Rules::SpuriousDragon => Fork::SpuriousDragon,
        Rules::Byzantium => Fork::Byzantium,
        Rules::Petersburg => Fork::Petersburg,
        Rules::Istanbul => Fork::Istanbul,
        Rules::Berlin => Fork::Berlin,
        Rules::London => Fork::London,
        Rules::Paris => Fork::Paris,
        Rules::Shanghai => Fork::Shanghai,
        Rules::Cancun => Fork::Cancun,
        Rules::Prague => Fork::Prague,
        Rules::Osaka => Fork::Osaka,
        Rules::Amsterdam => Fork::Amsterdam,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_name_the_same_forks_in_the_same_order() {
        let named = Rules::ALL.map(in_model);
        assert_eq!(named, Fork::ALL);
    }
}
