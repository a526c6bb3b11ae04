//! What does a program compute for one frame?
//!
//! In: a program, a frame, the state view. Out: how the frame ended, and entries in the journal.
//! Invariants: exact EVM arithmetic on known words; an unknown operand makes the result unknown; a
//! step budget bounds every run.

use alloy_primitives::{Address, B256, U256};
use slotcast_model::{Fork, Gap, Location, PairHashes, Prediction, Slot, StateRead};

use super::{
    BindLimits, BlockWords, Bound, Changes, Doubts, StateView, TxFrame,
    buffer::Buffer,
    frame::BlockWordSet,
    gas::Prices,
    journal::{Journal, Value},
    resume::Rest,
    running::{FramePool, Running},
};
use crate::{
    absint::Resumption,
    bytecode::{Bytecode, Pc},
    ir::{Effect, Env, Exit},
    limits::StopReason,
    program::{Case, Check, Hypothesis, Operand, ProgramNode, Run, Step},
};

/// Working memory kept from one transaction to the next.
#[derive(Debug, Default)]
pub(super) struct Work {
    pub(super) journal: Journal,
    relied_on: Vec<StateRead>,
    gaps: Vec<Gap>,
    pub(super) wildcards: Vec<Address>,
    pub(super) spare: FramePool,
    /// See [`super::resume`].
    pub(super) resumed: Vec<(B256, Resumption)>,
    pub(super) hashes: PairHashes,
    hashed: Vec<u8>,
    /// The words of the block that were given, over all runs of the transaction.
    pub(super) block_words: BlockWordSet,
}

/// What comes after a node.
enum Next {
    Node(u32, Run),
    End(Ended),
    Rest(Rest),
}

/// How a frame ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) success: bool,
    pub(super) output: Buffer,
    /// Gas handed back.
    pub(super) gas: u64,
    /// The computed jump the frame stopped at, and its target.
    pub(super) new_target: Option<(Pc, Pc)>,
    /// Whether it was not followed to its end.
    pub(super) is_lost: bool,
}

impl Ended {
    /// A frame that was not, or not to its end, followed: taken to succeed, with unknown output.
    pub(super) const fn lost(gas: u64) -> Self {
        Self { success: true, output: Buffer::lost(), gas, new_target: None, is_lost: true }
    }

    /// A frame that is undone and keeps its gas.
    pub(super) fn halted() -> Self {
        Self { success: false, ..Self::returned(Buffer::default(), 0) }
    }

    /// A frame that ends well.
    pub(super) const fn returned(output: Buffer, gas: u64) -> Self {
        Self { success: true, output, gas, new_target: None, is_lost: false }
    }
}

/// The word machine for one transaction.
pub(super) struct Machine<'a, S> {
    pub(super) work: &'a mut Work,
    pub(super) limits: BindLimits,
    pub(super) fork: Fork,
    pub(super) prices: Prices,
    pub(super) tx: &'a TxFrame,
    pub(super) block: &'a BlockWords,
    pub(super) state: &'a S,
    pub(super) doubts: Doubts,
    pub(super) steps_left: u64,
    reads_left: usize,
    /// Gas that may have been used and was not counted.
    pub(super) uncounted: u64,
}

impl<'a, S: StateView> Machine<'a, S> {
    pub(super) fn new(
        work: &'a mut Work,
        limits: BindLimits,
        fork: Fork,
        tx: &'a TxFrame,
        block: &'a BlockWords,
        state: &'a S,
        doubts: Doubts,
    ) -> Self {
        work.journal.clear();
        work.relied_on.clear();
        work.gaps.clear();
        work.wildcards.clear();
        work.resumed.clear();
        work.journal.warm(tx.caller);
        work.journal.is_born_with_nonce = Fork::SpuriousDragon <= fork;
        if Fork::Shanghai <= fork {
            // The fee recipient is warm from the start (EIP-3651).
            work.journal.warm(block.coinbase);
        }
        for &(address, ref keys) in &tx.access_list {
            work.journal.warm(address);
            work.journal.warm_slots(address, keys);
        }
        let (prices, steps_left, reads_left) = (Prices::of(fork), limits.steps, limits.state_reads);
        let uncounted = 0;
        Self {
            work,
            limits,
            fork,
            prices,
            tx,
            block,
            state,
            doubts,
            steps_left,
            reads_left,
            uncounted,
        }
    }

    pub(super) fn finish(self) -> Bound {
        let work = self.work;
        let prediction = Prediction::new(
            work.journal.storage(),
            work.journal.accounts(),
            work.wildcards.clone(),
            work.relied_on.clone(),
            work.gaps.clone(),
        );
        let spares_balance = Fork::Amsterdam <= self.fork;
        let changes = Changes { spares_balance, ..work.journal.changes() };
        Bound { prediction, changes, block_words: work.block_words }
    }

    /// Notes a reason why accesses may be missing.
    pub(super) fn gap(&mut self, gap: Gap) {
        if !self.work.gaps.contains(&gap) {
            self.work.gaps.push(gap);
        }
    }

    /// Takes one state word from the budget; when none is left, the binding ends with this stretch
    /// of steps. A word that turns out not to be had counts too, for it was asked for.
    pub(super) fn may_read(&mut self) -> bool {
        let Some(left) = self.reads_left.checked_sub(1) else {
            self.gap(Gap::BindBudget);
            self.steps_left = 0;
            return false;
        };
        self.reads_left = left;
        true
    }

    /// Notes a state word that was read.
    pub(super) fn rely(&mut self, location: Location, value: U256) {
        self.work.relied_on.push(StateRead { location, value });
    }

    /// Goes from node to node, to the frame's end or to where its program does.
    pub(super) fn follow(&mut self, running: &mut Running<'_>) -> Result<Ended, Rest> {
        let program = running.program;
        let mut at = 0;
        loop {
            let node = &program.nodes[at as usize];
            if self.steps_left == 0 {
                self.gap(Gap::BindBudget);
                return Ok(Ended::lost(running.frame.gas));
            }
            if !running.charge(node.gas.into()) {
                return Ok(self.run_dry(running, &program.steps[node.steps.range()]));
            }
            let (next, moves) = match self.steps(running, node) {
                Next::End(ended) => return Ok(ended),
                Next::Rest(rest) => return Err(rest),
                Next::Node(next, moves) => (next, moves),
            };
            for &(to, from) in &program.moves[moves.range()] {
                running.put(to, running.value(from));
            }
            at = next;
        }
    }

    /// Runs the steps of a node, and finds out what comes next.
    fn steps(&mut self, running: &mut Running<'_>, node: &ProgramNode) -> Next {
        let program = running.program;
        let steps = &program.steps[node.steps.range()];
        // Counted beforehand; what a failed check leaves out is given back.
        let taken = self.steps_left.min(1 + steps.len() as u64);
        self.steps_left -= taken;
        for (n, step) in steps.iter().enumerate() {
            let ended = match *step {
                Step::Require { condition, is_true, gas, check } => {
                    if !self.passes(running, condition, is_true, check) {
                        // Never more than was taken, or a loop could go on for ever.
                        self.steps_left += taken.saturating_sub(2 + n as u64);
                        let Check { other, moves, .. } = program.checks[check as usize];
                        return Next::Node(other, moves);
                    }
                    running.charge(gas.into());
                    running.out_of_gas()
                }
                Step::Charge { gas } => {
                    running.charge(gas.into());
                    running.out_of_gas()
                }
                Step::Resume { at, is_jump, stack } => {
                    match self.rest(running, (at, is_jump), stack) {
                        Some(rest) => return Next::Rest(rest),
                        None => None,
                    }
                }
                _ => self.step(running, step),
            };
            match ended {
                None => {}
                Some(_) if running.is_out_of_gas() => {
                    return Next::End(self.run_dry(running, &steps[n + 1..]));
                }
                Some(ended) => return Next::End(ended),
            }
        }
        self.exit(running, node)
    }

    /// One step that always goes on to the next, unless it ends the frame.
    #[inline(always)]
    fn step(&mut self, running: &mut Running<'_>, step: &Step) -> Option<Ended> {
        match *step {
            Step::Apply { op, to, operands } => running.apply(op, to, operands),
            Step::Move { to, from } => running.put(to, running.value(from)),
            Step::MLoad { to, at } => return self.load(running, to, at).err(),
            Step::MStore { at, value } => return self.store(running, at, value).err(),
            Step::SLoad { .. } | Step::SStore { .. } | Step::Effect { .. } => {
                return self.touch(running, step);
            }
            Step::Keccak { to, words } => {
                let value = self.keccak(running, words);
                running.set(to, value);
            }
            Step::CallData { to, at } => {
                let value = calldata(running, at);
                running.set(to, value);
            }
            Step::Env { to, env } => {
                self.work.block_words.insert(env);
                let value = self.env(running, env);
                running.set(to, value);
            }
            Step::BlobHash { to, index } => {
                let value = running.get(index).map(|index| self.blob_hash(index));
                running.set(to, value);
            }
            Step::MemCopy { copy } => {
                let program = running.program;
                self.run_ahead(running, &program.mem_copies[copy as usize]);
                return running.out_of_gas();
            }
            Step::Lost { to } => {
                self.gap(Gap::AnalysisBudget);
                running.set(to, None);
            }
            Step::Require { .. } | Step::Charge { .. } | Step::Resume { .. } => {
                unreachable!("these are for the caller")
            }
        }
        None
    }

    /// The end of a frame whose gas does not last for the stretch it is in. Gas is taken a stretch at a
    /// time, so that some of what lies ahead may still be touched; all of it is taken to be.
    #[cold]
    fn run_dry(&mut self, running: &mut Running<'_>, ahead: &[Step]) -> Ended {
        running.lend_gas();
        for step in ahead {
            let ends_stretch = match *step {
                Step::Require { .. }
                | Step::Charge { .. }
                | Step::SStore { .. }
                | Step::Resume { .. } => true,
                Step::Effect { effect, .. } => {
                    running.program.effects[effect as usize].asks_for_gas()
                }
                _ => false,
            };
            if ends_stretch || self.step(running, step).is_some() {
                break;
            }
        }
        Ended::halted()
    }

    /// One step that touches more than the frame; `Some` when it ends the frame.
    #[inline]
    fn touch(&mut self, running: &mut Running<'_>, step: &Step) -> Option<Ended> {
        match *step {
            Step::SLoad { pc, to, key, only_adds } => {
                self.trace_access(running, pc, key, false);
                let value = self.sload(running, key, to.is_some(), only_adds);
                if let Some(to) = to {
                    running.set(to, value);
                }
            }
            Step::SStore { pc, key, value, only_adds } => {
                if !self.may_store(running) {
                    return Some(Ended::halted());
                }
                self.trace_access(running, pc, key, true);
                self.sstore(running, key, value, only_adds);
            }
            Step::Effect { to, effect } => {
                return self.effect(running, to, &running.program.effects[effect as usize]);
            }
            _ => unreachable!("other steps touch nothing but the frame"),
        }
        running.out_of_gas()
    }

    fn exit(&mut self, running: &mut Running<'_>, node: &ProgramNode) -> Next {
        match node.exit {
            Exit::Jump(next) => Next::Node(next, node.moves[0]),
            Exit::Branch { condition, then, other } => {
                match self.taken(running, condition, then, other) {
                    true => Next::Node(then, node.moves[0]),
                    false => Next::Node(other, node.moves[1]),
                }
            }
            Exit::Switch { at, target } => match case(running, target, node.cases) {
                Some(case) => Next::Node(case.node, case.moves),
                None => Next::End(self.new_target(running, at, target)),
            },
            exit => Next::End(self.leave(running, exit)),
        }
    }

    /// Whether a node goes on behind a condition.
    #[inline]
    fn passes(
        &mut self,
        running: &Running<'_>,
        condition: Operand,
        is_true: bool,
        check: u32,
    ) -> bool {
        if let Some(condition) = running.get(condition) {
            return condition.is_zero() != is_true;
        }
        self.decide(running.program.checks[check as usize].hypothesis)
    }

    /// Which way to take where a condition is unknown.
    fn decide(&mut self, hypothesis: Hypothesis) -> bool {
        if !hypothesis.is_gap {
            return hypothesis.passes;
        }
        self.gap(Gap::UnknownBranch);
        hypothesis.passes != self.doubts.next_is_other()
    }

    /// Whether a branch goes to `then`.
    fn taken(&mut self, running: &Running<'_>, condition: Operand, then: u32, other: u32) -> bool {
        if let Some(condition) = running.get(condition) {
            return !condition.is_zero();
        }
        let reverts = |node: u32| running.program.nodes[node as usize].only_reverts;
        let hypothesis = Hypothesis::of(reverts(then), reverts(other));
        self.decide(hypothesis)
    }

    /// A computed jump leads somewhere the analysis does not know yet.
    fn new_target(&mut self, running: &Running<'_>, at: Pc, target: Operand) -> Ended {
        let Some(target) = running.get(target) else {
            self.gap(Gap::UnresolvedJump);
            return Ended::lost(running.frame.gas);
        };
        match Bytecode::sharing(running.frame.code.clone(), self.fork).jump_target(target) {
            Some(target) => {
                let lost = Ended::lost(running.frame.gas);
                Ended { new_target: Some((at, target)), ..lost }
            }
            None => Ended::halted(),
        }
    }

    fn leave(&mut self, running: &mut Running<'_>, exit: Exit<Operand, u32>) -> Ended {
        let gas = running.frame.gas;
        match exit {
            Exit::Return(at, len) | Exit::Revert(at, len) => {
                let output = match self.memory_range(running, (at, len)) {
                    Ok(output) => output,
                    Err(ended) => return ended,
                };
                let success = matches!(exit, Exit::Return(..));
                Ended { success, ..Ended::returned(output, running.frame.gas) }
            }
            Exit::Stop => Ended::returned(Buffer::default(), gas),
            Exit::Invalid => Ended::halted(),
            Exit::Unknown(reason) => {
                self.gap(match reason {
                    StopReason::UnresolvedJump => Gap::UnresolvedJump,
                    _ => Gap::AnalysisBudget,
                });
                Ended::lost(gas)
            }
            Exit::Jump(_) | Exit::Branch { .. } | Exit::Switch { .. } => {
                unreachable!("jumps are followed by the caller")
            }
        }
    }

    fn env(&self, running: &Running<'_>, env: Env) -> Option<U256> {
        let (frame, block) = (&running.frame, self.block);
        let address = |address: Address| U256::from_be_slice(address.as_slice());
        Some(match env {
            Env::Address => address(frame.address),
            Env::Origin => address(self.tx.caller),
            Env::Caller => address(frame.caller),
            Env::CallValue => frame.value,
            Env::CallDataSize if frame.input.open_ended => return None,
            Env::CallDataSize => U256::from(frame.input.len()),
            Env::CodeSize => U256::from(frame.code.len()),
            Env::GasPrice => self.tx.gas_price,
            Env::Coinbase => address(block.coinbase),
            Env::Timestamp => U256::from(block.timestamp),
            Env::Number => U256::from(block.number),
            Env::Difficulty => block.difficulty,
            Env::GasLimit => U256::from(block.gas_limit),
            Env::ChainId => U256::from(block.chain_id),
            Env::BaseFee => U256::from(block.base_fee),
            Env::BlobBaseFee => block.blob_base_fee,
            Env::SlotNumber => U256::from(block.slot_number),
        })
    }

    fn blob_hash(&self, index: U256) -> U256 {
        let hash = usize::try_from(index).ok().and_then(|n| self.tx.blob_hashes.get(n));
        hash.map_or(U256::ZERO, |hash| (*hash).into())
    }

    fn keccak(&mut self, running: &Running<'_>, words: Run) -> Option<U256> {
        self.work.hashed.clear();
        for &word in &running.program.operands[words.range()] {
            let word = running.get(word)?;
            self.work.hashed.extend_from_slice(&word.to_be_bytes::<32>());
        }
        Some(self.work.hashes.keccak(&self.work.hashed).into())
    }

    /// One effect; `Some` when it ends the frame.
    fn effect(
        &mut self,
        running: &mut Running<'_>,
        to: Option<u32>,
        effect: &Effect<Operand>,
    ) -> Option<Ended> {
        let value = match *effect {
            Effect::TLoad { key } => running.get(key).and_then(|key| {
                self.work.journal.transient(Slot::new(running.frame.address, key)).known()
            }),
            Effect::TStore { .. } | Effect::SelfDestruct { .. } if running.frame.is_static => {
                return Some(Ended::halted());
            }
            Effect::TStore { key, value } => {
                if let Some(key) = running.get(key) {
                    let value = Value::of(running.get(value));
                    let slot = Slot::new(running.frame.address, key);
                    self.work.journal.set_transient(slot, value);
                }
                return None;
            }
            Effect::SLoad { .. }
            | Effect::SStore { .. }
            | Effect::MLoad { .. }
            | Effect::MStore { .. } => unreachable!("these have steps of their own"),
            Effect::MStore8 { .. }
            | Effect::Copy { .. }
            | Effect::Keccak { .. }
            | Effect::Log { .. }
            | Effect::Touch { .. }
            | Effect::MSize => match self.memory(running, effect) {
                Ok(value) => value,
                Err(ended) => return Some(ended),
            },
            Effect::Call { .. } => match self.call(running, effect) {
                Ok(value) => value,
                Err(ended) => return Some(ended),
            },
            Effect::Create { value, input, salt } => {
                match self.create(running, value, input, salt) {
                    Ok(value) => value,
                    Err(ended) => return Some(ended),
                }
            }
            Effect::SelfDestruct { to } => {
                self.self_destruct(running, to);
                return running.out_of_gas();
            }
            Effect::Balance { .. }
            | Effect::SelfBalance
            | Effect::ExtCodeSize { .. }
            | Effect::ExtCodeHash { .. } => self.account(running, effect),
            Effect::BlockHash { number } => self.block_hash(running, number),
            Effect::ReturnDataSize => {
                let returned = &running.returned;
                (!returned.open_ended).then(|| U256::from(returned.len()))
            }
            Effect::Gas => Some(self.gas_left(running)),
        };
        if let Some(to) = to {
            running.set(to, value);
        }
        running.out_of_gas()
    }

    /// Notes that a frame may have run out of gas. Where it is the transaction's own, all that follows
    /// from that is that less is touched.
    pub(super) fn doubt_gas(&mut self, depth: usize) {
        if depth != 0 {
            self.gap(Gap::Gas);
        }
    }

    /// What GAS gives: less than there is by all that may be uncounted, if that is to be tried.
    fn gas_left(&mut self, running: &Running<'_>) -> U256 {
        self.doubts.is_gas_asked |= running.program.gas_decides;
        let less = match self.doubts.guess.has_less_gas {
            true => running.most_uncounted(self.uncounted),
            false => 0,
        };
        U256::from(running.frame.gas.saturating_sub(less))
    }

    fn block_hash(&mut self, running: &Running<'_>, number: Operand) -> Option<U256> {
        let number = u64::try_from(running.get(number)?).ok();
        let recent =
            number.filter(|n| *n < self.block.number && self.block.number <= n.saturating_add(256));
        match recent {
            Some(number) if self.may_read() => {
                let hash = self.state.block_hash(number).map(|hash: B256| hash.into());
                if hash.is_none() {
                    self.gap(Gap::MissingState);
                }
                hash
            }
            Some(_) => None,
            None => Some(U256::ZERO),
        }
    }
}

/// The case a computed jump leads to.
fn case<'p>(running: &Running<'p>, target: Operand, cases: Run) -> Option<&'p Case> {
    let target = u32::try_from(running.get(target)?).ok()?;
    let cases = &running.program.cases[cases.range()];
    cases.binary_search_by_key(&target, |case| case.pc).ok().map(|at| &cases[at])
}

fn calldata(running: &Running<'_>, at: Operand) -> Option<U256> {
    let at = running.get(at)?;
    match usize::try_from(at) {
        Ok(at) => running.frame.input.word(at),
        Err(_) => Some(U256::ZERO),
    }
}
