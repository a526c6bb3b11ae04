//! Who uses which piece of state?
//!
//! In: locations, and transactions that read, change or rely on them. Out: [`PlaceId`]s, and for each
//! its users.
//! Invariants: a location in use has exactly one id; an id that is not used any more is given to the
//! next new location, so a pool that runs for weeks holds no more than its transactions name.

use alloy_primitives::map::HashMap;
use slotcast_model::{IndexVec, Location, index_newtype};

use super::{Ticket, tickets::Tickets};

index_newtype! {
    /// A location of the pool.
    pub(super) struct PlaceId;
}

/// How a transaction uses a location.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// It may observe the value.
    Reads,
    /// It may leave another value.
    Changes,
    /// Its prediction was made from the value.
    ReliesOn,
}

#[derive(Clone, Debug)]
struct Place {
    location: Location,
    readers: Tickets,
    changers: Tickets,
    reliers: Tickets,
}

impl Place {
    const fn users(&mut self, role: Role) -> &mut Tickets {
        match role {
            Role::Reads => &mut self.readers,
            Role::Changes => &mut self.changers,
            Role::ReliesOn => &mut self.reliers,
        }
    }

    fn is_unused(&self) -> bool {
        self.readers.is_empty() && self.changers.is_empty() && self.reliers.is_empty()
    }
}

/// All locations in use.
#[derive(Clone, Debug, Default)]
pub(super) struct Places {
    /// Only ever asked for one location, never walked.
    ids: HashMap<Location, PlaceId>,
    places: IndexVec<PlaceId, Place>,
    free: Vec<PlaceId>,
}

impl Places {
    /// The id of `location`, made now if it is new; a role must follow.
    pub(super) fn intern(&mut self, location: Location) -> PlaceId {
        let Self { ids, places, free } = self;
        *ids.entry(location).or_insert_with(|| {
            let [readers, changers, reliers] = Default::default();
            let place = Place { location, readers, changers, reliers };
            match free.pop() {
                Some(id) => {
                    places[id] = place;
                    id
                }
                None => places.push(place),
            }
        })
    }

    /// The id of `location`, if anybody uses it.
    pub(super) fn find(&self, location: &Location) -> Option<PlaceId> {
        self.ids.get(location).copied()
    }

    /// Notes that `ticket` uses the place so; once for each role.
    pub(super) fn enter(&mut self, id: PlaceId, role: Role, ticket: Ticket) {
        self.places[id].users(role).insert(ticket);
    }

    /// Takes that back.
    pub(super) fn leave(&mut self, id: PlaceId, role: Role, ticket: Ticket) {
        let place = &mut self.places[id];
        place.users(role).remove(ticket);
        if place.is_unused() && self.ids.remove(&place.location).is_some() {
            self.free.push(id);
        }
    }

    /// The location behind `id`.
    pub(super) fn location(&self, id: PlaceId) -> Location {
        self.places[id].location
    }

    /// Who may observe the value.
    pub(super) fn readers(&self, id: PlaceId) -> &Tickets {
        &self.places[id].readers
    }

    /// Who may leave another value.
    pub(super) fn changers(&self, id: PlaceId) -> &Tickets {
        &self.places[id].changers
    }

    /// Whose prediction was made from the value.
    pub(super) fn reliers(&self, id: PlaceId) -> &Tickets {
        &self.places[id].reliers
    }

    /// How many locations are in use.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }
}
