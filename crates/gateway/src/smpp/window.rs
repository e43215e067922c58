//! The window: room for messages per bind. Taken before a message is marked, given back after its outcome.
//!
//! Counted in messages, since how many parts a message has is known only after it was marked; the bind itself keeps its
//! parts in flight within the same number.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use clarion_domain::gateway::Stopped;
use tokio::sync::Notify;

/// The rooms of all binds of a gateway.
#[derive(Debug)]
pub(super) struct Window {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug)]
struct State {
    stopped: bool,
    seats: Vec<Seat>,
}

#[derive(Debug, Clone)]
struct Seat {
    up: bool,
    free: usize,
}

/// Room for some messages; what was not taken out of it is given back when it is dropped.
#[derive(Debug)]
pub(super) struct Room {
    slots: Vec<Slot>,
}

/// Room for one message on one bind, given back when dropped.
#[derive(Debug)]
pub(super) struct Slot {
    window: Arc<Window>,
    bind: usize,
}

impl Window {
    /// All binds down.
    pub(super) fn new(binds: usize, size: usize) -> Arc<Self> {
        let seat = Seat {
            up: false,
            free: size,
        };
        Arc::new(Self {
            state: Mutex::new(State {
                stopped: false,
                seats: vec![seat; binds],
            }),
            changed: Notify::new(),
        })
    }

    /// Waits for room on a bind that is up, and takes at most `most` slots, evenly over the binds.
    pub(super) async fn reserve(self: &Arc<Self>, most: usize) -> Result<Room, Stopped> {
        loop {
            let changed = self.changed.notified();
            if let Some(room) = self.try_reserve(most)? {
                return Ok(room);
            }
            changed.await;
        }
    }

    fn try_reserve(self: &Arc<Self>, most: usize) -> Result<Option<Room>, Stopped> {
        let mut state = self.lock();
        if state.stopped {
            // Whoever waits behind must hear of it too.
            self.changed.notify_one();
            return Err(Stopped);
        }
        let mut slots = Vec::new();
        while slots.len() < most
            && let Some(bind) = state.freest()
        {
            state.seats[bind].free -= 1;
            slots.push(Slot {
                window: Arc::clone(self),
                bind,
            });
        }
        // One notification may stand for many slots: pass on what is left.
        if state.freest().is_some() {
            self.changed.notify_one();
        }
        Ok((!slots.is_empty()).then_some(Room { slots }))
    }

    /// Whether that bind can be written to.
    pub(super) fn set_up(&self, bind: usize, up: bool) {
        self.lock().seats[bind].up = up;
        self.changed.notify_one();
    }

    /// No more room for anyone.
    pub(super) fn stop(&self) {
        self.lock().stopped = true;
        self.changed.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn freest(&self) -> Option<usize> {
        (0..self.seats.len())
            .filter(|bind| self.seats[*bind].up && self.seats[*bind].free > 0)
            .max_by_key(|bind| self.seats[*bind].free)
    }
}

impl Room {
    /// For how many messages.
    pub(super) fn slots(&self) -> usize {
        self.slots.len()
    }

    /// Takes one message's room out of it.
    pub(super) fn take(&mut self) -> Option<Slot> {
        self.slots.pop()
    }
}

impl Slot {
    /// Which bind it is on.
    pub(super) fn bind(&self) -> usize {
        self.bind
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.window.lock().seats[self.bind].free += 1;
        self.window.changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    fn ready<F: Future>(future: F) -> Option<F::Output> {
        match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(output) => Some(output),
            Poll::Pending => None,
        }
    }

    #[test]
    fn there_is_no_room_while_no_bind_is_up() {
        let window = Window::new(2, 3);
        assert!(ready(window.reserve(1)).is_none());
        window.set_up(1, true);
        let mut room = ready(window.reserve(10)).unwrap().unwrap();
        assert_eq!(room.slots(), 3);
        assert_eq!(room.take().unwrap().bind(), 1);
    }

    #[test]
    fn room_is_taken_evenly_and_given_back() {
        let window = Window::new(2, 2);
        window.set_up(0, true);
        window.set_up(1, true);
        let mut room = ready(window.reserve(2)).unwrap().unwrap();
        let mut binds = [room.take().unwrap(), room.take().unwrap()].map(|slot| slot.bind());
        binds.sort_unstable();
        assert_eq!(binds, [0, 1]);
        assert_eq!(ready(window.reserve(10)).unwrap().unwrap().slots(), 4);
        assert_eq!(ready(window.reserve(10)).unwrap().unwrap().slots(), 4);
    }

    #[test]
    fn all_who_wait_hear_of_room_and_of_the_end() {
        let window = Window::new(1, 2);
        window.set_up(0, true);
        let all = ready(window.reserve(2)).unwrap().unwrap();
        let mut context = Context::from_waker(Waker::noop());
        let (mut first, mut second) = (pin!(window.reserve(1)), pin!(window.reserve(1)));
        assert!(first.as_mut().poll(&mut context).is_pending());
        assert!(second.as_mut().poll(&mut context).is_pending());
        drop(all);
        assert!(first.as_mut().poll(&mut context).is_ready());
        assert!(second.as_mut().poll(&mut context).is_ready());
        window.stop();
        assert_eq!(ready(window.reserve(1)).unwrap().unwrap_err(), Stopped);
    }
}
