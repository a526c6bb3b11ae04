//! How are dense things numbered so that numbers of different kinds cannot be mixed?
//!
//! In: a name. Out: a `u32` newtype, and [`IndexVec`], a vector that only that newtype indexes.
//! Invariant: an index is meaningful only for the `IndexVec` it was made with.

use core::{fmt, marker::PhantomData, ops};

/// A dense `u32` index of one kind of thing.
pub trait Index: Copy + Eq + Ord + fmt::Debug {
    /// The index number `n`; panics past `u32::MAX`, which no block or contract reaches.
    fn from_usize(n: usize) -> Self;
    /// The number as a `usize`, for slices.
    fn as_usize(self) -> usize;
}

/// Declares index newtypes: `index_newtype! { /// Doc. pub struct TxIndex; }`.
#[macro_export]
macro_rules! index_newtype {
    ($($(#[$attr:meta])* $vis:vis struct $name:ident;)*) => {$(
        $(#[$attr])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $vis struct $name(pub u32);

        impl $crate::Index for $name {
            fn from_usize(n: usize) -> Self {
                Self(u32::try_from(n).expect("an index fits in 32 bits"))
            }

            fn as_usize(self) -> usize {
                self.0 as usize
            }
        }

        impl ::core::fmt::Display for $name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                ::core::fmt::Display::fmt(&self.0, f)
            }
        }
    )*};
}

index_newtype! {
    /// A transaction's position in its block, from zero.
    pub struct TxIndex;
    /// An interned [`Location`](crate::Location); see [`LocationTable`](crate::LocationTable).
    pub struct LocationId;
}

/// A vector indexed by one index type.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct IndexVec<I, T> {
    raw: Vec<T>,
    index: PhantomData<fn(I)>,
}

impl<I: Index, T> IndexVec<I, T> {
    /// An empty vector.
    pub const fn new() -> Self {
        Self { raw: Vec::new(), index: PhantomData }
    }

    /// An empty list with room for `n` values.
    pub fn with_capacity(n: usize) -> Self {
        Self { raw: Vec::with_capacity(n), index: core::marker::PhantomData }
    }

    /// `n` copies of `value`.
    pub fn from_elem(value: T, n: usize) -> Self
    where
        T: Clone,
    {
        Self::from(vec![value; n])
    }

    /// Appends `value` and says where it stands.
    pub fn push(&mut self, value: T) -> I {
        let index = I::from_usize(self.raw.len());
        self.raw.push(value);
        index
    }

    /// How many values there are.
    pub const fn len(&self) -> usize {
        self.raw.len()
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.raw.is_empty()
    }

    /// The value at `index`, if there is one.
    pub fn get(&self, index: I) -> Option<&T> {
        self.raw.get(index.as_usize())
    }

    /// All indices, ascending.
    pub fn indices(&self) -> impl DoubleEndedIterator<Item = I> + ExactSizeIterator + use<I, T> {
        (0..self.raw.len()).map(I::from_usize)
    }

    /// Values in index order.
    pub fn iter(&self) -> core::slice::Iter<'_, T> {
        self.raw.iter()
    }

    /// Values in index order, to change.
    pub fn iter_mut(&mut self) -> core::slice::IterMut<'_, T> {
        self.raw.iter_mut()
    }

    /// Indices with their values, ascending.
    pub fn iter_enumerated(&self) -> impl DoubleEndedIterator<Item = (I, &T)> + ExactSizeIterator {
        self.raw.iter().enumerate().map(|(n, value)| (I::from_usize(n), value))
    }

    /// The values as a slice.
    pub fn as_slice(&self) -> &[T] {
        &self.raw
    }

    /// The values as a plain vector.
    pub fn into_vec(self) -> Vec<T> {
        self.raw
    }
}

impl<I: Index, T> Default for IndexVec<I, T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<I, T: fmt::Debug> fmt::Debug for IndexVec<I, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.raw.fmt(f)
    }
}

impl<I, T> From<Vec<T>> for IndexVec<I, T> {
    fn from(raw: Vec<T>) -> Self {
        Self { raw, index: PhantomData }
    }
}

impl<I, T> FromIterator<T> for IndexVec<I, T> {
    fn from_iter<It: IntoIterator<Item = T>>(values: It) -> Self {
        Self::from(values.into_iter().collect::<Vec<T>>())
    }
}

impl<I: Index, T> ops::Index<I> for IndexVec<I, T> {
    type Output = T;

    fn index(&self, index: I) -> &T {
        &self.raw[index.as_usize()]
    }
}

impl<I: Index, T> ops::IndexMut<I> for IndexVec<I, T> {
    fn index_mut(&mut self, index: I) -> &mut T {
        &mut self.raw[index.as_usize()]
    }
}

impl<'a, I: Index, T> IntoIterator for &'a IndexVec<I, T> {
    type Item = &'a T;
    type IntoIter = core::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.raw.iter()
    }
}

impl<I: Index, T> IntoIterator for IndexVec<I, T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.raw.into_iter()
    }
}
