//! Two events, for tests to which it does not matter what happened.
#![allow(dead_code, reason = "every test binary uses some of it")]

use melange::Event;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(topic = "orders")]
pub(crate) struct OrderPlaced {
    pub(crate) number: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(topic = "orders")]
pub(crate) struct OrderPaid {
    pub(crate) number: u32,
}
