//! Which rewrites are there, and which of them happened?
//!
//! In: the name of a rewrite where it happens. Out: nothing in a product; in tests, how often each one
//! happened, so that a rule that no test tries is seen.

use crate::ir::TermId;

macro_rules! rules {
    ($($rule:ident,)*) => {
        /// A rewrite, named after what stands before it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Rule {
            $($rule,)*
        }

        #[cfg(test)]
        impl Rule {
            /// All rewrites.
            pub(super) const ALL: &[Self] = &[$(Self::$rule,)*];
        }
    };
}

rules! {
    Constants,
    TruthTwiceNegated,
    CalldataIsThere,
    NotTwice,
    Greater,
    SignedGreater,
    SignedLessSame,
    SarByZero,
    ExpToOne,
    ExpOfTwo,
    AddZero,
    AddTwice,
    AddOutwards,
    SubSame,
    SubConstant,
    SubOfOneBase,
    ScaleByZero,
    ModPowerOfTwo,
    MulPowerOfTwo,
    DivPowerOfTwo,
    AndSame,
    AndZero,
    AndNothingLost,
    AndOfSelector,
    AndTwice,
    OrSame,
    XorSame,
    OrZero,
    OrAll,
    XorAll,
    EqSame,
    EqZero,
    EqTooNarrow,
    LessSame,
    LessThanZero,
    ZeroIsLess,
    SizeIsNotLess,
    LessThanSize,
    ShiftByZero,
    ShiftAllOut,
    ShiftToSelector,
    ShiftNarrowOut,
    ShiftTwice,
    SelectorByte,
}

/// `term`, to which `rule` led.
#[inline]
pub(super) fn by(rule: Rule, term: TermId) -> TermId {
    #[cfg(test)]
    happened::note(rule);
    let _ = rule;
    term
}

#[cfg(test)]
pub(super) mod happened {
    //! How often did each rule lead to a term on this thread?

    use core::cell::RefCell;

    use super::Rule;

    thread_local! {
        static COUNTS: RefCell<Vec<usize>> = RefCell::new(vec![0; Rule::ALL.len()]);
    }

    pub(super) fn note(rule: Rule) {
        COUNTS.with_borrow_mut(|counts| counts[rule as usize] += 1);
    }

    /// The rules that led to fewer than `n` terms.
    pub(in crate::ir::fold) fn fewer_than(n: usize) -> Vec<(Rule, usize)> {
        let counts = COUNTS.with_borrow(Clone::clone);
        let all = Rule::ALL.iter().copied().zip(counts);
        all.filter(|(_, count)| *count < n).collect()
    }
}
