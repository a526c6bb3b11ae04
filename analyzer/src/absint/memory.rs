//! Which words of memory are known?
//!
//! In: stores and copies with symbolic addresses. Out: the term a load gives, if it is known.
//! Invariants: a cell is 32 bytes at a constant distance from its base, which is zero for absolute
//! addresses or a value the free memory pointer had; cells are sorted; joining keeps what both sides
//! agree on.

use core::ops::Range;
use std::rc::Rc;

use alloy_primitives::U256;
use slotcast_model::Index;
use smallvec::SmallVec;

use crate::ir::{Env, Op, Term, TermId, TermPool};

/// Everything below is scratch space, the free memory pointer and the zero word (Solidity's memory
/// layout).
pub(crate) const RESERVED: u32 = 0x80;
/// Where Solidity keeps the free memory pointer.
pub(crate) const FREE_POINTER: u32 = 0x40;
/// What the free memory pointer is set to at first: behind the reserved words, of which solc had
/// three before 0.5 and four since, and more where memory is set aside for variables.
const FIRST_POINTERS: Range<u32> = 0x60..0x1_0000;
const WORD: u32 = 32;
/// Words that a node mostly adds to what is known.
const ROOM: usize = 4;
/// Bulk copies up to this many words are tracked word by word.
const MAX_TRACKED_WORDS: u32 = 32;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Cell {
    base: TermId,
    offset: u32,
    value: TermId,
}

/// The known words of one frame's memory. States that agree share them until one changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Memory {
    cells: Rc<Vec<Cell>>,
}

/// The values the free memory pointer has had, over the whole walk.
#[derive(Debug, Default)]
pub(crate) struct Pointers {
    roots: Vec<bool>,
    /// Whether the code keeps a free memory pointer at all.
    is_kept: bool,
}

impl Pointers {
    fn insert(&mut self, root: TermId) {
        if self.roots.len() <= root.as_usize() {
            self.roots.resize(root.as_usize() + 1, false);
        }
        self.roots[root.as_usize()] = true;
    }

    /// Whether stores through unknown pointers are taken to leave the free memory pointer and the zero
    /// word alone, which the code must hold to and binding watches: whether it keeps that pointer.
    pub(crate) const fn spare_reserved(&self) -> bool {
        self.is_kept
    }

    /// The first word behind what is reserved: any, in code that does not keep to Solidity's layout.
    pub(crate) const fn first_unreserved(&self) -> u32 {
        if self.is_kept { RESERVED / WORD } else { 0 }
    }

    fn contains(&self, root: TermId) -> bool {
        self.roots.get(root.as_usize()).copied().unwrap_or_default()
    }
}

/// Where an address points to.
#[derive(Clone, Copy)]
pub(crate) enum Place {
    /// A constant distance from zero or from a value of the free memory pointer.
    At {
        /// Zero, or that value.
        base: TermId,
        /// The distance in bytes.
        offset: u32,
    },
    /// Anywhere.
    Unknown,
}

/// Where `at` points to.
pub(crate) fn place(pool: &TermPool<'_>, pointers: &Pointers, at: TermId) -> Place {
    if let Some(offset) = pool.as_small(at) {
        return Place::At { base: TermPool::ZERO, offset };
    }
    let (base, offset) = match pool.as_const(at) {
        Some(_) => return Place::Unknown,
        None => crate::ir::base_offset(pool, at),
    };
    match u32::try_from(offset) {
        Ok(offset) if pointers.contains(base) => Place::At { base, offset },
        _ => Place::Unknown,
    }
}

impl Memory {
    /// Memory at the start of a frame: zeros, of which the reserved words are worth tracking.
    pub(super) fn new() -> Self {
        let zero = TermPool::ZERO;
        let cell = |n| Cell { base: zero, offset: n * WORD, value: zero };
        Self { cells: Rc::new((0..RESERVED / WORD).map(cell).collect()) }
    }

    /// Memory of which nothing is known.
    pub(super) fn unknown() -> Self {
        Self { cells: Rc::default() }
    }

    /// How many words are known.
    pub(super) fn len(&self) -> usize {
        self.cells.len()
    }

    /// Bytes held, as if nothing were shared.
    pub(super) fn n_bytes(&self) -> usize {
        self.cells.capacity() * size_of::<Cell>()
    }

    /// The word at `at`, if it is known.
    pub(super) fn load(
        &self,
        pool: &mut TermPool<'_>,
        pointers: &Pointers,
        at: TermId,
    ) -> Option<TermId> {
        match place(pool, pointers, at) {
            Place::At { base, offset } => self.find(base, offset),
            Place::Unknown => None,
        }
    }

    /// Notes that the word at `at` was found to be `value`.
    pub(super) fn loaded(
        &mut self,
        pool: &mut TermPool<'_>,
        pointers: &mut Pointers,
        at: TermId,
        value: TermId,
    ) {
        if let Place::At { base, offset } = place(pool, pointers, at) {
            self.note_pointer(pool, pointers, base, offset, value);
            self.insert(base, offset, value);
        }
    }

    /// The words from `at` on, `len` bytes of them, if all are known and `len` is whole words.
    pub(super) fn words(
        &self,
        pool: &mut TermPool<'_>,
        pointers: &Pointers,
        at: TermId,
        len: u32,
    ) -> Option<Vec<TermId>> {
        let Place::At { base, offset } = place(pool, pointers, at) else { return None };
        if !len.is_multiple_of(WORD) || MAX_TRACKED_WORDS * WORD < len {
            return None;
        }
        (0..len / WORD).map(|n| self.find(base, offset.checked_add(n * WORD)?)).collect()
    }

    /// `value` is stored at `at`.
    pub(super) fn store(
        &mut self,
        pool: &mut TermPool<'_>,
        pointers: &mut Pointers,
        at: TermId,
        value: TermId,
    ) {
        match place(pool, pointers, at) {
            Place::At { base, offset } => {
                self.note_pointer(pool, pointers, base, offset, value);
                self.put(pool, base, offset, value);
            }
            Place::Unknown => self.forget_anywhere(pointers),
        }
    }

    /// `len` unknown bytes are stored at `at`; without `len`, any number of them.
    pub(super) fn clobber(
        &mut self,
        pool: &mut TermPool<'_>,
        pointers: &Pointers,
        at: TermId,
        len: Option<u32>,
    ) {
        match place(pool, pointers, at) {
            Place::At { base, offset } => self.forget(base, offset, len),
            Place::Unknown => self.forget_anywhere(pointers),
        }
    }

    /// The known `bytes` are stored at `at`: constant words are patched, others forgotten.
    pub(super) fn store_bytes(
        &mut self,
        pool: &mut TermPool<'_>,
        pointers: &mut Pointers,
        at: TermId,
        bytes: &[u8],
    ) {
        let Place::At { base, offset } = place(pool, pointers, at) else {
            self.forget_anywhere(pointers);
            return;
        };
        for (n, chunk) in bytes.chunks(WORD as usize).enumerate() {
            let start = offset.saturating_add(n as u32 * WORD);
            if chunk.len() == WORD as usize {
                let value = pool.constant(U256::from_be_slice(chunk));
                self.put(pool, base, start, value);
            } else {
                self.patch(pool, base, start, chunk);
            }
        }
    }

    /// Up to 32 words of calldata from `from` on are stored at `at`.
    pub(super) fn store_calldata(
        &mut self,
        pool: &mut TermPool<'_>,
        pointers: &mut Pointers,
        (at, from): (TermId, TermId),
        len: u32,
    ) {
        let Place::At { base, offset } = place(pool, pointers, at) else {
            self.forget_anywhere(pointers);
            return;
        };
        if self.store_calldata_tail(pool, (base, offset, from), len) {
            return;
        }
        self.forget(base, offset, Some(len));
        for n in 0..(len / WORD).min(MAX_TRACKED_WORDS) {
            let distance = pool.constant(U256::from(n * WORD));
            let source = pool.apply(Op::Add, &[from, distance]);
            let value = pool.leaf(Term::CallData(source));
            self.insert(base, offset.saturating_add(n * WORD), value);
        }
    }

    /// Fewer than 32 bytes that fill up the end of a zero word, as old Vyper fetches the selector.
    fn store_calldata_tail(
        &mut self,
        pool: &mut TermPool<'_>,
        (base, offset, from): (TermId, u32, TermId),
        len: u32,
    ) -> bool {
        let start = offset - offset % WORD;
        if len == 0 || WORD <= len || offset % WORD + len != WORD {
            return false;
        }
        if self.find(base, start).and_then(|word| pool.as_const(word)) != Some(U256::ZERO) {
            return false;
        }
        let word = pool.leaf(Term::CallData(from));
        let by = pool.constant(U256::from(8 * (WORD - len)));
        let value = pool.apply(Op::Shr, &[by, word]);
        self.put(pool, base, start, value);
        true
    }

    /// Keeps what `other` knows too; tells whether anything was lost.
    pub(super) fn join(&mut self, other: &Self) -> bool {
        if Rc::ptr_eq(&self.cells, &other.cells) || self.cells == other.cells {
            return false;
        }
        let before = self.cells.len();
        let mut rest = other.cells.iter().peekable();
        self.cells_mut().retain(|cell| {
            while rest.next_if(|theirs| **theirs < *cell).is_some() {}
            rest.peek() == Some(&cell)
        });
        self.cells.len() != before
    }

    /// The cells, to be changed; a copy with some room where others share them.
    fn cells_mut(&mut self) -> &mut Vec<Cell> {
        if Rc::get_mut(&mut self.cells).is_none() {
            let mut own = Vec::with_capacity(self.cells.len() + ROOM);
            own.extend_from_slice(&self.cells);
            self.cells = Rc::new(own);
        }
        Rc::make_mut(&mut self.cells)
    }

    fn find(&self, base: TermId, offset: u32) -> Option<TermId> {
        let at = self.cells.binary_search_by_key(&(base, offset), |c| (c.base, c.offset)).ok()?;
        Some(self.cells[at].value)
    }

    /// Stores a word over whatever was there. Of constant words it covers in part the rest stays known,
    /// as of the zero word below the selector that old Vyper stores 28 bytes up.
    fn put(&mut self, pool: &mut TermPool<'_>, base: TermId, offset: u32, value: TermId) {
        let covered = self.overlapping(base, offset, Some(WORD));
        let parts: SmallVec<[Cell; 2]> = self.cells[covered]
            .iter()
            .filter(|cell| cell.offset != offset)
            .filter_map(|cell| Some(Cell { value: merged(pool, *cell, offset, value)?, ..*cell }))
            .collect();
        self.forget(base, offset, Some(WORD));
        self.insert(base, offset, value);
        for part in parts {
            self.insert(part.base, part.offset, part.value);
        }
    }

    fn insert(&mut self, base: TermId, offset: u32, value: TermId) {
        let cell = Cell { base, offset, value };
        match self.cells.binary_search_by_key(&(base, offset), |c| (c.base, c.offset)) {
            Ok(at) if self.cells[at] == cell => {}
            Ok(at) => self.cells_mut()[at] = cell,
            Err(at) => self.cells_mut().insert(at, cell),
        }
    }

    fn forget(&mut self, base: TermId, offset: u32, len: Option<u32>) {
        let cells = match (base, len) {
            // Everything lies behind an absolute address.
            (TermPool::ZERO, None) => self.overlapping(base, offset, len).start..self.cells.len(),
            _ => self.overlapping(base, offset, len),
        };
        if !cells.is_empty() {
            self.cells_mut().drain(cells);
        }
    }

    /// The cells that share bytes with a range; without `len`, one that goes on for ever.
    fn overlapping(&self, base: TermId, offset: u32, len: Option<u32>) -> Range<usize> {
        let end = len.map_or(u32::MAX, |len| offset.saturating_add(len));
        let first = self
            .cells
            .partition_point(|c| (c.base, c.offset.saturating_add(WORD)) <= (base, offset));
        let last = self.cells.partition_point(|c| (c.base, c.offset) < (base, end));
        first..last.max(first)
    }

    /// Bytes are stored at an address that is not known: scratch space is not spared.
    fn forget_anywhere(&mut self, pointers: &Pointers) {
        let spared = if pointers.is_kept { FREE_POINTER..RESERVED } else { 0..0 };
        let is_spared = |cell: &Cell| cell.base == TermPool::ZERO && spared.contains(&cell.offset);
        if !self.cells.iter().all(is_spared) {
            self.cells_mut().retain(is_spared);
        }
    }

    fn patch(&mut self, pool: &mut TermPool<'_>, base: TermId, offset: u32, bytes: &[u8]) {
        let end = offset.saturating_add(bytes.len() as u32);
        let patched: Vec<Cell> = self
            .cells
            .iter()
            .filter(|c| c.base == base && offset < c.offset + WORD && c.offset < end)
            .filter_map(|cell| {
                let mut word = pool.as_const(cell.value)?.to_be_bytes::<32>();
                for (n, &byte) in bytes.iter().enumerate() {
                    let at = (offset + n as u32).wrapping_sub(cell.offset);
                    if at < WORD {
                        word[at as usize] = byte;
                    }
                }
                Some(Cell { value: pool.constant(U256::from_be_bytes(word)), ..*cell })
            })
            .collect();
        self.forget(base, offset, Some(bytes.len() as u32));
        for cell in patched {
            self.insert(cell.base, cell.offset, cell.value);
        }
    }

    fn note_pointer(
        &self,
        pool: &TermPool<'_>,
        pointers: &mut Pointers,
        base: TermId,
        offset: u32,
        value: TermId,
    ) {
        if base != TermPool::ZERO || offset != FREE_POINTER {
            return;
        }
        if pool.as_const(value).is_some() {
            let first = pool.as_small(value);
            pointers.is_kept |= first.is_some_and(|first| FIRST_POINTERS.contains(&first));
        } else {
            let (root, _) = crate::ir::base_offset(pool, value);
            // A phi or an environment word is no address of its own making, but what is stored at
            // 0x40 is one by Solidity's convention; calldata is the exception an attacker chooses.
            if !matches!(pool.get(root), Term::CallData(_) | Term::Env(Env::CallValue)) {
                pointers.insert(root);
            }
        }
    }
}

/// A constant word after `value` was stored at `offset` over some of it.
fn merged(pool: &mut TermPool<'_>, cell: Cell, offset: u32, value: TermId) -> Option<TermId> {
    let old = pool.as_const(cell.value)?;
    let n_kept = offset.abs_diff(cell.offset) as usize * 8;
    let (op, kept) = match cell.offset < offset {
        // The first bytes stay.
        true => (Op::Shr, old >> (256 - n_kept) << (256 - n_kept)),
        // The last bytes stay.
        false => (Op::Shl, old << (256 - n_kept) >> (256 - n_kept)),
    };
    let (by, kept) = (pool.constant(U256::from(n_kept)), pool.constant(kept));
    let moved = pool.apply(op, &[by, value]);
    Some(pool.apply(Op::Or, &[kept, moved]))
}
