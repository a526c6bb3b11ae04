//! Which transactions do conflicts connect?
//!
//! In: transactions as they come and go. Out: groups.
//! Invariants: two transactions that conflict are in one group at all times; a group that
//! [`Groups::settle`] has seen since it last lost a transaction is connected by conflicts. So coming
//! in costs one look at every place, going out costs nothing, and only groups that lost a member are
//! divided again, when they are asked for.
//!
//! A place *ties* its users when it has a reader and a changer: every reader conflicts with every
//! other changer, so all users are connected, and one of them stands for all.

use slotcast_model::{IndexVec, index_newtype};

use super::{
    Ticket,
    entry::Entry,
    places::{PlaceId, Places},
};

index_newtype! {
    /// A group; given again when it is empty.
    struct GroupId;
}

/// Where a transaction stands.
#[derive(Clone, Copy, Debug, Default)]
struct Membership {
    group: GroupId,
    /// Its position among the members.
    at: u32,
}

#[derive(Clone, Debug, Default)]
struct Group {
    /// In no order.
    members: Vec<Ticket>,
    /// Whether it lost a transaction that may have held it together.
    is_loose: bool,
}

/// The groups of a pool.
#[derive(Clone, Debug, Default)]
pub(super) struct Groups {
    memberships: IndexVec<Ticket, Membership>,
    groups: IndexVec<GroupId, Group>,
    free: Vec<GroupId>,
    loose: Vec<GroupId>,
}

impl Groups {
    /// One more ticket may come.
    pub(super) fn make_room(&mut self) {
        self.memberships.push(Membership::default());
    }

    /// Takes a transaction in that has been entered at its places.
    pub(super) fn enter(&mut self, ticket: Ticket, entry: &Entry, places: &Places) {
        self.found(vec![ticket]);
        for id in entry.places() {
            let (readers, changers) = (places.readers(id), places.changers(id));
            let tied = readers.other_than(ticket).and(changers.other_than(ticket));
            if let Some(other) = tied {
                // The place ties the others already.
                self.unite(ticket, other);
                continue;
            }
            if entry.reads(id) {
                changers.iter().for_each(|changer| self.unite(ticket, changer));
            }
            if entry.changes(id) {
                readers.iter().for_each(|reader| self.unite(ticket, reader));
            }
        }
    }

    /// Takes a transaction out that is still entered at its places.
    pub(super) fn leave(&mut self, ticket: Ticket, entry: &Entry, places: &Places) {
        let Membership { group, at } = self.memberships[ticket];
        let members = &mut self.groups[group].members;
        members.swap_remove(at as usize);
        if let Some(moved) = members.get(at as usize) {
            self.memberships[*moved].at = at;
        }
        match members.len() {
            0 => self.dissolve(group),
            1 => {}
            _ => {
                // What ties nothing holds nothing together.
                let is_loose = &mut self.groups[group].is_loose;
                if !*is_loose && entry.places().any(|id| ties(places, id)) {
                    *is_loose = true;
                    self.loose.push(group);
                }
            }
        }
    }

    /// Divides the groups that may have fallen apart.
    pub(super) fn settle(&mut self, entries: &IndexVec<Ticket, Option<Entry>>, places: &Places) {
        let loose = core::mem::take(&mut self.loose);
        for group in loose {
            // It may have been merged into another, which is loose then.
            if !core::mem::take(&mut self.groups[group].is_loose) {
                continue;
            }
            let mut members = core::mem::take(&mut self.groups[group].members);
            self.dissolve(group);
            members.sort_unstable();
            for &ticket in &members {
                self.found(vec![ticket]);
            }
            for &ticket in &members {
                let Some(entry) = &entries[ticket] else { continue };
                let tied = entry.places().filter(|id| ties(places, *id));
                for reader in tied.filter_map(|id| places.readers(id).iter().next()) {
                    self.unite(ticket, reader);
                }
            }
        }
    }

    /// All groups, each ascending, by their first members.
    pub(super) fn list(&self) -> Vec<Vec<Ticket>> {
        let filled = self.groups.iter().filter(|group| !group.members.is_empty());
        let mut list: Vec<Vec<Ticket>> = filled.map(|group| group.members.clone()).collect();
        list.iter_mut().for_each(|members| members.sort_unstable());
        list.sort_unstable();
        list
    }

    /// The group of a transaction, ascending.
    pub(super) fn of(&self, ticket: Ticket) -> Vec<Ticket> {
        let mut members = self.groups[self.memberships[ticket].group].members.clone();
        members.sort_unstable();
        members
    }

    /// A group of these.
    fn found(&mut self, members: Vec<Ticket>) {
        let group = self.free.pop().unwrap_or_else(|| self.groups.push(Group::default()));
        for (at, member) in members.iter().enumerate() {
            let at = u32::try_from(at).expect("a pool has fewer than 2^32 transactions");
            self.memberships[*member] = Membership { group, at };
        }
        self.groups[group].members = members;
    }

    fn dissolve(&mut self, group: GroupId) {
        self.groups[group] = Group::default();
        self.free.push(group);
    }

    /// Makes one group of the groups of two; the smaller one moves.
    fn unite(&mut self, a: Ticket, b: Ticket) {
        let (a, b) = (self.memberships[a].group, self.memberships[b].group);
        if a == b {
            return;
        }
        let n_members = |group| (self.groups[group].members.len(), group);
        let (from, to) = if n_members(a) < n_members(b) { (a, b) } else { (b, a) };
        let Group { members, is_loose } = core::mem::take(&mut self.groups[from]);
        for member in members {
            let group = &mut self.groups[to];
            let at = u32::try_from(group.members.len()).expect("a pool has fewer than 2^32");
            self.memberships[member] = Membership { group: to, at };
            group.members.push(member);
        }
        if is_loose && !core::mem::replace(&mut self.groups[to].is_loose, true) {
            self.loose.push(to);
        }
        self.dissolve(from);
    }
}

/// Whether the place connects all its users.
fn ties(places: &Places, id: PlaceId) -> bool {
    !places.readers(id).is_empty() && !places.changers(id).is_empty()
}
