//! What does one basic block do to a state?
//!
//! In: the state on entry. Out: the state on exit, the effects on the way, and how the block ends.
//! Invariant: knows no worklist and no other node; a stack underflow or overflow ends the block as
//! the machine ends it.

use alloy_primitives::U256;

use smallvec::SmallVec;

use super::{code_index::CodeIndex, memory::Pointers, state::State};
use crate::{
    bytecode::{Kind, Pc},
    ir::{CallKind, CopyKind, Effect, Env, NodeId, Op, Stretches, Term, TermId, TermPool},
};

/// The machine's stack limit (yellow paper §9.1).
pub(crate) const STACK_LIMIT: usize = 1024;

/// How a block ends, targets not yet resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BlockEnd {
    Next(Pc),
    Jump {
        at: Pc,
        target: TermId,
    },
    Branch {
        condition: TermId,
        target: TermId,
        next: Pc,
    },
    Return(TermId, TermId),
    Stop,
    Revert(TermId, TermId),
    Invalid,
    /// The stack grows higher than is followed.
    TooHigh,
}

/// Jump destinations as terms.
pub(super) type Labels = SmallVec<[TermId; 6]>;

/// What the blocks of one node have done so far.
#[derive(Debug)]
pub(super) struct Chain {
    pub(super) node: NodeId,
    pub(super) state: State,
    pub(super) effects: Vec<(Pc, Effect<TermId>)>,
    /// Blocks with an effect that gives a value. Values are named by node and instruction, so that
    /// such a block must not run twice in one node.
    pub(super) fruitful: SmallVec<[Pc; 8]>,
    /// Return labels that nothing else pushes and that were pushed since paths last met or parted,
    /// but for parting with a revert-only region.
    pub(super) labels: Labels,
    /// How many of them were pushed before the last block.
    pub(super) n_older: usize,
    /// Instructions walked.
    pub(super) n_steps: u64,
    /// Gas they cost whatever their operands.
    pub(super) gas: Stretches,
}

impl Chain {
    /// A node before its first block; `effects` is an empty list with room.
    pub(super) fn new(
        node: NodeId,
        state: State,
        labels: Labels,
        effects: Vec<(Pc, Effect<TermId>)>,
    ) -> Self {
        Self {
            node,
            state,
            effects,
            fruitful: SmallVec::new(),
            labels,
            n_older: 0,
            n_steps: 0,
            gas: Stretches::default(),
        }
    }
}

/// Runs a block over terms.
pub(super) struct Transfer<'a, 't> {
    pub(super) index: &'a CodeIndex,
    pub(super) pool: &'a mut TermPool<'t>,
    pub(super) pointers: &'a mut Pointers,
    pub(super) chain: &'a mut Chain,
    /// How high the stack may grow, where less is seen of it than there is.
    pub(super) limit: Option<usize>,
}

impl Transfer<'_, '_> {
    /// Walks from `start` to the end of its block.
    pub(super) fn block(mut self, start: Pc) -> BlockEnd {
        let n_effects = self.chain.effects.len();
        self.chain.n_older = self.chain.labels.len();
        let end = self.run(start);
        if self.chain.effects[n_effects..].iter().any(|(_, effect)| effect.has_result()) {
            self.chain.fruitful.push(start);
        }
        end
    }

    fn run(&mut self, start: Pc) -> BlockEnd {
        let mut pc = start;
        let code = &self.index.code;
        loop {
            let (opcode, width) = code.opcode(pc);
            if opcode.kind == Kind::JumpDest && pc != start {
                return BlockEnd::Next(pc);
            }
            self.chain.n_steps += 1;
            self.chain.gas.add(opcode.static_gas.into());
            let height = self.chain.state.stack.len();
            let after = height + usize::from(opcode.outputs);
            let Some(after) = after.checked_sub(usize::from(opcode.inputs)) else {
                return BlockEnd::Invalid;
            };
            if height < usize::from(opcode.inputs) || STACK_LIMIT < after {
                return BlockEnd::Invalid;
            }
            if self.limit.is_some_and(|limit| limit < after) {
                return BlockEnd::TooHigh;
            }
            let next = Pc(pc.0 + 1 + width);
            if opcode.kind == Kind::Push {
                self.push_immediate(code.immediate(pc, width));
            } else if let Some(end) = self.step(pc, opcode.kind, next) {
                return end;
            }
            pc = next;
        }
    }

    fn push_immediate(&mut self, immediate: U256) {
        let word = self.pool.constant(immediate);
        if let Some(at) = self.pool.as_small(word)
            && self.index.is_unique(Pc(at))
        {
            self.chain.labels.push(word);
        }
        self.push(word);
    }

    fn pop(&mut self) -> TermId {
        self.chain.state.stack.pop().expect("the stack's height was checked against the inputs")
    }

    fn push(&mut self, word: TermId) {
        self.chain.state.stack.push(word);
    }

    /// Adds an effect, and pushes its result when it has one.
    fn effect(&mut self, pc: Pc, effect: Effect<TermId>) {
        if effect.asks_for_gas() {
            self.chain.gas.behind.push((self.chain.effects.len() as u32, 0));
        }
        self.chain.effects.push((pc, effect));
        if effect.has_result() {
            let result = self.pool.leaf(Term::Result(self.chain.node, pc));
            self.push(result);
        }
    }

    /// One instruction but a PUSH; `Some` when it ends the block. Behind it the code goes on at `next`.
    fn step(&mut self, pc: Pc, kind: Kind, next: Pc) -> Option<BlockEnd> {
        match kind {
            Kind::Dup(n) => {
                let word = self.chain.state.stack[self.chain.state.stack.len() - usize::from(n)];
                self.push(word);
            }
            Kind::Swap(n) => {
                let top = self.chain.state.stack.len() - 1;
                self.chain.state.stack.swap(top, top - usize::from(n));
            }
            Kind::Exchange(n, m) => {
                let top = self.chain.state.stack.len() - 1;
                self.chain.state.stack.swap(top - usize::from(n), top - usize::from(m));
            }
            Kind::Pop => {
                self.pop();
            }
            Kind::Pure(op) => self.pure(op),
            Kind::Env(env) => self.env(env),
            Kind::CallDataLoad => {
                let at = self.pop();
                let word = self.pool.leaf(Term::CallData(at));
                self.push(word);
            }
            Kind::BlobHash => {
                let index = self.pop();
                let word = self.pool.leaf(Term::BlobHash(index));
                self.push(word);
            }
            Kind::Pc => {
                let word = self.pool.constant(U256::from(pc.0));
                self.push(word);
            }
            Kind::JumpDest => {}
            Kind::MLoad | Kind::MStore | Kind::MStore8 | Kind::Keccak | Kind::Copy(_) => {
                self.memory(pc, kind);
            }
            Kind::Call(kind) => self.call(pc, kind),
            Kind::Create { salted } => self.create(pc, salted),
            Kind::Jump
            | Kind::JumpI
            | Kind::Stop
            | Kind::Return
            | Kind::Revert
            | Kind::SelfDestruct
            | Kind::Invalid => return Some(self.end(pc, kind, next)),
            kind => self.state_access(pc, kind),
        }
        None
    }

    fn pure(&mut self, op: Op) {
        let mut operands = [TermId(0); 3];
        for operand in &mut operands[..op.arity()] {
            *operand = self.pop();
        }
        let word = self.pool.apply(op, &operands[..op.arity()]);
        self.push(word);
    }

    fn env(&mut self, env: Env) {
        let word = match env {
            Env::CodeSize => self.pool.constant(U256::from(self.index.code.bytes().len())),
            _ => self.pool.leaf(Term::Env(env)),
        };
        self.push(word);
    }

    fn end(&mut self, pc: Pc, kind: Kind, next: Pc) -> BlockEnd {
        match kind {
            Kind::Jump => BlockEnd::Jump { at: pc, target: self.pop() },
            Kind::JumpI => {
                let (target, condition) = (self.pop(), self.pop());
                BlockEnd::Branch { condition, target, next }
            }
            Kind::Return => BlockEnd::Return(self.pop(), self.pop()),
            Kind::Revert => BlockEnd::Revert(self.pop(), self.pop()),
            Kind::SelfDestruct => {
                let to = self.pop();
                self.effect(pc, Effect::SelfDestruct { to });
                BlockEnd::Stop
            }
            Kind::Stop => BlockEnd::Stop,
            _ => BlockEnd::Invalid,
        }
    }

    fn memory(&mut self, pc: Pc, kind: Kind) {
        match kind {
            Kind::MLoad => {
                let at = self.pop();
                match self.chain.state.memory.load(self.pool, self.pointers, at) {
                    Some(word) => {
                        let len = self.pool.constant(U256::from(32));
                        self.touch(pc, at, len);
                        self.push(word);
                    }
                    None => {
                        self.effect(pc, Effect::MLoad { at });
                        let word = self.pool.leaf(Term::Result(self.chain.node, pc));
                        self.chain.state.memory.loaded(self.pool, self.pointers, at, word);
                    }
                }
            }
            Kind::MStore => {
                let (at, value) = (self.pop(), self.pop());
                self.effect(pc, Effect::MStore { at, value });
                self.chain.state.memory.store(self.pool, self.pointers, at, value);
            }
            Kind::MStore8 => {
                let (at, value) = (self.pop(), self.pop());
                self.effect(pc, Effect::MStore8 { at, value });
                match self.pool.as_const(value) {
                    Some(word) => {
                        let byte = [word.byte(0)];
                        self.chain.state.memory.store_bytes(self.pool, self.pointers, at, &byte);
                    }
                    None => self.chain.state.memory.clobber(self.pool, self.pointers, at, Some(1)),
                }
            }
            Kind::Keccak => self.keccak(pc),
            Kind::Copy(kind) => self.copy(pc, kind),
            _ => unreachable!("only memory instructions are sent here"),
        }
    }

    /// Notes that memory grows where nothing else says so, if the code asks how far it has grown.
    fn touch(&mut self, pc: Pc, at: TermId, len: TermId) {
        if self.index.asks_for_size {
            self.effect(pc, Effect::Touch { at, len });
        }
    }

    fn keccak(&mut self, pc: Pc) {
        let (at, len) = (self.pop(), self.pop());
        let words = self
            .small(len)
            .and_then(|len| self.chain.state.memory.words(self.pool, self.pointers, at, len));
        match words {
            Some(words) => {
                self.chain.gas.add(6 * words.len() as u64);
                self.touch(pc, at, len);
                let hash = self.pool.keccak(&words);
                self.push(hash);
            }
            None => self.effect(pc, Effect::Keccak { at, len }),
        }
    }

    fn copy(&mut self, pc: Pc, kind: CopyKind) {
        let account = match kind {
            CopyKind::ExtCode => self.pop(),
            _ => self.pool.constant(U256::ZERO),
        };
        let (to, from, len) = (self.pop(), self.pop(), self.pop());
        let known = self.small(len);
        self.chain.gas.add(3 * u64::from(known.unwrap_or_default().div_ceil(32)));
        if known == Some(0) && !matches!(kind, CopyKind::ExtCode | CopyKind::ReturnData) {
            return;
        }
        self.effect(pc, Effect::Copy { kind, account, to, from, len });
        match (kind, known, self.pool.as_usize(from)) {
            (CopyKind::Code, Some(len), Some(from)) if len <= 1024 => {
                let mut bytes = self.index.code.bytes().get(from..).unwrap_or_default().to_vec();
                bytes.resize(len as usize, 0);
                self.chain.state.memory.store_bytes(self.pool, self.pointers, to, &bytes);
            }
            (CopyKind::CallData, Some(len), _) => {
                self.chain.state.memory.store_calldata(self.pool, self.pointers, (to, from), len);
            }
            _ => self.chain.state.memory.clobber(self.pool, self.pointers, to, known),
        }
    }

    /// A constant that fits 32 bits.
    fn small(&self, word: TermId) -> Option<u32> {
        self.pool.as_const(word).and_then(|value| u32::try_from(value).ok())
    }

    fn call(&mut self, pc: Pc, kind: CallKind) {
        let (gas, target) = (self.pop(), self.pop());
        let value = match kind {
            CallKind::Call | CallKind::CallCode => self.pop(),
            CallKind::DelegateCall | CallKind::StaticCall => self.pool.constant(U256::ZERO),
        };
        let input = (self.pop(), self.pop());
        let output = (self.pop(), self.pop());
        self.effect(pc, Effect::Call { kind, gas, target, value, input, output });
        self.chain.state.has_called = true;
        let len = self.small(output.1);
        if len != Some(0) {
            self.chain.state.memory.clobber(self.pool, self.pointers, output.0, len);
        }
    }

    fn create(&mut self, pc: Pc, salted: bool) {
        let (value, at, len) = (self.pop(), self.pop(), self.pop());
        let salt = salted.then(|| self.pop());
        self.effect(pc, Effect::Create { value, input: (at, len), salt });
        self.chain.state.has_called = true;
    }

    fn state_access(&mut self, pc: Pc, kind: Kind) {
        if kind == Kind::ReturnDataSize && !self.chain.state.has_called {
            return self.push(TermPool::ZERO);
        }
        let effect = match kind {
            Kind::SLoad => Effect::SLoad { key: self.pop() },
            Kind::SStore => Effect::SStore { key: self.pop(), value: self.pop() },
            Kind::TLoad => Effect::TLoad { key: self.pop() },
            Kind::TStore => Effect::TStore { key: self.pop(), value: self.pop() },
            Kind::Balance => Effect::Balance { account: self.pop() },
            Kind::SelfBalance => Effect::SelfBalance,
            Kind::ExtCodeSize => Effect::ExtCodeSize { account: self.pop() },
            Kind::ExtCodeHash => Effect::ExtCodeHash { account: self.pop() },
            Kind::BlockHash => Effect::BlockHash { number: self.pop() },
            Kind::ReturnDataSize => Effect::ReturnDataSize,
            Kind::MSize => Effect::MSize,
            Kind::Gas => Effect::Gas,
            Kind::Log(n_topics) => {
                let (at, len) = (self.pop(), self.pop());
                for _ in 0..n_topics {
                    self.pop();
                }
                let n_bytes = u64::from(self.small(len).unwrap_or_default());
                self.chain.gas.add(375 * u64::from(n_topics) + 8 * n_bytes);
                Effect::Log { at, len }
            }
            _ => unreachable!("every other kind is handled by the caller"),
        };
        self.effect(pc, effect);
    }
}
